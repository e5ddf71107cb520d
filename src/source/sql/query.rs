//! One page of a query: bind, run, find the next page.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use super::connect::SqlSource;
use super::dialect::Database;
use super::pagination::Paginate;
use super::place::Written;
use super::placeholder::Form;
use super::statement::{Binding, Fragment, Parameter, Row, Statement, TakeRows};
use crate::expr::{Expression, Inputs, Scope, Value, to_text};
use crate::source::backoff::Backoff;
use crate::source::{Fetch, Page, PageToken, PartialReason, SourceError, TakePages, page_by_page};

/// How often a query is tried. A database that is restarted takes some seconds; connecting waits for
/// it on its own.
const PATIENCE: Backoff = Backoff {
    attempts: 5,
    initial: Duration::from_millis(500),
    longest: Duration::from_secs(10),
};

/// A compiled query.
#[derive(Debug)]
pub(super) struct SqlQuery {
    pub source: Arc<SqlSource>,
    pub pieces: Vec<Piece>,
    pub vars: Vec<(String, Expression)>,
    /// `None` when the query brings all rows at once.
    pub paging: Option<Box<dyn Paginate>>,
    pub primary_only: bool,
    /// Where its pieces stand in the connector file.
    pub written: Written,
}

/// A piece of a compiled query.
#[derive(Debug)]
pub(super) enum Piece {
    /// SQL as it is.
    Sql(String),
    /// A value.
    Slot {
        /// The placeholder as its author wrote it.
        name: String,
        form: Form,
        slot: Slot,
    },
}

/// Where the value of a placeholder comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Slot {
    /// The page size and one more: the extra row tells whether there is another page.
    Limit,
    /// The place of the page.
    Place,
    /// An entry of `vars`.
    Var(String),
    /// The id of the current resource.
    ResourceId,
    /// A value that is there under this name, such as `password`.
    Input(String),
}

#[async_trait]
impl Fetch for SqlQuery {
    async fn page(&self, inputs: &Inputs, token: Option<&PageToken>) -> Result<Page, SourceError> {
        let databases = self.databases().await?;
        let at = self.read(token, databases)?;
        let statement = self.bind(inputs, at.place.as_deref())?;
        let mut failed = 0;
        let mut rows = loop {
            match at.database().run(&statement).await {
                Ok(rows) => break rows,
                Err(error) => self.wait(error, &mut failed, at.database()).await?,
            }
        };
        let mut partial = Vec::new();
        let next_place = match self.next_place(at.place.as_deref(), &mut rows) {
            // The rows are good, and so are those of the other databases.
            Err(SourceError::Loop { reason }) => {
                partial.push(PartialReason::paging_loop(reason));
                None
            }
            next_place => next_place?,
        };
        let next = match next_place {
            Some(place) => Some(self.write(at.database(), Some(&place))),
            None => databases
                .get(at.index + 1)
                .map(|database| self.write(database.as_ref(), None)),
        };
        let name = at.database().name();
        let records = rows.into_iter().map(|row| record(row, name)).collect();
        Ok(Page {
            records,
            next,
            partial,
            ..Page::default()
        })
    }

    async fn pages(
        &self,
        inputs: &Inputs,
        token: Option<PageToken>,
        to: &mut dyn TakePages,
    ) -> Result<(), SourceError> {
        if self.paging.is_none() {
            return self.stream(inputs, to).await;
        }
        page_by_page(self, inputs, token, to).await
    }

    fn depends_on_resource(&self) -> bool {
        self.pieces.iter().any(|piece| match piece {
            Piece::Slot {
                slot: Slot::ResourceId,
                ..
            } => true,
            Piece::Slot {
                slot: Slot::Var(name),
                ..
            } => {
                let var = self.vars.iter().find(|(var, _)| var == name);
                var.is_none_or(|(_, value)| value.mentions("resource"))
            }
            Piece::Slot { .. } | Piece::Sql(_) => false,
        })
    }
}

/// The rows of one database after the other, as pages of one stream. A chunk is handed on when the
/// next one comes, because the last one is marked as such.
struct Stream<'s> {
    to: &'s mut dyn TakePages,
    database: String,
    waiting: Option<Vec<Value>>,
    wanted: bool,
}

impl Stream<'_> {
    /// Hands on what is still waiting, which may be of another database, and says what follows.
    async fn begin_again(&mut self) {
        if let Some(records) = self.waiting.take() {
            self.hand_on(records).await;
        }
        self.to.again().await;
    }

    async fn hand_on(&mut self, records: Vec<Value>) {
        let page = Page {
            records,
            more: true,
            ..Page::default()
        };
        self.wanted &= self.to.take(page).await;
    }
}

#[async_trait]
impl TakeRows for Stream<'_> {
    async fn take(&mut self, rows: Vec<Row>) -> bool {
        let records = rows
            .into_iter()
            .map(|row| record(row, &self.database))
            .collect();
        if let Some(records) = self.waiting.replace(records) {
            self.hand_on(records).await;
        }
        self.wanted
    }
}

/// A page token, read.
struct At<'d> {
    databases: &'d [Arc<dyn Database>],
    index: usize,
    place: Option<String>,
}

impl At<'_> {
    fn database(&self) -> &dyn Database {
        self.databases[self.index].as_ref()
    }
}

impl SqlQuery {
    /// True when a placeholder, or what it stands for, takes the value of this name.
    pub(super) fn uses_value(&self, name: &str) -> bool {
        let computed = |var: &str| {
            let found = self.vars.iter().find(|(found, _)| found == var);
            found.is_some_and(|(_, value)| value.mentions(name))
        };
        self.pieces.iter().any(|piece| match piece {
            Piece::Slot {
                slot: Slot::Input(input),
                ..
            } => input == name,
            Piece::Slot {
                slot: Slot::Var(var),
                ..
            } => computed(var),
            Piece::Slot { .. } | Piece::Sql(_) => false,
        })
    }

    async fn stream(&self, inputs: &Inputs, to: &mut dyn TakePages) -> Result<(), SourceError> {
        let mut stream = Stream {
            to,
            database: String::new(),
            waiting: None,
            wanted: true,
        };
        for database in self.databases().await? {
            let statement = self.bind(inputs, None)?;
            stream.database = database.name().to_owned();
            let mut failed = 0;
            let rest = loop {
                match database.stream(&statement, &mut stream).await {
                    Ok(rest) => break rest,
                    Err(error) => {
                        self.wait(error, &mut failed, database.as_ref()).await?;
                        // Nothing tells where in the result the new answer would have to go on.
                        stream.begin_again().await;
                    }
                }
            };
            if !stream.wanted || !rest.is_empty() && !stream.take(rest).await {
                return Ok(());
            }
        }
        let records = stream.waiting.unwrap_or_default();
        stream
            .to
            .take(Page {
                records,
                ..Page::default()
            })
            .await;
        Ok(())
    }

    /// Waits before a query is tried again that failed for a reason that may pass: a lost
    /// connection, a deadlock, a server that starts anew. Returns the error when it will not, or
    /// when it was tried often enough.
    async fn wait(
        &self,
        error: SourceError,
        failed: &mut u32,
        database: &dyn Database,
    ) -> Result<(), SourceError> {
        *failed += 1;
        let error = self.placed(error, database);
        match PATIENCE.wait(*failed).filter(|_| error.is_transient()) {
            None => Err(error),
            Some(wait) => {
                tracing::warn!(
                    database = database.name(),
                    failed = *failed,
                    wait_ms = wait.as_millis() as u64,
                    %error,
                    "a query failed and is tried again"
                );
                tokio::time::sleep(wait).await;
                Ok(())
            }
        }
    }

    /// The databases that the query runs on.
    async fn databases(&self) -> Result<&[Arc<dyn Database>], SourceError> {
        Ok(match self.source.databases().await? {
            [primary, ..] if self.primary_only => std::slice::from_ref(primary),
            databases => databases,
        })
    }

    /// The database and the place that a token means. With one database, a token is the place;
    /// with several, it is a JSON list of both.
    fn read<'d>(
        &self,
        token: Option<&PageToken>,
        databases: &'d [Arc<dyn Database>],
    ) -> Result<At<'d>, SourceError> {
        let at = |index, place| At {
            databases,
            index,
            place,
        };
        let Some(token) = token else {
            return Ok(at(0, None));
        };
        if !self.source.is_multiple() {
            return Ok(at(0, Some(token.as_str().to_owned())));
        }
        let (name, place): (String, Option<String>) = serde_json::from_str(token.as_str())
            .map_err(|_| {
                SourceError::Invalid(
                    "the page token names no database; start the sync afresh".to_owned(),
                )
            })?;
        let index = databases
            .iter()
            .position(|database| database.name() == name);
        let index = index.ok_or_else(|| {
            SourceError::Invalid(format!(
                "the database `{name}` of the page token is no longer listed; start the sync afresh"
            ))
        })?;
        Ok(at(index, place))
    }

    fn write(&self, database: &dyn Database, place: Option<&str>) -> PageToken {
        match (self.source.is_multiple(), place) {
            (false, place) => PageToken::new(place.unwrap_or_default()),
            (true, place) => {
                PageToken::new(serde_json::json!([database.name(), place]).to_string())
            }
        }
    }

    /// Names the database in the error of a query, when there are several.
    fn placed(&self, error: SourceError, database: &dyn Database) -> SourceError {
        match error {
            SourceError::Query {
                at,
                reason,
                transient,
            } if self.source.is_multiple() => SourceError::Query {
                at,
                reason: format!("{reason} (in the database `{}`)", database.name()),
                transient,
            },
            error => error,
        }
    }

    fn bind(&self, inputs: &Inputs, place: Option<&str>) -> Result<Statement<'_>, SourceError> {
        let vars = self.values(inputs)?;
        let mut fragments = Vec::new();
        let mut parameters = Vec::new();
        for piece in &self.pieces {
            let (name, form, slot) = match piece {
                Piece::Sql(sql) => {
                    fragments.push(Fragment::Sql(sql.clone()));
                    continue;
                }
                Piece::Slot { name, form, slot } => (name, *form, slot),
            };
            let binding = self.value(slot, &vars, inputs, place)?;
            if piece.is_parameter() {
                fragments.push(Fragment::Parameter);
                parameters.push(Parameter {
                    name: name.clone(),
                    binding,
                });
            } else {
                fragments.push(self.inline(name, form, binding)?);
            }
        }
        let paging = self.paging.as_deref();
        Ok(Statement {
            fragments,
            parameters,
            max_rows: paging.map(|paging| paging.page_size() + 1),
            key: paging.and_then(Paginate::primary_key),
            written: Some(&self.written),
        })
    }

    /// The values of the vars that the query uses.
    fn values(&self, inputs: &Inputs) -> Result<Vec<(&str, Value)>, SourceError> {
        let scope = Scope::new(inputs, None);
        let used = |name: &str| {
            self.pieces.iter().any(
                |piece| matches!(piece, Piece::Slot { slot: Slot::Var(used), .. } if used == name),
            )
        };
        self.vars
            .iter()
            .filter(|(name, _)| used(name))
            .map(|(name, expression)| Ok((name.as_str(), expression.value(&scope)?)))
            .collect()
    }

    fn value(
        &self,
        slot: &Slot,
        vars: &[(&str, Value)],
        inputs: &Inputs,
        place: Option<&str>,
    ) -> Result<Binding, SourceError> {
        let paging = || {
            self.paging
                .as_deref()
                .expect("placeholders of paging are compiled only with paging")
        };
        Ok(match slot {
            Slot::Limit => {
                let limit = i64::try_from(paging().page_size() + 1).expect("a page is small");
                Binding::Value(Value::Int(limit))
            }
            Slot::Place => paging().binding(place)?,
            Slot::Var(name) => {
                let found = vars.iter().find(|(var, _)| var == name);
                let (_, value) = found.expect("each var of a slot was evaluated");
                Binding::Value(value.clone())
            }
            // What may be left out and was, such as a field of a form, is null.
            Slot::Input(name) => Binding::Value(inputs.get(name).cloned().unwrap_or(Value::Null)),
            Slot::ResourceId => {
                let resource = inputs.get("resource");
                let id = resource.and_then(|found| found.get("ID").or_else(|| found.get("id")));
                Binding::Value(id.cloned().ok_or_else(|| {
                    SourceError::Invalid("there is no current resource to take the id of".into())
                })?)
            }
        })
    }

    /// A value written into the SQL, filtered so that it stays one word or one identifier.
    fn inline(&self, name: &str, form: Form, binding: Binding) -> Result<Fragment, SourceError> {
        let text = match &binding {
            Binding::Value(value) | Binding::Key(value) => to_text(value)
                .map_err(|message| SourceError::Invalid(format!("`?<{name}>`: {message}")))?,
            Binding::Least => None,
        };
        let text = text.unwrap_or_default();
        let word = |c: &char| c.is_ascii_alphanumeric() || *c == '_';
        let inlined = match form {
            Form::Identifier => {
                if text.is_empty() || text.contains('\0') {
                    return Err(SourceError::Invalid(format!(
                        "`?<{name}|identifier>` is no identifier: it is empty or holds a zero byte"
                    )));
                }
                let quoted = self.source.dialect.quote_identifier(&text);
                return Ok(Fragment::Identifier { name: text, quoted });
            }
            Form::Keyword => {
                let kept: String = text.chars().filter(|c| word(c) || *c == ' ').collect();
                kept.split(' ')
                    .filter(|part| !part.is_empty())
                    .collect::<Vec<_>>()
                    .join(" ")
            }
            Form::Unquoted | Form::Parameter => text.chars().filter(word).collect(),
        };
        Ok(Fragment::Sql(inlined))
    }

    /// Takes the extra row off. Its presence alone says that there is another page.
    fn next_place(
        &self,
        place: Option<&str>,
        rows: &mut Vec<Row>,
    ) -> Result<Option<String>, SourceError> {
        let Some(paging) = &self.paging else {
            return Ok(None);
        };
        if rows.len() <= paging.page_size() {
            return Ok(None);
        }
        rows.truncate(paging.page_size());
        let Some(last) = rows.last() else {
            return Ok(None);
        };
        if !self.pieces.iter().any(Piece::places) {
            return Err(SourceError::Loop {
                reason: format!(
                    "there are more than {} rows, but the query does not use `?<{}>`, so each page would be the first",
                    paging.page_size(),
                    paging.placeholder()
                ),
            });
        }
        let next = paging.next(place, last)?;
        if place == Some(next.as_str()) {
            return Err(SourceError::Loop {
                reason: format!(
                    "the page after `?<{}>` = {next} ends where it began; compare the `primary_key` with the placeholder and order by it",
                    paging.placeholder()
                ),
            });
        }
        Ok(Some(next))
    }
}

/// The row as a record, with the name of its database unless it has a column of that name.
fn record(row: Row, database: &str) -> Value {
    let mut fields = row.fields;
    fields
        .entry("database".to_owned())
        .or_insert_with(|| Value::from(database));
    Value::Map(fields)
}
