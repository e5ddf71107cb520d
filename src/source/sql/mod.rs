//! Databases: queries → pages of rows.

pub mod pagination;
