//! A server that answers from a script and remembers what did not follow it.

use std::collections::{BTreeMap, VecDeque};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use serde_json::Value as Json;

/// What is asked, and what is answered.
#[derive(Debug, Clone, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exchange {
    /// Method and target, as they stand on the wire.
    pub ask: String,
    /// Asked of the server under this name: `base`, `other`, or `secure`, which speaks TLS and wants
    /// a certificate.
    #[serde(default)]
    pub server: ServerName,
    /// Headers of the request; null for one that must not be there.
    #[serde(default)]
    pub with: serde_json::Map<String, Json>,
    /// Headers of the request that are another text each time, as regular expressions.
    #[serde(default)]
    pub matching: BTreeMap<String, String>,
    /// Claims of JSON Web Tokens by the header or form field that carries them; null for one that
    /// must not be there.
    #[serde(default)]
    pub claims: BTreeMap<String, serde_json::Map<String, Json>>,
    /// The body of the request, exactly.
    pub sent: Option<String>,
    /// The status; 0 ends the connection without a word.
    #[serde(default = "ok")]
    pub answer: u16,
    #[serde(default)]
    pub headers: serde_json::Map<String, Json>,
    pub json: Option<Json>,
    pub text: Option<String>,
    /// The body as base64, for what is no text.
    pub base64: Option<String>,
    /// Sends only so many bytes of the body and closes the connection.
    pub cut: Option<usize>,
    /// What was cut never comes: the connection stays until the client goes.
    #[serde(default)]
    pub hold: bool,
    /// Answers so much later.
    #[serde(default)]
    pub delay_ms: u64,
    /// Asked no sooner than so long after the answer before.
    #[serde(default)]
    pub waited_ms: u64,
    /// Asked at least once, and then as often as one likes.
    #[serde(default)]
    pub often: bool,
    /// Asked while nothing else is under way.
    #[serde(default)]
    pub alone: bool,
    /// So many copies of `text` are sent, each with its number from 1 in place of `${N}`.
    pub times: Option<usize>,
    /// What stands before and behind the copies.
    #[serde(default)]
    pub around: (String, String),
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ServerName {
    #[default]
    Base,
    Other,
    Secure,
}

fn ok() -> u16 {
    200
}

impl Exchange {
    pub fn plain(ask: &str, answer: u16) -> Self {
        serde_json::from_value(serde_json::json!({ "ask": ask, "answer": answer }))
            .expect("an exchange")
    }
}

#[derive(Debug, Default)]
struct Script {
    exchanges: VecDeque<Exchange>,
    in_any_order: bool,
    /// What is asked as often as one likes, and was asked last.
    often: Option<Exchange>,
    problems: Vec<String>,
    /// How many requests are under way.
    under_way: usize,
    /// When the last answer went out.
    answered: Option<Instant>,
}

/// Listening ports that follow one script: what `${BASE}`, `${OTHER}` and `${SECURE}` stand for.
pub struct Server {
    addresses: [SocketAddr; 3],
    script: Arc<Mutex<Script>>,
    closing: Arc<AtomicBool>,
    threads: Vec<std::thread::JoinHandle<()>>,
}

impl Server {
    pub fn start(exchanges: Vec<Exchange>) -> Self {
        Self::bind().script(exchanges)
    }

    /// Listens without a script: a script may need to name the ports.
    pub fn bind() -> Self {
        let script = Arc::new(Mutex::new(Script::default()));
        let closing = Arc::new(AtomicBool::new(false));
        let mut threads = Vec::new();
        let names = [ServerName::Base, ServerName::Other, ServerName::Secure];
        let addresses = names.map(|name| {
            let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
            let address = listener.local_addr().expect("an address");
            let (script, closing) = (script.clone(), closing.clone());
            threads.push(std::thread::spawn(move || {
                for stream in listener.incoming() {
                    if closing.load(Ordering::SeqCst) {
                        break;
                    }
                    let Ok(stream) = stream else { continue };
                    let script = script.clone();
                    std::thread::spawn(move || match name {
                        ServerName::Secure => serve(super::tls::accept(stream), name, &script),
                        _ => serve(stream, name, &script),
                    });
                }
            }));
            address
        });
        Self {
            addresses,
            script,
            closing,
            threads,
        }
    }

    pub fn script(self, exchanges: Vec<Exchange>) -> Self {
        self.script.lock().expect("no panic").exchanges = exchanges.into();
        self
    }

    /// Takes the first exchange that fits a request, instead of the next one.
    pub fn in_any_order(self) -> Self {
        self.script.lock().expect("no panic").in_any_order = true;
        self
    }

    pub fn address(&self) -> SocketAddr {
        self.addresses[0]
    }

    pub fn other(&self) -> SocketAddr {
        self.addresses[1]
    }

    pub fn secure(&self) -> SocketAddr {
        self.addresses[2]
    }

    /// How many exchanges nobody has asked for yet.
    pub fn left(&self) -> usize {
        self.script.lock().expect("no panic").exchanges.len()
    }

    /// Stops listening; returns what did not follow the script.
    pub fn finish(self) -> Vec<String> {
        self.closing.store(true, Ordering::SeqCst);
        for address in self.addresses {
            drop(TcpStream::connect(address));
        }
        for thread in self.threads {
            thread.join().expect("no panic");
        }
        let mut script = self.script.lock().expect("no panic");
        let unused: Vec<_> = script
            .exchanges
            .iter()
            .map(|exchange| format!("never asked: {}", exchange.ask))
            .collect();
        script.problems.extend(unused);
        std::mem::take(&mut script.problems)
    }
}

struct Request {
    ask: String,
    headers: Vec<(String, String)>,
    body: String,
}

impl Request {
    fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(header, _)| header == name);
        found.map(|(_, value)| value.as_str())
    }

    /// The claims of a JSON Web Token in a header, or else in a field of a form.
    fn claims(&self, place: &str) -> Option<Json> {
        use base64::Engine as _;
        let form = || url::form_urlencoded::parse(self.body.as_bytes());
        let field = || form().find(|(name, _)| name == place);
        let token = self.header(place).map(str::to_owned);
        let token = token.or_else(|| field().map(|(_, value)| value.into_owned()))?;
        let claims = token.split('.').nth(1)?.to_owned();
        let engine = base64::engine::general_purpose::URL_SAFE_NO_PAD;
        serde_json::from_slice(&engine.decode(claims).ok()?).ok()
    }
}

/// A connection, with or without TLS.
trait Connection: Read + Write {
    /// Says that nothing more is sent.
    fn end(&mut self);
}

impl Connection for TcpStream {
    fn end(&mut self) {
        let _ = self.shutdown(Shutdown::Write);
    }
}

impl Connection for rustls::StreamOwned<rustls::ServerConnection, TcpStream> {
    fn end(&mut self) {
        self.conn.send_close_notify();
        let _ = self.flush();
    }
}

fn read(stream: &mut impl Read) -> Option<Request> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let mut words = line.split(' ');
    let ask = format!("{} {}", words.next()?, words.next()?);
    let mut headers = Vec::new();
    loop {
        let mut line = Vec::new();
        reader.read_until(b'\n', &mut line).ok()?;
        let line = String::from_utf8_lossy(&line).trim_end().to_owned();
        let Some((name, value)) = line.split_once(':') else {
            break;
        };
        headers.push((name.to_lowercase(), value.trim().to_owned()));
    }
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let length = length.map_or(0, |(_, value)| value.parse().expect("a length"));
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(Request {
        ask,
        headers,
        body: String::from_utf8_lossy(&body).into_owned(),
    })
}

fn serve(mut stream: impl Connection, name: ServerName, script: &Mutex<Script>) {
    let Some(request) = read(&mut stream) else {
        return;
    };
    let exchange = {
        let mut script = script.lock().expect("no panic");
        let next = match script.in_any_order {
            true => {
                let fits = |exchange: &Exchange| differences(exchange, name, &request).is_empty();
                let fitting = script.exchanges.iter().position(fits);
                // One that does not fit says best what is wrong with the request.
                let asked = |exchange: &Exchange| exchange.ask == request.ask;
                fitting.or_else(|| script.exchanges.iter().position(asked))
            }
            false => Some(0),
        };
        let again = script.often.clone();
        let again = again.filter(|often| differences(often, name, &request).is_empty());
        let exchange = again.or_else(|| script.exchanges.remove(next?));
        let Some(exchange) = exchange else {
            script
                .problems
                .push(format!("asked beyond the script: {}", request.ask));
            return answer(&mut stream, &Exchange::plain("", 418));
        };
        let found = differences(&exchange, name, &request);
        script.problems.extend(found);
        let found = untimely(&exchange, &script);
        script.problems.extend(found);
        script.under_way += 1;
        script.often = exchange.often.then(|| exchange.clone());
        exchange
    };
    std::thread::sleep(Duration::from_millis(exchange.delay_ms));
    {
        let mut script = script.lock().expect("no panic");
        script.under_way -= 1;
        script.answered = Some(Instant::now());
    }
    answer(&mut stream, &exchange);
}

/// What is wrong with the moment at which something is asked.
fn untimely(exchange: &Exchange, script: &Script) -> Vec<String> {
    let mut found = Vec::new();
    let waited = script.answered.map_or(Duration::MAX, |at| at.elapsed());
    if waited < Duration::from_millis(exchange.waited_ms) {
        found.push(format!("{}: asked after {waited:?} only", exchange.ask));
    }
    if exchange.alone && script.under_way > 0 {
        found.push(format!("{}: asked beside another request", exchange.ask));
    }
    found
}

/// The text of a header, where `${SOON}` is a moment that is 0.3 to 1.3 seconds away: whole seconds
/// since 1970, or with `${SOON_AS_DATE}` a date.
fn header_text(value: &Json) -> String {
    let text = value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned);
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let soon = since.expect("it is past 1970") + Duration::from_millis(1300);
    let soon = soon.as_secs();
    let date = httpdate::fmt_http_date(SystemTime::UNIX_EPOCH + Duration::from_secs(soon));
    text.replace("${SOON}", &soon.to_string())
        .replace("${SOON_AS_DATE}", &date)
}

fn differences(exchange: &Exchange, name: ServerName, request: &Request) -> Vec<String> {
    let mut found = Vec::new();
    if exchange.ask != request.ask || exchange.server != name {
        found.push(format!(
            "expected {} of {:?}, asked {} of {name:?}",
            exchange.ask, exchange.server, request.ask
        ));
    }
    for (header, expected) in &exchange.with {
        let values: Vec<_> = request
            .headers
            .iter()
            .filter(|(name, _)| name == header)
            .map(|(_, value)| value.as_str())
            .collect();
        let expected: Vec<_> = expected.as_str().into_iter().collect();
        if values != expected {
            found.push(format!(
                "{}: header {header} is {values:?}, not {expected:?}",
                request.ask
            ));
        }
    }
    for (header, pattern) in &exchange.matching {
        let pattern = regex::Regex::new(pattern).expect("a regular expression");
        let value = request.header(header);
        if !value.is_some_and(|value| pattern.is_match(value)) {
            found.push(format!(
                "{}: header {header} is {value:?}, not {pattern}",
                request.ask
            ));
        }
    }
    for (place, expected) in &exchange.claims {
        let claims = request.claims(place).unwrap_or_default();
        for (name, value) in expected {
            if claims[name] != *value {
                found.push(format!(
                    "{}: claim {name} of {place} is {}, not {value}",
                    request.ask, claims[name]
                ));
            }
        }
    }
    if let Some(sent) = &exchange.sent
        && *sent != request.body
    {
        found.push(format!(
            "{}: the body is {:?}, not {sent:?}",
            request.ask, request.body
        ));
    }
    found
}

fn answer(stream: &mut impl Connection, exchange: &Exchange) {
    if exchange.answer == 0 {
        return stream.end();
    }
    let body = match (&exchange.json, &exchange.text, &exchange.base64) {
        (Some(json), ..) => json.to_string().into_bytes(),
        (None, Some(text), _) if exchange.times.is_some() => {
            let copies = (1..=exchange.times.unwrap_or(1))
                .map(|number| text.replace("${N}", &number.to_string()));
            let (before, behind) = &exchange.around;
            format!("{before}{}{behind}", copies.collect::<String>()).into_bytes()
        }
        (None, Some(text), _) => text.clone().into_bytes(),
        (None, None, Some(text)) => {
            use base64::Engine as _;
            let engine = base64::engine::general_purpose::STANDARD;
            engine.decode(text).expect("base64")
        }
        (None, None, None) => Vec::new(),
    };
    let mut head = format!("HTTP/1.1 {} X\r\nconnection: close\r\n", exchange.answer);
    if exchange.answer != 204 && !exchange.headers.contains_key("content-length") {
        head.push_str(&format!("content-length: {}\r\n", body.len()));
    }
    if exchange.json.is_some() && !exchange.headers.contains_key("content-type") {
        head.push_str("content-type: application/json\r\n");
    }
    for (name, value) in &exchange.headers {
        head.push_str(&format!("{name}: {}\r\n", header_text(value)));
    }
    let sent = &body[..exchange.cut.unwrap_or(body.len())];
    // A client that hung up is part of the test.
    let _ = stream.write_all(format!("{head}\r\n").as_bytes());
    let _ = stream.write_all(sent);
    let _ = stream.flush();
    if exchange.hold {
        let _ = stream.read(&mut [0]);
    }
    stream.end();
}
