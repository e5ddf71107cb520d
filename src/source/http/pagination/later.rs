//! `later_request`: another request for every page but the first one.

use reqwest::Method;
use reqwest::header::{CONTENT_TYPE, HeaderValue};
use url::Url;

use super::signals::optional;
use super::{Place, Turn};
use crate::config::CompileContext;
use crate::config::decode::{closed_set, section};
use crate::config::scalar::TemplateText;
use crate::expr::{Escape, Expression, Inputs, Value, Variables};
use crate::source::SourceError;
use crate::source::http::request::body::escape;
use crate::source::http::request::parts::RequestParts;
use crate::source::http::request::texts::render;

/// What the body of a later page may be made of.
const VARIABLES: Variables = Variables::of(&["cursor"]);

section! {
    /// Another request for every page but the first one.
    pub struct LaterConfig {
        /// `GET` or `POST`. Not written: that of the first page.
        pub method: Option<LaterMethod>,
        /// Path or URL, joined to `base_url`; it may be a template over `.cursor`, for example
        /// `tmpl:/scrolls/{{ .cursor }}`. Not written: that of the first page. Written, it replaces
        /// the query of the first page too.
        pub url: Option<TemplateText>,
        /// The body: a template over `.cursor`, for example
        /// `tmpl:{"scroll": "5m", "scroll_id": {{ .cursor }}}`. The cursor is escaped for the content
        /// type of the first page: JSON when not written, as `headers` of the request say otherwise.
        /// Not written: the body of the first page.
        ///
        /// Where neither the body nor the URL is a template, the cursor and the size are sent as on
        /// other pages.
        pub body: Option<TemplateText>,
    }
}

closed_set! {
    /// The method of a later page.
    pub enum LaterMethod {
        /// Without a body, unless one is written.
        Get = "GET",
        /// With a body.
        Post = "POST",
    }
}

/// A compiled `later_request`.
#[derive(Debug)]
pub(super) struct Later {
    method: Option<Method>,
    url: Option<Expression>,
    body: Option<Expression>,
}

impl Later {
    pub(super) fn compile(config: &LaterConfig, cx: &mut CompileContext) -> Option<Self> {
        let body = config.body.as_ref();
        let body = body.map(|body| cx.template(body, VARIABLES));
        let url = config.url.as_ref();
        let url = url.map(|url| cx.template(url, VARIABLES));
        Some(Self {
            method: config.method.map(|method| match method {
                LaterMethod::Get => Method::GET,
                LaterMethod::Post => Method::POST,
            }),
            url: optional(url)?,
            body: optional(body)?,
        })
    }

    /// True when the cursor is in what is written.
    pub(super) fn says_all(&self) -> bool {
        let mut written = self.body.iter().chain(&self.url);
        written.any(|written| written.mentions("cursor"))
    }

    /// The URL of the next page, where it is another one.
    pub(super) fn target(
        &self,
        turn: &Turn<'_>,
        next: &Place,
    ) -> Result<Option<String>, SourceError> {
        let Some(url) = &self.url else {
            return Ok(None);
        };
        let url = render(url, &inputs(next), Escape::Url)?.unwrap_or_default();
        let url = turn.base.join(&url).map_err(|reason| {
            SourceError::Invalid(format!(
                "the `url` of `later_request` is not a URL: {reason}"
            ))
        })?;
        match turn.base.is_own(&url) {
            true => Ok(Some(url.into())),
            false => Err(SourceError::Invalid(
                "the `url` of `later_request` lies on another host than `base_url`".to_owned(),
            )),
        }
    }

    /// Changes the request of the first page into that of a later one.
    pub(super) fn apply(
        &self,
        request: &mut RequestParts,
        place: &Place,
    ) -> Result<(), SourceError> {
        if let Some(url) = &place.to {
            request.go_to(Url::parse(url).map_err(|_| super::not_ours())?);
        }
        if let Some(method) = &self.method {
            request.method = method.clone();
            if *method == Method::GET && self.body.is_none() {
                request.body = None;
                request.headers.remove(CONTENT_TYPE);
            }
        }
        if let Some(body) = &self.body {
            let json = HeaderValue::from_static("application/json");
            let content_type = request.headers.entry(CONTENT_TYPE).or_insert(json);
            let escape = escape(content_type.to_str().unwrap_or_default());
            request.body = render(body, &inputs(place), escape)?;
        }
        Ok(())
    }
}

fn inputs(place: &Place) -> Inputs {
    Inputs::new().with("cursor", Value::from(place.value()))
}
