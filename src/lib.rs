#![doc = include_str!("README.md")]
#![warn(missing_docs)]

pub mod config;
pub mod diagnostic;
pub mod expr;
pub mod model;
pub mod source;
pub mod sync;
