//! Template text → literal text and actions, each action as tokens with their places.

use std::ops::Range;

use crate::expr::ExprError;

/// A stretch of a template.
#[derive(Debug, PartialEq)]
pub(super) enum Piece {
    /// Text that is written as it is.
    Text(String),
    /// What stands between `{{` and `}}`.
    Action(Vec<Token>, Range<usize>),
}

/// A word of an action.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Token {
    pub kind: Kind,
    pub range: Range<usize>,
    /// True when no space stands before it: `.a.b` is one field, `.a .b` are two.
    pub glued: bool,
}

/// What a word of an action is.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Kind {
    /// `.name`
    Field(String),
    /// `.` alone
    Dot,
    /// `$name`; empty for `$`
    Variable(String),
    /// A function or a keyword.
    Word(String),
    Text(String),
    Int(i64),
    Float(f64),
    Open,
    Close,
    Pipe,
    Comma,
    Declare,
    Assign,
}

/// An error in the notation itself.
pub(super) fn syntax(message: impl Into<String>, range: Range<usize>, help: &str) -> ExprError {
    ExprError::new("template-syntax", message, range, help)
}

/// Splits a template at its actions, applying the trim markers and dropping comments.
pub(super) fn split(source: &str) -> Result<Vec<Piece>, ExprError> {
    let mut pieces = Vec::new();
    let mut at = 0;
    let mut trim_start = false;
    while let Some(found) = source[at..].find("{{") {
        let open = at + found;
        let (inside, trim_before) = match marker(&source[open + 2..]) {
            true => (open + 3, true),
            false => (open + 2, false),
        };
        push_text(&mut pieces, &source[at..open], trim_start, trim_before);
        let action = action(source, open, inside)?;
        if let Some(tokens) = action.tokens {
            pieces.push(Piece::Action(tokens, open..action.end));
        }
        (at, trim_start) = (action.end, action.trim_after);
    }
    push_text(&mut pieces, &source[at..], trim_start, false);
    Ok(pieces)
}

/// `{{- ` trims the text before it; `{{-1}}` is a number.
fn marker(inside: &str) -> bool {
    let mut chars = inside.chars();
    chars.next() == Some('-') && chars.next().is_some_and(char::is_whitespace)
}

fn push_text(pieces: &mut Vec<Piece>, text: &str, trim_start: bool, trim_end: bool) {
    let text = if trim_start { text.trim_start() } else { text };
    let text = if trim_end { text.trim_end() } else { text };
    if !text.is_empty() {
        pieces.push(Piece::Text(text.to_owned()));
    }
}

struct Action {
    /// `None` for a comment.
    tokens: Option<Vec<Token>>,
    end: usize,
    trim_after: bool,
}

fn action(source: &str, open: usize, inside: usize) -> Result<Action, ExprError> {
    let rest = &source[inside..];
    if let Some(comment) = rest.trim_start().strip_prefix("/*") {
        let start = source.len() - comment.len();
        let unclosed = || {
            syntax(
                "this comment is not closed",
                open..open + 2,
                "end it with `*/}}`",
            )
        };
        let close = start + comment.find("*/").ok_or_else(unclosed)? + 2;
        let tail = source[close..].trim_start();
        let spaced = tail.len() < source.len() - close;
        let (tail, trim_after) = match tail.strip_prefix('-') {
            Some(tail) if spaced => (tail, true),
            _ => (tail, false),
        };
        let Some(after) = tail.strip_prefix("}}") else {
            let at = source.len() - tail.len();
            let help = "a comment stands alone between `{{/*` and `*/}}`";
            return Err(syntax("a comment ends its action", at..at, help));
        };
        let end = source.len() - after.len();
        return Ok(Action {
            tokens: None,
            end,
            trim_after,
        });
    }
    let mut lexer = Lexer { source, at: inside };
    let mut tokens = Vec::new();
    loop {
        let before = lexer.at;
        lexer.skip_space();
        let rest = lexer.rest();
        if rest.starts_with("}}") {
            let end = lexer.at + 2;
            return Ok(Action {
                tokens: Some(tokens),
                end,
                trim_after: false,
            });
        }
        if rest.starts_with("-}}") && lexer.at > before {
            let end = lexer.at + 3;
            return Ok(Action {
                tokens: Some(tokens),
                end,
                trim_after: true,
            });
        }
        if rest.is_empty() {
            let help = "end it with `}}`";
            return Err(syntax("this action is not closed", open..open + 2, help));
        }
        tokens.push(lexer.token(lexer.at == before)?);
    }
}

struct Lexer<'s> {
    source: &'s str,
    at: usize,
}

impl<'s> Lexer<'s> {
    fn rest(&self) -> &'s str {
        &self.source[self.at..]
    }

    fn skip_space(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start().len();
    }

    /// Takes the longest run of characters that belong to a name.
    fn name(&mut self) -> String {
        let rest = self.rest();
        let length = rest
            .find(|c: char| !(c.is_alphanumeric() || c == '_'))
            .unwrap_or(rest.len());
        self.at += length;
        rest[..length].to_owned()
    }

    fn token(&mut self, glued: bool) -> Result<Token, ExprError> {
        let start = self.at;
        let mut chars = self.rest().chars();
        let first = chars.next().unwrap_or(' ');
        let second = chars.next().unwrap_or(' ');
        let mut symbol = |length: usize, kind: Kind| {
            self.at += length;
            kind
        };
        let kind = match first {
            '(' => symbol(1, Kind::Open),
            ')' => symbol(1, Kind::Close),
            '|' => symbol(1, Kind::Pipe),
            ',' => symbol(1, Kind::Comma),
            ':' if second == '=' => symbol(2, Kind::Declare),
            '=' if second != '=' => symbol(1, Kind::Assign),
            '.' if second.is_alphabetic() || second == '_' => {
                self.at += 1;
                Kind::Field(self.name())
            }
            '.' if !second.is_ascii_digit() => symbol(1, Kind::Dot),
            '$' => {
                self.at += 1;
                Kind::Variable(self.name())
            }
            '"' => self.quoted()?,
            '`' => {
                let unclosed = || {
                    syntax(
                        "this text is not closed",
                        start..start + 1,
                        "end it with a backquote",
                    )
                };
                let length = self.source[start + 1..].find('`').ok_or_else(unclosed)?;
                self.at = start + length + 2;
                Kind::Text(self.source[start + 1..start + 1 + length].to_owned())
            }
            c if c.is_alphabetic() || c == '_' => Kind::Word(self.name()),
            c if c.is_ascii_digit() || matches!(c, '.' | '-' | '+') => self.number()?,
            other => return Err(unexpected(other, start)),
        };
        Ok(Token {
            kind,
            range: start..self.at,
            glued,
        })
    }

    fn number(&mut self) -> Result<Kind, ExprError> {
        let start = self.at;
        let rest = self.rest();
        let sign = usize::from(rest.starts_with(['-', '+']));
        let length = rest[sign..]
            .find(|c: char| !(c.is_ascii_alphanumeric() || c == '.' || c == '_'))
            .map_or(rest.len(), |length| sign + length);
        let text = &rest[..length];
        if !rest[sign..].starts_with(|c: char| c.is_ascii_digit() || c == '.') {
            return Err(unexpected(rest.chars().next().unwrap_or(' '), start));
        }
        self.at += length;
        match (text.parse::<i64>(), text.parse::<f64>()) {
            (Ok(number), _) => Ok(Kind::Int(number)),
            (_, Ok(number)) if number.is_finite() => Ok(Kind::Float(number)),
            _ => Err(syntax(
                format!("`{text}` is not a number"),
                start..self.at,
                "",
            )),
        }
    }

    fn quoted(&mut self) -> Result<Kind, ExprError> {
        let start = self.at;
        let mut length = 1;
        for (index, c) in self.rest().char_indices().skip(1) {
            match c {
                '\n' => break,
                '"' if index >= length => {
                    self.at = start + index + 1;
                    let written = &self.source[start..self.at];
                    // Go's escapes that JSON has too; the others are rare enough to refuse.
                    return serde_json::from_str(written).map(Kind::Text).map_err(|_| {
                        let help = "text in double quotes may use \\\" \\\\ \\n \\t and \\u0041";
                        syntax(
                            "this text has an escape that is not known",
                            start..self.at,
                            help,
                        )
                    });
                }
                '\\' if index >= length => length = index + 2,
                _ => {}
            }
        }
        Err(syntax(
            "this text is not closed",
            start..start + 1,
            "end it with a double quote",
        ))
    }
}

fn unexpected(c: char, at: usize) -> ExprError {
    let help = match c {
        '\'' => "text stands in double quotes or backquotes",
        '-' => "a key with a hyphen is read with `index . \"a-b\"`",
        '=' => "`eq .a .b` compares",
        '[' => "`index .list 0` takes an item",
        '}' => "an action ends with `}}`",
        '+' | '*' | '/' => "templates do not calculate; `cel:` does",
        _ => "",
    };
    syntax(
        format!("`{c}` cannot stand here"),
        at..at + c.len_utf8(),
        help,
    )
}
