//! The named values that a program may use.

use super::Value;

/// Variables by name: `item`, `resource`, `principal` …
#[derive(Debug, Clone, Default)]
pub struct Inputs(Vec<(String, Value)>);

impl Inputs {
    /// No variables.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a variable, replacing one of the same name.
    pub fn set(&mut self, name: impl Into<String>, value: Value) {
        let name = name.into();
        self.0.retain(|(found, _)| *found != name);
        self.0.push((name, value));
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

    /// The value of a variable.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0
            .iter()
            .find(|(found, _)| found == name)
            .map(|(_, value)| value)
    }

    /// Names and values, in the order they were first set.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }
}
