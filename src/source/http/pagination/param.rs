//! A parameter of paging: where in a request it goes.

use reqwest::header::{HeaderName, HeaderValue};
use serde_json::Value as Json;

use crate::config::CompileContext;
use crate::config::decode::closed_set;
use crate::config::scalar::Text;
use crate::source::SourceError;
use crate::source::http::request::parts::{RequestParts, plain};

closed_set! {
    /// Where parameters of paging go.
    pub enum ParamsIn {
        /// Into the query of the URL.
        Query = "query",
        /// Into headers.
        Header = "header",
        /// Into the body: a field of a form, or of JSON, where dots lead into objects.
        Body = "body",
    }
}

/// A compiled parameter.
#[derive(Debug, Clone)]
pub(super) struct Param {
    name: String,
    place: Place,
}

#[derive(Debug, Clone)]
enum Place {
    Query,
    Header(HeaderName),
    Body(Vec<String>),
}

impl Param {
    /// Compiles a parameter; a name that cannot be one there is noted.
    pub(super) fn compile(
        written: Option<&Text>,
        default: &str,
        place: Option<ParamsIn>,
        cx: &mut CompileContext,
    ) -> Option<Self> {
        let name = written.map_or(default, Text::as_str).to_owned();
        let place = match place.unwrap_or(ParamsIn::Query) {
            ParamsIn::Query => Place::Query,
            ParamsIn::Body => Place::Body(name.split('.').map(str::to_owned).collect()),
            ParamsIn::Header => match HeaderName::from_bytes(name.as_bytes()) {
                Ok(header) => Place::Header(header),
                Err(_) => {
                    let at = written.map_or(cx.block, |text| text.span);
                    let message = format!("`{name}` is not the name of a header");
                    return cx.error("bad-header", at, message);
                }
            },
        };
        Some(Self { name, place })
    }

    /// The name as written.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Sets the parameter. JSON keeps the type of the value, elsewhere it becomes text.
    pub(super) fn set(&self, request: &mut RequestParts, value: &Json) -> Result<(), SourceError> {
        match &self.place {
            Place::Query => request.set_query(&self.name, &plain(value)),
            Place::Header(name) => {
                let value = HeaderValue::from_str(&plain(value)).map_err(|_| {
                    SourceError::Invalid(format!(
                        "the value of the header `{name}` for the next page has a line break or another character that headers cannot hold"
                    ))
                })?;
                request.headers.insert(name.clone(), value);
            }
            Place::Body(path) => request.set_body_field(path, value).map_err(|reason| {
                SourceError::Invalid(format!("`{}` cannot be sent: {reason}", self.name))
            })?,
        }
        Ok(())
    }
}
