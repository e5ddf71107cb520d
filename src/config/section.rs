//! Declaring parts of the language: a struct or a closed set, how it is read, and its JSON Schema,
//! from one text.

use schemars::{Schema, SchemaGenerator, json_schema};

use super::decode::{Decoder, Fields};
use super::tree::Node;
use crate::diagnostic::{Diagnostic, list, nearest};

/// One field of a section's schema.
pub struct FieldSchema {
    /// The name it is written under, then the older ones.
    pub names: &'static [&'static str],
    /// The user's documentation.
    pub doc: &'static str,
    /// Whether leaving it out is an error.
    pub required: bool,
    /// What may be written.
    pub schema: Schema,
}

/// The schema of a mapping with these fields and no others.
pub fn object_schema(doc: &str, fields: Vec<FieldSchema>) -> Schema {
    let mut properties = serde_json::Map::new();
    let mut required = Vec::new();
    for field in fields {
        for (index, name) in field.names.iter().enumerate() {
            let mut schema = field.schema.clone();
            let doc = match index {
                0 => tidy(field.doc),
                _ => format!("Older name of `{}`.", field.names[0]),
            };
            let examples = examples(&doc);
            if !examples.is_empty() && is_text(&schema) && schema.get("examples").is_none() {
                schema.insert("examples".into(), examples.into());
            }
            schema.insert("description".into(), doc.into());
            if index > 0 {
                schema.insert("deprecated".into(), true.into());
            }
            properties.insert((*name).to_owned(), schema.to_value());
        }
        if field.required && field.names.len() == 1 {
            required.push(field.names[0]);
        }
    }
    let mut schema = json_schema!({
        "type": "object",
        "description": tidy(doc),
        "properties": properties,
        "additionalProperties": false,
    });
    if !required.is_empty() {
        schema.insert("required".into(), required.into());
    }
    schema
}

/// What the documentation of a field gives as examples: `for example `…`` and those after it.
/// So do words that it begins with: `` `human`, `service` or `system`.``
fn examples(doc: &str) -> Vec<String> {
    let mut examples = words(doc);
    for (at, lead) in doc.match_indices("for example ") {
        let mut rest = &doc[at + lead.len()..];
        while let Some((example, after)) =
            rest.strip_prefix('`').and_then(|rest| rest.split_once('`'))
        {
            // A piece of the file, with its key, is not what stands behind the key.
            let is_piece = example.contains(": ") && !example.starts_with(['\'', '"', '{']);
            let is_program = ["cel:", "tmpl:"].iter().any(|it| example.starts_with(it));
            if (!is_piece || is_program) && !example.starts_with('{') {
                examples.push(example.to_owned());
            }
            rest = [", ", " or ", ", or "]
                .iter()
                .find_map(|between| after.strip_prefix(between))
                .unwrap_or_default();
        }
    }
    examples
}

/// The words between backticks that a text begins with.
fn words(doc: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut rest = doc;
    while let Some((word, after)) = rest.strip_prefix('`').and_then(|rest| rest.split_once('`')) {
        if !word.chars().all(|c| c.is_ascii_lowercase() || c == '_') {
            return Vec::new();
        }
        words.push(word.to_owned());
        rest = [", ", " or ", "; ", ", or "]
            .iter()
            .find_map(|between| after.strip_prefix(between))
            .unwrap_or_default();
    }
    words
}

/// Whether text is written there: itself, or one of the kinds of text that have a schema of their own.
fn is_text(schema: &Schema) -> bool {
    let value = schema.as_value();
    let choices = value.get("anyOf").and_then(|it| it.as_array());
    let mut ways = choices.map_or_else(|| vec![value], |choices| choices.iter().collect());
    ways.retain(|way| way.get("type").is_none_or(|it| it != "null"));
    let is_text = |way: &&serde_json::Value| match (way.get("$ref"), way.get("type")) {
        (Some(name), _) => name.as_str().is_some_and(|name| name.ends_with("Text")),
        (None, Some(serde_json::Value::String(name))) => name == "string",
        (None, Some(serde_json::Value::Array(names))) => names.iter().any(|it| it == "string"),
        _ => false,
    };
    !ways.is_empty() && ways.iter().all(is_text)
}

/// A doc comment as one paragraph per blank line, without the space that follows `///`.
pub fn tidy(doc: &str) -> String {
    let paragraphs = doc.split("\n\n").map(|paragraph| {
        paragraph
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty())
            .collect::<Vec<_>>()
            .join(" ")
    });
    paragraphs
        .filter(|paragraph| !paragraph.is_empty())
        .collect::<Vec<_>>()
        .join("\n\n")
}

/// Declares a section of the YAML: a struct whose doc comments are the user's documentation,
/// its [`Decode`](crate::config::decode::Decode) and its JSON Schema.
///
/// A field may have older names (`link_next_path | "next_link_path": …`) and a default
/// (`page_size: u32 = 100`). Whether it is required follows from its type. At the end, `=> change:
/// ChangeConfig` takes the fields of another section in.
#[macro_export]
macro_rules! section {
    (@default $ty:ty) => { None };
    (@default $ty:ty, $default:expr) => { Some((|| $default) as fn() -> $ty) };
    (
        $(#[doc = $doc:literal])+
        $vis:vis struct $name:ident {
            $(
                $(#[doc = $fdoc:literal])+
                $fvis:vis $field:ident $(| $alias:literal)* : $ty:ty $(= $default:expr)?
            ),* $(,)?
            $(=> $wvis:vis $within:ident : $wty:ty)?
        }
    ) => {
        $(#[doc = $doc])+
        #[derive(Debug, Clone)]
        $vis struct $name {
            $($(#[doc = $fdoc])+ $fvis $field: $ty,)*
            $(#[doc = "The fields that it shares with other sections."] $wvis $within: $wty,)?
        }

        impl $crate::config::section::DecodeFields for $name {
            #[allow(unused_mut, unused_variables)]
            fn decode_fields(
                fields: &mut $crate::config::decode::Fields<'_>,
                decoder: &mut $crate::config::decode::Decoder,
            ) -> Option<Self> {
                $(
                    let default: Option<fn() -> $ty> = $crate::section!(@default $ty $(, $default)?);
                    let $field = fields.take::<$ty>(
                        decoder,
                        &[$crate::config::section::field_name(stringify!($field)) $(, $alias)*],
                        default,
                    );
                )*
                $(let $within = <$wty as $crate::config::section::DecodeFields>::decode_fields(fields, decoder);)?
                Some(Self { $($field: $field?,)* $($within: $within?,)? })
            }

            #[allow(unused_variables, unused_mut)]
            fn field_schemas(
                generator: &mut schemars::SchemaGenerator,
            ) -> Vec<$crate::config::section::FieldSchema> {
                let mut fields = vec![$(
                    $crate::config::section::FieldSchema {
                        names: const {
                            &[$crate::config::section::field_name(stringify!($field)) $(, $alias)*]
                        },
                        doc: concat!($($fdoc, "\n"),+),
                        required: {
                            let default: Option<fn() -> $ty> = $crate::section!(@default $ty $(, $default)?);
                            default.is_none()
                                && <$ty as $crate::config::decode::Decode>::absent().is_none()
                        },
                        schema: generator.subschema_for::<$ty>(),
                    },
                )*];
                $(fields.extend(<$wty as $crate::config::section::DecodeFields>::field_schemas(generator));)?
                fields
            }
        }

        impl $crate::config::decode::Decode for $name {
            fn decode(
                node: &$crate::config::Node,
                decoder: &mut $crate::config::decode::Decoder,
            ) -> Option<Self> {
                use $crate::config::section::DecodeFields as _;
                let mut fields = decoder.fields(node)?;
                let value = Self::decode_fields(&mut fields, decoder);
                fields.finish(decoder);
                value
            }
        }

        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
                use $crate::config::section::DecodeFields as _;
                let fields = Self::field_schemas(generator);
                $crate::config::section::object_schema(concat!($($doc, "\n"),+), fields)
            }
        }
    };
}
pub use crate::section;

/// A section whose fields can be read from a mapping that also holds others, such as the tag of
/// a block.
pub trait DecodeFields: Sized {
    /// Takes the section's fields; the caller closes the mapping.
    fn decode_fields(fields: &mut Fields<'_>, decoder: &mut Decoder) -> Option<Self>;

    /// What may be written for each of them.
    fn field_schemas(generator: &mut SchemaGenerator) -> Vec<FieldSchema>;
}

/// A field's name as the YAML writes it: without the marker that Rust puts before its keywords.
pub const fn field_name(name: &'static str) -> &'static str {
    match name.as_bytes() {
        [b'r', b'#', ..] => name.split_at(2).1,
        _ => name,
    }
}

/// Declares a closed set of words: an enum, how it is read, and its JSON Schema.
#[macro_export]
macro_rules! closed_set {
    (
        $(#[doc = $doc:literal])+
        $vis:vis enum $name:ident {
            $($(#[doc = $vdoc:literal])+ $variant:ident = $word:literal $(| $alias:literal)*),+ $(,)?
        }
    ) => {
        $(#[doc = $doc])+
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        $vis enum $name {
            $($(#[doc = $vdoc])+ $variant,)+
        }

        impl $name {
            /// Every word of the set.
            pub const WORDS: &'static [&'static str] = &[$($word),+];

            /// The value a word stands for.
            pub fn from_word(word: &str) -> Option<Self> {
                match word {
                    $($word $(| $alias)* => Some(Self::$variant),)+
                    _ => None,
                }
            }
        }

        impl $crate::config::decode::Decode for $name {
            fn decode(
                node: &$crate::config::Node,
                decoder: &mut $crate::config::decode::Decoder,
            ) -> Option<Self> {
                let text = <$crate::config::scalar::Text as $crate::config::decode::Decode>::decode(
                    node, decoder,
                )?;
                let value = Self::from_word(&text.text);
                if value.is_none() {
                    $crate::config::section::not_in_set(node, &text.text, Self::WORDS, decoder);
                }
                value
            }
        }

        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                // What editors show beside each word.
                let meanings = [$($crate::config::section::tidy(concat!($($vdoc, "\n"),+))),+];
                schemars::json_schema!({
                    "type": "string",
                    "description": $crate::config::section::tidy(concat!($($doc, "\n"),+)),
                    "enum": Self::WORDS,
                    "enumDescriptions": meanings,
                })
            }
        }
    };
}
pub use crate::closed_set;

/// Notes that a word is not one of a closed set.
pub fn not_in_set(node: &Node, written: &str, words: &[&str], decoder: &mut Decoder) {
    let message = format!("`{}` cannot be `{written}`", decoder.path());
    let (help, fix) = match nearest(written, words.iter().copied()) {
        Some(word) => {
            let help = format!("did you mean `{word}`?");
            (help, decoder.rewrite(node, word))
        }
        None => (format!("write one of {}", list(words)), None),
    };
    let at = decoder.at(node.span);
    let diagnostic = Diagnostic::error("not-in-set", at, message).help(help);
    decoder.diagnostics.push(diagnostic.fix_if(fix));
}
