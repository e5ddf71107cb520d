//! A query with its values: what a dialect is asked to run.

use async_trait::async_trait;

use super::place::Written;
use crate::diagnostic::Location;
use crate::expr::{Map, Value};
use crate::source::SourceError;

/// A piece of a statement.
#[derive(Debug, Clone, PartialEq)]
pub enum Fragment {
    /// SQL as it is.
    Sql(String),
    /// The next parameter.
    Parameter,
    /// A name, and how the dialect quotes it. A driver that quotes otherwise goes by the name.
    Identifier {
        /// The name.
        name: String,
        /// The quoted identifier.
        quoted: String,
    },
}

/// What a parameter is bound to.
#[derive(Debug, Clone, PartialEq)]
pub enum Binding {
    /// A value, kept in its type where the parameter takes it, converted where it does not.
    Value(Value),
    /// The key of an earlier row, to be compared with the key column.
    Key(Value),
    /// The least value there is: where a cursor begins.
    Least,
}

/// A parameter, and the placeholder it stands for in messages.
#[derive(Debug, Clone)]
pub struct Parameter {
    /// The name of the placeholder.
    pub name: String,
    /// Its value.
    pub binding: Binding,
}

/// A query that is ready to run.
#[derive(Debug)]
pub struct Statement<'q> {
    /// The SQL, in pieces, because each dialect marks parameters in its own way.
    pub fragments: Vec<Fragment>,
    /// One value per [`Fragment::Parameter`].
    pub parameters: Vec<Parameter>,
    /// How many rows to read; the rest is left on the server.
    pub max_rows: Option<usize>,
    /// The column whose value is wanted as [`Row::key`].
    pub key: Option<&'q str>,
    /// The query as its author wrote it, when it is one of a connector file.
    pub written: Option<&'q Written>,
}

/// A row, and the value of the key column exactly as the database can compare it.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// The columns.
    pub fields: Map,
    /// The value of [`Statement::key`], when there is one.
    pub key: Option<Value>,
}

/// Takes chunks of rows while they come from the server.
#[async_trait]
pub trait TakeRows: Send {
    /// Takes a chunk; `false` when no more are wanted.
    async fn take(&mut self, rows: Vec<Row>) -> bool;
}

/// Where a driver puts the rows of a result, one by one.
pub enum Rows<'t> {
    /// All together, but no more than so many.
    Collected {
        /// The rows so far.
        rows: Vec<Row>,
        /// How many are wanted.
        most: Option<usize>,
        /// How many rows the statement changed, as the database counts them.
        affected: u64,
    },
    /// In chunks, as they come, so that a result of any size needs little memory.
    Streamed {
        /// The chunk being filled.
        rows: Vec<Row>,
        /// Who takes the chunks.
        to: &'t mut dyn TakeRows,
    },
}

/// Rows per chunk of a stream.
const CHUNK: usize = 1000;

impl<'t> Rows<'t> {
    /// Collects the rows that a statement asks for.
    pub fn collected(statement: &Statement<'_>) -> Self {
        Rows::Collected {
            rows: Vec::new(),
            most: statement.max_rows,
            affected: 0,
        }
    }

    /// Counts rows that the statement changed.
    pub fn count_affected(&mut self, rows: u64) {
        if let Rows::Collected { affected, .. } = self {
            *affected += rows;
        }
    }

    /// How many rows the statement changed.
    pub fn affected(&self) -> u64 {
        match self {
            Rows::Collected { affected, .. } => *affected,
            Rows::Streamed { .. } => 0,
        }
    }

    /// Hands rows on as they come.
    pub fn streamed(to: &'t mut dyn TakeRows) -> Self {
        Rows::Streamed {
            rows: Vec::with_capacity(CHUNK),
            to,
        }
    }

    /// Puts a row there; `false` when no more are wanted.
    pub async fn push(&mut self, row: Row) -> bool {
        match self {
            Rows::Collected { rows, most, .. } => {
                rows.push(row);
                Some(rows.len()) != *most
            }
            Rows::Streamed { rows, to } => {
                rows.push(row);
                match rows.len() < CHUNK {
                    true => true,
                    false => {
                        to.take(std::mem::replace(rows, Vec::with_capacity(CHUNK)))
                            .await
                    }
                }
            }
        }
    }

    /// True when nothing was put there yet, or nothing since the last chunk.
    pub fn is_empty(&self) -> bool {
        match self {
            Rows::Collected { rows, .. } | Rows::Streamed { rows, .. } => rows.is_empty(),
        }
    }

    /// The rows that are left: all that were collected, or the last chunk.
    pub fn into_rest(self) -> Vec<Row> {
        match self {
            Rows::Collected { rows, .. } | Rows::Streamed { rows, .. } => rows,
        }
    }
}

impl Statement<'_> {
    /// A query without values.
    pub fn plain(sql: &str) -> Self {
        Self {
            fragments: vec![Fragment::Sql(sql.to_owned())],
            parameters: Vec::new(),
            max_rows: None,
            key: None,
            written: None,
        }
    }

    /// Where in the connector file a byte of the SQL stands that was sent. A dialect may have written
    /// something around the query or between its fragments, but it keeps their order.
    pub fn location(&self, sent: &str, at: usize) -> Option<Location> {
        let mut behind = 0;
        for (index, fragment) in self.fragments.iter().enumerate() {
            let Fragment::Sql(text) = fragment else {
                continue;
            };
            let start = behind + sent[behind..].find(text.as_str())?;
            behind = start + text.len();
            if at < behind {
                return self.written?.location(index, at.checked_sub(start)?);
            }
        }
        None
    }

    /// The SQL text. `mark` writes the parameter of an index. A space keeps it apart from a word
    /// next to it, so that `?<x>5` never becomes `$15`; elsewhere there is none, because a space may
    /// have a meaning too: on MySQL `--` begins a comment only before one.
    pub fn sql(&self, mark: impl Fn(usize) -> String) -> String {
        let mut sql = String::new();
        let mut index = 0;
        let mut after_mark = false;
        for fragment in &self.fragments {
            let next = match fragment {
                Fragment::Sql(text) => text.clone(),
                Fragment::Identifier { quoted, .. } => quoted.clone(),
                Fragment::Parameter => {
                    index += 1;
                    mark(index - 1)
                }
            };
            if next.is_empty() {
                continue;
            }
            let is_mark = *fragment == Fragment::Parameter;
            let touches = (is_mark && sql.ends_with(is_wordlike))
                || (after_mark && next.starts_with(is_wordlike));
            if touches {
                sql.push(' ');
            }
            sql.push_str(&next);
            after_mark = is_mark;
        }
        sql
    }

    /// Finds the key among the columns of the result: as written, else without case, because
    /// databases fold names. Of several columns of one name the last counts, as it does in a row.
    pub fn key_index(&self, columns: &[&str]) -> Result<Option<usize>, SourceError> {
        let Some(key) = self.key else {
            return Ok(None);
        };
        let exact = columns.iter().rposition(|name| *name == key);
        let folded = || {
            columns
                .iter()
                .rposition(|name| name.eq_ignore_ascii_case(key))
        };
        exact.or_else(folded).map(Some).ok_or_else(|| {
            SourceError::Invalid(format!(
                "`primary_key: {key}` is not in the result, which has {}; select it, or correct the name",
                crate::diagnostic::list(columns)
            ))
        })
    }
}

/// Characters that would become part of a parameter, or it of them.
fn is_wordlike(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '$' | '?')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_never_run_into_words() {
        let sql = |text: &str| Fragment::Sql(text.to_owned());
        let statement = Statement {
            fragments: vec![
                sql("LIMIT"),
                Fragment::Parameter,
                Fragment::Parameter,
                sql(""),
                sql("5, 3--"),
                Fragment::Parameter,
                sql("::int"),
            ],
            ..Statement::plain("")
        };
        let sql = statement.sql(|index| format!("${}", index + 1));
        assert_eq!(sql, "LIMIT $1 $2 5, 3--$3::int");
    }

    #[test]
    fn a_key_is_found_as_written_then_without_case() {
        let statement = Statement {
            key: Some("Id"),
            ..Statement::plain("")
        };
        let index = |columns: &[&str]| statement.key_index(columns).ok().flatten();
        assert_eq!(index(&["id", "Id", "ID"]), Some(1));
        assert_eq!(index(&["name", "ID"]), Some(1));
        assert_eq!(
            statement.key_index(&["a", "b"]).unwrap_err().to_string(),
            "`primary_key: Id` is not in the result, which has `a`, `b`; select it, or correct the name"
        );
    }
}
