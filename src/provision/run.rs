//! A prepared change → made, once, and proven.
//!
//! Before anything is sent, the audit file has what will be. So a run that was killed between a
//! request and its answer is known to the next one, which asks the system what became of it instead
//! of sending it again.

use std::io;
use std::time::Instant;

use sha2::{Digest as _, Sha256};

use super::audit::{Intent, Journal, Unfinished};
use super::outcome::{Outcome, ReadBackReport, Verdict};
use super::prepared::Prepared;
use super::proof::Look;
use super::steps::{End, Stepped};
use super::{http, sql};
use crate::expr::Inputs;
use crate::hex::hex;
use crate::plan::ChangePlan;
use crate::source::http::Asks;
use crate::source::redact::Redactor;
use crate::source::{FoundOne, first};

/// How a change is made.
#[derive(Debug, Clone, Copy, Default)]
pub struct RunOptions {
    /// Sends it although an earlier run of the same change ended without an answer and nothing tells
    /// what became of it: somebody has looked.
    pub again: bool,
}

/// A change that came to its end, and what it brought.
#[derive(Debug)]
pub struct Finished {
    /// What became of it.
    pub outcome: Outcome,
    /// What the system showed when it was asked last.
    pub found: Option<FoundOne>,
    /// `response` and `headers` of the last answer, `row` of the last statement.
    pub brought: Inputs,
}

/// What asking whether it is so came to.
#[derive(Default)]
struct Looked {
    report: Option<ReadBackReport>,
    found: Option<FoundOne>,
}

impl Looked {
    fn is_so(&self) -> Option<bool> {
        self.report.as_ref().and_then(|report| report.is_so)
    }

    fn reason(&self) -> &str {
        let reason = self
            .report
            .as_ref()
            .and_then(|report| report.reason.as_deref());
        reason.unwrap_or_default()
    }
}

impl Prepared<'_> {
    /// Tells the same change asked for twice from any other.
    pub fn key(&self) -> String {
        let asked = serde_json::json!([self.plan.app_name, self.operation, self.subject]);
        let sum = Sha256::digest(asked.to_string());
        hex(&sum[..16])
    }

    /// Makes the change. Fails only where the audit file cannot be written: then nothing was sent.
    pub async fn run(
        &self,
        journal: &mut dyn Journal,
        options: RunOptions,
    ) -> io::Result<Finished> {
        loop {
            // Somebody waits for it: pages of a sync of the same system stand back.
            match first(self.attempt(journal, options)).await {
                // Somebody else began the same change: what becomes of it is looked for first.
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    tracing::info!(%error, "looking what becomes of it");
                }
                ended => return ended,
            }
        }
    }

    async fn attempt(
        &self,
        journal: &mut dyn Journal,
        options: RunOptions,
    ) -> io::Result<Finished> {
        let key = self.key();
        let unfinished = journal.unfinished(&key)?;
        let mut looked = Looked::default();
        if self.timing.before || unfinished.is_some() {
            if let Some(earlier) = &unfinished {
                tracing::warn!(
                    since = earlier.at,
                    "an earlier run of this change ended without an answer: asking the system what became of it"
                );
            }
            // What an earlier run did may show late.
            looked = self.look(unfinished.is_some()).await;
            if let Some(ended) = self.ended_before(&looked, unfinished.as_ref(), options) {
                let id = journal.intent(&self.intent(&key, Vec::new()))?;
                return self.finish(&id, journal, Stepped::nothing(ended.0), ended.1, looked);
            }
        }
        // Requests that are made before others are made once, with the change: where one is made of
        // their answers, the intent has what the file says.
        let sends = match self.steps(Asks::Later).await {
            Ok(sends) => sends,
            Err(error) => {
                let id = journal.intent(&self.intent(&key, Vec::new()))?;
                let failed = Stepped::nothing(End::Failed(error.to_string()));
                return self.finish(&id, journal, failed, None, looked);
            }
        };
        let id = journal.intent(&self.intent(&key, sends))?;
        // What was so before says nothing of what is now.
        looked = Looked::default();
        let stepped = match self.change {
            ChangePlan::Sql(change) => sql::run(change, self).await,
            ChangePlan::Http(change) => http::run(change, self).await,
        };
        let asks = match &stepped.end {
            End::Made => self.timing.after,
            End::Unclear(_) | End::UnclearAmong { .. } | End::PerhapsAlreadySo(_) => true,
            _ => false,
        };
        if asks {
            let patient = !matches!(stepped.end, End::PerhapsAlreadySo(_));
            looked = self.look(patient).await;
        }
        self.finish(&id, journal, stepped, None, looked)
    }

    /// How the change ends without anything being sent, where it does.
    fn ended_before(
        &self,
        looked: &Looked,
        unfinished: Option<&Unfinished>,
        options: RunOptions,
    ) -> Option<(End, Option<String>)> {
        match (looked.is_so(), unfinished) {
            (Some(true), Some(earlier)) => {
                let message = format!(
                    "it is so already: an earlier run, of {}, ended without an answer and the system shows what it did",
                    earlier.at
                );
                Some((End::AlreadySo, Some(message)))
            }
            (Some(true), None) => Some((End::AlreadySo, None)),
            (Some(false), _) => None,
            (None, Some(_)) if options.again => None,
            (None, Some(earlier)) => {
                let message = format!(
                    "an earlier run of the same change, of {}, ended without an answer, and what became of it cannot be found out: {}. Look yourself; `--again` sends it once more",
                    earlier.at,
                    looked.reason()
                );
                Some((End::Unclear(message.clone()), Some(message)))
            }
            (None, None) if !self.timing.insists => None,
            (None, None) => {
                let message = format!(
                    "whether it is so already cannot be found out, so nothing was sent: {}",
                    looked.reason()
                );
                Some((End::Failed(message), None))
            }
        }
    }

    fn intent(&self, key: &str, sends: Vec<super::PlannedStep>) -> Intent<'_> {
        Intent {
            key: key.to_owned(),
            connector: &self.plan.app_name,
            operation: self.operation,
            subject: &self.subject,
            sends,
        }
    }

    /// Asks the system once, or, when `patient`, until it is so or has had the time that it may take.
    async fn look(&self, patient: bool) -> Looked {
        let began = Instant::now();
        let mut asked = 0;
        loop {
            asked += 1;
            let mut found = None;
            let (is_so, reason) = match self.proof.look().await {
                Ok(Look::There(what)) => {
                    found = what;
                    (Some(self.deed.brings()), None)
                }
                Ok(Look::NotThere) => (Some(!self.deed.brings()), None),
                Ok(Look::Unknown(reason)) => (None, Some(reason)),
                Err(error) => (None, Some(self.without_secrets(&error.to_string()))),
            };
            let late = began.elapsed() + self.timing.every > self.timing.at_most;
            if is_so == Some(true) || !patient || late || !self.proof.can_look() {
                let report = ReadBackReport {
                    is_so,
                    asked,
                    reason,
                };
                return Looked {
                    report: Some(report),
                    found,
                };
            }
            tokio::time::sleep(self.timing.every).await;
        }
    }

    /// What a system says may repeat what it was asked for.
    fn without_secrets(&self, words: &str) -> String {
        Redactor::new(self.secrets.iter().cloned()).whole(words)
    }

    /// The outcome of the steps and of what the system said afterwards, in the audit file too.
    fn finish(
        &self,
        id: &str,
        journal: &mut dyn Journal,
        stepped: Stepped,
        message: Option<String>,
        looked: Looked,
    ) -> io::Result<Finished> {
        let (verdict, usual) = self.judge(stepped.end, &looked);
        let mut annotations = stepped.annotations;
        if verdict == Verdict::AlreadySo {
            annotations.extend(self.deed.already());
        }
        annotations.dedup();
        let outcome = Outcome {
            operation: self.operation,
            subject: self.subject.clone(),
            verdict,
            message: message.unwrap_or(usual),
            annotations,
            steps: stepped.steps,
            read_back: looked.report,
            result: None,
        };
        if let Err(error) = journal.outcome(id, &outcome) {
            // The change stands whatever became of the line.
            tracing::error!(%error, "the audit file cannot be written: it has no outcome of this change");
        }
        Ok(Finished {
            outcome,
            found: looked.found,
            brought: stepped.brought,
        })
    }

    fn judge(&self, end: End, looked: &Looked) -> (Verdict, String) {
        let seconds = self.timing.at_most.as_secs();
        match (end, looked.is_so()) {
            (End::Made, Some(false)) if self.timing.after => (
                Verdict::Unclear,
                format!("the system accepted it and does not show it after {seconds} s"),
            ),
            (End::Made, None) if self.timing.after && self.proof.can_look() => (
                Verdict::Unclear,
                format!(
                    "the system accepted it, and could not be asked whether it is so: {}",
                    looked.reason()
                ),
            ),
            (End::Made, _) => (Verdict::Made, "made".to_owned()),
            (End::AlreadySo, _) => (Verdict::AlreadySo, "it was so already".to_owned()),
            (End::Unclear(why), Some(true)) => (
                Verdict::Made,
                format!("made: no clear answer came ({why}), and the system shows it"),
            ),
            (End::Unclear(why), Some(false)) => (
                Verdict::Failed,
                format!("{why}; the system does not show it after {seconds} s"),
            ),
            (End::Unclear(why), None) => (Verdict::Unclear, unclear(&why, looked)),
            (End::UnclearAmong { why, .. }, Some(true)) => (
                Verdict::Made,
                format!("made: no clear answer came ({why}), and the system shows it"),
            ),
            (End::UnclearAmong { why, made }, Some(false)) => (
                match made {
                    true => Verdict::HalfDone,
                    false => Verdict::Unclear,
                },
                format!("{why}; the system does not show it after {seconds} s"),
            ),
            (End::UnclearAmong { why, .. }, None) => (Verdict::Unclear, unclear(&why, looked)),
            (End::PerhapsAlreadySo(_), Some(true)) => (
                Verdict::AlreadySo,
                "it was so already: the system shows it".to_owned(),
            ),
            (End::PerhapsAlreadySo(why), Some(false)) => (Verdict::Failed, why),
            (End::PerhapsAlreadySo(why), None) => (
                Verdict::Failed,
                format!(
                    "{why}; if that means that nothing was left to do, say so with `already_condition`"
                ),
            ),
            (End::Refused(why), _) => (Verdict::Refused, why),
            (End::WrongRows(why), _) => (Verdict::WrongRows, why),
            (End::Failed(why), _) => (Verdict::Failed, why),
            (End::HalfDone(why), _) => (Verdict::HalfDone, why),
        }
    }
}

fn unclear(why: &str, looked: &Looked) -> String {
    match looked.reason() {
        "" => why.to_owned(),
        reason if why.contains(reason) => why.to_owned(),
        reason => format!("{why}; what became of it cannot be found out: {reason}"),
    }
}
