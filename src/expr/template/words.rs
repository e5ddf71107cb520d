//! The words of one action, and what an action can begin with.

use std::ops::Range;

use super::lexer::{Kind, Token, syntax};
use crate::expr::ExprError;

/// The words of one action, read from left to right.
pub(super) struct Words {
    pub tokens: std::iter::Peekable<std::vec::IntoIter<Token>>,
    pub action: Range<usize>,
}

impl Words {
    /// Takes a keyword when the action begins with one.
    pub(super) fn keyword(&mut self) -> Option<String> {
        let words = [
            "if", "else", "end", "range", "with", "define", "template", "block", "break",
            "continue",
        ];
        let token = self.tokens.next_if(
            |token| matches!(&token.kind, Kind::Word(word) if words.contains(&word.as_str())),
        )?;
        match token.kind {
            Kind::Word(word) => Some(word),
            _ => None,
        }
    }

    pub(super) fn next_is_word(&mut self, expected: &str) -> bool {
        matches!(self.tokens.peek(), Some(Token { kind: Kind::Word(word), .. }) if word == expected)
    }

    pub(super) fn take(&mut self, kind: &Kind) -> Option<Token> {
        self.tokens.next_if(|token| token.kind == *kind)
    }

    pub(super) fn starts_operand(&mut self) -> bool {
        !matches!(
            self.tokens.peek().map(|token| &token.kind),
            None | Some(Kind::Pipe | Kind::Close | Kind::Comma | Kind::Declare | Kind::Assign)
        )
    }

    /// Takes `$x :=` or `$x =`, when the action begins so: the name, whether it is new, its place.
    pub(super) fn assignment(&mut self) -> Result<Option<(String, bool, Range<usize>)>, ExprError> {
        let mut ahead = self.tokens.clone();
        let (Some(first), Some(second)) = (ahead.next(), ahead.next()) else {
            return Ok(None);
        };
        let fresh = match second.kind {
            Kind::Declare => true,
            Kind::Assign => false,
            _ => return Ok(None),
        };
        match first.kind {
            Kind::Variable(name) if !name.is_empty() => {
                self.tokens = ahead;
                Ok(Some((name, fresh, first.range)))
            }
            _ => Err(syntax(
                "only a variable can be set",
                first.range,
                "write `$name := …`",
            )),
        }
    }

    /// Takes the variables that a block declares: one, or two for a loop.
    pub(super) fn declared(&mut self, pair: bool) -> Result<Vec<String>, ExprError> {
        let mut ahead = self.tokens.clone();
        if let (
            true,
            Some(Token {
                kind: Kind::Variable(first),
                ..
            }),
        ) = (pair, ahead.next())
            && let Some(Token {
                kind: Kind::Comma, ..
            }) = ahead.next()
            && let Some(Token {
                kind: Kind::Variable(second),
                ..
            }) = ahead.next()
            && let Some(Token {
                kind: Kind::Declare,
                ..
            }) = ahead.next()
        {
            self.tokens = ahead;
            return Ok(vec![first, second]);
        }
        match self.assignment()? {
            None => Ok(Vec::new()),
            Some((name, true, _)) => Ok(vec![name]),
            Some((_, false, at)) => Err(syntax("a block declares its variable", at, "write `:=`")),
        }
    }

    pub(super) fn finish(&mut self) -> Result<(), ExprError> {
        match self.tokens.next() {
            None => Ok(()),
            Some(token) => Err(syntax("this does not belong here", token.range, "")),
        }
    }
}
