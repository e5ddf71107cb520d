//! Each row of a run, one after the other: its columns, its message, and whether they agree. What
//! later questions need of messages goes to temporary tables on the way.

use prost::{DecodeError, Message};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row, params};

use super::checks;
use super::columns::{Columns, FIRST, annotations};
use super::findings::Findings;
use crate::c1z::C1z;
use crate::model::SyncRun;
use crate::proto::connector::v2 as proto;

/// What messages say that columns do not: short names, exclusion groups, and what grants bring.
const CREATE_NOTES: &str = "
drop table if exists temp.audit_slugs;
drop table if exists temp.audit_groups;
drop table if exists temp.audit_expansions;
create temp table audit_slugs (resource_type text, resource text, slug text, entitlement text);
create temp table audit_groups
    (id text, resource_type text, is_default integer, entitlement text);
create temp table audit_expansions (grant_id text, source text, target text,
    principal_type text, principal text, is_stand_in integer);
";

/// A table of facts, and the columns that hold text in each of its rows.
pub(super) struct Facts {
    pub table: &'static str,
    columns: &'static [&'static str],
    /// True when each row holds a message.
    has_data: bool,
    check: fn(&Pass, &Row, &[u8], &mut Findings) -> Result<(), RowError>,
}

pub(super) const RESOURCE_TYPES: Facts = Facts {
    table: "v1_resource_types",
    columns: &["external_id"],
    has_data: true,
    check: |pass, row, data, found| pass.resource_type(row, data, found),
};

pub(super) const RESOURCES: Facts = Facts {
    table: "v1_resources",
    columns: &[
        "resource_type_id",
        "external_id",
        "parent_resource_type_id",
        "parent_resource_id",
    ],
    has_data: true,
    check: |pass, row, data, found| pass.resource(row, data, found),
};

pub(super) const ENTITLEMENTS: Facts = Facts {
    table: "v1_entitlements",
    columns: &["resource_type_id", "resource_id", "external_id"],
    has_data: true,
    check: |pass, row, data, found| pass.entitlement(row, data, found),
};

pub(super) const GRANTS: Facts = Facts {
    table: "v1_grants",
    columns: &[
        "resource_type_id",
        "resource_id",
        "entitlement_id",
        "principal_resource_type_id",
        "principal_resource_id",
        "external_id",
    ],
    has_data: true,
    check: |pass, row, data, found| pass.grant(row, data, found),
};

/// The runs: their rows are checked elsewhere.
pub(super) const RUNS: Facts = Facts {
    table: "v1_sync_runs",
    columns: &["started_at", "ended_at", "sync_token"],
    has_data: false,
    check: |_, _, _, _| Ok(()),
};

/// Every table of facts.
pub(super) const ALL: [&Facts; 4] = [&RESOURCE_TYPES, &RESOURCES, &ENTITLEMENTS, &GRANTS];

impl Facts {
    /// The columns that every writer has and this file lacks.
    pub fn missing_columns(&self, file: &C1z) -> Vec<&'static str> {
        let data: &[_] = if self.has_data { &["data"] } else { &[] };
        let all = self.columns.iter().chain(data).chain(&["sync_id"]);
        all.filter(|column| !file.has_column(self.table, column))
            .copied()
            .collect()
    }
}

/// A row whose message does not decode, or a failure of the database itself.
enum RowError {
    Message(String),
    Sqlite(rusqlite::Error),
}

impl From<DecodeError> for RowError {
    fn from(error: DecodeError) -> Self {
        Self::Message(error.to_string())
    }
}

impl From<rusqlite::Error> for RowError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

/// One walk over the rows of a run.
pub(super) struct Pass<'f> {
    db: &'f Connection,
    /// What the run says of expansion.
    state: ExpansionState,
}

/// Which place of a grant readers look into for what it brings.
#[derive(Debug, Clone, Copy, Default)]
struct ExpansionState {
    /// False in files of the first writers.
    has_column: bool,
    /// True when messages need not be looked at.
    is_backfilled: bool,
    /// True when the run was expanded.
    is_done: bool,
}

impl<'f> Pass<'f> {
    pub fn of(file: &'f C1z, run: &SyncRun) -> rusqlite::Result<Self> {
        file.db().execute_batch(CREATE_NOTES)?;
        let mut state = ExpansionState {
            has_column: file.has_column("v1_grants", "expansion")
                && file.has_column("v1_grants", "needs_expansion"),
            ..ExpansionState::default()
        };
        let flag = |column| file.column("v1_sync_runs", column, "0");
        let sql = format!(
            "select {}, {} from v1_sync_runs where sync_id = ?1",
            flag("grants_backfilled"),
            flag("supports_diff")
        );
        let mut runs = file.db().prepare(&sql)?;
        let mut rows = runs.query([&run.id.0])?;
        if let Some(row) = rows.next()? {
            state.is_backfilled = matches!(row.get_ref(0)?, ValueRef::Integer(1));
            state.is_done = matches!(row.get_ref(1)?, ValueRef::Integer(1));
        }
        let db = file.db();
        Ok(Self { db, state })
    }

    /// Checks every row of the run in a table.
    pub fn check(
        &self,
        facts: &Facts,
        run: &SyncRun,
        found: &mut Findings,
    ) -> rusqlite::Result<()> {
        let Facts { table, columns, .. } = facts;
        let more = match self.state.has_column && *table == GRANTS.table {
            true => ", expansion, needs_expansion",
            false => "",
        };
        let columns_of = columns.join(", ");
        let mut statement = self.db.prepare(&format!(
            "select rowid, data, {columns_of}{more} from {table} where sync_id = ?1 order by rowid"
        ))?;
        let mut rows = statement.query([&run.id.0])?;
        while let Some(row) = rows.next()? {
            let named = |row: &Row| -> rusqlite::Result<String> {
                Ok(format!("row {} of `{table}`", row.get::<_, i64>(0)?))
            };
            let mut is_text = true;
            for (at, column) in columns.iter().enumerate() {
                let value = row.get_ref(FIRST + at)?;
                let is_parent = column.starts_with("parent_");
                is_text &= match value {
                    ValueRef::Text(bytes) => std::str::from_utf8(bytes).is_ok(),
                    ValueRef::Null => is_parent,
                    _ => false,
                };
            }
            if !is_text {
                let name = named(row)?;
                found.note(&checks::WRONG_COLUMN_TYPE, || name);
                continue;
            }
            let checked = match row.get_ref(1)? {
                ValueRef::Blob(data) => (facts.check)(self, row, data, found),
                other => Err(no_message(other)),
            };
            match checked {
                Ok(()) => {}
                Err(RowError::Sqlite(error)) => return Err(error),
                Err(RowError::Message(error)) => {
                    let name = named(row)?;
                    found.note(&checks::UNREADABLE_BLOB, || format!("{name}: {error}"));
                }
            }
        }
        Ok(())
    }

    fn resource_type(&self, row: &Row, data: &[u8], found: &mut Findings) -> Result<(), RowError> {
        let message = proto::ResourceType::decode(data)?;
        Columns::of(RESOURCE_TYPES.columns, row)?.agree(&[("external_id", &message.id)], found)?;
        Ok(())
    }

    fn resource(&self, row: &Row, data: &[u8], found: &mut Findings) -> Result<(), RowError> {
        let message = proto::Resource::decode(data)?;
        let id = message.id.unwrap_or_default();
        let parent = message.parent_resource_id.unwrap_or_default();
        let key = format!("{}:{}", id.resource_type, id.resource);
        let said = [
            ("resource_type_id", id.resource_type.as_str()),
            ("external_id", &key),
            ("parent_resource_type_id", &parent.resource_type),
            ("parent_resource_id", &parent.resource),
        ];
        Columns::of(RESOURCES.columns, row)?.agree(&said, found)?;
        Ok(())
    }

    fn entitlement(&self, row: &Row, data: &[u8], found: &mut Findings) -> Result<(), RowError> {
        let message = proto::Entitlement::decode(data)?;
        let on = message.resource.and_then(|it| it.id).unwrap_or_default();
        let columns = Columns::of(ENTITLEMENTS.columns, row)?;
        columns.agree(
            &[
                ("resource_type_id", &on.resource_type),
                ("resource_id", &on.resource),
                ("external_id", &message.id),
            ],
            found,
        )?;
        if !message.slug.is_empty() {
            self.db
                .prepare_cached("insert into temp.audit_slugs values (?1, ?2, ?3, ?4)")?
                .execute(params![
                    on.resource_type,
                    on.resource,
                    message.slug,
                    message.id
                ])?;
        }
        for group in annotations::<proto::EntitlementExclusionGroup>(&message.annotations) {
            let group = group?;
            self.db
                .prepare_cached("insert into temp.audit_groups values (?1, ?2, ?3, ?4)")?
                .execute(params![
                    group.exclusion_group_id,
                    on.resource_type,
                    group.is_default,
                    message.id
                ])?;
        }
        Ok(())
    }

    fn grant(&self, row: &Row, data: &[u8], found: &mut Findings) -> Result<(), RowError> {
        let message = proto::Grant::decode(data)?;
        let columns = Columns::of(GRANTS.columns, row)?;
        let mut said = vec![("external_id", message.id.as_str())];
        let mut is_slim = true;
        if let Some(entitlement) = message.entitlement.as_ref().filter(|it| !it.id.is_empty()) {
            is_slim = false;
            said.push(("entitlement_id", &entitlement.id));
            if let Some(on) = entitlement.resource.as_ref().and_then(|it| it.id.as_ref()) {
                said.push(("resource_type_id", &on.resource_type));
                said.push(("resource_id", &on.resource));
            }
        }
        match message.principal.as_ref().and_then(|it| it.id.as_ref()) {
            Some(principal) => {
                said.push(("principal_resource_type_id", &principal.resource_type));
                said.push(("principal_resource_id", &principal.resource));
            }
            None => is_slim = true,
        }
        columns.agree(&said, found)?;
        if is_slim {
            found.note(&checks::SLIM_GRANTS, || columns.id.clone());
        }
        self.expansion(row, &message, &columns, found)
    }

    /// What a grant brings to others, and whether readers find it where it is.
    fn expansion(
        &self,
        row: &Row,
        message: &proto::Grant,
        columns: &Columns,
        found: &mut Findings,
    ) -> Result<(), RowError> {
        let in_message = annotations::<proto::GrantExpandable>(&message.annotations)
            .next()
            .transpose()?
            .filter(|it| it.entitlement_ids.iter().any(|id| !id.trim().is_empty()));
        let (in_column, is_due) = match self.state.has_column {
            true => {
                let at = FIRST + GRANTS.columns.len();
                let column = match row.get_ref(at)? {
                    ValueRef::Null => None,
                    ValueRef::Blob(data) => Some(proto::GrantExpandable::decode(data)?),
                    other => return Err(no_message(other)),
                };
                let is_due = !matches!(row.get_ref(at + 1)?, ValueRef::Integer(0));
                (column, is_due)
            }
            false => (None, true),
        };
        let id = || columns.id.clone();
        let expansion = match (in_message, in_column) {
            (None, None) => return Ok(()),
            (Some(_), None) if self.state.has_column && self.state.is_backfilled => {
                found.note(&checks::EXPANSION_LOST, id);
                return Ok(());
            }
            (Some(in_message), None) => in_message,
            (in_message, Some(in_column)) => {
                if in_message.is_none() {
                    found.note(&checks::EXPANSION_HIDDEN, id);
                }
                if !is_due && !self.state.is_done {
                    found.note(&checks::EXPANSION_NOT_DUE, id);
                }
                in_column
            }
        };
        let is_stand_in = message.annotations.iter().any(|any| {
            let name = any.type_url.rsplit('/').next().unwrap_or_default();
            name.starts_with("c1.connector.v2.ExternalResourceMatch")
        });
        let mut insert = self
            .db
            .prepare_cached("insert into temp.audit_expansions values (?1, ?2, ?3, ?4, ?5, ?6)")?;
        for source in &expansion.entitlement_ids {
            insert.execute(params![
                columns.id,
                source,
                columns.text("entitlement_id")?,
                columns.text("principal_resource_type_id")?,
                columns.text("principal_resource_id")?,
                is_stand_in
            ])?;
        }
        Ok(())
    }
}

/// Something else than bytes stands where a message should be.
fn no_message(value: ValueRef) -> RowError {
    RowError::Message(format!("{} instead of bytes", value.data_type()))
}
