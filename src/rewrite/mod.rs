//! A connector file → the same one, tidied or brought up to date, with its comments.
