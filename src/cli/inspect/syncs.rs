//! `inspect … syncs`.

use serde::Serialize;
use serde_json::json;

use super::render::{Format, Row, Screen, instant};
use super::view::{SyncView, TotalsView};
use crate::c1z::{C1z, Stats};
use crate::sync::Verdict;

/// A run of a file, with how much it found.
#[derive(Serialize)]
struct Listed {
    #[serde(flatten)]
    sync: SyncView,
    totals: TotalsView,
}

pub(super) fn run(file: &C1z, screen: &mut Screen) -> anyhow::Result<()> {
    let mut syncs = Vec::new();
    for run in file.runs()? {
        syncs.push(Listed {
            sync: SyncView::from(&run),
            totals: totals(&file.sync(Some(&run.id))?.stats()?),
        });
    }
    match screen.format {
        Format::Json => screen.json(&json!({ "syncs": syncs })),
        Format::Csv => screen.csv(Listed::NAMES, syncs.iter().map(|row| Ok(row.values()))),
        Format::Table => {
            if !syncs.is_empty() {
                screen.table(Listed::TITLES, syncs.iter().map(Row::cells))?;
            }
            let noun = if syncs.len() == 1 { "sync" } else { "syncs" };
            screen.line(&format!("{} {noun}", syncs.len()))
        }
    }
}

fn totals(stats: &Stats) -> TotalsView {
    TotalsView {
        resource_types: stats.resource_types,
        resources: stats.resources,
        entitlements: stats.entitlements,
        grants: stats.grants,
    }
}

impl Listed {
    /// What is known of it: often nothing more than that it ended.
    fn state(&self) -> &'static str {
        match (self.sync.verdict, self.sync.ended_at) {
            (_, None) => "unfinished",
            (Some(Verdict::Partial), _) => "PARTIAL",
            (Some(Verdict::Complete), _) => "complete",
            (None, Some(_)) => "finished",
        }
    }
}

impl Row for Listed {
    const TITLES: &'static [&'static str] = &[
        "ID",
        "Kind",
        "Started",
        "Ended",
        "State",
        "Resources",
        "Entitlements",
        "Grants",
        "Builds on",
    ];

    fn cells(&self) -> Vec<String> {
        vec![
            self.sync.id.clone(),
            self.sync.kind.clone(),
            instant(self.sync.started_at),
            self.sync.ended_at.map(instant).unwrap_or_default(),
            self.state().to_owned(),
            self.totals.resources.to_string(),
            self.totals.entitlements.to_string(),
            self.totals.grants.to_string(),
            self.sync.parent_sync_id.clone().unwrap_or_default(),
        ]
    }

    const NAMES: &'static [&'static str] = &[
        "id",
        "kind",
        "started_at",
        "ended_at",
        "state",
        "resource_types",
        "resources",
        "entitlements",
        "grants",
        "parent_sync_id",
    ];

    fn values(&self) -> Vec<String> {
        let mut values = self.cells();
        values[4] = self.state().to_lowercase();
        values.insert(5, self.totals.resource_types.to_string());
        values
    }
}
