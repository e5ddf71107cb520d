//! `rolecall test FILE…`: the tests of connectors, without their systems.

use std::io::{Write, stderr};
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde_json::{Value as Json, json};

use super::{Outcome, report};
use crate::connector_test::{CoverageView, Suite, Tested, junit};
use crate::diagnostic::{DiagnosticView, render_text};

/// Which tests to run, and how to tell.
#[derive(Debug, Args)]
pub(crate) struct TestArgs {
    /// The connector files. Tests that stand beside one, in `acme.tests.yaml` for `acme.yaml`, are run
    /// with it.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Run only the tests that have this in their names.
    #[arg(long, value_name = "TEXT")]
    filter: Option<String>,
    /// Show what of the listings no test reaches: expressions, and sides of their conditions.
    #[arg(long)]
    coverage: bool,
    /// How to print what came of it.
    #[arg(long, value_enum, default_value_t = TestFormat::Text)]
    format: TestFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, ValueEnum)]
enum TestFormat {
    /// For people.
    Text,
    /// One JSON object, for tools.
    Json,
    /// XML as JUnit writes it, for build servers.
    Junit,
}

/// What came of the tests of one file.
struct Ran {
    file: String,
    tests: Vec<Tested>,
    coverage: CoverageView,
}

/// Runs the tests.
pub(crate) fn run(args: &TestArgs, out: &mut dyn Write) -> anyhow::Result<Outcome> {
    let suites = args.files.iter().map(|file| Suite::load(file));
    let mut wrong = Vec::new();
    let mut suites: Vec<_> = suites
        .filter_map(|loaded| loaded.map_err(|found| wrong.extend(found)).ok())
        .collect();
    if !wrong.is_empty() {
        report::diagnostics(&wrong, report::colour_on_stderr(), &mut stderr().lock())?;
        return Ok(Outcome::Wrong);
    }
    if let Some(filter) = &args.filter {
        for suite in &mut suites {
            suite.cases.retain(|case| case.name().contains(filter));
        }
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let mut ran = Vec::new();
    for (file, suite) in args.files.iter().zip(&suites) {
        let coverage = suite.coverage();
        let mut tests = Vec::new();
        for case in &suite.cases {
            tests.push(runtime.block_on(suite.run(case, &coverage)));
        }
        ran.push(Ran {
            file: file.display().to_string(),
            tests,
            coverage: coverage.view(),
        });
    }
    tell(args, ran, out)
}

fn tell(args: &TestArgs, ran: Vec<Ran>, out: &mut dyn Write) -> anyhow::Result<Outcome> {
    let all = || ran.iter().flat_map(|ran| &ran.tests);
    let (count, failed) = (all().count(), all().filter(|test| !test.passed()).count());
    match args.format {
        TestFormat::Text => {
            for ran in &ran {
                text(ran, args.coverage, out)?;
            }
            match (count, failed) {
                (0, _) => writeln!(out, "no tests")?,
                (1, 0) => writeln!(out, "1 test passed")?,
                (_, 0) => writeln!(out, "{count} tests passed")?,
                _ => writeln!(out, "{failed} of {count} tests failed")?,
            }
        }
        TestFormat::Json => {
            let files: Vec<_> = ran.iter().map(|ran| view(ran, args.coverage)).collect();
            let whole = json!({"tests": count, "failed": failed, "files": files});
            writeln!(out, "{whole:#}")?;
        }
        TestFormat::Junit => {
            let ran: Vec<_> = ran.into_iter().map(|ran| (ran.file, ran.tests)).collect();
            write!(out, "{}", junit(&ran)?)?;
        }
    }
    Ok(match (count, failed) {
        // Whoever asks for tests and has none would think that they passed.
        (0, _) => Outcome::Wrong,
        (_, 0) => Outcome::Done,
        _ => Outcome::Failed,
    })
}

fn text(ran: &Ran, gaps: bool, out: &mut dyn Write) -> std::io::Result<()> {
    writeln!(out, "{}", ran.file)?;
    for test in &ran.tests {
        let word = if test.passed() { "ok" } else { "FAILED" };
        writeln!(out, "  {word:<6} {}", test.name)?;
    }
    for test in ran.tests.iter().filter(|test| !test.passed()) {
        writeln!(out, "\n{}:", test.name)?;
        for difference in &test.differences {
            let shown = render_text(&difference.diagnostic(), report::colour_on_stdout());
            writeln!(out, "{shown}\n")?;
        }
    }
    if gaps {
        let CoverageView {
            expressions,
            evaluated,
            sides,
            taken,
            gaps,
        } = &ran.coverage;
        writeln!(
            out,
            "  reached: {evaluated} of {expressions} expressions, {taken} of {sides} sides of conditions"
        )?;
        for gap in gaps {
            writeln!(out, "    {}: {}", gap.at, gap.message)?;
        }
    }
    Ok(())
}

fn view(ran: &Ran, with_coverage: bool) -> Json {
    let tests: Vec<_> = ran
        .tests
        .iter()
        .map(|test| {
            let differences = test.differences.iter();
            let differences: Vec<_> = differences
                .map(|difference| DiagnosticView::from(&difference.diagnostic()))
                .collect();
            json!({
                "name": test.name,
                "at": test.at.to_string(),
                "passed": test.passed(),
                "took_ms": u64::try_from(test.took.as_millis()).unwrap_or(u64::MAX),
                "differences": differences,
            })
        })
        .collect();
    let mut view = json!({"file": ran.file, "tests": tests});
    if with_coverage {
        view["coverage"] = json!(ran.coverage);
    }
    view
}
