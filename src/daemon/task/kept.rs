//! What is kept of a sync until the platform has it: files named after the task.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use tonic::Code;

use crate::daemon::{Failure, Parcel};
use crate::sync::Report;

/// How the names of all files begin.
const NAME: &str = "task-";
/// How old a finished sync file may be: what is older says too little of how it is now.
const FRESH: Duration = Duration::from_secs(24 * 60 * 60);
/// How long files of tasks stay that do not come again.
const LEFT: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// The files of one task.
#[derive(Debug, Clone)]
pub(super) struct Kept {
    directory: PathBuf,
    task_id: String,
}

impl Kept {
    /// The files of a task in a folder, which is made where it is not there. What other tasks left
    /// long ago goes.
    pub fn of(directory: &Path, task_id: &str) -> Result<Self, Failure> {
        let made = DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(directory);
        made.map_err(|error| {
            let path = directory.display();
            let message = format!("the folder `{path}` for sync files cannot be made: {error}");
            Failure::retryable(Code::Internal, message)
        })?;
        let kept = Self {
            directory: directory.to_owned(),
            task_id: task_id.to_owned(),
        };
        let is_left = |name: &str| is_of_a_task(name) && !name.starts_with(&kept.prefix());
        sweep(directory, |name, age| is_left(name) && age > LEFT);
        Ok(kept)
    }

    /// The sync file, once it is there.
    pub fn output(&self) -> PathBuf {
        self.directory.join(format!("{}c1z", self.prefix()))
    }

    /// Whether the sync file is there, and fresh. One that is not goes.
    pub fn has_file(&self) -> bool {
        let output = self.output();
        match age(&output) {
            None => false,
            Some(age) if age <= FRESH => true,
            Some(_) => {
                self.remove();
                false
            }
        }
    }

    /// The sync file, to be read.
    pub fn parcel(&self) -> Result<Parcel, Failure> {
        Parcel::file(&self.output()).map_err(|error| {
            let path = self.output();
            let message = format!("the sync file `{}` cannot be read: {error}", path.display());
            Failure::retryable(Code::Internal, message)
        })
    }

    /// Keeps the report of the sync, for a platform that wants to know more.
    pub fn write_log(&self, report: &Report) {
        let written = serde_json::to_vec_pretty(report).map_err(io::Error::other);
        if let Err(error) = written.and_then(|text| fs::write(self.log(), text)) {
            tracing::warn!(%error, "the report of the sync cannot be kept");
        }
    }

    /// The report, to be read, where there is one.
    pub fn log_parcel(&self) -> Option<Parcel> {
        Parcel::file(&self.log()).ok()
    }

    fn log(&self) -> PathBuf {
        self.directory.join(format!("{}log", self.prefix()))
    }

    /// Removes everything that is kept of the task.
    pub fn remove(&self) {
        sweep(&self.directory, |name, _| name.starts_with(&self.prefix()));
    }

    fn prefix(&self) -> String {
        format!("{NAME}{}.", self.task_id)
    }
}

/// Whether a file is one of ours: the id of a task, and how the names of sync files and reports end.
fn is_of_a_task(name: &str) -> bool {
    let named = name
        .strip_prefix(NAME)
        .and_then(|name| name.split_once('.'));
    named.is_some_and(|(id, rest)| {
        !id.is_empty()
            && id.bytes().all(|byte| byte.is_ascii_alphanumeric())
            && (rest.starts_with("c1z") || rest == "log")
    })
}

fn age(path: &Path) -> Option<Duration> {
    let modified = fs::metadata(path).ok()?.modified().ok()?;
    // A clock that was set back makes nothing old.
    Some(
        SystemTime::now()
            .duration_since(modified)
            .unwrap_or_default(),
    )
}

/// Removes files by their names and ages. What cannot be removed is told, and in nobody's way.
fn sweep(directory: &Path, goes: impl Fn(&str, Duration) -> bool) {
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        let path = entry.path();
        let (Some(name), Some(age)) = (path.file_name().and_then(|it| it.to_str()), age(&path))
        else {
            continue;
        };
        if goes(name, age)
            && let Err(error) = fs::remove_file(&path)
            && error.kind() != io::ErrorKind::NotFound
        {
            tracing::warn!(path = %path.display(), %error, "what a task left cannot be removed");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn file(directory: &Path, name: &str, age: Duration) {
        let file = File::create(directory.join(name)).expect("can be made");
        file.set_modified(SystemTime::now() - age).expect("is ours");
    }

    fn names(directory: &Path) -> Vec<String> {
        let entries = fs::read_dir(directory).expect("a folder");
        let names = entries.map(|entry| entry.expect("readable").file_name());
        let mut names: Vec<_> = names
            .map(|name| name.into_string().expect("text"))
            .collect();
        names.sort();
        names
    }

    #[test]
    fn what_tasks_left_goes_after_a_week_and_nothing_else_does() {
        let folder = tempfile::tempdir().expect("a folder");
        let directory = folder.path().join("state/syncs");
        Kept::of(&directory, "2a").expect("can be made");
        let mode = directory.metadata().expect("it is").permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
        let old = LEFT + FRESH;
        for name in [
            "task-1a.c1z",
            "task-1a.c1z.work",
            "task-1a.c1z.work-wal",
            "task-1a.log",
            "audit.jsonl",
            "sync.c1z",
        ] {
            file(&directory, name, old);
        }
        file(&directory, "task-2a.c1z.work", old);
        file(&directory, "task-3a.c1z.work", LEFT - FRESH);
        let kept = Kept::of(&directory, "2a").expect("is there");
        let left = [
            "audit.jsonl",
            "sync.c1z",
            "task-2a.c1z.work",
            "task-3a.c1z.work",
        ];
        assert_eq!(names(&directory), left);
        kept.remove();
        let others = ["audit.jsonl", "sync.c1z", "task-3a.c1z.work"];
        assert_eq!(names(&directory), others);
    }

    #[test]
    fn a_finished_file_is_good_for_a_day() {
        let folder = tempfile::tempdir().expect("a folder");
        let kept = Kept::of(folder.path(), "2a").expect("is there");
        assert!(!kept.has_file());
        file(folder.path(), "task-2a.c1z", FRESH / 2);
        assert!(kept.has_file());
        file(folder.path(), "task-2a.c1z", FRESH * 2);
        assert!(!kept.has_file() && names(folder.path()).is_empty());
    }
}
