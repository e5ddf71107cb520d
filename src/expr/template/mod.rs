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

use super::functions::FunctionDoc;
use super::{EvalError, ExprError, Inputs, Variables};

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
    pub fn render(&self, inputs: &Inputs, escape: Escape) -> Result<String, EvalError> {
        render::render(&self.0.source, &self.0.nodes, inputs, escape)
    }

    /// The template as its author wrote it.
    pub fn source(&self) -> &str {
        &self.0.source
    }
}

impl std::fmt::Debug for Template {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Template({:?})", self.0.source)
    }
}
