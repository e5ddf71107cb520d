//! An answer without pages: handed on while it comes, so that it is never held as a whole.

use async_trait::async_trait;
use tracing::Instrument as _;

use super::super::statement::{Row, TakeRows};
use super::{SqlQuery, record, statement_span};
use crate::expr::{Inputs, Value};
use crate::source::{Page, SourceError, TakePages};

/// The rows of one database after the other, as pages of one stream. A chunk is handed on when the
/// next one comes, because the last one is marked as such.
struct Stream<'s> {
    to: &'s mut dyn TakePages,
    database: String,
    waiting: Option<Vec<Value>>,
    wanted: bool,
    /// How many rows came.
    count: usize,
}

impl Stream<'_> {
    /// Hands on what is still waiting, which may be of another database, and says what follows.
    async fn begin_again(&mut self, whole: bool) {
        if let Some(records) = self.waiting.take() {
            self.hand_on(records).await;
        }
        self.to.again(whole).await;
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
        self.count += rows.len();
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

impl SqlQuery {
    /// Runs the query on one database after the other.
    pub(super) async fn stream(
        &self,
        inputs: &Inputs,
        to: &mut dyn TakePages,
    ) -> Result<(), SourceError> {
        let mut stream = Stream {
            to,
            database: String::new(),
            waiting: None,
            wanted: true,
            count: 0,
        };
        let mut told = None;
        for (index, database) in self.databases().await?.iter().enumerate() {
            let statement = self.bind(inputs, None)?;
            stream.database = database.name().to_owned();
            let mut failed = 0;
            let rest = loop {
                let span = statement_span(database.name(), failed);
                let answer = database.stream(&statement, &mut stream);
                match answer.instrument(span).await {
                    Ok(rest) => break rest,
                    Err(error) => {
                        self.wait(error, &mut failed, database.as_ref()).await?;
                        // Nothing tells where in the result the new answer would have to go on.
                        stream.begin_again(index == 0).await;
                    }
                }
            };
            if self.source.tells() {
                told = Some((statement, database.name()));
            }
            if !stream.wanted || !rest.is_empty() && !stream.take(rest).await {
                return Ok(());
            }
        }
        let records = stream.waiting.unwrap_or_default();
        let count = stream.count;
        let told = told
            .map(|(statement, database)| self.told(&statement, database, count, None, None))
            .map(Box::new);
        stream
            .to
            .take(Page {
                records,
                told,
                ..Page::default()
            })
            .await;
        Ok(())
    }
}
