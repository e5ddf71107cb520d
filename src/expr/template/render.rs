//! A parsed template and its variables → text.

use std::borrow::Cow;
use std::ops::Range;

use super::Escape;
use super::functions::{self, Call, Function, Made};
use super::output::Output;
use super::parser::{Block, Expr, Node};
use crate::expr::{EvalError, Inputs, Scope, Value};

/// How long a rendered text may be: a loop over a large list is a mistake, not a request.
const LONGEST: usize = 64 * 1024 * 1024;

/// The variables of a template.
#[derive(Clone, Copy)]
pub(super) struct Known<'v> {
    pub inputs: &'v Inputs,
    /// What is called `item` and `cols`, where the inputs have no such variable.
    pub record: Option<&'v Value>,
}

impl<'v> Known<'v> {
    pub fn of(scope: &'v Scope<'_>) -> Self {
        Self {
            inputs: scope.inputs(),
            record: scope.record(),
        }
    }

    fn get(self, name: &str) -> Option<&'v Value> {
        let is_record = ["item", "cols"].contains(&name);
        let record = self.record.filter(|_| is_record);
        self.inputs.get(name).or(record)
    }
}

pub(super) fn render(
    source: &str,
    nodes: &[Node],
    variables: Known<'_>,
    escape: Escape,
) -> Result<String, EvalError> {
    let mut renderer = Renderer::new(source, variables, escape);
    renderer.nodes(nodes)?;
    Ok(renderer.out.text)
}

/// Which blocks were met on the way, by where they begin, and whether each was entered by its first
/// side.
pub(super) fn chosen(source: &str, nodes: &[Node], variables: Known<'_>) -> Vec<(usize, bool)> {
    let mut renderer = Renderer::new(source, variables, Escape::None);
    // Where it fails, what was met until then was met.
    let _ = renderer.nodes(nodes);
    renderer.chosen
}

/// A value while rendering.
#[derive(Clone)]
enum Item<'v> {
    /// All variables together.
    Root,
    Here(Cow<'v, Value>, Made),
    /// A field or an item that is not there, by its name.
    Missing(String),
}

impl<'v> Item<'v> {
    fn of(value: &'v Value) -> Self {
        Item::Here(Cow::Borrowed(value), Made::Plain)
    }

    fn owned(value: Value) -> Self {
        Item::Here(Cow::Owned(value), Made::Plain)
    }
}

struct Renderer<'v> {
    source: &'v str,
    variables: Known<'v>,
    dot: Item<'v>,
    locals: Vec<Item<'v>>,
    out: Output,
    /// The blocks that were met, and how they came out.
    chosen: Vec<(usize, bool)>,
}

impl<'v> Renderer<'v> {
    fn new(source: &'v str, variables: Known<'v>, escape: Escape) -> Self {
        Self {
            source,
            variables,
            dot: Item::Root,
            locals: Vec::new(),
            out: Output::new(escape),
            chosen: Vec::new(),
        }
    }

    fn choose(&mut self, block: &Block, came: bool) -> bool {
        self.chosen.push((block.range.start, came));
        came
    }

    fn nodes(&mut self, nodes: &'v [Node]) -> Result<(), EvalError> {
        for node in nodes {
            self.node(node)?;
        }
        Ok(())
    }

    fn node(&mut self, node: &'v Node) -> Result<(), EvalError> {
        match node {
            Node::Text(text) => self.out.literal(text),
            Node::Output(expr, range) => {
                let written = self
                    .present(expr)
                    .and_then(|(value, made)| self.out.insert(&value, made));
                written.map_err(|message| self.error(range, message))?;
            }
            Node::Set {
                place,
                value,
                range,
            } => {
                let item = self.evaluate(value, range)?;
                self.locals.truncate((*place + 1).max(self.locals.len()));
                match self.locals.get_mut(*place) {
                    Some(local) => *local = item,
                    None => self.locals.push(item),
                }
            }
            Node::If {
                condition,
                then,
                otherwise,
            } => {
                let outer = self.locals.len();
                let item = self.opened(condition)?;
                let came = self.truth(&item);
                let chosen = match self.choose(condition, came) {
                    true => then,
                    false => otherwise,
                };
                self.nodes(chosen)?;
                self.locals.truncate(outer);
            }
            Node::With {
                condition,
                then,
                otherwise,
            } => {
                let outer = self.locals.len();
                let item = self.opened(condition)?;
                let came = self.truth(&item);
                match self.choose(condition, came) {
                    true => self.with_dot(item, then)?,
                    false => self.nodes(otherwise)?,
                }
                self.locals.truncate(outer);
            }
            Node::Range {
                over,
                variables,
                each,
                otherwise,
            } => self.range(over, *variables, each, otherwise)?,
        }
        match self.out.text.len() > LONGEST {
            true => Err(EvalError::new(self.source, "the text grows beyond 64 MiB")),
            false => Ok(()),
        }
    }

    /// Evaluates what opens a block, and keeps it in the block's variable when it has one.
    fn opened(&mut self, block: &'v Block) -> Result<Item<'v>, EvalError> {
        let item = self.evaluate(&block.value, &block.range)?;
        if block.declares {
            self.locals.push(item.clone());
        }
        Ok(item)
    }

    fn with_dot(&mut self, dot: Item<'v>, nodes: &'v [Node]) -> Result<(), EvalError> {
        let outer = std::mem::replace(&mut self.dot, dot);
        self.nodes(nodes)?;
        self.dot = outer;
        Ok(())
    }

    fn range(
        &mut self,
        over: &'v Block,
        variables: usize,
        each: &'v [Node],
        otherwise: &'v [Node],
    ) -> Result<(), EvalError> {
        let items = entries(self.evaluate(&over.value, &over.range)?)
            .map_err(|message| self.error(&over.range, message))?;
        if !self.choose(over, !items.is_empty()) {
            return self.nodes(otherwise);
        }
        let outer = self.locals.len();
        for (key, item) in items {
            match variables {
                0 => {}
                1 => self.locals.push(item.clone()),
                _ => self.locals.extend([Item::owned(key), item.clone()]),
            }
            self.with_dot(item, each)?;
            self.locals.truncate(outer);
        }
        Ok(())
    }

    fn truth(&self, item: &Item<'_>) -> bool {
        match item {
            Item::Root => true,
            Item::Here(value, _) => functions::truth(value),
            Item::Missing(_) => false,
        }
    }

    fn evaluate(&self, expr: &'v Expr, range: &Range<usize>) -> Result<Item<'v>, EvalError> {
        self.item(expr)
            .map_err(|message| self.error(range, message))
    }

    /// The value of an expression that must be there.
    fn present(&self, expr: &'v Expr) -> Result<(Cow<'v, Value>, Made), String> {
        match self.item(expr)? {
            Item::Here(value, made) => Ok((value, made)),
            Item::Root => Ok((Cow::Owned(self.root()), Made::Plain)),
            Item::Missing(name) => Err(format!(
                "there is no {name}; `| default \"…\"` stands in for it"
            )),
        }
    }

    fn root(&self) -> Value {
        let Known { inputs, record } = self.variables;
        let record = ["item", "cols"].into_iter().zip(record.into_iter().cycle());
        let all = record.chain(inputs.iter());
        Value::Map(
            all.map(|(name, value)| (name.to_owned(), value.clone()))
                .collect(),
        )
    }

    fn item(&self, expr: &'v Expr) -> Result<Item<'v>, String> {
        match expr {
            Expr::Literal(value) => Ok(Item::of(value)),
            Expr::Dot => Ok(self.dot.clone()),
            Expr::Root => Ok(Item::Root),
            Expr::Variable(place) => Ok(self
                .locals
                .get(*place)
                .cloned()
                .unwrap_or(Item::Missing("value".to_owned()))),
            Expr::Field(base, name) => self.field(self.item(base)?, name),
            Expr::Call {
                function,
                arguments,
            } => self.call(function, arguments),
        }
    }

    fn field(&self, base: Item<'v>, name: &str) -> Result<Item<'v>, String> {
        let missing = || Item::Missing(format!("field `{name}`"));
        match base {
            Item::Root => Ok(self.variables.get(name).map_or_else(missing, Item::of)),
            Item::Missing(what) => Ok(Item::Missing(what)),
            Item::Here(Cow::Borrowed(Value::Map(map)), _) => {
                Ok(map.get(name).map_or_else(missing, Item::of))
            }
            Item::Here(Cow::Owned(Value::Map(mut map)), _) => {
                Ok(map.swap_remove(name).map_or_else(missing, Item::owned))
            }
            Item::Here(value, _) if *value == Value::Null => Ok(missing()),
            Item::Here(value, _) => Err(format!("{} has no field `{name}`", value.type_name())),
        }
    }

    fn call(&self, function: &'static Function, arguments: &'v [Expr]) -> Result<Item<'v>, String> {
        let made = |value| Item::Here(Cow::Owned(value), function.makes);
        match function.call {
            Call::And | Call::Or => {
                let wanted = matches!(function.call, Call::Or);
                let mut last = Item::Missing("value".to_owned());
                for argument in arguments {
                    last = self.item(argument)?;
                    if self.truth(&last) == wanted {
                        break;
                    }
                }
                Ok(last)
            }
            Call::Strict(call) => {
                let values = arguments
                    .iter()
                    .map(|argument| self.present(argument).map(|(value, _)| value));
                call(&values.collect::<Result<Vec<_>, _>>()?).map(made)
            }
            Call::Lenient(call) => {
                let values = arguments.iter().map(|argument| match self.item(argument)? {
                    Item::Here(value, _) => Ok(value),
                    Item::Root => Ok(Cow::Owned(self.root())),
                    Item::Missing(_) => Ok(Cow::Owned(Value::Null)),
                });
                call(&values.collect::<Result<Vec<_>, String>>()?).map(made)
            }
            Call::Index => {
                let mut item = self.item(&arguments[0])?;
                for key in &arguments[1..] {
                    let (key, _) = self.present(key)?;
                    item = self.index(item, &key)?;
                }
                Ok(item)
            }
        }
    }

    fn index(&self, item: Item<'v>, key: &Value) -> Result<Item<'v>, String> {
        let missing = || match key {
            Value::Text(key) => Item::Missing(format!("field `{key}`")),
            _ => Item::Missing("item at this index".to_owned()),
        };
        match item {
            Item::Missing(what) => Ok(Item::Missing(what)),
            Item::Root => Ok(functions::index(&self.root(), key)?
                .map_or_else(missing, |value| Item::owned(value.clone()))),
            Item::Here(Cow::Borrowed(value), _) => {
                Ok(functions::index(value, key)?.map_or_else(missing, Item::of))
            }
            Item::Here(Cow::Owned(value), _) => Ok(functions::index(&value, key)?
                .map_or_else(missing, |value| Item::owned(value.clone()))),
        }
    }

    fn error(&self, range: &Range<usize>, message: String) -> EvalError {
        EvalError::new(
            self.source.get(range.clone()).unwrap_or(self.source),
            message,
        )
    }
}

/// What a loop goes over, with the index or key of each; maps in the order of their keys, as Go
/// does.
fn entries(over: Item<'_>) -> Result<Vec<(Value, Item<'_>)>, String> {
    let index = |at: usize| Value::Int(i64::try_from(at).unwrap_or(i64::MAX));
    let sorted = |mut entries: Vec<(Value, Item<'static>)>| {
        entries.sort_by(|(a, _), (b, _)| text_of(a).cmp(text_of(b)));
        entries
    };
    match over {
        Item::Missing(_) => Ok(Vec::new()),
        Item::Here(Cow::Borrowed(Value::List(items)), _) => Ok(items
            .iter()
            .enumerate()
            .map(|(at, item)| (index(at), Item::of(item)))
            .collect()),
        Item::Here(value, _) => match value.into_owned() {
            Value::Null => Ok(Vec::new()),
            Value::List(items) => Ok(items
                .into_iter()
                .enumerate()
                .map(|(at, item)| (index(at), Item::owned(item)))
                .collect()),
            Value::Map(map) => Ok(sorted(
                map.into_iter()
                    .map(|(key, item)| (Value::Text(key), Item::owned(item)))
                    .collect(),
            )),
            other => Err(format!("`range` does not work on {}", other.type_name())),
        },
        Item::Root => Err("`range` needs a list or a map".to_owned()),
    }
}

fn text_of(key: &Value) -> &str {
    match key {
        Value::Text(key) => key,
        _ => "",
    }
}
