//! A change with everything it needs: ready to be shown, or to be made.

use std::time::Duration;

use secrecy::SecretString;

use super::outcome::{Annotation, Subject};
use super::planned::PlannedStep;
use super::proof::Proof;
use super::{http, sql};
use crate::expr::Inputs;
use crate::plan::{ChangePlan, Plan};
use crate::source::SourceError;
use crate::source::http::Asks;

/// What kind of change it is: what an answer means depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deed {
    /// Somebody gains an entitlement.
    Grant,
    /// Somebody loses one.
    Revoke,
    /// An account or a resource comes to be.
    Create,
    /// A resource goes.
    Delete,
    /// A password is set.
    Rotate,
    /// Whatever an action does.
    Act,
}

/// What it means when no statement changed a row, although the database counts them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NoRows {
    /// There was nothing left to do.
    AlreadySo,
    /// The statement did not find what it should change.
    Wrong,
    /// Nothing: the system is asked afterwards.
    Made,
}

impl Deed {
    /// The name of the operation, as commands and audit lines have it.
    pub fn name(self) -> &'static str {
        match self {
            Deed::Grant => "grant",
            Deed::Revoke => "revoke",
            Deed::Create => "create",
            Deed::Delete => "delete-resource",
            Deed::Rotate => "rotate-credential",
            Deed::Act => "invoke-action",
        }
    }

    /// Whether the system shows the thing once the change is made.
    pub fn brings(self) -> bool {
        !matches!(self, Deed::Revoke | Deed::Delete)
    }

    /// What is told of a change that found nothing left to do.
    pub(super) fn already(self) -> Option<Annotation> {
        match self {
            Deed::Grant => Some(Annotation::GrantAlreadyExists),
            Deed::Revoke => Some(Annotation::GrantAlreadyRevoked),
            Deed::Delete => Some(Annotation::ResourceDoesNotExist),
            Deed::Create | Deed::Rotate | Deed::Act => None,
        }
    }

    /// The statuses that often mean that nothing was left to do, where the file does not say.
    pub(super) fn perhaps_already(self, status: u16) -> bool {
        match self {
            Deed::Grant | Deed::Create => status == 409,
            Deed::Revoke | Deed::Delete => matches!(status, 404 | 410),
            Deed::Rotate | Deed::Act => false,
        }
    }

    pub(super) fn no_rows(self) -> NoRows {
        match self {
            Deed::Grant | Deed::Revoke | Deed::Delete => NoRows::AlreadySo,
            Deed::Create => NoRows::Made,
            Deed::Rotate | Deed::Act => NoRows::Wrong,
        }
    }
}

/// When the system is asked whether it is so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    /// Before the change: what is so already is not sent again.
    pub before: bool,
    /// Sends nothing where it cannot be found out whether it is so already.
    pub insists: bool,
    /// After it, until the system shows it.
    pub after: bool,
    /// The wait before each further attempt.
    pub every: Duration,
    /// How long the system may take to show a change.
    pub at_most: Duration,
}

impl Default for Timing {
    /// Only where an answer leaves open whether the change was made.
    fn default() -> Self {
        Self {
            before: false,
            insists: false,
            after: false,
            every: Duration::from_secs(1),
            at_most: Duration::from_secs(30),
        }
    }
}

/// A change with everything it needs.
pub struct Prepared<'p> {
    /// The connector's plan.
    pub plan: &'p Plan,
    /// What kind of change it is.
    pub deed: Deed,
    /// The operation, where it is called otherwise than the deed: `create-account`.
    pub operation: &'static str,
    /// What it is about.
    pub subject: Subject,
    /// What is done.
    pub change: &'p ChangePlan,
    /// The values of its variables.
    pub inputs: Inputs,
    /// Which of them are secret, such as a new password: they are shown nowhere.
    pub secrets: Vec<SecretString>,
    /// How the system is asked whether it is so.
    pub proof: Box<dyn Proof + 'p>,
    /// When it is asked.
    pub timing: Timing,
}

impl Prepared<'_> {
    /// What would be sent, in order, and then what would be asked. Sends nothing that changes
    /// anything: of requests that are made before others, only those that read.
    pub async fn plan(&self) -> Result<Vec<PlannedStep>, SourceError> {
        self.steps(Asks::Now).await
    }

    pub(super) async fn steps(&self, asks: Asks) -> Result<Vec<PlannedStep>, SourceError> {
        let mut steps = Vec::new();
        let asked = self.proof.plan(asks).await?;
        let again = |step: &PlannedStep, when: &str| PlannedStep {
            step: format!("{} ({when})", step.step),
            ..step.clone()
        };
        if self.timing.before {
            steps.extend(asked.iter().map(|step| again(step, "before")));
        }
        steps.extend(match self.change {
            ChangePlan::Sql(change) => sql::plan(change, self)?,
            ChangePlan::Http(change) => http::plan(change, self, asks).await?,
        });
        let when = match self.timing.after {
            true => "after",
            false => "only if the answer leaves it open",
        };
        steps.extend(asked.iter().map(|step| again(step, when)));
        Ok(steps)
    }
}

impl std::fmt::Debug for Prepared<'_> {
    /// Values may be secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Prepared({} {:?})", self.operation, self.subject)
    }
}
