//! `rolecall lsp`: the language server, for editors.

use clap::Args;

use super::Outcome;
use crate::editor;

/// How the editor is reached.
#[derive(Debug, Args)]
pub(crate) struct LspArgs {
    /// Over standard input and output, as it is without this: many editors say so to every server.
    #[arg(long, hide = true)]
    stdio: bool,
}

/// Serves the editor that started this process, until it says that it is over.
pub(crate) fn run() -> anyhow::Result<Outcome> {
    editor::serve()?;
    Ok(Outcome::Done)
}
