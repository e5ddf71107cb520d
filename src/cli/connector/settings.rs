//! The file of settings: `.baton.yaml`, or what `BATON_CONFIG_PATH` names → flags and their values.
//!
//! Connectors of this language read the variable twice: as the file of settings, and as the connector
//! file. A connector file that is named there is the connector, and where it holds keys that are
//! flags, those count as well.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::refusal::Refusal;
use crate::config::{Environment, Node, NodeValue, parse_tree};
use crate::diagnostic::SourceFile;

/// The variable that names the file, the connector, or both in one.
pub(super) const VARIABLE: &str = "BATON_CONFIG_PATH";
/// The file of settings, where nothing else is named.
const USUAL: &str = ".baton.yaml";
/// What only a connector file has at its top.
const OF_CONNECTORS: [&str; 2] = ["connect", "resource_types"];

/// What the file says.
#[derive(Debug, Default)]
pub(super) struct Settings {
    /// Its path, as it was named.
    pub path: PathBuf,
    /// Names of flags as they are written, and the values of each.
    pub entries: Vec<(String, Values)>,
    /// The connector file, where the variable names one.
    pub connector: Option<PathBuf>,
}

/// The values of a flag.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Values {
    /// One of them, as it is written.
    One(String),
    /// Several.
    List(Vec<String>),
}

impl Settings {
    /// Reads the file from `directory`. That the usual file is not there is no mistake; everything
    /// else that keeps it from being read is one.
    pub fn read(environment: &dyn Environment, directory: &Path) -> Result<Self, Refusal> {
        let named = environment.get(VARIABLE).filter(|path| !path.is_empty());
        let (path, is_named) = match named {
            Some(path) => (PathBuf::from(path), true),
            None => (PathBuf::from(USUAL), false),
        };
        let text = match fs::read_to_string(directory.join(&path)) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound && !is_named => {
                return Ok(Self::default());
            }
            Err(error) => {
                let why = match is_named {
                    true => format!(", which `{VARIABLE}` names"),
                    false => String::new(),
                };
                let path = path.display();
                return Err(Refusal::wrong(format!(
                    "cannot read `{path}`{why}: {error}"
                )));
            }
        };
        Self::of(path, &text, is_named)
    }

    fn of(path: PathBuf, text: &str, is_named: bool) -> Result<Self, Refusal> {
        let file = SourceFile::new(path.clone(), text);
        let mut found = Vec::new();
        let tree = parse_tree(&file, &mut found);
        let is_connector = is_named && is_connector(tree.as_ref(), text);
        if is_connector && !found.is_empty() {
            // Its mistakes are told as those of connector files are.
            return Ok(Self {
                connector: Some(path),
                ..Self::default()
            });
        }
        // Without the line itself: it may hold the client secret.
        if let Some(wrong) = found.first() {
            let at = wrong.at.as_ref().map(|at| at.line_column());
            let (line, column) = at.unwrap_or_default();
            return Err(Refusal::wrong(format!(
                "{}:{line}:{column}: {}",
                path.display(),
                wrong.message
            )));
        }
        let is_yaml = path
            .extension()
            .is_some_and(|it| it == "yaml" || it == "yml");
        if is_named && !is_connector && !is_yaml {
            return Err(Refusal::wrong(format!(
                "`{}`, which `{VARIABLE}` names, must end with `.yaml` or `.yml`",
                path.display()
            )));
        }
        let entries = match &tree.map(|node| node.value) {
            None | Some(NodeValue::Null) => Vec::new(),
            Some(NodeValue::Map(written)) => {
                let named = written.iter().map(|(key, node)| (key.text.as_str(), node));
                let of_flags = named.filter(|(key, _)| !is_connector || is_flag(key));
                entries(of_flags, &path)?
            }
            Some(_) => {
                return Err(Refusal::wrong(format!(
                    "`{}` must hold names of flags and their values, for example `log-level: debug`",
                    path.display()
                )));
            }
        };
        Ok(Self {
            connector: is_connector.then(|| path.clone()),
            entries,
            path,
        })
    }
}

/// One that cannot be parsed counts by its lines: what is wrong with it is told better elsewhere.
fn is_connector(tree: Option<&Node>, text: &str) -> bool {
    match tree {
        Some(node) => OF_CONNECTORS.iter().any(|key| node.get(key).is_some()),
        None => text
            .lines()
            .any(|line| OF_CONNECTORS.iter().any(|key| line.starts_with(key))),
    }
}

fn is_flag(key: &str) -> bool {
    super::layers::names().contains(&key.to_ascii_lowercase())
}

fn entries<'n>(
    written: impl Iterator<Item = (&'n str, &'n Node)>,
    path: &Path,
) -> Result<Vec<(String, Values)>, Refusal> {
    let mut entries = Vec::new();
    for (key, node) in written {
        let wrong = || {
            Refusal::wrong(format!(
                "`{key}` in `{}` takes a value or a list of values",
                path.display()
            ))
        };
        let values = match &node.value {
            NodeValue::Null => continue,
            NodeValue::Scalar { text, .. } => Values::One(text.clone()),
            NodeValue::List(items) => {
                let texts = items.iter().map(|item| match &item.value {
                    NodeValue::Scalar { text, .. } => Ok(text.clone()),
                    _ => Err(wrong()),
                });
                Values::List(texts.collect::<Result<_, _>>()?)
            }
            NodeValue::Map(_) => return Err(wrong()),
        };
        entries.push((key.to_ascii_lowercase(), values));
    }
    Ok(entries)
}
