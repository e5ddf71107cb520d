//! What a sync did, as people and tools are told: counts, verdicts, oddities with examples.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::TypeCounts;
use super::checkpoint::Checkpoint;
use super::event::Phase;
use super::scope::Reach;
use super::step::Lane;
use super::tally::Tally;
use crate::model::ResourceTypeId;
use crate::plan::Plan;
use crate::source::Cost;

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
    /// A few, in words.
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
            if example.len() > EXAMPLE_BYTES {
                let mut end = EXAMPLE_BYTES;
                while !example.is_char_boundary(end) {
                    end -= 1;
                }
                example.truncate(end);
                example.push('…');
            }
            // The first in the order of the alphabet: the order of arrival is another one each time.
            if let Err(place) = finding.examples.binary_search(&example) {
                finding.examples.insert(place, example);
                finding.examples.truncate(EXAMPLES);
            }
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

/// What is kept with a run of how far it can be trusted, in the place where its sync token would be: a
/// JSON object under our own name, which other readers pass over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordedVerdict {
    /// The verdict and its reasons.
    pub rolecall: VerdictReasons,
}

/// How far a run can be trusted, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerdictReasons {
    /// Whether everything there is was seen.
    pub verdict: Verdict,
    /// The listings that may lack something.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub partial_listings: Vec<String>,
    /// What was odd.
    #[serde(default, skip_serializing_if = "Findings::is_empty")]
    pub findings: Findings,
}

impl RecordedVerdict {
    /// The text to keep with a run.
    pub(super) fn text(findings: &Findings, listings: &[ListingReport]) -> String {
        let partial = listings.iter().filter(|listing| listing.tally.partial);
        let recorded = RecordedVerdict {
            rolecall: VerdictReasons {
                verdict: findings.verdict(),
                partial_listings: partial.map(|listing| listing.name.clone()).collect(),
                findings: findings.clone(),
            },
        };
        serde_json::to_string(&recorded).expect("findings have no keys that JSON lacks")
    }

    /// Reads what was kept with a run; `None` when it is something else.
    pub fn parse(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    /// Reads what was kept with a run that may lack something; `None` when it is complete, or when
    /// what was kept is something else.
    pub fn partial(text: &str) -> Option<Self> {
        Self::parse(text).filter(|recorded| recorded.rolecall.verdict == Verdict::Partial)
    }
}

/// What a finished sync did.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// The system's name.
    pub connector: String,
    /// The run's id.
    pub sync_id: String,
    /// What it covers, as the sync file says it.
    pub kind: String,
    /// Whether everything there is was seen.
    pub verdict: Verdict,
    /// True when the run went on from an interrupted one.
    pub resumed: bool,
    /// When it began, in the first of its processes.
    pub started_at: DateTime<Utc>,
    /// When it was sealed.
    pub ended_at: DateTime<Utc>,
    /// What the run holds.
    pub counts: super::Counts,
    /// What it holds beyond what its system said.
    pub derived: super::Derived,
    /// Pages stored.
    pub pages: u64,
    /// What was asked of the system and waited for, by all listings together.
    pub cost: Cost,
    /// What was seen of each type.
    pub resource_types: Vec<TypeCoverage>,
    /// What each listing came to.
    pub listings: Vec<ListingReport>,
    /// Milliseconds spent in each phase.
    pub step_durations_ms: BTreeMap<String, u64>,
    /// What was odd.
    pub findings: Findings,
}

/// What was seen of a type.
#[derive(Debug, Clone, Serialize)]
pub struct TypeCoverage {
    /// The type.
    pub resource_type: String,
    /// What the run holds of it.
    #[serde(flatten)]
    pub rows: TypeCounts,
    /// What was seen of its resources.
    pub resources_seen: Coverage,
    /// What was seen of the entitlements on them.
    pub entitlements_seen: Coverage,
    /// What was seen of the grants on them.
    pub grants_seen: Coverage,
}

/// How much of something was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Coverage {
    /// All there is, as far as is known.
    Complete,
    /// Something may be missing.
    Partial,
    /// It was left out, as asked for.
    Skipped,
    /// The connector does not list it.
    None,
}

/// What a listing of the connector came to.
#[derive(Debug, Clone, Serialize)]
pub struct ListingReport {
    /// The listing in words.
    pub name: String,
    /// The phase it belongs to.
    pub phase: Phase,
    /// The type it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource_type: Option<String>,
    /// Whether everything there is was seen.
    pub verdict: Verdict,
    /// Numbers.
    #[serde(flatten)]
    pub tally: Tally,
}

/// How long the phases took, by the names that other programs give them.
pub(super) fn step_durations(checkpoint: &Checkpoint) -> BTreeMap<String, u64> {
    let phases = checkpoint.phase_ms.iter();
    phases
        .map(|(phase, ms)| (phase.step_name().to_owned(), *ms))
        .collect()
}

/// What each listing of the system came to.
pub(super) fn listings(plan: &Plan, lanes: &[Lane], checkpoint: &Checkpoint) -> Vec<ListingReport> {
    let listed = lanes.iter().enumerate();
    listed
        .map(|(index, lane)| {
            let tally = checkpoint.tallies.get(&index).cloned().unwrap_or_default();
            let of_type = lane.step.type_index().map(|index| &plan.types[index]);
            ListingReport {
                name: lane.step.describe(plan),
                phase: lane.step.phase(),
                resource_type: of_type.map(|found| found.resource_type.id.0.clone()),
                verdict: match tally.partial {
                    true => Verdict::Partial,
                    false => Verdict::Complete,
                },
                tally,
            }
        })
        .collect()
}

/// What was seen of each type. What is listed for resources is complete only where these are.
pub(super) fn coverage(
    plan: &Plan,
    reach: &Reach,
    listings: &[ListingReport],
    by_type: &BTreeMap<String, TypeCounts>,
) -> Vec<TypeCoverage> {
    let mut listed: BTreeMap<&ResourceTypeId, Coverage> = BTreeMap::new();
    // Types come after those they live in.
    let types = plan.types.iter().map(|found| {
        let id = &found.resource_type.id;
        let seen = |phases: &[Phase]| {
            let mut of_type = listings.iter().filter(|listing| {
                phases.contains(&listing.phase)
                    && listing.resource_type.as_deref() == Some(id.as_str())
            });
            match (of_type.clone().count(), of_type.any(|it| it.tally.partial)) {
                (0, _) => Coverage::None,
                (_, true) => Coverage::Partial,
                (_, false) => Coverage::Complete,
            }
        };
        let under = |resources: Coverage, access: Coverage| match (resources, access) {
            (Coverage::Partial | Coverage::Skipped, Coverage::Complete) => Coverage::Partial,
            (_, access) => access,
        };
        let unless_skipped = |wanted: bool, seen: Coverage| match wanted {
            true => seen,
            false => Coverage::Skipped,
        };
        let resources = match reach.lists_all(id, found.parent.as_ref()) {
            Some(true) => seen(&[Phase::Resources]),
            Some(false) => Coverage::Partial,
            None => Coverage::Skipped,
        };
        let parent = found.parent.as_ref().and_then(|parent| listed.get(parent));
        let resources = parent.map_or(resources, |parent| under(*parent, resources));
        listed.insert(id, resources);
        let entitlements = seen(&[Phase::StaticEntitlements, Phase::Entitlements]);
        let grants = seen(&[Phase::Grants]);
        TypeCoverage {
            resource_type: id.0.clone(),
            rows: by_type.get(id.as_str()).copied().unwrap_or_default(),
            resources_seen: resources,
            entitlements_seen: unless_skipped(
                reach.entitlements_of(id),
                under(resources, entitlements),
            ),
            grants_seen: unless_skipped(reach.grants_of(id), under(resources, grants)),
        }
    });
    types.collect()
}
