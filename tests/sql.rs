//! Queries against real databases: SQLite always, PostgreSQL and MariaDB where
//! `ROLECALL_TEST_POSTGRES_URL` and `ROLECALL_TEST_MYSQL_URL` name a server.

#[path = "sql/connecting.rs"]
mod connecting;
#[path = "sql/databases.rs"]
mod databases;
#[path = "sql/diagnostics.rs"]
mod diagnostics;
#[path = "sql/harness.rs"]
mod harness;
#[path = "sql/injection.rs"]
mod injection;
#[path = "sql/paging.rs"]
mod paging;
#[path = "sql/placeholders.rs"]
mod placeholders;
#[path = "sql/types.rs"]
mod types;
