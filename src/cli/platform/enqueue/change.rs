//! `enqueue grant`, `revoke`, `create-account`, `create-resource`, `delete-resource` and
//! `rotate-credential`.

use std::path::PathBuf;

use clap::Args;

use super::known::{self, Known, resource_id, whole_grant};
use super::password::PasswordArgs;
use crate::cli::change::{SaidArgs, Stop};
use crate::cli::scope;
use crate::model::ResourceId;
use crate::platform::Client;
use crate::proto::connector::v2::account_info::Email;
use crate::proto::connector::v2::{self as proto, AccountInfo, Resource};
use crate::proto::connectorapi::baton::v1::task::{
    CreateAccountTask, CreateResourceTask, DeleteResourceTask, GrantTask, RevokeTask,
    RotateCredentialsTask, TaskType,
};
use crate::protocol::values;

/// Who gains what.
#[derive(Debug, Args)]
pub(super) struct GrantArgs {
    /// The id of the entitlement, as `rolecall inspect … entitlements` shows it.
    entitlement: String,
    /// Who gains it.
    #[arg(value_name = "TYPE/ID", value_parser = scope::resource)]
    principal: ResourceId,
    #[command(flatten)]
    from: FromArgs,
}

/// Who loses what.
#[derive(Debug, Args)]
pub(super) struct RevokeArgs {
    /// The id of the entitlement.
    #[arg(required_unless_present = "grant", requires = "principal")]
    entitlement: Option<String>,
    /// Who loses it.
    #[arg(value_name = "TYPE/ID", value_parser = scope::resource)]
    principal: Option<ResourceId>,
    /// The id of the grant, instead of entitlement and principal.
    #[arg(long, value_name = "ID", conflicts_with_all = ["entitlement", "principal"])]
    grant: Option<String>,
    #[command(flatten)]
    from: FromArgs,
}

/// Where names are looked up.
#[derive(Debug, Args)]
struct FromArgs {
    /// The sync file that knows them. Not written: the last one that the connector uploaded.
    #[arg(short = 'f', long = "file", value_name = "FILE.c1z")]
    from: Option<PathBuf>,
}

/// Which account.
#[derive(Debug, Args)]
pub(super) struct CreateAccountArgs {
    /// The resource type of the account, where several have accounts.
    #[arg(long = "type", value_name = "TYPE")]
    of: Option<String>,
    /// The login.
    #[arg(long, value_name = "LOGIN")]
    login: Option<String>,
    /// An address; the first one is the primary one. May be given several times.
    #[arg(long, value_name = "ADDRESS")]
    email: Vec<String>,
    #[command(flatten)]
    said: SaidArgs,
    #[command(flatten)]
    password: PasswordArgs,
}

/// Which resource is to come.
#[derive(Debug, Args)]
pub(super) struct CreateResourceArgs {
    /// The resource type.
    #[arg(value_name = "TYPE")]
    of: String,
    /// Its id, where it is not the system that gives it one.
    #[arg(long, value_name = "ID")]
    id: Option<String>,
    /// Its name.
    #[arg(long, value_name = "NAME")]
    display_name: Option<String>,
    /// The resource that it will live in.
    #[arg(long, value_name = "TYPE/ID", value_parser = scope::resource)]
    parent: Option<ResourceId>,
    #[command(flatten)]
    said: SaidArgs,
}

/// Which resource is to go.
#[derive(Debug, Args)]
pub(super) struct DeleteArgs {
    /// The resource.
    #[arg(value_name = "TYPE/ID", value_parser = scope::resource)]
    resource: ResourceId,
    /// The resource that it lives in.
    #[arg(long, value_name = "TYPE/ID", value_parser = scope::resource)]
    parent: Option<ResourceId>,
}

/// Whose password.
#[derive(Debug, Args)]
pub(super) struct RotateArgs {
    /// The account.
    #[arg(value_name = "TYPE/ID", value_parser = scope::resource)]
    account: ResourceId,
    #[command(flatten)]
    password: PasswordArgs,
}

impl GrantArgs {
    pub fn task(&self, known: &Known<'_>) -> Result<TaskType, Stop> {
        let synced = known.synced(self.from.from.as_deref())?;
        let holding = synced.holding(&self.entitlement, &self.principal)?;
        Ok(TaskType::Grant(GrantTask {
            entitlement: Some(known::entitlement(&holding.entitlement)?),
            principal: Some(known::resource(&holding.principal)?),
            ..GrantTask::default()
        }))
    }
}

impl RevokeArgs {
    pub fn task(&self, known: &Known<'_>) -> Result<TaskType, Stop> {
        let synced = known.synced(self.from.from.as_deref())?;
        let grant = match (&self.entitlement, &self.principal) {
            (Some(entitlement), Some(principal)) => {
                synced.grant(&synced.holding(entitlement, principal)?)?
            }
            _ => synced.grant_of(self.grant.as_deref().unwrap_or_default())?,
        };
        Ok(TaskType::Revoke(RevokeTask {
            grant: Some(whole_grant(&synced, &grant)?),
            annotations: Vec::new(),
        }))
    }
}

impl CreateAccountArgs {
    pub fn task(&self, client: &Client) -> Result<TaskType, Stop> {
        let password = self.password.read(client)?;
        let emails = self.email.iter().enumerate();
        let emails = emails.map(|(at, address)| Email {
            address: address.clone(),
            is_primary: at == 0,
        });
        Ok(TaskType::CreateAccount(CreateAccountTask {
            account_info: Some(AccountInfo {
                emails: emails.collect(),
                login: self.login.clone().unwrap_or_default(),
                login_aliases: Vec::new(),
                profile: Some(values::values(&self.said.read().map_err(Stop::Wrong)?)),
            }),
            credential_options: password.options,
            encryption_configs: password.configs,
            resource_type_id: self.of.clone().unwrap_or_default(),
        }))
    }
}

impl CreateResourceArgs {
    pub fn task(&self) -> Result<TaskType, Stop> {
        let said = self.said.read().map_err(Stop::Wrong)?;
        Ok(TaskType::CreateResource(CreateResourceTask {
            resource: Some(Resource {
                id: Some(proto::ResourceId {
                    resource_type: self.of.clone(),
                    resource: self.id.clone().unwrap_or_default(),
                    ..proto::ResourceId::default()
                }),
                parent_resource_id: self.parent.as_ref().map(resource_id),
                display_name: self.display_name.clone().unwrap_or_default(),
                profile: (!said.is_empty()).then(|| values::values(&said)),
                ..Resource::default()
            }),
        }))
    }
}

impl DeleteArgs {
    pub fn task(&self) -> TaskType {
        TaskType::DeleteResource(DeleteResourceTask {
            resource_id: Some(resource_id(&self.resource)),
            parent_resource_id: self.parent.as_ref().map(resource_id),
        })
    }
}

impl RotateArgs {
    pub fn task(&self, client: &Client) -> Result<TaskType, Stop> {
        let password = self.password.read(client)?;
        Ok(TaskType::RotateCredentials(RotateCredentialsTask {
            resource_id: Some(resource_id(&self.account)),
            credential_options: password.options,
            encryption_configs: password.configs,
        }))
    }
}
