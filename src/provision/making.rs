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
use super::http;
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
use crate::source::http::ItemPath;
use crate::source::{FoundOne, SourceError};

/// A change that may need a new password, and may bring a resource. Nothing was sent, and there is
/// no password yet: a placeholder stands for it.
#[derive(Debug)]
pub struct Making<'p> {
    /// The change itself.
    pub change: Prepared<'p>,
    password: Password,
    /// What the password is, for whoever it is handed over to.
    description: &'static str,
    hand_over: HandOver,
    /// What finds the thing.
    find: Option<Find<'p>>,
    /// The resource that it brings, where it brings one.
    brings: Option<Brings<'p>>,
}

/// The type of a resource that comes to be, and where it is in the answer when nothing finds it.
pub(super) type Brings<'p> = (&'p TypePlan, &'p ItemPath);

/// What a change is made of that makes, changes or removes one thing.
pub(super) struct Ingredients<'p> {
    pub plan: &'p Plan,
    pub deed: Deed,
    pub operation: &'static str,
    pub subject: Subject,
    pub change: &'p ChangePlan,
    /// The values of its variables, but for the password.
    pub inputs: Inputs,
    /// Which of them are secret.
    pub secrets: Vec<SecretString>,
    pub find: Option<Find<'p>>,
}

/// What finds the thing, and the name of its field.
pub(super) type Find<'p> = (&'static str, &'p FindPlan);

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

/// How long a database may take to show what was committed. That is there at once, but for replicas,
/// and for a commit that goes on after its connection was lost.
const OF_A_DATABASE: Duration = Duration::from_secs(5);

/// How long an API may take to show what it made.
const OF_AN_API: Duration = Duration::from_secs(10);

impl<'p> Making<'p> {
    /// A change without a password.
    pub(super) fn of(from: Ingredients<'p>, brings: Option<Brings<'p>>) -> Self {
        Self {
            find: from.find,
            brings,
            password: Password::None,
            description: "",
            hand_over: HandOver::default(),
            change: from.prepared(),
        }
    }

    /// A change that sets a password, where there is one. Fails when a new one would reach nobody.
    pub(super) fn with_password(
        mut from: Ingredients<'p>,
        brings: Option<Brings<'p>>,
        password: Password,
        description: &'static str,
        hand_over: HandOver,
    ) -> Result<Self, AskError> {
        if password.is_fresh() && !hand_over.reaches_somebody() {
            return Err(AskError::Argument(
                "a new password is made, and would be lost: say where it goes, to a recipient's key, a new file or the terminal".to_owned(),
            ));
        }
        if let Some(placeholder) = password.placeholder() {
            set_password(&mut from.inputs, placeholder);
        }
        Ok(Self {
            password,
            description,
            hand_over,
            ..Self::of(from, brings)
        })
    }

    /// The operation: `create-account` …
    pub fn operation(&self) -> &'static str {
        self.change.operation
    }

    /// What it is about.
    pub fn subject(&self) -> &Subject {
        &self.change.subject
    }

    /// What would be sent, in order, and what would be asked. A new password is `***`: it is made
    /// when the change is.
    pub async fn plan(&self) -> Result<Vec<PlannedStep>, SourceError> {
        self.change.plan().await
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
        let setting = password.map(|password| self.setting(password));
        let change = setting.as_ref().unwrap_or(&self.change);
        if let ChangePlan::Http(requests) = change.change {
            // What is asked before may be told of, too.
            http::keep_secrets(requests, change);
        }
        let ran = change.run(journal, options).await;
        let mut finished = match ran {
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
        let resource = self.resource(&finished).unwrap_or_else(|reason| {
            let message = &mut finished.outcome.message;
            *message = format!("{message}; what it is cannot be read: {reason}");
            None
        });
        Ok(Made {
            finished,
            resource,
            credentials,
            password_file,
        })
    }

    /// The change with the password itself.
    fn setting(&self, password: SecretString) -> Prepared<'p> {
        let change = &self.change;
        let mut inputs = change.inputs.clone();
        set_password(&mut inputs, password.expose_secret());
        let mut secrets = change.secrets.clone();
        secrets.push(password);
        Prepared {
            plan: change.plan,
            deed: change.deed,
            operation: change.operation,
            subject: change.subject.clone(),
            change: change.change,
            proof: proof(self.find, &inputs),
            timing: change.timing,
            inputs,
            secrets,
        }
    }

    /// The resource that the system showed, or answered with.
    fn resource(&self, finished: &Finished) -> Result<Option<Resource>, String> {
        let (Some((of, item)), true) = (self.brings, finished.outcome.verdict.is_so()) else {
            return Ok(None);
        };
        let answered;
        let found = match (&finished.found, self.find) {
            (Some(found), _) => found,
            (None, Some(_)) => return Ok(None),
            (None, None) => {
                let body = finished.brought.get("response");
                let body = body.and_then(|it| it.get("body"));
                let one = body.map_or(Ok(None), |body| item.one(body));
                let one = one.map_err(|several| format!("the answer has {several} of it"))?;
                let Some(record) = one else {
                    return Ok(None);
                };
                answered = FoundOne {
                    record,
                    shared: finished.brought.clone(),
                };
                &answered
            }
        };
        let mut inputs = self.change.plan.inputs.clone();
        inputs.extend(&found.shared);
        let scope = Scope::new(&inputs, Some(&found.record));
        let mapped = of.resource(&scope, None, &mut Remarks::default());
        mapped.map_err(|error| match std::error::Error::source(&error) {
            Some(cause) => format!("{error}: {cause}"),
            None => error.to_string(),
        })
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

impl<'p> Ingredients<'p> {
    fn prepared(self) -> Prepared<'p> {
        let at_most = match self.change {
            ChangePlan::Sql(_) => OF_A_DATABASE,
            ChangePlan::Http(_) => OF_AN_API,
        };
        Prepared {
            plan: self.plan,
            deed: self.deed,
            operation: self.operation,
            subject: self.subject,
            change: self.change,
            proof: proof(self.find, &self.inputs),
            timing: Timing {
                before: self.find.is_some(),
                // What is there already must not be made a second time; deleting twice harms nobody.
                insists: self.deed == Deed::Create,
                after: self.find.is_some(),
                at_most,
                ..Timing::default()
            },
            inputs: self.inputs,
            secrets: self.secrets,
        }
    }
}

fn proof<'p>(find: Option<Find<'p>>, inputs: &Inputs) -> Box<dyn Proof + 'p> {
    match find {
        Some((field, find)) => Box::new(FoundProof {
            field,
            find,
            inputs: inputs.clone(),
        }),
        None => Box::new(NoProof),
    }
}

fn set_password(inputs: &mut Inputs, password: &str) {
    let password = Value::from(password);
    let credentials = Map::from_iter([("password".to_owned(), password.clone())]);
    inputs.set("credentials", Value::Map(credentials));
    inputs.set("password", password);
}
