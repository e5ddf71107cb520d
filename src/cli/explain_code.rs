//! `rolecall explain-code CODE`: the long form of a code.

use std::io::Write;

use clap::Args;

use super::{Outcome, report};
use crate::c1z::audit;
use crate::diagnostic::codes::{Code, DIAGNOSTICS, FINDINGS};
use crate::diagnostic::{explained, nearest};

/// What to explain.
#[derive(Debug, Args)]
pub(crate) struct ExplainCodeArgs {
    /// The code, as it stands in a message: `unknown-field`, or `error[unknown-field]`. Not written:
    /// every code is listed.
    code: Option<String>,
}

/// Where a code is met.
const MET_BY_VALIDATE: &str = "of connector files";
const MET_BY_SYNC: &str = "of the summary of a sync";
const MET_BY_VERIFY: &str = "of `inspect verify`";

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
    for (at, (met, text)) in sections.iter().enumerate() {
        if at > 0 {
            writeln!(out)?;
        }
        let heading = format!("{code}, a code {met}");
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
    let of = |codes: &[Code], long: fn(&str) -> Option<&'static str>| {
        let known = codes.iter().find(|known| known.name == code)?;
        let meaning = explained::plain(known.meaning);
        let long = long(code).map(explained::plain);
        Some(long.map_or(meaning.clone(), |long| format!("{meaning}\n\n{long}")))
    };
    let check = audit::CHECKS.iter().find(|check| check.code == code);
    [
        (MET_BY_VALIDATE, of(DIAGNOSTICS, explained::of_diagnostic)),
        (MET_BY_SYNC, of(FINDINGS, explained::of_finding)),
        (MET_BY_VERIFY, check.map(|check| check.meaning.to_owned())),
    ]
    .into_iter()
    .filter_map(|(met, text)| Some((met, text?)))
    .collect()
}

fn names() -> impl Iterator<Item = &'static str> {
    let diagnostics = DIAGNOSTICS.iter().chain(FINDINGS).map(|code| code.name);
    diagnostics.chain(audit::CHECKS.iter().map(|check| check.code))
}

/// Every code with its meaning.
fn list(out: &mut dyn Write) -> std::io::Result<()> {
    let short =
        |codes: &[Code]| -> Vec<_> { codes.iter().map(|code| (code.name, code.meaning)).collect() };
    let checks = audit::CHECKS
        .iter()
        .map(|check| (check.code, check.meaning));
    let groups = [
        (MET_BY_VALIDATE, short(DIAGNOSTICS)),
        (MET_BY_SYNC, short(FINDINGS)),
        (MET_BY_VERIFY, checks.collect()),
    ];
    for (at, (met, codes)) in groups.iter().enumerate() {
        let gap = if at > 0 { "\n" } else { "" };
        writeln!(out, "{gap}Codes {met}")?;
        for (name, meaning) in codes {
            writeln!(out, "  {name}\n      {meaning}")?;
        }
    }
    Ok(())
}
