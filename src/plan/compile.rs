//! A whole file, compiled.

use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::account;
use super::action::{self, ActionPlan};
use super::connection::Connection;
use super::incremental::{self, LookbackPlan};
use super::listing::TypeCompiler;
use super::order;
use super::resource_type::TypePlan;
use super::tolerance::Tolerance;
use crate::config::{CompileContext, ConnectorConfig};
use crate::diagnostic::{Diagnostic, SourceFile, Span};
use crate::expr::{Expression, Inputs, Map, Value};
use crate::hex::hex;
use crate::model::ResourceTypeId;
use crate::source::Source;

/// Everything a sync needs to know, ready to run. No text is left in it to parse, so from here on
/// nothing can fail because of the YAML.
#[derive(Debug)]
pub struct Plan {
    /// The system's name, shown to people.
    pub app_name: String,
    /// A sentence about the system; empty when there is none.
    pub app_description: String,
    /// Tells this file's content from any other: a sync resumes only under the same one.
    pub fingerprint: String,
    /// The system.
    pub source: Arc<dyn Source>,
    /// Variables that every listing has: `vars` of HTTP files.
    pub inputs: Inputs,
    /// The types, in the order in which they are listed.
    pub types: Vec<TypePlan>,
    /// What can be done besides granting and revoking.
    pub actions: Vec<ActionPlan>,
    /// How far back listings of changes look.
    pub lookback: LookbackPlan,
    /// How much may go wrong before a sync gives up.
    pub tolerance: Tolerance,
    /// Every program of the file, in no order: some stand at several places of the plan.
    pub expressions: Vec<Expression>,
}

/// Compiles a file. Every part is tried, so that all mistakes are noted in `cx`; `None` when one
/// of them stops the file from running.
pub fn compile(
    config: &ConnectorConfig,
    file: &SourceFile,
    cx: &mut CompileContext,
) -> Option<Plan> {
    let types: Vec<_> = config.resource_types.iter().collect();
    let top = cx.at(Span::default());
    if types.is_empty() && !cx.is_failed("resource_types") {
        let message = "`resource_types` is missing: nothing would be listed";
        cx.note(
            Diagnostic::error("missing-field", top.clone(), message)
                .help("describe at least one type of resource"),
        );
    }
    if config
        .app_name
        .as_ref()
        .is_none_or(|name| name.text.is_empty())
    {
        cx.note(
            Diagnostic::warning(
                "missing-field",
                top,
                "`app_name` is missing: the system has no name to show",
            )
            .help("write `app_name: …` at the top"),
        );
    }
    let names = config.vars.iter().map(|(name, _)| name.text.clone());
    cx.vars = Some(names.collect());
    super::lint::check(config, cx);
    let tests = config.tests.iter().flat_map(|tests| &tests.value);
    let tests = tests.filter_map(|test| test.0.as_ref());
    for diagnostic in super::tested::check_tests((cx.dialect, config), tests, &cx.file()) {
        cx.note(diagnostic);
    }
    let connection = Connection::compile(config, cx);
    let vars = vars(config, cx);
    let actions = action::compile(config, connection.as_ref(), cx);
    let lookback = incremental::lookback(config);
    account::only_one_type(config, cx);
    let parents = order::parents(&types);
    let order = order::order(&types, &parents, cx);
    let mut compiled = Vec::new();
    for (key, type_config) in &types {
        let children = parents.iter().filter(|(_, parent)| **parent == key.text);
        let parent = parents.get(key.text.as_str());
        let compiler = TypeCompiler {
            key,
            config: type_config,
            parent: parent.map(|parent| ResourceTypeId::new(*parent)),
            children: children
                .map(|(child, _)| ResourceTypeId::new(*child))
                .collect(),
            connection: connection.as_ref(),
            cx,
        };
        compiled.push(compiler.compile());
    }
    super::lint::unused_vars(config, cx);
    let connection = connection?;
    let order = order?;
    let types = order
        .into_iter()
        .map(|index| compiled[index].take())
        .collect::<Option<Vec<_>>>()?;
    if types.is_empty() || crate::diagnostic::has_errors(&cx.diagnostics) {
        return None;
    }
    Some(Plan {
        app_name: config
            .app_name
            .as_ref()
            .map_or("rolecall", |name| &name.text)
            .to_owned(),
        app_description: config
            .app_description
            .as_ref()
            .map(|text| text.text.clone())
            .unwrap_or_default(),
        fingerprint: fingerprint(file),
        source: connection.source(),
        inputs: Inputs::new().with("vars", vars),
        types,
        actions,
        lookback,
        tolerance: Tolerance::of(config.tolerance.as_ref()),
        expressions: std::mem::take(&mut cx.expressions),
    })
}

fn vars(config: &ConnectorConfig, cx: &mut CompileContext) -> Value {
    let entries = config
        .vars
        .iter()
        .filter_map(|(name, text)| Some((name.text.clone(), Value::Text(cx.env(text)?))));
    Value::Map(entries.collect::<Map>())
}

/// A hash of the file as written, so without the values of variables: no secret goes into it.
fn fingerprint(file: &SourceFile) -> String {
    let digest = Sha256::digest(file.text().as_bytes());
    format!("{}-{}", env!("CARGO_PKG_VERSION"), hex(&digest))
}
