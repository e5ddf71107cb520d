//! Databases: queries → pages of rows.

mod change;
mod connect;
mod connection_string;
pub mod dialect;
mod dsn;
mod failure;
mod lexer;
mod listing;
mod odbc;
pub mod pagination;
mod place;
mod placeholder;
mod pool;
mod query;
mod row;
mod select;
mod slips;
mod statement;
mod target;
mod tls;
mod turns;
mod vars;
mod verb;

pub use change::{Made, SqlStatement, StatementView};
pub use connect::{Column, SqlSource};
pub(crate) use dialect::offered_columns;
pub use dialect::{Database, DialectView, Ran, Session, documented as documented_dialects};
pub use listing::{PagedQuery, SqlListing};
pub use vars::{Known, SqlVars};
pub use verb::Verb;
