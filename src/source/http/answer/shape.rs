//! Items as an API sends them → records: rows get the names of their columns, lists in items are
//! unwound, what belongs to an item is put into it.

use serde_json::Value as Json;

use super::lookup::{Lookup, Lookups};
use crate::config::CompileContext;
use crate::config::http::ResponseConfig;
use crate::config::scalar::PathText;
use crate::expr::{Map, Value};
use crate::source::http::paths::{Found, JsonPath, Step};
use crate::source::{PartialReason, SourceError};

/// What is done to the items of a listing.
#[derive(Debug, Default)]
pub struct Shape {
    /// The name under which an item has its key.
    pub(in crate::source::http) key: Option<String>,
    pub(in crate::source::http) columns: Columns,
    unwind: Option<Unwind>,
    lookups: Vec<Lookup>,
}

/// Where the names of columns are.
#[derive(Debug, Default)]
pub(in crate::source::http) enum Columns {
    /// Items have names themselves.
    #[default]
    None,
    Written(Vec<String>),
    /// In the first item of each answer.
    FirstRow,
    /// Elsewhere in each answer.
    At(JsonPath),
}

impl Shape {
    /// Compiles the fields of a `response`; every mistake is noted.
    pub(in crate::source::http) fn compile(
        config: &ResponseConfig,
        cx: &mut CompileContext,
    ) -> Option<Self> {
        let columns = match (&config.columns_path, config.columns.0.as_slice()) {
            (Some(path), []) => JsonPath::compile(path, cx).map(Columns::At),
            (None, []) => Some(Columns::None),
            (None, [only]) if only.text == "first_row" => Some(Columns::FirstRow),
            (None, names) => {
                let names = names.iter().map(|name| name.text.clone()).collect();
                Some(Columns::Written(names))
            }
            (Some(_), [written, ..]) => {
                let message = "`columns` and `columns_path` both say what the columns are called";
                cx.error("conflicting-fields", written.span, message)
            }
        };
        let unwind = config.unwind.as_ref().map(|path| Unwind::compile(path, cx));
        let lookups: Vec<_> = config
            .lookups
            .iter()
            .map(|(name, lookup)| Lookup::compile(name, lookup, cx))
            .collect();
        Some(Self {
            key: config.items_key.as_ref().map(|key| key.text.clone()),
            columns: columns?,
            unwind: match unwind {
                Some(unwind) => Some(unwind?),
                None => None,
            },
            lookups: lookups.into_iter().collect::<Option<_>>()?,
        })
    }

    /// True when an item becomes several records.
    pub(super) fn unwinds(&self) -> bool {
        self.unwind.is_some()
    }

    /// True when the items need more of the answer than themselves.
    pub(in crate::source::http) fn needs_whole(&self) -> bool {
        matches!(self.columns, Columns::At(_)) || !self.lookups.is_empty()
    }

    /// Gets ready for the items of one answer. `rest` is the answer without them, where it is known.
    pub(in crate::source::http) fn of<'s>(
        &'s self,
        rest: Option<&Json>,
    ) -> Result<Shaper<'s>, SourceError> {
        let names = match (&self.columns, rest) {
            (Columns::Written(names), _) => Some(names.clone()),
            (Columns::At(path), Some(rest)) => Some(names(path, rest)?),
            _ => None,
        };
        Ok(Shaper {
            shape: self,
            names,
            lookups: Lookups::of(&self.lookups, rest)?,
            reached: false,
        })
    }
}

/// Shapes the items of one answer.
pub(in crate::source::http) struct Shaper<'s> {
    shape: &'s Shape,
    names: Option<Vec<String>>,
    lookups: Lookups<'s>,
    /// Whether an item had the list that is unwound.
    reached: bool,
}

impl Shaper<'_> {
    /// Makes records of some items, in their order.
    pub(in crate::source::http) fn records(
        &mut self,
        items: Vec<Value>,
    ) -> Result<Vec<Value>, SourceError> {
        let mut items = items.into_iter();
        if matches!(self.shape.columns, Columns::FirstRow) && self.names.is_none() {
            self.names = items.next().map(header).transpose()?;
        }
        let rows = self.names.as_deref();
        let unwind = self.shape.unwind.as_ref();
        let mut records = Vec::with_capacity(items.len());
        for item in items {
            let mut item = match (rows, item) {
                (Some(names), Value::List(values)) => row(names, values)?,
                (_, item) => item,
            };
            self.lookups.complete(&mut item)?;
            match unwind {
                Some(unwind) => {
                    self.reached |= place(&mut item, &unwind.0).is_some();
                    unwind.records(item, &mut records);
                }
                None => records.push(item),
            }
        }
        Ok(records)
    }

    /// Why there may be more, where no item had the list that is unwound, although items are completed
    /// later: a list that comes with `detail` is easily looked for too early.
    pub(in crate::source::http) fn too_early(&self) -> Option<PartialReason> {
        let unwind = self.shape.unwind.as_ref().filter(|_| !self.reached)?;
        Some(PartialReason {
            code: "items-missing",
            message: format!(
                "no item of a page has the list at `unwind: {}`; if `detail` brings it, write `unwind` there",
                unwind.0.join(".")
            ),
        })
    }
}

/// The names of columns at a path: texts, or objects that have a `name`.
fn names(path: &JsonPath, rest: &Json) -> Result<Vec<String>, SourceError> {
    let name = |value: &Json| {
        let text = value.as_str().or_else(|| value.get("name")?.as_str());
        text.map(str::to_owned)
    };
    let found: Option<Vec<String>> = match path.find(rest) {
        Found::One(_, Json::Array(values)) => values.iter().map(name).collect(),
        Found::Each(values) => values.into_iter().map(name).collect(),
        Found::Lists(values) => match values.as_slice() {
            [Json::Array(values)] => values.iter().map(name).collect(),
            values => values.iter().map(|value| name(value)).collect(),
        },
        _ => None,
    };
    found.ok_or_else(|| {
        SourceError::Invalid(format!(
            "`columns_path: {}` leads to no list of names in the answer",
            path.text()
        ))
    })
}

fn header(item: Value) -> Result<Vec<String>, SourceError> {
    let names = match item {
        Value::List(values) => values.into_iter().map(|value| match value {
            Value::Text(name) => Some(name.trim().to_owned()),
            _ => None,
        }),
        _ => {
            let message = "`columns: first_row`, but the items are no lists of values".to_owned();
            return Err(SourceError::Invalid(message));
        }
    };
    names.collect::<Option<_>>().ok_or_else(|| {
        let message = "`columns: first_row`, but the first item has more than texts".to_owned();
        SourceError::Invalid(message)
    })
}

/// A row as an object. Systems leave empty values out at the end of a row, but never have more than
/// there are columns.
fn row(names: &[String], values: Vec<Value>) -> Result<Value, SourceError> {
    if values.len() > names.len() {
        return Err(SourceError::Invalid(format!(
            "a row has {} values, but there are {} columns",
            values.len(),
            names.len()
        )));
    }
    let values = values.into_iter().chain(std::iter::repeat(Value::Null));
    let fields: Map = names.iter().cloned().zip(values).collect();
    Ok(Value::Map(fields))
}

/// A list in an item whose entries are what is wanted.
#[derive(Debug)]
pub(in crate::source::http) struct Unwind(Vec<String>);

impl Unwind {
    /// Compiles the path of the list; mistakes are noted.
    pub(in crate::source::http) fn compile(
        path: &PathText,
        cx: &mut CompileContext,
    ) -> Option<Self> {
        match JsonPath::compile(path, cx)?.words() {
            Some(words) => Some(Self(words)),
            None => {
                let message = "`unwind` takes keys with dots between them";
                cx.error("bad-path", path.0.span, message)
            }
        }
    }

    /// Adds the item once per entry of the list, with the entry in its place.
    pub(in crate::source::http) fn records(&self, mut item: Value, records: &mut Vec<Value>) {
        let entries = match place(&mut item, &self.0).map(std::mem::take) {
            Some(Value::List(entries)) => entries,
            None | Some(Value::Null) => return,
            // One that was not made a list: it is one entry.
            Some(one) => vec![one],
        };
        let mut entries = entries.into_iter().peekable();
        while let Some(entry) = entries.next() {
            let mut record = match entries.peek() {
                Some(_) => item.clone(),
                None => std::mem::take(&mut item),
            };
            if let Some(place) = place(&mut record, &self.0) {
                *place = entry;
            }
            records.push(record);
        }
    }
}

fn place<'v>(item: &'v mut Value, words: &[String]) -> Option<&'v mut Value> {
    words.iter().try_fold(item, |value, word| match value {
        Value::Map(fields) => fields.get_mut(word),
        _ => None,
    })
}

impl JsonPath {
    /// The keys of a path that has nothing but keys.
    fn words(&self) -> Option<Vec<String>> {
        let steps = self.steps()?.iter().map(|step| match step {
            Step::Word(word) | Step::Key(word) => Some(word.clone()),
            Step::Index(_) => None,
        });
        steps.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_list_in_an_item_is_unwound() {
        let unwind = |item: Json| {
            let mut records = Vec::new();
            let path = Unwind(vec!["a".to_owned(), "m".to_owned()]);
            path.records(Value::from(item), &mut records);
            records.iter().map(Json::from).collect::<Vec<_>>()
        };
        assert_eq!(
            unwind(json!({"id": 1, "a": {"m": [7, {"x": 8}]}})),
            [
                json!({"id": 1, "a": {"m": 7}}),
                json!({"id": 1, "a": {"m": {"x": 8}}})
            ]
        );
        assert_eq!(
            unwind(json!({"a": {"m": {"x": 1}}})),
            [json!({"a": {"m": {"x": 1}}})]
        );
        for none in [
            json!({"a": {"m": []}}),
            json!({"a": {"m": null}}),
            json!({"a": {}}),
            json!(5),
        ] {
            assert_eq!(unwind(none.clone()), Vec::<Json>::new(), "{none}");
        }
    }

    #[test]
    fn a_row_has_at_most_as_many_values_as_there_are_columns() {
        let names = ["id", "name"].map(str::to_owned);
        let short = row(&names, vec![Value::Int(1)]).expect("a row");
        assert_eq!(Json::from(&short), json!({"id": 1, "name": null}));
        assert!(row(&names, vec![Value::Null, Value::Null, Value::Null]).is_err());
    }
}
