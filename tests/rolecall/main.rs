//! Everything that is tested from outside of the crate, in one binary.

mod api;
mod author;
mod c1z;
mod chaos;
mod cli;
mod company;
mod complete;
mod conformance;
mod connector_test;
mod daemon;
mod diagnostics;
mod drop_in;
mod examples;
mod expansion;
mod expressions;
mod external;
mod feed;
mod generated;
mod golden;
mod http;
mod init;
mod language;
mod lsp;
mod mapping;
mod pages;
mod plan;
mod platform;
mod preview;
mod provision;
mod rewrite;
mod saas;
mod servers;
mod service;
mod sql;
mod sync;
mod tutorials;
mod watch;
mod wire;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The folders of `tests/fixtures/<area>`, sorted.
fn fixtures(area: &str) -> Vec<PathBuf> {
    let area = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures")
        .join(area);
    let mut cases: Vec<PathBuf> = std::fs::read_dir(&area)
        .unwrap_or_else(|error| panic!("{}: {error}", area.display()))
        .map(|entry| entry.expect("a readable folder").path())
        .filter(|path| path.is_dir())
        .collect();
    cases.sort();
    assert!(!cases.is_empty(), "{} has no cases", area.display());
    cases
}

/// The program, which logs nothing beyond warnings and tells nobody how far it is: that is another
/// text on each run.
fn program() -> Command {
    let mut program = Command::new(env!("CARGO_BIN_EXE_rolecall"));
    program
        .env_remove("RUST_LOG")
        .env("ROLECALL_PROGRESS", "none");
    program
}

/// Runs the program in a folder, with no variables of ours but those given.
fn run(folder: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    program()
        .args(arguments)
        .current_dir(folder)
        .envs(variables.iter().copied())
        .output()
        .expect("the program runs")
}

/// What a program wrote: its answer, then its messages.
fn said(ran: &Output) -> String {
    let [answer, messages] = [&ran.stdout, &ran.stderr].map(|text| String::from_utf8_lossy(text));
    format!("{answer}{messages}")
}
