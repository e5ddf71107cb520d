//! `servers` → `connect.base_url`, and what every request has.

use serde_json::Value as Json;
use url::Url;

use crate::draft::guess::variable;
use crate::draft::yaml::{Entry, Section};

use super::document::Document;
use super::place::Place;

/// `connect`, without `auth`.
pub(super) fn section(document: &Document<'_>, origin: &str, place: &mut Place) -> Section {
    let mut connect = Section::new();
    let known = place.variables.clone();
    let (url, why) = match base_url(document, origin, place) {
        Some(found) => found,
        None => {
            place.variables.clone_from(&known);
            let url = place.variable("url");
            place.todo("The description does not say where the API is: set the URL that its paths continue");
            (url, "guess: no usable server is named".to_owned())
        }
    };
    // What is said of a host that nobody knows would only be half of a URL.
    let url = match url.starts_with("${") && url.find('}') != Some(url.len() - 1) {
        false => url,
        true => {
            place.variables = known;
            let variable = place.variable("url");
            let shown = url.replace("${", "{");
            place.todo(format!(
                "Set {variable} to the whole URL that paths continue; the description has `{shown}`"
            ));
            variable
        }
    };
    connect.push(Entry::new("base_url", url).beside(why));
    if !place.headers.is_empty() {
        let mut headers = Section::new();
        for (name, value) in &place.headers {
            headers.put(name, value.as_str());
        }
        connect.push(
            Entry::new("request_defaults", Section::new().with("headers", headers))
                .above("likely: headers that the description calls required"),
        );
    }
    connect
}

/// The URL that paths continue, with variables in the place of what differs from customer to customer.
fn base_url(document: &Document<'_>, origin: &str, place: &mut Place) -> Option<(String, String)> {
    let servers = document.root.get("servers").and_then(Json::as_array);
    if let Some(servers) = servers {
        let written: Vec<&Json> = servers
            .iter()
            .filter(|server| server.get("url").is_some_and(Json::is_string))
            .collect();
        let server = written.first()?;
        let template = server["url"].as_str()?.trim();
        let mut url = String::new();
        let mut rest = template.trim_end_matches('/');
        while let Some((before, behind)) = rest.split_once('{') {
            let (name, after) = behind.split_once('}')?;
            url.push_str(before.trim_end_matches('$'));
            // A part that has a usual value keeps it; a customer's own has none worth keeping.
            let default = server.pointer(&format!(
                "/variables/{}/default",
                name.replace('~', "~0").replace('/', "~1")
            ));
            let default = default
                .and_then(Json::as_str)
                .filter(|text| is_usual(name, text));
            match default {
                Some(default) => url.push_str(default),
                None => url.push_str(&place.variable(name)),
            }
            rest = after;
        }
        url.push_str(rest);
        let more = written.len().saturating_sub(1);
        let why = match more {
            0 => "sure: the server of the description".to_owned(),
            _ => format!(
                "likely: the first of {} servers of the description",
                more + 1
            ),
        };
        return absolute(&url, origin, place).map(|url| (url, why));
    }
    // Swagger 2 has it in parts.
    let host = document.text("/host")?;
    let base = document.text("/basePath").unwrap_or_default();
    let schemes = document.root.get("schemes").and_then(Json::as_array);
    let is_https = schemes.is_none_or(|schemes| {
        schemes
            .iter()
            .any(|scheme| scheme.as_str() == Some("https"))
    });
    let url = format!(
        "{}://{host}{}",
        if is_https { "https" } else { "http" },
        base.trim_end_matches('/')
    );
    absolute(&url, origin, place).map(|url| (url, "sure: the host of the description".to_owned()))
}

/// True for the default of a variable that is the same for every customer: a version, a region.
fn is_usual(name: &str, default: &str) -> bool {
    let name = variable(name);
    let usual = [
        "VERSION",
        "BASE",
        "PATH",
        "PROTOCOL",
        "SCHEME",
        "PORT",
        "ENVIRONMENT",
        "ENV",
        "STAGE",
    ];
    usual.iter().any(|word| name.contains(word))
        && !default.is_empty()
        && default
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "-._/".contains(c))
}

/// A server may be only a path: it is one of where the description is.
fn absolute(url: &str, origin: &str, place: &mut Place) -> Option<String> {
    if url.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return None;
    }
    // Variables stand for parts that a URL may have there.
    let tried = filled_in(url);
    if let Ok(parsed) = Url::parse(&tried) {
        let is_api = matches!(parsed.scheme(), "http" | "https")
            && parsed.query().is_none()
            && parsed.fragment().is_none();
        let is_clean = parsed.username().is_empty() && parsed.password().is_none();
        return (is_api && is_clean).then(|| url.to_owned());
    }
    if let Some(rest) = url.strip_prefix("//") {
        return absolute(&format!("https://{rest}"), origin, place);
    }
    let path = url.trim_start_matches("./").trim_start_matches('/');
    if let Ok(from) = Url::parse(origin)
        && matches!(from.scheme(), "http" | "https")
    {
        let root = &from[..url::Position::BeforePath];
        return Some(format!("{root}/{path}").trim_end_matches('/').to_owned());
    }
    if Url::parse(&format!("https://host/{path}")).is_err() {
        return None;
    }
    let root = place.variable("url");
    Some(format!("{root}/{path}").trim_end_matches('/').to_owned())
}

fn filled_in(url: &str) -> String {
    let mut text = String::new();
    for piece in crate::config::interpolate::pieces(url) {
        match piece {
            crate::config::interpolate::Piece::Literal(literal) => text.push_str(literal),
            crate::config::interpolate::Piece::Variable { .. } => text.push('x'),
        }
    }
    // A variable for the whole of it.
    if text.starts_with('x') && url.starts_with("${") {
        format!("https://{text}")
    } else {
        text
    }
}
