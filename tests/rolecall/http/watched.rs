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
