//! The system as a server: it answers from the scenario, does what rules say, remembers every call, and
//! strikes the program down when it is told to.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::process::Child;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::Duration;

use serde_json::Value as Json;

use super::scenario::Scenario;

/// What is done to calls of one page.
#[derive(Debug, Clone, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// The page: `/users`, or `/users?cursor=3`.
    pub at: String,
    /// To how many calls of it; the first ones.
    #[serde(default = "once")]
    pub times: usize,
    /// Answers this status.
    pub status: Option<u16>,
    /// With these headers.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// Answers this instead.
    pub answer: Option<Json>,
    /// Sends so many bytes of the body, then closes the connection.
    pub cut: Option<usize>,
    /// Closes the connection without an answer.
    #[serde(default)]
    pub lose: bool,
    /// Never answers.
    #[serde(default)]
    pub hang: bool,
    /// Answers after so long.
    #[serde(default)]
    pub delay_ms: u64,
    /// Answers once that page has been answered.
    pub after: Option<String>,
    /// Asks the program to stop.
    #[serde(default)]
    pub stop: bool,
    /// How often it did something.
    #[serde(skip)]
    pub fired: usize,
}

fn once() -> usize {
    1
}

impl Rule {
    /// A rule that does nothing yet.
    pub fn at(target: &str) -> Self {
        serde_json::from_value(serde_json::json!({ "at": target })).expect("a rule")
    }
}

/// When the program is killed.
#[derive(Debug, Clone, Copy)]
pub struct Strike {
    /// At which call of all, from 1.
    pub call: usize,
    /// Whether it still gets the answer.
    pub answered: bool,
}

#[derive(Default)]
struct State {
    scenario: Option<Scenario>,
    rules: Vec<Rule>,
    /// The page of each call, in their order.
    calls: Vec<String>,
    answered: Vec<String>,
    strike: Option<Strike>,
    /// Which run of the program this is: a strike is not for the next one.
    life: usize,
    victim: Option<Child>,
    closing: bool,
    problems: Vec<String>,
}

/// A listening port.
#[derive(Clone)]
pub struct System {
    address: SocketAddr,
    state: Arc<(Mutex<State>, Condvar)>,
}

impl System {
    pub fn start(scenario: Scenario) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        let system = Self {
            address,
            state: Arc::default(),
        };
        system.state().scenario = Some(scenario);
        let serving = system.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if serving.state().closing {
                    break;
                }
                let serving = serving.clone();
                std::thread::spawn(move || serving.serve(stream));
            }
        });
        system
    }

    pub fn base(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn rules(&self, rules: Vec<Rule>) {
        self.state().rules = rules;
    }

    /// A run of the program begins, and is struck down then.
    pub fn begin(&self, strike: Option<Strike>) {
        let mut state = self.state();
        state.strike = strike;
        state.life += 1;
    }

    /// Whom to strike down.
    pub fn victim(&self, child: Child) {
        let mut state = self.state();
        state.victim = Some(child);
        self.state.1.notify_all();
    }

    /// Waits until the program has ended.
    pub fn wait(&self) -> std::process::Output {
        let mut child = loop {
            let mut state = self.state();
            let child = state.victim.as_mut().expect("it was started");
            if child.try_wait().expect("it can be asked").is_some() {
                break state.victim.take().expect("it is there");
            }
            drop(state);
            std::thread::sleep(Duration::from_millis(2));
        };
        let mut output = std::process::Output {
            status: child.wait().expect("it has ended"),
            stdout: Vec::new(),
            stderr: Vec::new(),
        };
        // It says little: a pipe holds that.
        let out = child.stdout.take().expect("a pipe");
        let err = child.stderr.take().expect("a pipe");
        for (mut pipe, text) in [
            (Box::new(out) as Box<dyn Read>, &mut output.stdout),
            (Box::new(err), &mut output.stderr),
        ] {
            pipe.read_to_end(text).expect("readable");
        }
        output
    }

    /// The pages of all calls since the last time.
    pub fn take_calls(&self) -> Vec<String> {
        std::mem::take(&mut self.state().calls)
    }

    /// What was asked that nobody should ask, and rules that never did anything.
    pub fn problems(&self) -> Vec<String> {
        let mut state = self.state();
        let mut problems = std::mem::take(&mut state.problems);
        for rule in &state.rules {
            if rule.fired == 0 {
                problems.push(format!("nobody met the rule at {}", rule.at));
            }
        }
        problems
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.0.lock().expect("no panic")
    }

    fn serve(&self, mut stream: TcpStream) {
        let Some((method, target)) = request(&stream) else {
            return;
        };
        let Some(page) = target.strip_prefix("/api").filter(|page| !page.is_empty()) else {
            return answer(&mut stream, 200, &BTreeMap::new(), "{}", None);
        };
        let (rule, struck, life, body) = {
            let mut state = self.state();
            if method != "GET" {
                state.problems.push(format!("{method} {page}"));
            }
            state.calls.push(page.to_owned());
            let number = state.calls.len();
            let struck = state.strike.filter(|strike| strike.call == number);
            let rules = &mut state.rules;
            let rule = rules
                .iter_mut()
                .find(|rule| rule.at == page && rule.fired < rule.times);
            let rule = rule.map(|rule| {
                rule.fired += 1;
                rule.clone()
            });
            let (path, query) = page.split_once('?').unwrap_or((page, ""));
            let cursor = query.strip_prefix("cursor=");
            let scenario = state.scenario.as_ref().expect("there is one");
            (rule, struck, state.life, scenario.page(path, cursor))
        };
        let rule = rule.unwrap_or_else(|| Rule::at(page));
        if struck.is_some_and(|strike| !strike.answered) {
            return self.kill(life);
        }
        if let Some(other) = &rule.after {
            self.wait_for(other);
        }
        std::thread::sleep(Duration::from_millis(rule.delay_ms));
        if rule.stop {
            self.ask_to_stop();
        }
        if rule.hang {
            let _ = stream.read(&mut [0]);
            return;
        }
        if rule.lose {
            let _ = stream.shutdown(Shutdown::Both);
            return;
        }
        let body = rule.answer.or(body);
        let status = rule
            .status
            .unwrap_or(if body.is_some() { 200 } else { 404 });
        let body = body.filter(|_| status == 200).unwrap_or_default();
        answer(
            &mut stream,
            status,
            &rule.headers,
            &body.to_string(),
            rule.cut,
        );
        self.state().answered.push(page.to_owned());
        self.state.1.notify_all();
        if struck.is_some() {
            self.kill(life);
        }
    }

    fn wait_for(&self, page: &str) {
        let waited = |state: &mut State| !state.answered.iter().any(|it| it == page);
        let limit = Duration::from_secs(5);
        let (mut state, timeout) = self
            .state
            .1
            .wait_timeout_while(self.state(), limit, waited)
            .expect("no panic");
        if timeout.timed_out() {
            state.problems.push(format!("{page} was never answered"));
        }
        drop(state);
        // The program has the other answer before this one.
        std::thread::sleep(Duration::from_millis(30));
    }

    fn kill(&self, life: usize) {
        // It asks before it is known who asks.
        let waited = |state: &mut State| state.victim.is_none() && state.life == life;
        let limit = Duration::from_secs(5);
        let locked = self.state.1.wait_timeout_while(self.state(), limit, waited);
        let mut state = locked.expect("no panic").0;
        if state.life != life {
            return;
        }
        if let Some(victim) = &mut state.victim {
            victim.kill().expect("it can be killed");
        }
    }

    fn ask_to_stop(&self) {
        let id = self.state().victim.as_ref().map(Child::id);
        let id = id.expect("it is running").to_string();
        let asked = std::process::Command::new("kill")
            .args(["-TERM", &id])
            .status();
        assert!(asked.expect("kill is there").success());
        std::thread::sleep(Duration::from_millis(50));
    }
}

impl Drop for System {
    fn drop(&mut self) {
        // The last one but for the thread that listens.
        if Arc::strong_count(&self.state) <= 2 {
            self.state().closing = true;
            let _ = TcpStream::connect(self.address);
        }
    }
}

/// Method and target.
fn request(stream: &TcpStream) -> Option<(String, String)> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let mut first = String::new();
    reader.read_line(&mut first).ok()?;
    let mut words = first.split(' ');
    let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        if line.trim().is_empty() {
            return Some((method, target));
        }
    }
}

fn answer(
    stream: &mut TcpStream,
    status: u16,
    headers: &BTreeMap<String, String>,
    body: &str,
    cut: Option<usize>,
) {
    let mut head = format!(
        "HTTP/1.1 {status} X\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: {}\r\n",
        body.len()
    );
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    let sent = &body.as_bytes()[..cut.unwrap_or(body.len()).min(body.len())];
    // A program that was killed is part of the test.
    let _ = stream.write_all(format!("{head}\r\n").as_bytes());
    let _ = stream.write_all(sent);
    let _ = stream.flush();
    let _ = stream.shutdown(Shutdown::Write);
}
