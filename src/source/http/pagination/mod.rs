//! How listings of an API are paged: one file per strategy.

mod bound;
mod counted;
mod cursor;
mod graphql;
mod later;
mod link;
mod none;
mod offset;
mod page;
mod param;
mod place;
mod scim;
mod signals;
#[cfg(test)]
mod tests;
mod window;

pub(super) use none::Unpaged;
pub use place::Place;

use std::time::SystemTime;

use reqwest::StatusCode;
use serde_json::Value as Json;
use url::Url;

use super::answer::received::Answer;
use super::paths::JsonPath;
use super::request::base::{Base, safe};
use super::request::parts::RequestParts;
use crate::config::http::HttpPaginationFamily;
use crate::config::kind::{Family, Kind, registered};
use crate::expr::Value;
use crate::source::{PartialReason, SourceError};

crate::family!(HttpPaginationFamily);

impl Family for HttpPaginationFamily {
    const NAME: &'static str = "paging strategy";
    const TAG: &'static str = "strategy";
    type Compiled = dyn Paginate;

    fn kinds() -> Vec<&'static Kind<Self>> {
        registered()
    }
}

/// Asks for pages and finds the next one. Keeps nothing between calls: all it needs to go on is
/// in the [`Place`].
pub trait Paginate: Send + Sync + std::fmt::Debug {
    /// Changes a request so that it asks for the page at `place`; `None` is the first page.
    fn prepare(&self, request: &mut RequestParts, place: Option<&Place>)
    -> Result<(), SourceError>;

    /// Tells from an answer where the next page is, or that there is none.
    fn next(&self, turn: &Turn<'_>) -> Result<Verdict, SourceError>;

    /// Where the first page is, for strategies that need to know when the listing began; `None` for
    /// the others.
    fn start(&self, _now: SystemTime) -> Option<Place> {
        None
    }

    /// The variable that the request may use beside those of the listing, at a place.
    fn variable(&self, _place: Option<&Place>) -> Option<(&'static str, Value)> {
        None
    }

    /// Whether a refusal of a later page says that its place is no longer good, so that the listing
    /// must begin anew.
    fn restarts(&self, _status: StatusCode) -> bool {
        false
    }

    /// Whether pages are asked for by number, so that items move to other pages when the list
    /// changes.
    fn by_number(&self) -> bool {
        false
    }

    /// How many items a page is asked to have; `None` where no number is sent.
    fn size(&self) -> Option<u64> {
        None
    }

    /// Whether the API moves on with each request, so that no later page can be asked for twice.
    fn moves_on(&self) -> bool {
        false
    }
}

/// An answer as a strategy sees it.
pub struct Turn<'t> {
    /// Where the page was; `None` for the first one.
    pub place: Option<&'t Place>,
    /// The URL that was asked, without its query.
    pub asked: &'t Url,
    /// How many items came.
    pub count: usize,
    /// A number that differs when the items do. Computed when asked for: it reads every item.
    pub fingerprint: &'t (dyn Fn() -> u64 + Sync),
    /// The answer, its items still in it.
    pub answer: &'t Answer,
    pub(super) base: &'t Base,
    /// The query parameter that carries a credential.
    pub(super) secret_param: Option<&'t str>,
}

/// Whether a listing goes on.
#[derive(Debug, Default)]
pub struct Verdict {
    /// The next page; `None` when this was the last one.
    pub next: Option<Place>,
    /// Why the listing may lack something although it ends here.
    pub partial: Option<PartialReason>,
    /// The items are not delivered: they are those of the page before, or come again later.
    pub repeated: bool,
    /// Why there is a next page, or none: a clause for whoever writes the connector.
    pub because: String,
}

impl Verdict {
    /// This was the last page.
    fn end(because: impl Into<String>) -> Self {
        Self {
            because: because.into(),
            ..Self::default()
        }
    }

    /// There is another page.
    fn go_on(next: Place, because: impl Into<String>) -> Self {
        Self {
            next: Some(next),
            because: because.into(),
            ..Self::default()
        }
    }
}

/// What marks the next page.
#[derive(Debug, PartialEq)]
struct Mark {
    text: String,
    /// The text is JSON of another type than text.
    typed: bool,
}

/// The value at a path that marks the next page: `None` when it is missing, null, empty or false.
/// Lists and objects are only `structured` marks.
fn mark(
    path: &JsonPath,
    field: &str,
    answer: &Answer,
    structured: bool,
) -> Result<Option<Mark>, SourceError> {
    let unusable = |what: &str| SourceError::Unreadable {
        url: safe(&answer.url),
        expected: "a page with the place of the next one",
        reason: format!("`{field}: {}` leads to {what}", path.text()),
    };
    let typed = |value: &Json| Mark {
        text: value.to_string(),
        typed: true,
    };
    match path.first(&answer.body) {
        None | Some(Json::Null | Json::Bool(false)) => Ok(None),
        Some(Json::String(text)) => Ok((!text.is_empty()).then(|| Mark {
            text: text.clone(),
            typed: false,
        })),
        Some(value @ Json::Number(_)) => Ok(Some(typed(value))),
        Some(Json::Bool(true)) => Err(unusable("`true`, which is no place")),
        Some(Json::Array(items)) if structured && items.is_empty() => Ok(None),
        Some(Json::Object(fields)) if structured && fields.is_empty() => Ok(None),
        Some(value @ (Json::Array(_) | Json::Object(_))) if structured => Ok(Some(typed(value))),
        Some(Json::Array(_)) => Err(unusable("a list")),
        Some(Json::Object(_)) => Err(unusable("an object")),
    }
}

/// Whether a status says that a place is no longer good.
fn expired(status: StatusCode, listed: &[u16]) -> bool {
    status == StatusCode::GONE || listed.contains(&status.as_u16())
}

/// The error of a token that another listing wrote, or this one before its file was changed.
fn not_ours() -> SourceError {
    SourceError::Invalid(
        "the page token is not one of this listing; start the sync anew".to_owned(),
    )
}
