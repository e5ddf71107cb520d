//! What kind of statement some SQL is: known by its first word, before anything is sent.

use super::lexer::{Lexicon, Region, regions};

/// What a statement does, as far as its first word tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// Changes rows, which the database counts.
    Changes,
    /// Changes what there is besides rows: roles, rights, users, tables.
    Defines,
    /// Runs a procedure or a block, which may do several things one after the other.
    Runs,
    /// Anything else, such as `SELECT add_member(…)`: it may change something, and what the database
    /// counts is no change.
    Other,
}

const CHANGES: [&str; 6] = ["insert", "update", "delete", "merge", "replace", "upsert"];

const DEFINES: [&str; 10] = [
    "grant", "revoke", "create", "alter", "drop", "rename", "truncate", "comment", "deny", "flush",
];

const RUNS: [&str; 7] = [
    "call", "exec", "execute", "do", "begin", "declare", "perform",
];

impl Verb {
    /// The kind of a statement.
    pub(super) fn of(sql: &str, lexicon: &Lexicon) -> Self {
        let mut words = outer_words(sql, lexicon).into_iter();
        let first = words.next().unwrap_or_default();
        let verb = match first.as_str() {
            // What stands before the verb is in parentheses.
            "with" => words
                .find(|word| word == "select" || CHANGES.contains(&word.as_str()))
                .unwrap_or_default(),
            _ => first,
        };
        match verb.as_str() {
            verb if CHANGES.contains(&verb) => Verb::Changes,
            verb if DEFINES.contains(&verb) => Verb::Defines,
            // `SET PASSWORD FOR …`, as MySQL has it.
            "set" if words.next().as_deref() == Some("password") => Verb::Defines,
            verb if RUNS.contains(&verb) => Verb::Runs,
            _ => Verb::Other,
        }
    }
}

/// The words of the code that stand in no parentheses, in lower case; the first one wherever it
/// stands.
fn outer_words(sql: &str, lexicon: &Lexicon) -> Vec<String> {
    let Ok(regions) = regions(sql, lexicon) else {
        return Vec::new();
    };
    let mut words = Vec::new();
    let mut word = String::new();
    let mut depth = 0_usize;
    for (region, range) in regions {
        if region == Region::Code {
            for c in sql[range].chars() {
                if c.is_alphanumeric() || c == '_' {
                    word.extend(c.to_lowercase());
                    continue;
                }
                end(&mut word, depth, &mut words);
                match c {
                    '(' => depth += 1,
                    ')' => depth = depth.saturating_sub(1),
                    _ => {}
                }
            }
        }
        end(&mut word, depth, &mut words);
    }
    words
}

fn end(word: &mut String, depth: usize, words: &mut Vec<String>) {
    let word = std::mem::take(word);
    if !word.is_empty() && (depth == 0 || words.is_empty()) {
        words.push(word);
    }
}

#[cfg(test)]
mod tests {
    use super::super::dialect::{mysql, postgres};
    use super::*;

    #[test]
    fn the_first_word_tells_what_a_statement_does() {
        for (sql, verb) in [
            ("INSERT INTO t VALUES (1)", Verb::Changes),
            ("  -- why\n /* and */ update t set a = 1", Verb::Changes),
            ("WITH a AS (SELECT 1) DELETE FROM t", Verb::Changes),
            (
                "WITH a AS (DELETE FROM t RETURNING id) SELECT * FROM a",
                Verb::Other,
            ),
            ("WITH \"insert\" (x) AS (SELECT 1) SELECT 2", Verb::Other),
            ("(SELECT add_member(1))", Verb::Other),
            ("GRANT r TO u", Verb::Defines),
            ("SET PASSWORD FOR u = 'x'", Verb::Defines),
            ("SET ROLE x", Verb::Other),
            ("CALL p()", Verb::Runs),
            ("{call p()}", Verb::Runs),
            ("DO $$ BEGIN DELETE FROM t; END $$", Verb::Runs),
            ("", Verb::Other),
            ("'unclosed", Verb::Other),
        ] {
            assert_eq!(Verb::of(sql, &postgres::LEXICON), verb, "{sql}");
        }
        let replaced = Verb::of("# note\nREPLACE INTO t VALUES (1)", &mysql::LEXICON);
        assert_eq!(replaced, Verb::Changes);
    }
}
