//! `${NAME}` → the environment variable's value. Filled in after parsing, so that positions stay
//! true and a value never appears in an excerpt.

use std::ops::Range;

/// Where the values of `${NAME}` come from: the process, or a map in tests and embedding programs.
pub trait Environment: Send + Sync {
    /// The value of a variable; `None` when it is not set. Set but empty is a value.
    fn get(&self, name: &str) -> Option<String>;
}

/// The environment of this process.
#[derive(Debug, Clone, Copy, Default)]
pub struct ProcessEnvironment;

impl Environment for ProcessEnvironment {
    fn get(&self, name: &str) -> Option<String> {
        std::env::var(name).ok()
    }
}

impl Environment for std::collections::HashMap<String, String> {
    fn get(&self, name: &str) -> Option<String> {
        std::collections::HashMap::get(self, name).cloned()
    }
}

/// A part of a text with variables.
#[derive(Debug, PartialEq)]
pub enum Piece<'t> {
    /// Text as it is.
    Literal(&'t str),
    /// `${NAME}`, and where it stands in the text.
    Variable {
        /// The name between the braces.
        name: &'t str,
        /// The bytes of the whole `${NAME}`.
        range: Range<usize>,
    },
}

/// Splits a text at its variables. Names are letters, digits and underscores; there is no default
/// syntax and no escape, and `$NAME` is literal, as in the reference.
pub fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = 0;
    let mut search = 0;
    while let Some(found) = text[search..].find("${") {
        let start = search + found;
        let length = text[start + 2..]
            .bytes()
            .take_while(|b| b.is_ascii_alphanumeric() || *b == b'_')
            .count();
        let end = start + 2 + length;
        search = start + 2;
        if length == 0 || text.as_bytes().get(end) != Some(&b'}') {
            continue;
        }
        if rest < start {
            pieces.push(Piece::Literal(&text[rest..start]));
        }
        pieces.push(Piece::Variable {
            name: &text[start + 2..end],
            range: start..end + 1,
        });
        rest = end + 1;
        search = rest;
    }
    if rest < text.len() {
        pieces.push(Piece::Literal(&text[rest..]));
    }
    pieces
}

/// True when the text holds at least one `${NAME}`.
pub fn mentions_variable(text: &str) -> bool {
    pieces(text)
        .iter()
        .any(|piece| matches!(piece, Piece::Variable { .. }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_braced_names_are_variables() {
        use Piece::*;
        assert_eq!(
            pieces("a${X}b$Y${}${Z Z}${W_1}"),
            [
                Literal("a"),
                Variable {
                    name: "X",
                    range: 1..5
                },
                Literal("b$Y${}${Z Z}"),
                Variable {
                    name: "W_1",
                    range: 17..23
                },
            ]
        );
        assert_eq!(pieces("${"), [Literal("${")]);
        assert!(pieces("").is_empty());
    }
}
