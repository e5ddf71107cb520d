//! `--set NAME=VALUE` and `--input JSON`: a form, or the arguments of an action.

use anyhow::{Context as _, bail};
use clap::Args;
use serde_json::{Map as JsonMap, Value as Json};

/// What is filled in.
#[derive(Debug, Args)]
pub(in crate::cli) struct SaidArgs {
    /// A field or an argument. May be given several times; lists and maps are written as JSON. Other
    /// users of the machine see it: what is secret comes by `--input @FILE`.
    #[arg(long, value_name = "NAME=VALUE", value_parser = named)]
    set: Vec<(String, String)>,
    /// All of them as one JSON object; `@FILE` reads it.
    #[arg(long, alias = "arguments", value_name = "JSON")]
    input: Option<String>,
}

impl SaidArgs {
    /// What was said. `--set` goes beyond `--input`.
    pub fn read(&self) -> anyhow::Result<JsonMap<String, Json>> {
        let mut said = match &self.input {
            None => JsonMap::new(),
            Some(input) => {
                let text = match input.strip_prefix('@') {
                    Some(file) => std::fs::read_to_string(file)
                        .with_context(|| format!("cannot read `{file}`"))?,
                    None => input.clone(),
                };
                // Its text may hold a secret and is not repeated.
                match serde_json::from_str(&text) {
                    Ok(Json::Object(said)) => said,
                    Ok(_) => bail!("`--input` is no JSON object"),
                    Err(error) => bail!(
                        "`--input` is no JSON: line {}, column {}",
                        error.line(),
                        error.column()
                    ),
                }
            }
        };
        for (name, value) in &self.set {
            said.insert(name.clone(), Json::String(value.clone()));
        }
        Ok(said)
    }
}

fn named(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("write a name and a value, for example `login=ada`".to_owned()),
    }
}
