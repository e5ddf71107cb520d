//! Queries against real databases: SQLite always, PostgreSQL and MariaDB where a server is named.

mod connecting;
mod databases;
mod diagnostics;
mod faults;
pub mod harness;
mod injection;
#[cfg(feature = "odbc")]
mod odbc;
mod paging;
mod placeholders;
mod tls;
mod types;
