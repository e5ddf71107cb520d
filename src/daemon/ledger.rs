//! Answers that a platform may ask for again: kept on disk until it has them, and for a day after
//! that, so that a task that comes twice is done once.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use prost::Message as _;
use tracing::error;

use crate::proto::connectorapi::baton::v1::BatonServiceFinishTaskRequest;
use crate::proto::connectorapi::baton::v1::baton_service_finish_task_request::FinalState;

/// How long an answer is kept that the platform has, and a task is known to have begun that never
/// ended here.
const KEPT: Duration = Duration::from_secs(24 * 60 * 60);
const BEGUN_IS_KEPT: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// How often what is old is looked for.
const SWEPT_EVERY: Duration = Duration::from_secs(60 * 60);
/// The task has begun.
const BEGUN: &str = "begun";
/// The platform does not have it yet.
const UNTOLD: &str = "untold";
/// The platform has it.
const TOLD: &str = "told";

/// A folder of answers. They may hold encrypted passwords and what systems answered: only the owner
/// reads it.
#[derive(Debug)]
pub struct Ledger {
    folder: PathBuf,
    swept: Mutex<Instant>,
}

impl Ledger {
    /// Opens the folder, or makes it.
    pub fn open(folder: &Path) -> io::Result<Self> {
        use std::os::unix::fs::DirBuilderExt as _;
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true).mode(0o700).create(folder)?;
        let ledger = Self {
            folder: folder.to_owned(),
            swept: Mutex::new(Instant::now()),
        };
        ledger.forget_old()?;
        Ok(ledger)
    }

    /// Notes that a task begins; true when it has begun before. After this it is known to the next
    /// process.
    pub fn begin(&self, task_id: &str) -> io::Result<bool> {
        let made = File::options()
            .write(true)
            .create_new(true)
            .open(self.path(task_id, BEGUN)?);
        match made {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(true),
            Err(error) => Err(error),
            Ok(_) => File::open(&self.folder)?.sync_all().map(|()| false),
        }
    }

    /// Keeps an answer before it is told. After this it outlives the process.
    pub fn keep(&self, answer: &BatonServiceFinishTaskRequest) -> io::Result<()> {
        let mut file = tempfile::Builder::new()
            .prefix(".answer-")
            .tempfile_in(&self.folder)?;
        file.write_all(&answer.encode_to_vec())?;
        file.as_file().sync_all()?;
        file.persist(self.path(&answer.task_id, UNTOLD)?)
            .map_err(|error| error.error)?;
        File::open(&self.folder)?.sync_all()
    }

    /// Notes that the platform has the answer. One that lets the platform hand the task out again is
    /// forgotten: the next time, the task is done.
    pub fn told(&self, answer: &BatonServiceFinishTaskRequest) -> io::Result<()> {
        let untold = self.path(&answer.task_id, UNTOLD)?;
        let done = match comes_again(answer) {
            true => fs::remove_file(&untold),
            false => fs::rename(&untold, self.path(&answer.task_id, TOLD)?),
        };
        absent_is_fine(done)?;
        absent_is_fine(fs::remove_file(self.path(&answer.task_id, BEGUN)?))?;
        let mut swept = self.swept.lock().unwrap_or_else(PoisonError::into_inner);
        if swept.elapsed() > SWEPT_EVERY {
            *swept = Instant::now();
            self.forget_old()?;
        }
        Ok(())
    }

    /// The answer of a task that was done before.
    pub fn answer_to(&self, task_id: &str) -> io::Result<Option<BatonServiceFinishTaskRequest>> {
        for state in [UNTOLD, TOLD] {
            match read(&self.path(task_id, state)?) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                read => return read.map(Some),
            }
        }
        Ok(None)
    }

    /// The answers that the platform does not have yet. What cannot be read is logged.
    pub fn untold(&self) -> Vec<BatonServiceFinishTaskRequest> {
        let entries = fs::read_dir(&self.folder);
        let entries = entries.inspect_err(|error| error!("answers cannot be read: {error}"));
        let paths = entries.into_iter().flatten().flatten();
        let untold = paths
            .map(|entry| entry.path())
            .filter(|path| path.extension().is_some_and(|it| it == UNTOLD));
        untold
            .filter_map(|path| {
                let answer = read(&path);
                answer
                    .inspect_err(|error| error!("an answer cannot be read: {error}"))
                    .ok()
            })
            .collect()
    }

    /// Removes what is old.
    fn forget_old(&self) -> io::Result<()> {
        let now = SystemTime::now();
        for entry in fs::read_dir(&self.folder)? {
            let path = entry?.path();
            let kept = match path.extension().and_then(|it| it.to_str()) {
                Some(TOLD) => KEPT,
                Some(BEGUN) => BEGUN_IS_KEPT,
                _ => continue,
            };
            // Another task may have ended meanwhile.
            let modified = fs::metadata(&path).and_then(|it| it.modified());
            let age = modified.map(|at| now.duration_since(at).unwrap_or_default());
            if age.is_ok_and(|age| age > kept) {
                absent_is_fine(fs::remove_file(&path))?;
            }
        }
        Ok(())
    }

    /// The file of a task. Ids come from outside: none may name a file elsewhere.
    fn path(&self, task_id: &str, state: &str) -> io::Result<PathBuf> {
        match is_task_id(task_id) {
            true => Ok(self.folder.join(format!("{task_id}.{state}"))),
            false => Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "the id of the task is no id",
            )),
        }
    }
}

fn absent_is_fine(done: io::Result<()>) -> io::Result<()> {
    match done {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        done => done,
    }
}

/// Whether a text may be the id of a task. The protocol says 27 letters and digits; any others that
/// can stand in the name of a file will do.
pub fn is_task_id(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    (1..=128).contains(&text.len()) && text.bytes().all(fits)
}

/// Whether the platform hands a task with this answer out again.
fn comes_again(answer: &BatonServiceFinishTaskRequest) -> bool {
    matches!(&answer.final_state, Some(FinalState::Error(error)) if !error.non_retryable)
}

fn read(path: &Path) -> io::Result<BatonServiceFinishTaskRequest> {
    let bytes = fs::read(path)?;
    BatonServiceFinishTaskRequest::decode(bytes.as_slice()).map_err(|_| {
        let message = format!("`{}` is damaged: remove it", path.display());
        io::Error::new(io::ErrorKind::InvalidData, message)
    })
}

#[cfg(test)]
mod tests {
    use tonic::Code;

    use super::*;
    use crate::daemon::{Answer, Failure};

    const ID: &str = "2abcdefghijklmnopqrstuvwxyz";

    fn answer(answer: Answer) -> BatonServiceFinishTaskRequest {
        answer.request("host", ID)
    }

    #[test]
    fn an_answer_outlives_the_process_and_is_told_once() {
        let folder = tempfile::tempdir().unwrap();
        let done = answer(Answer::done());
        Ledger::open(folder.path()).unwrap().keep(&done).unwrap();

        let ledger = Ledger::open(folder.path()).unwrap();
        assert_eq!(ledger.untold(), std::slice::from_ref(&done));
        ledger.told(&done).unwrap();
        assert_eq!(ledger.untold(), []);
        assert_eq!(ledger.answer_to(ID).unwrap(), Some(done));
    }

    #[test]
    fn a_task_that_comes_again_is_done_again() {
        let folder = tempfile::tempdir().unwrap();
        let ledger = Ledger::open(folder.path()).unwrap();
        let failed = answer(Failure::retryable(Code::Unavailable, "it is away").into());
        ledger.keep(&failed).unwrap();
        assert_eq!(ledger.answer_to(ID).unwrap(), Some(failed.clone()));
        ledger.told(&failed).unwrap();
        assert_eq!(ledger.answer_to(ID).unwrap(), None);
    }

    #[test]
    fn a_task_that_was_begun_is_known_until_its_answer_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let ledger = Ledger::open(folder.path()).unwrap();
        assert!(!ledger.begin(ID).unwrap());
        assert!(Ledger::open(folder.path()).unwrap().begin(ID).unwrap());
        ledger.told(&answer(Answer::done())).unwrap();
        assert!(!ledger.begin(ID).unwrap());
    }

    #[test]
    fn what_is_old_goes() {
        let folder = tempfile::tempdir().unwrap();
        for (name, age) in [
            ("1a.told", KEPT * 2),
            ("2a.told", KEPT / 2),
            ("3a.begun", BEGUN_IS_KEPT * 2),
            ("4a.untold", BEGUN_IS_KEPT * 2),
        ] {
            let file = File::create(folder.path().join(name)).unwrap();
            file.set_modified(SystemTime::now() - age).unwrap();
        }
        Ledger::open(folder.path()).unwrap();
        let left = fs::read_dir(folder.path()).unwrap();
        let mut left: Vec<_> = left.map(|entry| entry.unwrap().file_name()).collect();
        left.sort();
        assert_eq!(left, ["2a.told", "4a.untold"]);
    }

    #[test]
    fn ids_name_no_other_files() {
        let folder = tempfile::tempdir().unwrap();
        let ledger = Ledger::open(folder.path()).unwrap();
        for id in ["", "../x", "a/b", "a.b", "ä"] {
            assert!(ledger.answer_to(id).is_err(), "{id}");
            let mut named = answer(Answer::done());
            named.task_id = id.to_owned();
            assert!(ledger.keep(&named).is_err(), "{id}");
        }
    }
}
