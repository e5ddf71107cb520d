//! The text of a query → SQL and its placeholders `?<name>` and `?<name|option>`.

use std::ops::Range;

use super::lexer::{self, Lexicon, Region};
use crate::config::CompileContext;
use crate::config::scalar::Text;
use crate::diagnostic::{Diagnostic, list, nearest};

/// A piece of a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// SQL as it is.
    Sql(Range<usize>),
    /// A placeholder in code.
    Placeholder(Placeholder),
}

impl Part {
    /// Where SQL begins in the query; `None` for a placeholder.
    pub fn sql_start(&self) -> Option<usize> {
        match self {
            Part::Sql(range) => Some(range.start),
            Part::Placeholder(_) => None,
        }
    }
}

/// A placeholder as its author wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placeholder {
    /// The name as written; it is matched without case.
    pub name: String,
    /// How the value enters the query.
    pub form: Form,
    /// The bytes of the whole placeholder in the query.
    pub range: Range<usize>,
}

/// How a value enters a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// As a parameter of the prepared statement.
    Parameter,
    /// Its letters, digits and underscores, written into the SQL.
    Unquoted,
    /// A quoted identifier, written into the SQL.
    Identifier,
    /// Its letters, digits, underscores and single spaces, written into the SQL.
    Keyword,
}

impl Form {
    /// The option that is written for it; empty for a parameter.
    pub fn option(self) -> &'static str {
        match self {
            Form::Parameter => "",
            Form::Unquoted => "unquoted",
            Form::Identifier => "identifier",
            Form::Keyword => "keyword",
        }
    }
}

/// Words of SQL that are no good names of values.
const SQL_WORDS: &[&str] = &[
    "select", "from", "where", "and", "or", "not", "in", "is", "null", "join", "on", "insert",
    "into", "values", "update", "set", "delete", "grant", "revoke", "order", "by", "group",
    "having", "as", "union", "table", "like", "between",
];

const OPTIONS: [&str; 3] = ["unquoted", "identifier", "keyword"];

impl Form {
    fn of(option: &str) -> Option<Self> {
        match option.to_lowercase().as_str() {
            "unquoted" => Some(Form::Unquoted),
            "identifier" => Some(Form::Identifier),
            "keyword" => Some(Form::Keyword),
            _ => None,
        }
    }
}

/// A query taken apart.
#[derive(Debug)]
pub struct Scanned {
    /// SQL and placeholders, in order.
    pub parts: Vec<Part>,
    /// The words of its code, in lower case.
    pub words: Vec<String>,
    /// Names in strings and comments, in lower case: meant as placeholders, but none.
    pub inert: Vec<String>,
}

/// Takes a query apart. Notes every mistake; `None` when there was one.
pub fn scan(text: &Text, lexicon: &Lexicon, cx: &mut CompileContext) -> Option<Scanned> {
    scan_with_blocks(text, lexicon, false, cx)
}

/// The same for a database system that may run a block, `BEGIN … END;`, as one statement: then its
/// semicolons belong to it.
pub fn scan_with_blocks(
    text: &Text,
    lexicon: &Lexicon,
    blocks: bool,
    cx: &mut CompileContext,
) -> Option<Scanned> {
    let sql = text.text.trim_end();
    let regions = match lexer::regions(sql, lexicon) {
        Ok(regions) => regions,
        Err(open) => {
            let span = cx.locate(text, open.start..open.start + 1);
            let message = format!("{} begins here and never ends", open.region.phrase());
            let help = match open.region {
                Region::Literal => {
                    "close it with the same quote; a quote inside of a string is written twice: `'it''s'`"
                }
                Region::Comment => {
                    "close it with `*/`; one that ends with its line begins with `--`"
                }
                _ => "close it with the same quote",
            };
            let at = cx.at(span);
            cx.note(Diagnostic::error("unclosed-sql", at, message).help(help));
            return None;
        }
    };
    // Comments and the semicolon that ends the statement do not count.
    let end = regions.iter().rev().find_map(|(region, range)| {
        let end = match region {
            Region::Code => sql[range.clone()]
                .trim_end_matches(|c: char| c.is_whitespace() || c == ';')
                .len(),
            Region::Comment => 0,
            Region::Literal | Region::Identifier => range.len(),
        };
        (end > 0).then_some(range.start + end)
    });
    let Some(end) = end else {
        let at = cx.at(text.span);
        let empty = Diagnostic::error("empty-query", at, "the query is empty");
        cx.note(empty.help("write the statement, for example `SELECT id, name FROM users`"));
        return None;
    };
    let words: Vec<String> = lexer::words(sql, &regions).collect();
    let block = blocks && begins_block(&words);
    let end = if block { sql.len() } else { end };
    let mut scan = Scan {
        text,
        block,
        sql,
        end,
        lexicon,
        cx,
        parts: Vec::new(),
        inert: Vec::new(),
        failed: false,
        several: false,
    };
    for (region, range) in &regions {
        match region {
            Region::Code => scan.code(range.clone()),
            _ => scan.quoted(*region, range.clone()),
        }
    }
    let (parts, inert, failed) = (scan.parts, scan.inert, scan.failed);
    (!failed).then_some(Scanned {
        parts,
        words,
        inert,
    })
}

struct Scan<'s, 'c, 'e> {
    text: &'s Text,
    /// True when semicolons are part of the statement.
    block: bool,
    sql: &'s str,
    /// Where the statement ends.
    end: usize,
    lexicon: &'s Lexicon,
    cx: &'c mut CompileContext<'e>,
    parts: Vec<Part>,
    inert: Vec<String>,
    failed: bool,
    /// True when a second statement was noted: one message is enough.
    several: bool,
}

impl Scan<'_, '_, '_> {
    fn code(&mut self, range: Range<usize>) {
        let bytes = self.sql.as_bytes();
        let (mut start, mut at) = (range.start, range.start);
        while at < range.end {
            let length = match bytes[at] {
                b'?' => match attempt(&self.sql[at..range.end]) {
                    Some(inside) => {
                        let whole = at..at + inside.len() + 3;
                        self.push_sql(start..at);
                        self.placeholder(inside, whole.clone());
                        start = whole.end;
                        whole.len()
                    }
                    None if self.lexicon.question_parameters => self.question(at, range.end),
                    None => 1,
                },
                b'$' if !lexer::ends_with_word(&self.sql[range.start..at]) => {
                    self.dollar(at, range.end)
                }
                mark @ (b':' | b'@') if self.names_parameters(mark) => {
                    match bytes.get(at + 1) == Some(&mark) {
                        // `@@version` and `x::int` are no parameters.
                        true => 1 + self.named_length(at + 1, range.end),
                        false => self.named(at, range.end),
                    }
                }
                b';' if at >= self.end => {
                    self.push_sql(start..at);
                    start = at + 1;
                    1
                }
                b';' => self.semicolon(at),
                _ => 1,
            };
            at += length;
        }
        self.push_sql(start..range.end);
    }

    fn push_sql(&mut self, range: Range<usize>) {
        match self.parts.last_mut() {
            Some(Part::Sql(last)) if last.end == range.start => last.end = range.end,
            _ if range.is_empty() => {}
            _ => self.parts.push(Part::Sql(range)),
        }
    }

    fn placeholder(&mut self, inside: &str, range: Range<usize>) {
        let (name, option) = match inside.split_once('|') {
            Some((name, option)) => (name, Some(option)),
            None => (inside, None),
        };
        let plain = |part: &str| {
            !part.is_empty()
                && part
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        };
        if !plain(name) || option.is_some_and(|option| !plain(option)) {
            let path = name.trim();
            let help = match path.contains('.') {
                true => format!("add `vars: {{value: {path}}}` and write `?<value>`"),
                false => {
                    "names are letters, digits and underscores, as in `?<group_id>`".to_owned()
                }
            };
            let message = format!("`?<{inside}>` is no placeholder");
            return self.error("bad-placeholder", range, message, help);
        }
        let form = match option {
            None => Form::Parameter,
            Some(option) => match Form::of(option) {
                Some(form) => form,
                None => {
                    let near = nearest(&option.to_lowercase(), OPTIONS.into_iter());
                    let help = match near {
                        Some(near) => format!("did you mean `{near}`?"),
                        None => format!("the options are {}", list(&OPTIONS)),
                    };
                    let message = format!("a placeholder has no option `{option}`");
                    let with = near.map(|near| format!("?<{name}|{near}>"));
                    let code = "unknown-placeholder-option";
                    return self.error_instead(code, range, message, help, with.as_deref());
                }
            },
        };
        self.check_name(name, range.clone());
        self.parts.push(Part::Placeholder(Placeholder {
            name: name.to_owned(),
            form,
            range,
        }));
    }

    /// Remarks on a name that misleads whoever reads the query.
    fn check_name(&mut self, name: &str, range: Range<usize>) {
        let lower = name.to_lowercase();
        if !SQL_WORDS.contains(&lower.as_str()) {
            return;
        }
        let message = format!("`{name}` is a word of SQL: the query is hard to read");
        let help = "choose a name such as `group_id`, and write it in `vars` too";
        let at = self.cx.at(self.cx.locate(self.text, range));
        self.cx
            .note(Diagnostic::note("placeholder-name", at, message).help(help));
    }

    /// `$1` is a parameter of the database that nobody binds; `$1<path>` was meant as a placeholder.
    fn dollar(&mut self, at: usize, end: usize) -> usize {
        let rest = &self.sql[at + 1..end];
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        if let Some((name, _)) = rest.strip_prefix('{').and_then(|rest| rest.split_once('}')) {
            let length = name.len() + 3;
            let message = "variables of the environment are not filled in here";
            let help = "they are in `connect`; a database or a schema is chosen there, as with `params: {search_path: ${SCHEMA}}`";
            self.error("literal-variable", at..at + length, message, help);
            return length;
        }
        if digits == 0 {
            return match self.names_parameters(b'$') {
                true => self.named(at, end),
                false => 1,
            };
        }
        let after = &rest[digits..];
        let path = after.strip_prefix('<').and_then(|tail| {
            let close = tail.find('>')?;
            let path = &tail[..close];
            let named = path
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"._".contains(&b));
            (named && !path.is_empty()).then_some(path)
        });
        match path {
            Some(path) => {
                let length = 1 + digits + path.len() + 2;
                let message = format!("`{}` is no placeholder", &self.sql[at..at + length]);
                let help = format!("add `vars: {{value: {path}}}` and write `?<value>`");
                self.error("bad-placeholder", at..at + length, message, help);
                length
            }
            None => self.stray(at, 1 + digits),
        }
    }

    /// `?` and, as SQLite numbers them, `?2`.
    fn question(&mut self, at: usize, end: usize) -> usize {
        let rest = &self.sql[at + 1..end];
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        self.stray(at, 1 + digits)
    }

    fn names_parameters(&self, mark: u8) -> bool {
        self.lexicon.named_parameters.as_bytes().contains(&mark)
    }

    fn named(&mut self, at: usize, end: usize) -> usize {
        match self.named_length(at, end) {
            1 => 1,
            length => self.stray(at, length),
        }
    }

    /// The length of a mark and the word after it.
    fn named_length(&self, at: usize, end: usize) -> usize {
        1 + self.sql[at + 1..end]
            .bytes()
            .take_while(|b| b.is_ascii_alphanumeric() || *b == b'_')
            .count()
    }

    fn stray(&mut self, at: usize, length: usize) -> usize {
        let written = &self.sql[at..at + length];
        if self.block && written.starts_with([':', '@']) {
            // A variable of the block.
            return length;
        }
        let message = format!("nothing is bound to the parameter `{written}`");
        let help = "name the value in `vars` and write `?<name>`";
        self.error("unbound-parameter", at..at + length, message, help);
        length
    }

    fn semicolon(&mut self, at: usize) -> usize {
        if self.block || std::mem::replace(&mut self.several, true) {
            return 1;
        }
        let message = "a second statement begins here";
        let help = "a query is one statement";
        self.error("several-statements", at..at + 1, message, help);
        1
    }

    /// Text in quotes and comments is left alone; whoever wrote a placeholder there expects more.
    fn quoted(&mut self, region: Region, range: Range<usize>) {
        let mut at = range.start;
        while let Some(found) = self.sql[at..range.end].find("?<") {
            let start = at + found;
            at = start + 2;
            let Some(inside) = attempt(&self.sql[start..range.end]) else {
                continue;
            };
            let name = inside.split('|').next().unwrap_or(inside);
            self.inert.push(name.to_lowercase());
            let span = self.cx.locate(self.text, start..start + inside.len() + 3);
            let help = match region {
                Region::Literal => {
                    "take it out of the quotes; `'%' || ?<name> || '%'` joins texts, CONCAT('%', ?<name>, '%') on MySQL"
                }
                Region::Identifier => "take it out of the quotes and write `?<name|identifier>`",
                _ => "",
            };
            let message = format!(
                "`?<{inside}>` stands in {}: it is left as it is",
                region.phrase()
            );
            self.cx.warning("inert-placeholder", span, message, help);
        }
        self.push_sql(range);
    }

    fn error(
        &mut self,
        code: &'static str,
        range: Range<usize>,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.error_instead(code, range, message, help, None);
    }

    /// Notes a mistake, and what to write in its place.
    fn error_instead(
        &mut self,
        code: &'static str,
        range: Range<usize>,
        message: impl Into<String>,
        help: impl Into<String>,
        with: Option<&str>,
    ) {
        self.failed = true;
        let fix = with.and_then(|with| self.cx.edit(self.text, range.clone(), with));
        let at = self.cx.at(self.cx.locate(self.text, range));
        let wrong = Diagnostic::error(code, at, message).help(help);
        self.cx.note(wrong.fix_if(fix));
    }
}

/// True for the words of a block: `BEGIN TRANSACTION` begins none.
fn begins_block(words: &[String]) -> bool {
    let word = |at: usize| words.get(at).map_or("", String::as_str);
    match word(0) {
        "begin" => !["transaction", "tran", "work", ""].contains(&word(1)),
        "declare" => true,
        "do" => word(1) == "begin",
        _ => false,
    }
}

/// What stands between `?<` and `>`, when it looks meant as a placeholder rather than as operators.
fn attempt(text: &str) -> Option<&str> {
    let inside = text.strip_prefix("?<")?;
    let close = inside.find('>')?;
    let inside = &inside[..close];
    let meant = |c: char| c.is_alphanumeric() || " _.|-[]'\"".contains(c);
    (inside.chars().all(meant) && inside.contains(char::is_alphanumeric)).then_some(inside)
}

#[cfg(test)]
#[path = "placeholder_tests.rs"]
mod tests;
