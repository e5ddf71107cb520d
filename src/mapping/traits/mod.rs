//! A record → the trait of a resource.

mod agent;
mod profile;
mod secret;
mod trait_mapping;
mod user;
mod values;

pub(super) use agent::NonHumanIdentityMapping;
pub(super) use trait_mapping::TraitMapping;
