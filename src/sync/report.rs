//! What a sync did, as people and tools are told: counts, verdicts, oddities with examples.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Whether everything there is was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Every listing went to its end and none had a reason for doubt.
    Complete,
    /// Something may be missing; the findings say what.
    Partial,
}

/// Oddities by code, with a bounded number of examples each: a run of any length keeps them in a
/// few kilobytes, and a resumed run has those of its first half.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Findings(BTreeMap<String, FindingCount>);

/// How often an oddity was seen, whether it makes the sync partial, and where first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FindingCount {
    /// Number of times.
    pub count: u64,
    /// True when something may be missing because of it.
    pub partial: bool,
    /// The first few, in words.
    pub examples: Vec<String>,
}

/// Examples kept per code.
const EXAMPLES: usize = 5;
/// Bytes kept of each example.
const EXAMPLE_BYTES: usize = 400;

impl Findings {
    /// Notes an oddity. `partial` when something may be missing because of it.
    pub fn add(&mut self, code: &str, partial: bool, example: impl Into<String>) {
        self.add_many(code, partial, 1, [example.into()]);
    }

    /// Notes an oddity that was seen `count` times.
    pub fn add_many(
        &mut self,
        code: &str,
        partial: bool,
        count: u64,
        examples: impl IntoIterator<Item = String>,
    ) {
        let finding = self.0.entry(code.to_owned()).or_default();
        finding.count += count;
        finding.partial |= partial;
        for mut example in examples {
            if finding.examples.len() >= EXAMPLES || finding.examples.contains(&example) {
                continue;
            }
            if example.len() > EXAMPLE_BYTES {
                let mut end = EXAMPLE_BYTES;
                while !example.is_char_boundary(end) {
                    end -= 1;
                }
                example.truncate(end);
                example.push('…');
            }
            finding.examples.push(example);
        }
    }

    /// Notes all that others hold.
    pub fn append(&mut self, other: Findings) {
        for (code, found) in other.0 {
            self.add_many(&code, found.partial, found.count, found.examples);
        }
    }

    /// True when nothing was odd.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Codes with what was found, sorted by code.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &FindingCount)> {
        self.0
            .iter()
            .map(|(code, finding)| (code.as_str(), finding))
    }

    /// Whether anything makes the sync partial.
    pub fn verdict(&self) -> Verdict {
        match self.0.values().any(|finding| finding.partial) {
            true => Verdict::Partial,
            false => Verdict::Complete,
        }
    }
}

/// What is kept with a run that may lack something, in the place where its sync token would be: a
/// JSON object under our own name, which other readers pass over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Doubts {
    /// The verdict and its reasons.
    pub rolecall: DoubtReasons,
}

/// Why a run may lack something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DoubtReasons {
    /// Always [`Verdict::Partial`]: a complete run has no doubts.
    pub verdict: Verdict,
    /// What was odd.
    pub findings: Findings,
}

impl Doubts {
    /// The text to keep with a run: empty when nothing is known to be missing.
    pub fn text(findings: &Findings) -> String {
        let verdict = findings.verdict();
        if verdict == Verdict::Complete {
            return String::new();
        }
        let doubts = Doubts {
            rolecall: DoubtReasons {
                verdict,
                findings: findings.clone(),
            },
        };
        serde_json::to_string(&doubts).expect("findings have no keys that JSON lacks")
    }

    /// Reads what was kept with a run; `None` when it is something else.
    pub fn parse(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }
}

/// What a finished sync did.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// The run's id.
    pub sync_id: String,
    /// Whether everything there is was seen.
    pub verdict: Verdict,
    /// True when the run went on from an interrupted one.
    pub resumed: bool,
    /// What the run holds.
    pub counts: super::Counts,
    /// What it holds beyond what its system said.
    pub derived: super::Derived,
    /// Pages asked for in this process.
    pub pages: u64,
    /// What was odd.
    pub findings: Findings,
}
