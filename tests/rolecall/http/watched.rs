//! A sync of an API as tools see it: its traces, its metrics. The API repeats secrets wherever it
//! can.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::Output;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message as _;

use super::case::SECRET;
use super::server::{Exchange, Server};
use super::tape::{CONNECTOR, TOKEN, script};
use crate::{run, said};

/// Heads and bodies of requests.
type Taken = Arc<Mutex<Vec<(String, Vec<u8>)>>>;

/// Takes what is sent and says that it is well.
struct Collector {
    address: SocketAddr,
    taken: Taken,
}

impl Collector {
    /// `answers`: false for one that listens and never says a word.
    fn start(answers: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        let taken = Taken::default();
        let into = taken.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let into = into.clone();
                std::thread::spawn(move || take(&stream, answers, &into));
            }
        });
        Self { address, taken }
    }

    /// The spans by id.
    fn spans(&self) -> BTreeMap<Vec<u8>, Span> {
        let taken = self.taken.lock().expect("no panic");
        let requests = taken.iter().map(|(_, body)| {
            ExportTraceServiceRequest::decode(body.as_slice()).expect("spans of the protocol")
        });
        let resources = requests.flat_map(|request| request.resource_spans);
        let scopes = resources.flat_map(|resource| resource.scope_spans);
        let spans = scopes.flat_map(|scope| scope.spans);
        spans.map(|span| (span.span_id.clone(), span)).collect()
    }
}

fn take(mut stream: &TcpStream, answers: bool, into: &Taken) {
    let mut reader = BufReader::new(stream);
    loop {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if reader.read_line(&mut head).unwrap_or(0) == 0 {
                return;
            }
        }
        let length = head.to_lowercase();
        let length = length.split("content-length: ").nth(1).expect("a length");
        let length = length.lines().next().expect("a line").parse();
        let mut body = vec![0; length.expect("a number")];
        reader.read_exact(&mut body).expect("a body");
        into.lock().expect("no panic").push((head, body));
        if answers {
            let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
            stream.write_all(answer).expect("somebody listens");
        }
    }
}

/// Syncs the API of the script in a folder.
fn sync(folder: &Path, script: Vec<Exchange>, arguments: &[&str], more: &[(&str, &str)]) -> Output {
    std::fs::write(folder.join("acme.yaml"), CONNECTOR).expect("the folder is ours");
    let server = Server::bind();
    let (host, login) = (server.address(), server.other());
    let (host, login) = (format!("http://{host}"), format!("http://{login}"));
    let server = server.script(script).in_any_order();
    let mut variables = vec![("HOST", &*host), ("LOGIN", &*login), ("SECRET", SECRET)];
    variables.extend(more);
    let command = ["sync", "acme.yaml", "-f", "out.c1z"];
    let ran = run(folder, &[&command, arguments].concat(), &variables);
    drop(server.finish());
    ran
}

/// The script, with an API that has had enough for so many seconds where it was busy before.
fn limited(seconds: u32) -> Vec<Exchange> {
    let mut script = script();
    let busy = script.iter_mut().find(|exchange| exchange.answer == 503);
    let busy = busy.expect("the API is busy once");
    busy.answer = 429;
    let wait = ("retry-after".to_owned(), seconds.to_string().into());
    busy.headers.extend([wait]);
    script
}

/// Nothing that leaves the program may hold a secret, nor the id or the name of a person.
fn assert_says_nothing(bytes: &[u8], what: &str) {
    for secret in [SECRET, "s3cr3t", "s3cr3t%2Fv4lue%3D", TOKEN, "Ada", "u2999"] {
        let found = bytes
            .windows(secret.len())
            .any(|part| part == secret.as_bytes());
        assert!(!found, "{secret} is in {what}");
    }
}

/// A span and what it is inside of, as `outer > inner`, with what it says of the answer.
fn path(span: &Span, spans: &BTreeMap<Vec<u8>, Span>) -> String {
    let name = match spans.get(&span.parent_span_id) {
        Some(parent) => format!("{} > {}", path(parent, spans), span.name),
        None => {
            assert!(
                span.parent_span_id.is_empty(),
                "the parent of {} is lost",
                span.name
            );
            span.name.clone()
        }
    };
    let attribute = |key: &str| {
        let found = span.attributes.iter().find(|one| one.key == key)?;
        match found.value.as_ref()?.value.as_ref()? {
            Value::IntValue(number) => Some(number.to_string()),
            Value::StringValue(text) => Some(text.clone()),
            _ => None,
        }
    };
    match (
        attribute("http.response.status_code"),
        attribute("rolecall.attempt"),
    ) {
        (Some(status), Some(attempt)) => format!("{name} ({status}, attempt {attempt})"),
        _ => name,
    }
}

#[test]
fn traces_tell_what_took_how_long_and_nothing_else() {
    let folder = tempfile::tempdir().expect("a folder");
    let collector = Collector::start(true);
    let endpoint = format!("http://{}", collector.address);
    let ran = sync(
        folder.path(),
        script(),
        &["--otlp-endpoint", &endpoint],
        &[],
    );
    assert!(ran.status.success(), "{}", said(&ran));
    for (head, body) in collector.taken.lock().expect("no panic").iter() {
        assert!(head.starts_with("POST /v1/traces HTTP/1.1"), "{head}");
        assert_says_nothing(head.as_bytes(), "the head");
        assert_says_nothing(body, "the spans");
    }
    let spans = collector.spans();
    let paths: BTreeSet<String> = spans.values().map(|span| path(span, &spans)).collect();
    insta::assert_snapshot!(Vec::from_iter(paths).join("\n"));
    for span in spans.values() {
        assert!(
            span.end_time_unix_nano >= span.start_time_unix_nano,
            "{}",
            span.name
        );
    }
}

/// A collector that is not there, or does not answer, costs a sync at most two seconds.
#[test]
fn a_sync_needs_no_collector() {
    let silent = Collector::start(false);
    let refused = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let gone = refused.local_addr().expect("an address");
    drop(refused);
    for address in [silent.address, gone] {
        let folder = tempfile::tempdir().expect("a folder");
        let endpoint = format!("http://{address}");
        let begun = Instant::now();
        let variables = [("OTEL_EXPORTER_OTLP_ENDPOINT", &*endpoint)];
        let ran = sync(folder.path(), script(), &[], &variables);
        assert!(ran.status.success(), "{}", said(&ran));
        assert!(
            said(&ran).contains("the traces are not whole: "),
            "{}",
            said(&ran)
        );
        assert!(
            begun.elapsed() < Duration::from_secs(8),
            "{:?}",
            begun.elapsed()
        );
    }
    assert!(
        !silent.taken.lock().expect("no panic").is_empty(),
        "it was asked"
    );
}

#[test]
fn an_environment_made_for_others_keeps_no_sync_from_running() {
    let folder = tempfile::tempdir().expect("a folder");
    let variables = [("OTEL_EXPORTER_OTLP_ENDPOINT", "not a place")];
    let ran = sync(folder.path(), script(), &[], &variables);
    assert!(ran.status.success(), "{}", said(&ran));
    assert!(
        said(&ran).contains("no traces are sent: "),
        "{}",
        said(&ran)
    );
}

#[test]
fn an_endpoint_that_is_none_is_a_mistake_of_the_command_line() {
    let folder = tempfile::tempdir().expect("a folder");
    let ran = sync(
        folder.path(),
        Vec::new(),
        &["--otlp-endpoint", "collector:4317"],
        &[],
    );
    assert_eq!(ran.status.code(), Some(2), "{}", said(&ran));
    assert!(
        said(&ran).contains("http://localhost:4318"),
        "{}",
        said(&ran)
    );
}

/// The text of a metrics file, with what differs from run to run replaced.
fn metrics(folder: &Path) -> String {
    let text = std::fs::read_to_string(folder.join("acme.prom")).expect("it was written");
    assert_says_nothing(text.as_bytes(), "the metrics");
    let shown = text.lines().map(|line| {
        let changes = line.contains("_seconds") || line.contains("_bytes");
        match line.rsplit_once("} ") {
            Some((sample, value)) if changes => {
                let value: f64 = value.parse().expect("a number");
                match value {
                    1_700_000_000.0.. => format!("{sample}}} MOMENT"),
                    _ if sample.contains("reason=") => line.to_owned(),
                    _ => format!("{sample}}} SOME"),
                }
            }
            _ => line.to_owned(),
        }
    });
    shown.collect::<Vec<_>>().join("\n")
}

/// The value of a sample.
fn sample(folder: &Path, begins: &str) -> Option<f64> {
    let text = std::fs::read_to_string(folder.join("acme.prom")).expect("it was written");
    let line = text.lines().find(|line| line.starts_with(begins))?;
    line.rsplit_once(' ')?.1.parse().ok()
}

const SUCCESS: &str = "rolecall_sync_last_success_timestamp_seconds{";

#[test]
fn a_metrics_file_tells_how_the_sync_went() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let arguments = ["--metrics-file", "acme.prom"];
    let ran = sync(folder, limited(1), &arguments, &[]);
    assert!(ran.status.success(), "{}", said(&ran));
    let waited = "rolecall_sync_wait_seconds_total{connector=\"Acme\",reason=\"rate-limit\"}";
    let seconds = sample(folder, waited).expect("it is told");
    assert!((1.0..3.0).contains(&seconds), "{seconds}");
    let shown = metrics(folder).replace(&format!("{waited} {seconds}"), &format!("{waited} ONE"));
    insta::assert_snapshot!("metrics_of_a_sync", shown);
    let first = sample(folder, SUCCESS).expect("it succeeded");
    let about = std::fs::metadata(folder.join("acme.prom")).expect("it is there");
    assert_eq!(
        about.permissions().mode() & 0o777,
        0o644,
        "others collect it"
    );
    // One that fails keeps what is known of the one before.
    let broken = script().into_iter().map(|exchange| Exchange {
        answer: if exchange.ask.contains("/groups") {
            500
        } else {
            exchange.answer
        },
        ..exchange
    });
    let ran = sync(folder, broken.collect(), &arguments, &[]);
    assert_eq!(ran.status.code(), Some(1), "{}", said(&ran));
    assert_eq!(sample(folder, SUCCESS), Some(first));
    // How far it came is a matter of chance.
    let shown = metrics(folder);
    let shown = shown.split("# HELP rolecall_sync_pages_total").next();
    let shown = shown.expect("a part").lines();
    let shown = shown.filter(|line| !line.contains("_phase_duration_"));
    let shown = Vec::from_iter(shown).join("\n");
    insta::assert_snapshot!("metrics_of_a_sync_that_fails", shown);
    let left = std::fs::read_dir(folder).expect("a folder");
    let left = left.map(|entry| entry.expect("a file").file_name());
    assert!(
        !left
            .into_iter()
            .any(|name| name.to_string_lossy().contains(".new"))
    );
}

/// Spans are for traces: log messages stay as short as they are.
#[test]
fn logs_hold_no_spans() {
    let folder = tempfile::tempdir().expect("a folder");
    for variables in [&[("RUST_LOG", "rolecall=trace")][..], &[]] {
        let arguments = ["--log-level", "debug", "--fresh"];
        let ran = sync(folder.path(), script(), &arguments, variables);
        let logs = said(&ran);
        assert!(logs.contains("the API answered"), "{logs}");
        assert!(!logs.contains("otel") && !logs.contains("sync{"), "{logs}");
    }
}

#[test]
fn a_wait_is_told_where_there_is_no_terminal() {
    let folder = tempfile::tempdir().expect("a folder");
    let ran = sync(folder.path(), limited(7), &["--progress", "plain"], &[]);
    assert!(ran.status.success(), "{}", said(&ran));
    let told = said(&ran);
    let waits: Vec<&str> = told
        .lines()
        .filter(|line| line.starts_with("waiting "))
        .collect();
    assert_eq!(waits.len(), 1, "{told}");
    assert!(
        waits[0].contains(" s for the system's rate limit (until "),
        "{told}"
    );
    assert_says_nothing(told.as_bytes(), "what is told");
}

#[test]
fn a_sync_that_never_succeeded_has_no_moment_of_success() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("acme.prom"), b"\xff not ours").expect("it is ours");
    let ran = sync(
        folder.path(),
        Vec::new(),
        &["--metrics-file", "acme.prom"],
        &[],
    );
    assert_eq!(ran.status.code(), Some(1), "{}", said(&ran));
    assert_eq!(sample(folder.path(), SUCCESS), None);
    let verdict = "rolecall_sync_verdict{connector=\"Acme\",verdict=\"failed\"}";
    assert_eq!(sample(folder.path(), verdict), Some(1.0));
    assert_eq!(sample(folder.path(), "rolecall_sync_running{"), Some(0.0));
}

#[test]
fn a_metrics_file_that_cannot_be_written_fails_no_sync() {
    let folder = tempfile::tempdir().expect("a folder");
    let ran = sync(
        folder.path(),
        script(),
        &["--metrics-file", "absent/acme.prom"],
        &[],
    );
    assert!(ran.status.success(), "{}", said(&ran));
    let message = "the metrics file `absent/acme.prom` cannot be written: ";
    assert_eq!(said(&ran).matches(message).count(), 1, "{}", said(&ran));
}
