//! Templates in Go's notation: `/groups/{{ .resource.id }}` → text.

mod functions;
mod lexer;
mod output;
mod parser;
mod printf;
mod render;
#[cfg(test)]
mod tests;
mod values;
mod words;

pub(crate) use functions::encode as percent_encode;

use std::sync::Arc;

use parser::Node;
use render::Known;

use super::functions::FunctionDoc;
use super::{Choice, EvalError, ExprError, Scope, Variables};

/// How inserted values are written, which depends on where they land.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Escape {
    /// As they are.
    None,
    /// As one segment of a URL path or a query value.
    Url,
    /// As the inside of a JSON string where the value stands between quotes, as JSON elsewhere.
    Json,
    /// As the text of an element or the value of an attribute.
    Xml,
}

/// Every function of templates, sorted by name.
pub fn documented() -> Vec<FunctionDoc> {
    let functions = functions::all().iter();
    let documented = functions.map(|function| FunctionDoc {
        signature: function.name.to_owned(),
        description: function.usage.to_owned(),
    });
    documented.collect()
}

/// A compiled template. Cheap to clone.
#[derive(Clone)]
pub struct Template(Arc<Compiled>);

struct Compiled {
    source: String,
    nodes: Vec<parser::Node>,
}

impl Template {
    /// Parses a template and checks that it names only known variables and functions. Returns
    /// every mistake found.
    pub fn compile(source: &str, variables: Variables) -> Result<Self, Vec<ExprError>> {
        let nodes = parser::parse(source, variables)?;
        Ok(Self(Arc::new(Compiled {
            source: source.to_owned(),
            nodes,
        })))
    }

    /// Renders the template. A value that is missing is an error: its text would be an id or a
    /// path that nobody meant.
    pub fn render(&self, scope: &Scope<'_>, escape: Escape) -> Result<String, EvalError> {
        render::render(&self.0.source, &self.0.nodes, Known::of(scope), escape)
    }

    /// The blocks that decide something, in the order of the text.
    pub(super) fn choices(&self) -> Vec<Choice> {
        let mut found = Vec::new();
        choices(&self.0.nodes, &mut found);
        found
    }

    /// How those came out that were met while it was rendered, by their index.
    pub(super) fn chosen(&self, scope: &Scope<'_>) -> Vec<(usize, bool)> {
        let met = render::chosen(&self.0.source, &self.0.nodes, Known::of(scope));
        let choices = self.choices();
        let index = |at: usize| choices.iter().position(|choice| choice.range.start == at);
        met.into_iter()
            .filter_map(|(at, came)| Some((index(at)?, came)))
            .collect()
    }

    /// The template as its author wrote it.
    pub fn source(&self) -> &str {
        &self.0.source
    }
}

fn choices(nodes: &[Node], found: &mut Vec<Choice>) {
    for node in nodes {
        let (opens, what, then, otherwise) = match node {
            Node::Text(_) | Node::Output(..) | Node::Set { .. } => continue,
            Node::If {
                condition,
                then,
                otherwise,
            } => (condition, "the condition of `if`", then, otherwise),
            Node::With {
                condition,
                then,
                otherwise,
            } => (condition, "the value of `with`", then, otherwise),
            Node::Range {
                over,
                each,
                otherwise,
                ..
            } => (over, "the list of `range`", each, otherwise),
        };
        let range = opens.range.clone();
        found.push(Choice { range, what });
        choices(then, found);
        choices(otherwise, found);
    }
}

impl std::fmt::Debug for Template {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Template({:?})", self.0.source)
    }
}
