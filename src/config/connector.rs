//! A connector file: everything about one system.

use std::path::Path;
use std::sync::Arc;

use super::action::ActionConfig;
use super::connect::{self, ConnectConfig};
use super::decode::{Decode, Decoder, Dialect, Named, Placed, Tolerant, section};
use super::error_handling::ErrorHandlingConfig;
use super::http::HttpClientConfig;
use super::incremental::IncrementalSyncConfig;
use super::resource_type::ResourceTypeConfig;
use super::scalar::Text;
use super::secrets;
use super::test::TestConfig;
use super::tolerance::ToleranceConfig;
use super::tree::{self, NodeValue};
use crate::diagnostic::{Diagnostic, Location, SourceFile, Span};

section! {
    /// A connector: how to reach one system, what is in it, and what its records mean.
    pub struct ConnectorConfig {
        /// Version of the language: `"1"`.
        pub version: Option<Text>,
        /// The system's name, shown to people.
        pub app_name: Option<Text>,
        /// A sentence about the system.
        pub app_description: Option<Text>,
        /// How to reach the system: `dsn` or `scheme` for a database, `base_url` for an API.
        pub connect: Option<ConnectConfig>,
        /// What is in the system, by id.
        pub resource_types: Named<ResourceTypeConfig>,
        /// Texts for use in expressions (`vars.x`) and templates (`.vars.x`) of HTTP files.
        pub vars: Named<super::scalar::EnvText>,
        /// The HTTP client.
        pub http: Option<HttpClientConfig>,
        /// How failures of requests are met.
        pub error_handling: Option<Placed<ErrorHandlingConfig>>,
        /// How much may go wrong before a sync gives up. An addition of rolecall.
        pub tolerance: Option<ToleranceConfig>,
        /// What can be done besides granting and revoking, by id.
        pub actions: Option<Placed<Named<ActionConfig>>>,
        /// How changes are listed.
        pub incremental_sync: Option<Placed<IncrementalSyncConfig>>,
        /// Tests of the listings, which `rolecall test` runs without the system. They may also stand
        /// in a file beside this one: `acme.tests.yaml` for `acme.yaml`. An addition of rolecall.
        pub tests: Option<Placed<Vec<Tolerant<TestConfig>>>>,
    }
}

/// A file that was read, with what was found on the way.
#[derive(Debug)]
pub struct Loaded {
    /// The file as written.
    pub file: Arc<SourceFile>,
    /// Its language and its content; `None` when a mistake makes it unusable.
    pub config: Option<(Dialect, ConnectorConfig)>,
    /// Every mistake and every trap, in no order.
    pub diagnostics: Vec<Diagnostic>,
    /// Paths of the fields that could not be read.
    pub failed: Vec<String>,
    /// Where its keys and scalars stand: those that aliases repeat, as often as they count.
    pub places: Vec<Span>,
}

/// Reads a connector file from disk. Nothing in it is run and no variable is filled in.
pub fn load(path: &Path) -> Loaded {
    match std::fs::read(path) {
        Ok(bytes) => load_bytes(path, bytes),
        Err(error) => unusable(path, unreadable(path, &error)),
    }
}

/// Reads a file as text.
pub fn read_text(path: &Path) -> Result<Arc<SourceFile>, Diagnostic> {
    read(path).map(|text| SourceFile::new(path, text))
}

/// Reads a connector from the bytes of a file, or of what came in place of one.
pub fn load_bytes(path: &Path, bytes: Vec<u8>) -> Loaded {
    match String::from_utf8(bytes) {
        Ok(text) => load_text(SourceFile::new(path, text)),
        Err(error) => unusable(path, not_text(path, &error)),
    }
}

/// The text of a file beside a connector.
pub(super) fn read(path: &Path) -> Result<String, Diagnostic> {
    let bytes = std::fs::read(path).map_err(|error| unreadable(path, &error))?;
    String::from_utf8(bytes).map_err(|error| not_text(path, &error))
}

/// A file of which nothing is known but that it cannot be read.
fn unusable(path: &Path, diagnostic: Diagnostic) -> Loaded {
    Loaded {
        file: SourceFile::new(path, ""),
        config: None,
        diagnostics: vec![diagnostic],
        failed: Vec::new(),
        places: Vec::new(),
    }
}

fn unreadable(path: &Path, error: &std::io::Error) -> Diagnostic {
    let diagnostic = Diagnostic::unplaced(
        "unreadable-file",
        format!("cannot read `{}`: {}", path.display(), reason(error)),
    );
    match error.kind() {
        std::io::ErrorKind::NotFound => {
            diagnostic.help("check the path; it starts at the current folder")
        }
        _ => diagnostic,
    }
}

fn not_text(path: &Path, error: &std::string::FromUtf8Error) -> Diagnostic {
    let before = &error.as_bytes()[..error.utf8_error().valid_up_to()];
    let line = before.iter().filter(|&&byte| byte == b'\n').count() + 1;
    let shown = path.display();
    let message =
        format!("`{shown}` is not UTF-8 text: line {line} has a byte that belongs to no character");
    Diagnostic::unplaced("not-utf8", message).help("save the file as UTF-8")
}

/// An I/O error as a phrase, without the error number.
fn reason(error: &std::io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error")
        .next()
        .unwrap_or(&text)
        .to_lowercase()
}

/// Reads a connector from text.
pub fn load_text(file: Arc<SourceFile>) -> Loaded {
    let mut diagnostics = Vec::new();
    let Some(root) = tree::parse(&file, &mut diagnostics) else {
        secrets::mask_lines(&file);
        return Loaded {
            file,
            config: None,
            diagnostics,
            failed: Vec::new(),
            places: Vec::new(),
        };
    };
    if root.value == NodeValue::Null {
        let at = Location {
            file: file.clone(),
            span: Span::default(),
        };
        diagnostics.push(
            Diagnostic::error("missing-field", at, "the file is empty")
                .help("`configs/examples` has files to start from"),
        );
        return Loaded {
            file,
            config: None,
            diagnostics,
            failed: Vec::new(),
            places: Vec::new(),
        };
    }
    let mut decoder = Decoder::new(file.clone(), Dialect::Sql);
    if root.as_map().is_none() {
        decoder.wrong_type::<()>(&root, "a mapping");
        diagnostics.append(&mut decoder.diagnostics);
        return Loaded {
            file,
            config: None,
            diagnostics,
            failed: Vec::new(),
            places: Vec::new(),
        };
    }
    secrets::mask(&root, &file);
    let dialect = match connect::dialect(&root, &file) {
        Ok(dialect) => Some(dialect),
        Err(diagnostic) => {
            diagnostics.push(diagnostic);
            None
        }
    };
    // Without a dialect the shape is still checked as far as both languages agree.
    decoder.dialect = dialect.unwrap_or(Dialect::Sql);
    let config = ConnectorConfig::decode(&root, &mut decoder);
    let shape = decoder.diagnostics.into_iter();
    match dialect {
        Some(_) => diagnostics.extend(shape),
        None => diagnostics.extend(shape.filter(|d| !d.message.contains("`connect`"))),
    }
    Loaded {
        file,
        config: dialect.zip(config),
        diagnostics,
        failed: decoder.failed,
        places: root.places(),
    }
}
