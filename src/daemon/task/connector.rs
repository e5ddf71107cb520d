//! What tasks need: the connector, and how its syncs run.

use std::path::PathBuf;
use std::sync::Arc;

use crate::model::ResourceTypeId;
use crate::plan::Plan;
use crate::provision::{Actions, AuditLog, ClientSecret};
use crate::source::Meter;
use crate::sync::Concurrency;

/// What tasks need of the connector that runs them.
pub struct Connector {
    /// The connector file, compiled with everything it can do.
    pub plan: Arc<Plan>,
    /// Its actions, and the runs of them.
    pub actions: Actions,
    /// Whether the system may be changed.
    pub provisioning: bool,
    /// The key that platforms encrypt passwords to.
    pub client_secret: Option<ClientSecret>,
    /// Where a line is kept of everything that is sent, and one of what became of it.
    pub audit: AuditLog,
    /// How syncs run.
    pub syncs: Syncs,
    /// Counts what is asked of the system.
    pub meter: Arc<Meter>,
}

/// How syncs run.
#[derive(Debug, Clone)]
pub struct Syncs {
    /// Where work files and finished sync files are kept until the platform has them.
    pub directory: PathBuf,
    /// The types to sync where a task names none; empty: all.
    pub resource_types: Vec<ResourceTypeId>,
    /// Listings side by side.
    pub concurrency: Concurrency,
    /// Refuse tasks that ask for a full sync.
    pub skip_full: bool,
    /// What becomes of a sync that may lack something.
    pub partial: PartialSyncs,
}

/// What becomes of a sync that may lack something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PartialSyncs {
    /// It is not uploaded, since the platform would take what is missing for gone: the task fails,
    /// and may be tried again.
    #[default]
    Fail,
    /// It is uploaded all the same.
    Upload,
}
