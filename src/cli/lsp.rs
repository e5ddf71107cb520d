//! `rolecall lsp`: the language server, for editors.

use super::Outcome;
use crate::editor;

/// Serves the editor that started this process, until it says that it is over.
pub(crate) fn run() -> anyhow::Result<Outcome> {
    editor::serve()?;
    Ok(Outcome::Done)
}
