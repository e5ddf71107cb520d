//! A connector at work: tasks in, answers out, and a folder that sync files are delivered to.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use rolecall::daemon::task::{self, Connector, Deliver, PartialSyncs, Syncs};
use rolecall::daemon::{Answer, Failure, Parcel};
use rolecall::model::ResourceTypeId;
use rolecall::proto::connectorapi::baton::v1::Task;
use rolecall::protocol;
use rolecall::provision::{Actions, AuditLog, Who};
use rolecall::source::Meter;
use rolecall::sync::Concurrency;
use rusqlite::Connection;
use serde_json::{Value as Json, json};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;
use tonic::Code;

use crate::provision::plan_in;

/// A connector, its system, and the platform's folder.
pub struct Desk {
    folder: TempDir,
    pub connector: Connector,
    pub platform: Platform,
    pub cancel: CancellationToken,
    tasks: AtomicUsize,
    begun: Mutex<HashSet<String>>,
}

/// Takes files, but for the first ones that it is told to lose.
pub struct Platform {
    folder: PathBuf,
    pub loses: AtomicUsize,
}

#[async_trait]
impl Deliver for Platform {
    async fn deliver(&self, task_id: &str, parcel: &Parcel) -> Result<(), Failure> {
        let left = self.loses.load(Ordering::Relaxed);
        if left > 0 {
            self.loses.store(left - 1, Ordering::Relaxed);
            return Err(Failure::retryable(Code::Unavailable, "the upload was cut"));
        }
        let (mut reading, mut file) = (parcel.read(), Vec::new());
        loop {
            let part = reading.next(1000).await;
            let part = part.map_err(|it| Failure::retryable(Code::Aborted, it.to_string()))?;
            if part.is_empty() {
                break;
            }
            file.extend_from_slice(&part);
        }
        let is_log = file.first() == Some(&b'{');
        let name = if is_log {
            format!("{task_id}.log")
        } else {
            task_id.to_owned()
        };
        std::fs::write(self.folder.join(name), file).expect("the folder is ours");
        Ok(())
    }
}

/// Whoever makes the changes.
pub fn who() -> Who {
    Who {
        user: "daemon".to_owned(),
        host: "desk".to_owned(),
        pid: 7,
        on_behalf_of: None,
    }
}

impl Desk {
    /// The company of `tests/fixtures/provision`, with everything that can be changed.
    pub fn company() -> Self {
        let fixture =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/provision/company");
        let read = |name| std::fs::read_to_string(fixture.join(name)).expect("it is a fixture");
        let folder = tempfile::tempdir().expect("a folder");
        execute(&folder.path().join("company.db"), &read("seed.sql"));
        // Looking for what an interrupted run did ends sooner than it usually would.
        let vars = "          vars: {person: principal.ID";
        let looks = format!("          read_back: {{at_most: 1s}}\n{vars}");
        let connector = read("company.yaml");
        assert!(
            connector.contains(vars),
            "the membership is granted by these"
        );
        Self::of(folder, &connector.replace(vars, &looks), &[])
    }

    /// A connector of its own. `variables` are its environment.
    pub fn of(folder: TempDir, connector: &str, variables: &[(&str, &str)]) -> Self {
        let plan = plan_in(&folder.path().join("connector.yaml"), connector, variables);
        let plan = Arc::new(plan);
        let platform = folder.path().join("platform");
        std::fs::create_dir(&platform).expect("the folder is ours");
        let connector = Connector {
            actions: Actions::new(plan.clone()),
            plan,
            provisioning: true,
            client_secret: None,
            audit: AuditLog::new(folder.path().join("audit.jsonl"), who()),
            syncs: Syncs {
                directory: folder.path().join("state"),
                resource_types: Vec::new(),
                concurrency: Concurrency::of(2),
                skip_full: false,
                partial: PartialSyncs::Fail,
            },
            meter: Meter::new(),
        };
        Self {
            folder,
            connector,
            platform: Platform {
                folder: platform,
                loses: AtomicUsize::new(0),
            },
            cancel: CancellationToken::new(),
            tasks: AtomicUsize::new(0),
            begun: Mutex::default(),
        }
    }

    /// The same, started with `--sync-resource-types`.
    pub fn syncing(mut self, types: &[&str]) -> Self {
        self.connector.syncs.resource_types =
            types.iter().map(|of| ResourceTypeId::new(*of)).collect();
        self
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs a task that JSON says. It has an id of its own, unless that is said, too.
    pub async fn run(&self, task: Json) -> Answer {
        let mut task: Task = protocol::json::read(&task).expect("a task");
        if task.id.is_empty() {
            let number = self.tasks.fetch_add(1, Ordering::Relaxed);
            task.id = format!("2Task{number:022}");
        }
        self.run_task(&task).await
    }

    /// Notes that a task begins; false when it has begun before.
    pub fn begin(&self, task_id: &str) -> bool {
        let mut begun = self.begun.lock().expect("no panic");
        begun.insert(task_id.to_owned())
    }

    /// Runs a task.
    pub async fn run_task(&self, task: &Task) -> Answer {
        let came_before = !self.begin(&task.id);
        let to = &self.platform;
        task::run(&self.connector, task, came_before, to, &self.cancel).await
    }

    /// Runs tasks one after the other; what the platform is told of each.
    pub async fn told(&self, tasks: Vec<(&str, Json)>) -> String {
        let mut told = String::new();
        for (title, task) in tasks {
            let answer = self.run(task).await;
            told.push_str(&format!("--- {title}\n{}\n", self.shown(&answer)));
        }
        told
    }

    /// What the platform is told, without what is another text each time.
    pub fn shown(&self, answer: &Answer) -> String {
        let mut request = protocol::json::show(&answer.request("", ""));
        blank(&mut request);
        self.clean(&pretty(request))
    }

    /// A text without the name of the folder.
    pub fn clean(&self, text: &str) -> String {
        text.replace(&self.folder.path().display().to_string(), "FOLDER")
    }

    /// The class of a failure and its sentence, in a line.
    pub fn why(&self, answer: &Answer) -> String {
        let (code, message, retryable) = failure(answer);
        let again = if retryable { ", again" } else { "" };
        format!("{code:?}{again}: {}\n", self.clean(message))
    }

    /// Runs SQL on the company, as somebody else would.
    pub fn execute(&self, sql: &str) {
        execute(&self.path("company.db"), sql);
    }

    /// The rows of a query on the company, their columns with commas between them.
    pub fn rows(&self, query: &str) -> Vec<String> {
        let db = Connection::open(self.path("company.db")).expect("a database");
        let mut query = db.prepare(query).expect("a query");
        let columns = query.column_count();
        let rows = query.query_map([], |row| {
            let values = (0..columns).map(|at| row.get::<_, Option<String>>(at));
            let values: Vec<_> = values.collect::<Result<_, _>>()?;
            let values = values.into_iter().map(|it| it.unwrap_or("-".to_owned()));
            Ok(values.collect::<Vec<_>>().join(", "))
        });
        let rows = rows.expect("rows").collect::<Result<_, _>>();
        rows.expect("texts")
    }

    /// The sync file that was delivered for a task.
    pub fn delivered(&self, task_id: &str) -> PathBuf {
        self.platform.folder.join(task_id)
    }

    /// What is kept of syncs.
    pub fn kept(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.path("state")).into_iter().flatten();
        let names = entries.map(|entry| entry.expect("readable").file_name());
        let mut names: Vec<_> = names
            .map(|name| name.into_string().expect("text"))
            .collect();
        names.sort();
        names
    }
}

fn execute(path: &Path, sql: &str) {
    let db = Connection::open(path).expect("a database");
    db.execute_batch(sql).expect("the statements are valid");
}

/// JSON for people. Maps of messages have another order each time.
pub fn pretty(mut json: Json) -> String {
    json.sort_all_objects();
    serde_json::to_string_pretty(&json).expect("JSON")
}

/// Blanks ids of runs, and what is encrypted.
fn blank(json: &mut Json) {
    match json {
        Json::Object(fields) => {
            for (name, value) in fields {
                let is_run = name == "id" && value.as_str().is_some_and(is_ksuid);
                match name.as_str() {
                    "id" if is_run => *value = json!("RUN"),
                    "encrypted_bytes" => *value = json!("ENCRYPTED"),
                    _ => blank(value),
                }
            }
        }
        Json::Array(items) => items.iter_mut().for_each(blank),
        _ => {}
    }
}

fn is_ksuid(text: &str) -> bool {
    text.len() == 27 && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// The code and the sentence of a failed task, and whether it may be tried again.
pub fn failure(answer: &Answer) -> (Code, &str, bool) {
    match answer {
        Answer::Failed(failure) => (failure.code, &failure.message, failure.retryable),
        Answer::Done(done) => panic!("it did not fail: {done:?}"),
    }
}
