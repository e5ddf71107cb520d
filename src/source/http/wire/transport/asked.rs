//! A request → what a recording says of it, without secrets. A repeated run says it in the same way,
//! so that the answer is found.

use indexmap::IndexMap;
use percent_encoding::percent_decode_str;
use reqwest::header::{
    AUTHORIZATION, CONTENT_TYPE, COOKIE, HeaderMap, PROXY_AUTHORIZATION, SET_COOKIE,
};
use serde_json::Value as Json;
use url::Url;

use super::About;
use super::recording::Exchange;
use super::scrub::{GONE, Scrubber, Secrets, carries_credential};

/// Fields of a form that asks for credentials which are none.
const HARMLESS: &[&str] = &[
    "grant_type",
    "scope",
    "audience",
    "resource",
    "client_assertion_type",
];

/// Headers of an answer that gives credentials which are none.
const HARMLESS_HEADERS: &[&str] = &["content-type", "date", "location", "retry-after", "server"];

/// Headers that belong to the connection, not to the answer.
const OF_THE_CONNECTION: &[&str] = &["content-length", "transfer-encoding", "connection"];

/// Headers that say what is asked for, where one URL serves for everything.
const ACTIONS: &[&str] = &["soapaction", "x-amz-target"];

/// What tells one request from another.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Asked {
    /// Method and target.
    pub ask: String,
    /// The body.
    pub sent: Option<String>,
    /// What a header says besides.
    pub action: Option<String>,
}

impl Asked {
    /// What an exchange of a recording says.
    pub fn recorded(exchange: &Exchange) -> Self {
        let is_action = |name: &str| {
            ACTIONS
                .iter()
                .any(|action| action.eq_ignore_ascii_case(name))
        };
        let mut headers = exchange.with.iter();
        let action = headers.find(|(name, _)| is_action(name));
        Self {
            ask: exchange.ask.clone(),
            sent: exchange.sent.clone(),
            action: action.and_then(|(_, value)| Some(value.as_str()?.to_owned())),
        }
    }

    pub fn of(request: &reqwest::Request, about: &About<'_>, secrets: &Secrets) -> Self {
        let url = request.url();
        let own = about.source.base.url().origin() == url.origin();
        let mut target = match own {
            true => String::new(),
            false => url.origin().ascii_serialization(),
        };
        target.push_str(&path_and_query(url, about, secrets));
        let body = request.body().and_then(reqwest::Body::as_bytes);
        let content_type = request.headers().get(CONTENT_TYPE);
        let is_form = content_type
            .is_some_and(|value| value.as_bytes().starts_with(b"application/x-www-form"));
        let sent = body
            .filter(|body| !body.is_empty())
            .map(|body| match is_form {
                true => pieces(&String::from_utf8_lossy(body), secrets, |name| match about
                    .credentials
                {
                    true => !HARMLESS.contains(&name),
                    false => carries_credential(name),
                }),
                false => {
                    let mut scrubber = Scrubber::new(secrets.clone(), about.credentials);
                    let mut clean = scrubber.feed(body);
                    clean.extend(scrubber.finish());
                    String::from_utf8_lossy(&clean).into_owned()
                }
            });
        let mut actions = ACTIONS.iter();
        let action = actions.find_map(|name| request.headers().get(*name)?.to_str().ok());
        Self {
            ask: format!("{} {target}", request.method()),
            sent,
            action: action.map(|action| links(action, secrets)),
        }
    }
}

fn path_and_query(url: &Url, about: &About<'_>, secrets: &Secrets) -> String {
    let mut text = secrets.clean(url.path());
    if let Some(query) = url.query() {
        let of_auth = about.source.auth.query_param();
        let query = pieces(query, secrets, |name| {
            of_auth == Some(name) || carries_credential(name)
        });
        text.push('?');
        text.push_str(&query);
    }
    text
}

/// A query or a form without the values that `is_secret` knows by their names.
fn pieces(text: &str, secrets: &Secrets, is_secret: impl Fn(&str) -> bool) -> String {
    let clean = text.split('&').map(|piece| {
        let Some((name, value)) = piece.split_once('=') else {
            return secrets.clean(piece);
        };
        let decoded = name.replace('+', " ");
        let decoded = percent_decode_str(&decoded).decode_utf8_lossy();
        match !value.is_empty() && is_secret(&decoded) {
            true => format!("{name}={GONE}"),
            false => secrets.clean(piece),
        }
    });
    clean.collect::<Vec<_>>().join("&")
}

/// Headers as a recording shows them. Of an answer that gives `credentials`, most are left out.
pub(super) fn headers(
    headers: &HeaderMap,
    secrets: &Secrets,
    credentials: bool,
) -> IndexMap<String, Json> {
    let mut shown = IndexMap::new();
    let kept = |name: &str| !OF_THE_CONNECTION.contains(&name);
    for name in headers.keys().filter(|name| kept(name.as_str())) {
        let always = [AUTHORIZATION, COOKIE, PROXY_AUTHORIZATION, SET_COOKIE].contains(name);
        let name = name.as_str();
        let of_limits = name.contains("rate");
        let unknown = credentials && !of_limits && !HARMLESS_HEADERS.contains(&name);
        let secret = always || unknown || carries_credential(name);
        let values = headers.get_all(name).iter().map(|value| {
            let text = String::from_utf8_lossy(value.as_bytes());
            Json::from(match secret || value.is_sensitive() {
                true => GONE.to_owned(),
                // A link or a place to go may have a query.
                false => links(&text, secrets),
            })
        });
        let mut values: Vec<_> = values.collect();
        let value = match values.len() {
            1 => values.remove(0),
            _ => Json::Array(values),
        };
        shown.insert(name.to_owned(), value);
    }
    shown
}

/// A text whose URLs may have credentials in their queries.
fn links(text: &str, secrets: &Secrets) -> String {
    let ends = |c: char| matches!(c, '>' | '"' | ' ' | ',' | ';');
    let mut clean = String::new();
    let mut rest = text;
    while let Some(start) = rest.find('?') {
        let (before, query) = rest.split_at(start + 1);
        let end = query.find(ends).unwrap_or(query.len());
        clean.push_str(&secrets.clean(before));
        clean.push_str(&pieces(&query[..end], secrets, carries_credential));
        rest = &query[end..];
    }
    clean.push_str(&secrets.clean(rest));
    clean
}
