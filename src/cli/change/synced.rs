//! The sync file: names on a command line → the resources, entitlements and grants that they mean.

use std::path::Path;

use anyhow::{Context as _, anyhow};

use super::Stop;
use crate::c1z::{C1z, C1zError, EntitlementFilter, GrantFilter, ReadLimits, message};
use crate::diagnostic::nearest;
use crate::model::{Entitlement, EntitlementId, Grant, GrantId, Resource, ResourceId};
use crate::provision::{AskError, Holding};

/// An open sync file.
pub(in crate::cli) struct Synced(C1z);

impl Synced {
    /// Opens the file.
    pub fn open(path: &Path) -> Result<Self, Stop> {
        let opened = C1z::open(path, ReadLimits::default());
        let why = || {
            format!(
                "cannot read `{}`, where what is named here is looked up; `rolecall sync` writes it",
                path.display()
            )
        };
        opened.with_context(why).map(Self).map_err(Stop::Wrong)
    }

    /// An entitlement and a principal by their ids.
    pub fn holding(&self, entitlement: &str, principal: &ResourceId) -> Result<Holding, Stop> {
        let entitlement = self.entitlement(&EntitlementId(entitlement.to_owned()))?;
        let principal = self.resource("principal", principal)?;
        Ok(Holding {
            entitlement,
            principal,
        })
    }

    /// What a grant is about, by its id.
    pub fn holding_of(&self, grant: &str) -> Result<Holding, Stop> {
        let found = self.grant_of(grant)?;
        self.holding(found.entitlement.as_str(), &found.principal)
    }

    /// The grant of an entitlement to a principal.
    pub fn grant(&self, holding: &Holding) -> Result<Grant, Stop> {
        let (entitlement, principal) = (&holding.entitlement.id, &holding.principal.id);
        let found = self.read(|sync| {
            let filter = GrantFilter {
                entitlement: Some(entitlement),
                principal: Some(principal),
                ..GrantFilter::default()
            };
            sync.grants(&filter).next().transpose()
        })?;
        found.ok_or_else(|| {
            let who = format!("{}/{}", principal.resource_type, principal.id);
            self.unknown("grant", &format!("{entitlement} to {who}"))
        })
    }

    /// A grant by its id.
    pub fn grant_of(&self, id: &str) -> Result<Grant, Stop> {
        self.read(|sync| sync.grant(&GrantId(id.to_owned())))?
            .ok_or_else(|| self.unknown("grant", id))
    }

    fn entitlement(&self, id: &EntitlementId) -> Result<Entitlement, Stop> {
        let found = self.read(|sync| sync.entitlement(id))?;
        let mut found = found.ok_or_else(|| self.unknown_entitlement(id))?;
        // Older files have only a reference in its place.
        if let Some(whole) = self.read(|sync| sync.resource(&found.resource.id))? {
            found.resource = whole;
        }
        if message::is_of_another_system(&found.resource) {
            let message = format!(
                "`{id}` is an entitlement of another system, which the sync file only refers to: change it there"
            );
            return Err(Stop::Wrong(anyhow!(message)));
        }
        Ok(found)
    }

    /// A resource by its id.
    pub fn resource(&self, what: &'static str, id: &ResourceId) -> Result<Resource, Stop> {
        let found = self.read(|sync| sync.resource(id))?;
        found.ok_or_else(|| self.unknown(what, &format!("{}/{}", id.resource_type, id.id)))
    }

    fn read<T>(
        &self,
        read: impl FnOnce(&crate::c1z::Sync<'_>) -> Result<T, C1zError>,
    ) -> Result<T, Stop> {
        let read = self.0.sync(None).and_then(|sync| read(&sync));
        read.map_err(|error| Stop::Wrong(error.into()))
    }

    /// With the nearest of those that there are.
    fn unknown_entitlement(&self, id: &EntitlementId) -> Stop {
        let known = self.read(|sync| {
            let all = sync.entitlements(&EntitlementFilter::default());
            Ok(all
                .filter_map(|found| Some(found.ok()?.id.0))
                .collect::<Vec<_>>())
        });
        let known = known.unwrap_or_default();
        match nearest(id.as_str(), known.iter().map(String::as_str)) {
            Some(meant) => Stop::Ask(AskError::Unknown {
                what: "entitlement",
                name: id.to_string(),
                hint: format!("; did you mean `{meant}`?"),
            }),
            None => self.unknown("entitlement", id.as_str()),
        }
    }

    fn unknown(&self, what: &'static str, name: &str) -> Stop {
        Stop::Ask(AskError::Unknown {
            what,
            name: name.to_owned(),
            hint: format!(" in `{}`; is the file up to date?", self.0.path().display()),
        })
    }
}
