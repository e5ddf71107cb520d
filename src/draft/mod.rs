//! An API description, a database catalog or a sample → a connector file to begin with.

pub mod yaml;

mod guess;
