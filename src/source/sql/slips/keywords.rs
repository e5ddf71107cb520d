//! Keywords that are misspelt: a name where no name can stand, one letter away from a keyword.

use super::Slip;
use super::tokens::{Kind, Level, Token};

/// Words that begin a statement.
const VERBS: &[&str] = &["select", "insert", "update", "delete"];

/// Words that go on with a SELECT.
const CLAUSES: &[&str] = &[
    "from", "where", "join", "inner", "having", "limit", "union", "group", "order",
];

fn slip(token: &Token, written: &str, meant: &str) -> Slip {
    let meant = match written.chars().all(|c| !c.is_lowercase()) {
        true => meant.to_uppercase(),
        false => meant.to_owned(),
    };
    let message = format!("`{written}` is no keyword of SQL");
    let help = format!("did you mean `{meant}`?");
    Slip::error(token.range.clone(), message, help).replacing(token.range.clone(), meant)
}

/// The keyword that a word nearly is.
fn meant(word: &str, among: &[&'static str]) -> Option<&'static str> {
    let lower = word.to_lowercase();
    among.iter().copied().find(|keyword| {
        let distance = strsim::damerau_levenshtein(&lower, keyword);
        distance == 1 && word.len() + 1 >= keyword.len()
    })
}

/// A statement that begins with a word that is nearly a verb.
pub(super) fn first_word(level: &Level) -> Option<Slip> {
    let first = level.tokens.first()?;
    let follows = level.tokens.get(1)?;
    // `selct.id` or `updat(…)` could be anything.
    if follows.is_sign(".") || matches!(follows.kind, Kind::Brackets(_)) {
        return None;
    }
    let word = first.name()?;
    meant(word, VERBS).map(|meant| slip(first, word, meant))
}

/// `DELETE FORM users`, `INSERT INOT users`.
pub(super) fn before_names(level: &Level) -> Option<Slip> {
    let [verb, token, next, ..] = level.tokens.as_slice() else {
        return None;
    };
    let keyword = match verb {
        verb if verb.is("delete") => "from",
        verb if verb.is("insert") => "into",
        _ => return None,
    };
    let word = token.name()?;
    let close = strsim::damerau_levenshtein(&word.to_lowercase(), keyword) == 1;
    (close && next.is_name()).then(|| slip(token, word, keyword))
}

/// Misspelt keywords of a SELECT.
pub(super) fn misspelt(select: &[Token]) -> Vec<Slip> {
    let mut found = Vec::new();
    for (index, window) in select.windows(3).enumerate() {
        let [before, token, after] = window else {
            continue;
        };
        let Some(word) = token.name() else { continue };
        let Some(keyword) = meant(word, CLAUSES) else {
            continue;
        };
        let two_words = ["group", "order"].contains(&keyword);
        let follows = match two_words {
            true => after.is("by"),
            false => after.is_name() || after.is_value(),
        };
        if follows && ends_operand(select, index, before) {
            found.push(slip(token, word, keyword));
        }
    }
    found
}

/// True for a token after which an operand has ended, so that one more name can only be its alias.
fn ends_operand(select: &[Token], index: usize, token: &Token) -> bool {
    match &token.kind {
        Kind::Sign("*") => index
            .checked_sub(1)
            .and_then(|before| select.get(before))
            .is_some_and(|before| {
                before.is_any(&["select", "distinct", "all"])
                    || before.is_sign(".")
                    || before.is_sign(",")
            }),
        Kind::Brackets(_) | Kind::Value | Kind::Quoted => true,
        Kind::Word(_) => token.is_name() || token.is_any(&["null", "end", "true", "false"]),
        Kind::Sign(_) => false,
    }
}
