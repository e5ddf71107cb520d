//! An API description, a database catalog or a sample → a connector file to begin with.

mod api;
mod catalog;
mod connector;
mod example;
mod failure;
mod guess;
mod openapi;
mod render;
mod sample;
mod source;
mod text;
mod wish;
mod yaml;

pub use catalog::{draft as from_catalog, is_dsn};
pub use connector::{Draft, DraftGrant, DraftGrants, DraftListing, DraftType};
pub use failure::DraftError;
pub use render::render;
pub use source::from_bytes;
pub use wish::Wish;
