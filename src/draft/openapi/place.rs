//! What a draft needs besides its types: variables, things to do, and what was seen on the way.

use std::collections::BTreeMap;

use crate::draft::guess::{identifier, variable, words};
use crate::draft::yaml::Section;

/// Collects them while the draft is made.
pub(super) struct Place {
    prefix: String,
    pub vars: Section,
    pub variables: Vec<String>,
    pub todos: Vec<String>,
    pub notes: Vec<String>,
    /// Entries of `vars` by the parameter that they stand for.
    known: BTreeMap<String, String>,
    /// Variables that a URL begins with, and what tests have in their place.
    pub stand_ins: Vec<(String, String)>,
    /// Paths that grants are read from.
    pub used: Vec<String>,
    /// Headers that every request needs.
    pub headers: Vec<(String, String)>,
}

impl Place {
    pub(super) fn new(prefix: &str) -> Self {
        Self {
            prefix: prefix.to_owned(),
            vars: Section::new(),
            variables: Vec::new(),
            todos: Vec::new(),
            notes: Vec::new(),
            known: BTreeMap::new(),
            stand_ins: Vec::new(),
            used: Vec::new(),
            headers: Vec::new(),
        }
    }

    /// A variable of the environment, `${ACME_TOKEN}`.
    pub(super) fn variable(&mut self, name: &str) -> String {
        let name = format!("{}_{}", self.prefix, variable(name));
        if !self.variables.contains(&name) {
            self.variables.push(name.clone());
        }
        format!("${{{name}}}")
    }

    /// The name under `vars` of something that nobody but the person knows, such as an organization.
    pub(super) fn var(&mut self, parameter: &str) -> String {
        if let Some(known) = self.known.get(parameter) {
            return known.clone();
        }
        let mut name = identifier(&words(parameter));
        while self.known.values().any(|known| *known == name) {
            name.push_str("_2");
        }
        let value = self.variable(&name);
        self.vars.put(&name, value);
        self.known.insert(parameter.to_owned(), name.clone());
        name
    }

    pub(super) fn todo(&mut self, text: impl Into<String>) {
        let text = text.into();
        if !self.todos.contains(&text) {
            self.todos.push(text);
        }
    }
}
