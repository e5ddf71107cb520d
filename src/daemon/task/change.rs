//! A prepared change → made once for its task, with the audit file.
//!
//! The platform hands a task out again when it hears nothing of it. Most changes bear that: the system
//! is asked first whether it is so already. Where it cannot be asked, the audit file says what an
//! earlier delivery of the same task came to.

use crate::daemon::Failure;
use crate::provision::{
    AuditFile, Deed, Earlier, Outcome, Prepared, RunOptions, Subject, Verdict, Who,
};

use super::Connector;
use super::failure::unwritten;

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
    task_id: &str,
    change: &Prepared<'_>,
) -> Result<Begin, Failure> {
    let whom = format!("task {task_id}");
    let earlier = Earlier::find(&connector.audit, &whom).map_err(|error| unwritten(&error))?;
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
    let who = Who {
        on_behalf_of: Some(whom),
        ..connector.who.clone()
    };
    let journal = AuditFile::open(&connector.audit, who).map_err(|error| unwritten(&error))?;
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
