//! An editor over standard input and output → diagnostics, completion, hover, definitions: the language server.
