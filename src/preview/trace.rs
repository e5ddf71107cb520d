//! Expressions as they are evaluated, each with its value, kept with the record that it was about.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::diagnostic::Span;
use crate::expr::{EvalError, Expression, Scope, Value, Watch};

/// Steps kept of one record, and of what is asked before there are records.
const MOST: usize = 200;

/// An expression, and what it came to.
#[derive(Debug, Clone)]
pub struct Step {
    /// The scalar of the file that it is written in.
    pub place: Span,
    /// The expression as written.
    pub source: String,
    /// Its value, or why it has none.
    pub value: Result<Value, String>,
    /// The fields of the record that it reads, where it is CEL.
    pub members: Vec<String>,
    /// True when it is text that means itself.
    pub is_literal: bool,
}

/// Hears of every expression of a run.
#[derive(Debug, Default)]
pub(super) struct Trace(Mutex<Heard>);

#[derive(Debug, Default)]
struct Heard {
    /// Where the records of the present page are in memory, and how many there are.
    page: Option<(usize, usize)>,
    /// What was about no record.
    pending: Vec<Step>,
    of_records: HashMap<usize, Vec<Step>>,
}

impl Trace {
    /// A page came: what was heard since the last one was about asking for it.
    pub fn begin_page(&self, records: &[Value]) -> Vec<Step> {
        let mut heard = self.heard();
        heard.page = Some((records.as_ptr() as usize, records.len()));
        std::mem::take(&mut heard.pending)
    }

    /// A page was mapped: what was about its records, by their index, and the rest.
    pub fn end_page(&self) -> (HashMap<usize, Vec<Step>>, Vec<Step>) {
        let mut heard = self.heard();
        heard.page = None;
        let of_records = std::mem::take(&mut heard.of_records);
        (of_records, std::mem::take(&mut heard.pending))
    }

    fn heard(&self) -> MutexGuard<'_, Heard> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Watch for Trace {
    fn evaluated(
        &self,
        expression: &Expression,
        scope: &Scope<'_>,
        value: Result<&Value, &EvalError>,
    ) {
        let mut heard = self.heard();
        // A record is known by where it is: the records of a page stay there while it is mapped.
        let index = heard
            .page
            .zip(scope.record())
            .and_then(|((first, count), record)| {
                let at = std::ptr::from_ref(record) as usize;
                let index = at.checked_sub(first)? / size_of::<Value>();
                (index < count).then_some(index)
            });
        let steps = match index {
            Some(index) => heard.of_records.entry(index).or_default(),
            // Requests for the details of each item are too many to be told.
            None if scope.inputs().get("item").is_some() => return,
            None => &mut heard.pending,
        };
        let value = value.cloned().map_err(|error| error.message.clone());
        // Some fields are looked at twice.
        let place = expression.place();
        let known = steps
            .iter()
            .any(|step| step.place == place && step.value == value);
        if steps.len() < MOST && !known {
            steps.push(Step {
                place,
                source: expression.source().to_owned(),
                value,
                members: members(expression),
                is_literal: expression.literal().is_some(),
            });
        }
    }
}

/// The fields of the record that an expression reads, by either name that the record has.
fn members(expression: &Expression) -> Vec<String> {
    let mut members = expression.members("item");
    members.extend(expression.members("cols"));
    members.sort();
    members.dedup();
    members
}
