//! A query → the slips in it that no database takes, and those that make it do something else than it
//! seems to.
//!
//! Every database has words of its own, so the text is not parsed: only what is wrong in all of SQL is
//! told. Where a file reaches a system of any kind, as over ODBC, even that is left alone, but for
//! brackets.

mod clauses;
mod commas;
mod keywords;
mod tokens;

use std::ops::Range;

use super::lexer::Lexicon;
use crate::config::CompileContext;
use crate::config::scalar::Text;
use crate::diagnostic::{Diagnostic, Severity};
use tokens::Level;

/// Something wrong in a query.
struct Slip {
    code: &'static str,
    severity: Severity,
    range: Range<usize>,
    message: String,
    help: String,
    /// What to write in place of a range.
    fix: Option<(Range<usize>, String)>,
}

impl Slip {
    fn error(range: Range<usize>, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self {
            code: "sql-syntax",
            severity: Severity::Error,
            range,
            message: message.into(),
            help: help.into(),
            fix: None,
        }
    }

    /// A slip of another rule.
    fn coded(self, code: &'static str, severity: Severity) -> Self {
        Self {
            code,
            severity,
            ..self
        }
    }

    fn replacing(self, range: Range<usize>, with: impl Into<String>) -> Self {
        Self {
            fix: Some((range, with.into())),
            ..self
        }
    }
}

/// Notes the slips of a query for a database system.
pub(super) fn check(text: &Text, scheme: &str, lexicon: &Lexicon, cx: &mut CompileContext) {
    for slip in find(&text.text, scheme, lexicon) {
        let edit = slip
            .fix
            .and_then(|(range, with)| cx.edit(text, range, &with));
        let at = cx.at(cx.locate(text, slip.range));
        let diagnostic = Diagnostic {
            severity: slip.severity,
            ..Diagnostic::error(slip.code, at, slip.message)
        };
        cx.note(diagnostic.help(slip.help).fix_if(edit));
    }
}

fn find(sql: &str, scheme: &str, lexicon: &Lexicon) -> Vec<Slip> {
    let level = match tokens::read(sql, lexicon) {
        Ok(Some(level)) => level,
        Ok(None) => return Vec::new(), // something is not closed, which is told elsewhere
        Err(slip) => return vec![*slip],
    };
    // Blocks and definitions have a grammar of their own.
    let first = level.word(0).to_lowercase();
    let plain = ["select", "with", "insert", "update", "delete", "values", ""];
    if scheme == "odbc" {
        return Vec::new();
    }
    if let Some(slip) = keywords::first_word(&level) {
        return vec![slip];
    }
    if !plain.contains(&first.as_str()) {
        return Vec::new();
    }
    let mut found = Vec::new();
    visit(&level, true, scheme, &mut found);
    found
}

/// Finds the slips of a level of brackets and of those in it.
fn visit(level: &Level, is_outer: bool, scheme: &str, found: &mut Vec<Slip>) {
    found.extend(commas::stray(level, is_outer));
    found.extend(keywords::before_names(level));
    for select in level.selects() {
        let misspelt = keywords::misspelt(select);
        match misspelt.is_empty() {
            true => {
                found.extend(commas::missing(select));
                found.extend(clauses::check(select, is_outer, scheme));
            }
            false => found.extend(misspelt),
        }
    }
    found.extend(clauses::signs(level, scheme));
    for inner in level.inner() {
        visit(inner, false, scheme, found);
    }
}

#[cfg(test)]
mod tests {
    use super::super::dialect::postgres;
    use super::*;

    fn slips(sql: &str) -> Vec<String> {
        find(sql, "postgres", &postgres::LEXICON)
            .into_iter()
            .map(|slip| format!("{} {:?}", slip.code, &sql[slip.range]))
            .collect()
    }

    #[test]
    fn what_no_database_takes_is_found() {
        for (sql, expected) in [
            ("SELCT id FROM users", "sql-syntax \"SELCT\""),
            ("SELECT id FORM users", "sql-syntax \"FORM\""),
            ("SELECT * FORM users", "sql-syntax \"FORM\""),
            ("SELECT u.* FRM users u", "sql-syntax \"FRM\""),
            ("SELECT id FROM users WEHRE id = 1", "sql-syntax \"WEHRE\""),
            ("SELECT id FROM users ODER BY id", "sql-syntax \"ODER\""),
            (
                "SELECT id FROM users u JION groups g ON true",
                "sql-syntax \"JION\"",
            ),
            ("SELECT id FROM users LIMT 10", "sql-syntax \"LIMT\""),
            ("DELETE FORM users WHERE id = ?<id>", "sql-syntax \"FORM\""),
            ("INSERT INOT users (id) VALUES (1)", "sql-syntax \"INOT\""),
            ("SELECT id, name, FROM users", "sql-syntax \",\""),
            ("SELECT id,, name FROM users", "sql-syntax \",\""),
            ("INSERT INTO t (a, b,) VALUES (1, 2)", "sql-syntax \",\""),
            ("SELECT u.id u.name FROM users u", "sql-syntax \"u.name\""),
            ("SELECT id name email FROM users", "sql-syntax \"email\""),
            ("SELECT count(id FROM users", "sql-syntax \"(\""),
            ("SELECT count(id)) FROM users", "sql-syntax \")\""),
            (
                "SELECT id FROM a JOIN b WHERE a.x = b.x",
                "unjoined-table \"JOIN\"",
            ),
            (
                "SELECT id FROM t WHERE a = 1 WHERE b = 2",
                "sql-syntax \"WHERE\"",
            ),
            (
                "SELECT id FROM t ORDER BY id WHERE a = 1",
                "sql-syntax \"WHERE\"",
            ),
            (
                "SELECT id FROM t LIMIT 3 ORDER BY id",
                "sql-syntax \"ORDER\"",
            ),
            (
                "SELECT id FROM t WHERE a = NULL",
                "null-comparison \"= NULL\"",
            ),
            (
                "SELECT id FROM t WHERE a <> null AND b",
                "null-comparison \"<> null\"",
            ),
            ("SELECT id FROM t WHERE a == 1", "sql-syntax \"==\""),
            (
                "SELECT id, count(*) FROM t",
                "aggregate-without-group \"id\"",
            ),
            (
                "SELECT 1 WHERE x IN (SELECT id FORM users)",
                "sql-syntax \"FORM\"",
            ),
        ] {
            assert_eq!(slips(sql), [expected], "{sql}");
        }
    }

    #[test]
    fn sound_queries_are_left_alone() {
        for sql in [
            "SELECT f.form, form FROM users f",
            "SELECT id form FROM users",
            "SELECT price * form total FROM t",
            "SELECT DISTINCT u.id, u.\"full name\" nick FROM users AS u LEFT OUTER JOIN groups g USING (id)",
            "SELECT a.id FROM a CROSS JOIN b NATURAL LEFT JOIN c",
            "SELECT a.id FROM a JOIN b JOIN c ON b.x = c.x ON a.x = b.x",
            "SELECT a.id FROM (a JOIN b ON a.x = b.x) JOIN c ON true",
            "SELECT a IS DISTINCT FROM b AS c FROM t",
            "SELECT extract(year FROM seen) y, cast(a AS double precision) d FROM t",
            "SELECT count(*) AS n, max(id) FROM t",
            "SELECT id, count(*) OVER () AS n FROM t",
            "SELECT id, count(*) FROM t GROUP BY id HAVING count(*) > 1 ORDER BY id LIMIT ?<limit>",
            "SELECT id, (SELECT count(*) FROM m WHERE m.id = t.id) FROM t",
            "SELECT id FROM t WHERE a = 1 UNION SELECT id FROM u WHERE b = 2 ORDER BY id",
            "UPDATE t SET a = NULL, b = ?<b> WHERE id = ?<id>",
            "INSERT INTO t (a, b) VALUES (?<a>, NULL) ON CONFLICT (a) WHERE b = 1 DO UPDATE SET b = NULL WHERE t.b = 2",
            "WITH x AS (SELECT id FROM t), y(a, b) AS (VALUES (1, 2)) SELECT x.id FROM x, y WHERE a = 1",
            "SELECT 'a, FROM b', \"x,\" FROM t -- , FROM\n",
            "SELECT id FROM t WHERE ts > now() - interval '1 day' AND x = ANY(?<ids>)",
            "SELECT date '2026-01-01' d, timestamp with time zone '2026-01-01' z FROM t",
            "SELECT string_agg(name, ', ' ORDER BY name) FILTER (WHERE ok) AS n FROM t",
            "SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY a) AS m FROM t",
            "SELECT u.id FROM users u FOR UPDATE OF u SKIP LOCKED",
            "GRANT ?<role|identifier> TO ?<user|identifier>",
            "CREATE ROLE x WITH LOGIN PASSWORD 'y' VALID UNTIL 'z'",
            "CALL form(users, 1)",
            "BEGIN a, ; END;",
            "",
        ] {
            assert_eq!(slips(sql), Vec::<String>::new(), "{sql}");
        }
    }
}
