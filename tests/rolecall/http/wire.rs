//! What the program says when an API misbehaves, and how it gets along with limits and proxies.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::Output;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::case::{SECRET, TestClock, listing};
use super::server::{Exchange, Server};
use crate::said;

const CONNECTOR: &str = r#"app_name: Acme
connect:
  base_url: ${BASE}/v1
  auth: AUTH
http: {retry: {max_attempts: 2, initial_backoff: 1ms}, connect_timeout: 200ms, read_timeout: 400ms}
resource_types:
  user:
    list:
      request:
        url: /users
        query_params: {key: "${SECRET}"}
      response:
        items_path: users
        resource_mapping: {id: cel:item.id, display_name: cel:item.name}
      pagination: {strategy: cursor, cursor_param: after, cursor_path: next}
"#;

const BEARER: &str = "{type: bearer, token: \"${SECRET}\"}";
const OAUTH: &str = "{type: oauth2_client_credentials, token_url: \"${BASE}/token\", client_id: ada, client_secret: \"${SECRET}\"}";

/// Runs the program in a folder.
fn run(folder: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    let mut command = crate::program();
    command.args(arguments).current_dir(folder);
    for name in ["http_proxy", "https_proxy", "no_proxy", "all_proxy"] {
        command.env_remove(name).env_remove(name.to_uppercase());
    }
    command
        .envs(variables.iter().copied())
        .output()
        .expect("the program runs")
}

/// The first line and the headers of a request, and its body.
fn request(stream: &TcpStream) -> Option<(String, Vec<u8>)> {
    let mut reader = BufReader::new(stream);
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
        if line.trim().is_empty() {
            break;
        }
        head.push_str(&line);
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some((head, body))
}

/// A server that does this with every connection, until the test ends.
fn serve(answer: impl Fn(TcpStream) + Send + Sync + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("it is bound");
    let answer = Arc::new(answer);
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let answer = answer.clone();
            std::thread::spawn(move || answer(stream));
        }
    });
    address
}

/// An answer on the wire.
fn answer(status: u16, headers: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let mut bytes = format!(
        "HTTP/1.1 {status} X\r\nconnection: close\r\ncontent-length: {length}\r\n{headers}\r\n"
    )
    .into_bytes();
    bytes.extend_from_slice(body);
    bytes
}

/// Syncs against a server whose every answer but that to `HEAD` is this.
fn sync_against(name: &str, auth: &str, on_wire: Vec<u8>, rest_after: Option<Duration>) -> Output {
    let address = serve(move |mut stream| {
        let Some((head, _)) = request(&stream) else {
            return;
        };
        let sent = match head.starts_with("HEAD") {
            true => stream.write_all(&answer(200, "", b"")),
            false => stream.write_all(&on_wire),
        };
        if let (Ok(()), Some(rest), false) = (sent, rest_after, head.starts_with("HEAD")) {
            std::thread::sleep(rest);
        }
    });
    sync(name, auth, &format!("http://{address}"))
}

fn sync(name: &str, auth: &str, base: &str) -> Output {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let connector = CONNECTOR.replace("AUTH", auth);
    std::fs::write(folder.path().join("acme.yaml"), connector).expect("the folder is ours");
    let ran = run(
        folder.path(),
        &["sync", "acme.yaml"],
        &[("BASE", base), ("SECRET", SECRET)],
    );
    let seen = said(&ran);
    assert!(!seen.contains("s3cr3t"), "{name}: {seen}");
    let sealed = folder.path().join("sync.c1z").exists();
    assert_eq!(sealed, ran.status.code() == Some(3), "{name}: {seen}");
    ran
}

fn snapshot(name: &str, ran: &Output) {
    let code = ran.status.code();
    insta::with_settings!({filters => vec![
        (r"127\.0\.0\.1:\d+", "ADDRESS"),
        (r"`/\S*/sync\.c1z", "`sync.c1z"),
    ]}, {
        insta::assert_snapshot!(format!("wire@{name}"), format!("exit code {code:?}\n{}", said(ran)));
    });
}

#[test]
fn every_bad_answer_is_told_with_its_request_its_type_and_its_line() {
    let json = "content-type: application/json\r\n";
    let html = b"<html><head><title>Maintenance</title></head></html>";
    let cases: Vec<(&str, &str, Vec<u8>)> = vec![
        ("wrong-content-type", BEARER, answer(200, "content-type: text/csv\r\n", b"id,name\n1,Ada\n")),
        ("html", BEARER, answer(200, "content-type: text/html\r\n", html)),
        ("truncated", BEARER, b"HTTP/1.1 200 X\r\nconnection: close\r\ncontent-length: 900\r\n\r\n{\"users\": [".to_vec()),
        ("invalid-json", BEARER, answer(200, json, b"{\"users\": [{]}")),
        ("invalid-utf8", BEARER, answer(200, json, b"{\"users\": [{\"id\": \"\xff\xfe\"}]}")),
        ("wrong-items-path", BEARER, answer(200, json, br#"{"people": [], "total": 0}"#)),
        ("missing-field", BEARER, answer(200, json, br#"{"users": [{"id": "ada"}]}"#)),
        ("redirect-loop", BEARER, answer(302, "location: /v1/users\r\n", b"")),
        ("redirect-elsewhere", BEARER, answer(302, "location: nonsense://x\r\n", b"")),
        ("unauthorized", BEARER, answer(401, json, br#"{"message": "bad token s3cr3t/v4lue="}"#)),
        ("forbidden", BEARER, answer(403, json, br#"{"message": "needs the scope users.read"}"#)),
        ("not-found", BEARER, answer(404, json, b"{}")),
        ("gone-wrong", BEARER, answer(500, "content-type: text/html\r\n", html)),
        ("unavailable", BEARER, answer(503, "", b"")),
        ("not-implemented", BEARER, answer(501, "", b"")),
        ("too-many-requests", BEARER, answer(429, "retry-after: 0\r\n", b"")),
        ("too-many-requests-for-long", BEARER, answer(429, "retry-after: 7200\r\n", b"")),
        ("daily-limit", BEARER, answer(403, json, br#"[{"errorCode": "REQUEST_LIMIT_EXCEEDED", "message": "TotalRequests Limit exceeded."}]"#)),
        ("token-refused", OAUTH, answer(400, json, br#"{"error": "invalid_client", "error_description": "no client s3cr3t%2Fv4lue%3D"}"#)),
        ("token-html", OAUTH, answer(200, "content-type: text/html\r\n", html)),
        ("token-down", OAUTH, answer(502, "", b"")),
        ("token-missing", OAUTH, answer(200, json, b"{\"ok\": true}")),
        ("no-http", BEARER, b"SSH-2.0-OpenSSH_9.2\r\n".to_vec()),
    ];
    for (name, auth, on_wire) in cases {
        let ran = sync_against(name, auth, on_wire, None);
        assert_eq!(ran.status.code(), Some(1), "{name}: {}", said(&ran));
        snapshot(name, &ran);
    }
}

#[test]
fn a_server_that_never_ends_its_pages_is_left() {
    for (name, users) in [("endless-pages", 12), ("endless-small-pages", 1)] {
        let pages = AtomicU32::new(0);
        let address = serve(move |mut stream| {
            let Some((head, _)) = request(&stream) else {
                return;
            };
            let body = match head.starts_with("HEAD") {
                true => String::new(),
                false => {
                    let page = pages.fetch_add(1, Ordering::SeqCst);
                    let users = (0..users).map(|n| serde_json::json!({"id": n, "name": "A"}));
                    let users = users.collect::<Vec<_>>();
                    serde_json::json!({"users": users, "next": page.to_string()}).to_string()
                }
            };
            let _ = stream.write_all(&answer(200, "", body.as_bytes()));
        });
        let ran = sync("endless", BEARER, &format!("http://{address}"));
        assert_eq!(ran.status.code(), Some(3), "{}", said(&ran));
        snapshot(name, &ran);
    }
}

#[test]
fn every_limit_of_time_has_its_own_words() {
    let stalls = Some(Duration::from_secs(5));
    snapshot(
        "silent",
        &sync_against("silent", BEARER, Vec::new(), stalls),
    );
    let begun = b"HTTP/1.1 200 X\r\ncontent-length: 900\r\n\r\n{\"users\": [".to_vec();
    snapshot("stalls", &sync_against("stalls", BEARER, begun, stalls));
    // A queue of connections that nobody takes: the next ones are not answered at all.
    let full = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = full.local_addr().expect("it is bound");
    let wait = Duration::from_millis(200);
    let waiting: Vec<_> = (0..5000)
        .map_while(|_| TcpStream::connect_timeout(&address, wait).ok())
        .collect();
    assert!(waiting.len() < 5000, "the queue has no end");
    snapshot(
        "no-connection",
        &sync("no-connection", BEARER, &format!("http://{address}")),
    );
}

/// An answer may take longer than any limit on silence, as long as it goes on coming.
#[test]
fn a_slow_answer_is_not_cut() {
    let address = serve(|mut stream| {
        let Some((head, _)) = request(&stream) else {
            return;
        };
        let body = br#"{"users": [{"id": "ada", "name": "Ada Lovelace"}]}"#;
        if head.starts_with("HEAD") {
            return drop(stream.write_all(&answer(200, "", b"")));
        }
        let whole = answer(200, "", body);
        let (head, body) = whole.split_at(whole.len() - body.len());
        let _ = stream.write_all(head);
        for part in body.chunks(body.len() / 8) {
            let _ = stream.write_all(part);
            std::thread::sleep(Duration::from_millis(120));
        }
    });
    let folder = tempfile::tempdir().expect("a temporary folder");
    let base = format!("http://{address}");
    let variables = [("BASE", base.as_str()), ("SECRET", SECRET)];
    let connector = CONNECTOR.replace("AUTH", BEARER);
    let sync = |text: &str| {
        std::fs::write(folder.path().join("acme.yaml"), text).expect("the folder is ours");
        run(folder.path(), &["sync", "acme.yaml"], &variables)
    };
    let ran = sync(&connector);
    assert_eq!(ran.status.code(), Some(0), "{}", said(&ran));
    let ran = sync(&connector.replace("read_timeout: 400ms", "timeout: 500ms"));
    assert_eq!(ran.status.code(), Some(1), "{}", said(&ran));
    snapshot("too-long", &ran);
}

#[test]
fn hosts_that_are_not_there_and_tls_where_there_is_none() {
    let ran = sync("dns", BEARER, "http://acme.invalid");
    assert_eq!(ran.status.code(), Some(1));
    let seen = said(&ran);
    assert!(seen.contains("cannot reach acme.invalid: "), "{seen}");
    let address = serve(|mut stream| {
        let _ = stream.write_all(&answer(400, "", b"this is plain HTTP"));
    });
    let ran = sync("tls", BEARER, &format!("https://{address}"));
    assert_eq!(ran.status.code(), Some(1));
    snapshot("tls-of-a-plain-server", &ran);
}

/// A server that can do four things at a time. However many tasks ask, they slow down together.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn tasks_slow_down_together_and_recover() {
    #[derive(Default)]
    struct Seen {
        now: u32,
        answers: Vec<(u32, u16)>,
    }
    let seen = Arc::new(Mutex::new(Seen::default()));
    let shared = seen.clone();
    let address = serve(move |mut stream| {
        if request(&stream).is_none() {
            return;
        }
        let now = {
            let mut seen = shared.lock().expect("no panic");
            seen.now += 1;
            seen.now
        };
        std::thread::sleep(Duration::from_millis(30));
        let status = if now > 4 { 503 } else { 200 };
        let mut seen = shared.lock().expect("no panic");
        seen.answers.push((now, status));
        seen.now -= 1;
        drop(seen);
        let _ = stream.write_all(&answer(status, "", br#"{"users": []}"#));
    });
    let yaml = format!(
        "connect: {{base_url: 'http://{address}'}}\nhttp: {{max_concurrency: 16, retry: {{max_attempts: 20}}}}\nresource_types: {{user: {{list: {{request: {{url: /users}}, response: {{items_path: users}}}}}}}}\n"
    );
    let server = Server::start(Vec::new());
    let (listing, found) = listing(&yaml, &server, Arc::new(TestClock::default()), false);
    let listing = listing.unwrap_or_else(|| panic!("{found:?}"));
    let inputs = rolecall::expr::Inputs::new();
    let pages = (0..60).map(|_| listing.page(&inputs, None));
    for page in futures::future::join_all(pages).await {
        page.expect("every task gets its answer in the end");
    }
    server.finish();
    let seen = seen.lock().expect("no panic");
    let refused = seen
        .answers
        .iter()
        .filter(|(_, status)| *status == 503)
        .count();
    assert!((1..60).contains(&refused), "{:?}", seen.answers);
    let late = seen.answers.iter().skip(32).map(|(now, _)| *now).max();
    assert!(late <= Some(8), "{:?}", seen.answers);
}

/// A proxy for plain HTTP, and the heads of the requests that went through it.
fn proxy() -> (SocketAddr, Arc<Mutex<Vec<String>>>) {
    let heads = Arc::new(Mutex::new(Vec::new()));
    let seen = heads.clone();
    let address = serve(move |mut stream| {
        let Some((head, body)) = request(&stream) else {
            return;
        };
        seen.lock().expect("no panic").push(head.clone());
        let url = head.split(' ').nth(1).unwrap_or_default();
        let rest = url.strip_prefix("http://").expect("the whole URL");
        let (host, path) = rest.split_once('/').expect("a path");
        let mut system = TcpStream::connect(host).expect("the system is there");
        let line = head.replacen(url, &format!("/{path}"), 1);
        let _ = system.write_all(format!("{line}\r\n").as_bytes());
        let _ = system.write_all(&body);
        let _ = std::io::copy(&mut system, &mut stream);
    });
    (address, heads)
}

#[test]
fn proxies_of_the_environment_are_used_and_their_passwords_not_shown() {
    let (address, heads) = proxy();
    let through = format!("http://ada:pr0xyp4ss@{address}");
    let closed = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let nobody = format!(
        "http://ada:pr0xyp4ss@{}",
        closed.local_addr().expect("it is bound")
    );
    drop(closed);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let connector = CONNECTOR.replace("AUTH", BEARER);
    std::fs::write(folder.path().join("acme.yaml"), connector).expect("the folder is ours");
    type Variables<'v> = &'v [(&'v str, &'v str)];
    let cases: [(Variables, bool, i32); 5] = [
        (&[("HTTP_PROXY", &through)], true, 0),
        (&[("http_proxy", &through)], true, 0),
        (
            &[
                ("HTTP_PROXY", &through),
                ("NO_PROXY", "localhost,127.0.0.1"),
            ],
            false,
            0,
        ),
        (&[("HTTPS_PROXY", &nobody)], false, 0),
        (&[("HTTP_PROXY", &nobody)], false, 1),
    ];
    for (proxies, used, code) in cases {
        let asks = ["HEAD /v1", "GET /v1/users?key=s3cr3t%2Fv4lue%3D"];
        let exchange = |ask: &&str| -> Exchange {
            serde_json::from_value(
                serde_json::json!({"ask": ask, "json": {"users": [{"id": 1, "name": "a"}]}}),
            )
            .expect("an exchange")
        };
        let asks: &[_] = if code == 0 { &asks } else { &[] };
        let server = Server::start(asks.iter().map(exchange).collect());
        let base = format!("http://{}", server.address());
        let variables = [
            &[
                ("BASE", base.as_str()),
                ("SECRET", SECRET),
                ("RUST_LOG", "debug"),
            ],
            proxies,
        ]
        .concat();
        let ran = run(folder.path(), &["sync", "acme.yaml", "--fresh"], &variables);
        assert_eq!(ran.status.code(), Some(code), "{}", said(&ran));
        assert!(!said(&ran).contains("pr0xyp4ss"), "{}", said(&ran));
        assert_eq!(server.finish(), Vec::<String>::new());
        let heads = std::mem::take(&mut *heads.lock().expect("no panic"));
        assert_eq!(heads.len(), if used { 2 } else { 0 }, "{proxies:?}");
        let proven = heads
            .iter()
            .all(|head| head.to_lowercase().contains("proxy-authorization: basic "));
        assert!(proven, "{heads:?}");
        if code == 1 {
            assert!(
                said(&ran).contains("the environment names a proxy"),
                "{}",
                said(&ran)
            );
        }
    }
}

#[test]
fn eval_shows_what_an_expression_makes_of_a_record() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let http = "app_name: Acme\nvars: {region: eu, key: \"${NOT_SET_HERE}\"}\nconnect: {base_url: 'https://h'}\nresource_types: {}\n";
    std::fs::write(folder.path().join("http.yaml"), http).expect("the folder is ours");
    std::fs::write(
        folder.path().join("record.json"),
        r#"{"id": 7, "name": "Ada"}"#,
    )
    .expect("the folder is ours");
    let ada = r#"{"id": 7, "name": "Ada", "tags": ["a", "b"], "boss": null}"#;
    let cases: &[(&str, &[&str])] = &[
        (
            "column",
            &["-", ".name + ' ' + string(.id)", "--record", ada],
        ),
        ("null", &["-", ".boss", "--record", ada]),
        ("list", &["-", ".tags", "--record", ada]),
        ("file", &["-", "item.name", "--record", "@record.json"]),
        (
            "template",
            &[
                "http.yaml",
                "tmpl:{{ .item.name }} of {{ .vars.region }}",
                "--record",
                ada,
            ],
        ),
        ("literal", &["http.yaml", "item.name", "--record", ada]),
        (
            "cel-of-an-api",
            &["http.yaml", "cel:item.id + 1", "--record", ada],
        ),
        (
            "resource",
            &[
                "http.yaml",
                "cel:resource.ID + ':' + resource.display_name",
                "--resource",
                r#"{"type": "group", "id": "g1", "display_name": "Staff"}"#,
            ],
        ),
        (
            "variable",
            &[
                "-",
                "principal.id + page",
                "--var",
                r#"principal={"id": "ada"}"#,
                "--var",
                r#"page="2""#,
            ],
        ),
        ("unknown-function", &["-", "lowr(.name)", "--record", ada]),
        ("unknown-variable", &["-", "itm.name", "--record", ada]),
        ("syntax", &["-", ".name +", "--record", ada]),
        ("failure", &["-", ".id / 0", "--record", ada]),
        ("missing-key", &["-", ".nme", "--record", ada]),
        ("bad-record", &["-", ".name", "--record", "{name: Ada}"]),
        ("bad-variable", &["-", "x", "--var", "x"]),
        ("no-file", &["absent.yaml", "1"]),
        ("empty", &["-", ""]),
    ];
    for (name, arguments) in cases {
        let ran = run(folder.path(), &[&["eval"], *arguments].concat(), &[]);
        let code = ran.status.code();
        let (out, err) = (
            String::from_utf8_lossy(&ran.stdout),
            String::from_utf8_lossy(&ran.stderr),
        );
        insta::assert_snapshot!(
            format!("eval@{name}"),
            format!("exit code {code:?}\n{out}--- standard error\n{err}")
        );
    }
}
