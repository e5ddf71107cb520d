//! The examples for APIs of vendors, each against an invented recording of what its vendor documents.
//!
//! `tests/fixtures/saas/README.md` says how the recordings are written.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Output;

use serde::Deserialize;

/// A recording in one file: the test makes a folder of it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Tape {
    /// Scheme and host of the API.
    api: String,
    /// Variables that are part of a URL.
    #[serde(default)]
    variables: BTreeMap<String, String>,
    /// Variables that the test sets: what has to be a key. `${KEYS}` is the folder with keys, `${FOLDER}`
    /// that of the run, which has the key file of a service account, `google.json`.
    #[serde(default)]
    environment: BTreeMap<String, String>,
    exchanges: Vec<serde_json::Map<String, serde_json::Value>>,
}

/// When each recording began: 2024-06-01.
const STARTED_MS: u64 = 1_717_200_000_000;

impl Tape {
    /// Writes the recording as `--record` would.
    fn write(&self, folder: &Path) {
        std::fs::create_dir(folder).expect("the folder is ours");
        let about = serde_json::json!({
            "started_ms": STARTED_MS, "api": self.api, "variables": self.variables
        });
        std::fs::write(folder.join("recording.yaml"), about.to_string()).expect("it is written");
        for (number, exchange) in self.exchanges.iter().enumerate() {
            let mut exchange = exchange.clone();
            exchange.entry("answer").or_insert(200.into());
            let file = folder.join(format!("{number:05}.yaml"));
            let text = serde_json::Value::Object(exchange).to_string();
            std::fs::write(file, text).expect("it is written");
        }
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn keys() -> PathBuf {
    root().join("tests/fixtures/keys")
}

/// The key file of a service account, as Google gives it.
fn write_key_file(folder: &Path) {
    let key = std::fs::read_to_string(keys().join("rsa.pem")).expect("a key");
    let file = serde_json::json!({
        "client_email": "rolecall@acme.iam.example", "private_key_id": "key-1", "private_key": key,
        "token_uri": "https://oauth2.googleapis.com/token"
    });
    std::fs::write(folder.join("google.json"), file.to_string()).expect("the folder is ours");
}

fn rolecall(folder: &Path, arguments: &[&str], tape: &Tape) -> Output {
    let (keys, here) = (keys(), folder.to_string_lossy());
    let environment = tape.environment.iter().map(|(name, value)| {
        let value = value.replace("${KEYS}", &keys.to_string_lossy());
        (name, value.replace("${FOLDER}", &here))
    });
    crate::program()
        .args(arguments)
        .current_dir(folder)
        .envs(environment)
        .output()
        .expect("the program runs")
}

/// What a recorded run of the example says and finds.
fn replayed(connector: &Path, tape: &Tape) -> String {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let folder = folder.path();
    tape.write(&folder.join("tape"));
    write_key_file(folder);
    let connector = connector.to_string_lossy();
    let arguments = [
        "sync",
        &*connector,
        "-f",
        "out.c1z",
        "--replay",
        "tape",
        "--strict",
    ];
    let ran = rolecall(folder, &arguments, tape);
    let said = crate::said(&ran);
    assert_eq!(ran.status.code(), Some(0), "{connector}: {said}");
    let unused = "recorded, but not asked for";
    assert!(!said.contains(unused), "{connector}: {said}");
    let mut seen = String::from_utf8_lossy(&ran.stdout).into_owned();
    for what in ["resources", "entitlements", "grants"] {
        let listed = rolecall(
            folder,
            &["inspect", "out.c1z", what, "--format", "json"],
            tape,
        );
        let lines = crate::conformance::fact_lines(what, &listed.stdout);
        writeln!(seen, "# {what}: {}\n{}", lines.len(), lines.join("\n"))
            .expect("a String takes all");
    }
    seen
}

fn tape(example: &str) -> Tape {
    let path = root().join(format!("tests/fixtures/saas/{example}.yaml"));
    let text = std::fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_yaml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The examples of the folder, by name.
pub fn examples() -> BTreeMap<String, PathBuf> {
    let folder = root().join("configs/examples/saas");
    let entries = std::fs::read_dir(folder).expect("the folder is there");
    let paths = entries.map(|entry| entry.expect("a readable folder").path());
    paths
        .map(|path| {
            let name = path.file_stem().expect("a file has a name");
            (name.to_string_lossy().into_owned(), path)
        })
        .collect()
}

/// One test for each, so that one can be run by its name.
macro_rules! replayed {
    ($($name:ident),* $(,)?) => {
        $(#[test]
        fn $name() {
            let name = stringify!($name).replace('_', "-");
            let path = &examples()[&name];
            insta::assert_snapshot!(format!("saas@{name}"), replayed(path, &tape(&name)));
        })*

        #[test]
        fn every_example_is_replayed() {
            let tested = [$(stringify!($name).replace('_', "-")),*];
            let mut wanted: Vec<String> = examples().into_keys().collect();
            wanted.sort();
            assert_eq!(tested.to_vec(), wanted);
        }
    };
}

replayed! {
    auth0,
    aws_iam,
    aws_identity_center,
    datadog,
    duo,
    entra_id,
    github,
    gitlab,
    google_workspace,
    jira_cloud,
    netsuite,
    okta,
    pagerduty,
    salesforce,
    servicenow,
    slack,
    zendesk,
    zoom,
}
