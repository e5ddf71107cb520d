//! What is going to be written: sections, lists and scalars, with comments.

use serde_json::Value as Json;

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub enum Yaml {
    /// Text: a name, an expression, a query.
    Text(String),
    /// A number or a truth value of ours, as it is.
    Word(String),
    /// Data, on one line.
    Data(Json),
    /// Words on one line.
    Words(Vec<String>),
    /// Entries below each other.
    Section(Section),
    /// Items below each other.
    List(Vec<Item>),
}

/// A key with its value.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    pub(super) key: String,
    pub(super) value: Yaml,
    pub(super) above: Vec<String>,
    pub(super) beside: Option<String>,
    pub(super) apart: bool,
}

/// A value of a list.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    pub(super) value: Yaml,
    pub(super) above: Vec<String>,
    pub(super) beside: Option<String>,
}

/// Entries in the order they are written.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Section(pub(super) Vec<Entry>);

impl Entry {
    /// An entry without comments.
    pub fn new(key: impl Into<String>, value: impl Into<Yaml>) -> Self {
        Self {
            key: key.into(),
            value: value.into(),
            above: Vec::new(),
            beside: None,
            apart: false,
        }
    }

    /// With a comment on the lines above it.
    pub fn above(mut self, comment: impl Into<String>) -> Self {
        self.above.push(comment.into());
        self
    }

    /// With a comment beside it.
    pub fn beside(mut self, comment: impl Into<String>) -> Self {
        self.beside = Some(comment.into());
        self
    }

    /// With an empty line before it.
    pub fn apart(mut self) -> Self {
        self.apart = true;
        self
    }
}

impl Item {
    /// An item without comments.
    pub fn new(value: impl Into<Yaml>) -> Self {
        Self {
            value: value.into(),
            above: Vec::new(),
            beside: None,
        }
    }

    /// With a comment on the lines above it.
    pub fn above(mut self, comment: impl Into<String>) -> Self {
        self.above.push(comment.into());
        self
    }

    /// With a comment beside it.
    pub fn beside(mut self, comment: impl Into<String>) -> Self {
        self.beside = Some(comment.into());
        self
    }
}

impl Section {
    /// No entries.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an entry.
    pub fn push(&mut self, entry: Entry) {
        self.0.push(entry);
    }

    /// Adds an entry without comments.
    pub fn put(&mut self, key: &str, value: impl Into<Yaml>) {
        self.push(Entry::new(key, value));
    }

    /// The same for building in one expression.
    pub fn with(mut self, key: &str, value: impl Into<Yaml>) -> Self {
        self.put(key, value);
        self
    }

    /// The texts of its entries.
    pub fn texts(&self) -> Vec<String> {
        let text = |entry: &Entry| match &entry.value {
            Yaml::Text(text) => Some(text.clone()),
            _ => None,
        };
        self.0.iter().filter_map(text).collect()
    }

    /// True when a text in it has this in it.
    pub fn mentions(&self, part: &str) -> bool {
        self.0.iter().any(|entry| match &entry.value {
            Yaml::Text(text) => text.contains(part),
            Yaml::Section(section) => section.mentions(part),
            _ => false,
        })
    }

    /// True without entries.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<&str> for Yaml {
    fn from(text: &str) -> Self {
        Yaml::Text(text.to_owned())
    }
}

impl From<String> for Yaml {
    fn from(text: String) -> Self {
        Yaml::Text(text)
    }
}

impl From<u32> for Yaml {
    fn from(number: u32) -> Self {
        Yaml::Word(number.to_string())
    }
}

impl From<bool> for Yaml {
    fn from(truth: bool) -> Self {
        Yaml::Word(truth.to_string())
    }
}

impl From<Section> for Yaml {
    fn from(section: Section) -> Self {
        Yaml::Section(section)
    }
}

impl From<Vec<Item>> for Yaml {
    fn from(items: Vec<Item>) -> Self {
        Yaml::List(items)
    }
}

impl From<Json> for Yaml {
    fn from(data: Json) -> Self {
        Yaml::Data(data)
    }
}
