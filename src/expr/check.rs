//! What a program names must exist: variables, functions, members of the well-known variables.

use std::ops::Range;

use ::cel::Program;
use ::cel::common::ast::{CallExpr, EntryExpr, Expr, IdedExpr};

use super::standard::{ELSEWHERE, MACROS, STANDARD};
use super::typing::{self, Misfit};
use super::{ExprError, functions};
use crate::diagnostic::nearest;

/// The variables an expression may use where it stands.
#[derive(Debug, Clone, Copy)]
pub struct Variables([&'static [&'static str]; 4]);

impl Variables {
    /// These and no others.
    pub const fn of(names: &'static [&'static str]) -> Self {
        Self([names, &[], &[], &[]])
    }

    /// These and some that only this place has; three times at most.
    pub const fn and(mut self, more: &'static [&'static str]) -> Self {
        let mut place = 0;
        while !self.0[place].is_empty() {
            place += 1;
        }
        self.0[place] = more;
        self
    }

    /// The names.
    pub fn names(self) -> impl Iterator<Item = &'static str> + Clone {
        self.0.into_iter().flatten().copied()
    }

    /// Whether there is a variable of this name.
    pub fn knows(self, name: &str) -> bool {
        self.names().any(|known| known == name)
    }
}

/// Members of `resource`, `parent_resource` and `principal`.
const RESOURCE_MEMBERS: &[&str] = &[
    "ID",
    "id",
    "Type",
    "type",
    "ResourceTypeID",
    "resource_type",
    "DisplayName",
    "display_name",
    "Description",
    "description",
    "profile",
    "traits",
];

/// Members of `entitlement`. Its id is the one on its resource.
const ENTITLEMENT_MEMBERS: &[&str] = &[
    "ID",
    "id",
    "DisplayName",
    "display_name",
    "Description",
    "description",
    "slug",
];

/// The members of a variable that is the same everywhere.
pub(crate) fn members_of(variable: &str) -> Option<&'static [&'static str]> {
    match variable {
        "resource" | "parent_resource" | "principal" => Some(RESOURCE_MEMBERS),
        "entitlement" => Some(ENTITLEMENT_MEMBERS),
        _ => None,
    }
}

/// What to write instead of a member that there is not: a sentence, and the name where there is one.
pub(super) fn meant_member<'k>(
    variable: &str,
    member: &str,
    known: &[&'k str],
) -> (String, Option<&'k str>) {
    let known = || known.iter().copied();
    let meant = match member.to_lowercase().as_str() {
        "name" => known().find(|name| *name == "display_name"),
        _ => nearest(member, known()),
    };
    let help = match (meant, variable) {
        (Some(close), _) => format!("did you mean `{close}`?"),
        (None, "entitlement") => {
            "its fields are `id`, `display_name`, `description` and `slug`".to_owned()
        }
        (None, _) => {
            "its fields are `id`, `type`, `display_name`, `description`, `profile` and `traits`"
                .to_owned()
        }
    };
    (help, meant)
}

/// Words before a dot that are part of a function's name: `base64.encode(…)`.
const NAMESPACES: &[&str] = &["base64", "math", "lists", "optional", "strings"];

/// Whether a word before a dot is part of a function's name.
pub(super) fn is_namespace(word: &str) -> bool {
    NAMESPACES.contains(&word)
}

pub(super) fn check(
    program: &Program,
    variables: Variables,
    author_range: &dyn Fn(Range<usize>) -> Range<usize>,
) -> Vec<ExprError> {
    let mut checker = Checker {
        program,
        variables,
        author_range,
        bound: Vec::new(),
        found: Vec::new(),
    };
    checker.expression(program.expression());
    // What is named wrongly is of no kind.
    if checker.found.is_empty() {
        checker.kinds();
    }
    checker.found
}

struct Checker<'a> {
    program: &'a Program,
    variables: Variables,
    author_range: &'a dyn Fn(Range<usize>) -> Range<usize>,
    /// Variables that macros such as `map` introduce.
    bound: Vec<String>,
    found: Vec<ExprError>,
}

impl Checker<'_> {
    fn expression(&mut self, expression: &IdedExpr) {
        match &expression.expr {
            Expr::Unspecified | Expr::Literal(_) => {}
            Expr::Ident(name) => self.variable(name, expression.id),
            Expr::Select(select) => {
                self.expression(&select.operand);
                if let Expr::Ident(root) = &select.operand.expr
                    && !select.test
                {
                    self.member(root, &select.field, expression.id, select.operand.id);
                }
            }
            Expr::Call(call) => {
                let namespaced = matches!(
                    call.target.as_deref(),
                    Some(IdedExpr { expr: Expr::Ident(name), .. }) if NAMESPACES.contains(&name.as_str())
                );
                if !namespaced {
                    self.function(&call.func_name, expression.id);
                    self.arguments(call, expression.id);
                    if let Some(target) = &call.target {
                        self.expression(target);
                    }
                }
                call.args
                    .iter()
                    .for_each(|argument| self.expression(argument));
            }
            Expr::List(list) => list.elements.iter().for_each(|item| self.expression(item)),
            Expr::Map(map) => map.entries.iter().for_each(|entry| self.entry(&entry.expr)),
            Expr::Struct(fields) => fields
                .entries
                .iter()
                .for_each(|entry| self.entry(&entry.expr)),
            Expr::Comprehension(comprehension) => {
                self.expression(&comprehension.iter_range);
                self.expression(&comprehension.accu_init);
                let outer = self.bound.len();
                self.bound.push(comprehension.iter_var.clone());
                self.bound.extend(comprehension.iter_var2.clone());
                self.bound.push(comprehension.accu_var.clone());
                self.expression(&comprehension.loop_cond);
                self.expression(&comprehension.loop_step);
                self.expression(&comprehension.result);
                self.bound.truncate(outer);
            }
        }
    }

    fn entry(&mut self, entry: &EntryExpr) {
        match entry {
            EntryExpr::StructField(field) => self.expression(&field.value),
            EntryExpr::MapEntry(entry) => {
                self.expression(&entry.key);
                self.expression(&entry.value);
            }
        }
    }

    fn variable(&mut self, name: &str, id: u64) {
        let name = name.trim_start_matches('.');
        let types = [
            "int",
            "uint",
            "double",
            "string",
            "bool",
            "bytes",
            "list",
            "map",
            "null_type",
            "type",
        ];
        if self.bound.iter().any(|bound| bound == name)
            || self.variables.knows(name)
            || types.contains(&name)
        {
            return;
        }
        let known: Vec<_> = self.variables.names().collect();
        let meant = nearest(name, known.iter().copied());
        let help = match meant {
            Some(close) => format!("did you mean `{close}`?"),
            None if known.is_empty() => "no variable is known here".to_owned(),
            None => format!("{} known here", sentence_list(&known)),
        };
        let message = format!("`{name}` is not known here");
        self.note("unknown-variable", message, id, name, help, meant);
    }

    fn member(&mut self, root: &str, field: &str, id: u64, operand: u64) {
        let known = self.variables.knows(root);
        let Some(members) = members_of(root).filter(|_| known) else {
            return;
        };
        if self.bound.iter().any(|bound| bound == root) || members.contains(&field) {
            return;
        }
        let (help, meant) = meant_member(root, field, members);
        let meant = meant.map(|meant| format!("{root}.{meant}"));
        let whole = format!("{root}.{field}");
        let at = if self.program.source_info().offset_for(operand).is_some() {
            operand
        } else {
            id
        };
        self.note(
            "unknown-member",
            format!("`{root}` has no field `{field}`"),
            at,
            &whole,
            help,
            meant.as_deref(),
        );
    }

    fn function(&mut self, name: &str, id: u64) {
        let operator = name.contains(['_', '@', '!', '-', '?'])
            && !name.chars().all(|c| c.is_alphanumeric() || c == '_')
            || name.starts_with('_');
        if operator
            || STANDARD.contains(&name)
            || functions::arities().any(|(known, _)| known == name)
        {
            return;
        }
        let known = STANDARD
            .iter()
            .copied()
            .chain(functions::arities().map(|(known, _)| known));
        let elsewhere = ELSEWHERE.iter();
        let elsewhere = elsewhere
            .filter(|(foreign, _)| foreign.eq_ignore_ascii_case(name))
            .map(|(_, here)| *here)
            .next();
        let meant = nearest(name, known).filter(|_| elsewhere.is_none());
        let help = match (elsewhere, meant) {
            (Some(here), _) => format!("here it is written {here}"),
            (None, Some(close)) => format!("did you mean `{close}`?"),
            (None, None) => "`rolecall kinds functions` lists the functions".to_owned(),
        };
        let message = format!("there is no function `{name}`");
        self.note("unknown-function", message, id, name, help, meant);
    }

    /// Our functions take a fixed number of arguments and are no methods, unless the standard
    /// library has a method of the name. A macro that was not expanded was called wrongly.
    fn arguments(&mut self, call: &CallExpr, id: u64) {
        let name = call.func_name.as_str();
        let given = call.args.len() + usize::from(call.target.is_some());
        let ours = functions::arities()
            .filter(|(known, _)| *known == name)
            .map(|(_, arity)| arity)
            .next();
        let help = match ours {
            Some(_) if STANDARD.contains(&name) && call.target.is_some() => return,
            Some(arity) if call.target.is_none() && given == arity => return,
            Some(arity) => format!(
                "write `{name}(…)` with {arity} argument{}",
                if arity == 1 { "" } else { "s" }
            ),
            None if MACROS.contains(&name) => match name {
                "has" => "write `has(a.b)`".to_owned(),
                _ => format!("write `list.{name}(x, …)`"),
            },
            None => return,
        };
        self.note(
            "wrong-arguments",
            format!("`{name}` is called with the wrong arguments"),
            id,
            name,
            help,
            None,
        );
    }

    /// Operations that cannot work on what they are given.
    fn kinds(&mut self) {
        for misfit in typing::misfits(self.program.expression()) {
            let Misfit {
                code,
                id,
                word,
                message,
                help,
            } = misfit;
            self.note(code, message, id, &word, help, None);
        }
    }

    /// Notes a mistake about a word near the place of a part of the program; `meant` is what the word
    /// should be.
    fn note(
        &mut self,
        code: &'static str,
        message: String,
        id: u64,
        word: &str,
        help: String,
        meant: Option<&str>,
    ) {
        let info = self.program.source_info();
        let near = info
            .offset_for(id)
            .map_or(0, |(start, _)| start as usize)
            .min(info.source.len());
        // The interpreter places a call at its bracket and a selection at its dot: the word itself
        // begins at or before that.
        let mut end = (near + word.len()).min(info.source.len());
        while !info.source.is_char_boundary(end) {
            end += 1;
        }
        let start = info.source[..end]
            .rfind(word)
            .or_else(|| info.source.find(word))
            .unwrap_or(near);
        let range = (self.author_range)(start..start + word.len());
        let problem = ExprError::new(code, message, range, help);
        self.found.push(match meant {
            Some(meant) => problem.instead(meant),
            None => problem,
        });
    }
}

/// Names as the subject of a sentence: `a`, `b` and `c` are.
fn sentence_list(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    match quoted.split_last() {
        Some((last, [])) => format!("only {last} is"),
        Some((last, rest)) => format!("{} and {last} are", rest.join(", ")),
        None => "nothing is".to_owned(),
    }
}
