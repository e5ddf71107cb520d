//! A connector file with its tests → tests that can be run.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use super::case::{Case, Tested};
use super::compare::compare;
use super::coverage::Coverage;
use super::narrow::compiled;
use super::run::run;
use crate::config::decode::Tolerant;
use crate::config::test::TestConfig;
use crate::config::{self, ConnectorConfig, Dialect, Loaded};
use crate::diagnostic::{self, Diagnostic, Location, Severity, SourceFile, Span};
use crate::plan::{self, Plan};

/// What is wrong with the tests beside a connector that was read; nothing where there are none.
pub fn check_beside(path: &Path, connector: &Loaded) -> Vec<Diagnostic> {
    let beside = config::tests_beside(path);
    let Some((dialect, config)) = connector.config.as_ref().filter(|_| beside.exists()) else {
        return Vec::new();
    };
    let loaded = config::load_tests(&beside, *dialect);
    let (_, of_tests) = checked((*dialect, config), loaded.tests, &loaded.file);
    let mut found: Vec<_> = loaded.diagnostics.into_iter().map(refused).collect();
    found.extend(of_tests);
    found
}

/// The tests that could be read, and what is wrong with them.
fn checked(
    connector: (Dialect, &ConnectorConfig),
    tests: Vec<Tolerant<TestConfig>>,
    file: &Arc<SourceFile>,
) -> (Vec<TestConfig>, Vec<Diagnostic>) {
    let tests: Vec<_> = tests.into_iter().filter_map(|test| test.0).collect();
    let found = plan::check_tests(connector, &tests, file);
    (tests, found)
}

/// The tests of a connector.
#[derive(Debug)]
pub struct Suite {
    file: Arc<SourceFile>,
    dialect: Dialect,
    config: ConnectorConfig,
    failed: Vec<String>,
    places: Vec<Span>,
    /// The tests, in the order in which they are written: those of the connector file, then those
    /// beside it.
    pub cases: Vec<Case>,
    /// The connector as it is for no test in particular.
    plan: Plan,
}

impl Suite {
    /// Reads a connector and its tests. Everything that keeps them from being run is an error.
    pub fn load(path: &Path) -> Result<Self, Vec<Diagnostic>> {
        let loaded = config::load(path);
        let beside = config::tests_beside(path);
        let beside = match &loaded.config {
            Some((dialect, _)) if beside.exists() => Some(config::load_tests(&beside, *dialect)),
            _ => None,
        };
        Self::of(loaded, beside)
    }

    /// Takes a connector that was read, and tests that stand beside it.
    pub fn of(
        loaded: Loaded,
        beside: Option<config::LoadedTests>,
    ) -> Result<Self, Vec<Diagnostic>> {
        let Loaded {
            file,
            config,
            diagnostics: mut found,
            failed,
            places,
        } = loaded;
        let Some((dialect, config)) = config else {
            return Err(found);
        };
        let of_file = |file: &Arc<SourceFile>| {
            let file = file.clone();
            move |test| Case {
                test,
                file: file.clone(),
            }
        };
        if let Some(tests) = &config.tests {
            let inside = |at: &Location| {
                let within = |it: &Span| it.start <= at.span.start && at.span.end <= it.end;
                tests.places.iter().any(within)
            };
            let of_tests = found.iter_mut();
            of_tests
                .filter(|found| found.at.as_ref().is_some_and(inside))
                .for_each(refuse);
        }
        let written = config.tests.iter().flat_map(|tests| tests.value.clone());
        let (written, of_tests) = checked((dialect, &config), written.collect(), &file);
        found.extend(of_tests);
        let mut cases: Vec<_> = written.into_iter().map(of_file(&file)).collect();
        if let Some(beside) = beside {
            let (tests, of_tests) = checked((dialect, &config), beside.tests, &beside.file);
            found.extend(beside.diagnostics.into_iter().map(refused));
            found.extend(of_tests);
            cases.extend(tests.into_iter().map(of_file(&beside.file)));
        }
        let connector = Connector {
            file: &file,
            dialect,
            config: &config,
            failed: &failed,
            places: &places,
        };
        let (plan, of_connector) = compiled(&connector, None, None);
        found.extend(of_connector);
        diagnostic::sort(&mut found);
        match plan {
            Some(plan) if !diagnostic::has_errors(&found) => Ok(Self {
                file,
                dialect,
                config,
                failed,
                places,
                cases,
                plan,
            }),
            _ => {
                found.retain(|found| found.severity == Severity::Error);
                Err(found)
            }
        }
    }

    /// The connector without its tests.
    pub(super) fn connector(&self) -> Connector<'_> {
        Connector {
            file: &self.file,
            dialect: self.dialect,
            config: &self.config,
            failed: &self.failed,
            places: &self.places,
        }
    }

    /// What the tests are to reach: nothing of it is reached yet.
    pub fn coverage(&self) -> Arc<Coverage> {
        Arc::new(Coverage::of(&self.file, &self.plan.expressions))
    }

    /// Runs one of the tests. `coverage` hears of every program that is evaluated.
    pub async fn run(&self, case: &Case, coverage: &Arc<Coverage>) -> Tested {
        let began = Instant::now();
        let came = run(&self.connector(), &case.test, coverage).await;
        Tested {
            name: case.name().to_owned(),
            at: case.at(),
            differences: compare(&case.test, &case.file, &came),
            took: began.elapsed(),
        }
    }
}

/// What nobody reads must not look as if it were tested: a slip of the pen in a test is a mistake.
fn refuse(found: &mut Diagnostic) {
    found.severity = Severity::Error;
}

fn refused(mut found: Diagnostic) -> Diagnostic {
    refuse(&mut found);
    found
}

/// A connector that was read, ready to be compiled for one test after the other.
#[derive(Clone, Copy)]
pub(super) struct Connector<'c> {
    pub file: &'c Arc<SourceFile>,
    pub dialect: Dialect,
    pub config: &'c ConnectorConfig,
    pub failed: &'c [String],
    pub places: &'c [Span],
}
