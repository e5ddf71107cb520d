//! `response` → the items of an answer.

use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value as Json, json};

use super::received::Answer;
use super::shape::{Columns, Shape};
use crate::config::CompileContext;
use crate::config::http::{ItemsMissing, ResponseConfig};
use crate::source::http::paths::{Found, JsonPath, Step, Taken};
use crate::source::http::request::base::safe;
use crate::source::{PartialReason, SourceError};

/// A compiled `response`, as far as finding the items goes.
#[derive(Debug)]
pub struct ItemsRule {
    /// `None`: not written.
    path: Option<JsonPath>,
    /// Where a list of items may be met while an answer comes.
    steps: Option<Vec<Step>>,
    missing_is_empty: bool,
    per_resource: bool,
    pub(in crate::source::http) shape: Shape,
    /// A single object was found where a list is expected, and the author was told.
    told: AtomicBool,
}

/// Where the items of an answer are.
#[derive(Debug)]
pub(in crate::source::http) enum Items {
    /// There are none. The reason, when that may be a mistake.
    None(Option<PartialReason>),
    /// The list at the end of a way.
    List(Vec<Taken>),
    /// The object at the end of a way, whose values are items.
    Keyed(Vec<Taken>),
    /// One object, at the end of a way.
    One(Vec<Taken>),
    /// Copies of what a query matched.
    Copies(Vec<Json>),
}

impl ItemsRule {
    pub(in crate::source::http) fn compile(
        config: &ResponseConfig,
        per_resource: bool,
        cx: &mut CompileContext,
    ) -> Option<Self> {
        let shape = Shape::compile(config, cx);
        let path = match &config.items_path {
            Some(path) => Some(JsonPath::compile(path, cx)?),
            None => None,
        };
        let steps = match &path {
            Some(path) => path.steps().map(<[Step]>::to_vec),
            // A bare list, or one under this name.
            None => Some(vec![Step::Word("items".to_owned())]),
        };
        let shape = shape?;
        Some(Self {
            path,
            steps: steps.filter(|_| shape.key.is_none()),
            missing_is_empty: config.items_missing == Some(ItemsMissing::Empty),
            per_resource,
            shape,
            told: AtomicBool::new(false),
        })
    }

    /// A rule with nothing but a path, for tests.
    #[cfg(test)]
    pub(in crate::source::http) fn at(path: Option<&str>) -> Self {
        let path = path.map(|path| JsonPath::parse(path).expect("a path"));
        Self {
            steps: match &path {
                Some(path) => path.steps().map(<[Step]>::to_vec),
                None => Some(vec![Step::Word("items".to_owned())]),
            },
            path,
            missing_is_empty: false,
            per_resource: false,
            shape: Shape::default(),
            told: AtomicBool::new(false),
        }
    }

    /// The way to the list of items, where it is one that can be followed while an answer comes.
    pub fn steps(&self) -> Option<&[Step]> {
        self.steps.as_deref()
    }

    /// The names of columns that are written in the file.
    pub fn columns(&self) -> Option<&[String]> {
        match &self.shape.columns {
            Columns::Written(names) => Some(names),
            _ => None,
        }
    }

    /// True when items can only be read with the whole answer at hand.
    pub(in crate::source::http) fn needs_whole(&self) -> bool {
        self.steps.is_none() || self.shape.needs_whole()
    }

    /// True when each record is an item of a list as it is, not a piece of one.
    pub(in crate::source::http) fn is_plain(&self) -> bool {
        self.steps.is_some() && !self.shape.unwinds()
    }

    /// Finds the items of an answer.
    pub(in crate::source::http) fn find(&self, answer: &Answer) -> Result<Items, SourceError> {
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

    /// Where the items are, where the file says so.
    pub(in crate::source::http) fn path(&self) -> Option<&str> {
        self.path.as_ref().map(JsonPath::text)
    }

    /// Takes the last item out of what is left of an answer: whoever sees that should not take it for
    /// all there was.
    pub(in crate::source::http) fn forget_last(&self, body: &mut Json) {
        let way = match (&self.path, &*body) {
            (_, Json::Array(_)) => Some(Vec::new()),
            (None, _) => Some(vec![Taken::Key("items".to_owned())]),
            (Some(path), body) => match path.find(body) {
                Found::One(way, _) => Some(way),
                _ => None,
            },
        };
        if let Some(place) = way.and_then(|way| at(body, &way)) {
            *place = Json::Null;
        }
    }

    /// What is not a list: an object is one item, null is none, anything else is a mistake.
    fn single(&self, way: Vec<Taken>, value: &Json, answer: &Answer) -> Result<Items, SourceError> {
        match value {
            Json::Null => Ok(Items::None(None)),
            Json::Object(_) if self.shape.key.is_some() => Ok(Items::Keyed(way)),
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
    /// Takes the items out of the answer, with the reason why there may be more. Of a list the last
    /// item stays too: some APIs page by it.
    pub(in crate::source::http) fn take(
        self,
        body: &mut Json,
        key: Option<&str>,
    ) -> (Vec<Json>, Option<PartialReason>) {
        let items = match self {
            Items::None(reason) => return (Vec::new(), reason),
            Items::Copies(items) => items,
            Items::One(way) => at(body, &way).map(|one| one.clone()).into_iter().collect(),
            Items::List(way) => match at(body, &way) {
                Some(Json::Array(list)) => {
                    let last = list.last().cloned();
                    std::mem::replace(list, last.into_iter().collect())
                }
                _ => Vec::new(),
            },
            Items::Keyed(way) => match (at(body, &way).map(Json::take), key) {
                (Some(Json::Object(values)), Some(key)) => {
                    let named = values.into_iter().map(|(name, value)| match value {
                        Json::Object(mut fields) => {
                            fields.insert(key.to_owned(), name.into());
                            Json::Object(fields)
                        }
                        value => json!({ key: name, "value": value }),
                    });
                    named.collect()
                }
                _ => Vec::new(),
            },
        };
        (items, None)
    }
}

/// The value at the end of a way.
fn at<'v>(body: &'v mut Json, way: &[Taken]) -> Option<&'v mut Json> {
    way.iter().try_fold(body, |value, step| match step {
        Taken::Key(key) => value.get_mut(key),
        Taken::Index(at) => value.get_mut(*at),
    })
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
pub(in crate::source::http) fn keys(body: &Json) -> String {
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
