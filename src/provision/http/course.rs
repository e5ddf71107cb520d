//! How far a sequence of requests came: what was made, what was not, and how it ends.

use super::judge::Came;
use super::{PRE_REQUESTS, RESPONSES, place, response};
use crate::expr::{Inputs, Map, Value};
use crate::plan::{HttpChangePlan, HttpStepPlan};
use crate::provision::outcome::{StepReport, StepState};
use crate::provision::prepared::{Deed, Prepared};
use crate::provision::steps::{End, Stepped};
use crate::source::http::{Answered, Unanswered, Written};

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
    /// How many requests of the sequence were reached.
    reached: usize,
    /// The request under way, as it was sent, and the status of its answer.
    sent: Option<(String, Option<u16>)>,
    /// True when it was sent more than once, because no clear answer came.
    repeated: bool,
    /// Places of requests that were obeyed.
    made: Vec<String>,
    /// True when one of the sequence is among them, and not only some made before it.
    steps_made: bool,
    /// Places of requests before it that may have been.
    unclear: Vec<String>,
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
            reached: 0,
            sent: None,
            repeated: false,
            made: Vec::new(),
            steps_made: false,
            unclear: Vec::new(),
        }
    }

    /// Notes requests that were made before the one under way, and may have changed something.
    pub fn wrote_before(&mut self, step: &HttpStepPlan, written: &[Written]) {
        for pre in written {
            let place = format!("{}.{PRE_REQUESTS}.{}", place(step), pre.name);
            let (state, told) = match pre.answered {
                true => (StepState::Done, &mut self.made),
                false => (StepState::Unknown, &mut self.unclear),
            };
            told.push(format!("`{place}`"));
            self.reports
                .push(report(place, pre.asked.clone(), state, None));
        }
    }

    /// Notes an answer to the request under way, or to one that looks at its job.
    pub fn answered(&mut self, answered: &Answered) {
        self.brought = answered.inputs.clone();
        if self.sent.is_none() {
            self.sent = Some((answered.asked.clone(), Some(answered.status)));
            self.repeated = answered.repeated;
        }
    }

    /// Notes that the request under way has no answer.
    pub fn unanswered(&mut self, unanswered: &Unanswered) {
        self.sent = unanswered.asked.clone().map(|asked| (asked, None));
    }

    /// Notes what a request came to. The end, where no further one is made.
    pub fn note(&mut self, step: &HttpStepPlan, came: Came) -> Option<Stepped> {
        if let Came::NotSent(why) = came {
            return Some(self.stop_at(why));
        }
        self.reached += 1;
        let state = match &came {
            Came::Made => StepState::Done,
            Came::AlreadySo if self.repeated => StepState::Done,
            Came::AlreadySo => StepState::AlreadySo,
            Came::Refused(_) | Came::PerhapsAlreadySo(_) => StepState::Failed,
            Came::NotSent(_) | Came::Unknown(_) | Came::UnderWay(_) => StepState::Unknown,
        };
        let sent = self.sent.take();
        let (mut told, status) = sent.unwrap_or_else(|| (step.request.told(), None));
        if std::mem::take(&mut self.repeated) {
            told.push_str(" (sent again, because no clear answer came to the first)");
        }
        self.reports.push(report(place(step), told, state, status));
        self.keep_answer(step);
        let made = !self.made.is_empty();
        let end = match came {
            Came::Made | Came::AlreadySo => {
                if state == StepState::Done && !step.request.is_safe() {
                    self.made.push(format!("`{}`", place(step)));
                    self.steps_made = true;
                }
                return None;
            }
            Came::Refused(why) | Came::NotSent(why) => return Some(self.stop_at(why)),
            Came::PerhapsAlreadySo(why) if !made => End::PerhapsAlreadySo(why),
            Came::Unknown(why) if !made && self.left().is_empty() => End::Unclear(why),
            // That the system does not show it may only mean that there is more to do.
            Came::PerhapsAlreadySo(why) | Came::Unknown(why) | Came::UnderWay(why) => {
                let why = self.with_the_rest(&why);
                End::UnclearAmong { why, made }
            }
        };
        Some(self.stop(end))
    }

    /// The end after a request that surely changed nothing.
    fn stop_at(&mut self, why: String) -> Stepped {
        let end = match self.made.is_empty() && self.unclear.is_empty() {
            true => End::Failed(why),
            false => End::HalfDone(self.with_the_rest(&why)),
        };
        self.stop(end)
    }

    /// The end when every request worked.
    pub fn arrived(self) -> Stepped {
        let already = |report: &StepReport| report.state == StepState::AlreadySo;
        let nothing_left = !self.steps_made && self.reports.iter().any(already);
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

    fn keep_answer(&mut self, step: &HttpStepPlan) {
        if !step.name.is_empty() {
            let answer = response(&self.brought);
            self.responses.insert(step.name.clone(), answer);
            let answers = Value::Map(self.responses.clone());
            self.inputs.set(RESPONSES, answers);
        }
    }

    /// The requests that were not reached.
    fn left(&self) -> &'c [HttpStepPlan] {
        self.change.steps.get(self.reached..).unwrap_or_default()
    }

    /// What went wrong, what was done before, and what was not.
    fn with_the_rest(&self, why: &str) -> String {
        let left = self.left().iter().map(|step| format!("`{}`", place(step)));
        let left: Vec<_> = left.collect();
        let parts = [
            ("done before", &self.made),
            ("perhaps done before", &self.unclear),
            ("not sent", &left),
        ];
        let mut told = why.to_owned();
        for (what, places) in parts.iter().filter(|(_, places)| !places.is_empty()) {
            told.push_str(&format!("; {what}: {}", places.join(", ")));
        }
        told
    }

    fn stop(&mut self, end: End) -> Stepped {
        let mut steps = std::mem::take(&mut self.reports);
        steps.extend(self.left().iter().map(|step| {
            let sent = step.request.told();
            report(place(step), sent, StepState::NotSent, None)
        }));
        Stepped {
            steps,
            end,
            annotations: Vec::new(),
            brought: self.brought.clone(),
        }
    }
}

fn report(step: String, sent: String, state: StepState, status: Option<u16>) -> StepReport {
    StepReport {
        step,
        sent,
        state,
        rows: None,
        status,
    }
}
