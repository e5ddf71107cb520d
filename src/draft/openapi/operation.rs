//! Paths → what can be asked for with `GET`, and what comes.

use serde_json::Value as Json;

use crate::draft::api::{Answer, Parameter};
use crate::draft::guess::{Shape, noun, singular, words};
use crate::draft::sample;
use crate::draft::wish::Wish;

use super::document::Document;
use super::schema;

/// A `GET` whose answer has a list.
pub(super) struct Operation<'d> {
    pub path: &'d str,
    pub json: &'d Json,
    /// The segments of the path without those of versions and prefixes.
    pub segments: Vec<Segment>,
    pub parameters: Vec<Given>,
    pub answer: Answer,
    /// The words of what is listed, the last one singular.
    pub words: Vec<String>,
}

/// A part of a path between slashes.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Segment {
    Word(String),
    /// With the name of the parameter.
    Parameter(String),
}

/// A parameter of the query or of the headers.
#[derive(Debug, Clone)]
pub(super) struct Given {
    pub place: String,
    pub required: bool,
    pub parameter: Parameter,
    /// What may be sent: the default, the only choice.
    pub value: Option<String>,
}

/// How many operations are looked at.
const MOST: usize = 20_000;

/// Every `GET` with a list, as far as the document tells.
pub(super) fn operations<'d>(document: &Document<'d>, wish: &Wish) -> Vec<Operation<'d>> {
    let paths = document.root.get("paths").and_then(Json::as_object);
    let mut operations = Vec::new();
    for (path, item) in paths.into_iter().flatten().take(MOST) {
        let Some(item) = document.resolve(item) else {
            continue;
        };
        let Some(json) = item.get("get").filter(|get| get.is_object()) else {
            continue;
        };
        operations.extend(operation(*document, path, item, json, wish));
    }
    operations
}

fn operation<'d>(
    document: Document<'d>,
    path: &'d str,
    item: &'d Json,
    json: &'d Json,
    wish: &Wish,
) -> Option<Operation<'d>> {
    let segments = segments(path);
    let Some(Segment::Word(_)) = segments.last() else {
        return None;
    };
    let words = wanted(&segments);
    let mut parameters: Vec<Given> = Vec::new();
    for given in [item, json] {
        for each in given
            .get("parameters")
            .and_then(Json::as_array)
            .into_iter()
            .flatten()
        {
            if let Some(given) = document
                .resolve(each)
                .and_then(|each| parameter(document, each))
            {
                parameters.retain(|known| {
                    known.parameter.name != given.parameter.name || known.place != given.place
                });
                parameters.push(given);
            }
        }
    }
    let (envelope, headers) = answer(document, json, is_promising(&words, path, wish))?;
    let answer = Answer::of(envelope, &words, headers)?;
    Some(Operation {
        path,
        json,
        segments,
        parameters,
        answer,
        words,
    })
}

/// True for what a draft may need all of: large documents have thousands of other lists.
fn is_promising(words: &[String], path: &str, wish: &Wish) -> bool {
    const PAIRS: &[&str] = &[
        "membership",
        "assignment",
        "owner",
        "assignee",
        "subgroup",
        "child",
        "children",
    ];
    let last = words.last().map(String::as_str).unwrap_or_default();
    noun(words).is_some() || PAIRS.contains(&last) || wish.names(last) || wish.names(path)
}

/// The segments of a path: `/api/v1/groups/{id}/members`.
fn segments(path: &str) -> Vec<Segment> {
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let segment = |text: &str| match (text.find('{'), text.find('}')) {
        (Some(open), Some(close)) if open < close => {
            Segment::Parameter(text[open + 1..close].to_owned())
        }
        _ => Segment::Word(text.to_owned()),
    };
    path.split('/')
        .filter(|text| !text.is_empty())
        .map(segment)
        .collect()
}

/// Words of paths that say what is done, not what it is done with.
const VERBS: &[&str] = &[
    "list", "get", "all", "search", "find", "query", "fetch", "read", "index", "json", "xml", "v1",
    "v2", "v3",
];

/// What is listed: the last segment that says more than a verb.
fn wanted(segments: &[Segment]) -> Vec<String> {
    for segment in segments.iter().rev() {
        let Segment::Word(text) = segment else {
            // What is behind a parameter belongs to one thing.
            break;
        };
        let mut own: Vec<String> = words(text)
            .into_iter()
            .filter(|word| !VERBS.contains(&word.as_str()))
            .collect();
        if let Some(last) = own.last_mut() {
            *last = singular(last);
            return own;
        }
    }
    Vec::new()
}

fn parameter(document: Document<'_>, json: &Json) -> Option<Given> {
    let name = json.get("name")?.as_str()?.to_owned();
    let place = json.get("in")?.as_str()?.to_owned();
    // Swagger 2 has no schema around it.
    let schema = json
        .get("schema")
        .and_then(|schema| document.resolve(schema))
        .unwrap_or(json);
    let text = |value: &Json| match value {
        Json::String(text) => Some(text.clone()),
        Json::Number(_) | Json::Bool(_) => Some(value.to_string()),
        _ => None,
    };
    let default = schema.get("default").and_then(text);
    let only = match schema
        .get("enum")
        .and_then(Json::as_array)
        .map(Vec::as_slice)
    {
        Some([only]) => text(only),
        _ => None,
    };
    Some(Given {
        place,
        required: json.get("required").and_then(Json::as_bool) == Some(true),
        value: default.clone().or(only),
        parameter: Parameter {
            name,
            default,
            minimum: schema.get("minimum").and_then(Json::as_i64),
            maximum: schema.get("maximum").and_then(Json::as_i64),
        },
    })
}

/// The shape of the answer to a `GET`, and its headers.
fn answer(document: Document<'_>, json: &Json, wanted: bool) -> Option<(Shape, Vec<String>)> {
    let responses = json.get("responses")?.as_object()?;
    let good = ["200", "2XX", "2xx", "201", "206", "default"];
    let response = good.iter().find_map(|status| responses.get(*status))?;
    let response = document.resolve(response)?;
    let headers = response.get("headers").and_then(Json::as_object);
    let headers = headers
        .into_iter()
        .flatten()
        .map(|(name, _)| name.to_lowercase())
        .collect();
    let content = response.get("content").and_then(Json::as_object);
    let media = content.and_then(|content| {
        let is_json = |name: &str| name.contains("json") || name.contains("*/*");
        content
            .iter()
            .find(|(name, _)| is_json(name))
            .map(|(_, media)| media)
    });
    let schema = media
        .and_then(|media| media.get("schema"))
        .or_else(|| response.get("schema"));
    let shape = schema.map(|schema| schema::shape(document, schema, wanted));
    if let Some(shape) = shape.filter(|shape| *shape != Shape::default()) {
        return Some((shape, headers));
    }
    // Some describe their answers by an example alone.
    let example = media.and_then(|media| {
        let first = || media.get("examples")?.as_object()?.values().next();
        let named = first().and_then(|example| document.resolve(example)?.get("value"));
        media.get("example").or(named)
    });
    let old = || response.get("examples")?.as_object()?.values().next();
    let example = example.or_else(old)?;
    Some((sample::shape(example), headers))
}
