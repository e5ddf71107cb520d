//! A node of the file → a typed value, noting every mistake on the way.
//!
//! [`section!`](crate::config::section) declares a section of the YAML once: the struct, how it is
//! read, and its part of the JSON Schema. A field's doc comment is the user's documentation.

use std::sync::Arc;

pub use super::collections::{Named, OneOrMany, Placed, Reserved, Tolerant};
pub use super::section::{DecodeFields, closed_set, section};
use super::source_map::Path;
use super::tree::{Key, Node, NodeValue};
use crate::diagnostic::{Diagnostic, Edit, Location, Severity, SourceFile, Span, list, nearest};

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

    /// The change of the file that puts another text in the place of a scalar.
    pub fn rewrite(&self, node: &Node, with: &str) -> Option<Edit> {
        let NodeValue::Scalar { text, .. } = &node.value else {
            return None;
        };
        let text = super::scalar::Text {
            text: text.clone(),
            span: node.span,
        };
        text.rewrite(self.file.text(), with)
    }

    /// The change of the file that makes a list of a scalar, where it can be an entry of one.
    pub fn bracketed<T: Decode>(&mut self, node: &Node) -> Option<Edit> {
        let NodeValue::Scalar { text, quoted } = &node.value else {
            return None;
        };
        let (noted, failed) = (self.diagnostics.len(), self.failed.len());
        let is_entry = T::decode(node, self).is_some() && self.diagnostics.len() == noted;
        self.diagnostics.truncate(noted);
        self.failed.truncate(failed);
        let written = &self.file.text()[node.span.start..node.span.end];
        if !is_entry || written.contains('\n') || *quoted && !written.starts_with(['"', '\'']) {
            return None;
        }
        let plain = *quoted || !text.contains([',', '[', ']', '{', '}', ':', '#', '"', '\\']);
        let entry = match plain {
            true => format!("[{written}]"),
            false => format!("[\"{}\"]", super::scalar::escaped(text)),
        };
        Some(Edit::replace(node.span, entry))
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

    /// Ticks off an entry and returns it, when one of the names is written: the first of them that is.
    pub fn raw(&mut self, names: &[&'static str]) -> Option<(&'n Key, &'n Node)> {
        self.known.extend_from_slice(names);
        let named = |name: &&str| self.entries.iter().position(|(key, _)| key.text == **name);
        let index = names.iter().find_map(named)?;
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
                    let message = missing(name, decoder.path());
                    let at = decoder.at(at);
                    let missing = Diagnostic::error("missing-field", at, message);
                    let missing = missing.help(format!("add `{name}: …`"));
                    decoder.diagnostics.push(missing);
                    None
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
            if self.known.contains(&key.text.as_str()) {
                let message = format!(
                    "{place} has `{}` besides another name of the same field: it is ignored",
                    key.text
                );
                let at = decoder.at(key.span);
                let diagnostic = Diagnostic {
                    severity,
                    ..Diagnostic::error("conflicting-fields", at, message)
                };
                decoder
                    .diagnostics
                    .push(diagnostic.help("keep one of the two"));
                continue;
            }
            let meant = meant_field(&key.text, &self.known);
            // One mistake is one message: what is written under a wrong name is not missing as well.
            let missing = meant.map(|name| missing(name, decoder.path()));
            let is_missing = |found: &Diagnostic| {
                found.code == "missing-field" && Some(&found.message) == missing.as_ref()
            };
            let noted = decoder.diagnostics.len();
            decoder.diagnostics.retain(|found| !is_missing(found));
            let severity = match decoder.diagnostics.len() < noted {
                true => Severity::Error,
                false => severity,
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
            let (help, fix) = match meant {
                Some(name) => {
                    // A field that is written already cannot be written once more.
                    let is_there = self.entries.iter().any(|(key, _)| key.text == name);
                    let fix = key.rename(decoder.file.text(), name);
                    let help = format!("did you mean `{name}`?");
                    (help, fix.filter(|_| !is_there))
                }
                None => (format!("its fields are {}", list(&self.known)), None),
            };
            decoder.diagnostics.push(diagnostic.help(help).fix_if(fix));
        }
    }
}

/// What is said of a field that is not written.
fn missing(name: &str, path: &Path) -> String {
    match path.is_root() {
        true => format!("`{name}` is missing"),
        false => format!("`{path}` needs `{name}`"),
    }
}

/// The field that a name which is none stands for: one that is written nearly so, or that is usually
/// written so elsewhere.
fn meant_field(written: &str, known: &[&'static str]) -> Option<&'static str> {
    let plain = |name: &str| name.to_lowercase().replace(['-', '_', ' '], "");
    let same = |name: &&&'static str| plain(name) == plain(written);
    let spelt = known.iter().find(same).copied();
    spelt.or_else(|| {
        nearest(written, known.iter().copied())
            .and_then(|near| known.iter().find(|name| **name == near).copied())
    })
}
