//! One run of a file, and the facts it found.

use std::sync::Arc;

use rusqlite::{OptionalExtension, Row};

use super::listing::RowError;
use super::{C1z, Listing};
use crate::c1z::{C1zError, Stats, message};
use crate::model::{
    Entitlement, EntitlementId, Grant, GrantId, Resource, ResourceId, ResourceType, ResourceTypeId,
    SyncRun,
};

/// A column and the value it must have, if any.
type Filter<'a> = (&'a str, Option<&'a str>);

/// One run of an open file.
pub struct Sync<'f> {
    file: &'f C1z,
    run: SyncRun,
}

/// Which entitlements to list. What is `None` does not matter.
#[derive(Debug, Clone, Default)]
pub struct EntitlementFilter<'a> {
    /// Those on resources of this type.
    pub resource_type: Option<&'a ResourceTypeId>,
    /// Those on this resource.
    pub resource: Option<&'a ResourceId>,
}

/// Which grants to list. What is `None` does not matter.
#[derive(Debug, Clone, Default)]
pub struct GrantFilter<'a> {
    /// Those on resources of this type.
    pub resource_type: Option<&'a ResourceTypeId>,
    /// Those on this resource.
    pub resource: Option<&'a ResourceId>,
    /// Those of this entitlement.
    pub entitlement: Option<&'a EntitlementId>,
    /// Those that this principal holds.
    pub principal: Option<&'a ResourceId>,
}

impl<'f> Sync<'f> {
    pub(super) fn of(file: &'f C1z, run: SyncRun) -> Self {
        Self { file, run }
    }

    /// What the file says of the run itself.
    pub fn run(&self) -> &SyncRun {
        &self.run
    }

    /// The resource types, in the order they were written.
    pub fn resource_types(&self) -> Listing<'f, ResourceType> {
        self.list_resource_types(&[])
    }

    /// The resources, all or of one type, in the order they were written.
    pub fn resources(&self, of: Option<&ResourceTypeId>) -> Listing<'f, Resource> {
        self.list_resources(&[("resource_type_id", of.map(ResourceTypeId::as_str))])
    }

    /// The entitlements that pass a filter, in the order they were written.
    pub fn entitlements(&self, filter: &EntitlementFilter) -> Listing<'f, Entitlement> {
        self.list_entitlements(&on_resource(filter.resource_type, filter.resource))
    }

    /// The grants that pass a filter, in the order they were written.
    pub fn grants(&self, filter: &GrantFilter) -> Listing<'f, Grant> {
        let principal = filter.principal;
        let mut filters = on_resource(filter.resource_type, filter.resource);
        filters.extend([
            (
                "entitlement_id",
                filter.entitlement.map(EntitlementId::as_str),
            ),
            (
                "principal_resource_type_id",
                principal.map(|id| id.resource_type.as_str()),
            ),
            ("principal_resource_id", principal.map(|id| id.id.as_str())),
        ]);
        self.list_grants(&filters)
    }

    /// The resource type in a row, as [`crate::c1z::diff`] names it.
    pub fn resource_type_at(&self, row: i64) -> Result<ResourceType, C1zError> {
        self.at(row, |filters| self.list_resource_types(filters))
    }

    /// The resource in a row.
    pub fn resource_at(&self, row: i64) -> Result<Resource, C1zError> {
        self.at(row, |filters| self.list_resources(filters))
    }

    /// The entitlement in a row.
    pub fn entitlement_at(&self, row: i64) -> Result<Entitlement, C1zError> {
        self.at(row, |filters| self.list_entitlements(filters))
    }

    /// The grant in a row.
    pub fn grant_at(&self, row: i64) -> Result<Grant, C1zError> {
        self.at(row, |filters| self.list_grants(filters))
    }

    fn at<T>(&self, row: i64, list: impl Fn(&[Filter]) -> Listing<'f, T>) -> Result<T, C1zError> {
        let number = row.to_string();
        let missing = || {
            Err(self.file.sqlite("find a row")(
                rusqlite::Error::QueryReturnedNoRows,
            ))
        };
        list(&[("rowid", Some(&number))])
            .next()
            .unwrap_or_else(missing)
    }

    fn list_resource_types(&self, filters: &[Filter]) -> Listing<'f, ResourceType> {
        self.list(("v1_resource_types", ""), filters, |_, data| {
            Ok(message::resource_type::decode(&data)?)
        })
    }

    fn list_resources(&self, filters: &[Filter]) -> Listing<'f, Resource> {
        self.list(("v1_resources", ""), filters, |_, data| {
            Ok(message::resource::decode(&data)?)
        })
    }

    fn list_entitlements(&self, filters: &[Filter]) -> Listing<'f, Entitlement> {
        self.list(("v1_entitlements", ""), filters, |_, data| {
            Ok(message::entitlement::decode(&data)?)
        })
    }

    fn list_grants(&self, filters: &[Filter]) -> Listing<'f, Grant> {
        let columns = format!(
            ", resource_type_id, resource_id, entitlement_id, principal_resource_type_id,
             principal_resource_id, external_id, {}",
            self.file.column("v1_grants", "expansion", "null")
        );
        self.list(("v1_grants", &columns), filters, read_grant)
    }

    /// One resource, or `None` when the run did not find it.
    pub fn resource(&self, id: &ResourceId) -> Result<Option<Resource>, C1zError> {
        let key = id.to_string();
        let filters = [
            ("external_id", Some(key.as_str())),
            ("resource_type_id", Some(id.resource_type.as_str())),
        ];
        self.list_resources(&filters).next().transpose()
    }

    /// One entitlement, or `None` when the run did not find it.
    pub fn entitlement(&self, id: &EntitlementId) -> Result<Option<Entitlement>, C1zError> {
        let filters = [("external_id", Some(id.as_str()))];
        self.list_entitlements(&filters).next().transpose()
    }

    /// One grant, or `None` when the run did not find it.
    pub fn grant(&self, id: &GrantId) -> Result<Option<Grant>, C1zError> {
        let filters = [("external_id", Some(id.as_str()))];
        self.list_grants(&filters).next().transpose()
    }

    /// The numbers of the run: as its writer cached them, or counted now.
    pub fn stats(&self) -> Result<Stats, C1zError> {
        match self.cached_stats()? {
            Some(stats) => Ok(stats),
            None => self.counted_stats(),
        }
    }

    /// The numbers that the run's writer cached, where it counted.
    pub(in crate::c1z) fn cached_stats(&self) -> Result<Option<Stats>, C1zError> {
        if !self.file.has_column("v1_sync_runs", "stats") {
            return Ok(None);
        }
        let cached: Option<Option<String>> = self
            .file
            .db
            .query_row(
                "select cast(stats as text) from v1_sync_runs where sync_id = ?1",
                [&self.run.id.0],
                |row| row.get(0),
            )
            .optional()
            .map_err(self.file.sqlite("read cached numbers"))?;
        Ok(Stats::cached(cached.flatten().as_deref()))
    }

    /// The numbers of the run, counted now.
    pub(in crate::c1z) fn counted_stats(&self) -> Result<Stats, C1zError> {
        let has_table = |table: &str| self.file.has_table(table);
        Stats::count(&self.file.db, &self.run.id, has_table).map_err(self.file.sqlite("count rows"))
    }

    fn list<T>(
        &self,
        from: (&'static str, &str),
        filters: &[Filter],
        read: fn(&Row, Vec<u8>) -> Result<T, RowError>,
    ) -> Listing<'f, T> {
        Listing::of(self.file, &self.run.id, from, filters, read)
    }
}

fn on_resource<'a>(
    resource_type: Option<&'a ResourceTypeId>,
    resource: Option<&'a ResourceId>,
) -> Vec<(&'static str, Option<&'a str>)> {
    vec![
        (
            "resource_type_id",
            resource_type.map(ResourceTypeId::as_str),
        ),
        (
            "resource_type_id",
            resource.map(|id| id.resource_type.as_str()),
        ),
        ("resource_id", resource.map(|id| id.id.as_str())),
    ]
}

/// A writer may leave the entitlement and the principal out of the blob, and the expansion too:
/// the columns have them.
fn read_grant(row: &Row, data: Vec<u8>) -> Result<Grant, RowError> {
    let mut grant = message::grant::decode(&data)?;
    if grant.resource.id.id.is_empty() {
        let id = ResourceId::new(row.get::<_, String>(2)?, row.get::<_, String>(3)?);
        Arc::make_mut(&mut grant.resource).id = id;
    }
    if grant.entitlement.0.is_empty() {
        grant.entitlement = EntitlementId(row.get(4)?);
    }
    if grant.principal.id.is_empty() {
        grant.principal = ResourceId::new(row.get::<_, String>(5)?, row.get::<_, String>(6)?);
    }
    if grant.id.0.is_empty() {
        grant.id.0 = row.get(7)?;
    }
    if grant.expansion.is_none()
        && let Some(column) = row.get::<_, Option<Vec<u8>>>(8)?
    {
        grant.expansion = Some(message::grant::decode_expansion(&column)?);
    }
    Ok(grant)
}
