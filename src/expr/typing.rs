//! An expression → the kind of its value, and every operation in it that cannot work on what it is
//! given. What comes from a record may be anything: only what is surely wrong is told.

use ::cel::common::ast::operators::*;
use ::cel::common::ast::{CallExpr, ComprehensionExpr, EntryExpr, Expr, IdedExpr, LiteralValue};

use super::functions;
use super::kind::Kind;
use super::reading::literal;

/// An operation that cannot work.
pub(super) struct Misfit {
    /// The stable name of the rule.
    pub code: &'static str,
    /// The part of the program that it is about.
    pub id: u64,
    /// The word or sign to underline, when it is found near that part.
    pub word: String,
    pub message: String,
    pub help: String,
}

/// The kinds of value that an expression may come to: one, or those of the sides of a choice.
pub(super) fn kinds(expression: &IdedExpr) -> Vec<Kind> {
    match &expression.expr {
        Expr::Call(call) if call.func_name == CONDITIONAL => {
            call.args.iter().skip(1).flat_map(kinds).collect()
        }
        _ => vec![Typing { found: Vec::new() }.kind(expression)],
    }
}

/// Every operation of an expression that cannot work.
pub(super) fn misfits(expression: &IdedExpr) -> Vec<Misfit> {
    let mut typing = Typing { found: Vec::new() };
    typing.kind(expression);
    typing.found
}

struct Typing {
    found: Vec<Misfit>,
}

impl Typing {
    fn kind(&mut self, expression: &IdedExpr) -> Kind {
        match &expression.expr {
            Expr::Literal(value) => match value {
                LiteralValue::Boolean(_) => Kind::Truth,
                LiteralValue::Bytes(_) => Kind::Bytes,
                LiteralValue::Double(_) | LiteralValue::Int(_) | LiteralValue::UInt(_) => {
                    Kind::Number
                }
                LiteralValue::Null => Kind::Null,
                LiteralValue::String(_) => Kind::Text,
            },
            Expr::Unspecified | Expr::Ident(_) => Kind::Any,
            Expr::Select(select) => {
                let of = self.kind(&select.operand);
                if !of.may_be(Kind::Map) {
                    let help = "only a map has fields";
                    let message = format!("{of} has no field `{}`", select.field);
                    self.note(expression.id, &select.field, message, help);
                }
                if select.test { Kind::Truth } else { Kind::Any }
            }
            Expr::Call(call) => self.call(call, expression.id),
            Expr::List(list) => {
                list.elements.iter().for_each(|item| {
                    self.kind(item);
                });
                Kind::List
            }
            Expr::Map(map) => {
                map.entries.iter().for_each(|entry| self.entry(&entry.expr));
                Kind::Map
            }
            Expr::Struct(fields) => {
                let entries = fields.entries.iter();
                entries.for_each(|entry| self.entry(&entry.expr));
                Kind::Any
            }
            Expr::Comprehension(comprehension) => self.comprehension(comprehension),
        }
    }

    fn entry(&mut self, entry: &EntryExpr) {
        match entry {
            EntryExpr::StructField(field) => {
                self.kind(&field.value);
            }
            EntryExpr::MapEntry(entry) => {
                self.kind(&entry.key);
                self.kind(&entry.value);
            }
        }
    }

    /// `all`, `exists`, `map` and the like, as the parser writes them out.
    fn comprehension(&mut self, comprehension: &ComprehensionExpr) -> Kind {
        let over = self.kind(&comprehension.iter_range);
        if !over.may_be_any(&[Kind::List, Kind::Map]) {
            let message = format!("{over} has no entries to go through");
            let help = "a list is needed, for example what `split` makes of a text";
            self.note(comprehension.iter_range.id, "", message, help);
        }
        let begins = self.kind(&comprehension.accu_init);
        self.kind(&comprehension.loop_cond);
        self.kind(&comprehension.loop_step);
        match self.kind(&comprehension.result) {
            Kind::Any => begins,
            kind => kind,
        }
    }

    fn call(&mut self, call: &CallExpr, id: u64) -> Kind {
        if let Some(IdedExpr {
            expr: Expr::Ident(name),
            ..
        }) = call.target.as_deref()
            && super::check::is_namespace(name)
        {
            call.args.iter().for_each(|argument| {
                self.kind(argument);
            });
            return Kind::Any;
        }
        let target = call.target.as_deref().map(|target| self.kind(target));
        let arguments: Vec<Kind> = call
            .args
            .iter()
            .map(|argument| self.kind(argument))
            .collect();
        match (call.func_name.as_str(), arguments.as_slice()) {
            (CONDITIONAL, [condition, this, that]) => {
                self.condition("?", *condition, id);
                this.or(*that)
            }
            (LOGICAL_AND, sides) => self.both("&&", sides, id),
            (LOGICAL_OR, sides) => self.both("||", sides, id),
            (LOGICAL_NOT, [side]) => {
                self.condition("!", *side, id);
                Kind::Truth
            }
            (EQUALS, [left, right]) => self.compare("==", *left, *right, id),
            (NOT_EQUALS, [left, right]) => self.compare("!=", *left, *right, id),
            (LESS, [left, right]) => self.order("<", *left, *right, id),
            (LESS_EQUALS, [left, right]) => self.order("<=", *left, *right, id),
            (GREATER, [left, right]) => self.order(">", *left, *right, id),
            (GREATER_EQUALS, [left, right]) => self.order(">=", *left, *right, id),
            (ADD, [left, right]) => self.add(*left, *right, id),
            (SUBSTRACT, [left, right]) => self.subtract(*left, *right, id),
            (MULTIPLY, sides) => self.numbers("*", sides, id),
            (DIVIDE, sides) => self.numbers("/", sides, id),
            (MODULO, sides) => self.numbers("%", sides, id),
            (NEGATE, sides) => self.numbers("-", sides, id),
            (IN, [_, within]) => {
                if !within.may_be_any(&[Kind::List, Kind::Map]) {
                    let message = format!("`in` looks into a list or a map, and {within} is none");
                    let help = "a text is looked into with `.contains(…)`";
                    self.note(id, "in", message, help);
                }
                Kind::Truth
            }
            (INDEX, [of, _]) => {
                if !of.may_be_any(&[Kind::List, Kind::Map]) {
                    let message = format!("{of} has no entries: `[…]` works on lists and maps");
                    let help = "`substring(from, to)` takes a part of a text";
                    self.note(id, "[", message, help);
                }
                Kind::Any
            }
            (name, _) => self.function(name, target, call, &arguments, id),
        }
    }

    fn condition(&mut self, sign: &str, kind: Kind, id: u64) {
        if kind.may_be(Kind::Truth) {
            return;
        }
        let message = match sign {
            "?" => format!("what stands before `?` is {kind}, no condition"),
            _ => format!("`{sign}` works on conditions, and this is {kind}"),
        };
        let help = match kind {
            Kind::Text => "compare it: `… != ''`",
            Kind::Number => "compare it: `… != 0`",
            Kind::Null => "compare it: `… != null`",
            _ => "write what it is compared with",
        };
        self.note(id, sign, message, help);
    }

    fn both(&mut self, sign: &str, sides: &[Kind], id: u64) -> Kind {
        if let Some(side) = sides.iter().find(|side| !side.may_be(Kind::Truth)) {
            let message = format!("`{sign}` joins conditions, and one side is {side}");
            let help = match side {
                Kind::Text if sign == "||" => "texts are joined with `+`",
                Kind::Text => "compare it: `… != ''`",
                Kind::Number => "compare it: `… != 0`",
                _ => "write what it is compared with",
            };
            self.note(id, sign, message, help);
        }
        Kind::Truth
    }

    /// Values of two kinds are never equal. Asking for null is always sound.
    fn compare(&mut self, sign: &str, left: Kind, right: Kind, id: u64) -> Kind {
        let is_null = left == Kind::Null || right == Kind::Null;
        if !left.may_be(right) && !is_null {
            let message = format!("{left} and {right} are never equal");
            self.note(id, sign, message, alike(left, right));
        }
        Kind::Truth
    }

    fn order(&mut self, sign: &str, left: Kind, right: Kind, id: u64) -> Kind {
        if !left.may_be(right) {
            let message = format!("`{sign}` cannot compare {left} and {right}");
            self.note(id, sign, message, alike(left, right));
        } else if let Some(side) = [left, right]
            .into_iter()
            .find(|side| [Kind::List, Kind::Map, Kind::Null].contains(side))
        {
            let message = format!("`{sign}` cannot compare {side}");
            let help = "`size(…)` is the length of a list";
            self.note(id, sign, message, help);
        }
        Kind::Truth
    }

    fn add(&mut self, left: Kind, right: Kind, id: u64) -> Kind {
        let (a, b) = match (left, right) {
            (Kind::Any, known) | (known, Kind::Any) => (known, known),
            sides => sides,
        };
        match (a, b) {
            (Kind::Any, _) | (_, Kind::Any) => Kind::Any,
            (Kind::Time, Kind::Length) | (Kind::Length, Kind::Time) => Kind::Time,
            (Kind::Time, Kind::Time) if left != right => Kind::Time,
            (Kind::Length, Kind::Length) if left != right => Kind::Any,
            (Kind::Text, Kind::Text)
            | (Kind::Number, Kind::Number)
            | (Kind::Bytes, Kind::Bytes)
            | (Kind::List, Kind::List)
            | (Kind::Length, Kind::Length) => a,
            _ => {
                let message = match a == b {
                    true => format!("`+` does not work on {a}"),
                    false => format!("`+` cannot join {a} and {b}"),
                };
                self.note(id, "+", message, alike(a, b));
                Kind::Any
            }
        }
    }

    fn subtract(&mut self, left: Kind, right: Kind, id: u64) -> Kind {
        match (left, right) {
            (Kind::Any, _) | (_, Kind::Any) => Kind::Any,
            (Kind::Time, Kind::Time) | (Kind::Length, Kind::Length) => Kind::Length,
            (Kind::Time, Kind::Length) => Kind::Time,
            (Kind::Number, Kind::Number) => Kind::Number,
            _ => {
                let message = format!("`-` cannot take {right} from {left}");
                self.note(id, "-", message, alike(left, right));
                Kind::Any
            }
        }
    }

    fn numbers(&mut self, sign: &str, sides: &[Kind], id: u64) -> Kind {
        if let Some(side) = sides.iter().find(|side| !side.may_be(Kind::Number)) {
            let message = format!("`{sign}` works on numbers, and this is {side}");
            let help = match side {
                Kind::Text => "`int(…)` makes a number of a text",
                _ => "",
            };
            self.note(id, sign, message, help);
        }
        Kind::Number
    }

    fn function(
        &mut self,
        name: &str,
        target: Option<Kind>,
        call: &CallExpr,
        arguments: &[Kind],
        id: u64,
    ) -> Kind {
        let own = target.is_none().then(|| functions::kinds(name)).flatten();
        let Some((takes, gives)) = own.or_else(|| standard(name, target.is_some())) else {
            return Kind::Any;
        };
        let given = target.iter().chain(arguments);
        for (given, wanted) in given.zip(takes) {
            if given.may_be_any(wanted) {
                continue;
            }
            let message = match given {
                Kind::Null => format!("`{name}` does not work on null"),
                _ => format!("`{name}` works on {}, and this is {given}", list(wanted)),
            };
            let help = match given {
                Kind::Null => "ask first: `x != null ? … : …`",
                Kind::Number | Kind::Truth | Kind::Time if wanted.contains(&Kind::Text) => {
                    "`string(…)` makes a text of it"
                }
                Kind::List if wanted.contains(&Kind::Text) => {
                    "take an entry, `x[0]`, or join them: `x.join(', ')`"
                }
                Kind::Text if wanted.contains(&Kind::List) => {
                    "`.split(',')` makes a list of a text"
                }
                Kind::Text if wanted.contains(&Kind::Time) => "`timestamp(…)` makes a moment of it",
                _ => "",
            };
            self.note(id, name, message, help);
            break;
        }
        self.patterns(name, call, id);
        gives
    }

    /// Regular expressions and moments that are written out.
    fn patterns(&mut self, name: &str, call: &CallExpr, id: u64) {
        let written = |index: usize| call.args.get(index).and_then(literal);
        let pattern = match (name, call.target.is_some()) {
            ("match" | "extract", false) | ("matches", false) => written(1),
            ("matches", true) => written(0),
            _ => None,
        };
        if let Some(pattern) = pattern
            && let Err(error) = regex::Regex::new(pattern)
        {
            let reason = error.to_string();
            let reason = reason.lines().last().unwrap_or_default();
            let reason = reason.trim_start_matches("error: ").to_owned();
            self.found.push(Misfit {
                code: "bad-pattern",
                id,
                word: pattern.to_owned(),
                message: format!("this is no regular expression: {reason}"),
                help: "write a backslash before a sign that stands for itself; in a CEL text it is doubled, as in `'a\\\\.b'`".to_owned(),
            });
        }
        if name == "timestamp"
            && let Some(moment) = written(0)
            && chrono::DateTime::parse_from_rfc3339(moment).is_err()
        {
            let message = format!("`{moment}` is no moment that `timestamp` can read");
            let help = "write it as `2026-01-31T08:30:00Z`";
            self.note(id, moment, message, help);
        }
    }

    fn note(&mut self, id: u64, word: &str, message: String, help: &str) {
        self.found.push(Misfit {
            code: "wrong-kind",
            id,
            word: word.to_owned(),
            message,
            help: help.to_owned(),
        });
    }
}

/// How two kinds become one.
fn alike(left: Kind, right: Kind) -> &'static str {
    let sides = [left, right];
    let has = |kind: Kind| sides.contains(&kind);
    match () {
        _ if has(Kind::Null) => "ask first: `x != null ? … : …`",
        _ if has(Kind::List) => "take an entry of the list, as in `x[0]`",
        _ if has(Kind::Text) && has(Kind::Bytes) => "`string(…)` turns bytes into text",
        _ if has(Kind::Text) && has(Kind::Time) => {
            "`timestamp(…)` makes a moment of a text, `string(…)` a text of a moment"
        }
        _ if has(Kind::Text) && has(Kind::Truth) => {
            "`string(…)` makes text of `true` and `false`; a condition is chosen by with `… ? 'yes' : 'no'`"
        }
        _ if has(Kind::Text) => "`string(…)` makes a text of a number, `int(…)` a number of a text",
        _ if has(Kind::Time) => "a length of time is written `duration('24h')`",
        _ => "",
    }
}

fn list(kinds: &[Kind]) -> String {
    let kinds: Vec<String> = kinds.iter().map(Kind::to_string).collect();
    match kinds.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
        None => String::new(),
    }
}

/// What a function takes, one set of kinds for the target and each argument, and what it gives.
pub(super) type Kinds = (&'static [&'static [Kind]], Kind);

const ANY: &[Kind] = &[Kind::Any];
const TEXT: &[Kind] = &[Kind::Text];
const NUMBER: &[Kind] = &[Kind::Number];
const MOMENT: &[Kind] = &[Kind::Time, Kind::Length];
const LIST: &[Kind] = &[Kind::List];

/// The functions and methods of the standard library and of the extensions.
fn standard(name: &str, is_method: bool) -> Option<Kinds> {
    Some(match name {
        "size" => (
            &[&[Kind::Text, Kind::Bytes, Kind::List, Kind::Map]],
            Kind::Number,
        ),
        "contains" | "startsWith" | "endsWith" | "matches" => (&[TEXT, TEXT], Kind::Truth),
        "string" => (
            &[&[
                Kind::Text,
                Kind::Number,
                Kind::Truth,
                Kind::Bytes,
                Kind::Time,
                Kind::Length,
            ]],
            Kind::Text,
        ),
        "int" | "uint" => (&[&[Kind::Number, Kind::Text, Kind::Time]], Kind::Number),
        "double" => (&[&[Kind::Number, Kind::Text]], Kind::Number),
        "bool" => (&[&[Kind::Truth, Kind::Text]], Kind::Truth),
        "bytes" => (&[&[Kind::Bytes, Kind::Text]], Kind::Bytes),
        "timestamp" => (&[&[Kind::Text, Kind::Number, Kind::Time]], Kind::Time),
        "duration" => (&[&[Kind::Text, Kind::Length]], Kind::Length),
        "getFullYear" | "getMonth" | "getDate" | "getDayOfMonth" | "getDayOfWeek"
        | "getDayOfYear" => (&[&[Kind::Time], TEXT], Kind::Number),
        "getHours" | "getMinutes" | "getSeconds" | "getMilliseconds" => {
            (&[MOMENT, TEXT], Kind::Number)
        }
        "charAt" if is_method => (&[TEXT, NUMBER], Kind::Text),
        "lowerAscii" | "upperAscii" | "trim" | "quote" if is_method => (&[TEXT], Kind::Text),
        "replace" if is_method => (&[TEXT, TEXT, TEXT, NUMBER], Kind::Text),
        "split" if is_method => (&[TEXT, TEXT, NUMBER], Kind::List),
        "substring" if is_method => (&[TEXT, NUMBER, NUMBER], Kind::Text),
        "indexOf" | "lastIndexOf" if is_method => (&[TEXT, TEXT, NUMBER], Kind::Number),
        "join" if is_method => (&[LIST, TEXT], Kind::Text),
        "sort" | "distinct" | "slice" | "flatten" if is_method => (&[LIST, ANY, ANY], Kind::List),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use crate::expr::{CelProgram, Variables};

    fn told(source: &str) -> Vec<String> {
        let problems = CelProgram::compile(source, Variables::of(&["cols", "item", "resource"]));
        let problems = problems.err().unwrap_or_default().into_iter();
        problems
            .map(|problem| format!("{:?} {}", &source[problem.range.clone()], problem.message))
            .collect()
    }

    #[test]
    fn what_cannot_work_is_told_at_its_sign() {
        for (source, expected) in [
            ("'a' + 1", "\"+\" `+` cannot join text and a number"),
            (
                "true + true",
                "\"+\" `+` does not work on `true` or `false`",
            ),
            ("1 - 'a'", "\"-\" `-` cannot take text from a number"),
            ("'a' * 3", "\"*\" `*` works on numbers, and this is text"),
            ("!'x'", "\"!\" `!` works on conditions, and this is text"),
            (
                "'x' && .a",
                "\"&&\" `&&` joins conditions, and one side is text",
            ),
            (
                "1 ? .a : .b",
                "\"?\" what stands before `?` is a number, no condition",
            ),
            (
                "string(.a) == 1",
                "\"==\" text and a number are never equal",
            ),
            (
                "now() > '2024'",
                "\">\" `>` cannot compare a moment and text",
            ),
            ("[1] < [2]", "\"<\" `<` cannot compare a list"),
            (
                "size(5)",
                "\"size\" `size` works on text, bytes, a list or a map, and this is a number",
            ),
            (
                "'a'.join(',')",
                "\"join\" `join` works on a list, and this is text",
            ),
            ("string(null)", "\"string\" `string` does not work on null"),
            ("'a'.name", "\"name\" text has no field `name`"),
            (
                "[1].map(x, 'a' + 1)",
                "\"+\" `+` cannot join text and a number",
            ),
            (
                "extract(.a, '[')",
                "\"[\" this is no regular expression: unclosed character class",
            ),
        ] {
            assert_eq!(told(source), [expected], "{source}");
        }
    }

    #[test]
    fn what_may_work_is_left_alone() {
        for source in [
            ".a + 1",
            ".a + .b + 'x'",
            "'a' + string(1)",
            "1 + 1 == 2.0",
            "now() + duration('1h') > now() - duration('1h')",
            "timestamp(.a) - timestamp(.b) > duration('24h')",
            "[1] + [2] + .list",
            ".a != null ? .a : null",
            "string(.a) != null",
            "null == 1",
            "has(.a.b) && .a.b",
            "'x' in {'x': 1} || 'x' in .list || .x in [1]",
            ".a ? 'x' : 1",
            "(.a ? 'x' : 1) + 'y'",
            "bytes('a') + .b",
            ".list.all(x, x > 1) && .list.exists(x, x == 'a') && !.list.exists_one(x, true)",
            ".list.filter(x, x != '').map(x, x + '!').join(', ')",
            "[[1], [2]].map(x, x[0])",
            "{'a': {'b': 'c'}}.a.b.startsWith('c')",
            "toLower(bytes('A')) + trim(.a).split(',')[0]",
            "replace(.a, {'old': 'x', 'new': 'y'}) + .a.replace('x', 'y')",
            "get(.a, 'x') + parse_json(.b).c + string(json_path(.b, 'c'))",
            "timestamp('2026-01-31T08:30:00Z').getFullYear() + 1",
            "resource.ID.contains('r') && matches(.a, r'^\\d+$')",
            "type(.a) == int || type(.a) == string",
            "[.a, .b].exists(x, x) ? math.greatest(1, 2) : 3",
            "dyn('a') == 1",
            "int(timestamp(.a)) + uint(3u)",
            "size('a') + size([1]) + size({'a': 1})",
        ] {
            assert_eq!(told(source), Vec::<String>::new(), "{source}");
        }
    }
}
