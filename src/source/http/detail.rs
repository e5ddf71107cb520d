//! `response.detail`: asks for each item once more, where the list does not have all of it.

use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use serde_json::Value as Json;

use super::answer::lookup::fields;
use super::answer::shape::Unwind;
use super::paths::{Found, JsonPath};
use super::request::template::{Purpose, RequestTemplate};
use super::source::HttpSource;
use super::wire::conditions::Conditions;
use super::wire::error_rules::ErrorRules;
use super::wire::exchange::Wire;
use crate::config::CompileContext;
use crate::config::http::DetailConfig;
use crate::expr::{Inputs, Value, Variables};
use crate::source::redact::Redactor;
use crate::source::{PartialReason, SourceError};

/// Requests of one page that are under way at a time.
const SIDE_BY_SIDE: usize = 16;

/// The name under which an item has an answer that is a list.
const LIST: &str = "items";

/// A compiled `detail`.
#[derive(Debug)]
pub(super) struct Detail {
    request: RequestTemplate,
    path: Option<JsonPath>,
    batch: Option<usize>,
    unwind: Option<Unwind>,
    rules: ErrorRules,
    conditions: Conditions,
    redactor: Redactor,
}

/// What asking for an item came to.
type Completed = (Vec<Value>, Option<PartialReason>);

impl Detail {
    /// Compiles a `detail`; every mistake is noted.
    pub fn compile(
        config: &DetailConfig,
        source: &HttpSource,
        variables: Variables,
        cx: &mut CompileContext,
    ) -> Option<Self> {
        let request = RequestTemplate::compile(
            &config.request,
            &source.base,
            variables,
            Purpose::Listing,
            cx,
        );
        let path = config.path.as_ref().map(|path| JsonPath::compile(path, cx));
        let unwind = config.unwind.as_ref().map(|path| Unwind::compile(path, cx));
        let rules = ErrorRules::compile(config.request.error_handling.as_ref(), cx);
        let conditions = Conditions::compile(config.request.error_handling.as_ref(), cx);
        let request = request?;
        Some(Self {
            redactor: source.redactor.with(request.secrets()),
            request,
            path: match path {
                Some(path) => Some(path?),
                None => None,
            },
            unwind: match unwind {
                Some(unwind) => Some(unwind?),
                None => None,
            },
            batch: config.batch.map(|size| size.get() as usize),
            rules: rules.or(&source.errors),
            conditions: conditions.or(&source.conditions),
        })
    }

    /// Whether the requests depend on a variable.
    pub fn mentions(&self, variable: &str) -> bool {
        self.request.mentions(variable)
    }

    /// Completes items, in their order. What is gone meanwhile is left out, with a reason where the
    /// file does not say that this is nothing to worry about.
    pub async fn complete(
        &self,
        items: Vec<Value>,
        source: &HttpSource,
        inputs: &Inputs,
    ) -> Result<(Vec<Value>, Vec<PartialReason>), SourceError> {
        let groups: Vec<Vec<Value>> = match self.batch {
            None => items.into_iter().map(|item| vec![item]).collect(),
            Some(size) => items.chunks(size).map(<[Value]>::to_vec).collect(),
        };
        let asked = groups
            .into_iter()
            .map(|group| self.ask(group, source, inputs));
        let completed: Vec<Completed> = stream::iter(asked)
            .buffered(SIDE_BY_SIDE)
            .try_collect()
            .await?;
        let (mut items, mut reasons) = (Vec::new(), Vec::new());
        for (group, reason) in completed {
            match &self.unwind {
                Some(unwind) => group
                    .into_iter()
                    .for_each(|item| unwind.records(item, &mut items)),
                None => items.extend(group),
            }
            reasons.extend(reason);
        }
        Ok((items, reasons))
    }

    async fn ask(
        &self,
        group: Vec<Value>,
        source: &HttpSource,
        inputs: &Inputs,
    ) -> Result<Completed, SourceError> {
        let inputs = match (self.batch, group.as_slice()) {
            (None, [item]) => inputs.clone().with("item", item.clone()),
            _ => inputs.clone().with("items", Value::List(group.clone())),
        };
        let request = self
            .request
            .build(&inputs, &source.base, &source.defaults)?;
        let wire = Wire {
            source,
            redactor: &self.redactor,
            rules: &self.rules,
        };
        let (answer, reason) = match self.conditions.send(&request, &wire).await {
            Ok(answered) => answered,
            Err(failure) => {
                let rule = failure.status.and_then(|status| {
                    let rule = self.rules.find(status).filter(|rule| rule.excuses())?;
                    Some(rule.means_nothing(status))
                });
                return match rule {
                    Some(true) => Ok((Vec::new(), None)),
                    Some(false) => {
                        let reason = PartialReason {
                            code: "error-excused",
                            message: failure.error.to_string(),
                        };
                        Ok((group, Some(reason)))
                    }
                    None => Err(failure.error),
                };
            }
        };
        let body = match &self.path {
            None => Found::One(Vec::new(), &answer.body),
            Some(path) => path.find(&answer.body),
        };
        let missing = || SourceError::ItemsMissing {
            items_path: self.path.as_ref().map_or("", JsonPath::text).to_owned(),
            url: super::request::base::safe(&answer.url),
            found: super::answer::items::keys(&answer.body),
        };
        match (self.batch, body) {
            (None, Found::One(_, Json::Object(detail))) => {
                let mut item = group.into_iter().next().unwrap_or_default();
                let known = fields(&mut item);
                for (name, value) in detail {
                    known.insert(name.clone(), Value::from(value.clone()));
                }
                Ok((vec![item], reason))
            }
            (None, Found::One(_, Json::Array(list))) => {
                let mut item = group.into_iter().next().unwrap_or_default();
                let list = list.iter().cloned().map(Value::from).collect();
                fields(&mut item).insert(LIST.to_owned(), Value::List(list));
                Ok((vec![item], reason))
            }
            (Some(_), Found::One(_, Json::Array(items))) => {
                Ok((items.iter().cloned().map(Value::from).collect(), reason))
            }
            (Some(_), Found::Each(items)) => Ok((
                items.into_iter().cloned().map(Value::from).collect(),
                reason,
            )),
            _ => Err(missing()),
        }
    }
}
