//! `--record` and `--replay`: a run whose exchanges are kept, or come from where they were kept.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, anyhow};

use super::terminal::printable;
use crate::config::{Environment, ProcessEnvironment};
use crate::plan::Plan;
use crate::source::http::{Recorder, Replay};

/// How many recorded requests are named that nobody made.
const NAMED: usize = 5;

/// What stands between a run and the network.
pub(super) enum Tape {
    /// Nothing.
    None,
    Recorder(Arc<Recorder>),
    Replay(Arc<Replay>),
}

impl Tape {
    /// What goes into the folder `record`, or comes from the folder `replay`.
    pub fn of(record: Option<&Path>, replay: Option<&Path>) -> anyhow::Result<Self> {
        Ok(match (record, replay) {
            (Some(folder), _) => Tape::Recorder(
                Recorder::create(folder)
                    .with_context(|| format!("cannot record into `{}`", folder.display()))?,
            ),
            (_, Some(folder)) => {
                let replay = Replay::open(folder).map_err(|reason| anyhow!(reason));
                let context = || format!("cannot replay `{}`", folder.display());
                Tape::Replay(replay.with_context(context)?)
            }
            (None, None) => Tape::None,
        })
    }

    pub fn is_in(&self) -> bool {
        !matches!(self, Tape::None)
    }

    pub fn is_replay(&self) -> bool {
        matches!(self, Tape::Replay(_))
    }

    /// What tells a repeated run from one of the system itself, which must not go on with what the
    /// other one found.
    pub fn mark(&self) -> &'static str {
        if self.is_replay() { "-replay" } else { "" }
    }

    /// Where the connector finds its variables.
    pub fn environment(&self) -> Box<dyn Environment + '_> {
        match self {
            Tape::None => Box::new(ProcessEnvironment),
            Tape::Recorder(recorder) => Box::new(recorder.environment(&ProcessEnvironment)),
            Tape::Replay(replay) => Box::new(replay.environment(&ProcessEnvironment)),
        }
    }

    /// Puts itself between the plan and the network.
    pub fn insert(&self, plan: &Plan, file: &Path) -> anyhow::Result<()> {
        if !self.is_in() {
            return Ok(());
        }
        let http = plan.source.http().with_context(|| {
            let file = file.display();
            format!("`{file}` describes a database: `--record` and `--replay` are for APIs")
        })?;
        match self {
            Tape::None => {}
            Tape::Recorder(recorder) => http.record(recorder),
            Tape::Replay(replay) => http.replay(replay),
        }
        Ok(())
    }

    /// Says what became of it.
    pub fn tell(&self) {
        match self {
            Tape::None => {}
            Tape::Recorder(recorder) => match recorder.problem() {
                Some(problem) => eprintln!("the recording is not whole: {problem}"),
                None => eprintln!(
                    "recorded {} exchanges without credentials; what the API said of people is in them",
                    recorder.exchanges()
                ),
            },
            Tape::Replay(replay) => {
                let unused = replay.never_asked();
                if unused.is_empty() {
                    return;
                }
                eprintln!("recorded, but not asked for by this run: {}", unused.len());
                for ask in unused.iter().take(NAMED) {
                    eprintln!("  {}", printable(ask));
                }
                if unused.len() > NAMED {
                    eprintln!("  …");
                }
            }
        }
    }
}
