//! The catalog of a live database → a connector: tables of people, groups and roles, and the tables
//! that join them. Only names and types are read, never a row.

mod address;
mod direct;
mod entity;
mod join;
mod queries;
mod read;
mod sql;
mod table;

pub use address::is_dsn;

use super::connector::Draft;
use super::failure::DraftError;
use super::wish::Wish;

/// Reads the catalog of the database at `dsn`, in which `${NAME}` is filled in from the environment.
pub async fn draft(dsn: &str, wish: &Wish) -> Result<Draft, DraftError> {
    let address = address::Address::read(dsn)?;
    let source = address.connect()?;
    let tables = read::tables(&source).await;
    crate::source::Source::close(source.as_ref()).await;
    entity::draft(&address, &source, &tables?, wish)
}
