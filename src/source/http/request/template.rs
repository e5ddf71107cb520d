//! `request` and what every request carries → one request, its values escaped for their places.

use std::sync::Arc;

use percent_encoding::percent_decode_str;
use reqwest::Method;
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderValue};
use secrecy::SecretString;

use super::base::Base;
use super::body::Body;
use super::defaults::{Carried, Defaults};
use super::parts::RequestParts;
use super::texts::{literal_or_program, render};
use crate::config::CompileContext;
use crate::config::http::RequestConfig;
use crate::diagnostic::{Diagnostic, Span, list, nearest};
use crate::expr::{Escape, Expression, Inputs, Variables};
use crate::source::SourceError;
use crate::source::http::view::RequestView;
use crate::source::redact::Redactor;

/// What a request is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::source::http) enum Purpose {
    /// To read.
    Listing,
    /// To look at what a change came to, or to find what it is about.
    Look,
    /// To change something.
    Change,
    /// To be made before a change, which uses its answer.
    BeforeChange,
}

/// A compiled `request`.
#[derive(Debug)]
pub(in crate::source::http) struct RequestTemplate {
    method: Method,
    url: Expression,
    /// The url as the file has it: with the names of variables, not with their values.
    route: Option<Arc<str>>,
    carried: Carried,
    body: Option<Body>,
    /// True when the url is a program: then a `..` in it comes from a record.
    computed_url: bool,
    /// True when it changes nothing, as far as its method tells.
    safe: bool,
    /// True when a value of the url that is empty would lead a change to something else.
    checks_empty: bool,
}

impl RequestTemplate {
    /// The method.
    pub(in crate::source::http) fn method(&self) -> &Method {
        &self.method
    }

    /// The URL, as it is written.
    pub(in crate::source::http) fn url(&self) -> &Expression {
        &self.url
    }

    /// Whether it changes nothing: a method that only reads, or a GraphQL query.
    pub(in crate::source::http) fn is_safe(&self) -> bool {
        self.safe
    }

    /// The request as the file has it.
    pub(in crate::source::http) fn unfilled(&self, redactor: &Redactor) -> RequestView {
        let shown = |text: &str| redactor.whole(text.trim());
        let query = self.carried.written_query();
        let query: Vec<_> = query
            .iter()
            .map(|(name, text)| format!("{name}={text}"))
            .collect();
        let url = shown(self.url.source());
        let headers = self.carried.written_headers().into_iter();
        RequestView {
            method: self.method.to_string(),
            url: match (query.is_empty(), url.contains('?')) {
                (true, _) => url,
                (false, false) => format!("{url}?{}", shown(&query.join("&"))),
                (false, true) => format!("{url}&{}", shown(&query.join("&"))),
            },
            headers: headers.map(|(name, text)| (name, shown(&text))).collect(),
            body: self.body.as_ref().map(|body| shown(&body.written())),
            credentials: String::new(),
        }
    }

    /// Whether the request depends on a variable.
    pub(in crate::source::http) fn mentions(&self, variable: &str) -> bool {
        self.programs()
            .iter()
            .any(|program| program.mentions(variable))
    }

    /// The texts of its programs.
    pub(in crate::source::http) fn sources(&self) -> impl Iterator<Item = &str> {
        let programs = self.programs().into_iter();
        let programs = programs.filter(|program| program.literal().is_none());
        programs.map(Expression::source)
    }

    fn programs(&self) -> Vec<&Expression> {
        let mut programs = vec![&self.url];
        programs.extend(self.carried.programs());
        if let Some(body) = &self.body {
            body.programs(&mut programs);
        }
        programs
    }

    /// Compiles a request; every mistake in it is noted.
    pub(in crate::source::http) fn compile(
        config: &RequestConfig,
        base: &Base,
        variables: Variables,
        purpose: Purpose,
        cx: &mut CompileContext,
    ) -> Option<Self> {
        let method = match purpose {
            Purpose::Listing => method(config, "a listing", cx),
            Purpose::Look => method(config, "a request that only reads", cx),
            Purpose::Change => changing_method(config, true, cx),
            Purpose::BeforeChange => changing_method(config, false, cx),
        };
        let url = literal_or_program(&config.url, variables, cx);
        let carried = Carried::compile(&config.headers, &config.query_params, variables, cx);
        let body = Body::compile(config, variables, cx);
        if let Some(url) = url.as_ref().and_then(Expression::literal)
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
        let (url, method) = (url?, method?);
        let queries = config.graphql.as_ref().is_some_and(|graphql| {
            let query = &graphql.query.0.text;
            !query.starts_with("cel:") && !query.contains("mutation")
        });
        Some(Self {
            safe: method.is_safe() || queries,
            checks_empty: matches!(purpose, Purpose::Change | Purpose::BeforeChange)
                && url.literal().is_none(),
            method,
            computed_url: url.literal().is_none(),
            route: route(config.url.0.span, cx),
            url,
            carried: carried?,
            body: body?,
        })
    }

    /// Values that came from the environment.
    pub(in crate::source::http) fn secrets(&self) -> impl Iterator<Item = SecretString> {
        let body = self.body.as_ref().map(Body::secrets);
        self.carried.secrets().chain(body.unwrap_or_default())
    }

    /// The request for one record. What every request carries goes only to the API's own host.
    pub(in crate::source::http) fn build(
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
        if self.checks_empty && loses_a_segment(&written, self.url.source()) {
            return Err(SourceError::Invalid(
                "a value of the `url` is empty, which would lead to another path".to_owned(),
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
        parts.route = self.route.clone();
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
            let implied = body.content_type();
            if !self.carried.has_header(&CONTENT_TYPE)
                && let Some(content_type) = implied.or_else(|| defaults.content_type.clone())
            {
                parts.headers.insert(CONTENT_TYPE, content_type);
            }
            let content_type = parts
                .headers
                .entry(CONTENT_TYPE)
                .or_insert(HeaderValue::from_static("application/json"));
            parts.body = body.render(inputs, content_type.to_str().unwrap_or_default())?;
        }
        Ok(parts)
    }
}

/// The longest route that traces show.
const LONGEST_ROUTE: usize = 200;

/// What is written for a URL, without its query; `None` where a secret may be written.
fn route(written: Span, cx: &CompileContext) -> Option<Arc<str>> {
    if cx.is_masked(written) {
        return None;
    }
    let file = cx.file();
    let text = file.text().get(written.start..written.end)?;
    let text = text.trim().trim_matches(['"', '\'']);
    let text = text.strip_prefix("tmpl:").unwrap_or(text);
    let route = text.split(['?', '#', '\n']).next()?;
    (route.len() <= LONGEST_ROUTE && !route.contains('@')).then(|| route.into())
}

/// `what` reads by it.
fn method(config: &RequestConfig, what: &str, cx: &mut CompileContext) -> Option<Method> {
    let Some(written) = &config.method else {
        return Some(match config.graphql {
            Some(_) => Method::POST,
            None => Method::GET,
        });
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
            let message = format!("{what} cannot use the method `{}`", written.text);
            cx.note(Diagnostic::error("not-in-set", at, message).help("write `GET` or `POST`"));
            return None;
        }
    };
    Some(method)
}

/// `changes`: it is meant to change something.
fn changing_method(
    config: &RequestConfig,
    changes: bool,
    cx: &mut CompileContext,
) -> Option<Method> {
    let written = config.method.as_ref();
    let written = written.filter(|method| !method.text.trim().is_empty());
    let Some(written) = written else {
        if config.graphql.is_some() {
            return Some(Method::POST);
        }
        if !changes {
            return Some(Method::GET);
        }
        cx.warning(
            "no-effect",
            config.url.0.span,
            "this request has no `method`: it is a `GET`, which changes nothing",
            "write `method: POST`, or what the API asks for",
        );
        return Some(Method::GET);
    };
    let known = ["POST", "PUT", "PATCH", "DELETE", "GET"];
    let word = written.text.trim().to_ascii_uppercase();
    match Method::from_bytes(word.as_bytes()) {
        Ok(method) if known.contains(&word.as_str()) => Some(method),
        _ => {
            let at = cx.at(written.span);
            let message = format!("there is no method `{}`", written.text);
            let meant = nearest(&word, known.into_iter());
            let help = match meant {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => format!("write one of {}", list(&known)),
            };
            let fix = meant.and_then(|meant| cx.rewrite(written, meant));
            let wrong = Diagnostic::error("not-in-set", at, message).help(help);
            cx.note(wrong.fix_if(fix));
            None
        }
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

/// True when a path has an empty segment where its program does not write one: `/users/` instead of
/// `/users/7`.
fn loses_a_segment(url: &str, program: &str) -> bool {
    let path = |text: &str| {
        let text = text.split_once("://").map_or(text, |(_, rest)| rest);
        let end = text.split(['?', '#']).next();
        end.unwrap_or_default().to_owned()
    };
    let (path, program) = (path(url.trim()), path(program.trim()));
    let is_new = |found: bool, written: bool| found && !written;
    is_new(path.contains("//"), program.contains("//"))
        || is_new(path.ends_with('/'), program.ends_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use url::Url;

    use crate::expr::percent_encode;

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
}
