//! A plan → what the platform is told of the connector: its name, what it can do, and what whoever
//! wants an account fills in.

use crate::plan::Plan;
use crate::proto::connector::v2::ConnectorMetadata;

/// What the platform is told. Without `provisioning`, nothing that changes the system is announced.
pub fn about(plan: &Plan, _provisioning: bool) -> ConnectorMetadata {
    ConnectorMetadata {
        display_name: plan.app_name.clone(),
        ..ConnectorMetadata::default()
    }
}
