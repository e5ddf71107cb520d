//! What records look like, whether a schema, a table or a sample says it.

use super::words::{joined, words};

/// A value.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Shape {
    /// What it is.
    pub kind: Kind,
    /// The form of a text: `email`, `uuid`, `date-time`, `uri`.
    pub format: Option<String>,
    /// The texts that it may be, where only some are allowed.
    pub choices: Vec<String>,
}

/// What a value is.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum Kind {
    /// Nobody says.
    #[default]
    Unknown,
    /// Text.
    Text,
    /// A whole number.
    Integer,
    /// A number.
    Number,
    /// A truth value.
    Truth,
    /// A truth value that a database keeps as 1 and 0.
    Bit,
    /// A date or a moment.
    Moment,
    /// Bytes that are no text.
    Bytes,
    /// Several values.
    List(Box<Shape>),
    /// Named values.
    Object(Vec<Field>),
}

/// A named value.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// What it is.
    pub shape: Shape,
    /// It is always there, and never null.
    pub required: bool,
    /// It alone tells records apart, and the source says so.
    pub key: bool,
}

impl Shape {
    /// A shape of a kind.
    pub fn of(kind: Kind) -> Self {
        Self {
            kind,
            ..Self::default()
        }
    }

    /// True for a value that can be shown as text.
    pub fn is_scalar(&self) -> bool {
        !matches!(self.kind, Kind::List(_) | Kind::Object(_) | Kind::Bytes)
    }

    /// The fields of an object.
    pub fn fields(&self) -> &[Field] {
        match &self.kind {
            Kind::Object(fields) => fields,
            _ => &[],
        }
    }

    /// The field of a name, whatever its style.
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields()
            .iter()
            .find(|field| joined(&field.name) == name)
    }

    /// The fields of the object and of the objects in it, each with the way to it.
    pub fn leaves(&self) -> Vec<Leaf<'_>> {
        let mut leaves = Vec::new();
        collect(self, &[], &mut leaves);
        leaves
    }
}

/// How deep fields are looked for, and how many.
const DEPTH: usize = 3;
const MOST: usize = 500;

/// Names that are longer than this are data, not names.
const LONGEST_NAME: usize = 120;

fn collect<'s>(shape: &'s Shape, way: &[&'s Field], leaves: &mut Vec<Leaf<'s>>) {
    for field in shape.fields() {
        if leaves.len() >= MOST || field.name.len() > LONGEST_NAME || field.name.is_empty() {
            continue;
        }
        let mut path = way.to_vec();
        path.push(field);
        if matches!(field.shape.kind, Kind::Object(_)) && path.len() < DEPTH {
            collect(&field.shape, &path, leaves);
        }
        leaves.push(Leaf { path });
    }
}

/// A field, and the way to it from the record.
#[derive(Debug, Clone)]
pub struct Leaf<'s> {
    /// The fields on the way, itself last.
    pub path: Vec<&'s Field>,
}

/// Objects that only hold what belongs to the record itself.
const WRAPPERS: &[&str] = &[
    "profile",
    "attributes",
    "properties",
    "fields",
    "info",
    "details",
    "general",
    "personal",
    "contact",
    "account",
    "identity",
    "person",
    "user",
    "name",
    "data",
    "settings",
    "employment",
    "basic",
];

impl<'s> Leaf<'s> {
    /// The field itself.
    pub fn field(&self) -> &'s Field {
        self.path.last().expect("a way is never empty")
    }

    /// Its shape.
    pub fn shape(&self) -> &'s Shape {
        &self.field().shape
    }

    /// The names it can be known by: its own, unless it belongs to something else than the record, and
    /// that with the name of the object around it.
    pub fn names(&self) -> Vec<String> {
        let own = joined(&self.field().name);
        let mut around = self.path[..self.path.len() - 1]
            .iter()
            .map(|field| joined(&field.name));
        let mut names = Vec::new();
        if around.clone().all(|name| WRAPPERS.contains(&name.as_str())) {
            names.push(own.clone());
        }
        if let Some(near) = around.next_back() {
            names.push(format!("{near}{own}"));
        }
        names
    }

    /// The words of its own name.
    pub fn words(&self) -> Vec<String> {
        words(&self.field().name)
    }

    /// The way as text, for comments.
    pub fn shown(&self) -> String {
        let names: Vec<&str> = self.path.iter().map(|field| field.name.as_str()).collect();
        names.join(".")
    }

    /// True when it is always there.
    pub fn is_required(&self) -> bool {
        self.path.iter().all(|field| field.required)
    }
}
