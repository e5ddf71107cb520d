//! Texts that differ in nothing but upper and lower case → one text.

/// Folds case letter by letter: Unicode's simple case folding. `ß` is not `ss`, the two forms of the
/// sigma are one, and the dotless `ı` is no `i`, whatever its capital looks like.
pub(super) fn fold(text: &str) -> String {
    text.chars().map(fold_letter).collect()
}

fn fold_letter(letter: char) -> char {
    if letter.is_ascii() {
        return letter.to_ascii_lowercase();
    }
    if letter == 'ı' {
        return letter;
    }
    // By way of the capital, for some letters have several small forms.
    let capital = single(letter.to_uppercase()).unwrap_or(letter);
    single(capital.to_lowercase()).unwrap_or(capital)
}

fn single(mut letters: impl Iterator<Item = char>) -> Option<char> {
    let first = letters.next();
    first.filter(|_| letters.next().is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_that_differ_in_case_alone_are_the_same() {
        for (one, other) in [
            ("Ada@Acme.TEST", "ada@acme.test"),
            ("ÅSA", "åsa"),
            ("ΣΊΣΥΦΟΣ", "σίσυφος"),
            ("ИВАН", "иван"),
            ("ǅ", "ǆ"),
            ("ẞ", "ß"),
            // The signs for kelvin and for micro are letters.
            ("\u{212a}", "k"),
            ("µ", "Μ"),
            ("ſ", "S"),
            ("Ꭰ", "ꭰ"),
        ] {
            assert_eq!(fold(one), fold(other), "{one} {other}");
        }
    }

    #[test]
    fn other_letters_are_not() {
        for (one, other) in [("ß", "ss"), ("ı", "i"), ("İ", "i"), ("é", "e"), ("ﬁ", "fi")] {
            assert_ne!(fold(one), fold(other), "{one} {other}");
        }
    }
}
