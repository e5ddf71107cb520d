//! The spans of traces: what took how long, and inside of what.
//!
//! Whoever collects traces is not whoever may see the system: a span says which listing, which
//! route as the file has it, which status and how many, and never a value that came from the system
//! or from the environment.

/// The target of spans, by which traces take them and logs leave them out.
pub(crate) const TARGET: &str = "rolecall_span";
