//! Schemas → shapes. Whatever refers to itself ends where it would begin again.

use serde_json::Value as Json;

use crate::draft::guess::{Field, Kind, Shape};

use super::document::Document;

/// How deep schemas are looked into: an envelope or two, and the fields of an item.
const DEPTH: usize = 7;

/// How many schemas one answer may be made of: one that is wanted, and one that is only looked at.
const BUDGET: usize = 3000;
const GLANCE: usize = 200;

/// How many fields of an object are looked at.
const FIELDS: usize = 300;

/// How many choices of a text are kept, and how long they may be.
const CHOICES: usize = 30;
const CHOICE: usize = 60;

/// The shape of what a schema describes; only its outlines where it is not `wanted`.
pub(super) fn shape(document: Document<'_>, schema: &Json, wanted: bool) -> Shape {
    let mut reader = Reader {
        document,
        budget: if wanted { BUDGET } else { GLANCE },
        within: Vec::new(),
    };
    reader.shape(schema, if wanted { DEPTH } else { 4 })
}

struct Reader<'d> {
    document: Document<'d>,
    budget: usize,
    /// The references that are being followed.
    within: Vec<String>,
}

impl<'d> Reader<'d> {
    fn shape(&mut self, schema: &Json, depth: usize) -> Shape {
        if depth == 0 || self.budget == 0 {
            return Shape::default();
        }
        self.budget -= 1;
        let Some(to) = schema.get("$ref").and_then(Json::as_str) else {
            return self.plain(schema, depth);
        };
        // A manager is a user who has a manager: once more is enough.
        let again = self.within.iter().filter(|within| *within == to).count();
        let document = self.document;
        let Some(target) = to
            .strip_prefix('#')
            .map(crate::draft::text::decoded)
            .and_then(|pointer| document.root.pointer(&pointer))
        else {
            return Shape::default();
        };
        if again > 1 || depth == 1 {
            let is_object = target.get("properties").is_some() || target.get("allOf").is_some();
            return if is_object {
                Shape::of(Kind::Object(Vec::new()))
            } else {
                Shape::default()
            };
        }
        self.within.push(to.to_owned());
        // A reference to a reference counts as a level, so that chains end.
        let shape = self.shape(target, depth - usize::from(target.get("$ref").is_some()));
        self.within.pop();
        shape
    }

    fn plain(&mut self, schema: &Json, depth: usize) -> Shape {
        let mut shape = self.own(schema, depth);
        for part in list(schema, "allOf") {
            let other = self.shape(part, depth);
            merge(&mut shape, other, true);
        }
        let mut variants = list(schema, "oneOf")
            .chain(list(schema, "anyOf"))
            .filter(|part| !is_null(part));
        if let Some(first) = variants.next() {
            let mut any = self.shape(first, depth);
            for part in variants.take(8) {
                let other = self.shape(part, depth);
                merge(&mut any, other, false);
            }
            merge(&mut shape, any, true);
        }
        shape
    }

    fn own(&mut self, schema: &Json, depth: usize) -> Shape {
        let text = |key: &str| schema.get(key).and_then(Json::as_str);
        let named = match schema.get("type") {
            Some(Json::String(name)) => Some(name.as_str()),
            Some(Json::Array(names)) => names
                .iter()
                .filter_map(Json::as_str)
                .find(|name| *name != "null"),
            _ => None,
        };
        let has = |key: &str| schema.get(key).is_some();
        let format = text("format").map(str::to_owned);
        let kind = match named {
            Some("object") => self.object(schema, depth),
            Some("array") => self.items(schema, depth),
            Some("integer") => Kind::Integer,
            Some("number") => Kind::Number,
            Some("boolean") => Kind::Truth,
            Some("string") => match format.as_deref() {
                Some("date-time" | "date" | "datetime") => Kind::Moment,
                Some("binary") => Kind::Bytes,
                _ => Kind::Text,
            },
            _ if has("properties") => self.object(schema, depth),
            _ if has("items") => self.items(schema, depth),
            _ if has("enum") => Kind::Text,
            _ => Kind::Unknown,
        };
        let choices = list(schema, "enum")
            .chain(list(schema, "x-extensible-enum"))
            .filter_map(Json::as_str)
            .filter(|choice| choice.len() <= CHOICE)
            .take(CHOICES);
        Shape {
            choices: if kind == Kind::Text {
                choices.map(str::to_owned).collect()
            } else {
                Vec::new()
            },
            kind,
            format,
        }
    }

    fn items(&mut self, schema: &Json, depth: usize) -> Kind {
        let item = schema.get("items").map(|item| self.shape(item, depth - 1));
        Kind::List(Box::new(item.unwrap_or_default()))
    }

    fn object(&mut self, schema: &Json, depth: usize) -> Kind {
        let required: Vec<&str> = list(schema, "required").filter_map(Json::as_str).collect();
        let properties = schema.get("properties").and_then(Json::as_object);
        let mut fields = Vec::new();
        for (name, property) in properties.into_iter().flatten().take(FIELDS) {
            let shape = self.shape(property, depth - 1);
            let may_be_null =
                self.document.resolve(property).is_none_or(is_nullable) || is_nullable(property);
            fields.push(Field {
                name: name.clone(),
                shape,
                required: required.contains(&name.as_str()) && !may_be_null,
                key: false,
            });
        }
        Kind::Object(fields)
    }
}

fn list<'j>(schema: &'j Json, key: &str) -> impl Iterator<Item = &'j Json> {
    schema
        .get(key)
        .and_then(Json::as_array)
        .into_iter()
        .flatten()
}

fn is_null(schema: &Json) -> bool {
    schema.get("type").and_then(Json::as_str) == Some("null")
}

fn is_nullable(schema: &Json) -> bool {
    let truth = |key: &str| schema.get(key).and_then(Json::as_bool) == Some(true);
    let lists_null = list(schema, "type").any(|name| name.as_str() == Some("null"));
    truth("nullable")
        || truth("x-nullable")
        || lists_null
        || list(schema, "oneOf").any(is_null)
        || list(schema, "anyOf").any(is_null)
}

/// Puts what another schema says beside what is known. `all` when both hold at once; otherwise one of
/// them does, and what only one of them has may be missing.
fn merge(shape: &mut Shape, other: Shape, all: bool) {
    if shape.kind == Kind::Unknown {
        let choices = std::mem::take(&mut shape.choices);
        *shape = other;
        shape.choices.extend(choices);
        return;
    }
    match (&mut shape.kind, other.kind) {
        (Kind::Object(fields), Kind::Object(others)) => {
            if !all {
                for field in fields.iter_mut() {
                    field.required &= others
                        .iter()
                        .any(|other| other.name == field.name && other.required);
                }
            }
            for mut other in others {
                match fields.iter_mut().find(|field| field.name == other.name) {
                    Some(field) if field.shape.kind == Kind::Unknown => field.shape = other.shape,
                    Some(field) => field.required |= all && other.required,
                    None => {
                        other.required &= all;
                        fields.push(other);
                    }
                }
            }
        }
        (Kind::Text, Kind::Text) => {
            for choice in other.choices {
                if !shape.choices.contains(&choice) {
                    shape.choices.push(choice);
                }
            }
        }
        _ => {}
    }
}
