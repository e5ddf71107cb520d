//! A running sync, told to whoever waits for it: a live view on a terminal, plain lines elsewhere.

mod live;
mod past;
mod plain;
mod view;
mod words;

#[cfg(test)]
mod tests;

use std::io::IsTerminal;
use std::path::Path;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant, SystemTime};

use chrono::FixedOffset;
use clap::ValueEnum;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use self::live::Frame;
use self::past::Reading;
use self::plain::Plain;
use self::view::View;
use super::{report, stderr};
use crate::source::Meter;
use crate::sync::Event;

/// Time between two looks at a live view, and at a plain one.
const LIVE_TURN: Duration = Duration::from_millis(200);
const PLAIN_TURN: Duration = Duration::from_secs(1);
/// The size of a terminal that does not tell its own.
const USUAL_SIZE: (usize, usize) = (80, 24);

/// How a running sync is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Shown {
    /// A live view on a terminal, plain lines elsewhere.
    Auto,
    /// A live view, where standard error is a terminal.
    Live,
    /// A line for each listing that is done, and one from time to time.
    Plain,
    /// Nothing.
    None,
}

/// Tells on standard error how far a run is.
pub(super) struct Progress {
    shared: Arc<Shared>,
    /// Reads what the run before came to.
    _past: Option<Reading>,
    stop: mpsc::Sender<()>,
    thread: Option<JoinHandle<()>>,
}

/// What both the run and the thread that tells know.
struct Shared {
    view: Mutex<View>,
    meter: Arc<Meter>,
    began: Instant,
    zone: FixedOffset,
    teller: Teller,
}

enum Teller {
    Live(ProgressBar),
    Plain(Mutex<Plain>),
    None,
}

impl Progress {
    /// Starts telling of a run that writes `output` and asks under `meter`.
    pub fn start(shown: Shown, output: &Path, meter: &Arc<Meter>) -> Self {
        let teller = match shown {
            Shown::None => Teller::None,
            Shown::Auto if moves_cursors() => Teller::live(),
            Shown::Live if std::io::stderr().is_terminal() => Teller::live(),
            Shown::Auto | Shown::Live | Shown::Plain => Teller::Plain(Mutex::default()),
        };
        let shared = Arc::new(Shared {
            view: Mutex::default(),
            meter: meter.clone(),
            began: Instant::now(),
            zone: *chrono::Local::now().offset(),
            teller,
        });
        let (stop, stopped) = mpsc::channel();
        let turn = match &shared.teller {
            Teller::Live(_) => Some(LIVE_TURN),
            Teller::Plain(_) => Some(PLAIN_TURN),
            Teller::None => None,
        };
        let past = turn.map(|_| {
            let shared = shared.clone();
            let to = move |past| shared.view().past = Some(past);
            Reading::start(output.to_owned(), to)
        });
        let thread = turn.and_then(|turn| {
            let shared = shared.clone();
            let tell = move || {
                while stopped.recv_timeout(turn) == Err(RecvTimeoutError::Timeout) {
                    shared.tell();
                }
            };
            // A machine that can start no thread tells nothing.
            let builder = thread::Builder::new().name("progress".to_owned());
            builder.spawn(tell).ok()
        });
        Self {
            shared,
            _past: past,
            stop,
            thread,
        }
    }

    /// Hears of an event.
    pub fn hear(&self, event: &Event) {
        let elapsed = self.shared.began.elapsed();
        let mut view = self.shared.view();
        view.hear(event, elapsed);
        let (Teller::Plain(plain), Event::Done { listing }) = (&self.shared.teller, event) else {
            return;
        };
        let line = view.listings.get(*listing).and_then(|listing| {
            let mut plain = plain.lock().unwrap_or_else(PoisonError::into_inner);
            plain.done(listing, elapsed)
        });
        drop(view);
        line.iter().for_each(|line| say(line));
    }
}

impl Drop for Progress {
    /// Takes the live view away.
    fn drop(&mut self) {
        let _ = self.stop.send(());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
        if let Teller::Live(bar) = &self.shared.teller {
            stderr::share_with(None);
            bar.finish_and_clear();
        }
    }
}

impl Teller {
    fn live() -> Self {
        // Looked at as often as there is something new, so that nothing is left out.
        let target = ProgressDrawTarget::stderr_with_hz(20);
        let style = ProgressStyle::with_template("{msg}").expect("the template is well-formed");
        let bar = ProgressBar::with_draw_target(None, target).with_style(style);
        stderr::share_with(Some(bar.clone()));
        Teller::Live(bar)
    }
}

impl Shared {
    fn view(&self) -> MutexGuard<'_, View> {
        self.view.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells how far the run is.
    fn tell(&self) {
        let (elapsed, now) = (self.began.elapsed(), SystemTime::now());
        let mut view = self.view();
        view.measure(self.meter.cost(), self.meter.waiting(), elapsed);
        match &self.teller {
            Teller::None => {}
            Teller::Plain(plain) => {
                let mut plain = plain.lock().unwrap_or_else(PoisonError::into_inner);
                let line = plain.now_and_then(&view, elapsed, now, self.zone);
                drop((view, plain));
                line.iter().for_each(|line| say(line));
            }
            Teller::Live(bar) => {
                let (width, height) = terminal_size();
                let lines = view.lines(&Frame {
                    elapsed,
                    now,
                    zone: self.zone,
                    width,
                    height,
                    colour: report::colour_on_stderr(),
                });
                drop(view);
                bar.set_message(lines.join("\n"));
            }
        }
    }
}

/// Whether standard error is a terminal that does more than print.
fn moves_cursors() -> bool {
    let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    std::io::stderr().is_terminal() && !dumb
}

/// The columns and rows that there are now: people change the size of their windows.
fn terminal_size() -> (usize, usize) {
    match terminal_size::terminal_size_of(std::io::stderr()) {
        Some((width, height)) => (width.0.into(), height.0.into()),
        None => USUAL_SIZE,
    }
}

/// A line of its own among the messages.
fn say(line: &str) {
    tracing::info!(target: super::logging::PROGRESS, "{line}");
}
