//! The text columns of a row, and whether they say what its message says.

use prost::{DecodeError, Message, Name};
use prost_types::Any;
use rusqlite::Row;
use rusqlite::types::ValueRef;

use super::checks;
use super::findings::{Findings, text};

/// Where columns begin in a row: before them stand its number and its message.
pub(super) const FIRST: usize = 2;

/// The text columns of a row.
pub(super) struct Columns<'r, 's> {
    names: &'static [&'static str],
    row: &'r Row<'s>,
    /// What the row is called in findings.
    pub id: String,
}

impl<'r, 's> Columns<'r, 's> {
    /// Takes a row in which columns of these names begin at [`FIRST`].
    pub fn of(names: &'static [&'static str], row: &'r Row<'s>) -> rusqlite::Result<Self> {
        let mut columns = Self {
            names,
            row,
            id: String::new(),
        };
        columns.id = columns.text("external_id")?;
        Ok(columns)
    }

    /// The text of a column.
    pub fn text(&self, column: &str) -> rusqlite::Result<String> {
        Ok(text(self.value(column)?))
    }

    /// Notes columns that differ from what the message says. Nothing at all is the same as empty.
    pub fn agree(&self, said: &[(&str, &str)], found: &mut Findings) -> rusqlite::Result<()> {
        for (column, said) in said {
            let value = self.value(column)?;
            let is_same = match value {
                ValueRef::Text(bytes) => bytes == said.as_bytes(),
                _ => said.is_empty(),
            };
            if !is_same {
                let value = text(value);
                found.note(&checks::BLOB_DIFFERS, || {
                    format!(
                        "{}: `{column}` is `{value}`, its message has `{said}`",
                        self.id
                    )
                });
            }
        }
        Ok(())
    }

    fn value(&self, column: &str) -> rusqlite::Result<ValueRef<'r>> {
        let at = self.names.iter().position(|name| *name == column);
        self.row.get_ref(FIRST + at.unwrap_or_default())
    }
}

/// The annotations of one kind.
pub(super) fn annotations<M: Message + Name + Default>(
    all: &[Any],
) -> impl Iterator<Item = Result<M, DecodeError>> {
    let name = M::full_name();
    all.iter()
        .filter(move |any| any.type_url.rsplit('/').next() == Some(name.as_str()))
        .map(|any| M::decode(any.value.as_slice()))
}
