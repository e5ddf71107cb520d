//! A change by requests, one after the other.

mod course;
mod job;
mod judge;
mod plan;

pub(super) use plan::plan;

use course::Course;
use judge::{Came, Judge};

use super::prepared::Prepared;
use super::steps::Stepped;
use crate::expr::{Inputs, Value};
use crate::plan::{HttpChangePlan, HttpStepPlan, RESPONSES};
use crate::source::http::HttpChange;

/// Makes the requests. The first one that did not work is the last.
pub(super) async fn run(change: &HttpChangePlan, prepared: &Prepared<'_>) -> Stepped {
    keep_secrets(change, prepared);
    let mut course = Course::new(change, prepared);
    for step in &change.steps {
        let came = make(step, &mut course).await;
        if let Some(stopped) = course.note(step, came) {
            return stopped;
        }
    }
    course.arrived()
}

/// Before anything is sent: no message and no recording may have them.
pub(super) fn keep_secrets(change: &HttpChangePlan, prepared: &Prepared<'_>) {
    if let Some(step) = change.steps.first() {
        for secret in &prepared.secrets {
            step.request.keep_secret(secret);
        }
    }
}

/// Makes one request, and waits for the job that it begins.
async fn make(step: &HttpStepPlan, course: &mut Course<'_>) -> Came {
    let inputs = course.inputs.clone();
    let answered = match step.request.send(&inputs).await {
        Ok(answered) => answered,
        Err(unanswered) => {
            course.wrote_before(step, &unanswered.written_before);
            course.unanswered(&unanswered);
            return judge::unanswered(&unanswered);
        }
    };
    course.wrote_before(step, &answered.written_before);
    course.answered(&answered);
    let judge = Judge {
        step,
        inputs: &inputs,
        deed: course.deed,
    };
    let wait = step.wait.as_ref().filter(|_| judge.begins_job(&answered));
    let Some(wait) = wait else {
        return judge.answered(&answered);
    };
    if judge.is_already_so(&answered) {
        return Came::AlreadySo;
    }
    match job::wait_for(wait, &inputs, &answered).await {
        Ok(last) => {
            course.answered(&last);
            judge.ended(&last)
        }
        Err(why) => Came::UnderWay(why),
    }
}

/// What requests that are made before others are called.
const PRE_REQUESTS: &str = "pre_requests";

/// What a request is called in messages: its place in the file.
fn place(step: &HttpStepPlan) -> String {
    match step.name.as_str() {
        "" => "request".to_owned(),
        name => format!("requests.{name}"),
    }
}

/// Whether a request waits for an answer that nobody has before the change is made.
fn waits_for_answers(request: &HttpChange) -> bool {
    request.mentions(RESPONSES)
}

/// The answer to a request, as those after it know it.
fn response(brought: &Inputs) -> Value {
    brought.get("response").cloned().unwrap_or_default()
}
