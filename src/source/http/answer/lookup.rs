//! `response.lookups`: what belongs to an item, found elsewhere in the same answer.

use std::collections::HashMap;

use serde_json::Value as Json;

use crate::config::http::LookupConfig;
use crate::config::{Bare, CompileContext, Key};
use crate::expr::{EvalError, Expression, Inputs, Map, Program, Scope, Value, Variables, to_text};
use crate::source::SourceError;
use crate::source::http::paths::{Found, JsonPath};

/// What an entry of the list and an item are bound to.
const VARIABLES: Variables = Variables::of(&["item", "cols"]);

/// A compiled lookup.
#[derive(Debug)]
pub(in crate::source::http) struct Lookup {
    name: String,
    path: JsonPath,
    key: Expression,
    of: Expression,
}

impl Lookup {
    /// Compiles a lookup; every mistake is noted.
    pub(in crate::source::http) fn compile(
        name: &Key,
        config: &LookupConfig,
        cx: &mut CompileContext,
    ) -> Option<Self> {
        let path = JsonPath::compile(&config.path, cx);
        let key = cx.expression(&config.key, Bare::Literal, VARIABLES);
        let of = cx.expression(&config.of, Bare::Literal, VARIABLES);
        Some(Self {
            name: name.text.clone(),
            path: path?,
            key: key?,
            of: of?,
        })
    }
}

/// The lookups of one answer, each with its list by key.
pub(in crate::source::http) struct Lookups<'l>(Vec<(&'l Lookup, HashMap<String, Value>)>);

impl<'l> Lookups<'l> {
    /// Orders the lists of an answer by their keys. A list that is not there is empty: APIs leave out
    /// what no item needs.
    pub(in crate::source::http) fn of(
        lookups: &'l [Lookup],
        rest: Option<&Json>,
    ) -> Result<Self, SourceError> {
        let index = |lookup: &'l Lookup| {
            let entries = rest.map_or_else(Vec::new, |rest| match lookup.path.find(rest) {
                Found::One(_, Json::Array(entries)) => entries.iter().collect(),
                Found::One(_, Json::Null) | Found::Missing => Vec::new(),
                Found::One(_, one) => vec![one],
                Found::Each(entries) => entries,
                Found::Lists(lists) => lists
                    .into_iter()
                    .flat_map(|list| list.as_array().into_iter().flatten())
                    .collect(),
            });
            let inputs = Inputs::new();
            let mut by_key = HashMap::with_capacity(entries.len());
            for entry in entries {
                let entry = Value::from(entry.clone());
                let key = lookup.key.text(&Scope::new(&inputs, Some(&entry)))?;
                if let Some(key) = key {
                    by_key.insert(key, entry);
                }
            }
            Ok((lookup, by_key))
        };
        lookups
            .iter()
            .map(index)
            .collect::<Result<_, EvalError>>()
            .map(Self)
            .map_err(SourceError::from)
    }

    /// Puts into an item what belongs to it.
    pub(in crate::source::http) fn complete(&self, item: &mut Value) -> Result<(), SourceError> {
        for (lookup, by_key) in &self.0 {
            let found = match value(&lookup.of, item)? {
                Value::List(keys) => {
                    let mut all = Vec::new();
                    for key in &keys {
                        let key = as_text(&lookup.of, key)?;
                        all.extend(key.and_then(|key| by_key.get(&key).cloned()));
                    }
                    Value::List(all)
                }
                key => as_text(&lookup.of, &key)?
                    .and_then(|key| by_key.get(&key).cloned())
                    .unwrap_or_default(),
            };
            fields(item).insert(lookup.name.clone(), found);
        }
        Ok(())
    }
}

/// The fields of an item. A bare one is kept under `item`.
pub(in crate::source::http) fn fields(item: &mut Value) -> &mut Map {
    if !matches!(item, Value::Map(_)) {
        let bare = std::mem::take(item);
        *item = Value::Map(Map::from_iter([("item".to_owned(), bare)]));
    }
    match item {
        Value::Map(fields) => fields,
        _ => unreachable!("it was made a map"),
    }
}

fn value(expression: &Expression, item: &Value) -> Result<Value, EvalError> {
    let inputs = match expression.program() {
        Program::Template(_) => Inputs::new().with("item", item.clone()),
        Program::Literal(_) | Program::Cel(_) => Inputs::new(),
    };
    expression.value(&Scope::new(&inputs, Some(item)))
}

/// A key as text, so that a number in one place matches text in another.
fn as_text(expression: &Expression, value: &Value) -> Result<Option<String>, EvalError> {
    let source = match expression.program() {
        Program::Cel(program) => program.source(),
        _ => "a lookup",
    };
    to_text(value).map_err(|message| EvalError::new(source, message))
}
