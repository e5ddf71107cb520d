//! `vars`: the values that the placeholders of queries stand for, by name.

use super::pagination::PLACEHOLDERS;
use super::query::Slot;
use crate::config::decode::Named;
use crate::config::scalar::ExprText;
use crate::config::{Bare, CompileContext, is_bare_word};
use crate::diagnostic::{Diagnostic, Edit, Span, list, nearest};
use crate::expr::{CelProgram, Expression, Program, Variables};

/// The entries of one `vars`, and what the queries that share them have used of it.
#[derive(Debug)]
pub struct SqlVars<'k> {
    vars: Vec<Var>,
    known: Known<'k>,
    /// Names that were met in queries, in lower case.
    used: Vec<String>,
    /// Where those of the latest query begin.
    latest: usize,
    /// How many queries share them.
    queries: usize,
    /// True when a query has the placeholders of paging.
    pub(super) paged: bool,
    /// True when a query has mistakes.
    pub(super) failed: bool,
}

/// What there is besides `vars`, and in the expressions of its entries.
#[derive(Debug, Clone, Copy)]
pub struct Known<'k> {
    /// Variables of expressions.
    pub variables: Variables,
    /// Values that are there by name, in queries too.
    pub values: &'k [String],
    /// A variable whose fields are known, with them: `input` and the fields of a form.
    pub members: Option<(&'static str, &'k [String])>,
    /// Whether a text that is the name of a variable means the variable. Otherwise it is a text
    /// like any other word.
    pub names_stand_for_variables: bool,
    /// The variable whose id is what a placeholder most often means, for example `principal`.
    pub example: Option<&'static str>,
}

impl Known<'_> {
    /// Only these variables.
    pub const fn variables(variables: Variables) -> Self {
        Self {
            variables,
            values: &[],
            members: None,
            names_stand_for_variables: true,
            example: None,
        }
    }
}

/// An entry of `vars`; its value is `None` when it does not compile, which was noted.
#[derive(Debug)]
struct Var {
    name: String,
    span: Span,
    value: Option<VarValue>,
}

/// What an entry of `vars` stands for.
#[derive(Debug)]
enum VarValue {
    /// What an expression comes to.
    Computed(Expression),
    /// A value that is there under this name, such as a field of the form for an account.
    Input(String),
}

impl<'k> SqlVars<'k> {
    /// Compiles the entries; every mistake is noted.
    pub fn compile(vars: &Named<ExprText>, known: Known<'k>, cx: &mut CompileContext) -> Self {
        let compiled = vars.iter().map(|(key, text)| Var {
            name: key.text.clone(),
            span: key.span,
            value: match text.0.text.is_empty() {
                true => {
                    let message = format!("`vars.{}` has no value", key.text);
                    cx.error("empty-var", key.span, message)
                }
                false => value(text, known, cx),
            },
        });
        Self {
            vars: compiled.collect(),
            known,
            used: Vec::new(),
            latest: 0,
            queries: 0,
            paged: false,
            failed: false,
        }
    }

    /// Notes the entries that no query uses. What is missing in a query may be what seems unused:
    /// one mistake is one message.
    pub fn finish(self, cx: &mut CompileContext) {
        for var in self.vars.iter().filter(|_| !self.failed) {
            let name = var.name.to_lowercase();
            let (code, message, help) = if self.hides(&name) {
                let message = format!("`{}` hides the value that has this name", var.name);
                ("reserved-var", message, "choose another name")
            } else if self.paged && PLACEHOLDERS.contains(&name.as_str()) {
                let message = format!(
                    "`{}` is filled in by paging: this value is never used",
                    var.name
                );
                ("reserved-var", message, "choose another name")
            } else if !self.used.contains(&name) && var.value.is_some() {
                let message = match self.queries {
                    1 => format!("the query does not use `{}`", var.name),
                    _ => format!("no query uses `{}`", var.name),
                };
                (
                    "unused-var",
                    message,
                    "write `?<name>` in the query, or remove it",
                )
            } else {
                continue;
            };
            cx.warning(code, var.span, message, help);
        }
    }

    /// True for an entry that takes the place of `since` or `id`, which are reserved.
    fn hides(&self, name: &str) -> bool {
        ["since", "id"].contains(&name) && self.known.values.iter().any(|value| value == name)
    }

    /// What a placeholder stands for: an entry of `vars`, else a value that is there by name.
    pub(super) fn slot(&self, name: &str) -> Option<Slot> {
        // As written first: two may differ in case only.
        let exact = self.vars.iter().find(|var| var.name == name);
        let folded = || {
            self.vars
                .iter()
                .find(|var| var.name.eq_ignore_ascii_case(name))
        };
        let values = self.known.values;
        match exact.or_else(folded) {
            Some(Var {
                value: Some(VarValue::Input(input)),
                ..
            }) => Some(Slot::Input(input.clone())),
            Some(var) => Some(Slot::Var(var.name.clone())),
            None => values
                .iter()
                .find(|value| value.eq_ignore_ascii_case(name))
                .map(|value| Slot::Input(value.clone())),
        }
    }

    /// Begins a query.
    pub(super) fn begin(&mut self) {
        self.latest = self.used.len();
        self.queries += 1;
    }

    /// Remembers a name that the query has.
    pub(super) fn use_name(&mut self, name: &str) {
        self.used.push(name.to_lowercase());
    }

    /// True when the latest query takes the value that is there under this name.
    pub fn latest_uses(&self, name: &str) -> bool {
        self.used[self.latest..].iter().any(|used| used == name)
    }

    /// The name that a misspelt one may mean.
    pub(super) fn nearest(&self, name: &str, others: &[&'static str]) -> Option<String> {
        let all = self.names().into_iter().chain(others.iter().copied());
        nearest(name, all).map(str::to_owned)
    }

    /// Why a placeholder stands for nothing.
    pub(super) fn says_nothing_of(&self, name: &str) -> String {
        match self.known.values.is_empty() {
            true => format!("nothing named `{name}` is in `vars`"),
            false => format!("`{name}` is neither in `vars` nor a value that is there"),
        }
    }

    /// What can be written for a name that stands for nothing.
    pub(super) fn offer(&self, name: &str) -> String {
        let names = self.names();
        let mut named = self.known.variables.names();
        let named = named.find(|variable| name.starts_with(variable));
        match self.known.example {
            _ if !self.paged && PLACEHOLDERS.contains(&name) => {
                format!("`{name}` is a name like any other here: add it to `vars`")
            }
            Some(example) => format!(
                "add it: `vars: {{{name}: {}.ID}}`",
                named.unwrap_or(example)
            ),
            None if names.is_empty() => "add it to `vars`".to_owned(),
            None if self.known.values.is_empty() => format!("`vars` has {}", list(&names)),
            None if names.len() == 1 => format!("there is only `{}`", names[0]),
            None => format!("there are {}", list(&names)),
        }
    }

    fn names(&self) -> Vec<&str> {
        let written = self.vars.iter().map(|var| var.name.as_str());
        let values = self.known.values.iter().map(String::as_str);
        written.chain(values).collect()
    }

    /// The entries that are evaluated for a query.
    pub(super) fn computed(&self) -> Vec<(String, Expression)> {
        let computed = self.vars.iter().filter_map(|var| match &var.value {
            Some(VarValue::Computed(value)) => Some((var.name.clone(), value.clone())),
            _ => None,
        });
        computed.collect()
    }

    /// True when every entry has a value.
    pub(super) fn are_sound(&self) -> bool {
        self.vars.iter().all(|var| var.value.is_some())
    }

    /// Remembers that a query could not be read: what it uses is not known.
    pub(super) fn unless_failed<T>(&mut self, read: Option<T>) -> Option<T> {
        self.failed |= read.is_none();
        read
    }
}

/// Variables that hold several values.
const WHOLE: &[&str] = &[
    "resource",
    "principal",
    "entitlement",
    "input",
    "credentials",
];

fn value(text: &ExprText, known: Known<'_>, cx: &mut CompileContext) -> Option<VarValue> {
    let written = text.0.text.as_str();
    if known.values.iter().any(|name| name == written) {
        return Some(VarValue::Input(written.to_owned()));
    }
    let is_variable = known.variables.knows(written);
    // A bare word is literal everywhere else; here the name of an input is that input.
    if is_variable && WHOLE.contains(&written) {
        let at = cx.at(text.0.span);
        let message = format!("the whole of `{written}` is no value of a query");
        let fix = match written {
            "resource" | "principal" | "entitlement" => {
                cx.rewrite(&text.0, &format!("{written}.ID"))
            }
            _ => None,
        };
        let help = match fix {
            Some(_) => format!("write `{written}.ID` for its id"),
            None => format!("take a field of it: `{written}.name`"),
        };
        let wrong = Diagnostic::error("wrong-kind", at, message).help(help);
        cx.note(wrong.fix_if(fix));
        return None;
    }
    if is_variable && known.names_stand_for_variables {
        let program = CelProgram::compile(written, known.variables).ok()?;
        let expression = Expression::new(Program::Cel(program), text.0.span);
        return Some(VarValue::Computed(expression));
    }
    if is_bare_word(written) {
        let message = format!("this is the text `{written}` itself");
        let meant = nearest(written, known.values.iter().map(String::as_str));
        let meant = match (is_variable, meant) {
            (true, _) => Some((
                format!("{written}.ID"),
                format!("write `{written}.ID` for its id"),
            )),
            (false, Some(meant)) => Some((meant.to_owned(), format!("did you mean `{meant}`?"))),
            (false, None) => None,
        };
        if let Some((with, help)) = meant {
            let fix = cx.rewrite(&text.0, &with);
            let literal = Diagnostic::warning("literal-program", cx.at(text.0.span), message);
            cx.note(literal.help(help).fix_if(fix));
        }
    }
    let before = cx.diagnostics.len();
    let expression = cx.expression(text, Bare::Cel, known.variables);
    if let Some((root, members)) = known.members {
        let file = cx.file();
        let unknown = cx.diagnostics[before..].iter_mut();
        for problem in unknown.filter(|found| found.code == "unknown-variable") {
            let member = members
                .iter()
                .find(|member| problem.message.starts_with(&format!("`{member}`")));
            if let Some(member) = member {
                problem.help = Some(format!("write `{root}.{member}`"));
                let at = problem.at.as_ref().map(|at| at.span);
                let is_exact = |span: &Span| file.text().get(span.start..span.end) == Some(member);
                let with = format!("{root}.{member}");
                problem.fix =
                    Vec::from_iter(at.filter(is_exact).map(|span| Edit::replace(span, with)));
            }
        }
    }
    let expression = expression?;
    check_members(text, &expression, known, cx)?;
    Some(VarValue::Computed(expression))
}

/// Notes fields of a variable that it cannot have.
fn check_members(
    text: &ExprText,
    expression: &Expression,
    known: Known<'_>,
    cx: &mut CompileContext,
) -> Option<()> {
    let Some((root, members)) = known.members else {
        return Some(());
    };
    let mut sound = Some(());
    for member in expression.members(root) {
        if members.contains(&member) {
            continue;
        }
        let word = format!("{root}.{member}");
        let found = text.0.text.find(&word);
        let at = found.map_or(text.0.span, |at| cx.locate(&text.0, at..at + word.len()));
        let near = nearest(&member, members.iter().map(String::as_str));
        let fix = found.zip(near).and_then(|(at, near)| {
            cx.edit(&text.0, at..at + word.len(), &format!("{root}.{near}"))
        });
        let help = match near {
            Some(meant) => format!("did you mean `{root}.{meant}`?"),
            None if members.is_empty() => format!("`{root}` has no fields here"),
            None => format!("its fields are {}", list(members)),
        };
        let at = cx.at(at);
        cx.note(
            Diagnostic::error(
                "unknown-member",
                at,
                format!("`{root}` has no field `{member}`"),
            )
            .help(help)
            .fix_if(fix),
        );
        sound = None;
    }
    sound
}
