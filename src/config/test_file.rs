//! Tests that stand in a file beside the connector: text → `TestConfig`s.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::connector;
use super::decode::{Decode, Decoder, Dialect, Tolerant, section};
use super::test::TestConfig;
use super::tree::{self, NodeValue};
use crate::diagnostic::{Diagnostic, SourceFile};

/// Tests that were read, with what was found on the way.
#[derive(Debug)]
pub struct LoadedTests {
    /// The file as written.
    pub file: Arc<SourceFile>,
    /// The tests; one that has mistakes is empty.
    pub tests: Vec<Tolerant<TestConfig>>,
    /// Every mistake in the shape of the file.
    pub diagnostics: Vec<Diagnostic>,
}

section! {
    /// A file of tests as a mapping.
    struct TestFileConfig {
        /// The tests.
        tests: Vec<Tolerant<TestConfig>>,
    }
}

/// Where the tests of a connector stand when they are not in it: `acme.tests.yaml` for `acme.yaml`.
pub fn tests_beside(connector: &Path) -> PathBuf {
    let extension = connector.extension().unwrap_or_default();
    let mut end = std::ffi::OsString::from("tests.");
    end.push(extension);
    connector.with_extension(end)
}

/// Reads a file of tests: a list of them, or a mapping with such a list under `tests`.
pub fn load_tests(path: &Path, dialect: Dialect) -> LoadedTests {
    match connector::read(path) {
        Ok(text) => load_tests_text(SourceFile::new(path, text), dialect),
        Err(diagnostic) => LoadedTests {
            file: SourceFile::new(path, ""),
            tests: Vec::new(),
            diagnostics: vec![diagnostic],
        },
    }
}

/// Reads tests from text.
pub fn load_tests_text(file: Arc<SourceFile>, dialect: Dialect) -> LoadedTests {
    let mut diagnostics = Vec::new();
    let mut tests = None;
    if let Some(root) = tree::parse(&file, &mut diagnostics) {
        let mut decoder = Decoder::new(file.clone(), dialect);
        tests = match &root.value {
            NodeValue::List(_) => decoder.under("tests", |decoder| Vec::decode(&root, decoder)),
            _ => TestFileConfig::decode(&root, &mut decoder).map(|config| config.tests),
        };
        diagnostics.append(&mut decoder.diagnostics);
    }
    LoadedTests {
        file,
        tests: tests.unwrap_or_default(),
        diagnostics,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_tests_has_the_name_of_its_connector() {
        for (connector, tests) in [
            ("a/acme.yaml", "a/acme.tests.yaml"),
            ("acme.yml", "acme.tests.yml"),
            ("acme.eu.yaml", "acme.eu.tests.yaml"),
        ] {
            assert_eq!(tests_beside(Path::new(connector)), Path::new(tests));
        }
    }

    #[test]
    fn tests_are_a_list_or_stand_below_their_key() {
        let list = "- {name: a, resource_type: u, given: {}, expect: {}}\n";
        let below = format!("tests:\n  {list}");
        for text in [list, &below] {
            let loaded = load_tests_text(SourceFile::new("a.tests.yaml", text), Dialect::Sql);
            assert_eq!(loaded.diagnostics, []);
            assert_eq!(loaded.tests.len(), 1, "{text}");
        }
    }
}
