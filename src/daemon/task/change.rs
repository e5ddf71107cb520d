//! A prepared change → made once for its task, with the audit file.
//!
//! The platform hands a task out again when it hears nothing of it. Most changes bear that: the system
//! is asked first whether it is so already. Where it cannot be asked, the audit file says what an
//! earlier delivery of the same task came to.

use crate::daemon::Failure;
use crate::provision::{AuditFile, Deed, Earlier, Outcome, Prepared, RunOptions, Subject, Verdict};

use super::Connector;
use super::failure::unwritten;

/// Which task a change is made for.
pub(super) struct Delivery<'t> {
    pub id: &'t str,
    /// Whether it was handed out to this connector before.
    pub came_before: bool,
}

/// How the change of a task begins.
pub(super) enum Begin {
    /// It is made now.
    Now(AuditFile, RunOptions),
    /// It came to its end when the task was handed out before.
    Ended(Box<Outcome>),
}

/// Opens the audit file for the change of a task, unless an earlier delivery of the task has made it
/// and the system cannot be asked about it.
pub(super) fn begin(
    connector: &Connector,
    delivery: &Delivery<'_>,
    change: &Prepared<'_>,
) -> Result<Begin, Failure> {
    let whom = format!("task {}", delivery.id);
    let earlier = match delivery.came_before {
        true => Earlier::find(connector.audit.path(), &whom),
        false => Ok(None),
    };
    let earlier = earlier.map_err(|error| unwritten(&error))?;
    let options = RunOptions {
        // What somebody else began and nobody knows the end of is for them to look at. A new task is
        // somebody who has looked.
        again: earlier.is_none(),
    };
    // A new password that never reached anybody is of no use to them: it is made once more.
    let can_be_asked = change.timing.before || change.deed == Deed::Rotate;
    if let Some(earlier) = earlier
        && !can_be_asked
        && let Some(outcome) = ended(&earlier, change.operation, &change.subject)
    {
        return Ok(Begin::Ended(Box::new(outcome)));
    }
    let journal = connector.audit.on_behalf_of(&whom);
    let journal = journal.map_err(|error| unwritten(&error))?;
    Ok(Begin::Now(journal, options))
}

/// What an earlier delivery came to, where it left something behind.
fn ended(earlier: &Earlier, operation: &'static str, subject: &Subject) -> Option<Outcome> {
    let (verdict, message) = earlier.ended.as_ref()?;
    match verdict {
        Verdict::Made | Verdict::AlreadySo | Verdict::HalfDone | Verdict::WrongRows => {}
        // It left nothing, or the audit file makes it look first.
        Verdict::Failed | Verdict::Refused | Verdict::Unclear => return None,
    }
    Some(Outcome {
        operation,
        subject: subject.clone(),
        verdict: *verdict,
        message: format!(
            "when this task was handed out before, at {}: {message}",
            earlier.at
        ),
        annotations: Vec::new(),
        steps: Vec::new(),
        read_back: None,
        result: None,
    })
}
