//! YAML text → a tree in which every node knows where it was written.
//!
//! The typed config is lowered from this tree by our own code rather than by `serde`, because
//! `serde` stops at the first mistake and an author wants all of them. Positions point at the
//! place where a value is *defined*, also through aliases and merge keys.

use std::sync::Arc;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_yaml::{DuplicateKeyPolicy, Options, Spanned};

use crate::diagnostic::{Diagnostic, Edit, Location, SourceFile, Span};

/// Enough for the deepest file that the library reads, in a build without optimisation: it recurses
/// with large frames, and a thread of a runtime has 2 MiB.
const STACK: usize = 4 << 20;

/// A value of the file.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// What is written there.
    pub value: NodeValue,
    /// Where.
    pub span: Span,
}

/// What a node holds. Scalars keep their source text: `id: 0123` is the text `0123`.
#[derive(Debug, Clone, PartialEq)]
pub enum NodeValue {
    /// Nothing, `~` or `null`.
    Null,
    /// Any other scalar.
    Scalar {
        /// The text meant, quotes and folding undone.
        text: String,
        /// True when it was quoted or a block, so that it cannot be a number or a truth value.
        quoted: bool,
    },
    /// A sequence.
    List(Vec<Node>),
    /// A mapping, in the order written.
    Map(Vec<(Key, Node)>),
}

/// A key of a mapping.
#[derive(Debug, Clone, PartialEq)]
pub struct Key {
    /// Its text.
    pub text: String,
    /// Where it stands.
    pub span: Span,
}

impl Key {
    /// Writes another name in its place. `None` where it is written in quotes or comes by an alias.
    pub fn rename(&self, source: &str, name: &str) -> Option<Edit> {
        let written = source.get(self.span.start..self.span.end)?;
        (written == self.text).then(|| Edit::replace(self.span, name))
    }
}

impl Node {
    /// What the node is, for messages: `a list`, `text` …
    pub fn describe(&self) -> &'static str {
        match &self.value {
            NodeValue::Null => "nothing",
            NodeValue::Scalar { .. } => "a single value",
            NodeValue::List(_) => "a list",
            NodeValue::Map(_) => "a mapping",
        }
    }

    /// Where its keys and its scalars stand: with aliases, that is not one stretch of the file.
    pub fn places(&self) -> Vec<Span> {
        match &self.value {
            NodeValue::Null | NodeValue::Scalar { .. } => vec![self.span],
            NodeValue::List(items) => items.iter().flat_map(Node::places).collect(),
            NodeValue::Map(entries) => {
                let places = |(key, node): &(Key, Node)| {
                    let mut places = node.places();
                    places.push(key.span);
                    places
                };
                entries.iter().flat_map(places).collect()
            }
        }
    }

    /// The entries, when the node is a mapping.
    pub fn as_map(&self) -> Option<&[(Key, Node)]> {
        match &self.value {
            NodeValue::Map(entries) => Some(entries),
            _ => None,
        }
    }

    /// The value under `key`, when the node is a mapping that has it.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.as_map()?
            .iter()
            .find(|(found, _)| found.text == key)
            .map(|(_, node)| node)
    }
}

/// Parses a file. An empty document is a null node. Mistakes of YAML itself end the parsing, except
/// duplicate keys: each is noted and the last one is kept, so that the rest of the file is checked
/// too.
pub fn parse(file: &Arc<SourceFile>, diagnostics: &mut Vec<Diagnostic>) -> Option<Node> {
    let mut lowering = Lowering {
        file,
        duplicates: Vec::new(),
    };
    match read(file, DuplicateKeyPolicy::Error) {
        Ok(raw) => Some(lowering.node(raw)),
        Err(error) if is_duplicate_key(&error) => {
            // The library stops at the first one: read on without its help.
            let first = error_span(&error, file);
            let raw = read(file, DuplicateKeyPolicy::LastWins);
            let node = raw.map(|raw| lowering.node(raw));
            if lowering.duplicates.is_empty() {
                lowering.duplicates.push(first);
            }
            for span in lowering.duplicates {
                diagnostics.push(twice(file, span));
            }
            // Behind the key there may be what is no YAML at all.
            node.map_err(|error| diagnostics.push(no_yaml(file, &error)))
                .ok()
        }
        Err(error) => {
            diagnostics.push(no_yaml(file, &error));
            None
        }
    }
}

fn twice(file: &Arc<SourceFile>, span: Span) -> Diagnostic {
    let key = &file.text()[span.start..span.end];
    let message = format!("`{key}` is written twice in this mapping");
    let at = Location {
        file: file.clone(),
        span,
    };
    Diagnostic::error("duplicate-key", at, message).help("keep one of the two")
}

/// The way out of mistakes of YAML itself, by a part of what the library says.
const HELPS: &[(&str, &str)] = &[
    (
        "mapping values are not allowed",
        "text that holds a colon and a space needs quotes around it",
    ),
    (TAB, "indent with spaces"),
    (
        "flow mapping",
        "end it with `}`; text in it that holds a bracket or a comma needs quotes around it, such as `\"${NAME}\"`",
    ),
    (
        "did not find expected key",
        "compare the indentation with that of the lines above: keys of one mapping begin in one column",
    ),
    (
        "what is not there",
        "an alias `*name` repeats what is written at `&name`, which stands before it; text that begins with `*` needs quotes",
    ),
];

const TAB: &str = "tab";

fn no_yaml(file: &Arc<SourceFile>, error: &serde_yaml::Error) -> Diagnostic {
    let at = Location {
        file: file.clone(),
        span: error_span(error, file),
    };
    let mut diagnostic = Diagnostic::error("yaml-syntax", at, sentence(error));
    let found = HELPS
        .iter()
        .find(|(part, _)| diagnostic.message.contains(part));
    if let Some((part, help)) = found {
        diagnostic = diagnostic.help(*help);
        if *part == TAB {
            diagnostic.fix = leading_tabs(file.text());
        }
    }
    diagnostic
}

/// Two spaces for each tab that a line begins with.
fn leading_tabs(text: &str) -> Vec<Edit> {
    let mut edits = Vec::new();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let tabs = line.bytes().take_while(|byte| *byte == b'\t').count();
        if tabs > 0 {
            let span = Span::new(start, start + tabs);
            edits.push(Edit::replace(span, "  ".repeat(tabs)));
        }
        start += line.len();
    }
    edits
}

fn read(
    file: &Arc<SourceFile>,
    duplicate_keys: DuplicateKeyPolicy,
) -> Result<Spanned<Raw>, serde_yaml::Error> {
    let mut options = Options::default();
    options.duplicate_keys = duplicate_keys;
    options.with_snippet = false;
    stacker::maybe_grow(STACK, 2 * STACK, || {
        serde_yaml::from_str_with_options(file.text(), options)
    })
}

fn is_duplicate_key(error: &serde_yaml::Error) -> bool {
    matches!(
        error.without_snippet(),
        serde_yaml::Error::DuplicateMappingKey { .. }
    )
}

fn error_span(error: &serde_yaml::Error, file: &SourceFile) -> Span {
    error
        .location()
        .map_or(Span::default(), |at| match at.span().byte_offset() {
            Some(_) => location_span(&at, file.text()),
            // Mistakes of the syntax itself come with a line and a column only.
            None => {
                let at = file.byte_at(at.line() as usize, at.column() as usize);
                Span::new(at, at)
            }
        })
}

/// The library's message in the author's terms: it speaks of its own functions and types.
fn sentence(error: &serde_yaml::Error) -> String {
    let text = error.without_snippet().to_string();
    // It appends its own idea of the position, which the diagnostic already shows.
    let text = text
        .split(" at line ")
        .next()
        .unwrap_or(&text)
        .trim_end_matches('.');
    let known = [
        (
            "multiple YAML documents",
            "the file holds several documents: keep one",
        ),
        (
            "from_multiple",
            "the file holds several documents: keep one",
        ),
        (
            "from_str_multiple",
            "the file holds several documents: keep one",
        ),
        (
            "budget breached",
            "the file is larger or deeper than a connector can be; aliases may have multiplied it",
        ),
        ("unknown anchor", "an alias repeats what is not there"),
        ("alias", "an alias repeats too much, or itself"),
        (
            "recursive references",
            "an alias stands inside of what it repeats",
        ),
    ];
    match known.iter().find(|(part, _)| text.contains(part)) {
        Some((_, sentence)) => (*sentence).to_owned(),
        None => format!("this is not valid YAML: {text}"),
    }
}

/// A node as the parser hands it over, before scalars get their source text back.
enum Raw {
    Null,
    /// Text as decoded; plain ones may still be what YAML calls a number or a truth value.
    Text(String),
    /// A plain scalar that YAML types; its text is taken from the source.
    Typed,
    List(Vec<Spanned<Raw>>),
    Map(Vec<(Spanned<Raw>, Spanned<Raw>)>),
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RawVisitor)
    }
}

struct RawVisitor;

impl<'de> Visitor<'de> for RawVisitor {
    type Value = Raw;

    fn expecting(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        f.write_str("a YAML value")
    }

    fn visit_unit<E>(self) -> Result<Raw, E> {
        Ok(Raw::Null)
    }

    fn visit_none<E>(self) -> Result<Raw, E> {
        Ok(Raw::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Raw, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Raw, E> {
        Ok(Raw::Typed)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Raw, E> {
        Ok(Raw::Typed)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Raw, E> {
        Ok(Raw::Typed)
    }

    fn visit_i128<E>(self, _: i128) -> Result<Raw, E> {
        Ok(Raw::Typed)
    }

    fn visit_u128<E>(self, _: u128) -> Result<Raw, E> {
        Ok(Raw::Typed)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Raw, E> {
        Ok(Raw::Typed)
    }

    fn visit_str<E>(self, text: &str) -> Result<Raw, E> {
        Ok(Raw::Text(text.to_owned()))
    }

    fn visit_string<E>(self, text: String) -> Result<Raw, E> {
        Ok(Raw::Text(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Raw, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Raw::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Raw, A::Error> {
        let mut map = Vec::new();
        while let Some(entry) = entries.next_entry()? {
            map.push(entry);
        }
        Ok(Raw::Map(map))
    }
}

/// Gives scalars their source text back, and notices keys that stand twice.
struct Lowering<'f> {
    file: &'f SourceFile,
    duplicates: Vec<Span>,
}

impl Lowering<'_> {
    fn node(&mut self, raw: Spanned<Raw>) -> Node {
        let source = self.file.text();
        let span = location_span(&raw.defined, source);
        let written = &source[span.start..span.end];
        let value = match raw.value {
            Raw::Null => NodeValue::Null,
            Raw::Typed => NodeValue::Scalar {
                text: written.trim().to_owned(),
                quoted: false,
            },
            Raw::Text(text) => {
                let quoted = written.starts_with(['"', '\'']) || is_block(source, span.start);
                NodeValue::Scalar { text, quoted }
            }
            Raw::List(items) => {
                NodeValue::List(items.into_iter().map(|item| self.node(item)).collect())
            }
            Raw::Map(entries) => NodeValue::Map(self.entries(entries)),
        };
        Node { value, span }
    }

    fn entries(&mut self, raw: Vec<(Spanned<Raw>, Spanned<Raw>)>) -> Vec<(Key, Node)> {
        let mut entries: Vec<(Key, Node)> = Vec::with_capacity(raw.len());
        for (key, value) in raw {
            let key = self.node(key);
            let text = match key.value {
                NodeValue::Scalar { text, .. } => text,
                _ => self.file.text()[key.span.start..key.span.end].to_owned(),
            };
            let entry = (
                Key {
                    text,
                    span: key.span,
                },
                self.node(value),
            );
            match entries
                .iter()
                .position(|(known, _)| known.text == entry.0.text)
            {
                Some(index) => {
                    self.duplicates.push(entry.0.span);
                    entries[index] = entry;
                }
                None => entries.push(entry),
            }
        }
        entries
    }
}

/// True when the scalar that starts here is the body of a `|` or `>` block: the parser's span of a
/// block begins after its header, so the header ends the line above.
pub(super) fn is_block(source: &str, start: usize) -> bool {
    let before = source[..start].trim_end();
    if !source[before.len()..start].contains('\n') {
        return false;
    }
    let above = before.lines().last().unwrap_or_default();
    let header = above.split(" #").next().unwrap_or(above).trim_end();
    let header = header.trim_end_matches(|c: char| c.is_ascii_digit() || c == '+' || c == '-');
    header.ends_with(": |")
        || header.ends_with(": >")
        || header.ends_with("- |")
        || header.ends_with("- >")
}

/// The bytes of a location, cut at the end of the text that the node itself occupies.
fn location_span(location: &serde_yaml::Location, source: &str) -> Span {
    let span = location.span();
    let start = span.byte_offset().unwrap_or_default() as usize;
    let length = span.byte_len().unwrap_or_default() as usize;
    let mut start = start.min(source.len());
    while !source.is_char_boundary(start) {
        start -= 1;
    }
    let mut end = (start + length).min(source.len());
    while !source.is_char_boundary(end) {
        end -= 1;
    }
    Span::new(start, start + source[start..end].trim_end().len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse_text(text: &str) -> (Option<Node>, Vec<String>) {
        let mut diagnostics = Vec::new();
        let node = parse(&SourceFile::new("acme.yaml", text), &mut diagnostics);
        let shown = diagnostics
            .iter()
            .map(|d| {
                format!(
                    "{} {}: {}",
                    d.code,
                    d.at.as_ref().expect("a place"),
                    d.message
                )
            })
            .collect();
        (node, shown)
    }

    #[test]
    fn scalars_keep_their_source_text() {
        let text =
            "a: 0123\nb: true\nc: '12'\nd: 1.50\ne: ~\nf:\ng: 12345678901234567890123\nh: no\n";
        let (node, diagnostics) = parse_text(text);
        assert_eq!(diagnostics, Vec::<String>::new());
        let node = node.expect("parses");
        let texts: Vec<_> = node
            .as_map()
            .expect("a map")
            .iter()
            .map(|(key, value)| match &value.value {
                NodeValue::Scalar { text, quoted } => format!("{}={text},{quoted}", key.text),
                other => format!("{}={other:?}", key.text),
            })
            .collect();
        assert_eq!(
            texts,
            [
                "a=0123,false",
                "b=true,false",
                "c=12,true",
                "d=1.50,false",
                "e=Null",
                "f=Null",
                "g=12345678901234567890123,false",
                "h=no,false"
            ]
        );
    }

    #[test]
    fn positions_survive_blocks_aliases_and_merges() {
        let text =
            "base: &b\n  k: v\ncopy:\n  <<: *b\n  q: |\n    SELECT 1\n    FROM t\nalias: *b\n";
        let (node, diagnostics) = parse_text(text);
        assert_eq!(diagnostics, Vec::<String>::new());
        let node = node.expect("parses");
        let merged = node
            .get("copy")
            .and_then(|copy| copy.get("k"))
            .expect("merged key");
        assert_eq!(&text[merged.span.start..merged.span.end], "v");
        let block = node
            .get("copy")
            .and_then(|copy| copy.get("q"))
            .expect("block");
        assert_eq!(
            &text[block.span.start..block.span.end],
            "SELECT 1\n    FROM t"
        );
        assert!(matches!(
            block.value,
            NodeValue::Scalar { quoted: true, .. }
        ));
        let aliased = node
            .get("alias")
            .and_then(|alias| alias.get("k"))
            .expect("aliased key");
        assert_eq!(aliased.span, merged.span);
    }

    #[test]
    fn a_duplicate_key_is_noted_and_the_rest_is_still_read() {
        let (node, diagnostics) = parse_text("a: 1\nb:\n  x: 1\n  x: 2\n");
        assert_eq!(
            diagnostics,
            ["duplicate-key acme.yaml:4:3: `x` is written twice in this mapping"]
        );
        assert!(node.is_some());
    }

    #[test]
    fn broken_yaml_behind_a_duplicate_key_is_told_too() {
        let (node, diagnostics) = parse_text("a: 1\na: 2\n    b: 3\n");
        assert!(node.is_none());
        let codes: Vec<_> = diagnostics.iter().map(|shown| &shown[..13]).collect();
        assert_eq!(codes, ["duplicate-key", "yaml-syntax a"], "{diagnostics:?}");
    }

    #[test]
    fn broken_yaml_is_placed() {
        let (node, diagnostics) = parse_text("a: [1, 2\nb: 3\n");
        assert!(node.is_none());
        assert_eq!(diagnostics.len(), 1, "{diagnostics:?}");
        assert!(
            diagnostics[0].starts_with("yaml-syntax acme.yaml:"),
            "{diagnostics:?}"
        );
    }
}
