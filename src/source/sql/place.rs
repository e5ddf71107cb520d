//! What a database says of an error → the place in the connector file where its cause stands.

use std::sync::Arc;

use crate::config::scalar::Text;
use crate::diagnostic::{Location, SourceFile};

/// A query as its author wrote it.
#[derive(Debug)]
pub struct Written {
    /// The connector file.
    pub file: Arc<SourceFile>,
    /// The scalar that holds the query.
    pub text: Text,
    /// Where each fragment of its statements begins in the text; `None` for values.
    pub starts: Vec<Option<usize>>,
}

impl Written {
    /// The query as a whole.
    pub fn whole(&self) -> Location {
        Location {
            file: self.file.clone(),
            span: self.text.span,
        }
    }

    /// Where in the file a byte of a fragment stands.
    pub fn location(&self, fragment: usize, offset: usize) -> Option<Location> {
        let start = self.starts.get(fragment).copied().flatten()? + offset;
        // The whole word, because a single character is hard to find again in the file.
        let rest = self.text.text.get(start..)?;
        let length = rest
            .find(|c: char| !c.is_alphanumeric() && c != '_')
            .filter(|length| *length > 0)
            .or_else(|| rest.chars().next().map(char::len_utf8))
            .unwrap_or_default();
        Some(Location {
            file: self.file.clone(),
            span: self.text.locate(self.file.text(), start..start + length),
        })
    }
}

/// The byte of `sql` that a message is about: after the line that it names, if it names one, the
/// first thing it quotes that is in the SQL. `None` when it quotes nothing of the kind.
pub fn of_message(message: &str, sql: &str) -> Option<usize> {
    let from = match line_named(message) {
        Some(line) => sql.split_inclusive('\n').take(line - 1).map(str::len).sum(),
        None => 0,
    };
    quoted(message)
        .into_iter()
        .find_map(|word| whole(sql, word, from).or_else(|| whole(sql, word, 0)))
}

/// `… at line 3`, as MySQL says.
fn line_named(message: &str) -> Option<usize> {
    let (_, tail) = message.rsplit_once("at line ")?;
    let digits = tail
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(tail.len());
    tail[..digits].parse().ok().filter(|line| *line > 0)
}

/// What stands in quotes, and what stands behind the last colon: `no such column: nme`. Of a
/// qualified name, its last part too: databases add what the author left out.
fn quoted(message: &str) -> Vec<&str> {
    let mut found = Vec::new();
    for quote in ['\'', '"', '`'] {
        // MySQL quotes the rest of the query, with whatever quotes are in it.
        if let Some((_, rest)) = message.split_once(quote) {
            let end = match message.contains("near '") {
                true => rest.rfind(quote),
                false => rest.find(quote),
            };
            found.extend(end.map(|end| &rest[..end]));
        }
    }
    // `table t has no column named c`, as SQLite says.
    found.extend(message.rsplit_once(" named ").map(|(_, name)| name.trim()));
    if let Some((_, words)) = message.rsplit_once(": ") {
        found.push(words.trim());
        found.extend(words.split_whitespace().next());
    }
    let parts: Vec<&str> = found
        .iter()
        .filter(|word| !word.contains(char::is_whitespace))
        .filter_map(|word| word.rsplit_once('.').map(|(_, part)| part))
        .collect();
    found.extend(parts);
    found.retain(|word| !word.is_empty());
    found
}

/// The first place of a word in the SQL that is not a part of a longer one.
fn whole(sql: &str, word: &str, from: usize) -> Option<usize> {
    let wordlike = |c: char| c.is_alphanumeric() || c == '_';
    sql.match_indices(word).map(|(at, _)| at).find(|at| {
        let begins = !sql[..*at].ends_with(wordlike) || !word.starts_with(wordlike);
        let ends = !sql[at + word.len()..].starts_with(wordlike) || !word.ends_with(wordlike);
        *at >= from && begins && ends
    })
}

/// The byte at which the character of a number, from 1, begins.
pub fn of_character(number: usize, sql: &str) -> Option<usize> {
    let (at, _) = sql.char_indices().nth(number.checked_sub(1)?)?;
    Some(at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Span;

    #[test]
    fn what_a_message_quotes_is_found_in_the_query() {
        let sql = "SELECT id, nme FROM users\nWHERE x = 'near' AN nme = 1";
        let at = |message: &str| of_message(message, sql).map(|at| &sql[at..]);
        assert_eq!(
            at("no such column: nme"),
            Some("nme FROM users\nWHERE x = 'near' AN nme = 1")
        );
        assert_eq!(at("near \"AN\": syntax error"), Some("AN nme = 1"));
        assert_eq!(
            at("Unknown column 'u.nme' in 'field list'").map(|rest| &rest[..3]),
            Some("nme")
        );
        assert_eq!(
            at("You have an error …; check the manual … to use near 'AN nme = 1' at line 2"),
            Some("AN nme = 1")
        );
        assert_eq!(
            at("Table 'app.users' doesn't exist").map(|rest| &rest[..5]),
            Some("users")
        );
        assert_eq!(at("something 'else' went wrong"), None);
        assert_eq!(at("lost its mind"), None);
    }

    #[test]
    fn characters_are_not_bytes() {
        assert_eq!(of_character(3, "é = x"), Some(3));
        assert_eq!(of_character(9, "é"), None);
        assert_eq!(of_character(0, "é"), None);
    }

    proptest::proptest! {
        /// Databases say anything, and authors write anything.
        #[test]
        fn no_message_leads_out_of_the_query(
            sql in "[a-cé日 '\"`.\n_😀]{0,24}",
            words in proptest::collection::vec(
                "near '|near \"|at line |at line 0|at line [0-9]{1,22}|: |[a-cé日 '\"`._😀\n]{0,4}", 0..8),
            start in 0..8_usize,
            number in proptest::num::usize::ANY,
        ) {
            let found = of_message(&words.concat(), &sql);
            proptest::prop_assert!(found.is_none_or(|at| sql.is_char_boundary(at) && at < sql.len()));
            let at = of_character(number % 32, &sql);
            proptest::prop_assert!(at.is_none_or(|at| sql.is_char_boundary(at)));
            let yaml = format!("é: |\n  {}\n", sql.replace('\n', "\n  "));
            let written = Written {
                file: SourceFile::new("a.yaml", &yaml),
                text: Text { text: sql.clone(), span: Span::new(0, yaml.len()) },
                starts: vec![Some(start), None],
            };
            for at in found.into_iter().chain(at).chain([number % 64, sql.len()]) {
                written.location(0, at);
                written.location(1, at);
            }
        }
    }
}
