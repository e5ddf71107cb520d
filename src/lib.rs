#![doc = include_str!("README.md")]
#![warn(missing_docs)]

pub mod c1z;
mod causes;
pub mod cli;
mod components;
pub mod config;
pub mod connector_test;
pub mod daemon;
pub mod diagnostic;
pub mod draft;
pub mod editor;
pub mod expansion;
mod exposition;
pub mod expr;
pub mod feed;
mod hex;
mod host_name;
mod ksuid;
pub mod mapping;
pub mod model;
pub mod plan;
pub mod platform;
pub mod preview;
pub mod proto;
pub mod protocol;
pub mod provision;
pub mod rewrite;
pub mod source;
mod span;
pub mod sync;
