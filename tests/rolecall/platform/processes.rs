//! Several processes on one platform's folder, one of which is killed.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant, SystemTime};

use chrono::Utc;
use rolecall::platform::{Credentials, Event, Home, State, Timing};

use super::caller::{Caller, Place};
use super::short;
use crate::program;

/// Starts a process that serves a folder; returns it and its port.
fn serve(folder: &Path) -> (Child, u16) {
    let mut child = program()
        .args(["platform", "serve", "--dir"])
        .arg(folder)
        .args([
            "--listen",
            "127.0.0.1:0",
            "--lease",
            "1s",
            "--silent-lease",
            "1s",
        ])
        .args(["--poll", "20ms"])
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program runs");
    let mut errors = BufReader::new(child.stderr.take().expect("piped"));
    let mut line = String::new();
    errors.read_line(&mut line).expect("it says where");
    let port = line.split("127.0.0.1:").nth(1).and_then(|rest| {
        let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
        digits.parse().ok()
    });
    std::thread::spawn(move || errors.read_to_string(&mut String::new()));
    (child, port.unwrap_or_else(|| panic!("no port in {line:?}")))
}

/// Takes tasks and answers them until there are none; returns those whose answers were acknowledged.
async fn work(place: Place, credentials: Credentials, host: &'static str) -> Vec<String> {
    let mut caller = Caller::connect_at(&place, &credentials, host, SystemTime::now()).await;
    let mut acknowledged = Vec::new();
    let idle_since = &mut Instant::now();
    while idle_since.elapsed() < Duration::from_secs(4) {
        let Ok(answer) = caller.asks().await else {
            break;
        };
        let Some(task) = answer.task else {
            tokio::time::sleep(Duration::from_millis(20)).await;
            continue;
        };
        *idle_since = Instant::now();
        tokio::time::sleep(Duration::from_millis(5)).await;
        match caller.succeeds(&task.id).await {
            Ok(()) => acknowledged.push(task.id),
            // Somebody else may have it by now, when this machine is slow.
            Err(refused) if refused.code() == tonic::Code::FailedPrecondition => {}
            Err(_) => break,
        }
    }
    acknowledged
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_process_acknowledged_before_it_was_killed_the_others_know() {
    const TASKS: usize = 60;
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path().join("platform");
    let home = Home::init(&folder, "localhost:7443", Utc::now()).expect("a platform");
    let credentials = home.clients().add("acme", Utc::now()).expect("a client");
    let queue = home.queue(Timing::default());
    let (mut doomed, first) = serve(&folder);
    let (mut other, second) = serve(&folder);
    for _ in 0..TASKS {
        let put = queue.put(&credentials.client_id, &short(), Some(20), Utc::now());
        put.expect("a task");
    }
    let workers = [(first, "h1"), (first, "h2"), (second, "h3"), (second, "h4")];
    let workers = workers.map(|(port, host)| {
        let place = Place {
            host: format!("localhost:{port}"),
            ca: home.authority(),
        };
        let credentials = Credentials {
            client_id: credentials.client_id.clone(),
            client_secret: credentials.client_secret.clone(),
        };
        tokio::spawn(work(place, credentials, host))
    });
    let answered = || {
        let tasks = queue.tasks(None, TASKS).expect("a list");
        tasks
            .iter()
            .filter(|task| task.state == State::Done)
            .count()
    };
    while answered() < TASKS / 4 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    doomed.kill().expect("it runs");
    doomed.wait().expect("it ends");

    let mut acknowledged = BTreeMap::new();
    for (host, worker) in ["h1", "h2", "h3", "h4"].into_iter().zip(workers) {
        for task in worker.await.expect("a worker") {
            assert_eq!(acknowledged.insert(task, host), None, "answered twice");
        }
    }
    other.kill().expect("it runs");
    other.wait().expect("it ends");

    let history = queue.history(None).expect("a history");
    for task in queue.tasks(None, TASKS).expect("a list") {
        assert_eq!(task.state, State::Done);
        let id = &task.task.id;
        let ends: Vec<_> = history
            .iter()
            .filter(|entry| entry.task == *id && entry.event == Event::Done)
            .collect();
        assert_eq!(ends.len(), 1, "it ended once");
        if let Some(host) = acknowledged.get(id) {
            assert_eq!(
                ends[0].host.as_deref(),
                Some(*host),
                "and who was told so ended it"
            );
        }
    }
    // At most the answers that were under way when the process was killed have no receipt.
    assert!(acknowledged.len() >= TASKS - 2, "{}", acknowledged.len());
}
