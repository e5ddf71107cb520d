//! YAML text → `ConnectorConfig`, and where each value was written.

pub mod account;
pub mod action;
mod bare;
mod collections;
pub mod compile;
pub mod connect;
mod connector;
pub mod decode;
pub mod error_handling;
pub mod external_match;
pub mod http;
pub mod incremental;
pub mod interpolate;
mod json_schema;
pub mod kind;
pub mod mapping;
mod plain;
pub mod provisioning;
pub mod resource_type;
pub mod scalar;
mod secrets;
pub mod section;
mod source_map;
pub mod tolerance;
mod tree;

pub(crate) use bare::is_bare_word;
pub use compile::{Bare, CompileContext};
pub use connector::{ConnectorConfig, Loaded, load, load_text};
pub use decode::Dialect;
pub use interpolate::{Environment, ProcessEnvironment};
pub use json_schema::json_schema;
pub use kind::{Block, Family, Kind, KindConfig, KindView};
pub(crate) use plain::read_plain;
pub(crate) use secrets::names_secret;
pub use source_map::Path;
pub use tree::{Key, Node, NodeValue};
