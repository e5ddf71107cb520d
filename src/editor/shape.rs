//! A place in a connector file → what the language has there, by the JSON Schema.

use std::sync::OnceLock;

use serde_json::Value;

use super::outline::{Outline, Step, Style};
use crate::config::{self, Dialect};

/// What may be written at a place.
#[derive(Debug, Clone, Default)]
pub(super) struct Shape {
    /// What it is for.
    pub doc: Option<&'static str>,
    /// What is written there, for example.
    pub examples: Vec<&'static str>,
    ways: Vec<Way>,
}

/// One of the things that may be written: a schema, and what it is called.
#[derive(Debug, Clone, Copy)]
struct Way {
    name: Option<&'static str>,
    schema: &'static Value,
}

/// A key that a mapping may have.
#[derive(Debug, Clone)]
pub(super) struct Field {
    /// The key.
    pub name: &'static str,
    /// Whether leaving it out is a mistake.
    pub required: bool,
    /// Whether it is an older name.
    pub older: bool,
    /// What is written under it.
    pub shape: Shape,
}

/// A word that may be written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Word {
    /// The word.
    pub text: &'static str,
    /// What it means.
    pub doc: Option<&'static str>,
}

/// What kind of text a scalar is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Text {
    /// An expression.
    Expression,
    /// A template, or literal.
    Template,
    /// SQL.
    Sql,
    /// Anything else.
    Plain,
}

/// Schemas that only one of the dialects has.
const OF_SQL: &[&str] = &["SqlConnectConfig", "SqlPaginationBlock"];
const OF_HTTP: &[&str] = &["HttpConnectConfig", "HttpPaginationBlock"];

/// Fields that steps of one dialect have in vain.
const SQL_STEP: &[&str] = &["query", "vars", "scope", "map", "mapping"];
const HTTP_STEP: &[&str] = &["request", "response"];

fn schema() -> &'static Value {
    static SCHEMA: OnceLock<Value> = OnceLock::new();
    SCHEMA.get_or_init(|| {
        serde_json::from_str(&config::json_schema()).expect("the schema of the language is JSON")
    })
}

/// Shapes of one file.
pub(super) struct Shapes<'o> {
    outline: &'o Outline,
    text: &'o str,
    dialect: Option<Dialect>,
    /// The keys that the file as a whole stands under: `tests` for a file of tests.
    under: &'static [&'static str],
}

impl<'o> Shapes<'o> {
    /// Of a file, in a dialect as far as it is known.
    pub fn new(
        outline: &'o Outline,
        text: &'o str,
        dialect: Option<Dialect>,
        under: &'static [&'static str],
    ) -> Self {
        Self {
            outline,
            text,
            dialect,
            under,
        }
    }

    /// What the value of an entry may be; the whole file without one.
    pub fn of(&self, entry: Option<usize>) -> Shape {
        let Some(entry) = entry else {
            let root = self.narrowed(Shape::of(schema()), None);
            return self.under.iter().fold(root, |shape, key| {
                self.narrowed(shape.under(&Step::Key((*key).to_owned())), None)
            });
        };
        let around = self.outline.entries[entry].parent;
        let shape = self.of(around).under(&self.outline.entries[entry].step);
        self.narrowed(shape, Some(entry))
    }

    /// Without what belongs to the other dialect, or to another kind than the one that is written.
    fn narrowed(&self, mut shape: Shape, entry: Option<usize>) -> Shape {
        let mut ways = Vec::new();
        for way in &shape.ways {
            spread(*way, self.foreign(), &mut ways);
        }
        let matching: Vec<Way> = ways
            .iter()
            .copied()
            .filter(|way| self.is_written(*way, entry))
            .collect();
        shape.ways = match matching.is_empty() {
            true => ways,
            false => matching,
        };
        shape
    }

    /// False for a kind whose tag says something else.
    fn is_written(&self, way: Way, entry: Option<usize>) -> bool {
        let Some((tag, name)) = tag(way) else {
            return true;
        };
        let written = self.outline.child(entry, tag);
        let Some(written) = written.filter(|_| entry.is_some()) else {
            return true;
        };
        self.outline.text(written, self.text) == name
    }

    /// The keys that the mapping of an entry may have, the required ones first.
    pub fn fields(&self, entry: Option<usize>) -> Vec<Field> {
        let shape = self.of(entry);
        let mut fields = shape.fields();
        let has = |name: &str| fields.iter().any(|field| field.name == name);
        if has("query") && has("request") {
            let foreign = match self.dialect {
                Some(Dialect::Sql) => HTTP_STEP,
                Some(Dialect::Http) => SQL_STEP,
                None => &[],
            };
            fields.retain(|field| !foreign.contains(&field.name));
        }
        fields.sort_by_key(|field| (field.older, !field.required));
        fields
    }

    /// The kinds of a mapping that a tag selects, each with what it is for.
    pub fn tagged(&self, entry: Option<usize>, key: &str) -> Vec<(&'static str, &'static str)> {
        let Some(at) = entry else { return Vec::new() };
        let around = self.outline.entries[at].parent;
        let shape = self.of(around).under(&self.outline.entries[at].step);
        let foreign = self.foreign();
        let mut ways = Vec::new();
        for way in &shape.ways {
            spread(*way, foreign, &mut ways);
        }
        let kinds = ways.into_iter().filter_map(|way| {
            let (tag, name) = tag(way)?;
            let doc = way.schema.get("description").and_then(Value::as_str)?;
            (tag == key).then_some((name, doc))
        });
        kinds.collect()
    }

    fn foreign(&self) -> &'static [&'static str] {
        match self.dialect {
            Some(Dialect::Sql) => OF_HTTP,
            Some(Dialect::Http) => OF_SQL,
            None => &[],
        }
    }

    /// What kind of text an entry is.
    pub fn text_of(&self, entry: usize) -> Text {
        self.of(Some(entry)).text()
    }

    /// What is written in a list, or itself.
    pub fn single(&self, entry: usize) -> Shape {
        let shape = self.of(Some(entry));
        let item = shape.under(&Step::Item(0));
        match item.ways.is_empty() || self.outline.entries[entry].style == Style::FlowMap {
            true => shape,
            false => self.narrowed(item, None),
        }
    }
}

impl Shape {
    fn of(schema: &'static Value) -> Self {
        let way = Way { name: None, schema };
        let examples = schema.get("examples").and_then(Value::as_array);
        let examples = examples.into_iter().flatten().filter_map(Value::as_str);
        Self {
            doc: schema.get("description").and_then(Value::as_str),
            examples: examples.collect(),
            ways: vec![way],
        }
    }

    /// One step down.
    pub fn under(&self, step: &Step) -> Self {
        let mut found = Shape::default();
        for way in &self.ways {
            let below = match step {
                Step::Item(_) => way.schema.get("items"),
                Step::Key(key) => property(way.schema, key),
            };
            if let Some(below) = below {
                let below = Shape::of(below);
                found.doc = found.doc.or(below.doc);
                found.examples.extend(below.examples);
                found.ways.extend(below.ways);
            }
        }
        found
    }

    /// Whether one of its mappings has the key by its own name, rather than as one that the author
    /// chose.
    pub fn declares(&self, key: &str) -> bool {
        let declared = |way: &Way| way.schema.get("properties").and_then(|it| it.get(key));
        self.ways.iter().any(|way| declared(way).is_some())
    }

    fn fields(&self) -> Vec<Field> {
        let mut fields: Vec<Field> = Vec::new();
        for way in &self.ways {
            let properties = way.schema.get("properties").and_then(Value::as_object);
            for (name, schema) in properties.into_iter().flatten() {
                let required = way.schema.get("required").and_then(Value::as_array);
                let shape = Shape::of(schema);
                match fields.iter_mut().find(|field| field.name == name) {
                    Some(known) => known.shape.ways.extend(shape.ways),
                    None => fields.push(Field {
                        name,
                        required: required.is_some_and(|names| names.iter().any(|it| it == name)),
                        older: schema.get("deprecated").is_some(),
                        shape,
                    }),
                }
            }
        }
        fields
    }

    /// The words that may be written, where there are only some.
    pub fn words(&self) -> Vec<Word> {
        let mut words: Vec<Word> = Vec::new();
        let mut add = |text: &'static str, doc: Option<&'static str>| {
            if !text.is_empty() && !words.iter().any(|word| word.text == text) {
                words.push(Word { text, doc });
            }
        };
        for way in self.spread() {
            let text = |key: &str| way.schema.get(key).and_then(Value::as_str);
            if let Some(word) = text("const") {
                add(word, text("description"));
            }
            let docs = way.schema.get("enumDescriptions").and_then(Value::as_array);
            let listed = way.schema.get("enum").and_then(Value::as_array);
            for (index, word) in listed.into_iter().flatten().enumerate() {
                let doc = docs.and_then(|docs| docs.get(index)?.as_str());
                add(word.as_str().unwrap_or_default(), doc);
            }
            if text("type") == Some("boolean") {
                add("true", None);
                add("false", None);
            }
        }
        words
    }

    /// What kind of text it is.
    pub fn text(&self) -> Text {
        let ways = self.spread();
        let named = |name: &str| ways.iter().any(|way| way.name == Some(name));
        match () {
            () if named("ExprText") => Text::Expression,
            () if named("TemplateText") => Text::Template,
            () if named("SqlText") => Text::Sql,
            () => Text::Plain,
        }
    }

    /// Whether it is written on lines of its own, and how they begin.
    pub fn opening(&self) -> Opening {
        let has = |key: &str| {
            self.spread()
                .iter()
                .any(|way| way.schema.get(key).is_some())
        };
        let is_scalar = || {
            let scalar = |way: &Way| match way.schema.get("type") {
                Some(Value::String(name)) => name != "array" && name != "object" && name != "null",
                Some(Value::Array(names)) => names.iter().any(|name| name == "string"),
                _ => way.schema.get("enum").is_some() || way.schema.get("const").is_some(),
            };
            self.spread().iter().any(scalar)
        };
        match () {
            () if is_scalar() => Opening::Scalar,
            () if has("items") && !has("properties") => Opening::List,
            () if has("properties") || has("additionalProperties") => Opening::Map,
            () => Opening::Scalar,
        }
    }

    fn spread(&self) -> Vec<Way> {
        let mut ways = Vec::new();
        for way in &self.ways {
            spread(*way, &[], &mut ways);
        }
        ways
    }
}

/// How a value begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Opening {
    /// Behind the colon.
    Scalar,
    /// With a dash on the next line.
    List,
    /// With a key on the next line.
    Map,
}

fn property(schema: &'static Value, key: &str) -> Option<&'static Value> {
    let own = schema.get("properties").and_then(|own| own.get(key));
    let any = || {
        let any = schema.get("additionalProperties");
        any.filter(|any| any.is_object())
    };
    own.or_else(any)
}

/// The tag of a kind and its name: the property that can be one word only.
fn tag(way: Way) -> Option<(&'static str, &'static str)> {
    let properties = way.schema.get("properties")?.as_object()?;
    properties
        .iter()
        .find_map(|(key, schema)| Some((key.as_str(), schema.get("const")?.as_str()?)))
}

/// A schema as what it may be: references followed, choices side by side.
fn spread(way: Way, without: &[&str], found: &mut Vec<Way>) {
    if way.name.is_some_and(|name| without.contains(&name)) {
        return;
    }
    if let Some(reference) = way.schema.get("$ref").and_then(Value::as_str) {
        let name = reference.rsplit('/').next().unwrap_or(reference);
        if let Some(schema) = schema().get("$defs").and_then(|all| all.get(name)) {
            let name = Some(name);
            spread(Way { name, schema }, without, found);
        }
        return;
    }
    let choices = ["anyOf", "oneOf"].map(|key| way.schema.get(key).and_then(Value::as_array));
    let mut is_choice = false;
    for choice in choices.into_iter().flatten().flatten() {
        is_choice = true;
        let way = Way {
            name: None,
            schema: choice,
        };
        spread(way, without, found);
    }
    if !is_choice {
        found.push(way);
    }
}
