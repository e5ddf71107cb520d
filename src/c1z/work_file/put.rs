//! Facts of a page → rows, each where its predecessor was, if it had one.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, Params, params};

use crate::c1z::{message, timestamp};
use crate::model::{Grant, SyncId};
use crate::sync::{Finding, PageFacts};

/// A row is inserted, or, when its identity is there already, put in its place: page tokens and
/// positions are row ids, which `insert or replace` would change.
struct Put {
    insert: &'static str,
    update: &'static str,
}

const RESOURCE_TYPE: Put = Put {
    insert: "insert into v1_resource_types (external_id, data, sync_id, discovered_at)
             values (?1, ?2, ?3, ?4) on conflict do nothing",
    update: "update v1_resource_types set data = ?2, discovered_at = ?4
             where external_id = ?1 and sync_id = ?3",
};

/// Listings of children run side by side, one per parent: of one resource under two parents, the
/// last parent by its id has it, whichever listing was faster.
const RESOURCE: Put = Put {
    insert: "insert into v1_resources
                 (resource_type_id, external_id, parent_resource_type_id, parent_resource_id,
                  data, sync_id, discovered_at)
             values (?1, ?2, ?3, ?4, ?5, ?6, ?7) on conflict do nothing",
    update: "update v1_resources set resource_type_id = ?1, parent_resource_type_id = ?3,
                 parent_resource_id = ?4, data = ?5, discovered_at = ?7
             where external_id = ?2 and sync_id = ?6
                 and (coalesce(?3, ''), coalesce(?4, ''))
                     >= (coalesce(parent_resource_type_id, ''), coalesce(parent_resource_id, ''))",
};

const ENTITLEMENT: Put = Put {
    insert: "insert into v1_entitlements
                 (resource_type_id, resource_id, external_id, data, sync_id, discovered_at)
             values (?1, ?2, ?3, ?4, ?5, ?6) on conflict do nothing",
    update: "update v1_entitlements set resource_type_id = ?1, resource_id = ?2, data = ?4,
                 discovered_at = ?6
             where external_id = ?3 and sync_id = ?5",
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
    fn row(&self, db: &Connection, params: impl Params + Copy) -> rusqlite::Result<bool> {
        if db.prepare_cached(self.insert)?.execute(params)? == 1 {
            return Ok(false);
        }
        db.prepare_cached(self.update)?.execute(params)?;
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

/// Writes a page and returns which of its rows, other than grants, replaced one.
pub(super) fn page(
    db: &Connection,
    run: &SyncId,
    page: &PageFacts,
    now: &DateTime<Utc>,
) -> rusqlite::Result<Finding> {
    let (run, now) = (&run.0, timestamp::format(now));
    let mut replaced = Finding::default();
    for it in &page.resource_types {
        let data = message::resource_type::encode(it);
        let again = RESOURCE_TYPE.row(db, params![it.id.0, data, run, now])?;
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
            params![of_type, key, parent_type, parent_id, data, run, now],
        )?;
        note(&mut replaced, again, &it.id);
    }
    for it in &page.entitlements {
        let (on, data) = (&it.resource.id, message::entitlement::encode(it));
        let again = ENTITLEMENT.row(
            db,
            params![on.resource_type.0, on.id, it.id.0, data, run, now],
        )?;
        note(&mut replaced, again, &it.id);
    }
    let mut encoder = message::grant::Encoder::default();
    for it in &page.grants {
        grant(db, run, it, &mut encoder, &now)?;
    }
    Ok(replaced)
}

/// Writes a grant. False when there is one of its identity already and the table has the index that
/// tells.
pub(super) fn grant(
    db: &Connection,
    run: &str,
    grant: &Grant,
    encoder: &mut message::grant::Encoder,
    now: &str,
) -> rusqlite::Result<bool> {
    let (on, principal) = (&grant.resource.id, &grant.principal);
    let expansion = message::grant::expansion_column(grant);
    let needs_expansion = expansion.is_some();
    let inserted = db.prepare_cached(INSERT_GRANT)?.execute(params![
        on.resource_type.0,
        on.id,
        grant.entitlement.0,
        principal.resource_type.0,
        principal.id,
        grant.id.0,
        expansion,
        needs_expansion,
        encoder.encode(grant),
        run,
        now
    ])?;
    Ok(inserted == 1)
}
