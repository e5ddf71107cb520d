//! Files as they change → what is wrong with them, told to the editor: the newest text wins.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use lsp_types::Uri;

use super::file::File;
use super::survey::{self, Known};
use crate::diagnostic::Diagnostic;

/// So long nobody has typed before a file is checked.
const PAUSE: Duration = Duration::from_millis(25);

/// Room for files that are nested as deep as a file may be.
const STACK: usize = 32 << 20;

/// What checking a file came to.
#[derive(Debug, Default, Clone)]
pub(super) struct Checked {
    /// The version of the text that was checked.
    pub version: i32,
    /// Everything that was found.
    pub diagnostics: Arc<Vec<Diagnostic>>,
    /// The variables of its programs, as they were known last.
    pub known: Arc<Known>,
}

/// A file to be checked.
struct Waiting {
    version: i32,
    file: Arc<File>,
    due: Instant,
}

#[derive(Default)]
struct State {
    waiting: HashMap<Uri, Waiting>,
    /// The newest version of each open file, or its being closed.
    newest: HashMap<Uri, i32>,
    checked: HashMap<Uri, Checked>,
    is_over: bool,
}

/// Checks files on a thread of its own.
pub(super) struct Checker {
    state: Arc<(Mutex<State>, Condvar)>,
}

impl Checker {
    /// Starts the thread. `tell` hears of each file that was checked and that nobody has changed since.
    pub fn start(
        tell: impl Fn(&Uri, i32, &File, &[Diagnostic]) + Send + 'static,
    ) -> std::io::Result<Self> {
        let state: Arc<(Mutex<State>, Condvar)> = Arc::default();
        let shared = state.clone();
        std::thread::Builder::new()
            .name("checker".to_owned())
            .stack_size(STACK)
            .spawn(move || {
                while let Some((uri, waiting)) = next(&shared) {
                    check(&shared.0, &uri, &waiting, &tell);
                }
            })?;
        Ok(Self { state })
    }

    /// Has a file checked: at once when it was opened, after a pause while somebody types.
    pub fn changed(&self, uri: Uri, version: i32, file: Arc<File>, is_new: bool) {
        let due = match is_new {
            true => Instant::now(),
            false => Instant::now() + PAUSE,
        };
        let mut state = lock(&self.state.0);
        state.newest.insert(uri.clone(), version);
        state.waiting.insert(uri, Waiting { version, file, due });
        self.state.1.notify_one();
    }

    /// Forgets a file.
    pub fn closed(&self, uri: &Uri) {
        let mut state = lock(&self.state.0);
        state.waiting.remove(uri);
        state.newest.remove(uri);
        state.checked.remove(uri);
    }

    /// What is known of a file since it was checked last.
    pub fn checked(&self, uri: &Uri) -> Checked {
        let state = lock(&self.state.0);
        state.checked.get(uri).cloned().unwrap_or_default()
    }
}

impl Drop for Checker {
    fn drop(&mut self) {
        lock(&self.state.0).is_over = true;
        self.state.1.notify_one();
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().expect("no panic happens under this lock")
}

/// Waits for the file that is due first.
fn next(shared: &(Mutex<State>, Condvar)) -> Option<(Uri, Waiting)> {
    let mut state = lock(&shared.0);
    loop {
        if state.is_over {
            return None;
        }
        let first = state.waiting.iter().min_by_key(|(_, waiting)| waiting.due);
        let first = first.map(|(uri, waiting)| (uri.clone(), waiting.due));
        let now = Instant::now();
        state = match first {
            Some((uri, due)) if due <= now => {
                let waiting = state.waiting.remove(&uri)?;
                return Some((uri, waiting));
            }
            Some((_, due)) => {
                let waited = shared.1.wait_timeout(state, due - now);
                waited.expect("no panic happens under this lock").0
            }
            None => {
                let woken = shared.1.wait(state);
                woken.expect("no panic happens under this lock")
            }
        };
    }
}

/// Who hears of a file that was checked, with its version.
type Tell = dyn Fn(&Uri, i32, &File, &[Diagnostic]);

fn check(state: &Mutex<State>, uri: &Uri, waiting: &Waiting, tell: &Tell) {
    let file = &waiting.file;
    // A mistake of ours in one state of a file that is being typed must not end the server.
    let surveyed = catch_unwind(AssertUnwindSafe(|| {
        let survey = survey::survey(file);
        let known = survey::known(file, &survey);
        (survey.diagnostics, known)
    }));
    let Ok((diagnostics, known)) = surveyed else {
        return;
    };
    let mut state = lock(state);
    if state.newest.get(uri) != Some(&waiting.version) {
        return;
    }
    let checked = state.checked.entry(uri.clone()).or_default();
    checked.version = waiting.version;
    checked.diagnostics = Arc::new(diagnostics);
    // Of a file that cannot be read, nothing is known; what was known before is better.
    if !known.is_empty() {
        checked.known = Arc::new(known);
    }
    let diagnostics = checked.diagnostics.clone();
    // Under the lock, so that nothing older is told after it.
    tell(uri, waiting.version, file, &diagnostics);
}
