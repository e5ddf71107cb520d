//! What grants bring to others: sources that are not there, and circles.

use rusqlite::Connection;

use super::checks;
use super::findings::{Findings, text};
use super::loops::Graph;
use crate::model::SyncId;

/// How much of a circle an example shows.
const SHOWN: usize = 6;

/// Grants that bring their entitlement to the holders of something the run did not list.
const UNKNOWN_SOURCES: &str = "
    select grant_id || ' names ' || source from temp.audit_expansions
    left join v1_entitlements as listed on listed.external_id = source and listed.sync_id = ?1
    where listed.rowid is null order by 1";

/// Grants whose holders are those of something that is not on the principal. A principal that
/// stands for others is replaced together with its entitlements.
const FOREIGN_SOURCES: &str = "
    select grant_id || ' names ' || source from temp.audit_expansions
    join v1_entitlements as listed on listed.external_id = source and listed.sync_id = ?1
    where not is_stand_in
        and (listed.resource_type_id <> principal_type or listed.resource_id <> principal)
    order by 1";

/// Checks the sources of the grants that the walk over the rows noted.
pub(super) fn check_sources(
    db: &Connection,
    run: &SyncId,
    found: &mut Findings,
) -> rusqlite::Result<()> {
    found.ask(
        db,
        &checks::EXPANSION_UNKNOWN_SOURCE,
        UNKNOWN_SOURCES,
        [&run.0],
    )?;
    found.ask(
        db,
        &checks::EXPANSION_FOREIGN_SOURCE,
        FOREIGN_SOURCES,
        [&run.0],
    )
}

/// Finds entitlements that bring each other in a circle.
pub(super) fn check_circles(db: &Connection, found: &mut Findings) -> rusqlite::Result<()> {
    db.execute_batch(
        "drop table if exists temp.audit_nodes;
         create temp table audit_nodes (id integer primary key, name text unique);
         insert or ignore into audit_nodes (name)
             select source from audit_expansions union select target from audit_expansions
             order by 1;",
    )?;
    let edges = edges(
        db,
        "select distinct sources.id, targets.id from temp.audit_expansions
         join temp.audit_nodes as sources on sources.name = source
         join temp.audit_nodes as targets on targets.name = target",
        &[],
    )?;
    let name = "select name from temp.audit_nodes where id = ?1";
    note_circles(db, &Graph::of(edges), name, &checks::EXPANSION_CYCLE, found)
}

/// Finds resources that live in each other in a circle. Only those matter whose parent has one too.
pub(super) fn check_parents(
    db: &Connection,
    run: &SyncId,
    found: &mut Findings,
) -> rusqlite::Result<()> {
    let edges = edges(
        db,
        "select child.rowid, parent.rowid from v1_resources as child
         join v1_resources as parent on parent.sync_id = child.sync_id and parent.external_id
             = child.parent_resource_type_id || ':' || child.parent_resource_id
         where child.sync_id = ?1 and parent.parent_resource_id is not null",
        &[&run.0],
    )?;
    let name = "select external_id from v1_resources where rowid = ?1";
    note_circles(db, &Graph::of(edges), name, &checks::PARENT_CYCLE, found)
}

fn edges(
    db: &Connection,
    sql: &str,
    params: &[&dyn rusqlite::ToSql],
) -> rusqlite::Result<Vec<(i64, i64)>> {
    db.prepare(sql)?
        .query_map(params, |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect()
}

/// Notes each circle, told by the names of its nodes.
fn note_circles(
    db: &Connection,
    graph: &Graph,
    name: &str,
    check: &'static super::Check,
    found: &mut Findings,
) -> rusqlite::Result<()> {
    let mut name = db.prepare(name)?;
    let circles = graph.circles();
    let count = circles.len() as u64;
    let mut examples = Vec::new();
    for circle in circles.iter().take(found.limit()) {
        let mut names = Vec::new();
        for node in circle.iter().take(SHOWN) {
            names.push(name.query_row([node], |row| Ok(text(row.get_ref(0)?)))?);
        }
        if circle.len() > SHOWN {
            names.push(format!("… {} more", circle.len() - SHOWN));
        }
        names.push(names[0].clone());
        examples.push(names.join(" → "));
    }
    found.note_many(check, count, examples);
    Ok(())
}
