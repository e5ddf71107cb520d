//! What a sync run comes to, as the sync file caches it.

use std::collections::BTreeMap;

use rusqlite::Connection;
use serde::{Deserialize, Serialize};

use crate::model::SyncId;

/// Numbers of rows of a run, in all and by resource type.
///
/// Grants count for the type of the resource they are on. Rows of a type that the run did not
/// list are counted like the others.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Stats {
    #[serde(skip_serializing_if = "is_zero")]
    pub resource_types: u64,
    #[serde(skip_serializing_if = "is_zero")]
    pub resources: u64,
    #[serde(skip_serializing_if = "is_zero")]
    pub entitlements: u64,
    #[serde(skip_serializing_if = "is_zero")]
    pub grants: u64,
    #[serde(skip_serializing_if = "is_zero")]
    pub assets: u64,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub resources_by_resource_type: BTreeMap<String, u64>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub grants_by_resource_type: BTreeMap<String, u64>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub entitlements_by_resource_type: BTreeMap<String, u64>,
    /// How long each step took.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub step_durations_ms: BTreeMap<String, u64>,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands over a reference"
)]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

impl Stats {
    /// Reads what a writer cached. `None` when it must be counted anew: nothing there, not
    /// readable, or from a writer that did not count.
    pub(super) fn cached(text: Option<&str>) -> Option<Self> {
        serde_json::from_str::<Self>(text?)
            .ok()
            .filter(|stats| stats.resource_types > 0)
    }

    /// The text a sync file caches.
    pub(super) fn to_json(&self) -> String {
        serde_json::to_string(self).expect("names and numbers always have a JSON form")
    }

    /// Counts the rows of a run. A table the file does not have counts as empty.
    pub(super) fn count(
        db: &Connection,
        run: &SyncId,
        has_table: impl Fn(&str) -> bool,
    ) -> rusqlite::Result<Self> {
        let total = |table: &str| -> rusqlite::Result<u64> {
            if !has_table(table) {
                return Ok(0);
            }
            let sql = format!("select count(*) from {table} where sync_id = ?1");
            db.query_row(&sql, [&run.0], |row| row.get(0))
                .map(i64::cast_unsigned)
        };
        let by_type = |table: &str| -> rusqlite::Result<BTreeMap<String, u64>> {
            if !has_table(table) {
                return Ok(BTreeMap::new());
            }
            let mut counts = db.prepare(&format!(
                "select resource_type_id, count(*) from {table} where sync_id = ?1 group by 1"
            ))?;
            counts
                .query_map([&run.0], |row| {
                    Ok((row.get(0)?, row.get::<_, i64>(1)?.cast_unsigned()))
                })?
                .collect()
        };
        let resources = by_type("v1_resources")?;
        let entitlements = by_type("v1_entitlements")?;
        let grants = by_type("v1_grants")?;
        Ok(Self {
            resource_types: total("v1_resource_types")?,
            resources: resources.values().sum(),
            entitlements: entitlements.values().sum(),
            grants: grants.values().sum(),
            assets: total("v1_assets")?,
            resources_by_resource_type: resources,
            grants_by_resource_type: grants,
            entitlements_by_resource_type: entitlements,
            step_durations_ms: BTreeMap::new(),
        })
    }
}
