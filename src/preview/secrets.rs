//! What no preview shows: the values of variables that are secrets, and fields that hold passwords.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use secrecy::SecretString;

use crate::config::{Environment, names_secret};
use crate::expr::{Map, Value};
use crate::plan::Plan;
use crate::source::Source;
use crate::source::redact::Redactor;

/// What is shown instead.
const MASK: &str = "***";

/// Words in the names of fields whose values nobody needs to see.
const HIDDEN: &[&str] = &["password", "passwd", "secret", "private_key", "privatekey"];

/// Remembers which variables a connector asks for while it is compiled.
#[derive(Debug, Default)]
pub struct Secrets {
    variables: Mutex<BTreeMap<String, SecretString>>,
}

impl Secrets {
    /// The environment for compiling the connector: what it asks for is remembered.
    pub fn environment<'e>(&'e self, inner: &'e dyn Environment) -> impl Environment + 'e {
        Remembering {
            secrets: self,
            inner,
        }
    }

    /// What hides the secrets of a connector that was compiled with that environment.
    pub fn of(&self, plan: &Plan) -> Hide {
        let variables = self
            .variables
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let mut secrets: Vec<SecretString> = variables.values().cloned().collect();
        if let Some(Value::Map(vars)) = plan.inputs.get("vars") {
            let named = vars.iter().filter(|(name, _)| names_secret(name));
            secrets.extend(named.filter_map(|(_, value)| match value {
                Value::Text(text) => Some(SecretString::from(text.as_str())),
                _ => None,
            }));
        }
        Hide {
            redactor: Redactor::new(secrets),
            source: plan.source.clone(),
        }
    }
}

struct Remembering<'e> {
    secrets: &'e Secrets,
    inner: &'e dyn Environment,
}

impl Environment for Remembering<'_> {
    fn get(&self, name: &str) -> Option<String> {
        let value = self.inner.get(name)?;
        if names_secret(name) {
            let variables = self.secrets.variables.lock();
            let mut variables = variables.unwrap_or_else(PoisonError::into_inner);
            variables.insert(name.to_owned(), SecretString::from(value.as_str()));
        }
        Some(value)
    }
}

/// Hides the secrets of a connector in what is shown.
#[derive(Debug)]
pub struct Hide {
    redactor: Redactor,
    source: Arc<dyn Source>,
}

impl Hide {
    /// A text without them.
    pub fn text(&self, text: &str) -> String {
        self.source.redact(&self.redactor.whole(text))
    }

    /// A value without them, and without what fields hold that are named like passwords.
    pub fn value(&self, value: &Value) -> Value {
        masked(value.clone()).with_texts(&|text| self.text(text))
    }
}

fn masked(value: Value) -> Value {
    match value {
        Value::List(values) => Value::List(values.into_iter().map(masked).collect()),
        Value::Map(fields) => {
            let fields = fields.into_iter().map(|(name, value)| {
                let plain = name.to_lowercase();
                let hidden = HIDDEN.iter().any(|word| plain.contains(word));
                let value = match (&value, hidden) {
                    (Value::Text(_) | Value::Bytes(_) | Value::Int(_), true) => Value::from(MASK),
                    _ => masked(value),
                };
                (name, value)
            });
            Value::Map(fields.collect::<Map>())
        }
        value => value,
    }
}
