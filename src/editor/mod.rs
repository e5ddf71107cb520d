//! An editor over standard input and output → diagnostics, completion, hover, definitions: the language server.

mod outline;
mod shape;
mod text;
