//! A node of the file → a typed value, noting every mistake on the way.
//!
//! [`section!`](crate::config::section) declares a section of the YAML once: the struct, how it is
//! read, and its part of the JSON Schema. A field's doc comment is the user's documentation.

use std::sync::Arc;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::source_map::Path;
use super::tree::{Key, Node, NodeValue};
use crate::diagnostic::{Diagnostic, Location, Severity, SourceFile, Span};

/// Which of the two languages a file is written in. The shape of `connect` decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// Databases: bare text in an expression field is CEL.
    Sql,
    /// REST APIs: bare text is literal, `cel:` and `tmpl:` mark programs.
    Http,
}

/// A typed value that can be read from a node.
pub trait Decode: Sized {
    /// Reads the value. `None` means that a diagnostic was noted.
    fn decode(node: &Node, decoder: &mut Decoder) -> Option<Self>;

    /// The value of a field that is not written; `None` makes the field required.
    fn absent() -> Option<Self> {
        None
    }
}

/// What reading a file carries along: the file, the way to the current node, the findings.
pub struct Decoder {
    file: Arc<SourceFile>,
    /// The language of the file, known before anything that depends on it is read.
    pub dialect: Dialect,
    path: Path,
    /// Everything found so far.
    pub diagnostics: Vec<Diagnostic>,
    /// Paths of the fields that could not be read, so that later stages do not call them missing.
    pub failed: Vec<String>,
}

impl Decoder {
    /// Starts at the root of a file.
    pub fn new(file: Arc<SourceFile>, dialect: Dialect) -> Self {
        Self {
            file,
            dialect,
            path: Path::default(),
            diagnostics: Vec::new(),
            failed: Vec::new(),
        }
    }

    /// The place of a span in the file being read.
    pub fn at(&self, span: Span) -> Location {
        Location {
            file: self.file.clone(),
            span,
        }
    }

    /// The current place by its keys, for example `resource_types.user.list`.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Notes an error; returns `None` for the caller to return.
    pub fn error<T>(
        &mut self,
        code: &'static str,
        span: Span,
        message: impl Into<String>,
    ) -> Option<T> {
        let at = self.at(span);
        self.diagnostics.push(Diagnostic::error(code, at, message));
        None
    }

    /// Notes that a node is of the wrong shape.
    pub fn wrong_type<T>(&mut self, node: &Node, expected: &str) -> Option<T> {
        let subject = match self.path.is_root() {
            true => "a connector file".to_owned(),
            false => format!("`{}`", self.path),
        };
        let found = match &node.value {
            NodeValue::Scalar { text, .. } if text.chars().count() <= 40 => format!("`{text}`"),
            _ => node.describe().to_owned(),
        };
        self.error(
            "wrong-type",
            node.span,
            format!("{subject} is {expected}, but {found} is written here"),
        )
    }

    /// Reads the value under a key, keeping track of the way there.
    pub fn under<T>(&mut self, key: impl Into<String>, read: impl FnOnce(&mut Self) -> T) -> T {
        self.path.push(key);
        let value = read(self);
        self.path.pop();
        value
    }

    /// Opens a mapping to take fields from. A node that is no mapping is an error.
    pub fn fields<'n>(&mut self, node: &'n Node) -> Option<Fields<'n>> {
        match &node.value {
            NodeValue::Map(entries) => Some(Fields::new(node.span, entries)),
            NodeValue::Null => Some(Fields::new(node.span, &[])),
            _ => self.wrong_type(node, "a mapping"),
        }
    }
}

/// The entries of a mapping, ticked off as they are read.
pub struct Fields<'n> {
    span: Span,
    entries: Vec<(&'n Key, &'n Node)>,
    taken: Vec<bool>,
    known: Vec<&'static str>,
}

impl<'n> Fields<'n> {
    fn new(span: Span, entries: &'n [(Key, Node)]) -> Self {
        let entries: Vec<_> = entries.iter().map(|(key, node)| (key, node)).collect();
        Self {
            span,
            taken: vec![false; entries.len()],
            entries,
            known: Vec::new(),
        }
    }

    /// Adds the entries of a nested mapping, as if they stood here.
    pub fn extend(&mut self, entries: &'n [(Key, Node)]) {
        self.entries
            .extend(entries.iter().map(|(key, node)| (key, node)));
        self.taken.resize(self.entries.len(), false);
    }

    /// Ticks off an entry and returns it, when one of the names is written.
    pub fn raw(&mut self, names: &[&'static str]) -> Option<(&'n Key, &'n Node)> {
        self.known.extend_from_slice(names);
        let index = self
            .entries
            .iter()
            .position(|(key, _)| names.contains(&key.text.as_str()))?;
        self.taken[index] = true;
        Some(self.entries[index])
    }

    /// Reads a field under any of its names. Absent and null fields take `default`, then the
    /// type's own default; without either, the field is required.
    pub fn take<T: Decode>(
        &mut self,
        decoder: &mut Decoder,
        names: &[&'static str],
        default: Option<fn() -> T>,
    ) -> Option<T> {
        let found = self.raw(names);
        match found {
            Some((key, node)) if node.value != NodeValue::Null => {
                decoder.under(key.text.as_str(), |decoder| {
                    let read = T::decode(node, decoder);
                    if read.is_none() {
                        decoder.failed.push(decoder.path.to_string());
                    }
                    // A mistake in an optional field is noted, and the rest of the file is checked
                    // as if the field were not there.
                    read.or_else(|| default.map(|default| default()))
                        .or_else(T::absent)
                })
            }
            _ => default
                .map(|default| default())
                .or_else(T::absent)
                .or_else(|| {
                    let (name, at) = (names[0], found.map_or(self.span, |(key, _)| key.span));
                    let message = match decoder.path().is_root() {
                        true => format!("`{name}` is missing"),
                        false => format!("`{}` needs `{name}`", decoder.path()),
                    };
                    decoder.error("missing-field", at, message)
                }),
        }
    }

    /// Notes every entry that nobody asked for. The SQL connectors ignore unknown keys silently,
    /// so a file that has some must still run: they are warnings.
    pub fn finish(self, decoder: &mut Decoder) {
        self.finish_as(decoder, Severity::Warning, "");
    }

    /// Notes every entry that nobody asked for, as `severity`; `owner` names the section when its
    /// path does not say enough.
    pub fn finish_as(self, decoder: &mut Decoder, severity: Severity, owner: &str) {
        for (index, (key, _)) in self.entries.iter().enumerate() {
            if self.taken[index] {
                continue;
            }
            let place = match (owner, decoder.path().is_root()) {
                ("", true) => "a connector file".to_owned(),
                ("", false) => format!("`{}`", decoder.path()),
                (owner, _) => owner.to_owned(),
            };
            let mut message = format!("{place} has no field `{}`", key.text);
            if severity != Severity::Error {
                message.push_str(": it is ignored");
            }
            let at = decoder.at(key.span);
            let diagnostic = Diagnostic {
                severity,
                ..Diagnostic::error("unknown-field", at, message)
            };
            let help = match nearest(&key.text, self.known.iter().copied()) {
                Some(name) => format!("did you mean `{name}`?"),
                None => format!("its fields are {}", list(&self.known)),
            };
            decoder.diagnostics.push(diagnostic.help(help));
        }
    }
}

/// The closest of several names, when one is close enough to be meant.
pub fn nearest<'a>(written: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    names
        .map(|name| {
            (
                strsim::damerau_levenshtein(&written.to_lowercase(), &name.to_lowercase()),
                name,
            )
        })
        .filter(|(distance, name)| *distance <= (name.chars().count() / 3).clamp(1, 3))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// Names as a sentence shows them: each in backticks, with commas.
pub fn list<S: AsRef<str>>(names: &[S]) -> String {
    names
        .iter()
        .map(|name| format!("`{}`", name.as_ref()))
        .collect::<Vec<_>>()
        .join(", ")
}

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
/// its [`Decode`] and its JSON Schema.
///
/// A field may have older names (`link_next_path | "next_link_path": …`) and a default
/// (`page_size: u32 = 100`). Whether it is required follows from its type.
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
        }
    ) => {
        $(#[doc = $doc])+
        #[derive(Debug, Clone)]
        $vis struct $name {
            $($(#[doc = $fdoc])+ $fvis $field: $ty,)*
        }

        impl $crate::config::decode::DecodeFields for $name {
            #[allow(unused_mut, unused_variables)]
            fn decode_fields(
                fields: &mut $crate::config::decode::Fields<'_>,
                decoder: &mut $crate::config::decode::Decoder,
            ) -> Option<Self> {
                $(
                    let default: Option<fn() -> $ty> = $crate::section!(@default $ty $(, $default)?);
                    let $field = fields.take::<$ty>(
                        decoder,
                        &[$crate::config::decode::field_name(stringify!($field)) $(, $alias)*],
                        default,
                    );
                )*
                Some(Self { $($field: $field?,)* })
            }
        }

        impl $crate::config::decode::Decode for $name {
            fn decode(
                node: &$crate::config::Node,
                decoder: &mut $crate::config::decode::Decoder,
            ) -> Option<Self> {
                use $crate::config::decode::DecodeFields as _;
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

            #[allow(unused_variables)]
            fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
                $crate::config::decode::object_schema(
                    concat!($($doc, "\n"),+),
                    vec![$(
                        $crate::config::decode::FieldSchema {
                            names: const {
                                &[$crate::config::decode::field_name(stringify!($field)) $(, $alias)*]
                            },
                            doc: concat!($($fdoc, "\n"),+),
                            required: {
                                let default: Option<fn() -> $ty> = $crate::section!(@default $ty $(, $default)?);
                                default.is_none()
                                    && <$ty as $crate::config::decode::Decode>::absent().is_none()
                            },
                            schema: generator.subschema_for::<$ty>(),
                        },
                    )*],
                )
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
                    $crate::config::decode::not_in_set(node, &text.text, Self::WORDS, decoder);
                }
                value
            }
        }

        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({
                    "type": "string",
                    "description": $crate::config::decode::tidy(concat!($($doc, "\n"),+)),
                    "enum": Self::WORDS,
                })
            }
        }
    };
}
pub use crate::closed_set;

/// Notes that a word is not one of a closed set.
pub fn not_in_set(node: &Node, written: &str, words: &[&str], decoder: &mut Decoder) {
    let message = format!("`{}` cannot be `{written}`", decoder.path());
    let help = match nearest(written, words.iter().copied()) {
        Some(word) => format!("did you mean `{word}`?"),
        None => format!("write one of {}", list(words)),
    };
    let at = decoder.at(node.span);
    decoder
        .diagnostics
        .push(Diagnostic::error("not-in-set", at, message).help(help));
}

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
            if let (NodeValue::Scalar { .. }, Some(last)) =
                (&node.value, decoder.diagnostics.last_mut())
            {
                last.help = Some("put it in brackets: `[…]`".to_owned());
            }
            return None;
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
            decoder.under(format!("[{index}]"), |decoder| T::decode(item, decoder))
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
