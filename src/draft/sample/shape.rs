//! Values → the shape that they share.

use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value as Json;

use crate::draft::guess::{Field, Kind, Shape, joined};

static MOMENT: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?)?$")
        .expect("a valid pattern")
});
static ADDRESS: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^[^@\s]+@[^@\s]+\.[^@\s]+$").expect("a valid pattern"));

/// How deep values are looked into, and how many of a list.
const DEPTH: usize = 8;
const ITEMS: usize = 200;

/// Fields whose few values are words, rather than whatever people wrote.
const WORDS: &[&str] = &[
    "status",
    "state",
    "type",
    "kind",
    "role",
    "level",
    "accountstatus",
    "usertype",
];

/// The shape of a value.
pub fn shape(value: &Json) -> Shape {
    of(value, DEPTH, "")
}

fn of(value: &Json, depth: usize, name: &str) -> Shape {
    if depth == 0 {
        return Shape::default();
    }
    match value {
        Json::Null => Shape::default(),
        Json::Bool(_) => Shape::of(Kind::Truth),
        Json::Number(number) if number.is_f64() => Shape::of(Kind::Number),
        Json::Number(_) => Shape::of(Kind::Integer),
        Json::String(text) => of_text(text, name),
        Json::Array(items) => {
            let shapes = items
                .iter()
                .take(ITEMS)
                .map(|item| of(item, depth - 1, name));
            let item = shapes.reduce(common).unwrap_or_default();
            Shape::of(Kind::List(Box::new(item)))
        }
        Json::Object(fields) => {
            let field = |(name, value): (&String, &Json)| Field {
                name: name.clone(),
                shape: of(value, depth - 1, name),
                required: !value.is_null(),
                key: false,
            };
            Shape::of(Kind::Object(fields.iter().map(field).collect()))
        }
    }
}

fn of_text(text: &str, name: &str) -> Shape {
    let (kind, format) = if MOMENT.is_match(text) {
        (Kind::Moment, None)
    } else if ADDRESS.is_match(text) {
        (Kind::Text, Some("email"))
    } else if text.starts_with("https://") || text.starts_with("http://") {
        (Kind::Text, Some("uri"))
    } else {
        (Kind::Text, None)
    };
    let is_word = WORDS.contains(&joined(name).as_str()) && text.len() <= 30 && !text.is_empty();
    Shape {
        kind,
        // What other words there are, a sample does not say.
        format: if is_word {
            Some("seen".to_owned())
        } else {
            format.map(str::to_owned)
        },
        choices: if is_word {
            vec![text.to_owned()]
        } else {
            Vec::new()
        },
    }
}

/// What two values have in common.
fn common(one: Shape, other: Shape) -> Shape {
    let (mut one, other) = match (&one.kind, &other.kind) {
        (Kind::Unknown, _) => (other, one),
        _ => (one, other),
    };
    match (&mut one.kind, other.kind) {
        (_, Kind::Unknown) => {}
        (Kind::Object(fields), Kind::Object(others)) => {
            for field in fields.iter_mut() {
                field.required &= others
                    .iter()
                    .any(|other| other.name == field.name && other.required);
            }
            for mut other in others {
                match fields.iter_mut().find(|field| field.name == other.name) {
                    Some(field) => {
                        field.shape = common(std::mem::take(&mut field.shape), other.shape)
                    }
                    None => {
                        other.required = false;
                        fields.push(other);
                    }
                }
            }
        }
        (Kind::List(item), Kind::List(other)) => {
            **item = common(std::mem::take(&mut **item), *other)
        }
        (Kind::Integer, Kind::Number) => one.kind = Kind::Number,
        (Kind::Text, Kind::Text) => {
            if one.format != other.format {
                one.format = None;
            }
            for choice in other.choices {
                if !one.choices.contains(&choice) {
                    one.choices.push(choice);
                }
            }
        }
        (own, other) if *own != other => *own = Kind::Text,
        _ => {}
    }
    one
}
