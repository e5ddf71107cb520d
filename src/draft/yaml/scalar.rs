//! Text → a scalar: plain where nothing can be mistaken, otherwise quoted.

use std::fmt::Write as _;

/// Words that some version of YAML reads as something else than text.
const WORDS: &[&str] = &[
    "null", "true", "false", "yes", "no", "on", "off", "y", "n", "~", "nan", "inf",
];

/// Characters that begin something else than a plain scalar. A leading dot is fine: `.email`.
const INDICATORS: &str = "-?:,[]{}#&*!|>'\"%@`=<+";

/// The text as a scalar; `flow` when it stands between brackets or braces.
pub(super) fn scalar(text: &str, flow: bool) -> String {
    if is_plain(text, flow) {
        text.to_owned()
    } else {
        quoted(text)
    }
}

/// True when the text may stand without quotes, and is text then.
fn is_plain(text: &str, flow: bool) -> bool {
    let Some(first) = text.chars().next() else {
        return false;
    };
    let begins_number = |text: &str| text.starts_with(|c: char| c.is_ascii_digit());
    let lower = text.to_ascii_lowercase();
    let is_typed = WORDS.contains(&lower.trim_start_matches('.'))
        || begins_number(text)
        || begins_number(text.trim_start_matches('.'));
    let safe = |c: char| c == ' ' || c.is_ascii_graphic() || c.is_alphanumeric();
    !INDICATORS.contains(first)
        && !is_typed
        && text.chars().all(safe)
        && !text.starts_with(' ')
        && !text.ends_with([' ', ':'])
        && !text.contains(": ")
        && !text.contains(" #")
        && !(flow && text.contains([',', '[', ']', '{', '}', ':', '"', '\'']))
}

/// The text in double quotes. What is not plainly readable is escaped, so that no reader can take it
/// for a line break, or show it as something else.
fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        let written = match c {
            '"' => quoted.write_str("\\\""),
            '\\' => quoted.write_str("\\\\"),
            '\n' => quoted.write_str("\\n"),
            '\t' => quoted.write_str("\\t"),
            ' '..='~' => quoted.write_char(c),
            c if c.is_alphanumeric() => quoted.write_char(c),
            c if u32::from(c) <= 0xff => write!(quoted, "\\x{:02x}", u32::from(c)),
            c if u32::from(c) <= 0xffff => write!(quoted, "\\u{:04x}", u32::from(c)),
            c => write!(quoted, "\\U{:08x}", u32::from(c)),
        };
        written.expect("writing to a string cannot fail");
    }
    quoted.push('"');
    quoted
}

/// True when the text may stand in a block, `|`: several lines, as they are.
pub(super) fn is_block(text: &str) -> bool {
    let body = text.strip_suffix('\n').unwrap_or(text);
    let line = |line: &str| {
        !line.is_empty()
            && !line.ends_with(' ')
            && line
                .chars()
                .all(|c| c == ' ' || c.is_ascii_graphic() || c.is_alphanumeric())
    };
    body.contains('\n') && !body.starts_with(' ') && body.split('\n').all(line)
}
