//! `ConnectorConfig` → `Plan`: everything compiled, nothing left to parse.

mod account;
mod action;
mod check;
mod compile;
mod connection;
mod incremental;
mod lint;
mod listing;
mod order;
mod provisioning;
mod resource_type;
mod statements;
mod variables;

pub use account::{AccountField, AccountPlan, Credential, RotationPlan};
pub use action::{ActionPlan, ArgumentPlan};
pub use check::{Check, check};
pub use compile::{Plan, compile};
pub use incremental::{ChangesPlan, GrantChangesPlan};
pub use provisioning::{
    ChangePlan, HttpChangePlan, ProvisioningPlan, RejectionPlan, ReplacementPlan, SqlChangePlan,
    TypeProvisioning,
};
pub use resource_type::{EntitlementsPlan, GrantsPlan, ResourcesPlan, TypePlan};
