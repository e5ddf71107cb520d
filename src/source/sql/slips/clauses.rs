//! The clauses of a SELECT: their order, what each needs, and comparisons that are never true.

use super::Slip;
use super::tokens::{Kind, Level, Token};
use crate::diagnostic::Severity;

/// Functions that make one value of many rows.
const AGGREGATES: &[&str] = &["count", "sum", "avg", "min", "max"];

/// Words that stand for a value without any row.
const CONSTANTS: &[&str] = &[
    "current_date",
    "current_time",
    "current_timestamp",
    "current_user",
    "session_user",
    "user",
    "sysdate",
    "systimestamp",
    "rownum",
    "localtime",
    "localtimestamp",
];

/// What is wrong with the clauses of one SELECT.
pub(super) fn check(select: &[Token], is_outer: bool, scheme: &str) -> Vec<Slip> {
    let mut found = Vec::new();
    found.extend(order(select));
    found.extend(join(select, scheme));
    if is_outer {
        found.extend(aggregate(select, scheme));
    }
    found
}

/// A clause as far as the order goes.
fn rank(select: &[Token], index: usize) -> Option<u8> {
    let token = &select[index];
    let by = select.get(index + 1).is_some_and(|next| next.is("by"));
    match () {
        _ if token.is("where") => Some(1),
        _ if token.is("group") && by => Some(2),
        _ if token.is("having") => Some(3),
        _ if token.is("order") && by => Some(4),
        _ if token.is("limit") => Some(5),
        _ => None,
    }
}

/// Clauses that come too late, or twice.
fn order(select: &[Token]) -> Option<Slip> {
    let mut last: Option<(u8, &Token)> = None;
    for index in 0..select.len() {
        let Some(rank) = rank(select, index) else {
            continue;
        };
        let token = &select[index];
        let Kind::Word(word) = token.kind else {
            continue;
        };
        if let Some((before, earlier)) = last {
            let Kind::Word(earlier) = earlier.kind else {
                continue;
            };
            let range = token.range.clone();
            // `HAVING` may come without, and in some systems before, `GROUP BY`.
            if rank == before && rank == 1 {
                let message = format!("a second `{word}` begins here");
                let with = match word.chars().all(char::is_lowercase) {
                    true => "and",
                    false => "AND",
                };
                let help = format!("join the conditions with `{with}`");
                return Some(Slip::error(range.clone(), message, help).replacing(range, with));
            }
            let late = rank < before && (rank == 1 || rank == 4 || rank == 2 && before > 3);
            if late {
                let message = format!("`{word}` cannot follow `{earlier}`");
                let help = "the order is: WHERE, GROUP BY, HAVING, ORDER BY, LIMIT";
                return Some(Slip::error(range, message, help));
            }
        }
        last = Some((rank, token));
    }
    None
}

/// A table that is joined without saying how.
fn join(select: &[Token], scheme: &str) -> Option<Slip> {
    let from = select.iter().position(|token| token.is("from"))?;
    let from = &select[from + 1..];
    let end = (0..from.len()).find(|index| rank(from, *index).is_some());
    let from = &from[..end.unwrap_or(from.len())];
    let joins: Vec<usize> = (0..from.len())
        .filter(|index| from[*index].is("join"))
        .filter(|index| !is_free(from, *index) && !is_function(&from[index + 1..]))
        .collect();
    let conditions = |tokens: &[Token]| {
        let says = |token: &&Token| token.is_any(&["on", "using"]);
        tokens.iter().filter(says).count()
    };
    if conditions(from) >= joins.len() {
        return None;
    }
    let bare = joins.iter().enumerate().find(|(nth, at)| {
        let next = joins.get(nth + 1).copied().unwrap_or(from.len());
        conditions(&from[**at..next]) == 0
    });
    let at = &from[*bare?.1];
    let message = "nothing says which rows of this table belong together with the others";
    let help =
        "write `ON a.id = b.a_id` after the table, or `CROSS JOIN` where each row meets each";
    // These two take it for a CROSS JOIN.
    let severity = match scheme {
        "mysql" | "sqlite" => Severity::Warning,
        _ => Severity::Error,
    };
    Some(Slip::error(at.range.clone(), message, help).coded("unjoined-table", severity))
}

/// True for rows that a function makes of those before it.
fn is_function(joined: &[Token]) -> bool {
    match joined {
        [lateral, ..] if lateral.is("lateral") => true,
        [name, arguments, ..] => name.is_name() && matches!(arguments.kind, Kind::Brackets(_)),
        _ => false,
    }
}

/// True for a join that has no condition of its own.
fn is_free(from: &[Token], join: usize) -> bool {
    let sides = ["left", "right", "full", "inner", "outer"];
    let before = from[..join].iter().rev();
    before
        .take_while(|token| token.is_any(&sides) || token.is_any(&["cross", "natural", "array"]))
        .any(|token| token.is_any(&["cross", "natural", "array"]))
}

/// A column beside a count, with nothing that says whose.
fn aggregate(select: &[Token], scheme: &str) -> Option<Slip> {
    let from = select.iter().position(|token| token.is("from"))?;
    if (0..select.len()).any(|index| rank(select, index) == Some(2)) {
        return None;
    }
    let items: Vec<&[Token]> = select[1..from].split(|token| token.is_sign(",")).collect();
    if !items.iter().any(|item| is_aggregate(item)) {
        return None;
    }
    let column = items.iter().find(|item| is_column(item))?;
    let range = column.first()?.range.start..column.last()?.range.end;
    let message = "this column stands beside a count or a sum of many rows";
    let help = "add `GROUP BY` with the columns that are not counted";
    // These two take the value of some row.
    let severity = match scheme {
        "mysql" | "sqlite" => Severity::Warning,
        _ => Severity::Error,
    };
    Some(Slip::error(range, message, help).coded("aggregate-without-group", severity))
}

fn is_aggregate(item: &[Token]) -> bool {
    let [function, arguments, alias @ ..] = item else {
        return false;
    };
    let Kind::Brackets(arguments) = &arguments.kind else {
        return false;
    };
    let one = !arguments.tokens.iter().any(|token| token.is_sign(","));
    let alias = match alias {
        [] => true,
        [name] => name.is_name(),
        [keyword, _] => keyword.is("as"),
        _ => false,
    };
    function.is_any(AGGREGATES) && alias && (one || function.is("count"))
}

/// `id`, `u.id`, `u.id AS x`.
fn is_column(item: &[Token]) -> bool {
    let path = match item {
        [path @ .., keyword, _] if keyword.is("as") => path,
        path => path,
    };
    match path {
        [name] => name.is_name() && !name.is_any(CONSTANTS),
        [table, dot, name] => dot.is_sign(".") && table.is_name() && name.is_name(),
        _ => false,
    }
}

/// Comparisons that are written wrongly.
pub(super) fn signs(level: &Level, scheme: &str) -> Vec<Slip> {
    let mut found = Vec::new();
    let mut in_condition = false;
    for (index, token) in level.tokens.iter().enumerate() {
        match () {
            _ if token.is_any(&["where", "on", "having", "and", "or", "not", "when"]) => {
                in_condition = true;
            }
            _ if token.is_any(&[
                "select", "set", "from", "values", "then", "else", "by", "do",
            ]) || token.is_sign(",") =>
            {
                in_condition = false;
            }
            _ => {}
        }
        let Kind::Sign(sign) = token.kind else {
            continue;
        };
        let next = level.tokens.get(index + 1);
        if let Some(null) = next.filter(|next| next.is("null"))
            && in_condition
            && let Some(with) = match sign {
                "=" => Some("IS NULL"),
                "<>" | "!=" => Some("IS NOT NULL"),
                _ => None,
            }
        {
            let range = token.range.start..null.range.end;
            let message = format!("`{sign} NULL` is never true");
            let help = format!("write `{with}`");
            let slip = Slip::error(range.clone(), message, help).replacing(range, with);
            found.push(slip.coded("null-comparison", Severity::Warning));
        }
        if sign == "==" && ["mysql", "sqlserver", "oracle", "db2", "postgres"].contains(&scheme) {
            let range = token.range.clone();
            let message = "SQL has no `==`";
            let slip = Slip::error(range.clone(), message, "write `=`");
            found.push(slip.replacing(range, "="));
        }
    }
    found
}
