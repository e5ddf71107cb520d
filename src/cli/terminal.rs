//! Text of other people, made safe to show: a name may hold anything, also what moves a cursor,
//! sets a colour or forges a line.

use std::borrow::Cow;

/// The text with every control and direction-changing character written out, as in `\u{1b}`.
pub(crate) fn printable(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let written = text.chars().map(|c| match is_unsafe(c) {
        true => c.escape_default().to_string(),
        false => c.to_string(),
    });
    Cow::Owned(written.collect())
}

/// Control characters, and those that change the direction of the text around them.
fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// The value with nothing in it that a spreadsheet would run: a cell that begins like a formula
/// gets an apostrophe before it, which spreadsheets take for "this is text".
///
/// Source: OWASP, "CSV Injection".
pub(crate) fn inert(value: String) -> String {
    let formula =
        value.starts_with(['=', '+', '-', '@', '\t', '\r']) && value.parse::<f64>().is_err();
    if formula { format!("'{value}") } else { value }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_steers_a_terminal_gets_through() {
        let shown = printable("Bob\u{1b}[31m\u{7}\nFAKE: complete\u{202e}\u{9b}");
        assert_eq!(
            shown,
            "Bob\\u{1b}[31m\\u{7}\\nFAKE: complete\\u{202e}\\u{9b}"
        );
        assert!(matches!(printable("Žofie 李 👩‍🚀"), Cow::Borrowed(_)));
    }

    #[test]
    fn formulas_are_text_and_numbers_stay_numbers() {
        assert_eq!(inert("=cmd|calc".into()), "'=cmd|calc");
        assert_eq!(inert("@SUM(1)".into()), "'@SUM(1)");
        assert_eq!(inert("-5".into()), "-5");
        assert_eq!(inert("ada".into()), "ada");
    }
}
