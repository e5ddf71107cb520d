//! A record to try a draft with: invented values, by the role of each field.

use serde_json::{Map, Value as Json, json};

use super::shape::{Field, Kind, Shape};

/// A record under construction. A field that plays two roles keeps its first value.
#[derive(Debug, Clone, Default)]
pub struct Sample {
    fields: Map<String, Json>,
}

impl Sample {
    /// The value at a way: the one that is there, else this.
    pub fn at(&mut self, path: &[&Field], value: Json) -> Json {
        let Some((last, around)) = path.split_last() else {
            return value;
        };
        let mut object = &mut self.fields;
        for field in around {
            let inner = object
                .entry(field.name.clone())
                .or_insert_with(|| json!({}));
            let Json::Object(inner) = inner else {
                return value;
            };
            object = inner;
        }
        object.entry(last.name.clone()).or_insert(value).clone()
    }

    /// The record.
    pub fn record(&self) -> Json {
        Json::Object(self.fields.clone())
    }
}

/// A text in the form of a shape.
pub(super) fn fitting(shape: &Shape, text: &str, number: u32) -> Json {
    if let Some(choice) = shape.choices.first() {
        return Json::from(choice.as_str());
    }
    match shape.kind {
        Kind::Integer | Kind::Number => json!(number),
        Kind::Truth => json!(true),
        Kind::Bit => json!(1),
        Kind::Moment => json!("2024-05-06T07:08:09Z"),
        Kind::Text if shape.format.as_deref() == Some("uuid") => {
            json!(format!("00000000-0000-4000-8000-{number:012}"))
        }
        _ => json!(text),
    }
}

/// The text that a scalar becomes.
pub fn text_of(value: &Json) -> String {
    match value {
        Json::String(text) => text.clone(),
        other => other.to_string(),
    }
}
