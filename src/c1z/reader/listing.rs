//! Rows of one table → values, a page at a time.

use std::collections::VecDeque;

use prost::DecodeError;
use rusqlite::{Row, ToSql, params_from_iter};

use super::C1z;
use crate::c1z::C1zError;
use crate::model::SyncId;

/// How many rows are held at once.
const PAGE: i64 = 1000;

/// The rows of a listing, read as they are asked for. After an error it has ended.
pub struct Listing<'f, T> {
    file: &'f C1z,
    table: &'static str,
    sql: String,
    /// Values of the parameters after the first, which is where the page begins.
    values: Vec<String>,
    read: fn(&Row, Vec<u8>) -> Result<T, RowError>,
    after: i64,
    page: VecDeque<T>,
    is_last_page: bool,
}

/// Why a row is no value.
pub(super) enum RowError {
    Sqlite(rusqlite::Error),
    Blob(DecodeError),
}

impl From<rusqlite::Error> for RowError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

impl From<DecodeError> for RowError {
    fn from(error: DecodeError) -> Self {
        Self::Blob(error)
    }
}

impl<'f, T> Listing<'f, T> {
    /// Lists the rows of `run` in `table` whose columns have the values of `filters`. `read`
    /// takes a row of `columns` and its blob.
    pub(super) fn of(
        file: &'f C1z,
        run: &SyncId,
        (table, columns): (&'static str, &str),
        filters: &[(&str, Option<&str>)],
        read: fn(&Row, Vec<u8>) -> Result<T, RowError>,
    ) -> Self {
        let mut sql =
            format!("select rowid, data{columns} from {table} where rowid > ?1 and sync_id = ?2");
        let mut values = vec![run.0.clone()];
        for (column, value) in filters {
            if let Some(value) = value {
                values.push((*value).to_owned());
                sql.push_str(&format!(" and {column} = ?{}", values.len() + 1));
            }
        }
        sql.push_str(&format!(" order by rowid limit {PAGE}"));
        let is_last_page = !file.has_table(table);
        Self {
            file,
            table,
            sql,
            values,
            read,
            after: i64::MIN,
            page: VecDeque::new(),
            is_last_page,
        }
    }

    fn next_page(&mut self) -> Result<(), C1zError> {
        let mut read = 0;
        let mut fill = || -> Result<(), RowError> {
            let mut statement = self.file.db.prepare_cached(&self.sql)?;
            let first: &dyn ToSql = &self.after.clone();
            let values = self.values.iter().map(|value| value as &dyn ToSql);
            let mut rows =
                statement.query(params_from_iter(std::iter::once(first).chain(values)))?;
            while let Some(row) = rows.next()? {
                self.after = row.get(0)?;
                read += 1;
                self.page.push_back((self.read)(row, row.get(1)?)?);
            }
            Ok(())
        };
        let filled = fill();
        self.is_last_page = read < PAGE;
        filled.map_err(|error| self.explain(error))
    }

    fn explain(&self, error: RowError) -> C1zError {
        match error {
            RowError::Sqlite(source) => self.file.sqlite("list rows")(source),
            RowError::Blob(source) => C1zError::Blob {
                path: self.file.path.clone(),
                table: self.table,
                row: self.after,
                source,
            },
        }
    }
}

impl<T> Iterator for Listing<'_, T> {
    type Item = Result<T, C1zError>;

    fn next(&mut self) -> Option<Self::Item> {
        while self.page.is_empty() && !self.is_last_page {
            if let Err(error) = self.next_page() {
                self.page.clear();
                self.is_last_page = true;
                return Some(Err(error));
            }
        }
        self.page.pop_front().map(Ok)
    }
}
