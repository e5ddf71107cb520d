//! Every strategy against a paged list in memory.
