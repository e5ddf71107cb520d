//! A test → what came of it: the sync of one listing.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::came::{Came, Found};
use super::coverage::Coverage;
use super::facts::Facts;
use super::kept::Kept;
use super::narrow::{Narrowed, narrow};
use super::suite::Connector;
use crate::causes::in_one_line;
use crate::config::test::{TestConfig, TestedListing};
use crate::source::Meter;
use crate::sync::{self, Concurrency, Options, Report, Scope};

/// Oddities that only mean that a test gives one listing and no more.
const OF_THE_WHOLE: &[&str] = &["missing-principal", "missing-entitlement", "missing-parent"];

/// Runs a test. `coverage` hears of every program that is evaluated.
pub(super) async fn run(
    connector: &Connector<'_>,
    test: &TestConfig,
    coverage: &Arc<Coverage>,
) -> Came {
    let Narrowed { mut plan, replay } = match narrow(connector, test) {
        Ok(narrowed) => narrowed,
        Err(error) => {
            return Came {
                error: Some(error),
                ..Came::default()
            };
        }
    };
    plan.inputs = plan.inputs.watched(coverage.clone());
    let source = plan.source.clone();
    let ran = sync(plan).await;
    source.close().await;
    let mut came = match ran {
        Ok((report, kept)) => of_run(test, &report, &kept),
        Err(error) => Came {
            error: Some(error),
            ..Came::default()
        },
    };
    if let Some(replay) = replay {
        came.requests = replay.asked();
        came.unused = replay.unused_indexes();
    }
    came
}

async fn sync(plan: crate::plan::Plan) -> Result<(Report, Kept), String> {
    let folder = tempfile::tempdir().map_err(|error| format!("no scratch folder: {error}"))?;
    let kept = Kept::new(folder.path()).map_err(|error| in_one_line(&error))?;
    let options = Options {
        scope: Scope::default(),
        concurrency: Concurrency::of(1),
        meter: Arc::new(Meter::default()),
        cancel: CancellationToken::new(),
        watcher: None,
    };
    let ran = sync::run(Arc::new(plan), kept, options, &|_| {}).await;
    ran.map_err(|error| in_one_line(&error))
}

fn of_run(test: &TestConfig, report: &Report, kept: &Kept) -> Came {
    let findings = report.findings.iter();
    let findings = findings.filter(|(code, _)| !OF_THE_WHOLE.contains(code));
    let mut came = Came {
        findings: findings
            .map(|(code, finding)| Found {
                code: code.to_owned(),
                partial: finding.partial,
                example: finding.examples.first().cloned().unwrap_or_default(),
            })
            .collect(),
        entitlements: kept.entitlements.iter().map(Facts::from).collect(),
        grants: kept.grants.iter().map(Facts::from).collect(),
        ..Came::default()
    };
    // Those that a listing runs for are stored too.
    if test.listing == TestedListing::List {
        let of_type = |id: &str| id == test.resource_type.text;
        let resources = kept.resources.iter();
        let resources = resources.filter(|it| of_type(it.id.resource_type.as_str()));
        came.resources = resources.map(Facts::from).collect();
    }
    came
}
