//! `wait`: a job that the answer to a change only promises → the answer that ends it.

use crate::expr::{Inputs, Scope};
use crate::plan::WaitPlan;
use crate::source::http::Answered;

/// Looks at the job until it has come to its end. `Err` says why nobody knows what became of it.
pub(super) async fn wait_for(
    wait: &WaitPlan,
    inputs: &Inputs,
    begun: &Answered,
) -> Result<Answered, String> {
    let inputs = begun.known(inputs);
    let began = wait.request.now();
    let mut last = None;
    loop {
        let waited = wait.request.now().duration_since(began);
        if waited.unwrap_or_default() + wait.every > wait.at_most {
            let told = last.map_or(String::new(), |why: String| format!("; last: {why}"));
            return Err(format!(
                "the job that the system promised has not come to its end within {} s{told}",
                wait.at_most.as_secs_f64()
            ));
        }
        wait.request.wait_for_job(wait.every).await;
        let answered = match wait.request.send(&inputs).await {
            Ok(answered) => answered,
            // The job goes on whether or not it can be looked at for the moment.
            Err(unanswered) if unanswered.error.is_transient() => {
                last = Some(unanswered.error.to_string());
                continue;
            }
            Err(unanswered) => {
                return Err(format!(
                    "the job that the system promised cannot be looked at: {}",
                    unanswered.error
                ));
            }
        };
        let is_over = wait
            .until
            .truth(&Scope::new(&answered.known(&inputs), None));
        match (is_over, answered.is_success()) {
            (Ok(true), _) => return Ok(answered),
            (Ok(false), true) => last = None,
            (Err(error), true) => {
                return Err(format!(
                    "`until` cannot be judged on the answer {} of {}: {error}",
                    answered.status, answered.asked
                ));
            }
            // Jobs are often shown only a moment after they were promised.
            (_, false) if may_pass(answered.status) => {
                last = Some(answered.refused().to_string());
            }
            (_, false) => {
                return Err(format!(
                    "the job that the system promised cannot be looked at: {}",
                    answered.refused()
                ));
            }
        }
    }
}

fn may_pass(status: u16) -> bool {
    matches!(status, 404 | 408 | 409 | 425 | 429 | 500..)
}
