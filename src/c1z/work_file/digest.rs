//! Rows as they were written → a sum, by which a run that goes on tells whether they still are.
//!
//! SQLite keeps no checksum of what is in its file: a byte that a disk lost would go on its way as
//! a fact. The sum does not depend on the order of the rows, so that a commit only adds to it.

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, Row, ToSql};

/// The sum of the rows of a work file, small enough that two of them can be added in SQLite.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Digest(i64);

/// What a sum is less than.
const LIMIT: i64 = 1 << 62;

/// A table whose rows are summed.
pub(super) struct Summed {
    pub table: &'static str,
    /// Its columns but for `id`, in the order in which rows are written.
    pub columns: &'static str,
}

impl Digest {
    /// Adds a row that was written.
    pub fn add(&mut self, table: &Summed, id: i64, values: &[&dyn ToSql]) -> rusqlite::Result<()> {
        let mut row = RowSum::of(table, id);
        for value in values {
            match value.to_sql()? {
                ToSqlOutput::Borrowed(value) => row.add(value),
                ToSqlOutput::Owned(value) => row.add((&value).into()),
                _ => unreachable!("rows are of plain values"),
            }
        }
        self.0 = (self.0 + row.sum()) % LIMIT;
        Ok(())
    }

    /// Takes away a row that is about to be replaced: its id, then its columns.
    pub fn remove(&mut self, table: &Summed, row: &Row) -> rusqlite::Result<()> {
        let sum = stored(table, row)?;
        self.0 = (self.0 + LIMIT - sum) % LIMIT;
        Ok(())
    }

    /// Sums the rows that are there.
    pub fn of_stored(db: &Connection, tables: &[&Summed]) -> rusqlite::Result<Self> {
        let mut digest = Self::default();
        for table in tables {
            let mut all = db.prepare(&table.select(""))?;
            let mut rows = all.query([])?;
            while let Some(row) = rows.next()? {
                digest.0 = (digest.0 + stored(table, row)?) % LIMIT;
            }
        }
        Ok(digest)
    }

    /// Adds this to what is kept with the checkpoint, and keeps the sum of that, too.
    pub fn keep(self, db: &Connection, checkpoint: &str) -> rusqlite::Result<()> {
        db.prepare_cached(
            "update rolecall_progress set checkpoint = ?1, checkpoint_sum = ?2,
                 rows_sum = (rows_sum + ?3) % ?4",
        )?
        .execute((checkpoint, sum_of_text(checkpoint), self.0, LIMIT))?;
        Ok(())
    }

    /// Whether what is kept is what was kept.
    pub fn is_kept(self, db: &Connection) -> rusqlite::Result<bool> {
        let sql = "select checkpoint, checkpoint_sum, rows_sum from rolecall_progress";
        db.query_row(sql, [], |row| {
            let checkpoint: Option<String> = row.get(0)?;
            let kept = checkpoint.map(|text| sum_of_text(&text));
            Ok(kept == row.get(1)? && self.0 == row.get::<_, i64>(2)?)
        })
    }
}

impl Summed {
    /// Selects what [`Digest::remove`] wants.
    pub fn select(&self, condition: &str) -> String {
        format!(
            "select id, {} from {} {condition}",
            self.columns, self.table
        )
    }
}

fn stored(table: &Summed, row: &Row) -> rusqlite::Result<i64> {
    let mut sum = RowSum::of(table, row.get(0)?);
    for column in 1..row.as_ref().column_count() {
        sum.add(row.get_ref(column)?);
    }
    Ok(sum.sum())
}

/// The sum of a text, as it is kept beside it.
pub(super) fn sum_of_text(text: &str) -> i64 {
    i64::from(crc32fast::hash(text.as_bytes()))
}

struct RowSum(crc32fast::Hasher);

impl RowSum {
    fn of(table: &Summed, id: i64) -> Self {
        let mut hasher = crc32fast::Hasher::new();
        hasher.update(table.table.as_bytes());
        hasher.update(&id.to_le_bytes());
        Self(hasher)
    }

    fn add(&mut self, value: ValueRef) {
        // Each value with its kind and its length, so that none can pass for a part of another.
        let mut part = |kind: u8, bytes: &[u8]| {
            let length = (bytes.len() as u64) << 3 | u64::from(kind);
            self.0.update(&length.to_le_bytes());
            self.0.update(bytes);
        };
        match value {
            ValueRef::Null => part(0, &[]),
            ValueRef::Integer(number) => part(1, &number.to_le_bytes()),
            ValueRef::Real(number) => part(2, &number.to_le_bytes()),
            ValueRef::Text(text) => part(3, text),
            ValueRef::Blob(bytes) => part(4, bytes),
        }
    }

    fn sum(self) -> i64 {
        i64::from(self.0.finalize())
    }
}
