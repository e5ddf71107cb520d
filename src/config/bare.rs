//! Bare text: single words, which stand for themselves, and what looks like a program, which in the
//! files of APIs is literal and lands in the data.

use super::decode::Dialect;
use crate::expr::{CelProgram, Variables};

/// A text that is a single word stands for itself: `member`, `active`, also `null`.
pub(crate) fn is_bare_word(text: &str) -> bool {
    let mut bytes = text.bytes();
    bytes
        .next()
        .is_some_and(|first| first.is_ascii_alphabetic() || first == b'_')
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// What a literal text was probably meant to be, as `(message, help, text)`; `None` for ordinary text.
pub(super) fn meant_as_program(
    text: &str,
    dialect: Dialect,
    variables: Variables,
) -> Option<(String, String, String)> {
    let trimmed = text.trim();
    let lower = trimmed.to_lowercase();
    for prefix in ["cel:", "tmpl:"] {
        if lower.starts_with(prefix) && !text.starts_with(prefix) {
            let help = format!("write `{prefix}` in lower case, without white space before it");
            return Some((
                format!("this is literal text: it does not begin with `{prefix}`"),
                help,
                format!("{prefix}{}", &trimmed[prefix.len()..]),
            ));
        }
    }
    if dialect == Dialect::Sql {
        return None;
    }
    if has_template_field(trimmed) {
        let message = "this is literal text, its `{{ … }}` too".to_owned();
        let help = format!(
            "a template begins with `tmpl:`: `tmpl:{}`",
            shortened(trimmed)
        );
        return Some((message, help, format!("tmpl:{trimmed}")));
    }
    if quoted(trimmed) {
        let message = "this is literal text, its quotes too".to_owned();
        let inside = &trimmed[1..trimmed.len() - 1];
        let help = format!("leave them out: `{inside}`");
        return Some((message, help, inside.to_owned()));
    }
    if leading_dot(trimmed) {
        let message = format!("`{trimmed}` is literal text, not a field of the item");
        let meant = format!("cel:item{trimmed}");
        return Some((message, format!("write `{meant}`"), meant));
    }
    if names_variable(trimmed, variables) && is_cel(trimmed, variables) {
        let shown = shortened(trimmed);
        let message = format!("`{shown}` is literal text, not an expression");
        let help = format!("write `cel:{shown}`");
        return Some((message, help, format!("cel:{trimmed}")));
    }
    None
}

/// The start of a text, when it is long.
fn shortened(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    match line.char_indices().nth(60) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None if line.len() < text.len() => format!("{line}…"),
        None => line.to_owned(),
    }
}

/// `{{ .a.b }}` somewhere.
fn has_template_field(text: &str) -> bool {
    text.match_indices("{{").any(|(at, _)| {
        let inside = text[at + 2..].trim_start_matches('-').trim_start();
        inside.starts_with('.') && inside.contains("}}")
    })
}

/// `'text'`: the way to write a literal where bare text is CEL.
fn quoted(text: &str) -> bool {
    text.len() > 2
        && text.starts_with('\'')
        && text.ends_with('\'')
        && !text[1..text.len() - 1].contains('\'')
}

/// `.a`, `.a.b`: a column where bare text is CEL.
fn leading_dot(text: &str) -> bool {
    let Some(path) = text.strip_prefix('.') else {
        return false;
    };
    path.split('.').all(is_bare_word)
}

/// A variable that is known here, followed by one of its fields.
fn names_variable(text: &str, variables: Variables) -> bool {
    let word = |c: char| c.is_alphanumeric() || c == '_' || c == '.';
    variables.names().any(|name| {
        text.match_indices(name).any(|(at, _)| {
            let after = &text[at + name.len()..];
            !text[..at].ends_with(word) && (after.starts_with('.') || after.starts_with('['))
        })
    })
}

/// An expression whose only mistakes, if any, are names of fields and functions: a sentence in
/// which `item.` happens to stand is none.
fn is_cel(text: &str, variables: Variables) -> bool {
    match CelProgram::compile(text, variables) {
        Ok(_) => true,
        Err(problems) => problems
            .iter()
            .all(|problem| ["unknown-member", "unknown-function"].contains(&problem.code)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_text_is_left_alone() {
        let variables = Variables::of(&["item", "cols", "resource", "response", "headers"]);
        let looks = |text: &str| meant_as_program(text, Dialect::Http, variables).is_some();
        for program in [
            "item.id",
            "item['id']",
            "has(item.name) ? item.name : ''",
            "'Group ' + resource.display_name",
            "lowercas(item.name)",
            "resource.Name",
            ".name",
            ".owner.email",
            "{{ .resource.id }}",
            "/users/{{- .item.id }}",
            "'Member'",
            " cel:item.id",
            "Cel:item.id",
        ] {
            assert!(looks(program), "{program}");
        }
        for text in [
            "",
            "item",
            "active",
            "Every item.",
            "An item.name of the list",
            "docs/item.html",
            "https://acme.test/item.html",
            "ada's",
            "...",
            ".",
            ".5",
            "e.g. this",
            "a{{b}}",
            "/users/item.id",
            "application/json",
            "{\"query\": \"{ users { id } }\"}",
            "$.item.id",
            "subitem.id",
            "v1.2",
        ] {
            assert!(!looks(text), "{text}");
        }
        assert!(meant_as_program(".name", Dialect::Sql, variables).is_none());
    }
}
