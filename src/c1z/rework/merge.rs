//! Rows of several syncs, one after the other → one row per identity.

use rusqlite::params;

use super::fresh::Fresh;
use crate::c1z::{C1zError, message};

/// What rows are told apart by. A grant is who holds what, and its id is only a name for that; but two
/// grants of one name cannot be in one sync either.
const IDENTITIES: [(&str, &str); 6] = [
    ("v1_resource_types", "external_id"),
    ("v1_resources", "external_id"),
    ("v1_entitlements", "external_id"),
    (
        "v1_grants",
        "entitlement_id, principal_resource_type_id, principal_resource_id",
    ),
    ("v1_grants", "external_id"),
    ("v1_assets", "external_id"),
];

/// The number of the last grant.
pub(super) fn rows(fresh: &Fresh) -> Result<i64, C1zError> {
    let last = "select coalesce(max(id), 0) from v1_grants";
    let rows = fresh.db.query_row(last, [], |row| row.get(0));
    rows.map_err(fresh.failed("count the grants"))
}

/// Leaves one row of each identity: the one that was discovered last, and of those discovered at once
/// the one that came last. Moments are compared as text, as every reader does it.
pub(super) fn settle(fresh: &Fresh) -> Result<(), C1zError> {
    for (table, identity) in IDENTITIES {
        let sql = format!(
            "delete from {table} where id in (
                 select id from (
                     select id, row_number() over (
                         partition by {identity} order by discovered_at desc, id desc
                     ) as place from {table}
                 ) where place > 1)"
        );
        let settled = fresh.db.execute(&sql, []);
        settled.map_err(fresh.failed("settle rows of one identity"))?;
    }
    Ok(())
}

/// Writes the expansion of each grant behind `known` into its column, where only its message has it:
/// older writers left it there.
pub(super) fn fill_expansions(fresh: &Fresh, known: i64) -> Result<(), C1zError> {
    let failed = || fresh.failed("read grants that bring others");
    let mut after = known;
    loop {
        let mut page = fresh
            .db
            .prepare_cached(
                "select id, data from v1_grants where id > ?1 and expansion is null
                 order by id limit 1000",
            )
            .map_err(failed())?;
        let rows: Vec<(i64, Vec<u8>)> = page
            .query_map([after], |row| Ok((row.get(0)?, row.get(1)?)))
            .and_then(Iterator::collect)
            .map_err(failed())?;
        let Some((last, _)) = rows.last() else {
            return Ok(());
        };
        after = *last;
        for (row, data) in rows {
            let grant = message::grant::decode(&data).map_err(|source| C1zError::Blob {
                path: fresh.path.0.clone(),
                table: "v1_grants",
                row,
                source,
            })?;
            let Some(expansion) = message::grant::expansion_column(&grant) else {
                continue;
            };
            fresh
                .db
                .prepare_cached(
                    "update v1_grants set expansion = ?2, needs_expansion = 1 where id = ?1",
                )
                .and_then(|mut fill| fill.execute(params![row, expansion]))
                .map_err(failed())?;
        }
    }
}
