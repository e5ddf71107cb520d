//! How listings of an API are paged: one file per strategy.

mod counted;
mod cursor;
mod link;
mod none;
mod offset;
mod page;
mod place;

pub(super) use none::Unpaged;
pub use place::Place;

use serde_json::Value as Json;
use url::Url;

use super::answer::Answer;
use super::base::{Base, safe};
use super::paths::JsonPath;
use super::request::RequestParts;
use crate::config::http::HttpPaginationFamily;
use crate::config::kind::{Family, Kind, registered};
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
    /// The items are those of the page before: they are not delivered again.
    pub repeated: bool,
}

impl Verdict {
    /// This was the last page.
    fn end() -> Self {
        Self::default()
    }

    /// There is another page.
    fn go_on(next: Place) -> Self {
        Self {
            next: Some(next),
            ..Self::default()
        }
    }
}

/// The text at a path that marks the next page: `None` when it is missing, null, empty or false.
fn mark(path: &JsonPath, field: &str, answer: &Answer) -> Result<Option<String>, SourceError> {
    let unusable = |what: &str| SourceError::Unreadable {
        url: safe(&answer.url),
        expected: "a page with the place of the next one",
        reason: format!("`{field}: {}` leads to {what}", path.text()),
    };
    match path.first(&answer.body) {
        None | Some(Json::Null | Json::Bool(false)) => Ok(None),
        Some(Json::String(text)) => Ok(Some(text.clone()).filter(|text| !text.is_empty())),
        Some(Json::Number(number)) => Ok(Some(number.to_string())),
        Some(Json::Bool(true)) => Err(unusable("`true`, which is no place")),
        Some(Json::Array(_)) => Err(unusable("a list")),
        Some(Json::Object(_)) => Err(unusable("an object")),
    }
}
