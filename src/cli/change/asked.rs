//! What somebody asks for, as a command line or a plan file says it.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::{Map as JsonMap, Value as Json};

use super::Stop;
use super::credential::{Handed, Password};
use super::readied::Readied;
use super::synced::Synced;
use crate::config::names_secret;
use crate::model::ResourceId;
use crate::plan::Plan;
use crate::provision::{self, AccountRequest, HandOver, Holding, Recipient, Target};

/// A change that is asked for. A plan file holds it, so it says everything but secrets.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) enum Asked {
    /// A principal gains an entitlement.
    Grant(Held),
    /// A principal loses an entitlement.
    Revoke(Held),
    /// An account comes to be.
    CreateAccount {
        #[serde(rename = "type", skip_serializing_if = "Option::is_none", default)]
        of: Option<String>,
        input: JsonMap<String, Json>,
        #[serde(default)]
        password: Password,
    },
    /// A resource comes to be.
    CreateResource {
        #[serde(rename = "type")]
        of: String,
        input: JsonMap<String, Json>,
    },
    /// A resource goes.
    DeleteResource(Named),
    /// An account gets a new password.
    RotateCredential {
        account: Named,
        #[serde(default)]
        password: Password,
    },
    /// An action runs.
    InvokeAction {
        action: String,
        arguments: JsonMap<String, Json>,
    },
}

/// An entitlement and a principal, by their ids in a sync file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Held {
    /// The sync file.
    pub from: PathBuf,
    /// The id of the entitlement; not with `grant`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub entitlement: Option<String>,
    /// The principal; not with `grant`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub principal: Option<Id>,
    /// The id of the grant.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub grant: Option<String>,
}

/// A resource, by its id in the system.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Named {
    /// Which one.
    pub resource: Id,
    /// The sync file that knows more of it, where there is one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub from: Option<PathBuf>,
}

/// The identity of a resource.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Id {
    #[serde(rename = "type")]
    of: String,
    id: String,
}

impl Asked {
    /// Prepares the change. Nothing is sent.
    pub fn prepare<'p>(&self, plan: &'p Plan, handed: &Handed) -> Result<Readied<'p>, Stop> {
        Ok(match self {
            Asked::Grant(held) => Readied::Held(provision::grant(plan, held.look_up()?)?),
            Asked::Revoke(held) => Readied::Held(provision::revoke(plan, held.look_up()?)?),
            Asked::CreateAccount {
                of,
                input,
                password,
            } => {
                let request = AccountRequest {
                    resource_type: of.clone(),
                    input: input.clone(),
                    password: password.wish(handed)?,
                    hand_over: hand_over(password, handed)?,
                };
                Readied::Made(provision::create_account(plan, request)?)
            }
            Asked::CreateResource { of, input } => {
                Readied::Made(provision::create_resource(plan, of, input)?)
            }
            Asked::DeleteResource(named) => {
                Readied::Made(provision::delete_resource(plan, named.target()?)?)
            }
            Asked::RotateCredential { account, password } => {
                let over = hand_over(password, handed)?;
                let (target, wish) = (account.target()?, password.wish(handed)?);
                Readied::Made(provision::rotate_credential(plan, target, wish, over)?)
            }
            Asked::InvokeAction { action, arguments } => {
                Readied::Act(provision::invoke(plan, action, arguments)?)
            }
        })
    }

    /// The name of something said that is secret by its name: it must not be kept in a plan.
    pub fn secret(&self) -> Option<&str> {
        let said = match self {
            Asked::CreateAccount { input, .. } | Asked::CreateResource { input, .. } => input,
            Asked::InvokeAction { arguments, .. } => arguments,
            Asked::Grant(_)
            | Asked::Revoke(_)
            | Asked::DeleteResource(_)
            | Asked::RotateCredential { .. } => return None,
        };
        let mut names = said.keys().map(String::as_str);
        names.find(|name| names_secret(name))
    }
}

/// Where a new password goes.
fn hand_over(password: &Password, handed: &Handed) -> Result<HandOver, Stop> {
    let recipients = password.recipients.iter();
    let recipients = recipients.map(|key| Recipient::parse(None, key));
    Ok(HandOver {
        recipients: recipients.collect::<Result<_, _>>()?,
        to: handed.to.clone(),
    })
}

impl From<&ResourceId> for Id {
    fn from(id: &ResourceId) -> Self {
        Self {
            of: id.resource_type.to_string(),
            id: id.id.clone(),
        }
    }
}

impl From<&Id> for ResourceId {
    fn from(id: &Id) -> Self {
        ResourceId::new(&id.of, &id.id)
    }
}

impl Held {
    fn look_up(&self) -> Result<Holding, Stop> {
        let synced = Synced::open(&self.from)?;
        match (&self.entitlement, &self.principal, &self.grant) {
            (Some(entitlement), Some(principal), _) => {
                synced.holding(entitlement, &principal.into())
            }
            (_, _, grant) => synced.holding_of(grant.as_deref().unwrap_or_default()),
        }
    }
}

impl Named {
    /// A resource, and the sync file that knows more of it.
    pub fn of(resource: &ResourceId, from: Option<&Path>) -> Self {
        Self {
            resource: resource.into(),
            from: from.map(Path::to_owned),
        }
    }

    fn target(&self) -> Result<Target, Stop> {
        let id = ResourceId::from(&self.resource);
        let known = match &self.from {
            Some(from) => Some(Synced::open(from)?.resource("resource", &id)?),
            None => None,
        };
        Ok(Target { id, known })
    }
}
