//! How an attempt ended: what was kept, what was undone, and whether it may be made once more.

use super::super::outcome::StepState;
use super::super::steps::{End, Stepped};
use super::attempt::{Attempt, Broken, Stop};
use super::outline::COMMIT;
use crate::diagnostic::list;
use crate::source::SourceError;
use crate::source::sql::Verb;

/// How an attempt ended.
pub(super) enum Attempted {
    /// For good.
    Ended(Stepped),
    /// It failed for this reason, which may pass, and left nothing behind.
    Undone(Stepped, String),
}

impl Attempt<'_> {
    /// The end of a change that ran, or stopped.
    pub(super) async fn ended(mut self, ran: Result<(), Stop>) -> Attempted {
        match ran {
            Ok(()) => Attempted::Ended(self.stepped(End::Made)),
            Err(Stop::End(end)) => {
                self.undo().await;
                let end = self.unless_half_done(end);
                if end == End::AlreadySo {
                    self.ledger.found_nothing_to_do();
                }
                // What was replaced has come back with the transaction.
                self.annotations.clear();
                Attempted::Ended(self.stepped(end))
            }
            Err(Stop::Broken(broken)) => self.broken(broken).await,
            Err(Stop::Uncommitted(error)) => self.uncommitted(error).await,
        }
    }

    /// A step failed.
    async fn broken(mut self, broken: Broken) -> Attempted {
        let Broken {
            step,
            verb,
            undone,
            error,
        } = broken;
        let reason = self.words.failed(&format!("`{step}`"), &error);
        let is_lost = self.session.is_lost();
        // In a transaction nothing stays that was not committed. A procedure that fails elsewhere may
        // have kept what it did before.
        let is_open = !undone
            && match verb {
                None => false,
                Some(Verb::Runs) => true,
                Some(_) => is_lost,
            };
        if is_open {
            self.ledger.note(&step, StepState::Unknown, None);
            let reason = match is_lost {
                true => reason,
                false => format!("{reason}; what it did before that may have stayed"),
            };
            let end = self.left_open(reason);
            return Attempted::Ended(self.stepped(end));
        }
        self.undo().await;
        self.failed(reason, &error)
    }

    /// What was done could not be committed.
    async fn uncommitted(mut self, error: SourceError) -> Attempted {
        let reason = self.words.failed("the commit", &error);
        if self.session.is_lost() {
            self.ledger.leave_open();
            self.ledger.note(COMMIT, StepState::Unknown, None);
            return Attempted::Ended(self.stepped(End::Unclear(reason)));
        }
        self.ledger.note(COMMIT, StepState::Failed, None);
        self.undo().await;
        self.failed(reason, &error)
    }

    /// The end of a change that failed, and whose transaction was undone.
    fn failed(mut self, reason: String, error: &SourceError) -> Attempted {
        self.annotations.clear();
        let is_whole = self.ledger.kept().is_empty();
        let end = self.unless_half_done(End::Failed(reason.clone()));
        let again = is_whole && self.change.in_transaction && error.is_transient();
        let stepped = self.stepped(end);
        match again {
            true => Attempted::Undone(stepped, reason),
            false => Attempted::Ended(stepped),
        }
    }

    /// The end, unless something was changed that stays: then it is half done.
    fn unless_half_done(&self, end: End) -> End {
        let kept = self.ledger.kept();
        if kept.is_empty() {
            return end;
        }
        let reason = match end {
            End::AlreadySo => "the last queries found nothing to do".to_owned(),
            End::Refused(reason)
            | End::WrongRows(reason)
            | End::Failed(reason)
            | End::HalfDone(reason)
            | End::Unclear(reason)
            | End::UnclearAmong { why: reason, .. }
            | End::PerhapsAlreadySo(reason) => reason,
            End::Made => return End::Made,
        };
        let missing = self.ledger.missing();
        let missing = match missing.is_empty() {
            true => String::new(),
            false => format!("; not done: {}", list(&missing)),
        };
        End::HalfDone(format!(
            "{reason}; done, and kept: {}{missing}",
            list(&kept)
        ))
    }

    /// The end of a change of which nobody knows what became of one statement.
    fn left_open(&self, reason: String) -> End {
        let (kept, unsent) = (self.ledger.kept(), self.ledger.unsent());
        let kept = match kept.is_empty() {
            true => String::new(),
            false => format!("; done, and kept: {}", list(&kept)),
        };
        match (kept.as_str(), unsent.is_empty()) {
            ("", true) => End::Unclear(reason),
            (_, true) => End::UnclearAmong {
                why: format!("{reason}{kept}"),
                made: true,
            },
            // Whatever the system shows, it is not all that was to be done.
            (_, false) => End::HalfDone(format!("{reason}{kept}; not sent: {}", list(&unsent))),
        }
    }

    /// Undoes the transaction. Where that fails the connection is gone, and the transaction with it.
    async fn undo(&mut self) {
        if self.is_open && !self.session.is_lost() {
            if let Err(error) = self.session.rollback().await {
                let error = self.words.of_error(&error);
                tracing::debug!(error, "a transaction ends with its connection");
            }
            self.is_open = false;
        }
        self.ledger.undo();
    }

    fn stepped(self, end: End) -> Stepped {
        Stepped {
            steps: self.ledger.into_reports(),
            end,
            annotations: self.annotations,
            brought: self.brought,
        }
    }
}
