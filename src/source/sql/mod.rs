//! Databases: queries → pages of rows.

mod connect;
pub mod dialect;
mod dsn;
mod failure;
mod lexer;
mod listing;
pub mod pagination;
mod placeholder;
mod pool;
mod query;
mod row;
mod select;
mod statement;
mod target;
mod tls;

pub use connect::SqlSource;
pub use dialect::{DialectView, documented as documented_dialects};
pub use listing::SqlListing;
