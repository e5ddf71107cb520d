//! `rolecall schema`: the JSON Schema of connector files.

use std::io::Write;

use super::Outcome;
use crate::config;

/// Prints the schema.
pub(crate) fn run(out: &mut dyn Write) -> anyhow::Result<Outcome> {
    out.write_all(config::json_schema().as_bytes())?;
    Ok(Outcome::Done)
}
