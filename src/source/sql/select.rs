//! A query → the names of the columns it selects, where they can be told without a database.

use std::ops::Range;

use super::lexer::{Lexicon, Region, regions};

/// Words that end the list of columns.
const ENDS: &[&str] = &[
    "from", "where", "group", "having", "order", "limit", "offset", "fetch", "into", "window",
    "for",
];

/// Words of which the names follow other rules, or which are no names: with one of them in the list
/// outside of brackets, an item needs `AS`.
const KEYWORDS: &[&str] = &[
    "all", "and", "any", "as", "asc", "at", "between", "binary", "by", "case", "collate", "cross",
    "desc", "distinct", "div", "else", "end", "escape", "exists", "false", "filter", "glob",
    "ilike", "in", "interval", "is", "isnull", "like", "mod", "not", "notnull", "null", "or",
    "over", "regexp", "rlike", "select", "similar", "some", "then", "to", "true", "when", "within",
    "xor", "zone",
];

/// A piece of the list.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Token<'s> {
    /// A word without quotes: a keyword, a name, a number.
    Word(&'s str),
    /// A quoted name, with its quotes.
    Quoted(&'s str),
    /// A string, with its quotes.
    Text(&'s str),
    /// Everything between brackets.
    Brackets,
    /// Any other character.
    Sign(char),
}

/// A column of a result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selected {
    /// Its name as it is written.
    pub name: String,
    /// True when it was written in quotes, so that no database changes its case.
    pub quoted: bool,
}

/// The columns of the result; `None` when one of them cannot be told: `*`, an expression
/// without a name, a query that does not begin with SELECT or is made of several.
pub fn selected(sql: &str, lexicon: &Lexicon) -> Option<Vec<Selected>> {
    named(sql, lexicon)?.into_iter().collect()
}

/// The columns of the first SELECT whose names can be told: what an editor offers.
pub fn offered(sql: &str, lexicon: &Lexicon) -> Vec<String> {
    let named = named(sql, lexicon).unwrap_or_default();
    let known = named.into_iter().flatten();
    known.map(|column| column.name).collect()
}

/// The items of the list of columns, by name where they have one.
fn named(sql: &str, lexicon: &Lexicon) -> Option<Vec<Option<Selected>>> {
    let regions = regions(sql, lexicon).ok()?;
    let tokens = tokens(sql, &regions)?;
    let mut list = tokens.as_slice();
    let several = |token: &Token| is_any(*token, &["union", "intersect", "except", "minus"]);
    if list.iter().any(several) {
        return None;
    }
    list = after(list, "select")?;
    list = after(list, "distinct")
        .or_else(|| after(list, "all"))
        .unwrap_or(list);
    let end = list.iter().position(|token| is_any(*token, ENDS));
    list = &list[..end.unwrap_or(list.len())];
    Some(
        list.split(|token| *token == Token::Sign(','))
            .map(name)
            .collect(),
    )
}

fn after<'t, 's>(tokens: &'t [Token<'s>], word: &str) -> Option<&'t [Token<'s>]> {
    let (first, rest) = tokens.split_first()?;
    is_any(*first, &[word]).then_some(rest)
}

fn is_any(token: Token<'_>, words: &[&str]) -> bool {
    matches!(token, Token::Word(word) if words.iter().any(|known| word.eq_ignore_ascii_case(known)))
}

/// The name of an item: what follows `AS`, or the last part of a path such as `u.id`, or the word
/// after such a path.
fn name(item: &[Token<'_>]) -> Option<Selected> {
    let (name, last) = match item {
        [_, .., before, last] if is_any(*before, &["as"]) => {
            let text = || match last {
                Token::Text(text) => Some(unquoted(text)),
                _ => None,
            };
            (identifier(*last).or_else(text), last)
        }
        [path @ .., last] if is_path(item) || is_path(path) => (identifier(*last), last),
        _ => return None,
    };
    Some(Selected {
        name: name?,
        quoted: !matches!(last, Token::Word(_)),
    })
}

/// `a`, `a.b`, `a.b.c`.
fn is_path(tokens: &[Token<'_>]) -> bool {
    let is_name = |token: &Token| identifier(*token).is_some();
    tokens.len() % 2 == 1
        && tokens.iter().step_by(2).all(is_name)
        && tokens
            .iter()
            .skip(1)
            .step_by(2)
            .all(|token| *token == Token::Sign('.'))
}

fn identifier(token: Token<'_>) -> Option<String> {
    match token {
        Token::Quoted(text) => Some(unquoted(text)),
        Token::Word(word) => {
            let is_name = !word.starts_with(|c: char| c.is_ascii_digit())
                && !KEYWORDS
                    .iter()
                    .any(|known| word.eq_ignore_ascii_case(known));
            is_name.then(|| word.to_owned())
        }
        _ => None,
    }
}

/// Without the quotes around it; doubled ones inside are one.
fn unquoted(text: &str) -> String {
    let mut inside = text.chars();
    let quote = inside.next().unwrap_or_default();
    inside.next_back();
    inside
        .as_str()
        .replace(&format!("{quote}{quote}"), &quote.to_string())
}

/// The query as tokens; `None` when brackets are not closed, or a placeholder stands outside of them,
/// which may become anything.
fn tokens<'s>(sql: &'s str, regions: &[(Region, Range<usize>)]) -> Option<Vec<Token<'s>>> {
    let (mut found, mut depth) = (Vec::new(), 0_usize);
    for (region, range) in regions {
        let text = &sql[range.clone()];
        match region {
            Region::Comment => {}
            _ if depth > 0 && *region != Region::Code => {}
            Region::Literal => found.push(Token::Text(text)),
            Region::Identifier => found.push(Token::Quoted(text)),
            Region::Code => code(text, &mut depth, &mut found)?,
        }
    }
    (depth == 0).then_some(found)
}

fn code<'s>(text: &'s str, depth: &mut usize, found: &mut Vec<Token<'s>>) -> Option<()> {
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let is_word = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
        let length = match is_word(first) {
            true => rest.find(|c| !is_word(c)).unwrap_or(rest.len()),
            false => first.len_utf8(),
        };
        let (head, tail) = rest.split_at(length);
        rest = tail;
        match first {
            '(' => *depth += 1,
            ')' => {
                *depth = depth.checked_sub(1)?;
                if *depth == 0 {
                    found.push(Token::Brackets);
                }
            }
            _ if *depth > 0 || first.is_whitespace() => {}
            _ if is_word(first) => found.push(Token::Word(head)),
            _ => found.push(Token::Sign(first)),
        }
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::super::dialect::{mysql, postgres};
    use super::*;

    fn names(sql: &str) -> Option<String> {
        let names = selected(sql, &postgres::LEXICON)?.into_iter();
        Some(
            names
                .map(|column| column.name)
                .collect::<Vec<_>>()
                .join(" "),
        )
    }

    #[test]
    fn plain_columns_have_names() {
        for (sql, expected) in [
            ("SELECT id FROM t", "id"),
            ("select u.id, Name from users u", "id Name"),
            (
                "SELECT DISTINCT s.t.id i, \"Full \"\"Name\"\"\" FROM t",
                "i Full \"Name\"",
            ),
            (
                "SELECT count(*) AS n, max(a, (b)) AS \"top\" -- c, d\n FROM t",
                "n top",
            ),
            (
                "SELECT 'x' AS kind, 1 + 2 * 3 AS sum, ?<v> AS v FROM t LIMIT ?<limit>",
                "kind sum v",
            ),
            (
                "SELECT CASE WHEN a THEN b END AS c, (SELECT 1 FROM x) AS d",
                "c d",
            ),
            (
                "SELECT extract(year FROM seen) AS year, a || ', ' || b AS names FROM t",
                "year names",
            ),
            ("SELECT id\nFROM t WHERE a IN (SELECT * FROM x)", "id"),
            ("SELECT a AS b ORDER BY 1", "b"),
        ] {
            assert_eq!(names(sql).as_deref(), Some(expected), "{sql}");
        }
        let quoted = selected("SELECT `a b`, c AS 'd', e FROM t", &mysql::LEXICON);
        let quoted = quoted.expect("columns").into_iter();
        let quoted: Vec<_> = quoted.map(|column| (column.name, column.quoted)).collect();
        let expected = [("a b", true), ("d", true), ("e", false)];
        assert_eq!(
            quoted,
            expected.map(|(name, quoted)| (name.to_owned(), quoted))
        );
    }

    #[test]
    fn what_only_the_database_can_name_is_left_to_it() {
        for sql in [
            "SELECT * FROM t",
            "SELECT id, t.* FROM t",
            "SELECT id, count(*) FROM t",
            "SELECT id::text FROM t",
            "SELECT 'x', id FROM t",
            "SELECT -id FROM t",
            "SELECT CASE WHEN a THEN b END FROM t",
            "SELECT a IS DISTINCT FROM b AS c, d FROM t",
            "SELECT a IS NULL, b FROM t",
            "SELECT DISTINCT ON (a) b FROM t",
            "SELECT ?<c|identifier>, id FROM t",
            "SELECT a AS ?<c|identifier> FROM t",
            "SELECT id FROM t UNION SELECT name FROM u",
            "(SELECT id FROM t)",
            "WITH x AS (SELECT 1) SELECT id FROM x",
            "VALUES (1)",
            "SHOW GRANTS",
            "SELECT id, FROM t",
            "SELECT (id FROM t",
            "SELECT 'id FROM t",
            "",
        ] {
            assert_eq!(names(sql), None, "{sql}");
        }
    }
}
