//! `ConnectorConfig` → `Plan`: everything compiled, nothing left to parse.

mod check;
mod columns;
mod compile;
mod connection;
mod lint;
mod listing;
mod order;
mod resource_type;
mod variables;

pub use check::{Check, check};
pub use compile::{Plan, compile};
pub use resource_type::{EntitlementsPlan, GrantsPlan, ResourcesPlan, TypePlan};
