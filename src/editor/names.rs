//! A file → the names in it that mean something elsewhere in it: what definitions, references and
//! renaming go by.

use super::file::{File, Language};
use super::outline::{Entry, Step};
use crate::diagnostic::Span;

/// What a name stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Name {
    /// A resource type.
    ResourceType(String),
    /// An entitlement of every resource of a type.
    Entitlement {
        /// The type.
        of: String,
        /// Its id.
        id: String,
    },
    /// A value of queries.
    Placeholder {
        /// The entry that has it, in its `vars`, `arguments` or `schema`.
        of: usize,
        /// Its name.
        name: String,
    },
    /// A text of the file as a whole.
    Var(String),
}

/// A name where it is written.
#[derive(Debug, Clone)]
pub(super) struct Mention {
    /// What it stands for.
    pub name: Name,
    /// Where it stands, without quotes.
    pub span: Span,
    /// True where it is given its meaning.
    pub is_definition: bool,
}

/// Fields that name resource types.
pub(super) const TYPE_FIELDS: &[&str] = &[
    "parent_type",
    "child_types",
    "depends_on",
    "grantable_to",
    "principal_type",
    "resource_type",
    "identity_resource_type",
];

/// Fields that name entitlements of the type they are written in.
pub(super) const ENTITLEMENT_FIELDS: &[&str] = &["entitlement_id", "entitlement_name"];

/// The keys of the resource types.
pub(super) fn resource_types(file: &File) -> Vec<(String, usize)> {
    let Some(types) = file.outline.find(&["resource_types"]) else {
        return Vec::new();
    };
    keys(file, types)
}

/// The ids of the entitlements that every resource of a type has.
pub(super) fn static_entitlements(file: &File, resource_type: &str) -> Vec<(String, usize)> {
    let way = ["resource_types", resource_type, "static_entitlements"];
    let Some(list) = file.outline.find(&way) else {
        return Vec::new();
    };
    let items = file.outline.children(Some(list));
    let ids = items.filter_map(|(item, _)| {
        let id = file.outline.child(Some(item), "id")?;
        Some((file.scalar(id), id))
    });
    ids.collect()
}

/// The keys right below an entry.
pub(super) fn keys(file: &File, of: usize) -> Vec<(String, usize)> {
    let children = file.outline.children(Some(of));
    let keys = children.filter_map(|(index, entry)| match &entry.step {
        Step::Key(key) => Some((key.clone(), index)),
        Step::Item(_) => None,
    });
    keys.collect()
}

/// The values that a query may use by name, the nearest first: the entry that has them, the name, and
/// the entry of the name.
pub(super) fn placeholders(file: &File, query: usize) -> Vec<(usize, String, usize)> {
    let mut found = Vec::new();
    for around in file.outline.ancestors(query).skip(1) {
        for section in ["vars", "arguments"] {
            if let Some(section) = file.outline.child(Some(around), section) {
                let named = keys(file, section).into_iter();
                found.extend(named.map(|(name, entry)| (around, name, entry)));
            }
        }
        if let Some(schema) = file.outline.child(Some(around), "schema") {
            for (item, _) in file.outline.children(Some(schema)) {
                if let Some(name) = file.outline.child(Some(item), "name") {
                    found.push((around, file.scalar(name), name));
                }
            }
        }
    }
    found
}

/// Every name of a file, in no order.
pub(super) fn mentions(file: &File) -> Vec<Mention> {
    let mut reader = Reader {
        file,
        types: resource_types(file),
        found: Vec::new(),
    };
    reader.definitions();
    for (index, entry) in file.outline.entries.iter().enumerate() {
        if entry.is_scalar() {
            reader.scalar(index, entry);
        }
    }
    reader.found
}

/// The name at a byte.
pub(super) fn mention_at(mentions: &[Mention], at: usize) -> Option<&Mention> {
    let touched = mentions
        .iter()
        .filter(|mention| mention.span.start <= at && at <= mention.span.end);
    touched.min_by_key(|mention| mention.span.end - mention.span.start)
}

struct Reader<'f> {
    file: &'f File,
    types: Vec<(String, usize)>,
    found: Vec<Mention>,
}

impl Reader<'_> {
    fn definitions(&mut self) {
        for (name, entry) in &self.types {
            self.found.push(Mention {
                name: Name::ResourceType(name.clone()),
                span: self.file.outline.entries[*entry].key,
                is_definition: true,
            });
            for (id, entry) in static_entitlements(self.file, name) {
                let name = Name::Entitlement {
                    of: name.clone(),
                    id,
                };
                let span = inside_quotes(self.file, entry);
                self.found.push(Mention {
                    name,
                    span,
                    is_definition: true,
                });
            }
        }
        let vars = self.file.outline.find(&["vars"]);
        for (name, entry) in vars.map(|vars| keys(self.file, vars)).unwrap_or_default() {
            self.found.push(Mention {
                name: Name::Var(name),
                span: self.file.outline.entries[entry].key,
                is_definition: true,
            });
        }
    }

    fn scalar(&mut self, index: usize, entry: &Entry) {
        let key = self.file.outline.key(index);
        let text = &self.file.text()[entry.value.start..entry.value.end];
        if TYPE_FIELDS.contains(&key) && self.is_declared(index) {
            let types: Vec<String> = self.types.iter().map(|(name, _)| name.clone()).collect();
            for name in types {
                self.words(index, &name, Name::ResourceType(name.clone()));
            }
        }
        if ENTITLEMENT_FIELDS.contains(&key)
            && let Some(of) = self.file.resource_type(index)
        {
            for (id, _) in static_entitlements(self.file, &of) {
                let of = of.clone();
                self.words(index, &id.clone(), Name::Entitlement { of, id });
            }
        }
        // Most scalars name nothing, and telling what they are takes a while.
        if !["?<", "vars.", ":"].iter().any(|part| text.contains(part)) {
            return;
        }
        match self.file.language(index).0 {
            Language::Sql => self.query(index, entry),
            Language::Cel | Language::Template => {
                self.texts_of_ids(entry);
                self.vars(entry);
            }
            Language::Literal | Language::Plain => {}
        }
    }

    /// False for keys that the author chose, such as those of a profile.
    fn is_declared(&self, index: usize) -> bool {
        let mut around = self.file.outline.ancestors(index);
        let keyed = around.find_map(|at| match &self.file.outline.entries[at].step {
            Step::Key(key) => Some((at, key.as_str())),
            Step::Item(_) => None,
        });
        keyed.is_some_and(|(at, key)| {
            let parent = self.file.outline.entries[at].parent;
            self.file.shapes().of(parent).declares(key)
        })
    }

    /// The whole scalar when it is the word, or the word in quotes inside of an expression.
    fn words(&mut self, index: usize, word: &str, name: Name) {
        let whole = inside_quotes(self.file, index);
        let text = &self.file.text()[whole.start..whole.end];
        let bare = text.strip_prefix("cel:").map_or(text, str::trim_start);
        let mut found = Vec::new();
        if bare == word {
            found.push(Span::new(whole.end - word.len(), whole.end));
        } else {
            for quote in ['\'', '"'] {
                let quoted = format!("{quote}{word}{quote}");
                let places = text
                    .match_indices(&quoted)
                    .map(|(at, _)| whole.start + at + 1);
                found.extend(places.map(|at| Span::new(at, at + word.len())));
            }
        }
        self.found.extend(found.into_iter().map(|span| Mention {
            name: name.clone(),
            span,
            is_definition: false,
        }));
    }

    /// `'group:' + …`: the type in a full id.
    fn texts_of_ids(&mut self, entry: &Entry) {
        let text = &self.file.text()[entry.value.start..entry.value.end];
        for (name, _) in &self.types {
            for quote in ['\'', '"'] {
                let begin = format!("{quote}{name}:");
                for (at, _) in text.match_indices(&begin) {
                    let start = entry.value.start + at + 1;
                    self.found.push(Mention {
                        name: Name::ResourceType(name.clone()),
                        span: Span::new(start, start + name.len()),
                        is_definition: false,
                    });
                }
            }
        }
    }

    fn query(&mut self, index: usize, entry: &Entry) {
        let text = &self.file.text()[entry.value.start..entry.value.end];
        let known = placeholders(self.file, index);
        for (at, _) in text.match_indices("?<") {
            let rest = &text[at + 2..];
            let word = word(rest);
            let Some((of, name, definition)) = known.iter().find(|(_, name, _)| name == word)
            else {
                continue;
            };
            let name = Name::Placeholder {
                of: *of,
                name: name.clone(),
            };
            let defined = &self.file.outline.entries[*definition];
            let span = match defined.named("name") && defined.is_scalar() {
                true => inside_quotes(self.file, *definition),
                false => defined.key,
            };
            let is_known = |mention: &Mention| mention.span == span && mention.is_definition;
            if !self.found.iter().any(is_known) {
                self.found.push(Mention {
                    name: name.clone(),
                    span,
                    is_definition: true,
                });
            }
            let start = entry.value.start + at + 2;
            self.found.push(Mention {
                name,
                span: Span::new(start, start + word.len()),
                is_definition: false,
            });
        }
    }

    fn vars(&mut self, entry: &Entry) {
        let text = &self.file.text()[entry.value.start..entry.value.end];
        for (at, found) in text.match_indices("vars.") {
            let before = text[..at].chars().next_back();
            if before.is_some_and(|c| c.is_alphanumeric() || c == '_') {
                continue;
            }
            let name = word(&text[at + found.len()..]);
            let start = entry.value.start + at + found.len();
            if !name.is_empty() {
                self.found.push(Mention {
                    name: Name::Var(name.to_owned()),
                    span: Span::new(start, start + name.len()),
                    is_definition: false,
                });
            }
        }
    }
}

/// The letters, digits and underscores that a text begins with.
fn word(text: &str) -> &str {
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '_');
    &text[..end.unwrap_or(text.len())]
}

/// Where the scalar of an entry stands, without its quotes.
pub(super) fn inside_quotes(file: &File, entry: usize) -> Span {
    let span = file.outline.entries[entry].value;
    let text = &file.text()[span.start..span.end];
    match text.chars().next() {
        Some(quote @ ('"' | '\'')) if text.len() > 1 && text.ends_with(quote) => {
            Span::new(span.start + 1, span.end - 1)
        }
        _ => span,
    }
}
