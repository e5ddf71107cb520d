//! Paths of a command line → the connector files that they mean.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::terminal::printable;
use crate::config;
use crate::diagnostic::SourceFile;

/// Larger files are no connectors: reading them to find out would take long.
const LARGEST: u64 = 16 * 1024 * 1024;

/// Keys at the top of every connector file.
const SIGNS: [&str; 2] = ["connect", "resource_types"];

/// What the paths of a command line mean.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// The files that were named and those that folders hold, each once.
    pub(crate) files: Vec<PathBuf>,
    /// The folders that were searched.
    pub(crate) folders: Vec<Searched>,
}

/// A folder that was searched.
#[derive(Debug)]
pub(crate) struct Searched {
    folder: PathBuf,
    taken: Vec<PathBuf>,
    left_out: Vec<(PathBuf, String)>,
}

/// Looks into folders, and takes files as they are named, whatever is in them.
pub(crate) fn find(paths: &[PathBuf]) -> Found {
    let mut found = Found::default();
    for path in paths {
        if !path.is_dir() {
            found.add(path);
            continue;
        }
        let mut searched = Searched {
            folder: path.clone(),
            taken: Vec::new(),
            left_out: Vec::new(),
        };
        searched.search(path);
        searched.taken.sort();
        searched.left_out.sort();
        for file in &searched.taken {
            found.add(file);
        }
        found.folders.push(searched);
    }
    found
}

impl Found {
    fn add(&mut self, file: &Path) {
        if !self.files.iter().any(|known| known == file) {
            self.files.push(file.to_owned());
        }
    }

    /// What was taken from folders and what was left out, for people; empty where no folder was named.
    pub(crate) fn account(&self) -> String {
        self.folders.iter().map(Searched::account).collect()
    }
}

impl Searched {
    /// True when there is no connector file in it.
    pub(crate) fn is_empty(&self) -> bool {
        self.taken.is_empty()
    }

    /// The folder as it was named.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    fn search(&mut self, folder: &Path) {
        let entries = match fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(error) => return self.leave_out(folder, format!("it cannot be read: {error}")),
        };
        for entry in entries {
            match entry.and_then(|entry| Ok((entry.file_type()?, entry.path()))) {
                Ok((kind, path)) if kind.is_dir() => {
                    if !is_passed_over(&path) {
                        self.search(&path);
                    }
                }
                // A link to a folder may lead back to where the search began.
                Ok((kind, path)) if kind.is_symlink() && path.is_dir() => {
                    self.leave_out(&path, "links to folders are not followed".to_owned());
                }
                Ok((_, path)) => self.look_at(path),
                Err(error) => {
                    self.leave_out(folder, format!("an entry of it cannot be read: {error}"))
                }
            }
        }
    }

    fn look_at(&mut self, path: PathBuf) {
        let extension = path.extension().and_then(|extension| extension.to_str());
        if !matches!(extension, Some("yaml" | "yml")) {
            return;
        }
        match reason_against(&path) {
            Ok(None) => self.taken.push(path),
            Ok(Some(reason)) => self.leave_out(&path, reason),
            Err(error) => self.leave_out(&path, format!("it cannot be read: {error}")),
        }
    }

    fn leave_out(&mut self, path: &Path, reason: String) {
        self.left_out.push((path.to_owned(), reason));
    }

    fn account(&self) -> String {
        let shown = |path: &Path| printable(&path.display().to_string()).into_owned();
        let mut account = format!(
            "{}: {} taken, {} left out\n",
            shown(&self.folder),
            super::report::counted(self.taken.len() as u64, "connector file"),
            super::report::counted(self.left_out.len() as u64, "other YAML file"),
        );
        for path in &self.taken {
            account.push_str(&format!("  taken: {}\n", shown(path)));
        }
        for (path, reason) in &self.left_out {
            account.push_str(&format!(
                "  left out: {}: {}\n",
                shown(path),
                printable(reason)
            ));
        }
        account
    }
}

/// Hidden folders and those of package managers hold nobody's connectors.
fn is_passed_over(folder: &Path) -> bool {
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    name.starts_with('.') || name == "node_modules"
}

/// Why a file in a folder is no connector file; `None` when it is one.
fn reason_against(path: &Path) -> io::Result<Option<String>> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let stem = name.strip_suffix(".tests.yaml");
    if let Some(stem) = stem.or_else(|| name.strip_suffix(".tests.yml")) {
        return Ok(Some(format!("it holds the tests of `{stem}.yaml`")));
    }
    if name.starts_with('.') {
        return Ok(Some("its name makes it hidden".to_owned()));
    }
    let about = fs::metadata(path)?;
    if !about.is_file() {
        return Ok(Some("it is no file".to_owned()));
    }
    if about.len() > LARGEST {
        return Ok(Some("it is too large for a connector".to_owned()));
    }
    // What is not text may be a connector all the same: then its author wants to hear of it.
    let text = String::from_utf8_lossy(&fs::read(path)?).into_owned();
    Ok(match is_connector(path, &text) {
        true => None,
        false => Some("it has neither `connect` nor `resource_types` at its top".to_owned()),
    })
}

/// By its lines, so that a file counts that is no YAML at the moment; by its tree where it is written
/// in another way.
fn is_connector(path: &Path, text: &str) -> bool {
    let is_sign = |line: &str| {
        let (key, _) = line.split_once(':').unwrap_or_default();
        SIGNS.contains(&key.trim_end().trim_matches(['"', '\'']))
    };
    if text.trim_start_matches('\u{feff}').lines().any(is_sign) {
        return true;
    }
    if !text.contains('{') {
        return false;
    }
    let file = SourceFile::new(path, text);
    let root = config::parse_tree(&file, &mut Vec::new());
    root.is_some_and(|root| SIGNS.iter().any(|sign| root.get(sign).is_some()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connector_is_known_by_its_top() {
        for text in [
            "connect: {dsn: x}\n",
            "# c\r\nresource_types:\r\n  u: {}\r\n",
            "{\"connect\": {}}",
            "\"connect\" : {}\n",
            "connect:\n  - [broken\n",
            "\u{feff}connect:\n",
        ] {
            assert!(is_connector(Path::new("a.yaml"), text), "{text}");
        }
        for text in [
            "",
            "services: {connect: 1}\n",
            "  connect: 1\n",
            "reconnect: 1\n",
            "# connect: x\n",
        ] {
            assert!(!is_connector(Path::new("a.yaml"), text), "{text}");
        }
    }
}
