//! Security schemes → `connect.auth`.

use serde_json::Value as Json;
use url::Url;

use crate::draft::guess::{Guess, joined};
use crate::draft::yaml::{Entry, Section, Yaml};

use super::document::Document;
use super::place::Place;
use super::request::is_header_name;

/// Writes `auth`: the scheme that the requests name which works best without a person.
pub(super) fn add(
    document: &Document<'_>,
    used: &[&Json],
    prefix: &str,
    connect: &mut Section,
    place: &mut Place,
) {
    let schemes = document
        .root
        .pointer("/components/securitySchemes")
        .or_else(|| document.root.get("securityDefinitions"))
        .and_then(Json::as_object);
    let named = required(document, used);
    let mut known: Vec<(&String, &Json)> = schemes
        .into_iter()
        .flatten()
        .filter_map(|(name, scheme)| Some((name, document.resolve(scheme)?)))
        .collect();
    if known.iter().any(|(name, _)| named.contains(name)) {
        known.retain(|(name, _)| named.contains(name));
    }
    let mut offers: Vec<Offer> = known
        .iter()
        .filter_map(|(name, scheme)| offer(name, scheme, prefix))
        .collect();
    offers.sort_by_key(|offer| offer.rank);
    let mut offers = offers.into_iter();
    let Some(chosen) = offers.next() else {
        let variable = place.variable("token");
        place.todo("The description does not say how requests prove who is asking: that it is a token is a guess");
        let section = Section::new()
            .with("type", "bearer")
            .with("token", variable);
        connect.push(Entry::new("auth", section).beside("guess: no security scheme is described"));
        return;
    };
    for variable in &chosen.variables {
        if !place.variables.contains(variable) {
            place.variables.push(variable.clone());
        }
    }
    place.todos.extend(chosen.todo);
    let mut entry = Entry::new("auth", chosen.section).beside(chosen.guess.to_string());
    let others: Vec<String> = offers.map(|offer| format!("`{}`", offer.name)).collect();
    if !others.is_empty() {
        entry = entry.above(format!("The description also has {}.", others.join(", ")));
    }
    connect.push(entry);
}

/// The schemes that the operations, or all of them, ask for.
fn required<'d>(document: &Document<'d>, used: &[&'d Json]) -> Vec<&'d String> {
    let global = document.root.get("security");
    let mut names = Vec::new();
    for operation in used {
        let security = operation
            .get("security")
            .or(global)
            .and_then(Json::as_array);
        for requirement in security.into_iter().flatten() {
            names.extend(
                requirement
                    .as_object()
                    .into_iter()
                    .flatten()
                    .map(|(name, _)| name),
            );
        }
    }
    names
}

/// A way to prove who is asking.
struct Offer {
    name: String,
    rank: u8,
    section: Section,
    guess: Guess,
    variables: Vec<String>,
    todo: Option<String>,
}

fn offer(name: &str, scheme: &Json, prefix: &str) -> Option<Offer> {
    let text = |key: &str| scheme.get(key).and_then(Json::as_str).unwrap_or_default();
    let mut variables = Vec::new();
    let mut variable = |what: &str| {
        let name = format!("{prefix}_{what}");
        variables.push(name.clone());
        format!("${{{name}}}")
    };
    let mut todo = None;
    let (rank, section) = match (text("type"), text("scheme").to_lowercase().as_str()) {
        ("http", "bearer") => (
            2,
            Section::new()
                .with("type", "bearer")
                .with("token", variable("TOKEN")),
        ),
        ("http", kind @ ("basic" | "digest")) => (4, password(kind, &mut variable)),
        ("basic", _) => (4, password("basic", &mut variable)),
        ("apiKey", _) => (3, api_key(scheme, &mut variable)?),
        ("oauth2", _) => {
            let (section, rest) = oauth2(scheme, &mut variable);
            todo = rest;
            (if todo.is_some() { 5 } else { 1 }, section)
        }
        ("openIdConnect", _) => {
            let issuer =
                text("openIdConnectUrl").trim_end_matches("/.well-known/openid-configuration");
            let issuer = usable_url(issuer).unwrap_or_else(|| variable("ISSUER"));
            let section = Section::new()
                .with("type", "oauth2_client_credentials")
                .with("issuer", issuer)
                .with("client_id", variable("CLIENT_ID"))
                .with("client_secret", variable("CLIENT_SECRET"));
            (4, section)
        }
        _ => return None,
    };
    let guess = match todo.is_some() {
        true => Guess::doubtful(format!("security scheme `{name}`")),
        false => Guess::sure(format!("security scheme `{name}`")),
    };
    Some(Offer {
        name: name.to_owned(),
        rank,
        section,
        guess,
        variables,
        todo,
    })
}

fn password(kind: &str, variable: &mut dyn FnMut(&str) -> String) -> Section {
    Section::new()
        .with("type", kind)
        .with("username", variable("USER"))
        .with("password", variable("PASSWORD"))
}

fn api_key(scheme: &Json, variable: &mut dyn FnMut(&str) -> String) -> Option<Section> {
    let name = scheme.get("name").and_then(Json::as_str)?;
    let mut section = Section::new().with("type", "api_key");
    match scheme.get("in").and_then(Json::as_str) {
        Some("query") if super::request::is_literal(name) && !name.is_empty() => {
            section.put("query_param", name)
        }
        Some("header") if is_header_name(name) => {
            if joined(name) == "authorization" {
                // What stands before the key, only the documentation says.
                let about = scheme
                    .get("description")
                    .and_then(Json::as_str)
                    .unwrap_or_default()
                    .to_lowercase();
                if about.contains("bearer") {
                    return Some(
                        Section::new()
                            .with("type", "bearer")
                            .with("token", variable("TOKEN")),
                    );
                }
            }
            section.put("header", name);
        }
        _ => return None,
    }
    section.put("key", variable("API_KEY"));
    Some(section)
}

/// The grant that needs no person; without one, a token that somebody else gets.
fn oauth2(scheme: &Json, variable: &mut dyn FnMut(&str) -> String) -> (Section, Option<String>) {
    let flow = |names: [&str; 2]| {
        let of_three = names
            .iter()
            .find_map(|name| scheme.get("flows")?.get(*name));
        let of_two = || {
            names
                .contains(&scheme.get("flow")?.as_str()?)
                .then_some(scheme)
        };
        of_three.or_else(of_two)
    };
    let token_url = |flow: &Json, variable: &mut dyn FnMut(&str) -> String| {
        let url = flow
            .get("tokenUrl")
            .and_then(Json::as_str)
            .and_then(usable_url);
        url.unwrap_or_else(|| variable("TOKEN_URL"))
    };
    if let Some(flow) = flow(["clientCredentials", "application"]) {
        let mut section = Section::new()
            .with("type", "oauth2_client_credentials")
            .with("token_url", token_url(flow, variable))
            .with("client_id", variable("CLIENT_ID"))
            .with("client_secret", variable("CLIENT_SECRET"));
        let scopes = reading_scopes(flow);
        if !scopes.is_empty() {
            section.push(
                Entry::new("scopes", Yaml::Words(scopes))
                    .beside("likely: those for reading; leave out what is not needed"),
            );
        }
        return (section, None);
    }
    if let Some(flow) = flow(["password", "password"]) {
        let section = Section::new()
            .with("type", "oauth2_password")
            .with("token_url", token_url(flow, variable))
            .with("client_id", variable("CLIENT_ID"))
            .with("username", variable("USER"))
            .with("password", variable("PASSWORD"));
        return (section, None);
    }
    let section = Section::new()
        .with("type", "bearer")
        .with("token", variable("TOKEN"));
    let todo = "The API wants a person to agree (OAuth authorization code): get a token that lasts, or see `oauth2_refresh_token`";
    (section, Some(todo.to_owned()))
}

/// The scopes that allow to read.
fn reading_scopes(flow: &Json) -> Vec<String> {
    let scopes = flow.get("scopes").and_then(Json::as_object);
    let is_reading = |name: &&String| {
        let lower = name.to_lowercase();
        let reads = lower.contains("read") || lower.ends_with(".get") || lower.contains("list");
        reads
            && !lower.contains("write")
            && name.len() < 80
            && name
                .chars()
                .all(|c| c.is_ascii_graphic() && c != '$' && c != '{')
    };
    let names = scopes.into_iter().flatten().map(|(name, _)| name);
    names.filter(is_reading).take(12).cloned().collect()
}

fn usable_url(url: &str) -> Option<String> {
    let parsed = Url::parse(url).ok()?;
    let is_clean =
        parsed.username().is_empty() && parsed.password().is_none() && !url.contains("${");
    (matches!(parsed.scheme(), "http" | "https") && is_clean && !url.chars().any(char::is_control))
        .then(|| url.to_owned())
}
