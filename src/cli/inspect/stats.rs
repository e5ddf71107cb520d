//! `inspect … stats`.

use std::collections::BTreeSet;

use super::render::{Format, Row, Screen, instant};
use super::view::{StatsView, SyncView, TotalsView, TypeStatsView};
use crate::c1z::{Stats, Sync};

pub(super) fn run(sync: &Sync, screen: &mut Screen) -> anyhow::Result<()> {
    let mut types = BTreeSet::new();
    for resource_type in sync.resource_types() {
        types.insert(resource_type?.id.0);
    }
    let view = view(SyncView::from(sync.run()), &sync.stats()?, types);
    match screen.format {
        Format::Json => screen.json(&view),
        Format::Csv => screen.csv(
            TypeStatsView::NAMES,
            view.resource_types.iter().map(|row| Ok(row.values())),
        ),
        Format::Table => {
            screen.table(
                &["Sync", &view.sync.id.clone()],
                facts(&view.sync).into_iter(),
            )?;
            screen.line("")?;
            let total = TypeStatsView {
                resource_type: "total".into(),
                resources: view.totals.resources,
                entitlements: view.totals.entitlements,
                grants: view.totals.grants,
            };
            let rows = view.resource_types.iter().chain([&total]).map(Row::cells);
            screen.table(TypeStatsView::TITLES, rows)
        }
    }
}

/// Types without a single row are shown too: a nought is a fact.
fn view(sync: SyncView, stats: &Stats, mut types: BTreeSet<String>) -> StatsView {
    types.extend(stats.resources_by_resource_type.keys().cloned());
    types.extend(stats.entitlements_by_resource_type.keys().cloned());
    types.extend(stats.grants_by_resource_type.keys().cloned());
    let resource_types = types
        .into_iter()
        .map(|of| TypeStatsView {
            resources: stats
                .resources_by_resource_type
                .get(&of)
                .copied()
                .unwrap_or(0),
            entitlements: stats
                .entitlements_by_resource_type
                .get(&of)
                .copied()
                .unwrap_or(0),
            grants: stats.grants_by_resource_type.get(&of).copied().unwrap_or(0),
            resource_type: of,
        })
        .collect();
    let totals = TotalsView {
        resource_types: stats.resource_types,
        resources: stats.resources,
        entitlements: stats.entitlements,
        grants: stats.grants,
    };
    StatsView {
        sync,
        totals,
        resource_types,
    }
}

fn facts(sync: &SyncView) -> Vec<Vec<String>> {
    let ended = sync
        .ended_at
        .map_or_else(|| "not finished".to_owned(), instant);
    let mut facts = vec![
        vec!["kind".to_owned(), sync.kind.clone()],
        vec!["started".to_owned(), instant(sync.started_at)],
        vec!["ended".to_owned(), ended],
    ];
    if let Some(findings) = &sync.partial {
        facts.push(vec![
            "PARTIAL".to_owned(),
            "something may be missing".to_owned(),
        ]);
        for (code, finding) in findings.iter().filter(|(_, finding)| finding.partial) {
            facts.push(vec![code.to_owned(), format!("{} ×", finding.count)]);
            facts.extend(
                finding
                    .examples
                    .iter()
                    .map(|example| vec![String::new(), example.clone()]),
            );
        }
    }
    if let Some(took) = sync.duration_ms {
        facts.push(vec![
            "took".to_owned(),
            format!("{}.{:03} s", took / 1000, took.abs() % 1000),
        ]);
    }
    if let Some(parent) = &sync.parent_sync_id {
        facts.push(vec!["builds on".to_owned(), parent.clone()]);
    }
    facts
}

impl Row for TypeStatsView {
    const TITLES: &'static [&'static str] =
        &["Resource type", "Resources", "Entitlements", "Grants"];

    fn cells(&self) -> Vec<String> {
        self.values()
    }

    const NAMES: &'static [&'static str] =
        &["resource_type", "resources", "entitlements", "grants"];

    fn values(&self) -> Vec<String> {
        vec![
            self.resource_type.clone(),
            self.resources.to_string(),
            self.entitlements.to_string(),
            self.grants.to_string(),
        ]
    }
}
