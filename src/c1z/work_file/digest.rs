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
    let mut sum = RowSum(0);
    sum.bytes(text.as_bytes());
    sum.sum()
}

/// The sum of a row: eight bytes at a time, because it is taken of every row that is written. Each step
/// can be undone, so that a change of one value always changes what it comes to.
struct RowSum(u64);

impl RowSum {
    fn of(table: &Summed, id: i64) -> Self {
        let mut sum = Self(0);
        sum.bytes(table.table.as_bytes());
        sum.word(id.cast_unsigned());
        sum
    }

    fn word(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(5) ^ word).wrapping_mul(0x517c_c1b7_2722_0a95);
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.word(bytes.len() as u64);
        let (words, rest) = bytes.as_chunks();
        for word in words {
            self.word(u64::from_le_bytes(*word));
        }
        let mut last = [0; 8];
        last[..rest.len()].copy_from_slice(rest);
        self.word(u64::from_le_bytes(last));
    }

    fn add(&mut self, value: ValueRef) {
        // Each value with its kind and its length, so that none can pass for a part of another.
        match value {
            ValueRef::Null => self.word(0),
            ValueRef::Integer(number) => {
                self.word(1);
                self.word(number.cast_unsigned());
            }
            ValueRef::Real(number) => {
                self.word(2);
                self.word(number.to_bits());
            }
            ValueRef::Text(text) => {
                self.word(3);
                self.bytes(text);
            }
            ValueRef::Blob(bytes) => {
                self.word(4);
                self.bytes(bytes);
            }
        }
    }

    fn sum(self) -> i64 {
        let mixed = (self.0 ^ self.0 >> 33).wrapping_mul(0xff51_afd7_ed55_8ccd);
        ((mixed ^ mixed >> 29) >> 2).cast_signed()
    }
}
