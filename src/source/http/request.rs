//! `request` and what every request carries → one request, its values escaped for their places.

use percent_encoding::percent_decode_str;
use reqwest::Method;
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use secrecy::SecretString;
use url::Url;

use super::base::Base;
use super::defaults::{Carried, Defaults};
use crate::config::CompileContext;
use crate::config::decode::Named;
use crate::config::http::RequestConfig;
use crate::config::scalar::TemplateText;
use crate::diagnostic::{Diagnostic, Severity};
use crate::expr::{
    Escape, EvalError, Expression, Inputs, Scope, Variables, percent_encode, to_text,
};
use crate::source::SourceError;

/// One request, before credentials are added.
#[derive(Debug, Clone)]
pub struct RequestParts {
    /// The method.
    pub method: Method,
    /// Scheme, host and path; the query is kept apart.
    pub url: Url,
    /// Headers. Those that may hold a secret are marked sensitive.
    pub headers: HeaderMap,
    /// The body, where there is one.
    pub body: Option<String>,
    /// Query pieces as they go on the wire, `name=value`.
    query: Vec<String>,
}

impl RequestParts {
    /// A request without headers and body. The query of the URL is taken over as it is written.
    pub fn new(method: Method, url: Url) -> Self {
        let mut parts = Self {
            method,
            url: url.clone(),
            headers: HeaderMap::new(),
            body: None,
            query: Vec::new(),
        };
        parts.go_to(url);
        parts
    }

    /// Asks another URL instead, whose query replaces the present one.
    pub fn go_to(&mut self, mut url: Url) {
        let query = url.query().unwrap_or_default().split('&');
        self.query = query
            .filter(|piece| !piece.is_empty())
            .map(str::to_owned)
            .collect();
        url.set_query(None);
        url.set_fragment(None);
        self.url = url;
    }

    /// Sets a query parameter, replacing those of the same name.
    pub fn set_query(&mut self, name: &str, value: &str) {
        self.remove_query(name);
        self.query.push(format!(
            "{}={}",
            percent_encode(name),
            percent_encode(value)
        ));
    }

    /// Drops the query parameters of this name.
    pub fn remove_query(&mut self, name: &str) {
        self.query.retain(|piece| !is_named(piece, name));
    }

    /// True when the query has a parameter of this name.
    pub fn has_query(&self, name: &str) -> bool {
        self.query.iter().any(|piece| is_named(piece, name))
    }

    /// The URL with its query.
    pub fn full_url(&self) -> Url {
        let mut url = self.url.clone();
        let query = self.query.join("&");
        url.set_query((!query.is_empty()).then_some(query.as_str()));
        url
    }
}

fn is_named(piece: &str, name: &str) -> bool {
    let written = piece
        .split('=')
        .next()
        .unwrap_or_default()
        .replace('+', " ");
    percent_decode_str(&written).decode_utf8_lossy() == name
}

/// A compiled `request`.
#[derive(Debug)]
pub(super) struct RequestTemplate {
    method: Method,
    url: Expression,
    carried: Carried,
    body: Option<Expression>,
    /// True when the url is a program: then a `..` in it comes from a record.
    computed_url: bool,
}

impl RequestTemplate {
    /// Compiles a request; every mistake in it is noted.
    pub(super) fn compile(
        config: &RequestConfig,
        base: &Base,
        variables: Variables,
        cx: &mut CompileContext,
    ) -> Option<Self> {
        let method = method(config, cx);
        let url = literal_or_program(&config.url, variables, cx);
        let carried = Carried::compile(&config.headers, &config.query_params, variables, cx);
        let body = match &config.body {
            Some(body) if !body.0.text.is_empty() => cx.template(body, variables).map(Some),
            _ => Some(None),
        };
        if let Some(Expression::Literal(url)) = &url
            && let Err(reason) = base.join(url)
        {
            let at = cx.at(config.url.0.span);
            cx.note(Diagnostic::error(
                "bad-url",
                at,
                format!("`{url}` is not a URL: {reason}"),
            ));
            return None;
        }
        let url = url?;
        Some(Self {
            method: method?,
            computed_url: !matches!(url, Expression::Literal(_)),
            url,
            carried: carried?,
            body: body?,
        })
    }

    /// Values that came from the environment.
    pub(super) fn secrets(&self) -> impl Iterator<Item = SecretString> {
        self.carried.secrets()
    }

    /// The request for one record. What every request carries goes only to the API's own host.
    pub(super) fn build(
        &self,
        inputs: &Inputs,
        base: &Base,
        defaults: &Defaults,
    ) -> Result<RequestParts, SourceError> {
        let written = render(&self.url, inputs, Escape::Url)?
            .ok_or_else(|| SourceError::Invalid("the `url` of the request is null".to_owned()))?;
        if self.computed_url && leaves_its_place(&written) {
            return Err(SourceError::Invalid(
                "a value of the `url` is `.` or `..`, which would lead to another path".to_owned(),
            ));
        }
        if written.starts_with("http%3A%2F%2F") || written.starts_with("https%3A%2F%2F") {
            return Err(SourceError::Invalid(
                "the `url` begins with a value that is a URL itself, which a template escapes; let it go through `raw`, as in `{{ .item.url | raw }}`".to_owned(),
            ));
        }
        let url = base.join(&written).map_err(|reason| {
            SourceError::Invalid(format!("the `url` of the request is not a URL: {reason}"))
        })?;
        let own = base.is_own(&url);
        let mut parts = RequestParts::new(self.method.clone(), url);
        if own {
            defaults.carried.apply_query(&mut parts, inputs, true)?;
            defaults.client_headers.apply_headers(&mut parts, inputs)?;
            defaults.carried.apply_headers(&mut parts, inputs)?;
        }
        self.carried.apply_query(&mut parts, inputs, false)?;
        self.carried.apply_headers(&mut parts, inputs)?;
        if !parts.headers.contains_key(ACCEPT) {
            parts
                .headers
                .insert(ACCEPT, HeaderValue::from_static("application/json"));
        }
        if let Some(body) = &self.body {
            if !self.carried.has_header(&CONTENT_TYPE)
                && let Some(content_type) = &defaults.content_type
            {
                parts.headers.insert(CONTENT_TYPE, content_type.clone());
            }
            let content_type = parts
                .headers
                .entry(CONTENT_TYPE)
                .or_insert(HeaderValue::from_static("application/json"));
            let escape = body_escape(content_type.to_str().unwrap_or_default());
            parts.body = render(body, inputs, escape)?;
        }
        Ok(parts)
    }
}

/// How values are written into a body of this type.
fn body_escape(content_type: &str) -> Escape {
    let mime = content_type
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    match mime.as_str() {
        "application/x-www-form-urlencoded" => Escape::Url,
        mime if mime.ends_with("json") => Escape::Json,
        _ => Escape::None,
    }
}

fn method(config: &RequestConfig, cx: &mut CompileContext) -> Option<Method> {
    let Some(written) = &config.method else {
        return Some(Method::GET);
    };
    let method = match written.text.trim().to_ascii_uppercase().as_str() {
        "" | "GET" => Method::GET,
        "POST" => Method::POST,
        method @ ("PUT" | "PATCH") => {
            let message = format!("a listing that uses `{method}` may change the system");
            cx.warning(
                "unsafe-method",
                written.span,
                message,
                "it is not tried again when it fails; use `GET` or `POST` where the API allows it",
            );
            if method == "PUT" {
                Method::PUT
            } else {
                Method::PATCH
            }
        }
        _ => {
            let at = cx.at(written.span);
            let message = format!("a listing cannot use the method `{}`", written.text);
            cx.note(Diagnostic::error("not-in-set", at, message).help("write `GET` or `POST`"));
            return None;
        }
    };
    Some(method)
}

/// Compiles a text of a request. In literal text `${NAME}` stands for an environment variable.
pub(super) fn literal_or_program(
    source: &TemplateText,
    variables: Variables,
    cx: &mut CompileContext,
) -> Option<Expression> {
    match cx.template(source, variables)? {
        // A variable that is not set was noted; what is compiled in its place is never sent.
        Expression::Literal(_) => Some(Expression::Literal(
            cx.interpolate(&source.0).unwrap_or_default(),
        )),
        program => Some(program),
    }
}

/// True when a path has a segment that URLs resolve: `.`, `..` and their encoded forms.
fn leaves_its_place(url: &str) -> bool {
    let path = url.split(['?', '#']).next().unwrap_or_default();
    path.split(['/', '\\']).any(|segment| {
        matches!(
            percent_decode_str(segment).decode_utf8_lossy().as_ref(),
            "." | ".."
        )
    })
}

/// The text of an expression for one record; `None` when it is null.
pub(super) fn render(
    expression: &Expression,
    inputs: &Inputs,
    escape: Escape,
) -> Result<Option<String>, EvalError> {
    match expression {
        Expression::Literal(text) => Ok(Some(text.clone())),
        Expression::Template(template) => template.render(inputs, escape).map(Some),
        Expression::Cel(program) => {
            let value = program.value(&Scope::new(inputs, None))?;
            to_text(&value).map_err(|message| EvalError::new(program.source(), message))
        }
    }
}

/// Names of headers, checked where they are written.
pub(super) fn header_names(headers: &Named<TemplateText>, cx: &mut CompileContext) -> bool {
    let before = cx.diagnostics.len();
    for (name, _) in headers.iter() {
        if HeaderName::from_bytes(name.text.as_bytes()).is_err() {
            let at = cx.at(name.span);
            cx.note(Diagnostic::error(
                "bad-header",
                at,
                format!("`{}` is not the name of a header", name.text),
            ));
        }
    }
    cx.diagnostics[before..]
        .iter()
        .all(|found| found.severity != Severity::Error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_value_stays_one_segment_and_one_query_value(value in "[/?#&=%.;:@+ \\\\a0é\u{0}-\u{1f}]{0,8}|\\PC{0,8}", name in "[a-z\\[\\]$ +&=%é]{1,6}") {
            let path = format!("https://h/groups/{}/members", percent_encode(&value));
            let mut parts = RequestParts::new(Method::GET, Url::parse(&path).expect("a URL"));
            if leaves_its_place(&path) {
                prop_assert!(matches!(value.as_str(), "." | ".."), "{value:?}");
            } else {
                let segments: Vec<_> = parts.url.path_segments().expect("a path").collect();
                prop_assert_eq!(segments.len(), 3);
                prop_assert_eq!(percent_decode_str(segments[1]).decode_utf8_lossy(), value.as_str());
            }
            parts.set_query("first", "1");
            parts.set_query(&name, "old");
            parts.set_query(&name, &value);
            prop_assert!(parts.has_query(&name));
            let url = parts.full_url();
            let pairs: Vec<_> = url.query_pairs().into_owned().collect();
            prop_assert_eq!(pairs.last().expect("a pair"), &(name.clone(), value.clone()));
            prop_assert_eq!(pairs.len(), if name == "first" { 1 } else { 2 });
        }
    }

    #[test]
    fn a_query_that_is_written_keeps_its_spelling() {
        let url = Url::parse("https://h/x?a=%2F&b=c+d&a=2#f").expect("a URL");
        let mut parts = RequestParts::new(Method::GET, url);
        assert_eq!(parts.full_url().as_str(), "https://h/x?a=%2F&b=c+d&a=2");
        parts.set_query("a", "3");
        assert_eq!(parts.full_url().as_str(), "https://h/x?b=c+d&a=3");
        parts.remove_query("b");
        parts.remove_query("a");
        assert_eq!(parts.full_url().as_str(), "https://h/x");
    }
}
