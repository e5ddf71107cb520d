//! A sync run and its numbers, as JSON shows them.

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::model::SyncRun;
use crate::sync::{Findings, RecordedVerdict, Verdict};

/// A run and its numbers.
#[derive(Debug, Clone, Serialize)]
pub struct StatsView {
    /// The run.
    pub sync: SyncView,
    /// How much it found.
    pub totals: TotalsView,
    /// How much it found of each type, by the type's id.
    pub resource_types: Vec<TypeStatsView>,
}

/// A sync run.
#[derive(Debug, Clone, Serialize)]
pub struct SyncView {
    /// Its id.
    pub id: String,
    /// `full`, `partial`, `resources_only`, or what its writer called it.
    pub kind: String,
    /// Whether everything there was was seen, where its writer said so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verdict: Option<Verdict>,
    /// Why it may lack something, by code, with examples; left out when nothing is known to be
    /// missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub partial: Option<Findings>,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// When it ended; `null` when it did not.
    pub ended_at: Option<DateTime<Utc>>,
    /// How long it took, in milliseconds.
    pub duration_ms: Option<i64>,
    /// The run it builds on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent_sync_id: Option<String>,
}

impl From<&SyncRun> for SyncView {
    fn from(run: &SyncRun) -> Self {
        Self {
            id: run.id.0.clone(),
            kind: run.kind.as_str().to_owned(),
            verdict: RecordedVerdict::parse(&run.token).map(|recorded| recorded.rolecall.verdict),
            partial: RecordedVerdict::partial(&run.token).map(|doubts| doubts.rolecall.findings),
            started_at: run.started_at,
            ended_at: run.ended_at,
            duration_ms: run
                .ended_at
                .map(|end| (end - run.started_at).num_milliseconds()),
            parent_sync_id: run.parent.as_ref().map(|id| id.0.clone()),
        }
    }
}

/// Numbers of rows in all.
#[derive(Debug, Clone, Serialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct TotalsView {
    pub resource_types: u64,
    pub resources: u64,
    pub entitlements: u64,
    pub grants: u64,
}

/// Numbers of rows of one type. Entitlements and grants count for the resource they are on.
#[derive(Debug, Clone, Serialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct TypeStatsView {
    pub resource_type: String,
    pub resources: u64,
    pub entitlements: u64,
    pub grants: u64,
}
