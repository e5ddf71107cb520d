//! Rows of a run → those that point at something the run did not find.

use rusqlite::Connection;

use crate::sync::{Audit, Finding};

/// Rows that name something: which rows, and by which columns.
struct Named {
    table: &'static str,
    /// What is named. There is an index that begins with these columns, so that each is looked up
    /// once, however many rows name it.
    by: &'static [&'static str],
    /// Where it should be listed, and the id it has there. Both tables may have a column of one name:
    /// `named` is the row that names.
    listed: &'static str,
    id: &'static str,
    /// Which of the rows need not name anything that is listed.
    exempt: &'static str,
}

const PRINCIPALS: Named = Named {
    table: "v1_grants",
    by: &["principal_resource_type_id", "principal_resource_id"],
    listed: "v1_resources",
    id: "named.principal_resource_type_id || ':' || named.principal_resource_id",
    // The principal stands for principals of another system. All annotations that say so have the
    // beginning of their names in common.
    exempt: "instr(data, cast('c1.connector.v2.ExternalResourceMatch' as blob)) > 0",
};

const ENTITLEMENTS: Named = Named {
    table: "v1_grants",
    by: &["entitlement_id"],
    listed: "v1_entitlements",
    id: "named.entitlement_id",
    exempt: "false",
};

const PARENTS: Named = Named {
    table: "v1_resources",
    by: &["parent_resource_type_id", "parent_resource_id"],
    listed: "v1_resources",
    id: "named.parent_resource_type_id || ':' || named.parent_resource_id",
    // Of another system only the principals are copied, not what they live in.
    exempt: "instr(data, cast('c1.connector.v2.BatonID' as blob)) > 0",
};

/// Looks for principals, entitlements and parents that are named but were not listed.
pub(super) fn audit(db: &Connection) -> rusqlite::Result<Audit> {
    Ok(Audit {
        missing_principals: missing(db, &PRINCIPALS)?,
        missing_entitlements: missing(db, &ENTITLEMENTS)?,
        missing_parents: missing(db, &PARENTS)?,
    })
}

fn missing(db: &Connection, named: &Named) -> rusqlite::Result<Finding> {
    let Named {
        table,
        by,
        listed,
        id,
        exempt,
    } = named;
    let columns = by.join(", ");
    let present: Vec<_> = by
        .iter()
        .map(|name| format!("{name} is not null"))
        .collect();
    let present = present.join(" and ");
    let missing = format!(
        "with named as materialized (
             select distinct {columns} from {table} where {present}
         ), missing as materialized (
             select * from named
             where not exists (select 1 from {listed} as listed where listed.external_id = {id})
         )"
    );
    let rows = format!(
        "from {table} where ({columns}) in (select {columns} from missing) and not ({exempt})"
    );
    let count: i64 = db.query_row(&format!("{missing} select count(*) {rows}"), [], |row| {
        row.get(0)
    })?;
    if count == 0 {
        return Ok(Finding::default());
    }
    let examples = db
        .prepare(&format!(
            "{missing} select external_id {rows} order by external_id limit ?1"
        ))?
        .query_map([Finding::EXAMPLES as i64], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    Ok(Finding {
        count: count.cast_unsigned(),
        examples,
    })
}
