//! Tasks as platforms write them.

use prost_types::Struct;
use prost_types::value::Kind;
use rolecall::proto::connector::v2::{
    AccountInfo, CredentialOptions, EncryptionConfig, Entitlement, Grant, Resource, ResourceId,
    credential_options, encryption_config,
};
use rolecall::proto::connectorapi::baton::v1::task::{
    ActionInvokeTask, ActionListSchemasTask, CreateAccountTask, GrantTask, RevokeTask,
    RotateCredentialsTask, SyncFullTask, TaskType,
};

/// An age recipient; nobody has its key any more.
const RECIPIENT: &str = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p";

pub fn sync() -> TaskType {
    TaskType::SyncFull(SyncFullTask {
        storage_engine: "sqlite".to_owned(),
        ..SyncFullTask::default()
    })
}

pub fn grant(team: &str, person: &str) -> TaskType {
    TaskType::Grant(GrantTask {
        entitlement: Some(member(team)),
        principal: Some(resource("person", person)),
        ..GrantTask::default()
    })
}

pub fn revoke(team: &str, person: &str) -> TaskType {
    TaskType::Revoke(RevokeTask {
        grant: Some(Grant {
            id: format!("team:{team}:member:person:{person}"),
            entitlement: Some(member(team)),
            principal: Some(resource("person", person)),
            ..Grant::default()
        }),
        annotations: Vec::new(),
    })
}

pub fn create_account(login: &str) -> TaskType {
    let profile = [("login", login)];
    TaskType::CreateAccount(CreateAccountTask {
        account_info: Some(AccountInfo {
            login: login.to_owned(),
            profile: Some(fields(&profile)),
            ..AccountInfo::default()
        }),
        credential_options: Some(random_password()),
        encryption_configs: vec![recipient()],
        resource_type_id: "person".to_owned(),
    })
}

pub fn rotate(person: &str) -> TaskType {
    TaskType::RotateCredentials(RotateCredentialsTask {
        resource_id: Some(id("person", person)),
        credential_options: Some(random_password()),
        encryption_configs: vec![recipient()],
    })
}

pub fn note(word: &str) -> TaskType {
    TaskType::ActionInvoke(ActionInvokeTask {
        name: "note".to_owned(),
        args: Some(fields(&[("word", word)])),
        ..ActionInvokeTask::default()
    })
}

pub fn list_actions() -> TaskType {
    TaskType::ActionListSchemas(ActionListSchemasTask::default())
}

fn member(team: &str) -> Entitlement {
    Entitlement {
        id: format!("team:{team}:member"),
        slug: "member".to_owned(),
        resource: Some(resource("team", team)),
        ..Entitlement::default()
    }
}

fn resource(of: &str, name: &str) -> Resource {
    Resource {
        id: Some(id(of, name)),
        display_name: name.to_owned(),
        ..Resource::default()
    }
}

fn id(of: &str, name: &str) -> ResourceId {
    ResourceId {
        resource_type: of.to_owned(),
        resource: name.to_owned(),
        baton_resource: false,
    }
}

fn fields(fields: &[(&str, &str)]) -> Struct {
    let fields = fields.iter().map(|(name, value)| {
        let kind = Some(Kind::StringValue((*value).to_owned()));
        ((*name).to_owned(), prost_types::Value { kind })
    });
    Struct {
        fields: fields.collect(),
    }
}

fn random_password() -> CredentialOptions {
    CredentialOptions {
        options: Some(credential_options::Options::RandomPassword(
            credential_options::RandomPassword {
                length: 20,
                constraints: Vec::new(),
            },
        )),
        ..CredentialOptions::default()
    }
}

fn recipient() -> EncryptionConfig {
    EncryptionConfig {
        provider: "baton/age/v1".to_owned(),
        config: Some(encryption_config::Config::AgeRecipientConfig(
            encryption_config::AgeRecipientConfig {
                recipient: RECIPIENT.to_owned(),
            },
        )),
        ..EncryptionConfig::default()
    }
}
