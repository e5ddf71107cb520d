//! CEL: text → program → value. The only file, with its neighbours `value` and `functions`, that
//! knows which interpreter runs it.

use std::ops::Range;
use std::sync::Arc;

use ::cel::{ExecutionError, Program};

use super::convert::from_cel;
use super::dot::{Preprocessed, preprocess};
use super::sentence::sentence;
use super::simple::Simple;
use super::{
    EvalError, ExprError, Kind, Scope, Value, Variables, check, depth, functions, reading, slip,
    typing,
};
use crate::diagnostic::{list, nearest};

/// How many columns of a record are told when one is missing.
const MANY_COLUMNS: usize = 40;

/// A compiled CEL expression. Cheap to clone.
#[derive(Clone)]
pub struct CelProgram(Arc<Compiled>);

struct Compiled {
    source: String,
    program: Program,
    /// How deep it may nest.
    nodes: usize,
    simple: Option<Simple>,
}

impl CelProgram {
    /// Compiles an expression whose leading-dot columns are allowed, and checks that every
    /// variable and function it names exists. Returns every mistake found.
    pub fn compile(source: &str, variables: Variables) -> Result<Self, Vec<ExprError>> {
        depth::check(source).map_err(|problem| vec![problem])?;
        // Parsing recurses through a frame per rule of the grammar, so it always gets room.
        depth::with_stack(usize::MAX, || Self::compile_here(source, variables))
    }

    fn compile_here(source: &str, variables: Variables) -> Result<Self, Vec<ExprError>> {
        let rewritten = preprocess(source);
        let program = functions::environment()
            .compile(&rewritten.text)
            .map_err(|errors| syntax_errors(source, &rewritten, &errors))?;
        let mut problems = check::check(&program, variables, &|range| {
            author_range(&rewritten, range)
        });
        for problem in &mut problems {
            name_column(source, problem);
        }
        if problems.is_empty() {
            Ok(Self(Arc::new(Compiled {
                nodes: depth::nodes(source),
                simple: Simple::of(program.expression()),
                source: source.to_owned(),
                program,
            })))
        } else {
            Err(problems)
        }
    }

    /// Evaluates the expression for one record.
    pub fn value(&self, scope: &Scope<'_>) -> Result<Value, EvalError> {
        match self.shortcut(scope) {
            Some(value) => Ok(value),
            None => self.interpret(scope),
        }
    }

    /// The value, where it can be had without the interpreter.
    pub(super) fn shortcut(&self, scope: &Scope<'_>) -> Option<Value> {
        let value = self.0.simple.as_ref()?.value(scope)?;
        Some(value.into_owned())
    }

    pub(super) fn interpret(&self, scope: &Scope<'_>) -> Result<Value, EvalError> {
        self.resolve(self.expression(), scope).map_err(|error| {
            let missing = match &error {
                ExecutionError::NoSuchKey(key) => self.missing_field(key, scope),
                _ => None,
            };
            let message = missing.unwrap_or_else(|| sentence(&error));
            EvalError::new(&self.0.source, message)
        })
    }

    /// The texts that the program may come to as they are written in it.
    pub(super) fn possible_texts(&self) -> Vec<&str> {
        reading::possible_texts(self.0.program.expression())
    }

    /// Whether the program is a literal.
    pub(super) fn is_constant(&self) -> bool {
        matches!(self.expression().expr, ::cel::common::ast::Expr::Literal(_))
    }

    /// The kinds of value that the program may come to.
    pub(super) fn kinds(&self) -> Vec<Kind> {
        typing::kinds(self.0.program.expression())
    }

    /// The columns of a row that the program reads without asking first whether they are there, and
    /// where the author wrote each.
    pub fn columns(&self) -> Vec<(&str, Range<usize>)> {
        let source = self.source();
        let place = |name: &str| {
            let written = [
                format!(".{name}"),
                format!("'{name}'"),
                format!("\"{name}\""),
            ];
            let found = written.iter().find_map(|written| {
                let start = whole_word(source, written)?;
                Some(start..start + written.len())
            });
            found.unwrap_or(0..source.len())
        };
        let columns = reading::columns(self.expression());
        columns
            .into_iter()
            .map(|name| (name, place(name)))
            .collect()
    }

    /// What to say about a field that the record itself does not have; `None` when the field is one
    /// of something else. Rows have columns, which are told; the fields of an API's items may be
    /// data, so only one that must be meant is.
    fn missing_field(&self, field: &str, scope: &Scope<'_>) -> Option<String> {
        let Some(Value::Map(record)) = scope.record() else {
            return None;
        };
        if record.contains_key(field) {
            return None;
        }
        let root = reading::root_of_field(self.0.program.expression(), field)?;
        let meant = nearest(field, record.keys().map(String::as_str));
        let hint = meant.map(|meant| match meant.eq_ignore_ascii_case(field) {
            true => format!("upper and lower case differ, write `{meant}`"),
            false => format!("did you mean `{meant}`?"),
        });
        if root == "item" {
            return hint.map(|hint| {
                format!("there is no field `{field}` ({hint}); write `has(…)` to ask first")
            });
        }
        let columns: Vec<&String> = record.keys().take(MANY_COLUMNS).collect();
        let more = match record.len().saturating_sub(MANY_COLUMNS) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let hint = hint.map_or(String::new(), |hint| format!(": {hint}"));
        let columns = list(&columns);
        Some(format!(
            "there is no field `{field}` among {columns}{more}{hint}"
        ))
    }

    /// Whether the expression names a variable.
    pub fn mentions(&self, variable: &str) -> bool {
        self.0.program.references().has_variable(variable)
    }

    /// The fields of a variable that the expression reads.
    pub fn members(&self, variable: &str) -> Vec<String> {
        reading::members(self.0.program.expression(), variable)
    }

    /// Evaluates the expression, or a part of it.
    pub(super) fn resolve(
        &self,
        part: &::cel::IdedExpr,
        scope: &Scope<'_>,
    ) -> Result<Value, ExecutionError> {
        depth::with_stack(self.0.nodes, || {
            ::cel::Value::resolve_val(part, scope.context())
                .and_then(|value| from_cel(value.as_ref()))
        })
    }

    /// The expression, parsed.
    pub(super) fn expression(&self) -> &::cel::IdedExpr {
        self.0.program.expression()
    }

    /// Where the author wrote an operator: the interpreter places a part of the expression at its
    /// own, or near it. The whole source, where that cannot be told.
    pub(super) fn place_of(&self, id: u64, operator: &str) -> Range<usize> {
        let (source, info) = (self.source(), self.0.program.source_info());
        let rewritten = preprocess(source);
        let near = info.offset_for(id).map(|(start, _)| start as usize);
        let start = near.map(|near| rewritten.origin(near));
        let found = start.filter(|start| {
            source
                .get(*start..)
                .is_some_and(|rest| rest.starts_with(operator))
        });
        found.map_or(0..source.len(), |start| start..start + operator.len())
    }

    /// The expression as its author wrote it.
    pub fn source(&self) -> &str {
        &self.0.source
    }
}

/// The texts that an expression may come to as they are written in it, whatever else is wrong with it.
pub fn possible_texts(source: &str) -> Vec<String> {
    if depth::check(source).is_err() {
        return Vec::new();
    }
    depth::with_stack(usize::MAX, || {
        let program = functions::environment().compile(&preprocess(source).text);
        let texts = program.map(|program| {
            let texts = reading::possible_texts(program.expression()).into_iter();
            texts.map(str::to_owned).collect()
        });
        texts.unwrap_or_default()
    })
}

impl std::fmt::Debug for CelProgram {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "CelProgram({:?})", self.0.source)
    }
}

/// The author of `.name` knows no `cols`.
fn name_column(source: &str, problem: &mut ExprError) {
    let Some(name) = source[problem.range.start..].strip_prefix('.') else {
        return;
    };
    let length = name
        .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .unwrap_or(name.len());
    if problem.code == "unknown-variable" && length > 0 {
        problem.range.end = problem.range.start + 1 + length;
        let column = &source[problem.range.clone()];
        problem.message = format!("`{column}` is a field of a record, and there is none here");
        problem.fix = None;
    }
}

/// Where a text stands that is not the beginning of a longer name.
fn whole_word(source: &str, text: &str) -> Option<usize> {
    let ends = |at: &usize| {
        let next = source[at + text.len()..].chars().next();
        next.is_none_or(|c| !c.is_alphanumeric() && c != '_') || text.ends_with(['\'', '"'])
    };
    source.match_indices(text).map(|(at, _)| at).find(ends)
}

fn author_range(rewritten: &Preprocessed, range: Range<usize>) -> Range<usize> {
    let start = rewritten.origin(range.start);
    let end = rewritten.origin(range.end.saturating_sub(1).max(range.start)) + 1;
    start..end.max(start)
}

fn syntax_errors(
    source: &str,
    rewritten: &Preprocessed,
    errors: &::cel::ParseErrors,
) -> Vec<ExprError> {
    errors
        .errors
        .iter()
        .take(1) // what follows the first is the parser guessing
        .map(|error| {
            let (line, column) = error.pos;
            let byte = byte_of(&rewritten.text, line, column);
            let start = rewritten.origin(byte).min(source.len());
            let length = source[start..].chars().next().map_or(0, char::len_utf8);
            let message = syntax_sentence(&error.msg);
            let message = format!("this is not valid CEL: {message}");
            let range = start..start + length;
            match slip::find(source) {
                Some(slip) => {
                    let problem = ExprError::new("cel-syntax", message, range, slip.help);
                    match slip.text {
                        Some(text) => problem.replacing(0..source.len(), text),
                        None => problem,
                    }
                }
                None => ExprError::new("cel-syntax", message, range, ""),
            }
        })
        .collect()
}

/// The parser's message without the list of all the tokens it would have liked.
fn syntax_sentence(message: &str) -> String {
    let message = message.lines().next().unwrap_or_default();
    let message = message.strip_prefix("Syntax error: ").unwrap_or(message);
    if message.starts_with("Incomplete") {
        return "the expression is not complete".to_owned();
    }
    if let Some((missing, _)) = message
        .strip_prefix("missing '")
        .and_then(|rest| rest.split_once('\''))
    {
        return format!("`{missing}` is missing here");
    }
    let quoted = message
        .split_once('\'')
        .and_then(|(_, rest)| rest.rsplit_once('\''))
        .map(|(inside, _)| {
            // Of `'Access' expecting '}'` only the first quoted part is the author's.
            inside.split("' expecting").next().unwrap_or(inside)
        });
    match quoted {
        Some("<EOF>") => "the expression ends too early".to_owned(),
        Some(token) if message.contains("input") => format!("`{token}` is not expected here"),
        Some(token) if message.starts_with("token recognition") => {
            format!("`{token}` cannot be read")
        }
        _ => message.to_owned(),
    }
}

fn byte_of(text: &str, line: isize, column: isize) -> usize {
    let line = usize::try_from(line - 1).unwrap_or_default();
    let start: usize = text.split_inclusive('\n').take(line).map(str::len).sum();
    let column = usize::try_from(column - 1).unwrap_or_default();
    let inside = text[start.min(text.len())..].char_indices().nth(column);
    inside.map_or(text.len(), |(at, _)| start + at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expr::{Inputs, Map};

    fn evaluate(source: &str, record: serde_json::Value) -> Result<Value, String> {
        let program = CelProgram::compile(source, Variables::of(&["cols", "item", "resource"]))
            .map_err(|errors| {
                errors
                    .iter()
                    .map(|e| e.message.clone())
                    .collect::<Vec<_>>()
                    .join("; ")
            })?;
        let resource = Value::Map(Map::from_iter([("ID".to_owned(), Value::from("g1"))]));
        let inputs = Inputs::new().with("resource", resource);
        let record = Value::from(record);
        program
            .value(&Scope::new(&inputs, Some(&record)))
            .map_err(|error| error.message)
    }

    #[test]
    fn expressions_of_the_reference_keep_their_values() {
        let row = serde_json::json!({
            "a": "Ann", "b": "Bee", "n": null, "i": 36, "f": 1.5, "lst": ["x", "y"], "m": {"k": "v"}, "id": 9007199254740993_i64
        });
        let text = |source: &str| evaluate(source, row.clone());
        assert_eq!(text(".a + ' ' + .b"), Ok("Ann Bee".into()));
        assert_eq!(text(".i + 1"), Ok(Value::Int(37)));
        assert_eq!(text("string(.id)"), Ok("9007199254740993".into()));
        assert_eq!(text(".n != null ? string(.n) : ''"), Ok("".into()));
        assert_eq!(text(".n"), Ok(Value::Null));
        assert_eq!(text(".lst[0]"), Ok("x".into()));
        assert_eq!(text(".m.k + .m['k']"), Ok("vv".into()));
        assert_eq!(text("has(.a) && !has(.zzz)"), Ok(Value::Bool(true)));
        assert_eq!(text("string(.a).startsWith('A')"), Ok(Value::Bool(true)));
        assert_eq!(text("resource.ID.contains('g')"), Ok(Value::Bool(true)));
        assert_eq!(text("1 == 1.0"), Ok(Value::Bool(true)));
        assert_eq!(text("slugify('  Hello_World! ')"), Ok("hello-world".into()));
        assert_eq!(text("titleCase('hello-world')"), Ok("Hello-World".into()));
        assert_eq!(text("titleCase('A_B')"), Ok("A_b".into()));
        assert_eq!(text("slugify('Ünï')"), Ok("n".into()));
        assert_eq!(
            text("phpDeserializeStringArray('a:1:{s:5:\"admin\";b:1;}')[0]"),
            Ok("admin".into())
        );
        assert_eq!(
            text("phpSerializeStringArray(['b', 'a'])"),
            Ok("a:2:{s:1:\"a\";b:1;s:1:\"b\";b:1;}".into())
        );
        assert_eq!(text("extract('id-42', '([0-9]+)')"), Ok("42".into()));
        assert_eq!(
            text("replace('a.b', {'old': '.', 'new': '-'})"),
            Ok("a-b".into())
        );
        assert_eq!(
            text("json_path('{\"a\":{\"b\":7}}', 'a.b')"),
            Ok(Value::Int(7))
        );
        assert_eq!(text("get(.n, 'none')"), Ok("none".into()));
        assert_eq!(text(".lst.map(x, x + '!').join(',')"), Ok("x!,y!".into()));
        assert_eq!(text("{'a': 1}.a"), Ok(Value::Int(1)));
    }

    #[test]
    fn failures_name_the_matter_but_no_value() {
        let row = serde_json::json!({"secret": "hunter2", "n": 1});
        let message = evaluate(".secret + .n", row.clone()).expect_err("no overload");
        assert_eq!(message, "`+` does not work on string and int");
        let message = evaluate("resource.profile.nope", row).expect_err("no key");
        assert!(message.contains("`profile`"), "{message}");
    }

    #[test]
    fn a_column_that_is_not_there_is_told_with_those_that_are() {
        let row = serde_json::json!({"id": "hunter2", "email": "ada@acme.test", "m": {"k": 1}});
        let told = |source: &str| evaluate(source, row.clone()).expect_err("no such field");
        let columns = "among `id`, `email`, `m`";
        assert_eq!(
            told(".emial"),
            format!("there is no field `emial` {columns}: did you mean `email`?")
        );
        assert_eq!(
            told("string(cols['Email'])"),
            format!(
                "there is no field `Email` {columns}: upper and lower case differ, write `email`"
            )
        );
        assert_eq!(
            told("[1].map(x, cols.telephone)"),
            format!("there is no field `telephone` {columns}")
        );
        // The fields of an item may be data: only the one that must be meant is told.
        assert_eq!(
            told("item.ID"),
            "there is no field `ID` (upper and lower case differ, write `id`); write `has(…)` to ask first"
        );
        for source in ["item.telephone", ".m.telephone"] {
            assert_eq!(
                told(source),
                "there is no field `telephone`; write `has(…)` to ask first"
            );
        }
    }

    #[test]
    fn mistakes_are_found_before_anything_runs() {
        let problems = |source: &str| {
            let errors = CelProgram::compile(source, Variables::of(&["cols", "item", "resource"]))
                .expect_err("has a mistake");
            errors
                .iter()
                .map(|e| {
                    format!(
                        "{} {:?} {}",
                        e.code,
                        &source[e.range.clone()],
                        e.help.as_deref().unwrap_or("-")
                    )
                })
                .collect::<Vec<_>>()
        };
        assert_eq!(
            problems("lowercas(.a)"),
            ["unknown-function \"lowercas\" did you mean `lowercase`?"]
        );
        assert_eq!(
            problems("resorce.ID"),
            ["unknown-variable \"resorce\" did you mean `resource`?"]
        );
        assert_eq!(
            problems("resource.Name + nope(principal.ID)"),
            [
                "unknown-member \"resource.Name\" did you mean `DisplayName`?"
                    .replace("DisplayName", "display_name"),
                "unknown-function \"nope\" `rolecall kinds functions` lists the functions"
                    .to_owned(),
                "unknown-variable \"principal\" `cols`, `item` and `resource` are known here"
                    .to_owned(),
            ]
        );
        assert_eq!(
            problems("slugify(.a, 'x')"),
            ["wrong-arguments \"slugify\" write `slugify(…)` with 1 argument"]
        );
        assert_eq!(
            problems("now(1)"),
            ["wrong-arguments \"now\" write `now(…)` with 0 arguments"]
        );
        assert!(problems("[1].map(item)")[0].starts_with("wrong-arguments \"map\""));
        let syntax = problems("Basic Access");
        assert_eq!(syntax.len(), 1);
        assert!(syntax[0].ends_with("\"'Basic Access'\""), "{syntax:?}");
    }

    #[test]
    fn hostile_text_never_panics() {
        let seeds = [
            ".a == 'x' ? .b : .c",
            "has(.a) && .b.contains('é')",
            "[1, 2].map(x, x + 1)",
            "'''a''' + r'\\d'",
        ];
        for seed in seeds {
            for cut in 0..=seed.len() {
                if seed.is_char_boundary(cut) {
                    drop(CelProgram::compile(&seed[cut..], Variables::of(&[])));
                    drop(CelProgram::compile(&seed[..cut], Variables::of(&[])));
                    drop(CelProgram::compile(
                        &format!("{}'{}", &seed[..cut], &seed[cut..]),
                        Variables::of(&[]),
                    ));
                }
            }
        }
    }
}
