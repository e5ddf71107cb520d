//! Grants of the copy that readers get, as the expansion reads and writes them.

use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension, params};

use super::failure::Failure;
use super::put;
use crate::c1z::message;
use crate::expansion::{Expandable, GrantStore, Holding, Source};
use crate::model::{
    EntitlementId, Grant, GrantId, GrantSource, Resource, ResourceId, ResourceTypeId, SyncId,
};

const GRANTS: &str = "v1_grants";
const ENTITLEMENTS: &str = "v1_entitlements";

/// The grants of a run, in a database that is made anew when anything fails.
pub(super) struct ShippedGrants<'d> {
    db: &'d Connection,
    run: &'d SyncId,
    /// When the derived grants were found.
    now: &'d str,
    encoder: message::grant::Encoder,
    /// The entitlement on which grants are being made, and its resource.
    on: Option<(EntitlementId, Arc<Resource>)>,
}

impl<'d> ShippedGrants<'d> {
    pub fn new(db: &'d Connection, run: &'d SyncId, now: &'d str) -> Self {
        Self {
            db,
            run,
            now,
            encoder: message::grant::Encoder::default(),
            on: None,
        }
    }

    /// An entitlement with the resource that grants on it embed.
    fn on(&mut self, entitlement: &str) -> Result<(EntitlementId, Arc<Resource>), Failure> {
        if let Some(known) = &self.on
            && known.0.as_str() == entitlement
        {
            return Ok(known.clone());
        }
        let (row, data) = self
            .db
            .prepare_cached("select id, data from v1_entitlements where external_id = ?1")?
            .query_row([entitlement], |row| {
                Ok((row.get(0)?, row.get::<_, Vec<u8>>(1)?))
            })?;
        let decoded = message::entitlement::decode(&data);
        let resource = decoded.map_err(Failure::blob(ENTITLEMENTS, row))?.resource;
        let found = (EntitlementId(entitlement.to_owned()), Arc::new(resource));
        self.on = Some(found.clone());
        Ok(found)
    }
}

impl GrantStore for ShippedGrants<'_> {
    type Error = Failure;

    fn expandable(&mut self, each: &mut dyn FnMut(Expandable)) -> Result<(), Failure> {
        let mut statement = self.db.prepare(
            "select id, external_id, entitlement_id, principal_resource_type_id,
                 principal_resource_id, expansion, data
             from v1_grants where expansion is not null",
        )?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let undecodable =
                |source| Failure::blob(GRANTS, row.get(0).unwrap_or_default())(source);
            let glance = message::grant::glance(blob(row, 6)?).map_err(undecodable)?;
            if glance.has_external_match {
                continue;
            }
            each(Expandable {
                grant: row.get(1)?,
                entitlement: row.get(2)?,
                principal: ResourceId {
                    resource_type: ResourceTypeId(row.get(3)?),
                    id: row.get(4)?,
                },
                expansion: message::grant::decode_expansion(blob(row, 5)?).map_err(undecodable)?,
            });
        }
        Ok(())
    }

    fn resource_of(&mut self, entitlement: &str) -> Result<Option<ResourceId>, Failure> {
        let found = self
            .db
            .prepare_cached(
                "select resource_type_id, resource_id from v1_entitlements where external_id = ?1",
            )?
            .query_row([entitlement], |row| {
                Ok(ResourceId {
                    resource_type: ResourceTypeId(row.get(0)?),
                    id: row.get(1)?,
                })
            })
            .optional()?;
        Ok(found)
    }

    fn holdings(
        &mut self,
        number_of: &dyn Fn(&str) -> Option<u32>,
        each: &mut dyn FnMut(u32, Holding<'_>),
    ) -> Result<(), Failure> {
        let mut statement = self.db.prepare(
            "select id, entitlement_id, principal_resource_type_id, principal_resource_id, data
             from v1_grants",
        )?;
        let mut rows = statement.query([])?;
        // Grants on one entitlement mostly follow each other.
        let mut last = (String::new(), None);
        while let Some(row) = rows.next()? {
            let entitlement = text(row, 1)?;
            if last.0 != entitlement {
                last = (entitlement.to_owned(), number_of(entitlement));
            }
            let Some(number) = last.1 else { continue };
            let id = row.get(0)?;
            let glance = message::grant::glance(blob(row, 4)?);
            let glance = glance.map_err(Failure::blob(GRANTS, id))?;
            if glance.has_external_match {
                continue;
            }
            let holding = Holding {
                row: id,
                principal_type: text(row, 2)?,
                principal: text(row, 3)?,
                sources: glance.sources.into_keys().collect(),
            };
            each(number, holding);
        }
        Ok(())
    }

    fn create(
        &mut self,
        entitlement: &str,
        principal: &ResourceId,
        sources: &[Source<'_>],
    ) -> Result<bool, Failure> {
        let (entitlement, resource) = self.on(entitlement)?;
        let sources = sources.iter().map(|source| {
            let Source { is_direct, .. } = *source;
            (source.entitlement.to_owned(), GrantSource { is_direct })
        });
        let grant = Grant {
            id: GrantId::of(&entitlement, principal),
            entitlement,
            resource,
            principal: principal.clone(),
            expansion: None,
            external_match: None,
            immutable: true,
            sources: sources.collect(),
            annotations: Vec::new(),
        };
        let made = put::grant(
            self.db,
            &self.run.0,
            &grant,
            &mut self.encoder,
            self.now,
            None,
        )?;
        Ok(made)
    }

    fn widen(
        &mut self,
        row: i64,
        entitlement: &str,
        sources: &[Source<'_>],
    ) -> Result<bool, Failure> {
        let data: Vec<u8> = self
            .db
            .prepare_cached("select data from v1_grants where id = ?1")?
            .query_row([row], |row| row.get(0))?;
        let before = message::grant::glance(&data).map_err(Failure::blob(GRANTS, row))?;
        let mut widened = before.sources.clone();
        if widened.is_empty() {
            widened.insert(entitlement.to_owned(), true);
        }
        for source in sources {
            let known = widened.entry(source.entitlement.to_owned());
            *known.or_default() |= source.is_direct;
        }
        if widened == before.sources {
            return Ok(false);
        }
        let data = message::grant::with_sources(&data, &widened);
        let data = data.map_err(Failure::blob(GRANTS, row))?;
        // The expansion of the grant itself stays in its column.
        self.db
            .prepare_cached("update v1_grants set data = ?2 where id = ?1")?
            .execute(params![row, data])?;
        Ok(true)
    }
}

fn text<'r>(row: &'r rusqlite::Row<'_>, column: usize) -> rusqlite::Result<&'r str> {
    Ok(row.get_ref(column)?.as_str()?)
}

fn blob<'r>(row: &'r rusqlite::Row<'_>, column: usize) -> rusqlite::Result<&'r [u8]> {
    Ok(row.get_ref(column)?.as_blob()?)
}
