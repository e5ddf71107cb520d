//! Slips that can be told from the text of a field alone: variables of the environment that are none,
//! variables of the file that are not there, columns asked for in a way that only works here.

use super::compile::CompileContext;
use super::decode::Dialect;
use super::scalar::Text;
use crate::diagnostic::{Diagnostic, list, nearest};
use crate::expr::columns_asked_for;

/// The variable that holds `vars` of the file.
const VARS: &str = "vars";

impl CompileContext<'_> {
    /// Warns of `$NAME` and `${NAME:-default}`, which are literal: only `${NAME}` is filled in.
    pub(super) fn check_variables(&mut self, text: &Text) {
        let word = |name: &str| {
            !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
        };
        let written = text.text.as_str();
        let (message, help, fix) = if let Some(name) = shell_variable(written) {
            // What may be a secret is not quoted.
            let masked = self.is_masked(text.span);
            let meant = format!("${{{name}}}");
            let shown = if masked { "NAME" } else { name };
            (
                format!("`${shown}` is literal text here"),
                format!("a variable of the environment is `${{{shown}}}`"),
                self.rewrite(text, &meant).filter(|_| !masked),
            )
        } else if let Some((name, _)) = Some(written)
            .filter(|_| !self.is_masked(text.span))
            .unwrap_or_default()
            .split_once("${")
            .and_then(|(_, rest)| rest.split_once([':', '-', '?', '=']))
            .filter(|(name, rest)| word(name) && rest.contains('}'))
        {
            (
                format!("`${{{name}…}}` is literal text here: a variable has no default"),
                format!("write `${{{name}}}`, and set it before the run"),
                None,
            )
        } else {
            return;
        };
        let at = self.at(text.span);
        let diagnostic = Diagnostic::warning("literal-variable", at, message);
        self.note(diagnostic.help(help).fix_if(fix));
    }

    /// Notes a field of `vars` that the file does not have.
    pub(super) fn check_vars<'n>(&mut self, text: &Text, named: impl Iterator<Item = &'n str>) {
        let Some(known) = self.vars.clone() else {
            return;
        };
        for name in named {
            if known.iter().any(|known| known == name) {
                continue;
            }
            let word = format!("{VARS}.{name}");
            let found = text.text.find(&word);
            let range = found.map(|at| at..at + word.len());
            let span = range.clone().map(|range| self.locate(text, range));
            let meant = nearest(name, known.iter().map(String::as_str));
            let help = match meant {
                Some(meant) => format!("did you mean `{VARS}.{meant}`?"),
                None if known.is_empty() => {
                    format!("add it at the top of the file: `vars: {{{name}: …}}`")
                }
                None => format!("`vars` of the file has {}", list(&known)),
            };
            let with = meant.map(|meant| format!("{VARS}.{meant}"));
            let fix = range
                .zip(with)
                .and_then(|(range, with)| self.edit(text, range, &with));
            let at = self.at(span.unwrap_or(text.span));
            let message = format!("`vars` of the file has no `{name}`");
            let unknown = Diagnostic::error("unknown-member", at, message).help(help);
            self.note(unknown.fix_if(fix));
        }
    }

    /// Warns of `has(.name)` in a file that other connectors read too.
    pub(super) fn check_has(&mut self, text: &Text) {
        if self.dialect != Dialect::Sql || text.text.starts_with("cel:") {
            return;
        }
        for range in columns_asked_for(&text.text) {
            let name = text.text[range.clone()].to_owned();
            let fix = self.edit(text, range.clone(), &format!("cols{name}"));
            let at = self.at(self.locate(text, range));
            let message = format!("baton-sql refuses `has({name})`");
            let help = format!("`has(cols{name})` works there too");
            let diagnostic = Diagnostic::warning("has-column", at, message);
            self.note(diagnostic.help(help).fix_if(fix));
        }
    }
}

/// The name of `$NAME`, as a shell writes a variable.
pub(super) fn shell_variable(text: &str) -> Option<&str> {
    let name = text.strip_prefix('$')?;
    let upper = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_';
    (name.starts_with(|c: char| c.is_ascii_uppercase()) && name.bytes().all(upper)).then_some(name)
}

/// The names after `.vars.` in a template.
pub(super) fn named_in_template(template: &str) -> Vec<&str> {
    let word = |c: char| c.is_alphanumeric() || c == '_';
    let inside = |at: usize| {
        let before = &template[..at];
        before.rfind("{{") > before.rfind("}}")
    };
    let found = template.match_indices(".vars.").filter(|(at, _)| {
        let before = template[..*at].chars().next_back();
        inside(*at) && before.is_none_or(|c| !word(c) && c != ')')
    });
    let names = found.map(|(at, found)| {
        let rest = &template[at + found.len()..];
        &rest[..rest.find(|c| !word(c)).unwrap_or(rest.len())]
    });
    names.filter(|name| !name.is_empty()).collect()
}
