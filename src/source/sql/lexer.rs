//! SQL text → regions: code, literals, quoted identifiers, comments. Placeholders live in code only.

use std::ops::Range;

/// The facts of a dialect's lexical grammar that decide where code ends and a literal begins.
#[derive(Debug)]
pub struct Lexicon {
    /// A backslash escapes the next character of a string.
    pub backslash_escapes: bool,
    /// A string after `E` has backslash escapes although others have none.
    pub escape_strings: bool,
    /// Double quotes enclose strings rather than identifiers.
    pub double_quoted_strings: bool,
    /// Backticks enclose identifiers.
    pub backticks: bool,
    /// Square brackets enclose identifiers.
    pub brackets: bool,
    /// `]]` stands for a bracket inside of them.
    pub doubled_brackets: bool,
    /// `q'[ … ]'` is a string that ends with the mark it begins with.
    pub q_quotes: bool,
    /// `$tag$ … $tag$` is a string.
    pub dollar_quotes: bool,
    /// Block comments nest.
    pub nested_comments: bool,
    /// `#` begins a comment.
    pub hash_comments: bool,
    /// `--` begins a comment only before white space.
    pub dashes_need_space: bool,
    /// `/*! … */` is code that other databases take for a comment.
    pub executable_comments: bool,
    /// A bare `?` is a parameter; elsewhere it is an operator.
    pub question_parameters: bool,
    /// The characters that make the word after them a parameter: `:@$` for `:name`, `@name` and
    /// `$name`. Doubled, as in `@@version` and `x::int`, they mean something else.
    pub named_parameters: &'static str,
}

impl Lexicon {
    /// Standard SQL with `?` for parameters: what dialects differ from.
    pub const STANDARD: Lexicon = Lexicon {
        backslash_escapes: false,
        escape_strings: false,
        double_quoted_strings: false,
        backticks: false,
        brackets: false,
        doubled_brackets: false,
        q_quotes: false,
        dollar_quotes: false,
        nested_comments: false,
        hash_comments: false,
        dashes_need_space: false,
        executable_comments: false,
        question_parameters: true,
        named_parameters: "",
    };
}

/// What a stretch of SQL is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Region {
    /// Keywords, names, operators, numbers.
    Code,
    /// A string.
    Literal,
    /// A quoted identifier.
    Identifier,
    /// A comment.
    Comment,
}

impl Region {
    /// The region as a sentence names it.
    pub fn phrase(self) -> &'static str {
        match self {
            Region::Code => "code",
            Region::Literal => "a string",
            Region::Identifier => "a quoted identifier",
            Region::Comment => "a comment",
        }
    }
}

/// A string, identifier or comment without its end.
#[derive(Debug, PartialEq, Eq)]
pub struct Unclosed {
    /// What is open.
    pub region: Region,
    /// Where it begins.
    pub start: usize,
}

/// Splits SQL into regions that cover it without gaps.
pub fn regions(sql: &str, lexicon: &Lexicon) -> Result<Vec<(Region, Range<usize>)>, Unclosed> {
    let mut found: Vec<(Region, Range<usize>)> = Vec::new();
    let (mut at, mut code_start) = (0, 0);
    while at < sql.len() {
        let Some((region, end)) = opening(sql, at, lexicon) else {
            at += sql[at..].chars().next().map_or(1, char::len_utf8);
            continue;
        };
        let Some(end) = end else {
            return Err(Unclosed { region, start: at });
        };
        if code_start < at {
            found.push((Region::Code, code_start..at));
        }
        found.push((region, at..end));
        at = end;
        code_start = end;
    }
    if code_start < sql.len() {
        found.push((Region::Code, code_start..sql.len()));
    }
    Ok(found)
}

/// What begins at `at`, when it is no code, and where it ends, when it does.
fn opening(sql: &str, at: usize, lexicon: &Lexicon) -> Option<(Region, Option<usize>)> {
    let rest = &sql[at..];
    let bytes = rest.as_bytes();
    match bytes[0] {
        b'\'' if lexicon.q_quotes && follows_q_mark(&sql[..at]) => {
            Some((Region::Literal, q_quoted_end(sql, at)))
        }
        b'\'' => {
            let escapes = lexicon.backslash_escapes
                || lexicon.escape_strings && follows_escape_mark(&sql[..at]);
            Some((Region::Literal, quoted_end(sql, at, b'\'', escapes)))
        }
        b'"' if lexicon.double_quoted_strings => Some((
            Region::Literal,
            quoted_end(sql, at, b'"', lexicon.backslash_escapes),
        )),
        b'"' => Some((Region::Identifier, quoted_end(sql, at, b'"', false))),
        b'`' if lexicon.backticks => Some((Region::Identifier, quoted_end(sql, at, b'`', false))),
        b'[' if lexicon.doubled_brackets => {
            Some((Region::Identifier, quoted_end(sql, at, b']', false)))
        }
        b'[' if lexicon.brackets => Some((
            Region::Identifier,
            rest.find(']').map(|length| at + length + 1),
        )),
        b'-' if rest.starts_with("--") => {
            let after = bytes.get(2);
            let begins = !lexicon.dashes_need_space
                || after.is_none_or(|byte| byte.is_ascii_whitespace() || byte.is_ascii_control());
            begins.then(|| (Region::Comment, Some(line_end(sql, at))))
        }
        b'#' if lexicon.hash_comments => Some((Region::Comment, Some(line_end(sql, at)))),
        b'/' if rest.starts_with("/*") => {
            let executable = rest.starts_with("/*!") || rest.starts_with("/*M!");
            (!(lexicon.executable_comments && executable))
                .then(|| (Region::Comment, block_comment_end(sql, at, lexicon)))
        }
        b'$' if lexicon.dollar_quotes && !ends_with_word(&sql[..at]) => {
            let tag = dollar_tag(rest)?;
            let body = at + tag.len();
            let end = sql[body..].find(tag).map(|found| body + found + tag.len());
            Some((Region::Literal, end))
        }
        _ => None,
    }
}

/// The end of a quoted text. A doubled quote ends it and begins the next one, which joins them.
fn quoted_end(sql: &str, start: usize, quote: u8, backslash_escapes: bool) -> Option<usize> {
    let bytes = sql.as_bytes();
    let mut at = start + 1;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' if backslash_escapes => at += 2,
            byte if byte == quote && bytes.get(at + 1) == Some(&quote) => at += 2,
            byte if byte == quote => return Some(at + 1),
            _ => at += 1,
        }
    }
    None
}

fn line_end(sql: &str, start: usize) -> usize {
    sql[start..]
        .find('\n')
        .map_or(sql.len(), |length| start + length)
}

fn block_comment_end(sql: &str, start: usize, lexicon: &Lexicon) -> Option<usize> {
    let mut depth = 1;
    let mut at = start + 2;
    let bytes = sql.as_bytes();
    while at + 1 < bytes.len() {
        match &bytes[at..at + 2] {
            b"*/" => {
                depth -= 1;
                at += 2;
                if depth == 0 {
                    return Some(at);
                }
            }
            b"/*" if lexicon.nested_comments => {
                depth += 1;
                at += 2;
            }
            _ => at += 1,
        }
    }
    None
}

/// The tag of a dollar quote with both its dollars: `$$` or `$body$`. `$1` is none.
fn dollar_tag(rest: &str) -> Option<&str> {
    let length = rest[1..]
        .find(|c: char| !(c.is_alphanumeric() || c == '_'))
        .map(|length| length + 1)?;
    let named_well = !rest[1..].starts_with(|c: char| c.is_ascii_digit());
    (rest[length..].starts_with('$') && named_well).then(|| &rest[..=length])
}

/// True after an `E` that stands alone, as in `E'\''`.
fn follows_escape_mark(before: &str) -> bool {
    before
        .strip_suffix(['e', 'E'])
        .is_some_and(|head| !ends_with_word(head))
}

/// True after a `Q` that stands alone or follows the `N` of a national string, as in `q'[it's]'`.
fn follows_q_mark(before: &str) -> bool {
    before.strip_suffix(['q', 'Q']).is_some_and(|head| {
        let head = head.strip_suffix(['n', 'N']).unwrap_or(head);
        !ends_with_word(head)
    })
}

/// The end of a string like `q'[it's]'`: the closing mark and a quote.
fn q_quoted_end(sql: &str, start: usize) -> Option<usize> {
    let mark = sql[start + 1..].chars().next()?;
    let closing = match mark {
        '[' => ']',
        '{' => '}',
        '(' => ')',
        '<' => '>',
        other => other,
    };
    let body = start + 1 + mark.len_utf8();
    let end = format!("{closing}'");
    sql[body..]
        .find(&end)
        .map(|length| body + length + end.len())
}

/// True when the last character may belong to a name or a number.
pub fn ends_with_word(text: &str) -> bool {
    text.ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '$')
}

/// The words of the code, in lower case.
pub fn words<'s>(
    sql: &'s str,
    regions: &'s [(Region, Range<usize>)],
) -> impl Iterator<Item = String> + 's {
    regions
        .iter()
        .filter(|(region, _)| *region == Region::Code)
        .flat_map(|(_, range)| {
            sql[range.clone()].split(|c: char| !(c.is_alphanumeric() || c == '_'))
        })
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
}

#[cfg(test)]
mod tests {
    use super::super::dialect::{mysql, postgres, sqlite};
    use super::*;

    /// Each region but code, as the text it covers.
    fn quoted<'s>(sql: &'s str, lexicon: &Lexicon) -> Vec<(Region, &'s str)> {
        regions(sql, lexicon)
            .expect("everything is closed")
            .into_iter()
            .filter(|(region, _)| *region != Region::Code)
            .map(|(region, range)| (region, &sql[range]))
            .collect()
    }

    #[test]
    fn each_dialect_quotes_in_its_own_way() {
        use Region::*;
        let sql = r#"a 'it''s \' "x" `y` [z] # c"#;
        assert_eq!(
            quoted(sql, &postgres::LEXICON),
            [(Literal, r"'it''s \'"), (Identifier, "\"x\"")]
        );
        assert_eq!(
            quoted(sql, &sqlite::LEXICON),
            [
                (Literal, r"'it''s \'"),
                (Identifier, "\"x\""),
                (Identifier, "`y`"),
                (Identifier, "[z]")
            ]
        );
        assert_eq!(
            quoted(r#"'\'' "a" `b` # c"#, &mysql::LEXICON),
            [
                (Literal, r"'\''"),
                (Literal, "\"a\""),
                (Identifier, "`b`"),
                (Comment, "# c")
            ]
        );
    }

    #[test]
    fn postgres_strings_may_be_escaped_or_dollar_quoted() {
        use Region::*;
        let sql = r"E'\'' x1e'a\' $$ ' $$ $t$ $$ $t$ $1 a$b$ /* /* */ */ ::text -- '";
        assert_eq!(
            quoted(sql, &postgres::LEXICON),
            [
                (Literal, r"'\''"),
                (Literal, r"'a\'"),
                (Literal, "$$ ' $$"),
                (Literal, "$t$ $$ $t$"),
                (Comment, "/* /* */ */"),
                (Comment, "-- '"),
            ]
        );
    }

    #[test]
    fn mysql_dashes_need_a_space_and_marked_comments_are_code() {
        assert_eq!(
            quoted("1--1 -- c\n/*!50000 x */ /* y */", &mysql::LEXICON),
            [(Region::Comment, "-- c"), (Region::Comment, "/* y */")]
        );
    }

    #[test]
    fn brackets_and_q_quotes_end_where_their_dialects_say() {
        use super::super::dialect::{oracle, sqlserver};
        use Region::*;
        assert_eq!(
            quoted("[a]]b] N'it''s' /* /* */ */ x", &sqlserver::LEXICON),
            [
                (Identifier, "[a]]b]"),
                (Literal, "'it''s'"),
                (Comment, "/* /* */ */")
            ]
        );
        assert_eq!(quoted("[a]]b", &sqlite::LEXICON), [(Identifier, "[a]")]);
        assert_eq!(
            quoted(
                "q'[it's]' nQ'!a'b!' eq'a' Q'(x)y)' /* /* */",
                &oracle::LEXICON
            ),
            [
                (Literal, "'[it's]'"),
                (Literal, "'!a'b!'"),
                (Literal, "'a'"),
                (Literal, "'(x)y)'"),
                (Comment, "/* /* */")
            ]
        );
        let open = regions("q'[a]", &oracle::LEXICON).map_err(|open| open.region);
        assert_eq!(open, Err(Literal));
    }

    #[test]
    fn what_is_left_open_is_found() {
        for (sql, region, start) in [
            ("a 'b", Region::Literal, 2),
            ("\"b", Region::Identifier, 0),
            ("/* /* */", Region::Comment, 0),
            ("$$ $", Region::Literal, 0),
        ] {
            assert_eq!(
                regions(sql, &postgres::LEXICON),
                Err(Unclosed { region, start }),
                "{sql}"
            );
        }
    }
}
