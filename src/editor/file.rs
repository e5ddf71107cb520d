//! A file that is open in an editor: its text, its outline, and what it is.

use std::path::{Path, PathBuf};

use super::outline::{Outline, Step};
use super::shape::{Shapes, Text};
use super::text::Lines;
use crate::config::Dialect;

/// An open file.
#[derive(Debug)]
pub(super) struct File {
    /// Where it lies, as far as the editor's name of it says.
    pub path: PathBuf,
    /// Its text.
    pub lines: Lines,
    /// What can be told of it, whatever state it is in.
    pub outline: Outline,
    /// What it is.
    pub kind: Kind,
    /// The language of its connector.
    pub dialect: Option<Dialect>,
}

/// What a file is. Editors hand every YAML file over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A connector, or the beginning of one.
    Connector,
    /// The tests of a connector, beside it.
    Tests,
    /// Something else: nothing is said about it.
    Other,
}

/// A listing of a connector.
#[derive(Debug, Clone, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct Listing {
    /// The resource type.
    pub resource_type: String,
    /// `list`, `entitlements` or `grants`.
    pub section: String,
    /// Which of several entries, from 0.
    pub entry: usize,
}

/// What a scalar is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Language {
    /// CEL.
    Cel,
    /// A template.
    Template,
    /// SQL with placeholders.
    Sql,
    /// Text that could be a program, but is none.
    Literal,
    /// Text.
    Plain,
}

impl File {
    /// Looks at a text.
    pub fn new(path: PathBuf, lines: Lines) -> Self {
        let text = lines.text();
        let outline = Outline::of(text);
        let (kind, dialect) = match connector_beside(&path) {
            Some(connector) => {
                let text = std::fs::read_to_string(connector).unwrap_or_default();
                (Kind::Tests, dialect(&Outline::of(&text)))
            }
            None => (kind(&outline, text), dialect(&outline)),
        };
        Self {
            path,
            lines,
            outline,
            kind,
            dialect,
        }
    }

    /// Its text.
    pub fn text(&self) -> &str {
        self.lines.text()
    }

    /// What the language has at its places.
    pub fn shapes(&self) -> Shapes<'_> {
        let is_list = self.outline.children(None).next();
        let is_list = is_list.is_some_and(|(_, first)| matches!(first.step, Step::Item(_)));
        let under: &[&str] = match self.kind {
            Kind::Tests if is_list => &["tests"],
            _ => &[],
        };
        Shapes::new(&self.outline, self.text(), self.dialect, under)
    }

    /// The scalar of an entry.
    pub fn scalar(&self, entry: usize) -> String {
        self.outline.text(entry, self.text())
    }

    /// What the scalar of an entry is written in, and how many bytes of it say so.
    pub fn language(&self, entry: usize) -> (Language, usize) {
        let value = self.outline.entries[entry].value;
        let written = &self.text()[value.start..value.end];
        let quote = usize::from(written.starts_with(['"', '\'']));
        let inside = &written[quote..];
        let text = self.shapes().text_of(entry);
        if text == Text::Sql {
            return (Language::Sql, quote);
        }
        if text == Text::Plain {
            return (Language::Plain, quote);
        }
        if inside.starts_with("cel:") {
            return (Language::Cel, quote + "cel:".len());
        }
        if inside.starts_with("tmpl:") {
            return (Language::Template, quote + "tmpl:".len());
        }
        let is_bare = text == Text::Expression
            && (self.dialect == Some(Dialect::Sql) || self.is_under_map(entry));
        match is_bare {
            true => (Language::Cel, quote),
            false => (Language::Literal, quote),
        }
    }

    /// In files of APIs too, text under `map` is CEL.
    fn is_under_map(&self, entry: usize) -> bool {
        self.outline.ancestors(entry).any(|at| {
            let around = &self.outline.entries[at];
            around.named("map") || around.named("mapping")
        })
    }

    /// The step that an entry is part of: what has a query or a request of its own.
    pub fn step(&self, entry: usize) -> Option<usize> {
        self.outline.ancestors(entry).find(|at| {
            let has = |key| self.outline.child(Some(*at), key).is_some();
            has("query") || has("request") || has("discovery_query")
        })
    }

    /// The listing that an entry is part of.
    pub fn listing(&self, entry: usize) -> Option<Listing> {
        let path = self.outline.path(entry);
        let [
            Step::Key(top),
            Step::Key(resource_type),
            Step::Key(section),
            rest @ ..,
        ] = path.as_slice()
        else {
            return None;
        };
        let is_listing = matches!(section.as_str(), "list" | "entitlements" | "grants");
        let entry = match rest.first() {
            Some(Step::Item(number)) => *number,
            _ => 0,
        };
        (top == "resource_types" && is_listing).then(|| Listing {
            resource_type: resource_type.clone(),
            section: section.clone(),
            entry,
        })
    }

    /// The resource type that an entry is part of.
    pub fn resource_type(&self, entry: usize) -> Option<String> {
        match self.outline.path(entry).as_slice() {
            [Step::Key(top), Step::Key(resource_type), ..] if top == "resource_types" => {
                Some(resource_type.clone())
            }
            _ => None,
        }
    }

    /// The scheme of its database.
    pub fn scheme(&self) -> Option<String> {
        if let Some(scheme) = self.outline.find(&["connect", "scheme"]) {
            return Some(self.scalar(scheme));
        }
        let dsn = self.scalar(self.outline.find(&["connect", "dsn"])?);
        dsn.split_once(':').map(|(scheme, _)| scheme.to_owned())
    }
}

/// The connector whose tests a file has, by its name.
fn connector_beside(path: &Path) -> Option<PathBuf> {
    let stem = Path::new(path.file_stem()?);
    let end = path.extension().unwrap_or_default();
    (stem.extension()? == "tests").then(|| path.with_file_name(stem.with_extension(end)))
}

fn kind(outline: &Outline, text: &str) -> Kind {
    let has = |key| outline.child(None, key).is_some();
    let says_so = || {
        let mut lines = text.lines().take(5);
        lines.any(|line| line.starts_with('#') && line.contains("connector.schema.json"))
    };
    // The first words of a new file.
    let begins = || {
        let shapes = Shapes::new(outline, text, None, &[]);
        let root = shapes.of(None);
        outline.children(None).all(|(_, entry)| match &entry.step {
            Step::Key(key) => root.declares(key),
            Step::Item(_) => false,
        })
    };
    match has("connect") || has("resource_types") || says_so() || begins() {
        true => Kind::Connector,
        false => Kind::Other,
    }
}

fn dialect(outline: &Outline) -> Option<Dialect> {
    let connect = outline.find(&["connect"])?;
    let has = |keys: &[&str]| {
        let mut keys = keys.iter();
        keys.any(|key| outline.child(Some(connect), key).is_some())
    };
    match () {
        () if has(crate::config::connect::SQL_FIELDS) => Some(Dialect::Sql),
        () if has(crate::config::connect::HTTP_FIELDS) => Some(Dialect::Http),
        () => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_told_apart() {
        let kind = |path: &str, text: &str| File::new(path.into(), Lines::new(text)).kind;
        assert_eq!(kind("a.yaml", ""), Kind::Connector);
        assert_eq!(kind("a.yaml", "app_name: x\nconn"), Kind::Connector);
        assert_eq!(kind("a.yaml", "connect: {}\nx: 1"), Kind::Connector);
        assert_eq!(kind("a.yaml", "version: '3'\nservices: {}"), Kind::Other);
        assert_eq!(kind("a.yaml", "- name: a"), Kind::Other);
        assert_eq!(kind("a.tests.yaml", "- name: a"), Kind::Tests);
        assert_eq!(
            connector_beside(Path::new("x/acme.eu.tests.yml")),
            Some("x/acme.eu.yml".into())
        );
    }
}
