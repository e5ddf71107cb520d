//! One folder of `tests/fixtures/http`: a connector, the exchanges, what comes of them.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use rolecall::config::{CompileContext, ConnectorConfig, load_text};
use rolecall::diagnostic::{Diagnostic, Severity, SourceFile};
use rolecall::expr::{Inputs, Value, Variables};
use rolecall::source::http::{Clock, HttpListing, HttpSource};
use rolecall::source::{Fetch, Meter, PageToken, WaitReason};
use serde_json::Value as Json;

use super::server::{Exchange, Server};

/// The value of `${SECRET}`, which must never be seen.
pub const SECRET: &str = "s3cr3t/v4lue=";

const VARIABLES: Variables = Variables::of(&["resource", "parent_resource", "item", "vars"]);

/// What a case starts from, and what it expects.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Expectation {
    /// Variables of the listing.
    inputs: serde_json::Map<String, Json>,
    per_resource: bool,
    /// The order of the exchanges does not matter: some are made side by side.
    in_any_order: bool,
    /// Bounds of the waits between tries, in milliseconds.
    waits: Vec<(u64, u64)>,
    /// What was waited for.
    waits_for: Option<Vec<WaitReason>>,
    /// The records of all pages.
    records: Vec<Json>,
    /// The variables shared by the records of the last page.
    shared: Option<Json>,
    /// Codes of the reasons why the listing is partial.
    partial: Vec<String>,
    /// What the error says.
    error: Option<String>,
    /// Diagnostics as `code: message`.
    diagnostics: Vec<String>,
}

pub struct Case {
    connector: String,
    exchanges: String,
    expected: String,
}

/// Every case, sorted by name.
pub fn fixtures() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/http");
    let entries = std::fs::read_dir(folder).expect("the fixtures");
    let mut cases: Vec<_> = entries
        .map(|entry| entry.expect("a folder").path())
        .collect();
    cases.sort();
    cases
}

impl Case {
    pub fn load(folder: &Path) -> Self {
        let read = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap_or_default();
        let connector = read("connector.yaml");
        assert!(
            !connector.is_empty(),
            "{} has no connector",
            folder.display()
        );
        Self {
            connector,
            exchanges: read("exchanges.yaml"),
            expected: read("expected.yaml"),
        }
    }

    /// Runs the listing to its end, each page with everything compiled anew: whatever is not in
    /// the token is lost.
    pub async fn run(self) -> Result<(), Vec<String>> {
        let server = Server::bind();
        let place = |text: &str| {
            let text = text.replace("${BASE}", &format!("http://{}", server.address()));
            text.replace("${OTHER}", &format!("http://{}", server.other()))
                .replace("${BASE_HOST}", &server.address().to_string())
        };
        let expected: Expectation = parse(&place(&self.expected));
        let exchanges: Vec<Exchange> =
            parse::<Option<Vec<Exchange>>>(&place(&self.exchanges)).unwrap_or_default();
        let asked = exchanges.len() as u64;
        let server = server.script(exchanges);
        let server = match expected.in_any_order {
            true => server.in_any_order(),
            false => server,
        };
        let (clock, meter) = (Arc::new(TestClock::default()), Meter::new());

        let mut inputs = Inputs::new();
        for (name, value) in &expected.inputs {
            inputs.set(name, Value::from(value.clone()));
        }
        let (mut problems, mut records, mut partial) = (Vec::new(), Vec::new(), Vec::new());
        let (mut token, mut shared, mut error) = (None::<PageToken>, None, None);
        loop {
            let (listing, diagnostics) = listing(
                &self.connector,
                &server,
                clock.clone(),
                expected.per_resource,
            );
            let shown: Vec<_> = diagnostics
                .iter()
                .map(|d| format!("{}: {}", d.code, d.message))
                .collect();
            if shown != expected.diagnostics {
                problems.push(format!("diagnostics are {shown:#?}"));
            }
            let Some(listing) = listing else { break };
            seen(&format!("{listing:?}"), &mut problems);
            match meter.measure(listing.page(&inputs, token.as_ref())).await {
                Ok(page) => {
                    records.extend(page.records.iter().map(Json::from));
                    partial.extend(page.partial.iter().map(|reason| reason.code.to_owned()));
                    page.partial
                        .iter()
                        .for_each(|reason| seen(&reason.message, &mut problems));
                    shared = Some(page.shared);
                    token = page.next;
                    token
                        .iter()
                        .for_each(|token| seen(token.as_str(), &mut problems));
                }
                Err(problem) => {
                    seen(&format!("{problem} {problem:?}"), &mut problems);
                    error = Some(problem.to_string());
                    token = None;
                }
            }
            if token.is_none() {
                break;
            }
        }
        problems.extend(server.finish());
        compare("records", &records, &expected.records, &mut problems);
        compare("partial", &partial, &expected.partial, &mut problems);
        match (&error, &expected.error) {
            (Some(error), Some(part)) if error.contains(part) => {}
            (None, None) => {}
            _ => problems.push(format!("the error is {error:?}, not {:?}", expected.error)),
        }
        if let Some(expected) = &expected.shared {
            let shared = shared.unwrap_or_default();
            for (name, expected) in expected.as_object().expect("variables by name") {
                let found = shared.get(name).map(Json::from);
                compare(name, &found.as_ref(), &Some(expected), &mut problems);
            }
        }
        let waits = clock.waits();
        let within = |(wait, (least, most)): (&Duration, &(u64, u64))| {
            (*least..=*most).contains(&(wait.as_millis() as u64))
        };
        if waits.len() != expected.waits.len() || !waits.iter().zip(&expected.waits).all(within) {
            problems.push(format!("the waits are {waits:?}, not {:?}", expected.waits));
        }
        let cost = meter.cost();
        compare("requests", &cost.requests, &asked, &mut problems);
        let waited = cost.rate_limit_wait_ms + cost.retry_wait_ms + cost.job_wait_ms;
        let waits_ms = waits
            .iter()
            .map(|wait| wait.as_millis() as u64)
            .sum::<u64>();
        if !(waits_ms..=waits_ms + waits.len() as u64).contains(&waited) {
            problems.push(format!("{waited} ms of waits were counted, not {waits_ms}"));
        }
        if let Some(expected) = &expected.waits_for {
            let reasons = WaitReason::ALL.into_iter();
            let reasons = reasons
                .filter(|reason| cost.waited_ms(*reason) > 0)
                .collect();
            compare("waits for", &reasons, expected, &mut problems);
        }
        if problems.is_empty() {
            Ok(())
        } else {
            Err(problems)
        }
    }
}

fn parse<T: serde::de::DeserializeOwned + Default>(text: &str) -> T {
    match text.trim().is_empty() {
        true => T::default(),
        false => serde_yaml::from_str(text).unwrap_or_else(|error| panic!("{error}\n{text}")),
    }
}

fn compare<T: PartialEq + std::fmt::Debug>(
    what: &str,
    found: &T,
    expected: &T,
    problems: &mut Vec<String>,
) {
    if found != expected {
        problems.push(format!("{what}: {found:?}, not {expected:?}"));
    }
}

/// Nothing that people or logs see may hold the secret, in any form it takes on the wire.
fn seen(text: &str, problems: &mut Vec<String>) {
    use base64::Engine as _;
    let encoded = base64::engine::general_purpose::STANDARD.encode(format!("ada:{SECRET}"));
    let in_a_form = base64::engine::general_purpose::STANDARD.encode("ada:s3cr3t%2Fv4lue%3D");
    let forms = [SECRET, "s3cr3t", "s3cr3t%2Fv4lue%3D", &encoded, &in_a_form];
    // What was given for it is as secret, and so is a key.
    for form in forms
        .into_iter()
        .chain(["t0k3n-", "s3ssion-", "c00kie", "f0rged-", "PRIVATE KEY"])
    {
        if text.contains(form) {
            problems.push(format!("the secret is seen in {text}"));
        }
    }
}

fn load(yaml: &str) -> (Arc<SourceFile>, Option<ConnectorConfig>, Vec<Diagnostic>) {
    let loaded = load_text(SourceFile::new("connector.yaml", yaml));
    (
        loaded.file,
        loaded.config.map(|(_, config)| config),
        loaded.diagnostics,
    )
}

pub fn environment(server: &Server) -> HashMap<String, String> {
    HashMap::from([
        ("BASE".to_owned(), format!("http://{}", server.address())),
        ("OTHER".to_owned(), format!("http://{}", server.other())),
        ("SECRET".to_owned(), SECRET.to_owned()),
        ("SECRET_FILE".to_owned(), format!("{SECRET}\n")),
    ])
}

/// Compiles the `connect` of a connector.
pub fn source(
    yaml: &str,
    server: &Server,
    clock: Arc<TestClock>,
) -> Option<(Arc<HttpSource>, Vec<Diagnostic>)> {
    let (file, config, mut diagnostics) = load(yaml);
    let config = config?;
    let Some(rolecall::config::connect::ConnectConfig::Http(connect)) = &config.connect else {
        return None;
    };
    let environment = environment(server);
    let mut cx = CompileContext::new(
        file,
        rolecall::config::Dialect::Http,
        &environment,
        Severity::Error,
    );
    let source = HttpSource::compile_with_clock(connect, &config, clock, &mut cx)?;
    diagnostics.append(&mut cx.diagnostics);
    Some((source, diagnostics))
}

/// Compiles the listing of `user`.
pub fn listing(
    yaml: &str,
    server: &Server,
    clock: Arc<TestClock>,
    per_resource: bool,
) -> (Option<Box<dyn Fetch>>, Vec<Diagnostic>) {
    let (both, diagnostics) = both(yaml, environment(server), clock, per_resource);
    (both.map(|(_, listing)| listing), diagnostics)
}

type Both = (Arc<HttpSource>, Box<dyn Fetch>);

/// Compiles `connect` and the listing of `user`.
pub fn both(
    yaml: &str,
    environment: HashMap<String, String>,
    clock: Arc<dyn Clock>,
    per_resource: bool,
) -> (Option<Both>, Vec<Diagnostic>) {
    let (file, config, mut diagnostics) = load(yaml);
    let Some(config) = config else {
        return (None, diagnostics);
    };
    let Some(rolecall::config::connect::ConnectConfig::Http(connect)) = &config.connect else {
        panic!("the connector of an API")
    };
    let mut cx = CompileContext::new(
        file,
        rolecall::config::Dialect::Http,
        &environment,
        Severity::Error,
    );
    let source = HttpSource::compile_with_clock(connect, &config, clock, &mut cx);
    let list = config
        .resource_types
        .get("user")
        .and_then(|user| user.list.as_ref())
        .expect("`user` has a list");
    let compiled = source.and_then(|source| {
        let listing = HttpListing {
            request: list.request.as_ref().expect("a request"),
            response: list.response.as_ref().expect("a response"),
            pagination: list.pagination.as_ref(),
            variables: VARIABLES,
            item_variables: VARIABLES,
            per_resource,
        };
        let listing = source.listing(listing, &mut cx)?;
        Some((source, listing))
    });
    diagnostics.append(&mut cx.diagnostics);
    rolecall::diagnostic::sort(&mut diagnostics);
    let runs = !rolecall::diagnostic::has_errors(&diagnostics);
    (compiled.filter(|_| runs), diagnostics)
}

/// A clock that does not wait but goes on, and remembers that it should have waited.
#[derive(Debug, Default)]
pub struct TestClock {
    waits: Mutex<Vec<Duration>>,
}

impl TestClock {
    pub fn waits(&self) -> Vec<Duration> {
        self.waits.lock().expect("no panic").clone()
    }
}

#[async_trait::async_trait]
impl Clock for TestClock {
    fn now(&self) -> SystemTime {
        let waited: Duration = self.waits().iter().sum();
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000) + waited
    }

    fn nonce(&self) -> Result<String, rolecall::source::SourceError> {
        Ok("0123456789abcdef0123456789abcdef".to_owned())
    }

    async fn sleep(&self, time: Duration) {
        self.waits.lock().expect("no panic").push(time);
    }
}
