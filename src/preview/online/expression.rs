//! What an expression came to on the records of a listing → what is wrong with it.

use crate::diagnostic::{Diagnostic, Location, list, nearest};
use crate::expr::Value;
use crate::preview::Step;

/// From so many records on, a field that is null in all of them is more than chance.
const ENOUGH: usize = 10;

/// Fewer records say nothing of what is usual.
const FEW: usize = 3;

/// How many fields of the records are named in a message.
const NAMED: usize = 12;

/// What an expression came to on the records.
#[derive(Debug, Default)]
pub(super) struct Told {
    /// The fields of the record that it reads.
    members: Vec<String>,
    times: usize,
    nulls: usize,
    failed: usize,
    failure: Option<String>,
}

impl Told {
    /// Notes what it came to on a record.
    pub fn hear(&mut self, step: &Step) {
        self.times += 1;
        self.members.clone_from(&step.members);
        match &step.value {
            Err(error) => {
                self.failed += 1;
                self.failure.get_or_insert_with(|| error.clone());
            }
            Ok(Value::Null) => self.nulls += 1,
            Ok(Value::Text(text)) if text.is_empty() => self.nulls += 1,
            Ok(_) => {}
        }
    }

    /// What is wrong with it, where the records have these fields.
    pub fn judged(self, at: Location, fields: &[&str]) -> Option<Diagnostic> {
        let Told { times, nulls, .. } = self;
        let records = |count: usize| format!("{count} record{}", if count == 1 { "" } else { "s" });
        let absent = self
            .members
            .iter()
            .find(|member| !fields.is_empty() && !fields.contains(&member.as_str()));
        if let Some(member) = absent {
            let message = format!("no record has a field `{member}`, of {}", records(times));
            let near = nearest(member, fields.iter().copied());
            let diagnostic = match self.failed == times {
                // A sync can map none of them.
                true => Diagnostic::error("field-never-there", at, message),
                false => weighed(times, "field-never-there", at, message),
            };
            return Some(match near {
                Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
                None => diagnostic.help(format!(
                    "the records have {}",
                    list(&fields[..fields.len().min(NAMED)])
                )),
            });
        }
        if let Some(failure) = self.failure {
            let of = format!("{} of {}", self.failed, records(times));
            let message = format!("this fails for {of}: {failure}");
            return Some(Diagnostic::error("expression-failed", at, message));
        }
        if nulls < times || times < FEW {
            return None;
        }
        let message = format!("this is null or empty in each of {}", records(times));
        let help = "see with `rolecall preview --raw` which field holds the value";
        Some(weighed(times, "always-null", at, message).help(help))
    }
}

/// A warning where there were enough records to tell, else a note.
fn weighed(times: usize, code: &'static str, at: Location, message: String) -> Diagnostic {
    match times >= ENOUGH {
        true => Diagnostic::warning(code, at, message),
        false => Diagnostic::note(code, at, message),
    }
}
