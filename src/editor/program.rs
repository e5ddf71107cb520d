//! A program up to the cursor → what is being written in it.

use super::file::Language;

/// What is being written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Spot {
    /// The beginning of a name: so many bytes of it are there.
    Name(usize),
    /// The field of something.
    Member {
        /// The names before it: `resource`, `profile`. Without any, a column: `.email`.
        of: Vec<String>,
        /// How many bytes of it are there.
        written: usize,
    },
    /// A method, or a field, of what only a run knows.
    Unknown(usize),
    /// In a template, a variable: its dot is written.
    Variable(usize),
    /// Text, a number, or nothing that can be told.
    Nothing,
}

/// Finds out what is written at the end of `before`: the scalar up to the cursor, with the quote that
/// it begins with, and without the prefix that says what it is.
pub(super) fn spot(language: Language, before: &str) -> Spot {
    match language {
        Language::Cel => cel(before),
        Language::Template => match before.rfind("{{") {
            Some(open) if !before[open..].contains("}}") => template(&before[open + 2..]),
            _ => Spot::Nothing,
        },
        _ => Spot::Nothing,
    }
}

fn cel(before: &str) -> Spot {
    if in_text(before) {
        return Spot::Nothing;
    }
    let written = trailing_name(before);
    let rest = &before[..before.len() - written];
    let Some(receiver) = rest.strip_suffix('.') else {
        let digit = before[rest.len()..].starts_with(|c: char| c.is_ascii_digit());
        return match digit {
            true => Spot::Nothing,
            false => Spot::Name(written),
        };
    };
    let (of, chained) = chain(receiver);
    match chained.chars().next_back() {
        Some(')' | ']' | '\'' | '"' | '}') => Spot::Unknown(written),
        // `1.`
        _ if of
            .first()
            .is_some_and(|first| first.starts_with(|c: char| c.is_ascii_digit())) =>
        {
            Spot::Nothing
        }
        Some('.') if chained.trim_end_matches('.').ends_with([')', ']']) => Spot::Unknown(written),
        // `.a.b`: a column, and what is in it.
        Some('.') => Spot::Member {
            of: std::iter::once("cols".to_owned()).chain(of).collect(),
            written,
        },
        _ => Spot::Member { of, written },
    }
}

fn template(inside: &str) -> Spot {
    if in_text(inside) {
        return Spot::Nothing;
    }
    let written = trailing_name(inside);
    let rest = &inside[..inside.len() - written];
    let Some(receiver) = rest.strip_suffix('.') else {
        return Spot::Name(written);
    };
    let (of, _) = chain(receiver);
    match of.is_empty() {
        true => Spot::Variable(written),
        false => Spot::Member { of, written },
    }
}

/// The names with dots between them that a text ends with, and what stands before them.
fn chain(text: &str) -> (Vec<String>, &str) {
    let (mut names, mut rest) = (Vec::new(), text);
    loop {
        let length = trailing_name(rest);
        if length == 0 {
            break;
        }
        names.push(rest[rest.len() - length..].to_owned());
        rest = &rest[..rest.len() - length];
        match rest.strip_suffix('.') {
            Some(more) if trailing_name(more) > 0 => rest = more,
            _ => break,
        }
    }
    names.reverse();
    (names, rest)
}

/// How many bytes of a name a text ends with.
fn trailing_name(text: &str) -> usize {
    let is_name = |c: char| c.is_alphanumeric() || c == '_';
    text.len() - text.trim_end_matches(is_name).len()
}

/// Whether the end of a program lies in a text between quotes.
fn in_text(before: &str) -> bool {
    let mut open = None;
    let mut characters = before.chars();
    while let Some(character) = characters.next() {
        match (open, character) {
            (Some(_), '\\') => {
                characters.next();
            }
            (Some(quote), _) if quote == character => open = None,
            (None, '\'' | '"') => open = Some(character),
            _ => {}
        }
    }
    open.is_some()
}

/// The name around a byte of a program, with the names before it: `resource`, `ID`; of a column, an
/// empty one first. And where the name stands.
pub(super) fn name_at(text: &str, at: usize) -> Option<(Vec<String>, std::ops::Range<usize>)> {
    let is_name = |c: char| c.is_alphanumeric() || c == '_';
    let end = at + text[at..].find(|c| !is_name(c)).unwrap_or(text.len() - at);
    let start = end - trailing_name(&text[..end]);
    if start == end {
        return None;
    }
    let (mut of, rest) = chain(&text[..end]);
    if rest.ends_with('.') {
        of.insert(0, String::new());
    }
    Some((of, start..end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_told_by_what_stands_before_it() {
        let member = |of: &[&str], written| Spot::Member {
            of: of.iter().map(|name| (*name).to_owned()).collect(),
            written,
        };
        for (before, expected) in [
            ("", Spot::Name(0)),
            ("low", Spot::Name(3)),
            (".na", member(&[], 2)),
            ("cols.na", member(&["cols"], 2)),
            ("resource.profile.", member(&["resource", "profile"], 0)),
            (".address.ci", member(&["cols", "address"], 2)),
            (".a == 'x' ? .b", member(&[], 1)),
            ("'a.b", Spot::Nothing),
            ("'a'.", Spot::Unknown(0)),
            ("trim(.a).lo", Spot::Unknown(2)),
            ("1.", Spot::Nothing),
            ("12", Spot::Nothing),
        ] {
            assert_eq!(spot(Language::Cel, before), expected, "{before}");
        }
        for (before, expected) in [
            ("/groups/", Spot::Nothing),
            ("/groups/{{", Spot::Name(0)),
            ("/groups/{{ .re", Spot::Variable(2)),
            ("{{ .resource.", member(&["resource"], 0)),
            ("{{ .resource.id }}/", Spot::Nothing),
            ("{{ if eq .a \"x", Spot::Nothing),
        ] {
            assert_eq!(spot(Language::Template, before), expected, "{before}");
        }
    }

    #[test]
    fn a_name_is_found_with_those_before_it() {
        let at = |text: &str, at| name_at(text, at).map(|(of, range)| (of.join("/"), range));
        assert_eq!(
            at("resource.ID + 'x'", 10),
            Some(("resource/ID".into(), 9..11))
        );
        assert_eq!(at("resource.ID + 'x'", 3), Some(("resource".into(), 0..8)));
        assert_eq!(at("!.email", 3), Some(("/email".into(), 2..7)));
        assert_eq!(at("a + b", 2), None);
    }
}
