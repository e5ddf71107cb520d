//! `body`, `form` and `graphql` of a request → the text of its body.

use reqwest::header::HeaderValue;
use secrecy::SecretString;
use serde_json::Value as Json;

use super::defaults::{Field, fields};
use super::parts::pair;
use super::texts::render;
use crate::config::CompileContext;
use crate::config::http::{BodyConfig, GraphqlRequestConfig, RequestConfig};
use crate::config::scalar::{TemplateText, Text};
use crate::config::{Node, NodeValue};
use crate::expr::{Escape, EvalError, Expression, Inputs, Program, Scope, Value, Variables};
use crate::source::SourceError;

/// A compiled body.
#[derive(Debug)]
pub(in crate::source::http) enum Body {
    /// Written as text: what it is follows from the content type.
    Text(Expression),
    /// Written as fields of a form.
    Form(Vec<(String, Field)>),
    /// Written as YAML, sent as JSON.
    Json(Tree),
}

/// JSON with programs in it.
#[derive(Debug)]
pub(in crate::source::http) enum Tree {
    Value(Json),
    /// Its value keeps its type.
    Program(Expression),
    /// The text of a GraphQL query. Its strings are written as those of JSON, so what a template
    /// inserts stays within its quotes.
    Query(Expression),
    List(Vec<Tree>),
    Map(Vec<(String, Tree)>),
}

impl Body {
    /// Compiles the body of a request: `None` inside when there is none.
    pub(in crate::source::http) fn compile(
        config: &RequestConfig,
        variables: Variables,
        cx: &mut CompileContext,
    ) -> Option<Option<Self>> {
        let written = [
            config.body.is_some(),
            !config.form.is_empty(),
            config.graphql.is_some(),
        ];
        if written.iter().filter(|written| **written).count() > 1 {
            let message = "a request has one of `body`, `form` and `graphql`";
            return cx.error("conflicting-fields", config.url.0.span, message);
        }
        if let Some(graphql) = &config.graphql {
            return graphql_body(graphql, variables, cx).map(|tree| Some(Body::Json(tree)));
        }
        if !config.form.is_empty() {
            let fields = fields(&config.form, variables, cx).into_iter();
            let fields = fields.map(|(name, field)| Some((name, field?)));
            let fields = fields.collect::<Option<_>>()?;
            return Some(Some(Body::Form(fields)));
        }
        match &config.body {
            None => Some(None),
            Some(BodyConfig::Text(text)) if text.0.text.is_empty() => Some(None),
            Some(BodyConfig::Text(text)) => {
                let text = cx.template(text, variables)?;
                Some(Some(Body::Text(text)))
            }
            Some(BodyConfig::Tree(node)) => {
                let tree = Tree::compile(node, variables, cx)?;
                Some(Some(Body::Json(tree)))
            }
        }
    }

    /// The content type that follows from how the body is written.
    pub(in crate::source::http) fn content_type(&self) -> Option<HeaderValue> {
        match self {
            Body::Text(_) => None,
            Body::Form(_) => Some(HeaderValue::from_static(
                "application/x-www-form-urlencoded",
            )),
            Body::Json(_) => Some(HeaderValue::from_static("application/json")),
        }
    }

    /// The programs in the body.
    pub(in crate::source::http) fn programs<'b>(&'b self, into: &mut Vec<&'b Expression>) {
        match self {
            Body::Text(text) => into.push(text),
            Body::Form(fields) => {
                into.extend(fields.iter().filter_map(|(_, value)| value.program()))
            }
            Body::Json(tree) => tree.programs(into),
        }
    }

    /// The body as the file has it.
    pub(in crate::source::http) fn written(&self) -> String {
        match self {
            Body::Text(text) => text.source().to_owned(),
            Body::Form(fields) => {
                let pairs = fields.iter();
                let pairs = pairs.map(|(name, value)| format!("{name}={}", value.written()));
                pairs.collect::<Vec<_>>().join("&")
            }
            Body::Json(tree) => tree.written().to_string(),
        }
    }

    /// Values that came from the environment.
    pub(in crate::source::http) fn secrets(&self) -> Vec<SecretString> {
        match self {
            Body::Form(fields) => fields
                .iter()
                .filter_map(|(_, field)| field.secret())
                .collect(),
            Body::Text(_) | Body::Json(_) => Vec::new(),
        }
    }

    /// The text for one record; `None` when it is null.
    pub(in crate::source::http) fn render(
        &self,
        inputs: &Inputs,
        content_type: &str,
    ) -> Result<Option<String>, SourceError> {
        match self {
            Body::Text(text) if matches!(text.program(), Program::Cel(_)) => {
                let value = text.value(&Scope::new(inputs, None))?;
                match value {
                    Value::List(_) | Value::Map(_) => Ok(Some(Json::from(&value).to_string())),
                    value => Ok(crate::expr::to_text(&value)
                        .map_err(|message| EvalError::new(text.source(), message))?),
                }
            }
            Body::Text(text) => Ok(render(text, inputs, escape(content_type))?),
            Body::Form(fields) => {
                let mut pairs = Vec::new();
                for (name, value) in fields {
                    // As with headers and parameters, what is null is not sent.
                    if let Some(value) = value.text(inputs)? {
                        pairs.push(pair(name, &value));
                    }
                }
                Ok(Some(pairs.join("&")))
            }
            Body::Json(tree) => Ok(Some(tree.value(inputs)?.to_string())),
        }
    }
}

impl Tree {
    fn compile(node: &Node, variables: Variables, cx: &mut CompileContext) -> Option<Self> {
        match &node.value {
            NodeValue::Null => Some(Tree::Value(Json::Null)),
            NodeValue::Scalar {
                text,
                quoted: false,
            } if plain(text).is_some() => plain(text).map(Tree::Value),
            NodeValue::Scalar { text, .. } => {
                let source = TemplateText(Text {
                    text: text.clone(),
                    span: node.span,
                });
                let compiled = cx.template(&source, variables)?;
                Some(match compiled.literal() {
                    Some(text) => Tree::Value(text.into()),
                    None => Tree::Program(compiled),
                })
            }
            NodeValue::List(items) => {
                let items: Vec<_> = items
                    .iter()
                    .map(|item| Tree::compile(item, variables, cx))
                    .collect();
                items.into_iter().collect::<Option<_>>().map(Tree::List)
            }
            NodeValue::Map(entries) => {
                let entries: Vec<_> = entries
                    .iter()
                    .map(|(key, value)| {
                        Some((key.text.clone(), Tree::compile(value, variables, cx)?))
                    })
                    .collect();
                entries.into_iter().collect::<Option<_>>().map(Tree::Map)
            }
        }
    }

    fn programs<'b>(&'b self, into: &mut Vec<&'b Expression>) {
        match self {
            Tree::Value(_) => {}
            Tree::Program(program) | Tree::Query(program) => into.push(program),
            Tree::List(items) => items.iter().for_each(|item| item.programs(into)),
            Tree::Map(entries) => entries.iter().for_each(|(_, value)| value.programs(into)),
        }
    }

    /// The tree as the file has it.
    fn written(&self) -> Json {
        match self {
            Tree::Value(value) => value.clone(),
            Tree::Program(program) | Tree::Query(program) => program.source().into(),
            Tree::List(items) => items.iter().map(Tree::written).collect(),
            Tree::Map(entries) => {
                let fields = entries.iter();
                let fields = fields.map(|(name, value)| (name.clone(), value.written()));
                Json::Object(fields.collect())
            }
        }
    }

    fn value(&self, inputs: &Inputs) -> Result<Json, EvalError> {
        Ok(match self {
            Tree::Value(value) => value.clone(),
            Tree::Query(program) => render(program, inputs, Escape::Json)?.into(),
            Tree::Program(program) => Json::from(&program.value(&Scope::new(inputs, None))?),
            Tree::List(items) => items
                .iter()
                .map(|item| item.value(inputs))
                .collect::<Result<_, _>>()?,
            Tree::Map(entries) => {
                let mut fields = serde_json::Map::new();
                for (name, value) in entries {
                    fields.insert(name.clone(), value.value(inputs)?);
                }
                Json::Object(fields)
            }
        })
    }
}

/// The value of plain text that is not text: `true`, `12`, `1.5`.
fn plain(text: &str) -> Option<Json> {
    match text {
        "true" | "True" | "TRUE" => Some(true.into()),
        "false" | "False" | "FALSE" => Some(false.into()),
        _ => {
            let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
            // A number with zeros before it is an id that would lose them.
            let padded = digits.len() > 1 && digits.starts_with('0') && !digits.starts_with("0.");
            let numeric = digits.starts_with(|c: char| c.is_ascii_digit()) && !padded;
            let text = text.strip_prefix('+').unwrap_or(text);
            numeric
                .then(|| serde_json::from_str(text).ok())
                .flatten()
                .filter(Json::is_number)
        }
    }
}

fn graphql_body(
    config: &GraphqlRequestConfig,
    variables: Variables,
    cx: &mut CompileContext,
) -> Option<Tree> {
    let query = cx.template(&config.query, variables).map(Tree::Query);
    let given = config.variables.iter().map(|(name, node)| {
        let value = Tree::compile(&node.0, variables, cx);
        value.map(|value| (name.text.clone(), value))
    });
    let given: Vec<_> = given.collect();
    let given = given.into_iter().collect::<Option<Vec<_>>>()?;
    let mut entries = vec![("query".to_owned(), query?)];
    if let Some(name) = &config.operation_name {
        let name = Tree::Value(name.text.clone().into());
        entries.push(("operationName".to_owned(), name));
    }
    entries.push(("variables".to_owned(), Tree::Map(given)));
    Some(Tree::Map(entries))
}

/// How values are written into a body of this type.
pub(in crate::source::http) fn escape(content_type: &str) -> Escape {
    let mime = content_type.split(';').next().unwrap_or_default();
    match mime.trim().to_ascii_lowercase().as_str() {
        "application/x-www-form-urlencoded" => Escape::Url,
        mime if mime.ends_with("json") => Escape::Json,
        mime if mime.ends_with("/xml") || mime.ends_with("+xml") => Escape::Xml,
        _ => Escape::None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_scalars_have_the_types_that_yaml_gives_them() {
        for (text, expected) in [
            ("true", Some(Json::from(true))),
            ("12", Some(Json::from(12))),
            ("-3", Some(Json::from(-3))),
            ("1.5", Some(Json::from(1.5))),
            ("0", Some(Json::from(0))),
            ("0.5", Some(Json::from(0.5))),
            ("007", None),
            ("1.2.3", None),
            ("2024-05-06", None),
            ("-", None),
            ("yes", None),
            ("", None),
        ] {
            assert_eq!(plain(text), expected, "{text}");
        }
    }
}
