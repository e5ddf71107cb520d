//! What a field is for, against what its expression comes to, as far as that is known before it runs.

use super::CompileContext;
use super::bare::is_bare_word;
use super::scalar::{ExprText, Text};
use super::{Bare, Dialect};
use crate::diagnostic::Diagnostic;
use crate::expr::{Expression, Kind, Value, Variables, parse_time, to_bool};

/// What a field is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// Anything.
    Anything,
    /// Text for people, or an attribute.
    Text,
    /// Text that tells one thing from another.
    Identity,
    /// A condition.
    Truth,
    /// A moment.
    Moment,
}

/// A result that does not fit: whether nothing can come of it, the message and the way out.
struct Misfit {
    fatal: bool,
    message: String,
    help: String,
}

impl CompileContext<'_> {
    /// Compiles an expression field, and notes what it comes to where that surely is not what the
    /// field is for. `None` as with [`expression`](CompileContext::expression).
    pub fn expression_for(
        &mut self,
        wanted: Wanted,
        source: &ExprText,
        bare: Bare,
        variables: Variables,
    ) -> Option<Expression> {
        let before = self.diagnostics.len();
        let expression = self.expression(source, bare, variables)?;
        // What is wrong with the text as a whole comes first.
        if self.diagnostics.len() > before {
            return Some(expression);
        }
        let found = match expression.literal() {
            Some(text) => self.literal_misfit(wanted, text, &source.0, bare),
            None => expression
                .kinds()
                .into_iter()
                .find_map(|kind| misfit(wanted, kind)),
        };
        if let Some(Misfit {
            fatal,
            message,
            help,
        }) = found
        {
            let at = self.at(source.0.span);
            let mut diagnostic = Diagnostic::warning("wrong-kind", at, message);
            if fatal {
                diagnostic.severity = crate::diagnostic::Severity::Error;
            }
            self.note(match help.is_empty() {
                true => diagnostic,
                false => diagnostic.help(help),
            });
        } else if let Some(word) = expression.literal()
            && [Wanted::Text, Wanted::Identity].contains(&wanted)
            && is_bare_word(word)
        {
            self.words.push((word.to_owned(), source.0.clone()));
        }
        Some(expression)
    }

    /// What is wrong with text that stands for itself.
    fn literal_misfit(
        &self,
        wanted: Wanted,
        text: &str,
        source: &Text,
        bare: Bare,
    ) -> Option<Misfit> {
        let value = Value::from(text);
        let what = match wanted {
            Wanted::Truth if to_bool(&value).is_err() => "no condition",
            Wanted::Moment if parse_time(&value).is_err() => "no moment",
            _ => return None,
        };
        let shown = match self.is_masked(source.span) {
            true => "this".to_owned(),
            false => format!("`{text}`"),
        };
        let help = match (self.dialect, bare) {
            (Dialect::Http, Bare::Literal) => {
                format!("an expression begins with `cel:`: `cel:item.{text}`")
            }
            _ => format!("a word stands for itself; a column is `.{text}`"),
        };
        Some(Misfit {
            fatal: wanted == Wanted::Truth,
            message: format!("{shown} is the text itself, and {what}"),
            help: if is_bare_word(text) {
                help
            } else {
                String::new()
            },
        })
    }
}

/// What is wrong with a result of a kind.
fn misfit(wanted: Wanted, kind: Kind) -> Option<Misfit> {
    let of = |fatal, message: String, help: &str| {
        Some(Misfit {
            fatal,
            message,
            help: help.to_owned(),
        })
    };
    match (wanted, kind) {
        (Wanted::Text | Wanted::Identity, Kind::List) => of(
            true,
            "this is a list, but text is needed".to_owned(),
            "take an entry, `x[0]`, or join them: `x.join(', ')`",
        ),
        (Wanted::Text | Wanted::Identity, Kind::Map) => of(
            true,
            "this is a map, but text is needed".to_owned(),
            "take one of its fields: `x.name`",
        ),
        (Wanted::Identity, Kind::Truth) => of(
            false,
            "this is `true` or `false`, which tells no two things apart".to_owned(),
            "write the field that holds the id; a condition that leaves records out is `skip_if`",
        ),
        (Wanted::Truth, Kind::List | Kind::Map | Kind::Time | Kind::Length | Kind::Bytes) => of(
            true,
            format!("this is {kind}, but a condition is needed"),
            match kind {
                Kind::List | Kind::Map => "compare it: `size(x) == 0`",
                _ => "compare it with something",
            },
        ),
        (Wanted::Truth, Kind::Text) => None, // it may say `true`
        (Wanted::Moment, Kind::Truth | Kind::List | Kind::Map) => of(
            false,
            format!("this is {kind}, and no moment: it is left out"),
            "write the field that holds the moment",
        ),
        _ => None,
    }
}
