//! One page of a query: bind, run, find the next page.

mod bind;
mod describe;
mod stream;
mod tell;

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use tracing::Instrument as _;

use super::connect::SqlSource;
use super::dialect::Database;
use super::pagination::Paginate;
use super::place::Written;
use super::placeholder::Form;
use super::statement::Row;
use crate::diagnostic::Location;
use crate::expr::{Expression, Inputs, Value};
use crate::source::backoff::Backoff;
use crate::source::{
    Described, Fetch, Page, PageToken, PartialReason, SourceError, TakePages, WaitReason, meter,
    page_by_page,
};
use crate::span;

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
            let span = statement_span(at.database().name(), failed);
            match at.database().run(&statement).instrument(span).await {
                Ok(rows) => break rows,
                Err(error) => self.wait(error, &mut failed, at.database()).await?,
            }
        };
        let read = rows.len();
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
        let told = self.source.tells().then(|| {
            let looped = partial.first().map(|reason| reason.message.as_str());
            Box::new(self.told(&statement, name, read, next.as_ref(), looped))
        });
        let records = rows.into_iter().map(|row| record(row, name)).collect();
        Ok(Page {
            records,
            next,
            partial,
            told,
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

    async fn describe(&self) -> Result<Described, SourceError> {
        self.described().await
    }

    fn written(&self) -> Option<Location> {
        Some(self.written.whole())
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
        self.pieces.iter().any(|piece| self.takes(piece, &[name]))
    }

    /// True when a piece takes a value of one of these names, or what is computed from one.
    pub(super) fn takes(&self, piece: &Piece, names: &[&str]) -> bool {
        match piece {
            Piece::Slot {
                slot: Slot::Input(input),
                ..
            } => names.contains(&input.as_str()),
            Piece::Slot {
                slot: Slot::Var(var),
                ..
            } => {
                let found = self.vars.iter().find(|(found, _)| found == var);
                found.is_some_and(|(_, value)| names.iter().any(|name| value.mentions(name)))
            }
            Piece::Slot { .. } | Piece::Sql(_) => false,
        }
    }

    /// Waits before a query is tried again that failed for a reason that may pass: a lost
    /// connection, a deadlock, a server that starts anew. Returns the error when it will not, or
    /// when it was tried often enough.
    pub(super) async fn wait(
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
                let sleep = tokio::time::sleep(wait);
                meter::waiting(WaitReason::Retry, wait, SystemTime::now, sleep).await;
                meter::retried();
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

/// A statement as traces see it: without its text, which may hold values.
pub(super) fn statement_span(database: &str, failed: u32) -> tracing::Span {
    tracing::info_span!(
        target: span::TARGET,
        "statement",
        otel.kind = "client",
        db.namespace = database,
        rolecall.attempt = failed + 1,
    )
}

/// The row as a record, with the name of its database unless it has a column of that name.
pub(super) fn record(row: Row, database: &str) -> Value {
    let mut fields = row.fields;
    fields
        .entry("database".to_owned())
        .or_insert_with(|| Value::from(database));
    Value::Map(fields)
}
