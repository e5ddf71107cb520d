//! What an expression decides, and how it came out: which sides of its conditions a record takes.

use std::ops::Range;

use ::cel::common::ast::{Expr, IdedExpr, operators};

use super::cel::CelProgram;
use super::{Expression, Program, Scope, Value, reading, to_bool};

/// A condition in an expression. It comes out one way or the other: true or false.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// Where it stands in the program's source: its operator, or what opens a block.
    pub range: Range<usize>,
    /// What decides there, as a message calls it.
    pub what: &'static str,
}

impl Expression {
    /// The conditions of the program, in an order that is always the same.
    pub fn choices(&self) -> Vec<Choice> {
        match &self.program {
            Program::Literal(_) => Vec::new(),
            Program::Cel(program) => {
                let mut walk = Walk::of(program, None);
                walk.part(program.expression(), true);
                walk.choices
            }
            Program::Template(template) => template.choices(),
        }
    }

    /// How the conditions came out that were met on these variables: the index of each in
    /// [`choices`](Self::choices), and whether it was true. What cannot be evaluated is left out.
    pub fn chosen(&self, scope: &Scope<'_>) -> Vec<(usize, bool)> {
        match &self.program {
            Program::Literal(_) => Vec::new(),
            Program::Cel(program) => {
                let mut walk = Walk::of(program, Some(scope));
                walk.part(program.expression(), true);
                walk.chosen
            }
            Program::Template(template) => template.chosen(scope),
        }
    }
}

/// A walk through an expression that meets every condition, and decides those that are reached.
struct Walk<'w, 's> {
    program: &'w CelProgram,
    scope: Option<&'w Scope<'s>>,
    choices: Vec<Choice>,
    chosen: Vec<(usize, bool)>,
}

impl<'w, 's> Walk<'w, 's> {
    fn of(program: &'w CelProgram, scope: Option<&'w Scope<'s>>) -> Self {
        Self {
            program,
            scope,
            choices: Vec::new(),
            chosen: Vec::new(),
        }
    }

    /// `reached` is false for a side that is not taken: its conditions count, and decide nothing.
    fn part(&mut self, part: &IdedExpr, reached: bool) {
        // What a macro such as `exists` makes of its arguments has variables of its own.
        if let Expr::Comprehension(comprehension) = &part.expr {
            return self.part(&comprehension.iter_range, reached);
        }
        let Expr::Call(call) = &part.expr else {
            return self.parts(part, reached);
        };
        match (call.func_name.as_str(), call.args.as_slice()) {
            (operators::CONDITIONAL, [condition, then, otherwise]) => {
                let came = self.decide(part.id, "the condition of `?`", condition, reached);
                self.part(condition, reached);
                self.part(then, reached && came == Some(true));
                self.part(otherwise, reached && came == Some(false));
            }
            (operators::LOGICAL_AND, [left, right]) => {
                let came = self.decide(part.id, "the left side of `&&`", left, reached);
                self.part(left, reached);
                self.part(right, reached && came != Some(false));
            }
            (operators::LOGICAL_OR, [left, right]) => {
                let came = self.decide(part.id, "the left side of `||`", left, reached);
                self.part(left, reached);
                self.part(right, reached && came != Some(true));
            }
            _ => self.parts(part, reached),
        }
    }

    fn parts(&mut self, part: &IdedExpr, reached: bool) {
        for part in reading::parts(part) {
            self.part(part, reached);
        }
    }

    fn decide(
        &mut self,
        id: u64,
        what: &'static str,
        condition: &IdedExpr,
        reached: bool,
    ) -> Option<bool> {
        let index = self.choices.len();
        let operator = what.split('`').nth(1).unwrap_or_default();
        let range = self.program.place_of(id, operator);
        self.choices.push(Choice { range, what });
        let scope = self.scope.filter(|_| reached)?;
        let value: Value = self.program.resolve(condition, scope).ok()?;
        let came = to_bool(&value).ok()?;
        self.chosen.push((index, came));
        Some(came)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Span;
    use crate::expr::{Inputs, Template, Variables};

    /// The conditions of an expression as `operator@byte`, and how they come out for a record.
    fn decided(source: &str, record: serde_json::Value) -> (Vec<String>, Vec<(usize, bool)>) {
        let known = Variables::of(&["cols", "item", "resource"]);
        let program = match source.strip_prefix("tmpl:") {
            Some(template) => Template::compile(template, known).map(Program::Template),
            None => CelProgram::compile(source, known).map(Program::Cel),
        };
        let program = program.unwrap_or_else(|problems| panic!("{problems:?}"));
        let expression = Expression::new(program, Span::default());
        let record = Value::from(record);
        let inputs = Inputs::new();
        let written = expression.source();
        let choices = expression.choices();
        let shown = choices
            .iter()
            .map(|it| format!("{}@{}", &written[it.range.clone()], it.range.start));
        let shown = shown.collect();
        (
            shown,
            expression.chosen(&Scope::new(&inputs, Some(&record))),
        )
    }

    #[test]
    fn every_condition_is_met_and_only_what_is_reached_decides() {
        let (choices, chosen) = decided(
            ".a ? (.b == 'x' ? 'one' : 'two') : (.c && .d ? 'three' : 'four')",
            serde_json::json!({"a": true, "b": "y", "c": true, "d": true}),
        );
        assert_eq!(choices, ["?@3", "?@16", "?@45", "&&@39"]);
        assert_eq!(chosen, [(0, true), (1, false)]);
        let (choices, chosen) = decided(
            ".a || has(.b) && .b > 1",
            serde_json::json!({"a": false, "b": 2}),
        );
        assert_eq!(choices, ["||@3", "&&@14"]);
        assert_eq!(chosen, [(0, false), (1, true)]);
    }

    #[test]
    fn what_macros_are_made_of_is_no_condition_of_the_author() {
        let (choices, chosen) = decided(
            ".l.exists(x, x == 'a' && true) ? 1 : 2",
            serde_json::json!({"l": ["b"]}),
        );
        assert_eq!((choices.len(), chosen), (1, vec![(0, false)]));
    }

    #[test]
    fn blocks_of_templates_decide() {
        let (choices, chosen) = decided(
            "tmpl:/x{{ if .item.a }}/{{ .item.a }}{{ else }}{{ range .item.l }}{{ . }}{{ end }}{{ end }}",
            serde_json::json!({"a": "", "l": ["p", "q"]}),
        );
        assert_eq!(choices.len(), 2, "{choices:?}");
        assert_eq!(chosen, [(0, false), (1, true)]);
    }
}
