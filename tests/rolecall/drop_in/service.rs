//! Service mode by the old flags and variables, against a platform on this machine.

use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::{baton_sql, code};
use crate::company::Company;
use crate::{run, said};

/// A process that does not outlive the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("it is bound").port()
}

fn start(folder: &Path, program: &Path, line: &[&str], variables: &[(&str, &str)]) -> Running {
    let log = std::fs::File::create(folder.join(format!("{}.log", line[0].trim_matches('-'))));
    let started = Command::new(program)
        .args(line)
        .envs(variables.iter().copied())
        .env_remove("RUST_LOG")
        .current_dir(folder)
        .stdout(Stdio::null())
        .stderr(log.expect("the folder is ours"))
        .spawn();
    Running(started.expect("the program runs"))
}

/// The word of a text that has a part in it.
fn word<'t>(text: &'t str, part: &str) -> &'t str {
    let found = text.split_whitespace().find(|word| word.contains(part));
    found.unwrap_or_else(|| panic!("{text}"))
}

#[test]
fn a_connector_with_a_client_id_serves_the_platform() {
    let company = Company::new(3, 1);
    let folder = company.path("");
    let host = format!("localhost:{}", free_port());
    let line = ["platform", "init", "--host", &host, "--client", "drop"];
    let made = run(&folder, &line, &[]);
    assert_eq!(code(&made), 0, "{}", said(&made));
    let told = said(&made);
    let (id, secret) = (word(&told, "drop@"), word(&told, "secret-token:"));
    let ours = Path::new(env!("CARGO_BIN_EXE_rolecall"));
    let _platform = start(&folder, ours, &["platform", "serve"], &[]);

    // Makes the link.
    baton_sql(&folder, &["--version"], &[]);
    let port = free_port().to_string();
    let flags = [
        "--health-check",
        "--health-check-port",
        &port,
        "--c1z-temp-dir",
        ".",
    ];
    let variables = [
        ("BATON_CLIENT_ID", id),
        ("BATON_CLIENT_SECRET", secret),
        ("BATON_CONFIG_PATH", "company.yaml"),
        ("SSL_CERT_FILE", "rolecall-platform/ca.pem"),
    ];
    let mut connector = start(&folder, &folder.join("baton-sql"), &flags, &variables);

    let began = Instant::now();
    let ready = [
        "health-check",
        "--endpoint",
        "ready",
        "--health-check-port",
        &port,
    ];
    while code(&baton_sql(&folder, &ready, &[])) != 0 {
        let log = std::fs::read_to_string(folder.join("health-check.log"));
        assert!(began.elapsed() < Duration::from_secs(60), "{log:?}");
        std::thread::sleep(Duration::from_millis(100));
    }
    let synced = run(&folder, &["platform", "enqueue", "sync", "--wait"], &[]);
    assert_eq!(code(&synced), 0, "{}", said(&synced));

    let asked = Command::new("kill")
        .args(["-INT", &connector.0.id().to_string()])
        .status();
    assert!(asked.expect("kill is there").success());
    let ended = connector.0.wait().expect("it ends");
    let log = std::fs::read_to_string(folder.join("health-check.log")).expect("it logs");
    assert_eq!(ended.code(), Some(0), "{log}");
    assert!(!log.contains(secret), "{log}");
    // Messages say which task they are about.
    let of_task = log.lines().find(|line| line.contains("\"task.id\""));
    let of_task = of_task.unwrap_or_else(|| panic!("{log}"));
    let of_task: serde_json::Value = serde_json::from_str(of_task).expect("JSON");
    assert_eq!(of_task["task.kind"], "sync_full");
    assert!(folder.join("rolecall-drop").is_dir(), "the state is there");
}
