//! Rows of a run → those that point at something the run did not find.

use rusqlite::Connection;

use crate::sync::{Audit, Finding};

/// Looks for principals, entitlements and parents that are named but were not listed.
pub(super) fn audit(db: &Connection) -> rusqlite::Result<Audit> {
    Ok(Audit {
        missing_principals: finding(
            db,
            "v1_grants as named where not exists (
                 select 1 from v1_resources as listed where listed.sync_id = named.sync_id
                 and listed.external_id
                     = named.principal_resource_type_id || ':' || named.principal_resource_id)",
        )?,
        missing_entitlements: finding(
            db,
            "v1_grants as named where not exists (
                 select 1 from v1_entitlements as listed where listed.sync_id = named.sync_id
                 and listed.external_id = named.entitlement_id)",
        )?,
        missing_parents: finding(
            db,
            "v1_resources as named where named.parent_resource_id is not null and not exists (
                 select 1 from v1_resources as listed where listed.sync_id = named.sync_id
                 and listed.external_id
                     = named.parent_resource_type_id || ':' || named.parent_resource_id)",
        )?,
    })
}

fn finding(db: &Connection, rows: &str) -> rusqlite::Result<Finding> {
    let count: i64 = db.query_row(&format!("select count(*) from {rows}"), [], |row| {
        row.get(0)
    })?;
    let mut examples = db.prepare(&format!(
        "select named.external_id from {rows} order by named.id limit ?1"
    ))?;
    let examples: rusqlite::Result<_> = examples
        .query_map([Audit::EXAMPLES as i64], |row| row.get(0))?
        .collect();
    Ok(Finding {
        count: count.cast_unsigned(),
        examples: examples?,
    })
}
