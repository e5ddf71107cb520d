//! Several processes on one platform's folder, one of which is killed.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant, SystemTime};

use chrono::Utc;
use rolecall::platform::{Event, Home, State, Timing};

use super::caller::{Caller, Place};
use super::short;
use crate::program;

/// A process, which does not outlive the test.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        // One that has ended already is none to kill.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts a process that serves a folder; returns it and its port.
fn serve(folder: &Path) -> (Process, u16) {
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
    let process = Process(child);
    (
        process,
        port.unwrap_or_else(|| panic!("no port in {line:?}")),
    )
}

/// Takes tasks and answers them until there are none; returns those whose answers were acknowledged.
async fn work(mut caller: Caller) -> Vec<String> {
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
    let [left_over, arriving] = ["old.part", "new.part"].map(|name| {
        let path = home.uploads().join("task").join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(&path, "half a file").expect("written");
        path
    });
    let file = File::options()
        .write(true)
        .open(&left_over)
        .expect("a file");
    let two_days_ago = SystemTime::now() - Duration::from_secs(2 * 24 * 3600);
    file.set_modified(two_days_ago).expect("a moment");
    let (mut doomed, first) = serve(&folder);
    let (mut other, second) = serve(&folder);
    let mut workers = Vec::new();
    for (port, host) in [(first, "h1"), (first, "h2"), (second, "h3"), (second, "h4")] {
        let place = Place {
            host: format!("localhost:{port}"),
            ca: home.authority(),
        };
        let now = SystemTime::now();
        let caller = Caller::connect_at(&place, &credentials, host, now).await;
        workers.push((host, caller));
    }
    // Whoever accepts connections has cleaned up before.
    assert!(!left_over.exists(), "nobody writes it any more");
    assert!(arriving.exists(), "another process may be writing it");
    for _ in 0..TASKS {
        let put = queue.put(&credentials.client_id, &short(), Some(20), Utc::now());
        put.expect("a task");
    }
    let workers: Vec<_> = workers
        .into_iter()
        .map(|(host, caller)| (host, tokio::spawn(work(caller))))
        .collect();
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
    doomed.0.kill().expect("it runs");
    doomed.0.wait().expect("it ends");

    let mut acknowledged = BTreeMap::new();
    for (host, worker) in workers {
        for task in worker.await.expect("a worker") {
            assert_eq!(acknowledged.insert(task, host), None, "answered twice");
        }
    }
    let asked = Command::new("kill").arg(other.0.id().to_string()).status();
    assert!(asked.expect("it runs").success());
    let ended = other.0.wait().expect("it ends");
    assert_eq!(ended.code(), Some(0), "SIGTERM ends it in good order");

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
