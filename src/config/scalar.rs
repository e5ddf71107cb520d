//! Single values: text and the programs written as text, numbers, truth values, durations.

use std::time::Duration;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::decode::{Decode, Decoder};
use super::tree::{Node, NodeValue};
use crate::diagnostic::{Diagnostic, Edit, Span};

/// Text with the place it was written at. Any scalar is accepted; its source text is kept.
#[derive(Debug, Clone, PartialEq)]
pub struct Text {
    /// The text.
    pub text: String,
    /// Where the scalar stands.
    pub span: Span,
}

impl Text {
    /// The text as a slice.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The span of `range` within the text, as exactly as the way it was written allows: `source`
    /// is the file. Falls back to the whole scalar when escapes or folding moved the characters.
    pub fn locate(&self, source: &str, range: std::ops::Range<usize>) -> Span {
        let written = &source[self.span.start..self.span.end];
        let (Some(before), Some(inside)) = (self.text.get(..range.start), self.text.get(range))
        else {
            return self.span;
        };
        if inside.is_empty() {
            // A place between two characters: right after the one before it.
            return match before.char_indices().next_back() {
                Some((at, _)) => {
                    let end = self.locate(source, at..before.len()).end;
                    Span::new(end, end)
                }
                None => self.span,
            };
        }
        // Indentation, folding and quotes move a piece of the text but keep their order: the piece
        // that is the third of its kind in the text is the third in what is written.
        let nth = before.matches(inside).count();
        match written.match_indices(inside).nth(nth) {
            Some((at, _)) => Span::new(self.span.start + at, self.span.start + at + inside.len()),
            None => self.span,
        }
    }
}

/// Changes of scalars that read back as meant, however the scalar is written.
impl Text {
    /// Puts `with` in the place of `range` of the text. `None` where that cannot be done in one piece.
    pub fn edit(&self, source: &str, range: std::ops::Range<usize>, with: &str) -> Option<Edit> {
        let written = source.get(self.span.start..self.span.end)?;
        let style = Style::of(source, self.span)?;
        let whole = [
            self.text.get(..range.start)?,
            with,
            self.text.get(range.end..)?,
        ]
        .concat();
        let span = self.locate(source, range.clone());
        let is_exact = source.get(span.start..span.end) == self.text.get(range.clone());
        let first = range.start == 0;
        match style {
            _ if with.contains('\n') => None,
            Style::Single if is_exact => Some(Edit::replace(span, with.replace('\'', "''"))),
            Style::Double if is_exact => Some(Edit::replace(span, escaped(with))),
            Style::Block if is_exact => Some(Edit::replace(span, with)),
            Style::Plain if is_exact && stays_plain(with, first) => Some(Edit::replace(span, with)),
            // A text on one line can be written anew.
            Style::Single | Style::Double | Style::Plain
                if !written.contains('\n') && !whole.contains('\n') =>
            {
                Some(Edit::replace(self.span, format!("\"{}\"", escaped(&whole))))
            }
            _ => None,
        }
    }

    /// Puts `with` in the place of the whole text.
    pub fn rewrite(&self, source: &str, with: &str) -> Option<Edit> {
        self.edit(source, 0..self.text.len(), with)
    }
}

/// How a scalar is written.
enum Style {
    Plain,
    Single,
    Double,
    Block,
}

impl Style {
    /// `None` for a scalar that is not there.
    fn of(source: &str, span: Span) -> Option<Self> {
        let written = source.get(span.start..span.end)?;
        Some(match written.chars().next()? {
            '\'' => Style::Single,
            '"' => Style::Double,
            _ if super::tree::is_block(source, span.start) => Style::Block,
            _ => Style::Plain,
        })
    }
}

/// The inside of a text in double quotes.
pub(super) fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}

/// True for text that YAML takes as it is inside of a plain scalar, in brackets too; `first` when it
/// begins the scalar.
fn stays_plain(text: &str, first: bool) -> bool {
    let begins = |c: char| c.is_alphanumeric() || "_./$(".contains(c);
    (!text.is_empty() || !first)
        && !text.contains([',', '[', ']', '{', '}', '#', ':', '\\', '"'])
        && (!first || text.starts_with(begins))
        && !["~", "null", "Null", "NULL"].contains(&text)
}

fn scalar_text(node: &Node, decoder: &mut Decoder, expected: &str) -> Option<Text> {
    match &node.value {
        NodeValue::Scalar { text, .. } => Some(Text {
            text: text.clone(),
            span: node.span,
        }),
        NodeValue::Null => Some(Text {
            text: String::new(),
            span: node.span,
        }),
        _ => decoder.wrong_type(node, expected),
    }
}

impl Decode for Text {
    fn decode(node: &Node, decoder: &mut Decoder) -> Option<Self> {
        scalar_text(node, decoder, "text")
    }
}

fn scalar_schema(description: &str) -> Schema {
    json_schema!({ "type": ["string", "number", "boolean", "null"], "description": description })
}

impl JsonSchema for Text {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Text".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        scalar_schema("Text.")
    }
}

/// Declares a kind of text that is more than text: a program, a path, a secret.
macro_rules! text_kind {
    ($(#[doc = $doc:literal])+ $name:ident, $expected:literal) => {
        $(#[doc = $doc])+
        #[derive(Clone, PartialEq)]
        pub struct $name(pub Text);

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, concat!(stringify!($name), "({}..{})"), self.0.span.start, self.0.span.end)
            }
        }

        impl Decode for $name {
            fn decode(node: &Node, decoder: &mut Decoder) -> Option<Self> {
                scalar_text(node, decoder, $expected).map(Self)
            }
        }

        impl JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                scalar_schema(&super::section::tidy(concat!($($doc, "\n"),+)))
            }
        }
    };
}

text_kind! {
    /// An expression. In SQL files bare text is CEL (`.email`, `'Group ' + .name`) and a bare word
    /// stands for itself; in HTTP files bare text is literal. In both, `cel:` starts a CEL
    /// expression and `tmpl:` a template.
    ExprText, "an expression"
}
text_kind! {
    /// Text that may be a template: after `tmpl:` it is a Go-style template such as
    /// `/groups/{{ .resource.id }}`, after `cel:` a CEL expression; otherwise it is literal.
    TemplateText, "text or a template"
}
text_kind! {
    /// A path into a JSON answer: dotted keys such as `data.users`, or JSONPath when it starts
    /// with `$`.
    PathText, "a path"
}
text_kind! {
    /// SQL with placeholders `?<name>`.
    SqlText, "SQL"
}
text_kind! {
    /// Text in which `${NAME}` stands for an environment variable.
    EnvText, "text"
}
text_kind! {
    /// A secret. Write `${NAME}` and keep the value in the environment.
    SecretText, "text"
}

impl Decode for bool {
    fn decode(node: &Node, decoder: &mut Decoder) -> Option<Self> {
        match &node.value {
            // The words that YAML 1.1 readers take for truth values when one is asked for.
            NodeValue::Scalar {
                text,
                quoted: false,
            } => match text.to_lowercase().as_str() {
                "true" | "yes" | "on" | "y" => Some(true),
                "false" | "no" | "off" | "n" => Some(false),
                _ => decoder.wrong_type(node, "`true` or `false`"),
            },
            _ => decoder.wrong_type(node, "`true` or `false`"),
        }
    }
}

macro_rules! decode_number {
    ($($ty:ty),+) => {$(
        impl Decode for $ty {
            fn decode(node: &Node, decoder: &mut Decoder) -> Option<Self> {
                let expected = &format!("a whole number from {} to {}", <$ty>::MIN, <$ty>::MAX);
                match &node.value {
                    NodeValue::Scalar { text, .. } => match text.parse() {
                        Ok(number) => Some(number),
                        Err(_) => decoder.wrong_type(node, expected),
                    },
                    _ => decoder.wrong_type(node, expected),
                }
            }
        }
    )+};
}
decode_number!(u16, u32, i64);

impl Decode for std::num::NonZeroU32 {
    fn decode(node: &Node, decoder: &mut Decoder) -> Option<Self> {
        let expected = "a whole number from 1 up";
        match &node.value {
            NodeValue::Scalar { text, .. } => match text.parse() {
                Ok(number) => Some(number),
                Err(_) => decoder.wrong_type(node, expected),
            },
            _ => decoder.wrong_type(node, expected),
        }
    }
}

/// A length of time written as `30s`, `1m30s`, `500ms` or `1h`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DurationText(pub Duration);

impl Decode for DurationText {
    fn decode(node: &Node, decoder: &mut Decoder) -> Option<Self> {
        let text = scalar_text(node, decoder, "a duration")?;
        match parse_duration(&text.text) {
            Some(duration) => Some(DurationText(duration)),
            None => {
                let written = text.text.trim();
                let help = match written.strip_suffix(['d', 'D']) {
                    Some(days) => days
                        .parse::<u32>()
                        .ok()
                        .map(|days| format!("a day has `24h`: write `{}h`", days * 24)),
                    None if written.bytes().all(|byte| byte.is_ascii_digit()) => {
                        Some(format!("add the unit: `{written}s` are seconds"))
                    }
                    None => None,
                };
                let at = decoder.at(node.span);
                let message = format!(
                    "`{}` is not a duration such as `30s`, `1m30s` or `500ms`",
                    text.text
                );
                let help = help.unwrap_or_else(|| {
                    "a number with `ms`, `s`, `m` or `h`, or several of them".to_owned()
                });
                let wrong = Diagnostic::error("bad-duration", at, message).help(help);
                decoder.diagnostics.push(wrong);
                None
            }
        }
    }
}

impl JsonSchema for DurationText {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Duration".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "pattern": "^([0-9]+(\\.[0-9]+)?(ns|us|µs|ms|s|m|h))+$",
            "examples": ["30s", "1m30s", "500ms"],
        })
    }
}

/// Reads a duration in the notation of Go: numbers with units, from the largest to the smallest.
pub(crate) fn parse_duration(text: &str) -> Option<Duration> {
    let mut rest = text.trim();
    if rest.is_empty() {
        return None;
    }
    let mut seconds = 0.0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, after) = rest.split_at(digits);
        let unit_end = after
            .find(|c: char| c.is_ascii_digit())
            .unwrap_or(after.len());
        let (unit, next) = after.split_at(unit_end);
        let scale = match unit {
            "ns" => 1e-9,
            "us" | "µs" => 1e-6,
            "ms" => 1e-3,
            "s" => 1.0,
            "m" => 60.0,
            "h" => 3600.0,
            _ => return None,
        };
        seconds += number.parse::<f64>().ok()? * scale;
        rest = next;
    }
    Duration::try_from_secs_f64(seconds).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_as_go_reads_them() {
        assert_eq!(parse_duration("1m30s"), Some(Duration::from_secs(90)));
        assert_eq!(parse_duration("500ms"), Some(Duration::from_millis(500)));
        assert_eq!(parse_duration("1.5h"), Some(Duration::from_secs(5400)));
        for bad in ["", "30", "s", "1d", "-1s", "1m x"] {
            assert_eq!(parse_duration(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_place_inside_a_scalar_is_found_however_it_is_written() {
        let source = "q: |\n    SELECT 1\n    FROM tt\np: 'a bb'\n";
        let block = Text {
            text: "SELECT 1\nFROM tt\n".into(),
            span: Span::new(9, 29),
        };
        let span = block.locate(source, 14..16);
        assert_eq!(&source[span.start..span.end], "tt");
        let folded = "q: >\n    .name +\n    undefined\n";
        let text = Text {
            text: ".name + undefined\n".into(),
            span: Span::new(9, 31),
        };
        let span = text.locate(folded, 8..17);
        assert_eq!(&folded[span.start..span.end], "undefined");
        let quoted = Text {
            text: "a bb".into(),
            span: Span::new(33, 39),
        };
        let span = quoted.locate(source, 2..4);
        assert_eq!(&source[span.start..span.end], "bb");
    }
}
