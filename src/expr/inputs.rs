//! The named values that a program may use.

use std::fmt;
use std::sync::Arc;

use super::{Value, Watch};

/// Variables by name: `item`, `resource`, `principal` …
#[derive(Clone, Default)]
pub struct Inputs {
    variables: Vec<(String, Value)>,
    watch: Option<Arc<dyn Watch>>,
}

impl Inputs {
    /// No variables.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a variable, replacing one of the same name.
    pub fn set(&mut self, name: impl Into<String>, value: Value) {
        let name = name.into();
        self.variables.retain(|(found, _)| *found != name);
        self.variables.push((name, value));
    }

    /// The same inputs with one more variable.
    pub fn with(mut self, name: impl Into<String>, value: Value) -> Self {
        self.set(name, value);
        self
    }

    /// Adds all variables of others, replacing those of the same names.
    pub fn extend(&mut self, others: &Inputs) {
        for (name, value) in others.iter() {
            self.set(name, value.clone());
        }
    }

    /// The same inputs, with somebody who hears of every expression that is evaluated on them, or on
    /// others that are made from them.
    pub fn watched(mut self, watch: Arc<dyn Watch>) -> Self {
        self.watch = Some(watch);
        self
    }

    /// Who hears of the expressions.
    pub(super) fn watch(&self) -> Option<&dyn Watch> {
        self.watch.as_deref()
    }

    /// The value of a variable.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.variables
            .iter()
            .find(|(found, _)| found == name)
            .map(|(_, value)| value)
    }

    /// Names and values, in the order they were first set.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.variables
            .iter()
            .map(|(name, value)| (name.as_str(), value))
    }
}

/// Without whoever looks on.
impl fmt::Debug for Inputs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}
