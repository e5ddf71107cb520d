//! What comes before and after a change that makes something: a new password, and what came to be.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Map as JsonMap, Value as Json};

use super::ask::AskError;
use super::audit::Journal;
use super::found::FoundProof;
use super::hand_over::{HandOver, may_be_set};
use super::outcome::Subject;
use super::planned::PlannedStep;
use super::prepared::{Deed, Prepared, Timing};
use super::proof::{NoProof, Proof};
use super::run::{Finished, RunOptions};
use super::sealing::Sealed;
use super::wish::Password;
use crate::expr::{Inputs, Map, Scope, Value};
use crate::mapping::Remarks;
use crate::model::Resource;
use crate::plan::{ChangePlan, FindPlan, Plan, TypePlan};
use crate::source::{FoundOne, SourceError};

/// A change that may need a new password, and may bring a resource. Nothing was sent, and there is
/// no password yet.
pub struct Making<'p> {
    pub(super) plan: &'p Plan,
    pub(super) deed: Deed,
    pub(super) operation: &'static str,
    pub(super) subject: Subject,
    pub(super) change: &'p ChangePlan,
    /// The values of its variables, but for the password.
    pub(super) inputs: Inputs,
    /// Which of them are secret.
    pub(super) secrets: Vec<SecretString>,
    pub(super) password: Password,
    /// What the password is, for whoever it is handed over to.
    pub(super) description: &'static str,
    pub(super) hand_over: HandOver,
    /// What finds the thing, by the name of its field.
    pub(super) find: Option<(&'static str, &'p FindPlan)>,
    /// The type of the resource that it brings, where it brings one.
    pub(super) brings: Option<&'p TypePlan>,
}

/// A change that came to its end, and what it brought.
#[derive(Debug)]
pub struct Made {
    /// What became of it. Its `result` is left to whoever shows it: see [`Made::result`].
    pub finished: Finished,
    /// The resource that came to be, or was there already.
    pub resource: Option<Resource>,
    /// The password, encrypted to each recipient. Empty when none can be in force.
    pub credentials: Vec<Sealed>,
    /// The file that holds the password. `None` when none can be in force.
    pub password_file: Option<PathBuf>,
}

/// How long an API may take to show what it made.
const OF_AN_API: Duration = Duration::from_secs(10);

impl<'p> Making<'p> {
    /// Fails when a new password would reach nobody.
    pub(super) fn checked(self) -> Result<Self, AskError> {
        match self.password.is_fresh() && !self.hand_over.reaches_somebody() {
            true => Err(AskError::Argument(
                "a new password is made, and would be lost: say where it goes, to a recipient's key, a new file or the terminal".to_owned(),
            )),
            false => Ok(self),
        }
    }

    /// Tells the same change asked for twice from any other.
    pub fn key(&self) -> String {
        self.shown().key()
    }

    /// What it is about.
    pub fn subject(&self) -> &Subject {
        &self.subject
    }

    /// The operation: `create-account` …
    pub fn operation(&self) -> &'static str {
        self.operation
    }

    /// What would be sent, in order, and what would be asked. A new password is `***`: it is made
    /// when the change is.
    pub async fn plan(&self) -> Result<Vec<PlannedStep>, SourceError> {
        self.shown().plan().await
    }

    /// Makes the password and the change. Fails only where nothing was sent: the audit file cannot
    /// be written, or the password cannot be handed over.
    pub async fn run(&self, journal: &mut dyn Journal, options: RunOptions) -> io::Result<Made> {
        let password = self.password.take()?;
        // One that was given is known to whoever gave it.
        let fresh = password.as_ref().filter(|_| self.password.is_fresh());
        let handed_over = fresh
            .map(|fresh| self.hand_over.begin(fresh, self.description))
            .transpose()?;
        let mut finished = match self.prepared(password).run(journal, options).await {
            Ok(finished) => finished,
            Err(error) => {
                if let Some(handed_over) = handed_over {
                    handed_over.withdraw();
                }
                return Err(error);
            }
        };
        let verdict = finished.outcome.verdict;
        let (mut credentials, mut password_file) = (Vec::new(), None);
        if let Some(mut handed_over) = handed_over {
            if may_be_set(verdict) {
                credentials = std::mem::take(&mut handed_over.sealed);
            }
            password_file = handed_over.end(verdict);
        }
        let resource = match self.resource(&finished) {
            Ok(resource) => resource,
            Err(reason) => {
                let message = &mut finished.outcome.message;
                *message = format!("{message}; what it is cannot be read: {reason}");
                None
            }
        };
        Ok(Made {
            finished,
            resource,
            credentials,
            password_file,
        })
    }

    /// The change as it is shown.
    fn shown(&self) -> Prepared<'p> {
        self.prepared(self.password.placeholder())
    }

    fn prepared(&self, password: Option<SecretString>) -> Prepared<'p> {
        let mut inputs = self.inputs.clone();
        let mut secrets = self.secrets.clone();
        if let Some(password) = password {
            let text = Value::from(password.expose_secret());
            let credentials = Map::from_iter([("password".to_owned(), text.clone())]);
            inputs.set("credentials", Value::Map(credentials));
            inputs.set("password", text);
            secrets.push(password);
        }
        let at_most = match self.change {
            // What was committed is there.
            ChangePlan::Sql(_) => Duration::ZERO,
            ChangePlan::Http(_) => OF_AN_API,
        };
        Prepared {
            plan: self.plan,
            deed: self.deed,
            operation: self.operation,
            subject: self.subject.clone(),
            change: self.change,
            proof: match self.find {
                Some((field, find)) => Box::new(FoundProof {
                    field,
                    find,
                    inputs: inputs.clone(),
                }) as Box<dyn Proof>,
                None => Box::new(NoProof),
            },
            timing: Timing {
                before: self.find.is_some(),
                after: self.find.is_some(),
                at_most,
                ..Timing::default()
            },
            inputs,
            secrets,
        }
    }

    /// The resource that the system showed, or answered with.
    fn resource(&self, finished: &Finished) -> Result<Option<Resource>, String> {
        let (Some(of), true) = (self.brings, finished.outcome.verdict.is_so()) else {
            return Ok(None);
        };
        let answered;
        let found = match (&finished.found, self.find) {
            (Some(found), _) => found,
            (None, Some(_)) => return Ok(None),
            (None, None) => match finished
                .brought
                .get("response")
                .and_then(|it| it.get("body"))
            {
                Some(body) => {
                    answered = FoundOne {
                        record: body.clone(),
                        shared: finished.brought.clone(),
                    };
                    &answered
                }
                None => return Ok(None),
            },
        };
        let mut inputs = self.plan.inputs.clone();
        for (name, value) in found.shared.iter() {
            inputs.set(name, value.clone());
        }
        let scope = Scope::new(&inputs, Some(&found.record));
        of.resource(&scope, None, &mut Remarks::default())
            .map_err(|error| error.to_string())
    }
}

impl Made {
    /// What it brought, for programs: `resource`, as `show` has it, `credentials` and
    /// `password_file`, each where there is one. `None` where there is nothing.
    pub fn result(&self, show: impl Fn(&Resource) -> Json) -> Option<Json> {
        let mut result = JsonMap::new();
        if let Some(resource) = &self.resource {
            result.insert("resource".to_owned(), show(resource));
        }
        if !self.credentials.is_empty() {
            let credentials = self.credentials.iter();
            let credentials = credentials.filter_map(|it| serde_json::to_value(it).ok());
            result.insert("credentials".to_owned(), credentials.collect());
        }
        if let Some(path) = &self.password_file {
            let path = path.display().to_string();
            result.insert("password_file".to_owned(), Json::String(path));
        }
        (!result.is_empty()).then_some(Json::Object(result))
    }
}

impl std::fmt::Debug for Making<'_> {
    /// Values may be secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Making({} {:?})", self.operation, self.subject)
    }
}
