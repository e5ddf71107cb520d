//! A folder with the exchanges of a run ⇄ what they were: one file each, for people to read.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use indexmap::IndexMap;
use serde::Deserialize;
use serde_json::Value as Json;

use super::Broken;
use crate::config::read_plain;

/// The file about the recording as a whole.
const ABOUT: &str = "recording.yaml";

/// Larger bodies get a file of their own.
pub(super) const INLINE: usize = 64 * 1024;

/// The recording as a whole.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct About {
    /// The version of this program.
    #[serde(default)]
    pub rolecall: String,
    /// When it began, in milliseconds since 1970.
    pub started_ms: u64,
    /// Scheme, host and port of the API.
    pub api: String,
    /// Variables of the environment that are no secret and part of a URL.
    #[serde(default)]
    pub variables: BTreeMap<String, String>,
}

/// One request and its answer, without secrets.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exchange {
    /// Method and target: a path of the API, or a URL elsewhere.
    pub ask: String,
    /// Headers of the request. For people: answers are found without them, but for those that say what
    /// is asked for.
    #[serde(default)]
    pub with: IndexMap<String, Json>,
    /// The body of the request.
    pub sent: Option<String>,
    /// When it was asked, since the recording began.
    #[serde(default)]
    pub at_ms: u64,
    /// How long the answer took to begin.
    #[serde(default)]
    pub took_ms: u64,
    /// The status; `None` when no answer came.
    pub answer: Option<u16>,
    /// Headers of the answer; a list where one comes several times.
    #[serde(default)]
    pub headers: IndexMap<String, Json>,
    /// The body, in one of four ways: as JSON …
    pub json: Option<Json>,
    /// … as text …
    pub text: Option<String>,
    /// … in base64 …
    pub base64: Option<String>,
    /// … or the name of a file beside this one.
    pub body_file: Option<String>,
    /// How the connection broke: before the answer, or after the body that is there.
    pub broken: Option<Breakage>,
}

/// A connection that broke.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Breakage {
    /// What happened.
    pub reason: String,
    /// Whether trying again may help.
    pub transient: bool,
}

impl From<Broken> for Breakage {
    fn from(broken: Broken) -> Self {
        Self {
            reason: broken.reason,
            transient: broken.transient,
        }
    }
}

/// Makes the folder, which must not hold anything yet: two runs in one folder are none.
pub(super) fn create(folder: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true).mode(0o700).create(folder)?;
    match std::fs::read_dir(folder)?.next() {
        None => Ok(()),
        Some(_) => Err(io::Error::new(
            io::ErrorKind::AlreadyExists,
            "it is not empty",
        )),
    }
}

/// A new file that nobody else may read.
pub(super) fn private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    options.open(path)
}

pub(super) fn write_about(folder: &Path, about: &About) -> io::Result<()> {
    let mut text = format!(
        "rolecall: {}\nstarted_ms: {}\napi: {}\nvariables: {{",
        quoted(&about.rolecall),
        about.started_ms,
        quoted(&about.api)
    );
    let variables = about.variables.iter();
    let variables: Vec<_> = variables
        .map(|(name, value)| format!("{}: {}", quoted(name), quoted(value)))
        .collect();
    text.push_str(&variables.join(", "));
    text.push_str("}\n");
    // In one step: a reader finds the one before or this one.
    let beside = folder.join(".recording.yaml");
    private(&beside)?.write_all(text.as_bytes())?;
    std::fs::rename(beside, folder.join(ABOUT))
}

/// Where the exchange with this number stands.
pub(super) fn path(folder: &Path, number: u32) -> PathBuf {
    folder.join(format!("{number:05}.yaml"))
}

/// The name of the file for the body of this exchange.
pub(super) fn body_name(number: u32) -> String {
    format!("{number:05}.body")
}

pub(super) fn write(path: &Path, exchange: &Exchange, body: &[u8]) -> io::Result<()> {
    let mut text = format!("ask: {}\n", quoted(&exchange.ask));
    headers("with", &exchange.with, &mut text);
    if let Some(sent) = &exchange.sent {
        // Writing into a text cannot fail.
        let _ = writeln!(text, "sent: {}", quoted(sent));
    }
    let _ = writeln!(
        text,
        "at_ms: {}\ntook_ms: {}",
        exchange.at_ms, exchange.took_ms
    );
    if let Some(status) = exchange.answer {
        let _ = writeln!(text, "answer: {status}");
        headers("headers", &exchange.headers, &mut text);
    }
    match &exchange.body_file {
        Some(name) => text.push_str(&format!("body_file: {}\n", quoted(name))),
        None if !body.is_empty() => text.push_str(&inline(body)),
        None => {}
    }
    if let Some(broken) = &exchange.broken {
        let reason = quoted(&broken.reason);
        let transient = broken.transient;
        let _ = writeln!(text, "broken: {{reason: {reason}, transient: {transient}}}");
    }
    private(path)?.write_all(text.as_bytes())
}

/// A body as a field: as JSON where that is what comes back when it is read, else as text, else in
/// base64.
fn inline(body: &[u8]) -> String {
    let text = std::str::from_utf8(body).ok();
    let json = serde_json::from_slice::<Json>(body).ok();
    if let (Some(json), Some(text)) = (&json, text) {
        let pretty = format!("{json:#}").replace('\n', "\n  ");
        let field = format!("json:\n  {pretty}\n");
        // Numbers may have more digits than JSON values keep.
        let written = json.to_string();
        let keeps_all = !json.is_null() && compact(text) == written;
        let back = read_plain::<BTreeMap<String, Json>>(&field).ok();
        let back = back.map(|back| back["json"].to_string());
        if keeps_all && back == Some(written) {
            return field;
        }
    }
    if let Some(text) = text {
        let field = format!("text: {}\n", quoted(text));
        let back = read_plain::<BTreeMap<String, String>>(&field).ok();
        if back.is_some_and(|back| back["text"] == text) {
            return field;
        }
    }
    format!("base64: {}\n", STANDARD.encode(body))
}

/// JSON without the white space between its values.
fn compact(json: &str) -> String {
    let (mut inside, mut escaped) = (false, false);
    let keep = |c: &char| {
        if inside {
            (inside, escaped) = (escaped || *c != '"', !escaped && *c == '\\');
            return true;
        }
        inside = *c == '"';
        !c.is_ascii_whitespace()
    };
    json.chars().filter(keep).collect()
}

fn headers(field: &str, headers: &IndexMap<String, Json>, text: &mut String) {
    if headers.is_empty() {
        return;
    }
    text.push_str(field);
    text.push_str(":\n");
    for (name, value) in headers {
        let _ = writeln!(text, "  {}: {value}", quoted(name));
    }
}

/// A text in quotes. YAML reads what JSON writes.
fn quoted(text: &str) -> String {
    Json::from(text).to_string()
}

/// Reads a whole recording; the exchanges in the order in which they were asked.
pub(super) fn read(folder: &Path) -> Result<(About, Vec<Exchange>), String> {
    let text = |path: &Path| {
        std::fs::read_to_string(path)
            .map_err(|error| format!("cannot read `{}`: {error}", path.display()))
    };
    let wrong =
        |path: &Path, error| format!("`{}` is no part of a recording: {error}", path.display());
    let about = folder.join(ABOUT);
    let about: About = read_plain(&text(&about)?).map_err(|error| wrong(&about, error))?;
    let entries = std::fs::read_dir(folder).map_err(|error| error.to_string())?;
    let mut paths: Vec<_> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "yaml")
        })
        .filter(|path| {
            path.file_name()
                .is_some_and(|name| name != ABOUT && name != ".recording.yaml")
        })
        .collect();
    paths.sort();
    let exchanges = paths.iter().map(|path| {
        let exchange: Exchange = read_plain(&text(path)?).map_err(|error| wrong(path, error))?;
        // A name with a folder in it would lead out of the recording.
        match &exchange.body_file {
            Some(name) if name.contains(['/', '\\']) => Err(wrong(
                path,
                format!("`body_file: {name}` is no name of a file"),
            )),
            _ => Ok(exchange),
        }
    });
    Ok((about, exchanges.collect::<Result<_, _>>()?))
}

impl Exchange {
    /// The body as it came, where it stands in the exchange itself.
    pub fn body(&self) -> Result<Vec<u8>, String> {
        match (&self.json, &self.text, &self.base64) {
            (Some(json), ..) => Ok(json.to_string().into_bytes()),
            (_, Some(text), _) => Ok(text.clone().into_bytes()),
            (.., Some(base64)) => STANDARD.decode(base64).map_err(|error| error.to_string()),
            _ => Ok(Vec::new()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_come_back_as_they_were() {
        let folder = tempfile::tempdir().expect("a folder");
        let bodies: [&[u8]; 9] = [
            br#"{"id":"a: b # c","n":[1,2.5,-3,true,null],"y":"no","t":"2024-01-01","e":""}"#,
            br#"{"id":123456789012345678901234567890}"#,
            br#"{"a":1,"a":2}"#,
            br#"{"x": 1.50, "u":"\u2028\ud83d\ude00"}"#,
            b"<html>\r\n\ttabs\x00\x7f</html>",
            b"\xff\xfe\x00binary",
            b"{\"cut\": ",
            "\u{feff}[1]".as_bytes(),
            b"null",
        ];
        for body in bodies {
            let path = folder.path().join("1.yaml");
            let mut exchange = Exchange {
                ask: "GET /x?a=%2F".into(),
                answer: Some(200),
                ..Exchange::default()
            };
            exchange.headers.insert("x-a".into(), "b: 'c'\"".into());
            write(&path, &exchange, body).expect("it is written");
            let text = std::fs::read_to_string(&path).expect("it is there");
            let back: Exchange =
                read_plain(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
            assert_eq!(back.headers, exchange.headers);
            let found = back.body().expect("a body");
            let same = found == body
                || serde_json::from_slice::<Json>(body)
                    .is_ok_and(|json| json.to_string().as_bytes() == found);
            assert!(same, "{text}");
        }
    }
}
