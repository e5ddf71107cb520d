//! A statement on a connection → its rows.

use odbc_api::handles::{AsStatementRef, Statement as _};
use odbc_api::{Connection, Cursor, CursorRow, DataType, ResultSetMetadata};
use tokio::sync::mpsc::Sender;

use super::bound::Bound;
use super::column::{Column, columns};
use super::failure::Failure;
use super::parameter::{self, Context};
use super::session::{Message, Order, Task};
use super::system::{Describes, Least, System};
use super::value::{self, Buffers};
use crate::expr::Map;
use crate::source::SourceError;
use crate::source::sql::dialect::quoted;
use crate::source::sql::statement::{Binding, Fragment, Parameter, Row, Statement};

/// Rows that are handed over at a time.
const BATCH: usize = 200;

/// An open connection, on the thread that it belongs to.
pub struct Connected {
    /// The connection.
    pub connection: Connection<'static>,
    /// The system that the driver speaks to.
    pub system: System,
    /// Whether the dialect knows nothing of the driver, which is asked instead.
    pub is_generic: bool,
}

impl Connected {
    /// Whether it is still there.
    pub fn answers(&self) -> bool {
        let is_dead = self.connection.is_dead().unwrap_or(false);
        !is_dead
            && self
                .connection
                .execute(self.system.check(), (), None)
                .is_ok()
    }

    /// Whether a query may hold any character. For a driver without Unicode unixODBC translates them
    /// to what the locale of the process has, cuts the others in half, and says nothing.
    fn takes_any_character(&self) -> bool {
        // The drivers of the dialects that we know take them, and not every database does.
        if !self.is_generic {
            return true;
        }
        let query = self.system.check().replacen('1', "'✓'", 1);
        let answered = || {
            let mut cursor = self.connection.execute(&query, (), None).ok()??;
            let mut cells = cursor.next_row().ok()??;
            let mut text = Vec::new();
            cells.get_wide_text(1, &mut text).ok()?;
            Some(String::from_utf16_lossy(&text))
        };
        // A database that has another idea of a query gets the benefit of the doubt.
        answered().is_none_or(|text| text == "✓")
    }

    /// Does what it is asked to do.
    pub fn obey(&self, task: &Task, to: &Sender<Message>) -> Result<(), Failure> {
        match task {
            Task::Run(order) => self.answer(order, to),
            Task::Begin => Ok(self.connection.set_autocommit(false)?),
            Task::Commit => Ok(self.connection.commit()?),
            Task::Rollback => Ok(self.connection.rollback()?),
        }
    }

    /// Runs a statement and sends its rows.
    pub fn answer(&self, order: &Order, to: &Sender<Message>) -> Result<(), Failure> {
        let statement = Statement {
            fragments: self.quoted(&order.fragments)?,
            parameters: order.parameters.clone(),
            max_rows: order.max_rows,
            key: order.key.as_deref(),
            written: None,
        };
        let mut sql = statement.sql(|_| "?".to_owned());
        if sql.contains("--") {
            // Some drivers write words of their own after the query, where it may end in a comment.
            sql.push('\n');
        }
        if !sql.is_ascii() && !self.takes_any_character() {
            return Err(garbled(
                "in a query",
                "name the text in `vars` and write `?<name>`",
            ));
        }
        let mut prepared = self.connection.prepare(&sql)?;
        let key = self.key_column(&mut prepared, &statement);
        let described: Vec<_> = (1..=statement.parameters.len())
            .map(|number| {
                let number = u16::try_from(number).ok()?;
                let asked = self.system.describes() != Describes::Never;
                // A driver that cannot say leaves it to the value.
                asked.then(|| prepared.describe_param(number).ok())?
            })
            .map(|described| described.map(|described| described.data_type))
            .collect();
        for least in self.leasts(&statement, key.as_ref().map(|key| key.data_type)) {
            let context = Context {
                system: self.system,
                key: key.as_ref().map(|key| key.data_type),
                key_is_unsigned: key.as_ref().is_some_and(|key| key.is_unsigned),
                least: *least,
            };
            let bound: Result<Vec<Bound>, SourceError> = statement
                .parameters
                .iter()
                .zip(&described)
                .map(|(parameter, described)| parameter::bind(parameter, *described, context))
                .collect();
            let Some(cursor) = prepared.execute(bound?.as_slice())? else {
                if order.changes {
                    affected(&mut prepared, to)?;
                }
                return Ok(());
            };
            let brought = self.fetch(cursor, &statement, order.changes, to)?;
            if order.changes {
                // A statement that brings what it changed brings a row for each.
                to.blocking_send(Message::Affected(brought as u64)).ok();
            }
            if brought > 0 {
                break;
            }
        }
        Ok(())
    }

    /// What a cursor may begin with. The next one is tried when nothing is found.
    fn leasts(&self, statement: &Statement<'_>, key: Option<DataType>) -> &'static [Least] {
        let mut parameters = statement.parameters.iter();
        let begins = parameters.any(|parameter| parameter.binding == Binding::Least);
        match begins && parameter::begins_with_text(key, self.system) {
            true => self.system.least_of_texts(),
            false => &[Least::Text("")],
        }
    }

    /// The key column, where a cursor compares with it and the driver knows the result
    /// before there is one.
    fn key_column(
        &self,
        prepared: &mut impl ResultSetMetadata,
        statement: &Statement<'_>,
    ) -> Option<Column> {
        let mut parameters = statement.parameters.iter();
        let compares =
            |parameter: &Parameter| matches!(parameter.binding, Binding::Least | Binding::Key(_));
        if !parameters.any(compares) {
            return None;
        }
        let mut columns = columns(prepared, self.system).ok()?;
        let index = statement.key_index(&names(&columns)).ok()??;
        Some(columns.swap_remove(index))
    }

    /// Hands on the rows of a result. Returns how many there were.
    fn fetch(
        &self,
        mut cursor: impl Cursor,
        statement: &Statement<'_>,
        wholly: bool,
        to: &Sender<Message>,
    ) -> Result<usize, Failure> {
        let fetched = self.fetch_all(&mut cursor, statement, to);
        if fetched.is_err() {
            // Closing it may fail too, which would hide why; freeing the statement does the same.
            std::mem::forget(cursor);
        } else if wholly {
            // What fails in a procedure after its first result is told behind that.
            let mut rest = Some(cursor);
            while let Some(cursor) = rest {
                rest = cursor.more_results()?;
            }
        }
        fetched
    }

    fn fetch_all(
        &self,
        cursor: &mut impl Cursor,
        statement: &Statement<'_>,
        to: &Sender<Message>,
    ) -> Result<usize, Failure> {
        let columns = columns(cursor, self.system)?;
        let plain = columns.iter().all(|column| column.name.is_ascii());
        if !plain && !self.takes_any_character() {
            return Err(garbled(
                "in names of columns",
                "give the column another name with `AS`",
            ));
        }
        let key = statement.key_index(&names(&columns))?;
        let mut buffers = Buffers::default();
        let mut batch = Vec::new();
        let mut count = 0;
        while let Some(mut cells) = cursor.next_row()? {
            batch.push(self.row(&mut cells, &columns, key, &mut buffers)?);
            count += 1;
            if Some(count) == statement.max_rows {
                break;
            }
            let is_wanted = batch.len() < BATCH
                || to
                    .blocking_send(Message::Rows(std::mem::take(&mut batch)))
                    .is_ok();
            if !is_wanted {
                return Ok(count);
            }
        }
        if !batch.is_empty() {
            // Whether or not anybody wants them, there are no more.
            to.blocking_send(Message::Rows(batch)).ok();
        }
        Ok(count)
    }

    fn row(
        &self,
        cells: &mut CursorRow<'_>,
        columns: &[Column],
        key: Option<usize>,
        buffers: &mut Buffers,
    ) -> Result<Row, Failure> {
        let mut fields = Map::new();
        let mut key_value = None;
        for (index, column) in columns.iter().enumerate() {
            let number = u16::try_from(index + 1).expect("a result has fewer columns");
            let stored = value::read(cells, number, column, buffers)?;
            if key == Some(index) {
                // Not as shown: a date that is stored as text is compared as that text.
                key_value = Some(stored.clone());
            }
            fields.insert(column.name.clone(), value::shown(stored, column.reading));
        }
        Ok(Row {
            fields,
            key: key_value,
        })
    }

    /// The fragments with their identifiers quoted as the driver says, where the dialect does not.
    fn quoted(&self, fragments: &[Fragment]) -> Result<Vec<Fragment>, Failure> {
        let has_names = fragments
            .iter()
            .any(|fragment| matches!(fragment, Fragment::Identifier { .. }));
        if !has_names || !self.is_generic {
            return Ok(fragments.to_vec());
        }
        let Some(quote) = self.connection.identifier_quote_char()? else {
            return Err(Failure::Source(SourceError::Invalid(
                "the ODBC driver has no quotes for identifiers: use `|unquoted` instead of `|identifier`".to_owned(),
            )));
        };
        Ok(fragments
            .iter()
            .map(|fragment| match fragment {
                Fragment::Identifier { name, .. } => Fragment::Sql(quoted(name, quote)),
                other => other.clone(),
            })
            .collect())
    }
}

/// Sends how many rows the statement changed, where the driver knows.
fn affected(statement: &mut impl AsStatementRef, to: &Sender<Message>) -> Result<(), Failure> {
    let mut statement = statement.as_stmt_ref();
    let counted = statement.row_count().into_result(&statement)?;
    if let Ok(rows) = u64::try_from(counted) {
        to.blocking_send(Message::Affected(rows)).ok();
    }
    Ok(())
}

fn garbled(place: &str, way_out: &str) -> Failure {
    Failure::Source(SourceError::Invalid(format!(
        "the ODBC driver garbles characters beyond ASCII {place}: use its Unicode version, or {way_out}"
    )))
}

fn names(columns: &[Column]) -> Vec<&str> {
    columns.iter().map(|column| column.name.as_str()).collect()
}
