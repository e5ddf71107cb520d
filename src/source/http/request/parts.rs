//! A request in parts, as auth kinds and paging strategies add to it.

use std::sync::Arc;

use percent_encoding::percent_decode_str;
use reqwest::Method;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use serde_json::Value as Json;
use url::Url;

use crate::expr::percent_encode;

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
    /// True for a request that goes without the connector's credentials: one that asks for them.
    pub anonymous: bool,
    /// True where only status and headers of the answer matter: it is neither read nor followed.
    pub unread: bool,
    /// True for a request that the API may have obeyed although no answer came, and that means
    /// something else the second time.
    pub once: bool,
    /// True for a request that changes the system: it is sent again only where it surely was not
    /// obeyed, or where obeying it twice comes to the same.
    pub changes: bool,
    /// What the file has for the URL, as traces may show it.
    pub route: Option<Arc<str>>,
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
            anonymous: false,
            unread: false,
            once: false,
            changes: false,
            route: None,
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
        self.query.push(pair(name, value));
    }

    /// Drops the query parameters of this name.
    pub fn remove_query(&mut self, name: &str) {
        self.query.retain(|piece| !is_named(piece, name));
    }

    /// True when the query has a parameter of this name.
    pub fn has_query(&self, name: &str) -> bool {
        self.query.iter().any(|piece| is_named(piece, name))
    }

    /// Drops every query parameter.
    pub fn clear_query(&mut self) {
        self.query.clear();
    }

    /// Sets a field of the body, which is a form where the content type says so, otherwise JSON.
    /// A request without a body gets one. Says why it cannot be done.
    pub fn set_body_field(&mut self, path: &[String], value: &Json) -> Result<(), String> {
        let form = self.headers.get(CONTENT_TYPE).is_some_and(|value| {
            let text = value.to_str().unwrap_or_default();
            text.starts_with("application/x-www-form-urlencoded")
        });
        if form {
            let name = path.join(".");
            let body = self.body.take().unwrap_or_default();
            let kept = body
                .split('&')
                .filter(|piece| !piece.is_empty() && !is_named(piece, &name));
            let mut pieces: Vec<_> = kept.map(str::to_owned).collect();
            pieces.push(pair(&name, &plain(value)));
            self.body = Some(pieces.join("&"));
            return Ok(());
        }
        let mut body: Json = match self.body.as_deref().map(str::trim) {
            None | Some("") => Json::Object(serde_json::Map::new()),
            Some(text) => serde_json::from_str(text)
                .map_err(|_| "the body is not JSON, so a field of it cannot be set".to_owned())?,
        };
        set(&mut body, path, value)?;
        self.body = Some(body.to_string());
        self.headers
            .entry(CONTENT_TYPE)
            .or_insert(HeaderValue::from_static("application/json"));
        Ok(())
    }

    /// The pieces of the query as they go on the wire, `name=value`.
    pub fn query(&self) -> &[String] {
        &self.query
    }

    /// The URL with its query.
    pub fn full_url(&self) -> Url {
        let mut url = self.url.clone();
        let query = self.query.join("&");
        url.set_query((!query.is_empty()).then_some(query.as_str()));
        url
    }
}

/// `name=value` as queries and forms write it.
pub(in crate::source::http) fn pair(name: &str, value: &str) -> String {
    format!("{}={}", percent_encode(name), percent_encode(value))
}

/// The text of a value outside JSON.
pub(in crate::source::http) fn plain(value: &Json) -> String {
    match value {
        Json::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Sets the value at the end of a path, making the objects on the way.
fn set(body: &mut Json, path: &[String], value: &Json) -> Result<(), String> {
    let mut place = body;
    for step in path {
        if place.is_null() {
            *place = Json::Object(serde_json::Map::new());
        }
        place = match place {
            Json::Object(fields) => fields.entry(step.as_str()).or_insert(Json::Null),
            Json::Array(items) => match step.parse().ok().and_then(|at: usize| items.get_mut(at)) {
                Some(item) => item,
                None => return Err(format!("the body has a list with no item `{step}`")),
            },
            _ => return Err(format!("the body has no object that could hold `{step}`")),
        };
    }
    *place = value.clone();
    Ok(())
}

fn is_named(piece: &str, name: &str) -> bool {
    let written = piece
        .split('=')
        .next()
        .unwrap_or_default()
        .replace('+', " ");
    percent_decode_str(&written).decode_utf8_lossy() == name
}

#[cfg(test)]
mod tests {
    use super::*;

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

    #[test]
    fn a_field_of_a_body_is_set_in_json_and_in_forms() {
        let url = Url::parse("https://h/x").expect("a URL");
        let path = |text: &str| text.split('.').map(str::to_owned).collect::<Vec<_>>();
        let mut parts = RequestParts::new(Method::POST, url);
        parts
            .set_body_field(&path("variables.after"), &Json::from(7))
            .expect("an object");
        parts
            .set_body_field(&path("list"), &serde_json::json!([{}]))
            .expect("an object");
        parts
            .set_body_field(&path("list.0.a"), &Json::from("x"))
            .expect("a list");
        assert_eq!(
            parts.body.as_deref(),
            Some(r#"{"variables":{"after":7},"list":[{"a":"x"}]}"#)
        );
        assert_eq!(parts.headers[CONTENT_TYPE], "application/json");
        for (way, reason) in [
            ("list.1.a", "no item `1`"),
            ("variables.after.x", "no object that could hold `x`"),
        ] {
            let refused = parts.set_body_field(&path(way), &Json::Null);
            assert!(refused.expect_err(way).contains(reason));
        }
        let form = HeaderValue::from_static("application/x-www-form-urlencoded; charset=utf-8");
        parts.headers.insert(CONTENT_TYPE, form);
        parts.body = Some("a=1&page%5Bafter%5D=old&b=2".to_owned());
        parts
            .set_body_field(&["page[after]".to_owned()], &Json::from("a&b=c/+ é"))
            .expect("a form");
        assert_eq!(
            parts.body.as_deref(),
            Some("a=1&b=2&page%5Bafter%5D=a%26b%3Dc%2F%2B%20%C3%A9")
        );
        parts.headers.clear();
        let refused = parts.set_body_field(&path("a"), &Json::Null);
        assert!(refused.expect_err("no JSON").contains("not JSON"));
    }
}
