//! Makes changes, and sees everything that they tell and leave: what is planned, what came of it, the
//! audit file, and every message of the program.

use std::io::Write;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use rolecall::provision::{
    AuditFile, HandOver, Made, Making, RunOptions, SecretSink, Verdict, Who,
};
use serde_json::Value as Json;
use tempfile::TempDir;
use tracing::subscriber::DefaultGuard;
use tracing_subscriber::fmt::MakeWriter;

/// Sees everything.
pub struct Witness {
    folder: TempDir,
    messages: Messages,
    seen: Mutex<String>,
    _guard: DefaultGuard,
}

/// What the program says of itself, at every level.
#[derive(Clone, Default)]
struct Messages(Arc<Mutex<Vec<u8>>>);

impl Write for Messages {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let mut messages = self.0.lock().expect("nobody panics with it");
        messages.extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'w> MakeWriter<'w> for Messages {
    type Writer = Self;

    fn make_writer(&'w self) -> Self {
        self.clone()
    }
}

impl Witness {
    pub fn new() -> Self {
        let messages = Messages::default();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(tracing::Level::TRACE)
            .with_writer(messages.clone())
            .finish();
        Self {
            folder: tempfile::tempdir().expect("a folder"),
            messages,
            seen: Mutex::new(String::new()),
            _guard: tracing::subscriber::set_default(subscriber),
        }
    }

    /// Where the next password goes.
    pub fn password_file(&self) -> PathBuf {
        self.folder.path().join("password")
    }

    /// A password goes into the file.
    pub fn to_file(&self) -> HandOver {
        HandOver {
            recipients: Vec::new(),
            to: Some(SecretSink::File(self.password_file())),
        }
    }

    fn see(&self, told: &impl std::fmt::Debug) {
        use std::fmt::Write as _;
        let mut seen = self.seen.lock().expect("nobody panics with it");
        writeln!(seen, "{told:?}").expect("a String takes all");
    }

    /// Looks at a change, and makes it.
    pub async fn make(&self, making: Making<'_>) -> Made {
        let planned = making.change.plan().await;
        self.see(&planned.map_err(|error| error.to_string()));
        self.see(&making);
        let who = Who {
            user: "ada".to_owned(),
            host: "desk".to_owned(),
            pid: 1,
            on_behalf_of: None,
        };
        let audit = self.folder.path().join("audit.jsonl");
        let mut journal = AuditFile::open(&audit, who).expect("an audit file");
        let made = making.run(&mut journal, RunOptions::default()).await;
        let made = made.expect("the audit file and the password can be written");
        let outcome = serde_json::to_string(&made.finished.outcome).expect("JSON");
        self.see(&outcome);
        self.see(&made.resource);
        let result = made.result(|resource| format!("{resource:?}").into());
        self.see(&result.map(|result| result.to_string()));
        made
    }

    /// Makes a change that sets a new password; returns the password, which is taken out of its
    /// file, and is seen nowhere else.
    pub async fn new_password(&self, making: Making<'_>) -> (Made, String) {
        let made = self.make(making).await;
        let told = &made.finished.outcome;
        assert_eq!(told.verdict, Verdict::Made, "{told:#?}");
        let file = made.password_file.as_ref().expect("it is handed over");
        let password = std::fs::read_to_string(file).expect("it is there");
        std::fs::remove_file(file).expect("it is ours");
        self.has_not_seen(&password);
        (made, password)
    }

    /// What the last change was going to send, as the audit file has it.
    pub fn last_intent(&self) -> Json {
        let audit = std::fs::read_to_string(self.folder.path().join("audit.jsonl"));
        let lines: Vec<Json> = audit
            .expect("it is there")
            .lines()
            .map(|line| serde_json::from_str(line).expect("JSON"))
            .collect();
        let mut intents = lines.iter().filter(|line| line["event"] == "intent");
        intents.next_back().expect("there is one")["sends"].clone()
    }

    /// Everything that was told or left so far.
    pub fn everything(&self) -> String {
        let mut all = self.seen.lock().expect("nobody panics with it").clone();
        let messages = self.messages.0.lock().expect("nobody panics with it");
        all.push_str(&String::from_utf8_lossy(&messages));
        let entries = std::fs::read_dir(self.folder.path()).expect("the folder");
        for entry in entries {
            let path = entry.expect("a file").path();
            if path != self.password_file() {
                let bytes = std::fs::read(path).expect("it is there");
                all.push_str(&String::from_utf8_lossy(&bytes));
            }
        }
        all
    }

    /// Nothing that was told or left holds the secret, in any form.
    pub fn has_not_seen(&self, secret: &str) {
        let everything = self.everything();
        assert!(everything.contains("intent"), "the audit file is looked at");
        for form in forms(secret) {
            if let Some(at) = everything.find(&form) {
                let start = everything.floor_char_boundary(at.saturating_sub(300));
                let end = everything.ceil_char_boundary(at + form.len() + 100);
                panic!("`{form}` is seen: {}", &everything[start..end]);
            }
        }
    }
}

/// What a secret may look like where somebody repeats it.
fn forms(secret: &str) -> Vec<String> {
    let json = serde_json::to_string(secret).expect("JSON");
    let debug = format!("{secret:?}");
    let percent = utf8_percent_encode(secret, NON_ALPHANUMERIC).to_string();
    let hex: String = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
    let mut forms = vec![
        secret.to_owned(),
        json[1..json.len() - 1].to_owned(),
        debug[1..debug.len() - 1].to_owned(),
        secret.replace('\'', "''"),
        percent.to_lowercase(),
        percent,
        url::form_urlencoded::byte_serialize(secret.as_bytes()).collect(),
        hex.to_uppercase(),
        hex,
    ];
    // Within something longer, three bytes at a time; the letters at both ends depend on it.
    for before in 0..3 {
        let padded = [&b"xyz"[..before], secret.as_bytes()].concat();
        let whole = padded.len() / 3 * 4;
        for encoded in [STANDARD.encode(&padded), URL_SAFE.encode(&padded)] {
            forms.push(encoded[[0, 2, 3][before]..whole].to_owned());
        }
    }
    forms
}

#[test]
fn a_witness_knows_a_secret_in_every_form() {
    let forms = forms("p4ss/w+rd");
    for form in [
        "p4ss/w+rd",
        "p4ss%2Fw%2Brd",
        "p4ss%2fw%2brd",
        "703473732f772b7264",
        "cDRzcy93K3Jk",
    ] {
        assert!(forms.iter().any(|found| found == form), "{form}: {forms:?}");
    }
}
