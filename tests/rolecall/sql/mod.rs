//! Queries against real databases: SQLite always, PostgreSQL and MariaDB where a server is named.

mod connecting;
mod databases;
mod diagnostics;
pub mod harness;
mod injection;
mod paging;
mod placeholders;
mod tls;
mod types;
