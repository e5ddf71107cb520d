//! Optional values, lists and mappings of other values.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::decode::{Decode, Decoder};
use super::tree::{Key, Node, NodeValue};
use crate::diagnostic::Span;

impl<T: Decode> Decode for Option<T> {
    fn decode(node: &Node, decoder: &mut Decoder) -> Option<Self> {
        T::decode(node, decoder).map(Some)
    }

    fn absent() -> Option<Self> {
        Some(None)
    }
}

impl<T: Decode> Decode for Box<T> {
    fn decode(node: &Node, decoder: &mut Decoder) -> Option<Self> {
        T::decode(node, decoder).map(Box::new)
    }

    fn absent() -> Option<Self> {
        T::absent().map(Box::new)
    }
}

impl<T: Decode> Decode for Vec<T> {
    fn decode(node: &Node, decoder: &mut Decoder) -> Option<Self> {
        let NodeValue::List(items) = &node.value else {
            decoder.wrong_type::<()>(node, "a list");
            let fix = decoder.bracketed::<T>(node);
            if let (NodeValue::Scalar { .. }, Some(last)) =
                (&node.value, decoder.diagnostics.last_mut())
            {
                last.help = Some("put it in brackets: `[…]`".to_owned());
                last.fix.extend(fix);
            }
            // The rest of the file is checked as if the brackets were there.
            let noted = decoder.diagnostics.len();
            let one = match &node.value {
                NodeValue::Scalar { .. } => T::decode(node, decoder),
                _ => None,
            };
            decoder.diagnostics.truncate(noted);
            return one.map(|one| vec![one]);
        };
        decode_items(items, decoder)
    }

    fn absent() -> Option<Self> {
        Some(Vec::new())
    }
}

fn decode_items<T: Decode>(items: &[Node], decoder: &mut Decoder) -> Option<Vec<T>> {
    let decoded: Vec<Option<T>> = items
        .iter()
        .enumerate()
        .map(|(index, item)| {
            decoder.under(format!("[{index}]"), |decoder| {
                let read = T::decode(item, decoder);
                if read.is_none() {
                    // The list is shorter than written; nobody shall call it empty.
                    let path = decoder.path().to_string();
                    decoder.failed.push(path);
                }
                read
            })
        })
        .collect();
    Some(decoded.into_iter().flatten().collect())
}

/// One value, or a list of them.
#[derive(Debug, Clone)]
pub struct OneOrMany<T>(pub Vec<T>);

impl<T: Decode> Decode for OneOrMany<T> {
    fn decode(node: &Node, decoder: &mut Decoder) -> Option<Self> {
        match &node.value {
            NodeValue::List(items) => decode_items(items, decoder).map(OneOrMany),
            _ => T::decode(node, decoder).map(|one| OneOrMany(vec![one])),
        }
    }

    fn absent() -> Option<Self> {
        Some(OneOrMany(Vec::new()))
    }
}

impl<T: JsonSchema> JsonSchema for OneOrMany<T> {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        format!("OneOrMany{}", T::schema_name()).into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let one = generator.subschema_for::<T>();
        json_schema!({ "anyOf": [one, { "type": "array", "items": one }] })
    }
}

/// A mapping whose keys the author chooses, in the order written.
#[derive(Debug, Clone)]
pub struct Named<T>(pub Vec<(Key, T)>);

impl<T> Default for Named<T> {
    fn default() -> Self {
        Named(Vec::new())
    }
}

impl<T> Named<T> {
    /// The value under a key.
    pub fn get(&self, key: &str) -> Option<&T> {
        self.0
            .iter()
            .find(|(found, _)| found.text == key)
            .map(|(_, value)| value)
    }

    /// Keys and values, in the order written.
    pub fn iter(&self) -> impl Iterator<Item = (&Key, &T)> {
        self.0.iter().map(|(key, value)| (key, value))
    }

    /// True when nothing is written.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<T: Decode> Decode for Named<T> {
    fn decode(node: &Node, decoder: &mut Decoder) -> Option<Self> {
        let NodeValue::Map(entries) = &node.value else {
            return decoder.wrong_type(node, "a mapping");
        };
        let decoded: Vec<Option<(Key, T)>> = entries
            .iter()
            .map(|(key, value)| {
                let value = decoder.under(key.text.as_str(), |decoder| match value.value {
                    NodeValue::Null => T::absent().or_else(|| T::decode(value, decoder)),
                    _ => T::decode(value, decoder),
                });
                value.map(|value| (key.clone(), value))
            })
            .collect();
        Some(Named(decoded.into_iter().flatten().collect()))
    }

    fn absent() -> Option<Self> {
        Some(Named::default())
    }
}

impl<T: JsonSchema> JsonSchema for Named<T> {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        format!("Named{}", T::schema_name()).into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let value = generator.subschema_for::<T>();
        json_schema!({ "type": "object", "additionalProperties": value })
    }
}

/// The schema of a wrapper is that of the value inside: an author sees no difference.
macro_rules! schema_of_value {
    ($wrapper:ident) => {
        impl<T: JsonSchema> JsonSchema for $wrapper<T> {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                T::schema_name()
            }

            fn inline_schema() -> bool {
                true
            }

            fn json_schema(generator: &mut SchemaGenerator) -> Schema {
                generator.subschema_for::<T>()
            }
        }
    };
}

/// A value together with the place it was written at, for mistakes of a section as a whole.
#[derive(Debug, Clone)]
pub struct Placed<T> {
    /// Where it begins.
    pub span: Span,
    /// Where everything in it stands.
    pub places: Vec<Span>,
    /// What stands there.
    pub value: T,
}

impl<T> std::ops::Deref for Placed<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T: Decode> Decode for Placed<T> {
    fn decode(node: &Node, decoder: &mut Decoder) -> Option<Self> {
        T::decode(node, decoder).map(|value| Placed {
            span: node.span,
            places: node.places(),
            value,
        })
    }
}

schema_of_value!(Placed);

/// A value whose mistakes, which are noted, do not take the section around it along: `None` inside.
#[derive(Debug, Clone)]
pub struct Tolerant<T>(pub Option<T>);

impl<T: Decode> Decode for Tolerant<T> {
    fn decode(node: &Node, decoder: &mut Decoder) -> Option<Self> {
        Some(Tolerant(T::decode(node, decoder)))
    }
}

schema_of_value!(Tolerant);

/// A part of the language that this version reads but does not act on yet, kept as written.
#[derive(Debug, Clone)]
pub struct Reserved(pub Node);

impl Decode for Reserved {
    fn decode(node: &Node, _: &mut Decoder) -> Option<Self> {
        Some(Reserved(node.clone()))
    }
}

impl JsonSchema for Reserved {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Reserved".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({})
    }
}
