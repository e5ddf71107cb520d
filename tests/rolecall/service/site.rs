//! A company, a platform and a daemon, each a process of its own, on one machine.

use std::fmt::Write as _;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use axum::Router;
use chrono::{DateTime, Utc};
use rolecall::platform::{self, Clock, Home, Platform, Queue, State, TaskRecord, Timing};
use rolecall::proto::connectorapi::baton::v1::Task;
use rolecall::proto::connectorapi::baton::v1::task::TaskType;
use rusqlite::Connection;
use secrecy::ExposeSecret as _;
use tokio_util::sync::CancellationToken;

use super::proxy::Proxy;

/// Grants are rows without a key, so that one that is made twice is there twice; and every change is
/// a line of a log.
const CONNECTOR: &str = r#"
app_name: Acme
connect: {dsn: "sqlite:company.db"}
actions:
  note:
    name: Note
    description: Notes a word.
    arguments: {word: {type: string, required: true}}
    queries: ["INSERT INTO log (what) VALUES ('note ' || ?<word>)"]
resource_types:
  person:
    name: Person
    list:
      query: SELECT id, name FROM people WHERE id > ?<cursor> ORDER BY id LIMIT ?<limit>
      pagination: {strategy: cursor, primary_key: id, page_size: 10}
      map: {id: .id, display_name: .name, traits: {user: {login: .id}}}
    account_provisioning:
      schema:
        - {name: login, type: string, required: true, description: The short name}
      credentials: {random_password: {preferred: true}, no_password: {}}
      validate: {query: "SELECT id, name FROM people WHERE id = ?<login>"}
      create:
        queries: ["INSERT INTO people (id, name, password) VALUES (?<login>, ?<login>, ?<password>)"]
    credential_rotation:
      credentials: {random_password: {}}
      update: {queries: ["UPDATE people SET password = ?<password> WHERE id = ?<resource_id>"]}
  team:
    name: Team
    list:
      query: SELECT id, name FROM teams ORDER BY id
      map: {id: .id, display_name: .name, traits: {group: {}}}
    static_entitlements:
      - id: member
        display_name: "resource.DisplayName + ' member'"
        purpose: assignment
        grantable_to: [person]
        provisioning:
          vars: {person: principal.ID, team: resource.ID}
          grant: {queries: ["INSERT INTO members (team, person) VALUES (?<team>, ?<person>)"]}
          revoke: {queries: ["DELETE FROM members WHERE team = ?<team> AND person = ?<person>"]}
    grants:
      - query: SELECT person FROM members WHERE team = ?<team> ORDER BY rowid LIMIT ?<limit> OFFSET ?<offset>
        vars: {team: resource.ID}
        pagination: {strategy: offset, page_size: 100}
        map:
          - {principal_id: .person, principal_type: person, entitlement_id: member}
"#;

const TABLES: &str = "
    PRAGMA journal_mode = WAL;
    CREATE TABLE people (id TEXT PRIMARY KEY, name TEXT NOT NULL, password TEXT);
    CREATE TABLE teams (id TEXT PRIMARY KEY, name TEXT NOT NULL);
    CREATE TABLE members (team TEXT NOT NULL, person TEXT NOT NULL);
    CREATE TABLE log (what TEXT NOT NULL);
    CREATE TRIGGER granted AFTER INSERT ON members
        BEGIN INSERT INTO log VALUES ('grant ' || new.team || ' ' || new.person); END;
    CREATE TRIGGER revoked AFTER DELETE ON members
        BEGIN INSERT INTO log VALUES ('revoke ' || old.team || ' ' || old.person); END;
    CREATE TRIGGER created AFTER INSERT ON people
        BEGIN INSERT INTO log VALUES ('create ' || new.id); END;
";

/// Everything that is there.
pub struct Site {
    pub folder: tempfile::TempDir,
    pub queue: Queue,
    pub proxy: Proxy,
    pub client: String,
    secret: String,
    platform: Option<Child>,
    daemon: Option<Child>,
    /// What the daemon is started with besides.
    pub options: Vec<String>,
    /// How long it may take to stop.
    pub drain: &'static str,
    trusted: bool,
}

impl Site {
    /// A company of so many people and teams; nothing runs yet.
    pub async fn new(people: usize, teams: usize) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("acme.yaml"), CONNECTOR).expect("the folder is ours");
        company(folder.path(), people, teams);
        let directory = folder.path().join("platform");
        let home = Home::init(&directory, "localhost:443", Utc::now()).expect("a platform");
        let credentials = home.clients().add("acme", Utc::now()).expect("a client");
        let proxy = Proxy::start(0).await;
        Self {
            queue: home.queue(Timing::default()),
            proxy,
            client: credentials.client_id,
            secret: credentials.client_secret.expose_secret().to_owned(),
            platform: None,
            daemon: None,
            options: Vec::new(),
            drain: "4s",
            trusted: true,
            folder,
        }
    }

    /// The client secret.
    pub fn secret(&self) -> String {
        self.secret.clone()
    }

    /// Daemons that are started from now on do not know the platform's authority.
    pub fn trusts_the_system_only(&mut self) {
        self.trusted = false;
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The company's database.
    pub fn company(&self) -> Connection {
        let db = Connection::open(self.path("company.db")).expect("it is there");
        db.busy_timeout(Duration::from_secs(10)).expect("a number");
        db
    }

    /// What was done to the company since it was founded, and how often.
    pub fn log(&self) -> std::collections::BTreeMap<String, u32> {
        let db = self.company();
        let mut lines = db.prepare("SELECT what FROM log").expect("a log");
        let lines = lines.query_map([], |row| row.get::<_, String>(0));
        let mut counted = std::collections::BTreeMap::new();
        for line in lines.expect("lines") {
            *counted.entry(line.expect("text")).or_default() += 1;
        }
        counted
    }

    pub fn start_platform(&mut self) {
        assert!(self.platform.is_none());
        let port = free_port();
        let mut program = crate::program();
        program
            .args(["platform", "serve", "--dir", "platform", "--listen"])
            .arg(format!("127.0.0.1:{port}"))
            .args(["--lease", "4s", "--silent-lease", "4s", "--poll", "50ms"])
            .args(["--retry-after", "100ms", "--token-lifetime", "2s"]);
        self.platform = Some(self.spawn(program, "platform.log"));
        self.proxy.leads_to(port);
    }

    pub fn start_daemon(&mut self) {
        assert!(self.daemon.is_none());
        let mut program = crate::program();
        program
            .args(["daemon", "acme.yaml", "--provisioning", "--log-format=json"])
            .arg(format!("--platform-host=localhost:{}", self.proxy.port))
            .args(["--host-id", "host-1", "--state", "state"])
            .arg(format!("--drain={}", self.drain))
            .args(self.trusted.then_some("--platform-ca=platform/ca.pem"))
            .args(&self.options)
            .env("ROLECALL_CLIENT_ID", &self.client)
            .env("ROLECALL_CLIENT_SECRET", &self.secret);
        self.daemon = Some(self.spawn(program, "daemon.log"));
    }

    fn spawn(&self, mut program: std::process::Command, log: &str) -> Child {
        let log = std::fs::File::options()
            .create(true)
            .append(true)
            .open(self.path(log));
        let log = log.expect("the folder is ours");
        program
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("a file"))
            .stderr(log)
            .spawn()
            .expect("the program runs")
    }

    /// Serves the platform within this process, by its own clock, with something before it.
    pub fn serve_here(&mut self, clock: Clock, before: impl FnOnce(Router) -> Router) -> Platform {
        let home = Home::open(&self.path("platform")).expect("it was made");
        let timing = Timing {
            lease: Duration::from_secs(4),
            silent_lease: Duration::from_secs(4),
            poll: Duration::from_millis(50),
            backoff: Duration::from_millis(100),
            ..Timing::default()
        };
        let platform = Platform::new(home, timing, clock);
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let tls = platform.home().tls(Utc::now()).expect("a certificate");
        let router = before(platform.router());
        // It ends with the test.
        tokio::spawn(platform::serve(
            router,
            listener,
            tls,
            CancellationToken::new(),
        ));
        self.proxy.leads_to(port);
        platform
    }

    /// Kills the platform as `kill -9` does.
    pub fn kill_platform(&mut self) {
        kill(self.platform.take());
    }

    /// Kills the daemon as `kill -9` does.
    pub fn kill_daemon(&mut self) {
        kill(self.daemon.take());
    }

    /// Asks the daemon to stop, and waits for that.
    pub async fn stop_daemon(&mut self) -> std::process::ExitStatus {
        let mut daemon = self.daemon.take().expect("it runs");
        signal(&daemon, "TERM");
        let began = Instant::now();
        loop {
            if let Some(status) = daemon.try_wait().expect("it is ours") {
                return status;
            }
            if began.elapsed() >= Duration::from_secs(20) {
                kill(Some(daemon));
                panic!("it does not stop:\n{}", self.logs());
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// The process of the daemon.
    pub fn daemon_pid(&self) -> u32 {
        self.daemon.as_ref().expect("it runs").id()
    }

    /// Asks for a task; returns its id.
    pub fn ask(&self, task: TaskType) -> String {
        self.ask_at(task, Utc::now())
    }

    /// Asks for a task at a moment.
    pub fn ask_at(&self, task: TaskType, at: DateTime<Utc>) -> String {
        let task = Task {
            task_type: Some(task),
            ..Task::default()
        };
        let put = self.queue.put(&self.client, &task, Some(200), at);
        put.expect("the queue is there")
    }

    /// Waits until a task is as wanted.
    pub async fn wait_for(&self, id: &str, is: impl Fn(&TaskRecord) -> bool) -> TaskRecord {
        let began = Instant::now();
        loop {
            let task = self.queue.task(id).expect("it was asked for");
            if is(&task) {
                return task;
            }
            assert!(
                began.elapsed() < Duration::from_secs(60),
                "{task:#?}\n{}",
                self.logs()
            );
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Waits for the end of a task.
    pub async fn end_of(&self, id: &str) -> TaskRecord {
        let ended = |task: &TaskRecord| !matches!(task.state, State::Pending | State::Leased);
        self.wait_for(id, ended).await
    }

    /// What both processes logged last.
    pub fn logs(&self) -> String {
        let mut all = String::new();
        for name in ["platform.log", "daemon.log"] {
            let text = std::fs::read_to_string(self.path(name)).unwrap_or_default();
            let lines: Vec<&str> = text.lines().collect();
            let last = &lines[lines.len().saturating_sub(60)..];
            let _ = writeln!(all, "--- {name}\n{}", last.join("\n"));
        }
        all
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.kill_daemon();
        self.kill_platform();
    }
}

fn company(folder: &Path, people: usize, teams: usize) {
    let db = Connection::open(folder.join("company.db")).expect("a database");
    db.execute_batch(TABLES).expect("tables");
    let mut rows = String::from("BEGIN;");
    for person in 0..people {
        let _ = write!(
            rows,
            "INSERT INTO people VALUES ('p{person}', 'Person {person}', NULL);"
        );
    }
    for team in 0..teams {
        let _ = write!(rows, "INSERT INTO teams VALUES ('t{team}', 'Team {team}');");
    }
    rows.push_str("DELETE FROM log; COMMIT;");
    db.execute_batch(&rows).expect("rows");
}

fn kill(process: Option<Child>) {
    if let Some(mut process) = process {
        // It may have ended by itself.
        let _ = process.kill();
        let _ = process.wait();
    }
}

pub fn signal(process: &Child, name: &str) {
    let sent = std::process::Command::new("kill")
        .args([format!("-{name}"), process.id().to_string()])
        .status();
    assert!(sent.expect("kill runs").success());
}

pub fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("an address").port()
}
