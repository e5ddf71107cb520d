//! Two runs → what differs between them, row by row in the order of their identities.
//!
//! Both sides are read in one order and walked side by side, so that neither is held in memory.

use std::cmp::Ordering;

use rusqlite::{Rows, Statement, params};

use super::{C1z, C1zError};
use crate::model::SyncRun;

/// One side of a comparison.
#[derive(Clone, Copy)]
pub struct Side<'a> {
    /// The file.
    pub file: &'a C1z,
    /// The run in it.
    pub run: &'a SyncRun,
}

/// What is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Facts {
    ResourceTypes,
    Resources,
    Entitlements,
    Grants,
}

impl Facts {
    fn table(self) -> &'static str {
        match self {
            Facts::ResourceTypes => "v1_resource_types",
            Facts::Resources => "v1_resources",
            Facts::Entitlements => "v1_entitlements",
            Facts::Grants => "v1_grants",
        }
    }

    /// What a row is told apart by. A grant is who holds what; its own id is only a name for that.
    fn identity(self) -> &'static [&'static str] {
        match self {
            Facts::Grants => &[
                "entitlement_id",
                "principal_resource_type_id",
                "principal_resource_id",
            ],
            _ => &["external_id"],
        }
    }
}

/// A row that is on one side only, or differs between the sides. The numbers are those of the rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Difference {
    /// Only the second side has it.
    Added(i64),
    /// Only the first side has it.
    Removed(i64),
    /// Both have it, and the messages or the columns differ.
    Changed(i64, i64),
}

/// Walks over the rows of both sides and tells each difference.
pub fn diff<E: From<C1zError>>(
    facts: Facts,
    from: Side,
    to: Side,
    mut tell: impl FnMut(Difference) -> Result<(), E>,
) -> Result<(), E> {
    let (mut old, mut new) = (statement(facts, from)?, statement(facts, to)?);
    let mut old = Cursor::of(old.as_mut(), facts, from)?;
    let mut new = Cursor::of(new.as_mut(), facts, to)?;
    loop {
        let order = match (&old.identity, &new.identity) {
            (None, None) => return Ok(()),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(old), Some(new)) => old.cmp(new),
        };
        match order {
            Ordering::Less => {
                tell(Difference::Removed(old.row))?;
                old.advance()?;
            }
            Ordering::Greater => {
                tell(Difference::Added(new.row))?;
                new.advance()?;
            }
            Ordering::Equal => {
                if old.content != new.content {
                    tell(Difference::Changed(old.row, new.row))?;
                }
                old.advance()?;
                new.advance()?;
            }
        }
    }
}

/// The rows of a side, sorted by identity; `None` when the file has no such table.
fn statement<'a>(facts: Facts, side: Side<'a>) -> Result<Option<Statement<'a>>, C1zError> {
    let table = facts.table();
    if !side.file.has_table(table) {
        return Ok(None);
    }
    let identity = facts.identity().join(", ");
    let expansion = match facts {
        Facts::Grants => side.file.column(table, "expansion", "null"),
        _ => "null",
    };
    // Of several rows with one identity the first one counts, on both sides the one of the least id.
    let sql = format!(
        "select rowid, data, {expansion}, {identity} from {table} where sync_id = ?1
         order by {identity}, external_id"
    );
    let prepared = side.file.db().prepare(&sql);
    prepared.map(Some).map_err(failed(side))
}

fn failed(side: Side) -> impl FnOnce(rusqlite::Error) -> C1zError {
    side.file.sqlite("compare rows")
}

/// Where one side is.
struct Cursor<'s> {
    rows: Option<Rows<'s>>,
    side: Side<'s>,
    columns: usize,
    /// The identity of the row it stands at; `None` at the end.
    identity: Option<Vec<String>>,
    row: i64,
    /// What tells whether two rows of one identity are the same.
    content: (Vec<u8>, Option<Vec<u8>>),
}

/// Where the identity begins in a row: before it stand its number, its message and its expansion.
const IDENTITY: usize = 3;

impl<'s> Cursor<'s> {
    fn of(
        statement: Option<&'s mut Statement>,
        facts: Facts,
        side: Side<'s>,
    ) -> Result<Self, C1zError> {
        let rows = statement.map(|statement| statement.query(params![side.run.id.0]));
        let mut cursor = Self {
            rows: rows.transpose().map_err(failed(side))?,
            side,
            columns: facts.identity().len(),
            identity: None,
            row: 0,
            content: Default::default(),
        };
        cursor.advance()?;
        Ok(cursor)
    }

    /// Goes on to the next identity.
    fn advance(&mut self) -> Result<(), C1zError> {
        let before = self.identity.take();
        loop {
            self.step().map_err(failed(self.side))?;
            if self.identity.is_none() || self.identity != before {
                return Ok(());
            }
        }
    }

    fn step(&mut self) -> rusqlite::Result<()> {
        let row = match &mut self.rows {
            Some(rows) => rows.next()?,
            None => None,
        };
        let Some(row) = row else {
            self.identity = None;
            return Ok(());
        };
        let text = |at| row.get(IDENTITY + at);
        self.identity = Some((0..self.columns).map(text).collect::<Result<_, _>>()?);
        self.row = row.get(0)?;
        self.content = (row.get(1)?, row.get(2)?);
        Ok(())
    }
}
