//! What an answer means: whether the request was obeyed, and whether there was something to do.
//!
//! The file is asked first: `already_condition`, then the failures that `error_handling.conditions`
//! knows, then `success_condition`. Only where it says nothing, the status decides.

use crate::expr::{Expression, Inputs, Scope};
use crate::plan::HttpStepPlan;
use crate::provision::prepared::Deed;
use crate::source::http::{Answered, Complaint, Unanswered};

/// What one request came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Came {
    /// It was obeyed.
    Made,
    /// There was nothing left to do.
    AlreadySo,
    /// It was not obeyed.
    Refused(String),
    /// It was not obeyed, perhaps because nothing was left to do.
    PerhapsAlreadySo(String),
    /// It was not even sent.
    NotSent(String),
    /// Nobody knows.
    Unknown(String),
    /// It began a job, and nobody knows what becomes of that.
    UnderWay(String),
}

/// What a request without an answer came to.
pub(super) fn unanswered(unanswered: &Unanswered) -> Came {
    let why = unanswered.error.to_string();
    match (unanswered.may_have_arrived, &unanswered.asked) {
        (true, _) => Came::Unknown(why),
        (false, Some(_)) => Came::Refused(why),
        (false, None) => Came::NotSent(why),
    }
}

/// Judges the answers to one request.
pub(super) struct Judge<'j> {
    /// The request.
    pub step: &'j HttpStepPlan,
    /// What its templates and conditions know besides the answer.
    pub inputs: &'j Inputs,
    /// What kind of change it is.
    pub deed: Deed,
}

impl Judge<'_> {
    /// What an answer says of its request.
    pub fn answered(&self, answered: &Answered) -> Came {
        self.by_the_file(answered, |why| {
            // An answer to the second request says nothing of the first one.
            if answered.repeated && !answered.is_success() {
                return Came::Unknown(why);
            }
            match answered.status {
                200..=299 => Came::Made,
                status if self.deed.perhaps_already(status) && self.step.already.is_none() => {
                    Came::PerhapsAlreadySo(why)
                }
                408 => Came::Unknown(why),
                400..=499 => Came::Refused(why),
                // A redirect may be how the system says that it obeyed.
                300..=399 => Came::Unknown(format!(
                    "{why}, which leads elsewhere and does not say whether the change was made"
                )),
                _ => Came::Unknown(why),
            }
        })
    }

    /// What the last answer says of a job that has come to its end.
    pub fn ended(&self, last: &Answered) -> Came {
        self.by_the_file(last, |why| match last.is_success() {
            true => Came::Made,
            // The job was looked for, and not the change refused.
            false => Came::Unknown(why),
        })
    }

    fn by_the_file(&self, answered: &Answered, usual: impl Fn(String) -> Came) -> Came {
        let mut why = answered.refused().to_string();
        match self.holds("already_condition", self.step.already.as_ref(), answered) {
            Ok(Some(true)) => return Came::AlreadySo,
            Ok(_) => {}
            // Most often it looks for a field that only that answer has which it is about.
            Err(reason) if answered.is_success() => {
                tracing::warn!(reason, "a condition is not looked at")
            }
            Err(reason) => why.push_str(&format!("; {reason}")),
        }
        match &answered.complaint {
            Some(Complaint::Failed(why)) => return Came::Refused(why.to_string()),
            Some(Complaint::Doubtful(why)) => return Came::Unknown(why.clone()),
            None => {}
        }
        match self.holds("success_condition", self.step.success.as_ref(), answered) {
            Ok(Some(true)) => Came::Made,
            Ok(Some(false)) if answered.is_success() => {
                Came::Refused(format!("`success_condition` is false of the answer: {why}"))
            }
            Ok(_) => usual(why),
            Err(reason) if answered.is_success() => Came::Unknown(reason),
            Err(reason) => usual(format!("{why}; {reason}")),
        }
    }

    /// Whether the answer to a change promises a job.
    pub fn begins_job(&self, answered: &Answered) -> bool {
        let Some(wait) = &self.step.wait else {
            return false;
        };
        if !answered.is_success() || answered.complaint.is_some() {
            return false;
        }
        // One that cannot be judged is waited for: what comes of it is known then.
        wait.applies.as_ref().is_none_or(|applies| {
            let known = answered.known(self.inputs);
            applies.truth(&Scope::new(&known, None)).unwrap_or(true)
        })
    }

    /// Whether the very answer to the change says that nothing is left to do. A condition that is about
    /// the job may fail on it.
    pub fn is_already_so(&self, answered: &Answered) -> bool {
        self.holds("already_condition", self.step.already.as_ref(), answered) == Ok(Some(true))
    }

    /// `None` when no condition is written; the reason when it fails on this answer.
    fn holds(
        &self,
        field: &str,
        condition: Option<&Expression>,
        answered: &Answered,
    ) -> Result<Option<bool>, String> {
        let Some(condition) = condition else {
            return Ok(None);
        };
        let known = answered.known(self.inputs);
        match condition.truth(&Scope::new(&known, None)) {
            Ok(holds) => Ok(Some(holds)),
            Err(error) => Err(format!(
                "`{field}` cannot be judged on the answer {} of {}: {error}",
                answered.status, answered.asked
            )),
        }
    }
}
