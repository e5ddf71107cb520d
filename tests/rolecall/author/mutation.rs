//! Sound files, spoiled in every way that a slip of the pen or of a program might spoil them.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::{judge, random_runner, runner, sound};

/// Values that stand where others are meant.
const VALUES: &[&str] = &[
    "[]",
    "{}",
    "~",
    "null",
    "''",
    "\"\"",
    "0",
    "-1",
    "1e999",
    "18446744073709551616",
    "0x1F",
    "true",
    "no",
    "[[]]",
    "{a: {b: [1]}}",
    "[a, {b: c}]",
    "- x",
    "*nobody",
    "*a",
    "&a [*a]",
    "!!int x",
    "!!binary AA==",
    "!x y",
    "|",
    ">-",
    "? x",
    "%",
    "@x",
    "`x`",
    "\"\\",
    "'",
    "\"",
    "cel:",
    "cel:item",
    "cel:[1, 2]",
    "cel:item.a.b[0]",
    "cel:'",
    "cel:{'a': 1}",
    "tmpl:",
    "tmpl:{{",
    "tmpl:{{ .x }}",
    "tmpl:{{ if }}",
    "tmpl:{{ end }}",
    "tmpl:{{ range .a }}",
    "${",
    "${}",
    "${X}",
    "${NOT_SET}",
    "$1",
    "?<",
    "?<>",
    "?<cursor>",
    "?<limit|unquoted>",
    "?<a|b>",
    ".",
    ".a.b",
    ".a ? 'x' : ",
    "1 +",
    "size(",
    "resource",
    "resource.ID",
    "$",
    "$.",
    "$..",
    "$[",
    "$[?(@.a)]",
    "a..b",
    "a.b[",
    "1s",
    "-5m",
    "1.5h",
    "99999999999h",
    "http://",
    "https://${X}/",
    "://",
    "postgres://",
    "sqlite:",
    "x:y@z",
    "user",
    "group",
    "member",
    "cursor",
    "offset",
    "SELECT",
    "SELECT * FROM x",
    "SELECT 'a FROM x",
    "a: b",
    "a #b",
    "#",
    "\u{feff}",
    "é",
    "👩‍🚀",
    "\u{202e}",
    "日本語: テ",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
];

/// Keys that stand where others are meant.
const KEYS: &[&str] = &[
    "id",
    "name",
    "type",
    "map",
    "list",
    "query",
    "queries",
    "vars",
    "grants",
    "entitlements",
    "request",
    "response",
    "pagination",
    "strategy",
    "connect",
    "auth",
    "resource_types",
    "skip_if",
    "traits",
    "static_entitlements",
    "provisioning",
    "grant",
    "revoke",
    "<<",
    "",
    "?",
    "-",
    "\"",
    "'a b'",
    "[a]",
    "{a: b}",
    "a b",
    "é",
    "*a",
    "&a b",
    "!!str a",
    "tests",
    "given",
    "expect",
    "items_path",
    "child_types",
    "parent_type",
    "depends_on",
    "incremental_sync",
    "actions",
    "account_provisioning",
    "expandable",
];

/// Characters that mean something to somebody.
const MARKS: &[&str] = &[
    "\"",
    "'",
    "`",
    "{",
    "}",
    "[",
    "]",
    "(",
    ")",
    "<",
    ">",
    ":",
    ": ",
    ",",
    ".",
    "..",
    "?",
    "|",
    "&",
    "*",
    "!",
    "%",
    "@",
    "#",
    " #",
    "-",
    "- ",
    "+",
    "/",
    "\\",
    "$",
    "=",
    "==",
    "&&",
    "||",
    "{{",
    "}}",
    "${",
    "?<",
    "\t",
    "\r",
    "\n",
    "\r\n",
    "\n  ",
    "\n\n",
    " ",
    "    ",
    "\0",
    "\u{7}",
    "\u{1b}",
    "\u{85}",
    "\u{a0}",
    "\u{2028}",
    "\u{feff}",
    "é",
    "👩‍🚀",
    "--",
    "/*",
    "*/",
    ";",
    "$$",
    "cel:",
    "tmpl:",
    "0",
    "9",
    "e",
    "_",
    "---\n",
    "...\n",
    "%YAML 9\n",
];

/// One way to spoil a text.
#[derive(Debug, Clone)]
enum Slip {
    DropLine(Index),
    DropBlock(Index),
    RepeatLine(Index, Index),
    RepeatBlock(Index, Index),
    SwapLines(Index, Index),
    Indent(Index, bool),
    RenameKey(Index, &'static str),
    MisspellKey(Index, Index),
    SetValue(Index, &'static str),
    MoveValue(Index, Index),
    Nest(Index, bool),
    Alias(Index, Index),
    Cut(Index),
    Remove(Index, usize),
    Insert(Index, &'static str),
    Change(Index, &'static str),
    Windows,
}

fn slip() -> impl Strategy<Value = Slip> {
    let at = any::<Index>;
    prop_oneof![
        1 => at().prop_map(Slip::DropLine),
        1 => at().prop_map(Slip::DropBlock),
        1 => (at(), at()).prop_map(|(what, to)| Slip::RepeatLine(what, to)),
        1 => (at(), at()).prop_map(|(what, to)| Slip::RepeatBlock(what, to)),
        1 => (at(), at()).prop_map(|(one, other)| Slip::SwapLines(one, other)),
        1 => (at(), any::<bool>()).prop_map(|(line, deeper)| Slip::Indent(line, deeper)),
        1 => (at(), select(KEYS)).prop_map(|(line, key)| Slip::RenameKey(line, key)),
        1 => (at(), at()).prop_map(|(line, letter)| Slip::MisspellKey(line, letter)),
        4 => (at(), select(VALUES)).prop_map(|(line, value)| Slip::SetValue(line, value)),
        1 => (at(), at()).prop_map(|(from, to)| Slip::MoveValue(from, to)),
        1 => (at(), any::<bool>()).prop_map(|(line, list)| Slip::Nest(line, list)),
        1 => (at(), at()).prop_map(|(from, to)| Slip::Alias(from, to)),
        1 => at().prop_map(Slip::Cut),
        1 => (at(), 1..40usize).prop_map(|(from, length)| Slip::Remove(from, length)),
        2 => (at(), select(MARKS)).prop_map(|(before, mark)| Slip::Insert(before, mark)),
        2 => (at(), select(MARKS)).prop_map(|(what, mark)| Slip::Change(what, mark)),
        1 => Just(Slip::Windows),
    ]
}

fn depth(line: &str) -> usize {
    line.len() - line.trim_start_matches([' ', '-']).len()
}

/// The line with the deeper ones that follow it.
fn block(lines: &[String], at: usize) -> std::ops::Range<usize> {
    let below = lines[at + 1..]
        .iter()
        .take_while(|line| line.trim().is_empty() || depth(line) > depth(&lines[at]));
    at..at + 1 + below.count()
}

/// A line as what stands before its key, the key, and its value.
fn key_and_value(line: &str) -> Option<(&str, &str, &str)> {
    let (head, value) = line.split_once(':')?;
    let start = depth(line).min(head.len());
    Some((&head[..start], &head[start..], value.trim_start()))
}

fn boundary(text: &str, at: &Index) -> usize {
    let mut at = at.index(text.len() + 1);
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

impl Slip {
    fn spoil(&self, text: &str) -> String {
        let mut text = text.to_owned();
        match self {
            Slip::Cut(at) => text.truncate(boundary(&text, at)),
            Slip::Remove(at, length) => {
                let start = boundary(&text, at);
                let removed: usize = text[start..]
                    .chars()
                    .take(*length)
                    .map(char::len_utf8)
                    .sum();
                text.replace_range(start..start + removed, "");
            }
            Slip::Insert(at, mark) => text.insert_str(boundary(&text, at), mark),
            Slip::Change(at, mark) => {
                let start = boundary(&text, at);
                let removed = text[start..].chars().next().map_or(0, char::len_utf8);
                text.replace_range(start..start + removed, mark);
            }
            Slip::Windows => text = text.replace('\n', "\r\n"),
            of_lines => {
                let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
                if lines.is_empty() {
                    return text;
                }
                of_lines.spoil_lines(&mut lines);
                text = lines.join("\n") + "\n";
            }
        }
        text
    }

    fn spoil_lines(&self, lines: &mut Vec<String>) {
        let count = lines.len();
        match self {
            Slip::DropLine(at) => {
                lines.remove(at.index(count));
            }
            Slip::DropBlock(at) => {
                lines.drain(block(lines, at.index(count)));
            }
            Slip::RepeatLine(what, to) => {
                let line = lines[what.index(count)].clone();
                lines.insert(to.index(count), line);
            }
            Slip::RepeatBlock(what, to) => {
                let repeated = lines[block(lines, what.index(count))].to_vec();
                let to = to.index(count);
                lines.splice(to..to, repeated);
            }
            Slip::SwapLines(one, other) => lines.swap(one.index(count), other.index(count)),
            Slip::Indent(at, deeper) => {
                for line in block(lines, at.index(count)) {
                    lines[line] = match deeper {
                        true => format!("  {}", lines[line]),
                        false => lines[line]
                            .strip_prefix("  ")
                            .unwrap_or(&lines[line])
                            .to_owned(),
                    };
                }
            }
            of_keys => of_keys.spoil_key(lines),
        }
    }

    fn spoil_key(&self, lines: &mut Vec<String>) {
        let keyed: Vec<usize> = (0..lines.len())
            .filter(|line| key_and_value(&lines[*line]).is_some())
            .collect();
        if keyed.is_empty() {
            return;
        }
        let line = |at: &Index| keyed[at.index(keyed.len())];
        let parts = |at: usize| key_and_value(&lines[at]).expect("the line has a key");
        let (at, spoiled) = match self {
            Slip::RenameKey(at, key) => {
                let (before, _, value) = parts(line(at));
                (line(at), format!("{before}{key}: {value}"))
            }
            Slip::MisspellKey(at, letter) => {
                let (before, key, value) = parts(line(at));
                let mut letters: Vec<char> = key.chars().collect();
                if letters.len() > 1 {
                    letters.remove(letter.index(letters.len()));
                }
                let key: String = letters.into_iter().collect();
                (line(at), format!("{before}{key}: {value}"))
            }
            Slip::SetValue(at, value) => {
                let (before, key, _) = parts(line(at));
                (line(at), format!("{before}{key}: {value}"))
            }
            Slip::MoveValue(from, to) => {
                let ((before, key, _), (_, _, value)) = (parts(line(to)), parts(line(from)));
                (line(to), format!("{before}{key}: {value}"))
            }
            Slip::Nest(at, list) => {
                let (before, key, value) = parts(line(at));
                let value = if *list {
                    format!("[{value}]")
                } else {
                    format!("{{{value}}}")
                };
                (line(at), format!("{before}{key}: {value}"))
            }
            Slip::Alias(from, to) => {
                let (before, key, value) = parts(line(from));
                let anchored = format!("{before}{key}: &a {value}");
                let (before, key, _) = parts(line(to));
                let alias = format!("{before}{key}: *a");
                lines[line(from)] = anchored;
                (line(to), alias)
            }
            _ => return,
        };
        // What stood below the value that is gone would make most of these files no YAML at all.
        let below = block(lines, at);
        if !matches!(self, Slip::RenameKey(..) | Slip::MisspellKey(..)) {
            lines.drain(at + 1..below.end);
        }
        lines[at] = spoiled;
    }
}

/// A sound file with one to four slips.
pub(super) fn spoiled() -> impl Strategy<Value = String> {
    (select(sound()), vec(slip(), 1..=4)).prop_map(|(file, slips)| {
        let spoil = |text: String, slip: &Slip| slip.spoil(&text);
        slips.iter().fold(file, spoil)
    })
}

fn is_sound(text: &str) -> Result<(), TestCaseError> {
    judge(text).map_err(|problem| TestCaseError::fail(format!("{problem}\n--- of ---\n{text}")))
}

#[test]
fn spoiled_files_are_told_or_run() {
    let ran = runner(400).run(&spoiled(), |text| is_sound(&text));
    ran.unwrap_or_else(|error| panic!("{error}"));
}

/// The files of the repository, the broken ones too, are what is said of all of them.
#[test]
fn files_of_the_repository_are_told_or_run() {
    for path in super::connectors() {
        if let Ok(text) = std::fs::read_to_string(&path) {
            judge(&text).unwrap_or_else(|problem| panic!("{}: {problem}", path.display()));
        }
    }
}

/// Bytes that are no text: the one case besides unreadable files in which there is no place.
#[test]
fn bytes_that_are_no_text_are_told() {
    for bytes in [&b"connect: \xff"[..], b"\xfe\xff\0c", b"a: \xc3"] {
        let loaded = rolecall::config::load_bytes(std::path::Path::new("a.yaml"), bytes.to_vec());
        let (plan, found) = super::check(loaded, rolecall::plan::Purpose::Everything, false);
        assert!(plan.is_none());
        assert_eq!(
            found.iter().map(|it| it.code).collect::<Vec<_>>(),
            ["not-utf8"]
        );
    }
}

/// As long as `scripts/chaos --fuzz` says.
pub(super) fn some_by_chance(strategy: &impl Strategy<Value = String>, cases: u32) {
    let ran = random_runner(cases).run(strategy, |text| is_sound(&text));
    ran.unwrap_or_else(|error| panic!("{error}"));
}
