//! What the requests of a change would send, for people and for plan files.

use super::{PRE_REQUESTS, keep_secrets, place, waits_for_answers};
use crate::expr::{Expression, Inputs};
use crate::plan::{HttpChangePlan, HttpStepPlan};
use crate::provision::planned::{PlannedStep, Sent};
use crate::provision::prepared::Prepared;
use crate::source::SourceError;
use crate::source::http::{Asks, HttpChange, View};

/// What the requests would send. Of requests that are made before others, only those that read are
/// made, and those only where `asks` says so.
pub(in crate::provision) async fn plan(
    change: &HttpChangePlan,
    prepared: &Prepared<'_>,
    asks: Asks,
) -> Result<Vec<PlannedStep>, SourceError> {
    keep_secrets(change, prepared);
    let mut steps = Vec::new();
    for step in &change.steps {
        let place = place(step);
        let before = shown(&step.request, &prepared.inputs, asks, waits_for_answers).await?;
        let expects = expects(step);
        steps.extend(
            before
                .written_before
                .into_iter()
                .map(|(name, view)| PlannedStep {
                    step: format!("{place}.{PRE_REQUESTS}.{name}"),
                    sent: Sent::Request(view),
                    expects: "any status from 200 to 299".to_owned(),
                }),
        );
        steps.push(PlannedStep {
            step: place.clone(),
            sent: Sent::Request(before.view),
            expects: match before.waits_for {
                Some(what) => format!("{expects}; what is filled in comes from {what}"),
                None => expects,
            },
        });
        if let Some(wait) = &step.wait {
            let looks = shown(&wait.request, &prepared.inputs, asks, |request| {
                waits_for_answers(request)
                    || request.mentions("response")
                    || request.mentions("headers")
            });
            let when = wait.applies.as_ref();
            let when = when.map_or(String::new(), |applies| {
                format!("only where {} of the answer; ", told(applies))
            });
            steps.push(PlannedStep {
                step: format!("{place}.wait"),
                sent: Sent::Request(looks.await?.view),
                expects: format!(
                    "{when}asked every {} s until {}, for {} s at most",
                    wait.every.as_secs_f64(),
                    told(&wait.until),
                    wait.at_most.as_secs_f64()
                ),
            });
        }
    }
    Ok(steps)
}

/// A request as it would be sent; as the file has it where it waits for an answer to a change.
async fn shown(
    request: &HttpChange,
    inputs: &Inputs,
    asks: Asks,
    waits: impl Fn(&HttpChange) -> bool,
) -> Result<View, SourceError> {
    match waits(request) {
        true => Ok(request.view_unfilled("the answers to the requests before it")),
        false => request.view_all(inputs, asks).await,
    }
}

fn expects(step: &HttpStepPlan) -> String {
    let mut expects = match &step.success {
        Some(success) => told(success),
        None => "any status from 200 to 299".to_owned(),
    };
    if let Some(already) = &step.already {
        expects.push_str(&format!("; nothing was left to do where {}", told(already)));
    }
    expects
}

fn told(condition: &Expression) -> String {
    format!("`{}`", condition.source().trim())
}
