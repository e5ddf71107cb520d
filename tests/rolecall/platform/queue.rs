//! The queue, against a model of it that is as simple as can be.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;
use rolecall::platform::{Cancelled, Event, Home, Queue, State, Timing, Worker};
use rolecall::protocol::{Lane, lane};
use tonic::Code;

use super::caller::{failure, success};
use super::{short, sync};

const HOSTS: [&str; 3] = ["h1", "h2", "h3"];

/// What may happen. Tasks and hosts are named by number.
#[derive(Debug, Clone)]
enum Move {
    Put {
        sync: bool,
    },
    Take {
        host: usize,
    },
    TakeMany {
        host: usize,
        most: usize,
        knows: bool,
    },
    Beat {
        host: usize,
        task: usize,
    },
    Succeed {
        host: usize,
        task: usize,
    },
    Fail {
        host: usize,
        task: usize,
        code: Code,
        lasting: bool,
    },
    Cancel {
        task: usize,
    },
    Later {
        seconds: i64,
    },
}

fn moves() -> impl Strategy<Value = Move> {
    let host = 0..HOSTS.len();
    let task = 0..6usize;
    let code = prop_oneof![
        Just(Code::Internal),
        Just(Code::Cancelled),
        Just(Code::Unimplemented)
    ];
    prop_oneof![
        2 => any::<bool>().prop_map(|sync| Move::Put { sync }),
        4 => host.clone().prop_map(|host| Move::Take { host }),
        1 => (host.clone(), 1..4usize, any::<bool>())
            .prop_map(|(host, most, knows)| Move::TakeMany { host, most, knows }),
        2 => (host.clone(), task.clone()).prop_map(|(host, task)| Move::Beat { host, task }),
        3 => (host.clone(), task.clone()).prop_map(|(host, task)| Move::Succeed { host, task }),
        3 => (host, task.clone(), code, any::<bool>())
            .prop_map(|(host, task, code, lasting)| Move::Fail { host, task, code, lasting }),
        1 => task.prop_map(|task| Move::Cancel { task }),
        3 => (0..70i64).prop_map(|seconds| Move::Later { seconds }),
    ]
}

/// A task as the model knows it.
#[derive(Debug, Clone)]
struct Model {
    sync: bool,
    state: State,
    attempt: u32,
    host: Option<usize>,
    until: DateTime<Utc>,
    not_before: DateTime<Utc>,
    cancel: bool,
    /// Answers that were accepted: host, and what was said.
    answers: Vec<(usize, String)>,
}

const ATTEMPTS: u32 = 3;

fn timing() -> Timing {
    Timing {
        lease: Duration::from_secs(20),
        silent_lease: Duration::from_secs(60),
        backoff: Duration::from_secs(5),
        ..Timing::default()
    }
}

struct Run {
    _folder: tempfile::TempDir,
    queue: Queue,
    client: String,
    now: DateTime<Utc>,
    ids: Vec<String>,
    tasks: BTreeMap<usize, Model>,
}

impl Run {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let now = DateTime::from_timestamp(1_800_000_000, 0).expect("a moment");
        let home = Home::init(&folder.path().join("p"), "localhost:1", now).expect("a platform");
        let client = home.clients().add("acme", now).expect("a client").client_id;
        Self {
            _folder: folder,
            queue: home.queue(timing()),
            client,
            now,
            ids: Vec::new(),
            tasks: BTreeMap::new(),
        }
    }

    fn worker(&self, host: usize) -> Worker<'_> {
        Worker {
            client: &self.client,
            host: HOSTS[host],
        }
    }

    fn make(&mut self, step: &Move) {
        match *step {
            Move::Put { sync: is_sync } => {
                let task = if is_sync { sync() } else { short() };
                assert_eq!(lane(&task) == Lane::Sync, is_sync);
                let put = self
                    .queue
                    .put(&self.client, &task, Some(ATTEMPTS), self.now);
                self.tasks.insert(
                    self.ids.len(),
                    Model {
                        sync: is_sync,
                        state: State::Pending,
                        attempt: 0,
                        host: None,
                        until: self.now,
                        not_before: self.now,
                        cancel: false,
                        answers: Vec::new(),
                    },
                );
                self.ids.push(put.expect("a task"));
            }
            Move::Later { seconds } => self.now += TimeDelta::seconds(seconds),
            Move::Take { host } => self.take(host, 1, &[]),
            Move::TakeMany { host, most, knows } => {
                let known: Vec<usize> = match knows {
                    true => (0..self.ids.len().min(2)).collect(),
                    false => Vec::new(),
                };
                self.take(host, most, &known);
            }
            Move::Cancel { task } => self.cancel(task),
            Move::Beat { host, task } => {
                let Some(model) = self.tasks.get(&task) else {
                    return;
                };
                let held = model.state == State::Leased && model.host == Some(host);
                let goes_on = held && !model.cancel;
                let beat = self
                    .queue
                    .heartbeat(self.worker(host), &self.ids[task], self.now);
                assert_eq!(beat.expect("an answer"), goes_on);
                if held {
                    self.model(task).until = self.now + timing().lease;
                }
            }
            Move::Succeed { host, task } => self.answer(host, task, None),
            Move::Fail {
                host,
                task,
                code,
                lasting,
            } => {
                self.answer(host, task, Some((code, lasting)));
            }
        }
    }

    fn model(&mut self, task: usize) -> &mut Model {
        self.tasks.get_mut(&task).expect("it is there")
    }

    fn cancel(&mut self, task: usize) {
        let Some(model) = self.tasks.get_mut(&task) else {
            return;
        };
        let expected = match model.state {
            State::Pending => {
                model.state = State::Cancelled;
                Cancelled::Now
            }
            State::Leased => {
                model.cancel = true;
                Cancelled::Asked
            }
            ended => Cancelled::TooLate(ended),
        };
        let cancelled = self.queue.cancel(&self.ids[task], self.now);
        assert_eq!(cancelled.expect("an answer"), expected);
    }

    fn take(&mut self, host: usize, most: usize, known: &[usize]) {
        let now = self.now;
        for (number, model) in &mut self.tasks {
            if model.state != State::Leased {
                continue;
            }
            if known.contains(number) && model.host == Some(host) {
                model.until = model.until.max(now + timing().lease);
            }
            if model.until <= now {
                (model.state, model.not_before) = match (model.cancel, model.attempt) {
                    (true, _) => (State::Cancelled, model.not_before),
                    (false, ATTEMPTS..) => (State::Failed, model.not_before),
                    _ => (State::Pending, now),
                };
            }
        }
        let mut expected = Vec::new();
        for number in 0..self.ids.len() {
            let busy = self
                .tasks
                .values()
                .any(|model| model.sync && model.state == State::Leased);
            let model = self.model(number);
            let free = model.state == State::Pending
                && model.not_before <= now
                && !known.contains(&number)
                && !(model.sync && busy);
            if free && expected.len() < most {
                let lease = match model.sync {
                    true => timing().lease,
                    false => timing().silent_lease,
                };
                model.state = State::Leased;
                model.attempt += 1;
                model.host = Some(host);
                model.until = now + lease;
                expected.push(self.ids[number].clone());
            }
        }
        let known: Vec<_> = known
            .iter()
            .map(|number| self.ids[*number].clone())
            .collect();
        let taken = self.queue.take(self.worker(host), most, &known, now);
        let taken: Vec<_> = taken
            .expect("an answer")
            .into_iter()
            .map(|task| task.id)
            .collect();
        assert_eq!(taken, expected);
    }

    fn answer(&mut self, host: usize, task: usize, failed: Option<(Code, bool)>) {
        let Some(id) = self.ids.get(task) else {
            return;
        };
        let request = match failed {
            None => success(HOSTS[host], id),
            Some((code, lasting)) => failure(HOSTS[host], id, code, lasting),
        };
        let answered = self.queue.finish(&request, &self.client, self.now);
        let now = self.now;
        let said = (host, format!("{failed:?}"));
        let model = self.model(task);
        if !(model.state == State::Leased && model.host == Some(host)) {
            assert_eq!(answered.is_ok(), model.answers.contains(&said), "{model:?}");
            return;
        }
        answered.expect("the holder is heard");
        model.answers.push(said);
        model.state = match failed {
            None => State::Done,
            Some((code, lasting)) => {
                let lasting = lasting || code == Code::Unimplemented;
                if model.cancel && (code == Code::Cancelled || !lasting) {
                    State::Cancelled
                } else if lasting || model.attempt >= ATTEMPTS {
                    State::Failed
                } else {
                    model.not_before = now + timing().backoff * 2u32.pow(model.attempt - 1);
                    State::Pending
                }
            }
        };
    }

    /// What must be so at any time.
    fn check(&self) {
        for (number, model) in &self.tasks {
            let record = self.queue.task(&self.ids[*number]).expect("it is there");
            assert_eq!((record.state, record.attempt), (model.state, model.attempt));
        }
    }

    /// What the history must say at the end.
    fn check_history(&self) {
        let all = self.queue.history(None).expect("a history");
        for (number, model) in &self.tasks {
            let events: Vec<_> = all
                .iter()
                .filter(|entry| entry.task == self.ids[*number])
                .map(|entry| entry.event)
                .collect();
            let count = |event| events.iter().filter(|one| **one == event).count();
            assert_eq!(events[0], Event::Queued);
            assert_eq!(count(Event::Queued), 1);
            assert_eq!(count(Event::Leased), model.attempt as usize);
            let ends = [Event::Done, Event::Failed, Event::Cancelled];
            let ended: usize = ends.into_iter().map(count).sum();
            assert_eq!(ended, usize::from(model.state.is_end()), "{events:?}");
            if model.state.is_end() {
                assert_eq!(
                    events.last().map(|event| event.as_str()),
                    Some(model.state.as_str())
                );
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_the_queue_is_as_the_model_says(steps in prop::collection::vec(moves(), 1..60)) {
        let mut run = Run::new();
        for step in &steps {
            run.make(step);
            run.check();
        }
        run.check_history();
    }
}

#[test]
fn what_a_worker_knows_hides_nothing_behind_it() {
    let mut run = Run::new();
    for sync in [false, true, true, false] {
        run.make(&Move::Put { sync });
    }
    // It knows the first two: the other sync and the other short task are left.
    run.make(&Move::TakeMany {
        host: 0,
        most: 2,
        knows: true,
    });
    run.check();
    assert_eq!(run.tasks[&3].state, State::Leased);
}

#[test]
fn attempts_are_made_later_and_later_and_end() {
    let mut run = Run::new();
    run.make(&Move::Put { sync: false });
    let host = 0;
    for (attempt, wait) in [(1, 5), (2, 10)] {
        run.make(&Move::Take { host });
        run.make(&Move::Fail {
            host,
            task: 0,
            code: Code::Internal,
            lasting: false,
        });
        run.check();
        let record = run.queue.task(&run.ids[0]).expect("it is there");
        assert_eq!(record.attempt, attempt);
        assert_eq!(record.not_before - run.now, TimeDelta::seconds(wait));
        assert_eq!(record.message.as_deref(), Some("it did not work"));
        run.make(&Move::Later { seconds: wait - 1 });
        assert!(
            run.queue
                .take(run.worker(host), 1, &[], run.now)
                .expect("an answer")
                .is_empty()
        );
        run.make(&Move::Later { seconds: 1 });
    }
    run.make(&Move::Take { host });
    run.make(&Move::Fail {
        host,
        task: 0,
        code: Code::Internal,
        lasting: false,
    });
    let record = run.queue.task(&run.ids[0]).expect("it is there");
    assert_eq!(
        (record.state, record.code),
        (State::Failed, Some(Code::Internal.into()))
    );
    run.check_history();
}

#[test]
fn a_folder_that_is_no_platform_is_not_taken_for_one() {
    let folder = tempfile::tempdir().expect("a folder");
    let open = |path| {
        Home::open(path)
            .map(drop)
            .map_err(|error| error.to_string())
    };
    let absent = open(folder.path()).expect_err("nothing is there");
    assert!(absent.contains("is no platform"), "{absent}");

    let path = folder.path().join("p");
    let now = Utc::now();
    for wrong in [
        "",
        "a b",
        "user@localhost:1",
        "localhost:x",
        "localhost:70000",
        "https://h",
    ] {
        let error = Home::init(&path, wrong, now).expect_err(wrong).to_string();
        assert!(error.contains("is no host"), "{error}");
    }
    for right in [
        "localhost",
        "127.0.0.1:1",
        "[::1]:7443",
        "platform.example.com:1",
    ] {
        let home = folder.path().join(right);
        Home::init(&home, right, now)
            .expect(right)
            .tls(now)
            .expect("a certificate");
        Home::init(&home, right, now).expect_err("there already");
        assert_eq!(Home::open(&home).expect("a platform").host(), right);
    }
    // An `init` that was killed before its last step leaves what the next one takes for its own.
    std::fs::create_dir(&path).expect("a folder");
    std::fs::write(path.join("ca.key"), "half").expect("a file");
    Home::init(&path, "localhost:1", now).expect("a platform");
}
