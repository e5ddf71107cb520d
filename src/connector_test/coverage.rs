//! Which programs of a connector its tests evaluate, and which sides of their conditions they take.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Serialize;

use crate::config::{Node, NodeValue, parse_tree};
use crate::diagnostic::{Location, SourceFile, Span};
use crate::expr::{EvalError, Expression, Scope, Value, Watch, to_bool};

/// Keys of a resource type whose programs a sync evaluates.
const LISTINGS: &[&str] = &["list", "entitlements", "grants", "static_entitlements"];

/// Keys below them that are no part of listing, or that no test can look at.
const OTHERS: &[&str] = &["provisioning", "incremental_sync", "vars", "pagination"];

/// What the tests of a connector reach. It hears of every program that is evaluated.
#[derive(Debug)]
pub struct Coverage {
    file: Arc<SourceFile>,
    /// By where they stand.
    goals: Mutex<HashMap<Span, Goal>>,
}

/// A program that tests should reach.
#[derive(Debug)]
struct Goal {
    reached: bool,
    /// What decides in it.
    conditions: Vec<Condition>,
    /// Whether its own value decides: `skip_if`. The last of the conditions.
    decides: bool,
}

#[derive(Debug)]
struct Condition {
    span: Span,
    what: &'static str,
    /// Whether it was true, and whether it was false.
    came: (bool, bool),
}

/// How much of a connector its tests reach.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CoverageView {
    /// Programs in the listings.
    pub expressions: usize,
    /// Those of them that were evaluated.
    pub evaluated: usize,
    /// Sides of their conditions: two each.
    pub sides: usize,
    /// Those of them that were taken.
    pub taken: usize,
    /// What no test reaches, in the order of the file.
    pub gaps: Vec<Gap>,
}

/// Something that no test reaches.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Gap {
    /// `file:line:column`.
    #[serde(serialize_with = "as_text")]
    pub at: Location,
    /// One sentence: lower case, no full stop.
    pub message: String,
}

fn as_text<S: serde::Serializer>(at: &Location, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(at)
}

impl Coverage {
    /// Nothing is reached yet.
    pub(super) fn of(file: &Arc<SourceFile>, expressions: &[Expression]) -> Self {
        let listed = Listed::of(file);
        let mut goals = HashMap::new();
        for expression in expressions {
            let place = expression.place();
            if !listed.programs.contains(&place) || goals.contains_key(&place) {
                continue;
            }
            let decides = listed.decide.contains(&place);
            goals.insert(place, Goal::of(expression, decides, file));
        }
        Self {
            file: file.clone(),
            goals: Mutex::new(goals),
        }
    }

    fn goals(&self) -> MutexGuard<'_, HashMap<Span, Goal>> {
        self.goals.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What was reached so far.
    pub fn view(&self) -> CoverageView {
        let goals = self.goals();
        let mut sorted: Vec<_> = goals.iter().collect();
        sorted.sort_by_key(|(span, _)| **span);
        let mut view = CoverageView {
            expressions: goals.len(),
            evaluated: 0,
            sides: 0,
            taken: 0,
            gaps: Vec::new(),
        };
        for (span, goal) in sorted {
            view.sides += 2 * goal.conditions.len();
            if !goal.reached {
                view.gaps
                    .push(self.gap(*span, "no test evaluates this".to_owned()));
                continue;
            }
            view.evaluated += 1;
            for condition in &goal.conditions {
                view.taken += usize::from(condition.came.0) + usize::from(condition.came.1);
                if let Some(never) = never(condition.came) {
                    let message = format!("{} is never {never}", condition.what);
                    view.gaps.push(self.gap(condition.span, message));
                }
            }
        }
        view
    }

    fn gap(&self, span: Span, message: String) -> Gap {
        let at = Location {
            file: self.file.clone(),
            span,
        };
        Gap { at, message }
    }
}

fn never(came: (bool, bool)) -> Option<&'static str> {
    match came {
        (true, true) => None,
        (true, false) => Some("false"),
        (false, true) => Some("true"),
        (false, false) => Some("reached"),
    }
}

impl Goal {
    fn of(expression: &Expression, decides: bool, file: &SourceFile) -> Self {
        let place = expression.place();
        let written = &file.text()[place.start..place.end];
        // The program is written as it is, but for quotes around it and folded lines in it.
        let begins = written.find(expression.source().trim());
        let trimmed = expression.source().len() - expression.source().trim_start().len();
        let choices = expression.choices().into_iter().map(|choice| Condition {
            span: match begins {
                Some(begins) if choice.range.start >= trimmed => Span::new(
                    place.start + begins + choice.range.start - trimmed,
                    place.start + begins + choice.range.end - trimmed,
                ),
                _ => place,
            },
            what: choice.what,
            came: (false, false),
        });
        let mut conditions: Vec<_> = choices.collect();
        if decides {
            conditions.push(Condition {
                span: place,
                what: "`skip_if`",
                came: (false, false),
            });
        }
        Self {
            reached: false,
            conditions,
            decides,
        }
    }

    fn came(&mut self, index: usize, came: bool) {
        if let Some(condition) = self.conditions.get_mut(index) {
            match came {
                true => condition.came.0 = true,
                false => condition.came.1 = true,
            }
        }
    }
}

impl Watch for Coverage {
    fn evaluated(
        &self,
        expression: &Expression,
        scope: &Scope<'_>,
        value: Result<&Value, &EvalError>,
    ) {
        let mut goals = self.goals();
        let Some(goal) = goals.get_mut(&expression.place()) else {
            return;
        };
        goal.reached = true;
        if goal.conditions.is_empty() {
            return;
        }
        for (index, came) in expression.chosen(scope) {
            goal.came(index, came);
        }
        if goal.decides
            && let Ok(Ok(skips)) = value.map(to_bool)
        {
            goal.came(goal.conditions.len() - 1, skips);
        }
    }
}

/// Where the programs stand that a sync evaluates.
#[derive(Default)]
struct Listed {
    programs: HashSet<Span>,
    /// Those whose value decides whether a record counts.
    decide: HashSet<Span>,
}

impl Listed {
    fn of(file: &Arc<SourceFile>) -> Self {
        let mut listed = Listed::default();
        let root = parse_tree(file, &mut Vec::new());
        let types = root.as_ref().and_then(|root| root.get("resource_types"));
        for (_, of_type) in types.and_then(Node::as_map).unwrap_or_default() {
            for (key, section) in of_type.as_map().unwrap_or_default() {
                if LISTINGS.contains(&key.text.as_str()) {
                    listed.collect(&key.text, section);
                }
            }
        }
        listed
    }

    fn collect(&mut self, key: &str, node: &Node) {
        match &node.value {
            NodeValue::Null => {}
            NodeValue::Scalar { .. } => {
                self.programs.insert(node.span);
                if key == "skip_if" {
                    self.decide.insert(node.span);
                }
            }
            NodeValue::List(items) => items.iter().for_each(|item| self.collect(key, item)),
            NodeValue::Map(entries) => {
                for (key, node) in entries {
                    if !OTHERS.contains(&key.text.as_str()) {
                        self.collect(&key.text, node);
                    }
                }
            }
        }
    }
}
