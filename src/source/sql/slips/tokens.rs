//! SQL text → tokens, in levels of brackets.

use std::ops::Range;

use super::Slip;
use crate::source::sql::lexer::{self, Lexicon, Region};

/// A piece of SQL.
#[derive(Debug)]
pub(super) struct Token<'s> {
    pub kind: Kind<'s>,
    pub range: Range<usize>,
}

/// What a piece is.
#[derive(Debug)]
pub(super) enum Kind<'s> {
    /// A word without quotes: a keyword or a name.
    Word(&'s str),
    /// A quoted name.
    Quoted,
    /// A number, a string, a placeholder.
    Value,
    /// Everything between brackets.
    Brackets(Level<'s>),
    /// Any other sign; several that belong together, such as `<>`, are one.
    Sign(&'s str),
}

/// What stands between two brackets, or outside of all.
#[derive(Debug, Default)]
pub(super) struct Level<'s> {
    pub tokens: Vec<Token<'s>>,
}

/// Words that are no names: after one of them a name is no alias, before one a comma is no mistake.
const KEYWORDS: &[&str] = &[
    "all",
    "and",
    "anti",
    "any",
    "apply",
    "array",
    "as",
    "asc",
    "asof",
    "at",
    "between",
    "binary",
    "by",
    "case",
    "cast",
    "character",
    "collate",
    "conflict",
    "connect",
    "connect_by_root",
    "cross",
    "current",
    "date",
    "datetime",
    "day",
    "delete",
    "desc",
    "distinct",
    "distinctrow",
    "div",
    "do",
    "double",
    "duplicate",
    "else",
    "end",
    "escape",
    "except",
    "exists",
    "false",
    "fetch",
    "filter",
    "final",
    "first",
    "following",
    "for",
    "force",
    "format",
    "from",
    "full",
    "glob",
    "group",
    "having",
    "high_priority",
    "hour",
    "ignore",
    "ilike",
    "in",
    "index",
    "inner",
    "insert",
    "intersect",
    "interval",
    "into",
    "is",
    "isnull",
    "join",
    "key",
    "last",
    "lateral",
    "left",
    "like",
    "limit",
    "local",
    "locked",
    "match",
    "minus",
    "minute",
    "mod",
    "model",
    "month",
    "national",
    "natural",
    "new",
    "next",
    "nolock",
    "not",
    "nothing",
    "notnull",
    "nowait",
    "null",
    "nulls",
    "of",
    "offset",
    "on",
    "only",
    "option",
    "or",
    "order",
    "outer",
    "over",
    "overlaps",
    "partition",
    "percent",
    "period",
    "pivot",
    "preceding",
    "precision",
    "prewhere",
    "prior",
    "qualify",
    "range",
    "recursive",
    "regexp",
    "replace",
    "returning",
    "right",
    "rlike",
    "row",
    "rows",
    "sample",
    "second",
    "select",
    "semi",
    "set",
    "settings",
    "share",
    "siblings",
    "similar",
    "skip",
    "some",
    "start",
    "straight_join",
    "symmetric",
    "system_time",
    "tablesample",
    "then",
    "ties",
    "time",
    "timestamp",
    "to",
    "top",
    "true",
    "unbounded",
    "union",
    "unique",
    "unpivot",
    "update",
    "use",
    "using",
    "value",
    "values",
    "varying",
    "versions",
    "when",
    "where",
    "window",
    "with",
    "within",
    "without",
    "xor",
    "year",
    "zone",
];

impl<'s> Token<'s> {
    /// True for this word, whatever its case.
    pub fn is(&self, word: &str) -> bool {
        matches!(self.kind, Kind::Word(written) if written.eq_ignore_ascii_case(word))
    }

    /// True for one of these words.
    pub fn is_any(&self, words: &[&str]) -> bool {
        words.iter().any(|word| self.is(word))
    }

    /// True for a sign.
    pub fn is_sign(&self, sign: &str) -> bool {
        matches!(self.kind, Kind::Sign(written) if written == sign)
    }

    /// The word, when it is a name and no keyword.
    pub fn name(&self) -> Option<&'s str> {
        match self.kind {
            Kind::Word(word) => {
                let lower = word.to_ascii_lowercase();
                let known = KEYWORDS.contains(&lower.as_str()) || lower.starts_with("sql_");
                (!known).then_some(word)
            }
            _ => None,
        }
    }

    /// True for what may name something.
    pub fn is_name(&self) -> bool {
        self.name().is_some() || matches!(self.kind, Kind::Quoted)
    }

    /// True for a number, a string or a placeholder.
    pub fn is_value(&self) -> bool {
        matches!(self.kind, Kind::Value)
    }
}

impl<'s> Level<'s> {
    /// The word at an index; empty where none is.
    pub fn word(&self, index: usize) -> &'s str {
        match self.tokens.get(index).map(|token| &token.kind) {
            Some(Kind::Word(word)) => word,
            _ => "",
        }
    }

    /// The levels inside of this one.
    pub fn inner(&self) -> impl Iterator<Item = &Level<'s>> {
        self.tokens.iter().filter_map(|token| match &token.kind {
            Kind::Brackets(level) => Some(level),
            _ => None,
        })
    }

    /// Each SELECT of the level, from its first word to the next set operator.
    pub fn selects(&self) -> Vec<&[Token<'s>]> {
        let begins = |token: &Token| token.is("select");
        let mut rest = self.tokens.as_slice();
        let mut found = Vec::new();
        while let Some(start) = rest.iter().position(begins) {
            let after = &rest[start + 1..];
            let ends = |(index, token): (usize, &Token)| {
                token.is_any(&["union", "intersect", "except", "minus", "select"])
                    || token.is("on")
                        && after
                            .get(index + 1)
                            .is_some_and(|next| next.is_any(&["conflict", "duplicate"]))
            };
            let end = after.iter().enumerate().position(ends);
            let end = end.map_or(rest.len(), |end| start + 1 + end);
            found.push(&rest[start..end]);
            rest = &rest[end..];
        }
        found
    }
}

/// Reads a query. `None` when a string or the like does not end; an error when a bracket has no
/// partner.
pub(super) fn read<'s>(sql: &'s str, lexicon: &Lexicon) -> Result<Option<Level<'s>>, Box<Slip>> {
    let Ok(regions) = lexer::regions(sql, lexicon) else {
        return Ok(None);
    };
    let mut reader = Reader {
        sql,
        open: Vec::new(),
        level: Level::default(),
    };
    for (region, range) in regions {
        match region {
            Region::Comment => {}
            Region::Literal => reader.push(Kind::Value, range),
            Region::Identifier => reader.push(Kind::Quoted, range),
            Region::Code => reader.code(range)?,
        }
    }
    match reader.open.last() {
        None => Ok(Some(reader.level)),
        Some((at, _)) => Err(Box::new(Slip::error(
            *at..at + 1,
            "this bracket is not closed",
            "write `)` where it ends",
        ))),
    }
}

/// Brackets within brackets that are looked into: nobody writes more, and levels are visited by recursion.
const DEEPEST: usize = 100;

struct Reader<'s> {
    sql: &'s str,
    /// The brackets that are open, and what stands before each.
    open: Vec<(usize, Level<'s>)>,
    level: Level<'s>,
}

impl<'s> Reader<'s> {
    fn push(&mut self, kind: Kind<'s>, range: Range<usize>) {
        self.level.tokens.push(Token { kind, range });
    }

    fn code(&mut self, range: Range<usize>) -> Result<(), Box<Slip>> {
        let mut at = range.start;
        while at < range.end {
            let rest = &self.sql[at..range.end];
            let Some(first) = rest.chars().next() else {
                break;
            };
            let is_word = |c: char| c.is_alphanumeric() || "_$#@".contains(c);
            let length = match first {
                '?' if rest.starts_with("?<") => rest.find('>').map_or(1, |end| end + 1),
                '<' | '>' | '=' | '!' | '|' | ':' => {
                    let more = |c: char| !"<>=!|:".contains(c);
                    rest.find(more).unwrap_or(rest.len())
                }
                _ if is_word(first) => rest.find(|c| !is_word(c)).unwrap_or(rest.len()),
                _ => first.len_utf8(),
            };
            let whole = at..at + length;
            let text = &self.sql[whole.clone()];
            at += length;
            match first {
                '(' => {
                    let outer = std::mem::take(&mut self.level);
                    self.open.push((whole.start, outer));
                }
                ')' => self.close(whole)?,
                _ if first.is_whitespace() || first == ';' => {}
                _ if first.is_ascii_digit() || text.len() > 2 && first == '?' => {
                    self.push(Kind::Value, whole);
                }
                _ if is_word(first) => self.push(Kind::Word(text), whole),
                _ => self.push(Kind::Sign(text), whole),
            }
        }
        Ok(())
    }

    fn close(&mut self, range: Range<usize>) -> Result<(), Box<Slip>> {
        let Some((start, outer)) = self.open.pop() else {
            let message = "this bracket closes nothing";
            let slip = Slip::error(range.clone(), message, "remove it, or open one before it");
            return Err(Box::new(slip));
        };
        let inner = std::mem::replace(&mut self.level, outer);
        let kind = match self.open.len() < DEEPEST {
            true => Kind::Brackets(inner),
            false => Kind::Value,
        };
        self.push(kind, start..range.end);
        Ok(())
    }
}
