//! What became of a change, as programs and the audit file read it.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

/// What a change is about, by name: `entitlement`, `resource`, `principal`, `action` …
pub type Subject = IndexMap<&'static str, String>;

/// What became of a change.
#[derive(Debug, Serialize)]
pub struct Outcome {
    /// What was asked for: `grant`, `revoke`, `create-account` …
    pub operation: &'static str,
    /// What it is about.
    pub subject: Subject,
    /// How it ended.
    pub verdict: Verdict,
    /// One sentence for people; never holds a secret.
    pub message: String,
    /// What a platform should know of it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub annotations: Vec<Annotation>,
    /// What was sent, in order, and what was not.
    pub steps: Vec<StepReport>,
    /// What the system said when it was asked whether it is so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read_back: Option<ReadBackReport>,
    /// What was created or found, or what an action answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result: Option<Json>,
}

/// How a change ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The system was changed.
    Made,
    /// It was so already; nothing was changed.
    AlreadySo,
    /// The connector file says that this change must not be made.
    Refused,
    /// A statement changed no row or too many; what can be undone was.
    WrongRows,
    /// It failed, and nothing was changed.
    Failed,
    /// Some steps were made, others were not.
    HalfDone,
    /// Whether it was made is not known.
    Unclear,
}

impl Verdict {
    /// True when it is so now, whoever made it so.
    pub fn is_so(self) -> bool {
        matches!(self, Verdict::Made | Verdict::AlreadySo)
    }
}

/// What a platform should know of a change besides its verdict. The names are those of the protocol.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "type")]
pub enum Annotation {
    /// The principal held it already.
    GrantAlreadyExists,
    /// The principal did not hold it.
    GrantAlreadyRevoked,
    /// Another grant was revoked in the same transaction.
    GrantReplaced {
        /// Its id.
        replaced_grant_id: String,
    },
    /// The change removed a resource, too.
    ResourceDeleted {
        /// `type/id`.
        resource: String,
    },
    /// There is no such resource to delete.
    ResourceDoesNotExist,
}

/// One statement or request of a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StepReport {
    /// Its place in the file, for example `queries[1]`, `requests.activate` or `reject_if`.
    pub step: String,
    /// `POST https://api/groups/1/members`, or the beginning of the SQL.
    pub sent: String,
    /// What became of it.
    pub state: StepState,
    /// How many rows it changed, where the database counts them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rows: Option<u64>,
    /// The status that an API answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
}

/// What became of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StepState {
    /// It was made.
    Done,
    /// It found nothing left to do.
    AlreadySo,
    /// It was made, and then undone with its transaction.
    RolledBack,
    /// It failed.
    Failed,
    /// It was sent; what became of it is not known.
    Unknown,
    /// It was never sent.
    NotSent,
}

/// What the system said when it was asked whether it is so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReadBackReport {
    /// True when it is as asked for; `None` when that could not be found out.
    pub is_so: Option<bool>,
    /// How often it was asked.
    pub asked: u32,
    /// Why it could not be found out, or why it was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}
