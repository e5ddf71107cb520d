//! An editor over standard input and output → diagnostics, completion, hover, definitions: the language server.

mod actions;
mod checker;
mod completion;
mod file;
mod hover;
mod look;
mod names;
mod outline;
mod program;
mod records;
mod server;
mod shape;
mod survey;
mod symbols;
mod text;
mod words;

pub use file::Listing;
pub use server::{ServerError, serve};
pub use survey::diagnostics;
