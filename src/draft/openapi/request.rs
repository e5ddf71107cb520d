//! An operation → the request that a connector file makes of it.

use crate::draft::api::{Parameter, paging, unexplained};
use crate::draft::connector::DraftListing;
use crate::draft::guess::{Language, joined};
use crate::draft::yaml::{Entry, Section};

use super::operation::{Given, Operation, Segment};
use super::place::Place;

/// What the parameters of a path stand for, in their order: a template without its braces, such as
/// `.resource.id`. What is missing becomes an entry of `vars`.
pub(super) fn listing(
    operation: &Operation<'_>,
    values: &[&str],
    place: &mut Place,
) -> (DraftListing, Vec<String>) {
    let mut todos = Vec::new();
    place.used.push(operation.path.to_owned());
    let mut request = Section::new().with("url", url(operation.path, values, place));
    let mut query = Section::new();
    for given in operation.parameters.iter().filter(|given| given.required) {
        match given.place.as_str() {
            "query" if !is_paging(operation, given) => {
                let (value, todo) = required(given, place);
                todos.extend(todo);
                query.put(&given.parameter.name, value);
            }
            "header" => required_header(given, place),
            _ => {}
        }
    }
    if !query.is_empty() {
        request.put("query_params", query);
    }
    let mut response = Section::new();
    if let Some(path) = operation.answer.items_path() {
        response.put("items_path", path);
    }
    let parameters = parameters(operation);
    let pagination = paging(&parameters, &operation.answer);
    if pagination.is_none()
        && let Some(hint) = unexplained(&parameters, &operation.answer)
    {
        todos.push(format!(
            "`{}` seems to have pages (`{hint}`), and how to get the next one is not said",
            operation.path
        ));
    }
    let list = DraftListing {
        asks: Section::new().with("request", request),
        pagination,
        response,
    };
    (list, todos)
}

/// The query parameters, for what they say of paging.
fn parameters(operation: &Operation<'_>) -> Vec<Parameter> {
    let of_query = operation
        .parameters
        .iter()
        .filter(|given| given.place == "query");
    of_query.map(|given| given.parameter.clone()).collect()
}

fn is_paging(operation: &Operation<'_>, given: &Given) -> bool {
    let pagination = paging(&parameters(operation), &operation.answer);
    let written = pagination.map(|(section, _)| section.texts());
    written.is_some_and(|texts| texts.contains(&given.parameter.name))
}

/// The value of a parameter that has to be sent: what the document says, else a variable.
fn required(given: &Given, place: &mut Place) -> (String, Option<String>) {
    let name = &given.parameter.name;
    match given.value.as_ref().filter(|value| is_literal(value)) {
        Some(value) => (value.clone(), None),
        None => {
            let value = place.variable(name);
            let todo = format!(
                "the parameter `{name}` has to be sent, and its value is not said: {value} has it"
            );
            (value, Some(todo))
        }
    }
}

/// Text that stays what it is: no expression, no variable.
pub(super) fn is_literal(text: &str) -> bool {
    let lower = text.trim_start().to_lowercase();
    !lower.starts_with("cel:")
        && !lower.starts_with("tmpl:")
        && !text.contains("${")
        && !text.contains("{{")
        && text.chars().all(|c| !c.is_control())
}

/// A header that has to be sent, for all requests.
fn required_header(given: &Given, place: &mut Place) {
    let name = &given.parameter.name;
    let plain = joined(name);
    let known = [
        "authorization",
        "accept",
        "contenttype",
        "useragent",
        "host",
        "contentlength",
    ];
    if known.contains(&plain.as_str())
        || !is_header_name(name)
        || place.headers.iter().any(|(known, _)| known == name)
    {
        return;
    }
    let value = match given.value.as_ref().filter(|value| is_literal(value)) {
        Some(value) => value.clone(),
        None => place.variable(name),
    };
    place.headers.push((name.clone(), value));
}

/// True for what HTTP takes as the name of a header.
pub(super) fn is_header_name(name: &str) -> bool {
    !name.is_empty()
        && name.len() < 100
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "-_".contains(c))
}

/// The path with its parameters filled in.
pub(super) fn url(path: &str, values: &[&str], place: &mut Place) -> String {
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let mut url = String::new();
    let parameters = path.matches('{').count();
    // What nobody fills in comes first: `/orgs/{org}/teams/{team}`.
    let mut unknown = parameters.saturating_sub(values.len());
    let mut values = values.iter();
    let mut is_template = false;
    let mut rest = path;
    while let Some((before, behind)) = rest.split_once('{') {
        url.push_str(&literal(before));
        let Some((name, after)) = behind.split_once('}') else {
            rest = behind;
            continue;
        };
        let known = if unknown > 0 { None } else { values.next() };
        unknown = unknown.saturating_sub(1);
        let value = match known {
            Some(value) => (*value).to_owned(),
            None => format!(".vars.{}", place.var(name)),
        };
        url.push_str(&format!("{{{{ {value} }}}}"));
        is_template = true;
        rest = after;
    }
    url.push_str(&literal(rest));
    if !url.starts_with('/') {
        url.insert(0, '/');
    }
    if is_template {
        format!("tmpl:{url}")
    } else {
        url
    }
}

/// A part of a path that stays as it is: no brace or dollar of it means anything.
fn literal(text: &str) -> String {
    let encode = |c: char| match c {
        '{' => "%7B".to_owned(),
        '}' => "%7D".to_owned(),
        '$' => "%24".to_owned(),
        c if c.is_control() || c == ' ' => {
            let mut bytes = [0; 4];
            c.encode_utf8(&mut bytes)
                .bytes()
                .map(|byte| format!("%{byte:02X}"))
                .collect()
        }
        c => c.to_string(),
    };
    text.chars().map(encode).collect()
}

impl Operation<'_> {
    /// The names of the parameters in the path.
    pub(super) fn path_parameters(&self) -> Vec<&str> {
        let parameter = |segment: &'_ Segment| matches!(segment, Segment::Parameter(_));
        let names = self.segments.iter().filter(|segment| parameter(segment));
        names
            .map(|segment| match segment {
                Segment::Parameter(name) | Segment::Word(name) => name.as_str(),
            })
            .collect()
    }

    /// True when the whole path is this one but for the names of its parameters, and then has
    /// `{parameter}` and further segments behind it.
    pub(super) fn is_below(&self, other: &Operation<'_>) -> Option<&[Segment]> {
        let rest = self.segments.get(other.segments.len()..)?;
        let same = self
            .segments
            .iter()
            .zip(&other.segments)
            .all(|pair| match pair {
                (Segment::Word(own), Segment::Word(other)) => own.eq_ignore_ascii_case(other),
                (Segment::Parameter(_), Segment::Parameter(_)) => true,
                _ => false,
            });
        match rest {
            [Segment::Parameter(_), behind @ ..] if same && !behind.is_empty() => Some(behind),
            _ => None,
        }
    }
}

/// The language of what is drafted here.
pub(super) const LANGUAGE: Language = Language::Http;

/// An entry for a listing of grants whose items come with their resource.
pub(super) fn unwound(list: &DraftListing, list_key: &str) -> DraftListing {
    let mut list = list.clone();
    list.response.push(Entry::new("unwind", list_key));
    list
}
