//! `response` → the items of an answer.

use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::Value as Json;
use sha2::{Digest, Sha256};

use super::answer::Answer;
use super::base::safe;
use super::paths::{Found, JsonPath, Taken, take};
use crate::config::CompileContext;
use crate::config::http::{ItemsMissing, ResponseConfig};
use crate::expr::Value;
use crate::source::{PartialReason, SourceError};

/// A compiled `response`, as far as finding the items goes.
#[derive(Debug)]
pub(super) struct ItemsRule {
    /// `None`: not written.
    path: Option<JsonPath>,
    missing_is_empty: bool,
    per_resource: bool,
    /// A single object was found where a list is expected, and the author was told.
    told: AtomicBool,
}

/// Where the items of an answer are.
#[derive(Debug)]
pub(super) enum Items {
    /// There are none. The reason, when that may be a mistake.
    None(Option<PartialReason>),
    /// The list at the end of a way.
    List(Vec<Taken>),
    /// One object, at the end of a way.
    One(Vec<Taken>),
    /// Copies of what a query matched.
    Copies(Vec<Json>),
}

impl ItemsRule {
    pub(super) fn compile(
        config: &ResponseConfig,
        per_resource: bool,
        cx: &mut CompileContext,
    ) -> Option<Self> {
        let path = match &config.items_path {
            Some(path) => Some(JsonPath::compile(path, cx)?),
            None => None,
        };
        Some(Self {
            path,
            missing_is_empty: config.items_missing == Some(ItemsMissing::Empty),
            per_resource,
            told: AtomicBool::new(false),
        })
    }

    /// Finds the items of an answer.
    pub(super) fn find(&self, answer: &Answer) -> Result<Items, SourceError> {
        let body = &answer.body;
        let bare_list = self
            .path
            .as_ref()
            .is_none_or(|path| path.is_root() || path.is_key("items"));
        match body {
            // 204: the API says that there is nothing.
            Json::Null if answer.status == reqwest::StatusCode::NO_CONTENT => {
                return Ok(Items::None(None));
            }
            Json::Array(_) if bare_list => return Ok(Items::List(Vec::new())),
            // Some languages write an empty object as an empty list.
            Json::Array(items) if items.is_empty() => return Ok(Items::None(None)),
            _ => {}
        }
        let Some(path) = &self.path else {
            return match body.get("items") {
                Some(Json::Array(_)) => Ok(Items::List(vec![Taken::Key("items".to_owned())])),
                _ => self.single(Vec::new(), body, answer),
            };
        };
        match path.find(body) {
            Found::Missing => self.missing(path, answer),
            Found::One(way, Json::Array(_)) => Ok(Items::List(way)),
            Found::One(way, value) => self.single(way, value, answer),
            Found::Each(values) => Ok(Items::Copies(
                values
                    .into_iter()
                    .filter(|value| !value.is_null())
                    .cloned()
                    .collect(),
            )),
            Found::Lists(values) => {
                let mut items = Vec::new();
                for value in values {
                    match value {
                        Json::Null => {}
                        Json::Array(list) => items.extend(list.iter().cloned()),
                        one => items.push(one.clone()),
                    }
                }
                Ok(Items::Copies(items))
            }
        }
    }

    /// What is not a list: an object is one item, null is none, anything else is a mistake.
    fn single(&self, way: Vec<Taken>, value: &Json, answer: &Answer) -> Result<Items, SourceError> {
        match value {
            Json::Null => Ok(Items::None(None)),
            Json::Object(_) => {
                if !self.told.swap(true, Ordering::Relaxed) && !self.per_resource {
                    tracing::warn!(
                        url = safe(&answer.url),
                        items_path = self.path.as_ref().map(JsonPath::text),
                        "the answer holds one object where a list is expected: it is taken as one item"
                    );
                }
                Ok(Items::One(way))
            }
            other => Err(SourceError::Unreadable {
                url: safe(&answer.url),
                expected: "a list of items",
                reason: match &self.path {
                    Some(path) => format!("`items_path: {}` leads to {}", path.text(), kind(other)),
                    None => format!("it is {}", kind(other)),
                },
            }),
        }
    }

    fn missing(&self, path: &JsonPath, answer: &Answer) -> Result<Items, SourceError> {
        if self.missing_is_empty {
            return Ok(Items::None(None));
        }
        let found = keys(&answer.body);
        if self.per_resource && answer.body.is_object() {
            return Ok(Items::None(Some(PartialReason {
                code: "items-missing",
                message: format!(
                    "`items_path: {}` matched nothing in an answer from {}; its top level has {found}. Correct the path, or write `items_missing: empty` if this API leaves an empty list out",
                    path.text(),
                    safe(&answer.url)
                ),
            })));
        }
        Err(SourceError::ItemsMissing {
            items_path: path.text().to_owned(),
            url: safe(&answer.url),
            found,
        })
    }
}

impl Items {
    /// How many there are.
    pub(super) fn count(&self, body: &Json) -> usize {
        match self {
            Items::None(_) => 0,
            Items::One(_) => 1,
            Items::Copies(items) => items.len(),
            Items::List(way) => list(body, way).len(),
        }
    }

    /// A number that differs when the items do.
    pub(super) fn fingerprint(&self, body: &Json) -> u64 {
        let items: &[Json] = match self {
            Items::Copies(items) => items,
            Items::List(way) => list(body, way),
            Items::None(_) | Items::One(_) => return 0,
        };
        let mut digest = Sha256::new();
        for item in items {
            // Writing to a digest cannot fail, and JSON values have text.
            let _ = serde_json::to_writer(&mut digest, item);
        }
        let bytes: [u8; 32] = digest.finalize().into();
        u64::from_be_bytes(bytes[..8].try_into().expect("8 of 32 bytes"))
    }

    /// Takes the items out of the answer, with the reason why there may be more.
    pub(super) fn take(self, body: &mut Json) -> (Vec<Value>, Option<PartialReason>) {
        match self {
            Items::None(reason) => (Vec::new(), reason),
            Items::Copies(items) => (items.into_iter().map(Value::from).collect(), None),
            Items::One(way) => (vec![Value::from(take(body, &way))], None),
            Items::List(way) => match take(body, &way) {
                Json::Array(items) => (items.into_iter().map(Value::from).collect(), None),
                _ => (Vec::new(), None),
            },
        }
    }
}

fn list<'v>(body: &'v Json, way: &[Taken]) -> &'v [Json] {
    let mut place = Some(body);
    for step in way {
        place = place.and_then(|value| match step {
            Taken::Key(key) => value.get(key),
            Taken::Index(at) => value.get(*at),
        });
    }
    place.and_then(Json::as_array).map_or(&[], Vec::as_slice)
}

fn kind(value: &Json) -> &'static str {
    match value {
        Json::Null => "null",
        Json::Bool(_) => "a truth value",
        Json::Number(_) => "a number",
        Json::String(_) => "text",
        Json::Array(_) => "a list",
        Json::Object(_) => "an object",
    }
}

/// The top level of an answer, for a message: keys are the API's words, values are not shown.
fn keys(body: &Json) -> String {
    const SHOWN: usize = 12;
    match body {
        Json::Object(fields) if fields.is_empty() => "nothing".to_owned(),
        Json::Object(fields) => {
            let names = fields
                .keys()
                .take(SHOWN)
                .map(|key| format!("`{}`", key.chars().take(40).collect::<String>()));
            let more = fields.len().saturating_sub(SHOWN);
            let names = names.collect::<Vec<_>>().join(", ");
            if more > 0 {
                format!("{names} and {more} more")
            } else {
                names
            }
        }
        other => kind(other).to_owned(),
    }
}
