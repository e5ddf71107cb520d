//! Commas that are too many, and commas that are missing.

use super::Slip;
use super::tokens::{Level, Token};

/// Words that are reserved in every database, so that none of them can be what a comma announces.
const AFTER_LISTS: &[&str] = &[
    "from", "where", "group", "having", "order", "union", "into", "set", "values",
];

/// A comma with nothing after it, or nothing before it.
pub(super) fn stray(level: &Level, is_outer: bool) -> Option<Slip> {
    let tokens = &level.tokens;
    let comma = |index: usize| tokens[index].is_sign(",");
    let stray = (0..tokens.len())
        .filter(|index| comma(*index))
        .find(|index| {
            let after = tokens.get(index + 1);
            let ends = after.is_none_or(|after| after.is_sign(",") || after.is_any(AFTER_LISTS));
            let begins = *index == 0 && !is_outer;
            ends || begins
        })?;
    let range = tokens[stray].range.clone();
    let message = match tokens.get(stray + 1) {
        Some(next) if next.is_sign(",") => "two commas stand in a row".to_owned(),
        Some(_) if stray == 0 => "nothing stands before this comma".to_owned(),
        Some(_) | None => "nothing follows this comma".to_owned(),
    };
    let slip = Slip::error(
        range.clone(),
        message,
        "remove the comma, or write what it separates",
    );
    Some(slip.replacing(range, ""))
}

/// Two columns without a comma between them. One name after another is an alias; what can be none is
/// a column.
pub(super) fn missing(select: &[Token]) -> Option<Slip> {
    let ends = |token: &Token| token.is_any(&["from", "into", "where"]);
    let end = select.iter().position(ends).unwrap_or(select.len());
    let list = select.get(1..end)?;
    list.split(|token| token.is_sign(","))
        .find_map(|item| two_paths(item).or_else(|| three_names(item)))
}

/// `u.id u.name`.
fn two_paths(item: &[Token]) -> Option<Slip> {
    let item = match item {
        [first, rest @ ..] if first.is_any(&["distinct", "all"]) => rest,
        item => item,
    };
    let [a, dot, b, c, dot_too, d, rest @ ..] = item else {
        return None;
    };
    let paths = a.is_name()
        && b.is_name()
        && c.is_name()
        && d.is_name()
        && dot.is_sign(".")
        && dot_too.is_sign(".")
        && !rest.iter().any(|token| token.is_sign("."));
    let range = c.range.start..d.range.end;
    paths.then(|| slip(range).replacing(b.range.end..b.range.end, ","))
}

/// `id name email`.
fn three_names(item: &[Token]) -> Option<Slip> {
    let [a, b, c] = item else {
        return None;
    };
    let names = a.is_name() && b.is_name() && c.is_name();
    names.then(|| slip(c.range.clone()))
}

fn slip(second: std::ops::Range<usize>) -> Slip {
    let message = "a comma is missing before this column";
    Slip::error(second, message, "write a comma between two columns")
}
