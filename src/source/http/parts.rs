//! A request in parts, as auth kinds and paging strategies add to it.

use percent_encoding::percent_decode_str;
use reqwest::Method;
use reqwest::header::HeaderMap;
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
}
