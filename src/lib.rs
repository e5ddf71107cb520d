#![doc = include_str!("README.md")]
#![warn(missing_docs)]

pub mod c1z;
pub mod cli;
pub mod model;
pub mod proto;
pub mod sync;
