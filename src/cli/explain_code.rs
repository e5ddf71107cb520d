//! `rolecall explain-code CODE`: the long form of a code.

use std::io::Write;

use clap::Args;

use super::{Outcome, report};
use crate::c1z::audit;
use crate::diagnostic::explained::{self, GROUPS};
use crate::diagnostic::nearest;

/// What to explain.
#[derive(Debug, Args)]
pub(crate) struct ExplainCodeArgs {
    /// The code, as it stands in a message: `unknown-field`, or `error[unknown-field]`. Not written:
    /// every code is listed.
    code: Option<String>,
}

/// Where codes of sync files are met.
const OF_SYNC_FILES: &str = "What `inspect FILE.c1z verify` says of a sync file";

/// Prints what a code means.
pub(crate) fn run(args: &ExplainCodeArgs, out: &mut dyn Write) -> anyhow::Result<Outcome> {
    let Some(written) = &args.code else {
        list(out)?;
        return Ok(Outcome::Done);
    };
    let code = bare(written);
    let sections = sections(code);
    if sections.is_empty() {
        let close = nearest(code, names());
        let way_out = match close {
            Some(name) => format!("did you mean `{name}`?"),
            None => "`rolecall explain-code` lists them all".to_owned(),
        };
        eprintln!("error: there is no code `{code}`; {way_out}");
        return Ok(Outcome::Wrong);
    }
    for (at, (title, text)) in sections.iter().enumerate() {
        if at > 0 {
            writeln!(out)?;
        }
        let heading = format!("{title}: {code}");
        match report::colour_on_stdout() {
            true => writeln!(out, "\x1b[1m{heading}\x1b[0m\n\n{text}")?,
            false => writeln!(out, "{heading}\n\n{text}")?,
        }
    }
    Ok(Outcome::Done)
}

/// The code without what messages put around it.
fn bare(written: &str) -> &str {
    let inside = written.split_once('[').map_or(written, |(_, code)| code);
    inside.trim_end_matches([']', ':']).trim()
}

/// What is said of a code: one name may be a code of several things.
fn sections(code: &str) -> Vec<(&'static str, String)> {
    let of_groups = GROUPS.iter().filter_map(|group| {
        let known = group.codes.iter().find(|known| known.name == code)?;
        let long = (group.long)(code).map(explained::plain);
        let text = match long {
            Some(long) => format!("{}\n\n{long}", known.meaning),
            None => known.meaning.to_owned(),
        };
        Some((group.title, text))
    });
    let checks = audit::CHECKS.iter().filter(|check| check.code == code);
    let checks = checks.map(|check| (OF_SYNC_FILES, check.meaning.to_owned()));
    of_groups.chain(checks).collect()
}

fn names() -> impl Iterator<Item = &'static str> {
    let codes = GROUPS.iter().flat_map(|group| group.codes);
    let codes = codes.map(|code| code.name);
    codes.chain(audit::CHECKS.iter().map(|check| check.code))
}

/// Every code with its meaning.
fn list(out: &mut dyn Write) -> std::io::Result<()> {
    for group in &GROUPS {
        writeln!(out, "{}", group.title)?;
        for code in group.codes {
            writeln!(out, "  {}\n      {}", code.name, code.meaning)?;
        }
        writeln!(out)?;
    }
    writeln!(out, "{OF_SYNC_FILES}")?;
    for check in audit::CHECKS {
        writeln!(out, "  {}\n      {}", check.code, check.meaning)?;
    }
    Ok(())
}
