//! How far a sequence of requests came: what was made, what was not, and how it ends.

use super::judge::Came;
use super::{RESPONSES, place, response};
use crate::expr::{Inputs, Map, Value};
use crate::plan::{HttpChangePlan, HttpStepPlan};
use crate::provision::outcome::{StepReport, StepState};
use crate::provision::prepared::{Deed, Prepared};
use crate::provision::steps::{End, Stepped};
use crate::source::http::Answered;

/// A sequence of requests under way.
pub(super) struct Course<'c> {
    change: &'c HttpChangePlan,
    /// What kind of change it is.
    pub deed: Deed,
    /// What the templates of the next request know.
    pub inputs: Inputs,
    /// The answers of named requests.
    responses: Map,
    brought: Inputs,
    reports: Vec<StepReport>,
    /// The request under way: as it was sent, and the status of its answer.
    sent: Option<(String, u16)>,
    /// True when it was sent more than once, because no clear answer came.
    repeated: bool,
    /// What surely was, or may have been, obeyed: places of requests.
    made: Vec<String>,
}

impl<'c> Course<'c> {
    pub fn new(change: &'c HttpChangePlan, prepared: &Prepared<'_>) -> Self {
        Self {
            change,
            deed: prepared.deed,
            inputs: prepared.inputs.clone(),
            responses: Map::new(),
            brought: Inputs::new(),
            reports: Vec::new(),
            sent: None,
            repeated: false,
            made: Vec::new(),
        }
    }

    /// Notes requests that were made before the one under way, and may have changed something.
    pub fn wrote_before(&mut self, asked: &[String]) {
        for asked in asked {
            self.made.push(format!("`{asked}`"));
            self.reports.push(StepReport {
                step: "pre_requests".to_owned(),
                sent: asked.clone(),
                state: StepState::Done,
                rows: None,
                status: None,
            });
        }
    }

    /// Notes an answer to the request under way, or to one that looks at its job.
    pub fn answered(&mut self, answered: &Answered) {
        self.brought = answered.inputs.clone();
        if self.sent.is_none() {
            self.sent = Some((answered.asked.clone(), answered.status));
            self.repeated = answered.repeated;
        }
    }

    /// Notes what a request came to. The end, where no further one is made.
    pub fn note(&mut self, step: &HttpStepPlan, came: Came) -> Option<Stepped> {
        let state = match &came {
            Came::Made => StepState::Done,
            Came::AlreadySo if self.repeated => StepState::Done,
            Came::AlreadySo => StepState::AlreadySo,
            Came::Refused(_) | Came::PerhapsAlreadySo(_) => StepState::Failed,
            Came::Unknown(_) => StepState::Unknown,
        };
        let sent = self.sent.take();
        let status = sent.as_ref().map(|(_, status)| *status);
        let mut told = sent.map_or_else(|| step.request.told(), |(asked, _)| asked);
        if std::mem::take(&mut self.repeated) {
            told.push_str(" (sent again, because no clear answer came to the first)");
        }
        self.reports.push(StepReport {
            step: place(step),
            sent: told,
            state,
            rows: None,
            status,
        });
        if !step.name.is_empty() {
            let answer = response(&self.brought);
            self.responses.insert(step.name.clone(), answer);
            let answers = Value::Map(self.responses.clone());
            self.inputs.set(RESPONSES, answers);
        }
        let made_before = !self.made.is_empty();
        let end = match came {
            Came::Made | Came::AlreadySo => {
                if state == StepState::Done && !step.request.is_safe() {
                    self.made.push(format!("`{}`", place(step)));
                }
                return None;
            }
            Came::Refused(why) if made_before => End::HalfDone(self.with_the_rest(&why)),
            Came::Refused(why) => End::Failed(why),
            Came::PerhapsAlreadySo(why) | Came::Unknown(why) if made_before => End::UnclearAmong {
                why: self.with_the_rest(&why),
                made: true,
            },
            Came::PerhapsAlreadySo(why) => End::PerhapsAlreadySo(why),
            Came::Unknown(why) if self.left().is_empty() => End::Unclear(why),
            Came::Unknown(why) => End::UnclearAmong {
                why: self.with_the_rest(&why),
                made: false,
            },
        };
        Some(self.stop(end))
    }

    /// The end when every request worked.
    pub fn arrived(self) -> Stepped {
        let already = |report: &StepReport| report.state == StepState::AlreadySo;
        let writes = self
            .reports
            .iter()
            .zip(&self.change.steps)
            .filter(|(_, step)| !step.request.is_safe());
        let nothing_left = self.made.is_empty() && {
            let mut writes = writes.map(|(report, _)| report).peekable();
            match writes.peek() {
                Some(_) => writes.all(already),
                None => self.reports.iter().all(already),
            }
        };
        Stepped {
            end: match nothing_left {
                true => End::AlreadySo,
                false => End::Made,
            },
            steps: self.reports,
            annotations: Vec::new(),
            brought: self.brought,
        }
    }

    /// The requests that were not reached.
    fn left(&self) -> &'c [HttpStepPlan] {
        let steps = &self.change.steps;
        let made = self
            .reports
            .iter()
            .filter(|report| report.step != "pre_requests");
        steps.get(made.count()..).unwrap_or_default()
    }

    /// What went wrong, what was done before, and what was not.
    fn with_the_rest(&self, why: &str) -> String {
        let mut told = why.to_owned();
        if !self.made.is_empty() {
            told.push_str(&format!("; done before: {}", self.made.join(", ")));
        }
        let left = self.left().iter().map(|step| format!("`{}`", place(step)));
        let left: Vec<_> = left.collect();
        if !left.is_empty() {
            told.push_str(&format!("; not sent: {}", left.join(", ")));
        }
        told
    }

    fn stop(&mut self, end: End) -> Stepped {
        let left = self.left().iter().map(|step| StepReport {
            step: place(step),
            sent: step.request.told(),
            state: StepState::NotSent,
            rows: None,
            status: None,
        });
        let left: Vec<_> = left.collect();
        self.reports.extend(left);
        Stepped {
            steps: std::mem::take(&mut self.reports),
            end,
            annotations: Vec::new(),
            brought: self.brought.clone(),
        }
    }
}
