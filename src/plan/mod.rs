//! `ConnectorConfig` → `Plan`: everything compiled, nothing left to parse.

mod account;
mod action;
mod change;
mod check;
mod columns;
mod compile;
mod connection;
mod credential;
mod find;
mod granting;
mod incremental;
mod lint;
mod listing;
mod order;
mod provisioning;
mod resource_type;
mod side;
mod statements;
mod tested;
mod tolerance;
mod variables;

pub use account::{AccountField, AccountPlan, RotationPlan};
pub use action::{ActionPlan, ArgumentPlan, ReturnPlan};
pub(crate) use change::RESPONSES;
pub use change::{
    ChangePlan, HttpChangePlan, HttpStepPlan, RejectionPlan, ReplacementPlan, SqlChangePlan,
    WaitPlan,
};
pub use check::{Check, Purpose, Survey, check, survey};
pub use columns::ColumnRead;
pub use compile::{Plan, compile};
pub use credential::Credential;
pub use find::FindPlan;
pub use granting::{ProvisioningPlan, ReadBackPlan};
pub use incremental::{ChangesPlan, GrantChangesPlan, LookbackPlan};
pub use provisioning::TypeProvisioning;
pub use resource_type::{EntitlementsPlan, GrantsPlan, ResourcesPlan, TypePlan};
pub use tested::check_tests;
pub use tolerance::Tolerance;
pub use variables::{DocumentedScope, documented_scopes};
