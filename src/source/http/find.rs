//! A request → the one thing that it finds.

use std::sync::Arc;

use serde_json::Value as Json;

use super::change::HttpChange;
use super::paths::{Found, JsonPath};
use super::source::HttpSource;
use crate::config::CompileContext;
use crate::config::http::RequestConfig;
use crate::config::scalar::PathText;
use crate::expr::{Inputs, Value, Variables};
use crate::source::{FoundOne, SourceError};

/// A compiled request that finds one thing.
#[derive(Debug)]
pub struct HttpFind {
    request: HttpChange,
    item: ItemPath,
}

/// Where the one thing is in an answer.
#[derive(Debug)]
pub struct ItemPath(Option<JsonPath>);

impl ItemPath {
    /// Compiles a path; `None` is the whole answer. A mistake in it is noted.
    pub fn compile(path: Option<&PathText>, cx: &mut CompileContext) -> Option<Self> {
        match path {
            Some(path) => Some(Self(Some(JsonPath::compile(path, cx)?))),
            None => Some(Self(None)),
        }
    }

    /// The one thing: what is at the path, or the only item of a list there. `None` when nothing is.
    /// Fails with how many there are.
    pub fn one(&self, body: &Value) -> Result<Option<Value>, usize> {
        let body = Json::from(body);
        let found = match &self.0 {
            None => Found::One(Vec::new(), &body),
            Some(path) => path.find(&body),
        };
        let items: Vec<&Json> = match found {
            Found::One(_, Json::Array(items)) => items.iter().collect(),
            Found::One(_, Json::Null) => Vec::new(),
            Found::One(_, one) => vec![one],
            Found::Each(items) => items,
            _ => Vec::new(),
        };
        match items.as_slice() {
            [] => Ok(None),
            [one] => Ok(Some(Value::from((*one).clone()))),
            several => Err(several.len()),
        }
    }
}

impl HttpSource {
    /// Compiles a request that finds one thing. Every mistake in it is noted.
    pub fn find(
        self: &Arc<Self>,
        request: &RequestConfig,
        item_path: Option<&PathText>,
        variables: Variables,
        cx: &mut CompileContext,
    ) -> Option<HttpFind> {
        let item = ItemPath::compile(item_path, cx);
        let request = self.reading(request, variables, cx);
        Some(HttpFind {
            item: item?,
            request: request?,
        })
    }
}

impl HttpFind {
    /// Whether what is looked for depends on a variable.
    pub fn mentions(&self, variable: &str) -> bool {
        self.request.mentions(variable)
    }

    /// The request itself.
    pub fn request(&self) -> &HttpChange {
        &self.request
    }

    /// Asks. `None` when there is no such thing: 404, 410, nothing at the path, or an empty list.
    pub async fn ask(&self, inputs: &Inputs) -> Result<Option<FoundOne>, SourceError> {
        let answered = self.request.send(inputs).await;
        let answered = answered.map_err(|unanswered| unanswered.error)?.found()?;
        if matches!(answered.status, 404 | 410) {
            return Ok(None);
        }
        if !answered.is_success() {
            return Err(answered.refused());
        }
        if !answered.is_json {
            let (_, url) = answered.asked.split_once(' ').unwrap_or_default();
            return Err(SourceError::Unreadable {
                url: url.to_owned(),
                expected: "JSON",
                reason: "it is text; a login or maintenance page may have come instead of the API's answer".to_owned(),
            });
        }
        let Some(body) = answered.body() else {
            return Ok(None);
        };
        match self.item.one(body) {
            Ok(None) => Ok(None),
            Ok(Some(record)) => Ok(Some(FoundOne {
                record,
                shared: answered.inputs.clone(),
            })),
            Err(several) => Err(SourceError::Invalid(format!(
                "{} found {several} instead of one",
                answered.asked,
            ))),
        }
    }
}
