//! Rows of a run → those that point at something the run did not find.

use rusqlite::{Connection, ToSql, params_from_iter};

use super::findings::text;
use crate::model::SyncId;
use crate::sync::{Audit, Finding};

/// Rows that name something: which rows, and by which columns.
pub(super) struct Named {
    pub table: &'static str,
    /// What is named. There is an index that begins with these columns, so that each is looked up
    /// once, however many rows name it.
    by: &'static [&'static str],
    /// Where it should be listed, and the id it has there. Both tables may have a column of one name:
    /// `named` is the row that names.
    pub listed: &'static str,
    id: &'static str,
    /// Which of the rows need not name anything that is listed.
    exempt: &'static str,
}

pub(super) const PRINCIPALS: Named = Named {
    table: "v1_grants",
    by: &["principal_resource_type_id", "principal_resource_id"],
    listed: "v1_resources",
    id: "named.principal_resource_type_id || ':' || named.principal_resource_id",
    // The principal stands for principals of another system. All annotations that say so have the
    // beginning of their names in common.
    exempt: "instr(data, cast('c1.connector.v2.ExternalResourceMatch' as blob)) > 0",
};

pub(super) const ENTITLEMENTS: Named = Named {
    table: "v1_grants",
    by: &["entitlement_id"],
    listed: "v1_entitlements",
    id: "named.entitlement_id",
    // Connectors of other makes may grant what they do not list, and say so.
    exempt: "instr(data, cast('c1.connector.v2.InsertResourceGrants' as blob)) > 0",
};

pub(super) const GRANT_RESOURCES: Named = Named {
    table: "v1_grants",
    by: &["resource_type_id", "resource_id"],
    listed: "v1_resources",
    id: "named.resource_type_id || ':' || named.resource_id",
    exempt: "false",
};

pub(super) const ENTITLEMENT_RESOURCES: Named = Named {
    table: "v1_entitlements",
    by: &["resource_type_id", "resource_id"],
    listed: "v1_resources",
    id: "named.resource_type_id || ':' || named.resource_id",
    exempt: "false",
};

pub(super) const PARENTS: Named = Named {
    table: "v1_resources",
    by: &["parent_resource_type_id", "parent_resource_id"],
    listed: "v1_resources",
    id: "named.parent_resource_type_id || ':' || named.parent_resource_id",
    // Of another system only the principals are copied, not what they live in.
    exempt: "instr(data, cast('c1.connector.v2.BatonID' as blob)) > 0",
};

/// Looks for principals, entitlements and parents that are named but were not listed, in a database
/// with rows of one run.
pub(in crate::c1z) fn audit(db: &Connection) -> rusqlite::Result<Audit> {
    let missing = |named| missing(db, named, None, Finding::EXAMPLES);
    Ok(Audit {
        missing_principals: missing(&PRINCIPALS)?,
        missing_entitlements: missing(&ENTITLEMENTS)?,
        missing_parents: missing(&PARENTS)?,
    })
}

/// Rows that name something which was not listed; only those of `run`, where the database has
/// several.
pub(super) fn missing(
    db: &Connection,
    named: &Named,
    run: Option<&SyncId>,
    examples: usize,
) -> rusqlite::Result<Finding> {
    let Named {
        table,
        by,
        listed,
        id,
        exempt,
    } = named;
    let of_run = |row: &str| match run {
        Some(_) => format!("{row}.sync_id = ?1"),
        None => "true".to_owned(),
    };
    let run = || params_from_iter(run.map(|run| &run.0 as &dyn ToSql));
    let columns = by.join(", ");
    let present: Vec<_> = by
        .iter()
        .map(|name| format!("{name} is not null"))
        .collect();
    let missing = format!(
        "with named as materialized (
             select distinct {columns} from {table} where {} and {}
         ), missing as materialized (
             select named.* from named
             left join {listed} as listed on listed.external_id = {id} and {}
             where listed.rowid is null
         )",
        present.join(" and "),
        of_run(table),
        of_run("listed"),
    );
    let rows = format!(
        "from {table} where ({columns}) in (select {columns} from missing) and not ({exempt})
         and {}",
        of_run(table)
    );
    let count: i64 = db.query_row(&format!("{missing} select count(*) {rows}"), run(), |row| {
        row.get(0)
    })?;
    if count == 0 {
        return Ok(Finding::default());
    }
    let examples = db
        .prepare(&format!(
            "{missing} select external_id {rows} order by external_id limit {examples}"
        ))?
        .query_map(run(), |row| Ok(text(row.get_ref(0)?)))?
        .collect::<rusqlite::Result<_>>()?;
    Ok(Finding {
        count: count.cast_unsigned(),
        examples,
    })
}
