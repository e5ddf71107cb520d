//! What `scripts/bench author` measures: how long the author of a large connector file waits.
//!
//! `file sql|http OUT`: a sound file of 2,000 lines. `check FILE`: reading and checking it, in this
//! process. `process PROGRAM FILE`: `PROGRAM validate FILE`, from start to end. `keystrokes PROGRAM
//! FILE`: `PROGRAM lsp`, from a changed letter to the diagnostics of the changed text. Each measure is
//! printed as its median and its slowest, in milliseconds.

mod keystrokes;
mod large;

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use rolecall::config::{self, ProcessEnvironment};
use rolecall::diagnostic::Severity;
use rolecall::plan::{self, Check, Purpose};

/// How often each thing is measured.
const RUNS: usize = 51;

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["file", dialect, out] => Ok(std::fs::write(out, large::file(dialect)?)?),
        ["check", file] => check(Path::new(file)),
        ["process", program, file] => process(program, file),
        ["keystrokes", program, file] => keystrokes::measure(program, Path::new(file)),
        // Cargo calls every benchmark so; this one is run by the script.
        ["--bench"] | [] => Ok(()),
        _ => bail!("no such case: {arguments:?}"),
    }
}

fn check(file: &Path) -> anyhow::Result<()> {
    let mut times = Vec::new();
    for _ in 0..RUNS {
        let begun = Instant::now();
        let how = Check {
            environment: &ProcessEnvironment,
            unset_variable: Severity::Warning,
            strict: false,
            purpose: Purpose::Everything,
        };
        let (plan, found) = plan::check(config::load(file), how);
        times.push(begun.elapsed());
        ensure!(plan.is_some(), "the file is not sound: {found:#?}");
    }
    tell(times);
    Ok(())
}

fn process(program: &str, file: &str) -> anyhow::Result<()> {
    let mut times = Vec::new();
    for _ in 0..RUNS {
        let begun = Instant::now();
        let mut command = Command::new(program);
        command.args(["validate", file]).stdout(Stdio::null());
        let ended = command.status().context("starting the program")?;
        times.push(begun.elapsed());
        ensure!(ended.success(), "`validate` says {ended}");
    }
    tell(times);
    Ok(())
}

/// The median and the slowest, as cells of a table.
fn tell(mut times: Vec<Duration>) {
    times.sort_unstable();
    let shown = |time: Duration| format!("{:.1} ms", time.as_secs_f64() * 1_000.0);
    let median = times.get(times.len() / 2).copied().unwrap_or_default();
    let slowest = times.last().copied().unwrap_or_default();
    println!("{} | {}", shown(median), shown(slowest));
}
