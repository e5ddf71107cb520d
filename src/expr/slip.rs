//! Text that is no CEL → what its author probably meant, written so that it is.
//!
//! Most slips come from SQL, from other languages, or from text without quotes of its own. Whatever
//! is offered as a change was compiled first.

use super::dot::{literal_end_raw, preprocess};
use super::functions;

/// A slip of the pen.
pub(super) struct Slip {
    /// The way out, as a sentence.
    pub help: String,
    /// The whole expression put right, where there is one way to.
    pub text: Option<String>,
}

/// What is wrong with an expression that could not be parsed; `None` when nobody can tell.
pub(super) fn find(source: &str) -> Option<Slip> {
    sentence(source)
        .or_else(|| operators(source))
        .or_else(|| ends(source))
        .or_else(|| habits(source))
}

fn parses(text: &str) -> bool {
    functions::environment()
        .compile(&preprocess(text).text)
        .is_ok()
}

/// A sentence or a link where an expression belongs is the most common mistake: literals need quotes
/// of their own.
fn sentence(source: &str) -> Option<Slip> {
    let words = source.trim();
    let plain = words.contains(' ')
        && words
            .chars()
            .all(|c| c.is_alphanumeric() || " -_,:&".contains(c))
        && !words.split(' ').any(is_operator);
    let link = words.contains("://") && !words.contains(['\'', '"', ' ']);
    (plain || link).then(|| Slip {
        help: format!("text needs quotes of its own: \"'{words}'\""),
        text: Some(format!("'{words}'")),
    })
}

/// Words that are operators elsewhere, and signs.
fn is_operator(word: &str) -> bool {
    word == "&"
        || ["and", "or", "not", "is", "in", "like"]
            .iter()
            .any(|operator| word.eq_ignore_ascii_case(operator))
}

/// How operators of other languages are written here. Longer ones come first.
const OPERATORS: &[(&str, &str)] = &[
    ("===", "=="),
    ("!==", "!="),
    ("<>", "!="),
    ("==", "=="),
    ("!=", "!="),
    ("<=", "<="),
    (">=", ">="),
    ("=", "=="),
    ("&&", "&&"),
    ("||", "||"),
    ("&", "&&"),
    ("|", "||"),
    ("“", "'"),
    ("”", "'"),
    ("‘", "'"),
    ("’", "'"),
    ("`", "'"),
];

/// The same for words, which stand between white space.
const WORDS: &[(&str, &str)] = &[
    ("is not null", "!= null"),
    ("is null", "== null"),
    ("and", "&&"),
    ("or", "||"),
    ("not ", "!"),
];

/// Operators of SQL and of other languages.
fn operators(source: &str) -> Option<Slip> {
    let mut text = String::with_capacity(source.len());
    let mut changed: Vec<(&str, &str)> = Vec::new();
    let mut at = 0;
    while at < source.len() {
        let rest = &source[at..];
        if rest.starts_with(['\'', '"']) {
            let end = literal_end_raw(source, at, false);
            text.push_str(&source[at..end]);
            at = end;
            continue;
        }
        let apart = !text.ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '.');
        let word = WORDS.iter().find(|(word, _)| {
            let head = rest.get(..word.len());
            apart
                && head.is_some_and(|head| head.eq_ignore_ascii_case(word))
                && (word.ends_with(' ')
                    || !rest[word.len()..]
                        .starts_with(|c: char| c.is_alphanumeric() || "_(.".contains(c)))
        });
        let sign = OPERATORS.iter().find(|(sign, _)| rest.starts_with(sign));
        let Some((from, to)) = word.or(sign) else {
            let c = rest.chars().next()?;
            text.push(c);
            at += c.len_utf8();
            continue;
        };
        text.push_str(to);
        at += from.len();
        if from != to {
            changed.push((from.trim(), to));
        }
    }
    let (from, to) = changed.first()?;
    parses(&text).then(|| Slip {
        help: match from.chars().all(char::is_alphabetic) {
            true => format!("CEL writes `{to}` for `{from}`: `{}`", text.trim()),
            false => format!("write `{to}`: `{}`", text.trim()),
        },
        text: Some(text),
    })
}

/// A bracket that is not closed, or something that is left over at the end.
fn ends(source: &str) -> Option<Slip> {
    let trimmed = source.trim_end();
    let without = trimmed.trim_end_matches([';', ',']);
    if without.len() < trimmed.len() && parses(without) {
        return Some(Slip {
            help: format!("nothing follows: write `{without}`"),
            text: Some(without.to_owned()),
        });
    }
    let open = open_brackets(trimmed)?;
    let closed = format!("{trimmed}{open}");
    (!open.is_empty() && parses(&closed)).then(|| Slip {
        help: format!("a bracket is not closed: `{closed}`"),
        text: Some(closed),
    })
}

/// What closes the brackets that are open at the end; `None` when a text is.
fn open_brackets(source: &str) -> Option<String> {
    let mut open = Vec::new();
    let mut at = 0;
    while at < source.len() {
        let c = source[at..].chars().next()?;
        at = match c {
            '\'' | '"' => {
                let end = literal_end_raw(source, at, false);
                if !source[at + 1..end].ends_with(c) {
                    return None;
                }
                end
            }
            _ => at + c.len_utf8(),
        };
        match c {
            '(' => open.push(')'),
            '[' => open.push(']'),
            '{' => open.push('}'),
            ')' | ']' | '}' => {
                open.pop();
            }
            _ => {}
        }
    }
    Some(open.into_iter().rev().collect())
}

/// Habits of other languages that have no single counterpart.
fn habits(source: &str) -> Option<Slip> {
    let known = [
        (
            "{{",
            "a template begins with `tmpl:`; an expression names a field without braces, as in `.name`",
        ),
        (
            "${",
            "variables of the environment are filled in `connect` only",
        ),
        ("??", "ask for null: `.a != null ? .a : 'nothing'`"),
    ];
    let help = known
        .iter()
        .find(|(sign, _)| source.contains(sign))
        .map(|(_, help)| *help);
    let odd = |quote: &str| source.matches(quote).count() % 2 == 1;
    let lower = source.trim_start().to_lowercase();
    let help = help.or_else(|| match () {
        _ if lower.starts_with("case ") || lower.starts_with("if ") => {
            Some("a choice is `condition ? 'this' : 'that'`")
        }
        _ if source.contains('?') && !source.contains(':') => {
            Some("a choice has two sides: `condition ? 'this' : 'that'`")
        }
        _ if odd("'") && !source.contains('"') => Some(
            "a text in quotes does not end; a quote inside of one is written `\\'`, or the text stands in double quotes",
        ),
        _ => None,
    });
    help.map(|help| Slip {
        help: help.to_owned(),
        text: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_offered_is_an_expression() {
        for (source, expected) in [
            ("Full Access", "'Full Access'"),
            ("https://acme.test/a", "'https://acme.test/a'"),
            (".a = 'x'", ".a == 'x'"),
            (".a == 'x' AND .b <> 'y = z'", ".a == 'x' && .b != 'y = z'"),
            (".a is not null or not .b", ".a != null || !.b"),
            (".a === 1 | .b", ".a == 1 || .b"),
            (".a == ‘x’", ".a == 'x'"),
            ("[.a, .b", "[.a, .b]"),
            ("string(.a", "string(.a)"),
            (".a + 'x';", ".a + 'x'"),
        ] {
            let slip = find(source).expect("a slip");
            assert_eq!(slip.text.as_deref(), Some(expected), "{source}");
            assert!(parses(expected), "{expected}");
        }
    }

    #[test]
    fn what_could_mean_anything_is_only_told() {
        for source in [
            ".a ?? .b",
            "{{ .a }}",
            ".a ? 'b'",
            "'it's'",
            "case when .a then .b end",
        ] {
            let slip = find(source).expect("a hint");
            assert_eq!(slip.text, None, "{source}");
        }
        for source in ["", ".a +", "é(", ")", "a..b", "'"] {
            assert!(
                find(source).is_none_or(|slip| slip.text.is_none()),
                "{source}"
            );
        }
    }
}
