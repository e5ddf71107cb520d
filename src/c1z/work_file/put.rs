//! Facts of a page → rows, each where its predecessor was, if it had one.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, ToSql, params};

use super::digest::{Digest, Summed};
use crate::c1z::{message, timestamp};
use crate::model::{Grant, SyncId};
use crate::sync::{Finding, PageFacts};

/// A row is inserted, or, when its identity is there already, put in its place: page tokens and
/// positions are row ids, which `insert or replace` would change.
struct Put {
    summed: Summed,
    insert: &'static str,
    update: &'static str,
    /// Finds the row that is there already by what the columns are called.
    find: &'static str,
    /// Which of the columns that takes.
    key: [usize; 2],
}

/// What a work file has rows of, and sums.
pub(super) const SUMMED: [&Summed; 4] = [
    &RESOURCE_TYPE.summed,
    &RESOURCE.summed,
    &ENTITLEMENT.summed,
    &GRANT,
];

const RESOURCE_TYPE: Put = Put {
    summed: Summed {
        table: "v1_resource_types",
        columns: "external_id, data, sync_id, discovered_at",
    },
    insert: "insert into v1_resource_types (external_id, data, sync_id, discovered_at)
             values (?1, ?2, ?3, ?4) on conflict do nothing",
    update: "update v1_resource_types set data = ?2, discovered_at = ?4
             where external_id = ?1 and sync_id = ?3",
    find: "where external_id = ?1 and sync_id = ?2",
    key: [0, 2],
};

/// Listings of children run side by side, one per parent: of one resource under two parents, the
/// last parent by its id has it, whichever listing was faster.
const RESOURCE: Put = Put {
    summed: Summed {
        table: "v1_resources",
        columns: "resource_type_id, external_id, parent_resource_type_id, parent_resource_id, data,
                  sync_id, discovered_at",
    },
    insert: "insert into v1_resources
                 (resource_type_id, external_id, parent_resource_type_id, parent_resource_id,
                  data, sync_id, discovered_at)
             values (?1, ?2, ?3, ?4, ?5, ?6, ?7) on conflict do nothing",
    update: "update v1_resources set resource_type_id = ?1, parent_resource_type_id = ?3,
                 parent_resource_id = ?4, data = ?5, discovered_at = ?7
             where external_id = ?2 and sync_id = ?6
                 and (coalesce(?3, ''), coalesce(?4, ''))
                     >= (coalesce(parent_resource_type_id, ''), coalesce(parent_resource_id, ''))",
    find: "where external_id = ?1 and sync_id = ?2",
    key: [1, 5],
};

const ENTITLEMENT: Put = Put {
    summed: Summed {
        table: "v1_entitlements",
        columns: "resource_type_id, resource_id, external_id, data, sync_id, discovered_at",
    },
    insert: "insert into v1_entitlements
                 (resource_type_id, resource_id, external_id, data, sync_id, discovered_at)
             values (?1, ?2, ?3, ?4, ?5, ?6) on conflict do nothing",
    update: "update v1_entitlements set resource_type_id = ?1, resource_id = ?2, data = ?4,
                 discovered_at = ?6
             where external_id = ?3 and sync_id = ?5",
    find: "where external_id = ?1 and sync_id = ?2",
    key: [2, 4],
};

const GRANT: Summed = Summed {
    table: "v1_grants",
    columns: "resource_type_id, resource_id, entitlement_id, principal_resource_type_id,
              principal_resource_id, external_id, expansion, needs_expansion, data, sync_id,
              discovered_at",
};

/// Grants are only added: which of those with one identity is the last is settled when all are
/// there, because looking each up would cost more than storing it.
const INSERT_GRANT: &str = "insert into v1_grants
         (resource_type_id, resource_id, entitlement_id, principal_resource_type_id,
          principal_resource_id, external_id, expansion, needs_expansion, data, sync_id,
          discovered_at)
     values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) on conflict do nothing";

impl Put {
    /// True when there was a row of this identity.
    fn row(
        &self,
        db: &Connection,
        digest: &mut Digest,
        values: &[&dyn ToSql],
    ) -> rusqlite::Result<bool> {
        if db.prepare_cached(self.insert)?.execute(values)? == 1 {
            digest.add(&self.summed, db.last_insert_rowid(), values)?;
            return Ok(false);
        }
        let key = self.key.map(|column| values[column]);
        let mut without = *digest;
        let id = db
            .prepare_cached(&self.summed.select(self.find))?
            .query_row(&key[..], |row| {
                without.remove(&self.summed, row)?;
                row.get(0)
            })?;
        // The row may be there to stay.
        if db.prepare_cached(self.update)?.execute(values)? == 1 {
            *digest = without;
            digest.add(&self.summed, id, values)?;
        }
        Ok(true)
    }
}

fn note(replaced: &mut Finding, again: bool, id: &impl std::fmt::Display) {
    if again {
        replaced.count += 1;
        if replaced.examples.len() < Finding::EXAMPLES {
            replaced.examples.push(id.to_string());
        }
    }
}

/// Writes a page and the checkpoint that follows it, and returns which of the rows, other than grants,
/// replaced one.
pub(super) fn page(
    db: &Connection,
    run: &SyncId,
    page: &PageFacts,
    checkpoint: &str,
    now: &DateTime<Utc>,
) -> rusqlite::Result<Finding> {
    let (run, now) = (&run.0, timestamp::format(now));
    let mut replaced = Finding::default();
    let mut digest = Digest::default();
    for it in &page.resource_types {
        let data = message::resource_type::encode(it);
        let again = RESOURCE_TYPE.row(db, &mut digest, params![it.id.0, data, run, now])?;
        note(&mut replaced, again, &it.id);
    }
    for it in &page.resources {
        let parent = it.parent.as_ref();
        let parent_type = parent.map(|parent| parent.resource_type.as_str());
        let parent_id = parent.map(|parent| parent.id.as_str());
        let (key, data) = (it.id.to_string(), message::resource::encode(it));
        let of_type = &it.id.resource_type.0;
        let again = RESOURCE.row(
            db,
            &mut digest,
            params![of_type, key, parent_type, parent_id, data, run, now],
        )?;
        note(&mut replaced, again, &it.id);
    }
    for it in &page.entitlements {
        let (on, data) = (&it.resource.id, message::entitlement::encode(it));
        let again = ENTITLEMENT.row(
            db,
            &mut digest,
            params![on.resource_type.0, on.id, it.id.0, data, run, now],
        )?;
        note(&mut replaced, again, &it.id);
    }
    let mut encoder = message::grant::Encoder::default();
    for it in &page.grants {
        grant(db, run, it, &mut encoder, &now, Some(&mut digest))?;
    }
    digest.keep(db, checkpoint)?;
    Ok(replaced)
}

/// Writes a grant, and adds it to what is summed where something is. False when there is one of its
/// identity already and the table has the index that tells.
pub(super) fn grant(
    db: &Connection,
    run: &str,
    grant: &Grant,
    encoder: &mut message::grant::Encoder,
    now: &str,
    digest: Option<&mut Digest>,
) -> rusqlite::Result<bool> {
    let (on, principal) = (&grant.resource.id, &grant.principal);
    let expansion = message::grant::expansion_column(grant);
    let needs_expansion = expansion.is_some();
    let data = encoder.encode(grant);
    let values: &[&dyn ToSql] = params![
        on.resource_type.0,
        on.id,
        grant.entitlement.0,
        principal.resource_type.0,
        principal.id,
        grant.id.0,
        expansion,
        needs_expansion,
        data,
        run,
        now
    ];
    let inserted = db.prepare_cached(INSERT_GRANT)?.execute(values)? == 1;
    if inserted && let Some(digest) = digest {
        digest.add(&GRANT, db.last_insert_rowid(), values)?;
    }
    Ok(inserted)
}
