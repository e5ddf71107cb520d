//! A sync file of another system, whose principals hold what this one grants.

use std::path::Path;

use super::{C1z, C1zError, GrantFilter, ReadLimits, Sync};
use crate::model::{EntitlementId, ResourceId, ResourceType, SyncId, SyncKind, SyncRun, TraitKind};

/// The latest finished full sync of another system, and who of it counts.
///
/// The file is unpacked when it is opened: whatever becomes of it later, a sync that began with it
/// ends with it.
pub struct External {
    file: C1z,
    run: SyncId,
    holders_of: Option<EntitlementId>,
    types: Vec<ResourceType>,
}

impl External {
    /// Opens the file at `path`. Principals are the resources of types with one of `traits`; with
    /// `holders_of`, only those that hold this entitlement.
    pub fn open(
        path: &Path,
        limits: ReadLimits,
        holders_of: Option<EntitlementId>,
        traits: &[TraitKind],
    ) -> Result<Self, C1zError> {
        let file = C1z::open(path, limits)?;
        let mut runs = file.runs()?.into_iter();
        let usable = runs.find(|run| run.kind == SyncKind::Full && run.ended_at.is_some());
        let Some(SyncRun { id: run, .. }) = usable else {
            return Err(C1zError::NoFullSync { path: path.into() });
        };
        let sync = file.sync(Some(&run))?;
        if let Some(id) = &holders_of
            && sync.entitlement(id)?.is_none()
        {
            return Err(C1zError::NoSuchEntitlement {
                path: path.into(),
                entitlement: id.clone(),
            });
        }
        let mut types = sync.resource_types().collect::<Result<Vec<_>, _>>()?;
        types.retain(|of| of.traits.iter().any(|it| traits.contains(it)));
        if types.is_empty() {
            let names: Vec<_> = traits.iter().map(|it| format!("`{}`", it.name())).collect();
            return Err(C1zError::NoPrincipals {
                path: path.into(),
                traits: names.join(", "),
            });
        }
        Ok(Self {
            run,
            holders_of,
            types,
            file,
        })
    }

    /// The sync.
    pub(super) fn sync(&self) -> Result<Sync<'_>, C1zError> {
        self.file.sync(Some(&self.run))
    }

    /// The types of the principals.
    pub(super) fn types(&self) -> &[ResourceType] {
        &self.types
    }

    /// The only resources that count; `None` when all of the types do.
    pub(super) fn chosen(&self) -> Result<Option<Vec<ResourceId>>, C1zError> {
        let Some(entitlement) = &self.holders_of else {
            return Ok(None);
        };
        let held = self.sync()?.grants(&GrantFilter {
            entitlement: Some(entitlement),
            ..GrantFilter::default()
        });
        let holders = held.map(|grant| grant.map(|grant| grant.principal));
        Ok(Some(holders.collect::<Result<_, _>>()?))
    }
}
