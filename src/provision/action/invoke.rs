//! An action and its arguments → a change that is ready to be made.

use std::io;

use secrecy::SecretString;
use serde_json::{Map as JsonMap, Value as Json};

use super::super::ask::AskError;
use super::super::audit::Journal;
use super::super::outcome::Subject;
use super::super::prepared::{Deed, Prepared, Timing};
use super::super::proof::NoProof;
use super::super::run::{Finished, RunOptions};
use super::{answer, arguments};
use crate::config::names_secret;
use crate::expr::{Inputs, Map, Value};
use crate::plan::{ActionPlan, Plan};

/// An action that is ready to be run.
#[derive(Debug)]
pub struct Invocation<'p> {
    /// The change. It answers nothing by itself: see [`Invocation::answer`].
    pub prepared: Prepared<'p>,
    /// What is run.
    pub action: &'p ActionPlan,
}

/// Prepares an action. Every mistake in the arguments is reported at once; nothing is sent.
///
/// Arguments have the types of JSON, or are texts of such values, as command lines have them; null
/// stands for one that is left out.
pub fn invoke<'p>(
    plan: &'p Plan,
    id: &str,
    given: &JsonMap<String, Json>,
) -> Result<Invocation<'p>, AskError> {
    let actions = plan.actions.iter();
    let action = actions
        .clone()
        .find(|action| action.id == id)
        .ok_or_else(|| AskError::unknown("action", id, actions.map(|action| action.id.as_str())))?;
    let values = arguments::read(action, given)?;
    let secrets = values.iter().filter(|(name, _)| names_secret(name));
    let secrets = secrets.flat_map(|(_, value)| texts(value.as_ref()));
    Ok(Invocation {
        prepared: Prepared {
            plan,
            deed: Deed::Act,
            operation: Deed::Act.name(),
            subject: subject(id, &values),
            change: &action.change,
            secrets: secrets.map(SecretString::from).collect(),
            inputs: inputs(plan, values),
            proof: Box::new(NoProof),
            timing: Timing::default(),
        },
        action,
    })
}

impl Invocation<'_> {
    /// Runs the action, and puts what it answers into the outcome. Fails only where the audit file
    /// cannot be written: then nothing was sent.
    pub async fn run(
        &self,
        journal: &mut dyn Journal,
        options: RunOptions,
    ) -> io::Result<Finished> {
        let mut finished = self.prepared.run(journal, options).await?;
        self.answer(&mut finished);
        Ok(finished)
    }

    /// Puts what the action answers into the outcome of a run: `success` and `message`, and what
    /// `returns` of the file brings; `success` and `error` of one that failed.
    pub fn answer(&self, finished: &mut Finished) {
        answer::put(self, finished);
    }
}

/// The action, and what was said, as the audit file shows it.
fn subject(id: &str, values: &[(String, Option<Value>)]) -> Subject {
    let shown = values.iter().filter_map(|(name, value)| {
        let shown = match names_secret(name) {
            true => Json::from("***"),
            false => value.as_ref()?.into(),
        };
        value.as_ref().map(|_| (name.clone(), shown))
    });
    let shown = Json::Object(shown.collect());
    Subject::from([("action", id.to_owned()), ("arguments", shown.to_string())])
}

/// The arguments under their own names, null where they were left out, and those that are there
/// under `input`.
fn inputs(plan: &Plan, values: Vec<(String, Option<Value>)>) -> Inputs {
    let mut inputs = plan.inputs.clone();
    let there = values
        .iter()
        .filter_map(|(name, value)| Some((name.clone(), value.clone()?)));
    let input = Value::Map(there.collect::<Map>());
    for (name, value) in values {
        inputs.set(name, value.unwrap_or_default());
    }
    // Last: an argument of that name is `input.input`.
    inputs.with("input", input)
}

/// The texts in a value, which is secret.
fn texts(value: Option<&Value>) -> Vec<String> {
    match value {
        Some(Value::Text(text)) => vec![text.clone()],
        Some(Value::List(items)) => items.iter().flat_map(|item| texts(Some(item))).collect(),
        Some(Value::Map(map)) => map.values().flat_map(|item| texts(Some(item))).collect(),
        _ => Vec::new(),
    }
}
