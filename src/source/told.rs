//! What a page was asked with, and what came with its records: for whoever writes a connector.

use super::http::RequestView;
use crate::expr::Value;

/// A page besides its records. Nothing in it is secret to whoever may see the records.
#[derive(Debug, Clone)]
pub struct Told {
    /// What was asked.
    pub asked: Asked,
    /// How many items or rows came, those that are not delivered included.
    pub count: usize,
    /// How many were asked for at most, where that is said.
    pub size: Option<u64>,
    /// What the system says besides; `None` of a database.
    pub answer: Option<AnswerTold>,
    /// The next page as the strategy names it: a number, a cursor, a link. `None` behind the last one.
    pub next: Option<String>,
    /// True when the next page is only asked for to be sure that there is none.
    pub probe: bool,
    /// Why there is a next page, or none: a clause such as `the page is empty`.
    pub because: String,
}

/// What was asked for a page.
#[derive(Debug, Clone)]
pub enum Asked {
    /// A request.
    Request(RequestView),
    /// A statement.
    Statement {
        /// The database, where the connector reads several.
        database: Option<String>,
        /// The SQL as it was sent.
        sql: String,
        /// Names of placeholders and what was bound to them.
        values: Vec<(String, Value)>,
    },
}

/// An answer of an API besides its items.
#[derive(Debug, Clone)]
pub struct AnswerTold {
    /// The status.
    pub status: u16,
    /// The headers, without those that hold credentials.
    pub headers: Vec<(String, String)>,
    /// The body. Of its items only the last one is left, or none.
    pub rest: Value,
    /// Where in the body the items were, where a path says so.
    pub items_path: Option<String>,
}
