//! An account comes to be.

use serde_json::{Map as JsonMap, Value as Json};

use super::Connector;
use super::change::Delivery;
use super::credential::credential;
use super::failure::{asked, malformed, not_provisioning};
use super::making::{Came, make};
use crate::daemon::{Answer, Failure};
use crate::plan::AccountPlan;
use crate::proto::connector::v2 as proto;
use crate::proto::connectorapi::baton::v1::task::CreateAccountTask;
use crate::protocol::values;
use crate::provision::{self, AccountRequest, Verdict};
use proto::create_account_response::{
    AlreadyExistsResult, InProgressResult, Result as Told, SuccessResult,
};

/// Creates an account.
pub(super) async fn create(
    connector: &Connector,
    delivery: &Delivery<'_>,
    task: &CreateAccountTask,
) -> Result<Answer, Failure> {
    let info = task.account_info.as_ref();
    let info = info.ok_or_else(|| malformed("the task says nothing of the account"))?;
    if !connector.provisioning {
        return Err(not_provisioning("creating an account"));
    }
    let named = Some(task.resource_type_id.as_str()).filter(|name| !name.is_empty());
    let (type_plan, account) =
        provision::account_type(&connector.plan, named).map_err(|error| asked(&error))?;
    let options = task.credential_options.as_ref();
    let (password, hand_over) = credential(connector, options, &task.encryption_configs)?;
    let request = AccountRequest {
        resource_type: Some(type_plan.resource_type.id.to_string()),
        input: input(account, info),
        password,
        hand_over,
    };
    let making =
        provision::create_account(&connector.plan, request).map_err(|error| asked(&error))?;
    let came = make(connector, delivery, &making).await?;
    let annotations = came.annotations.clone();
    let response = proto::CreateAccountResponse {
        result: Some(result(&came)),
        annotations: annotations.clone(),
        encrypted_data: came.encrypted,
    };
    Ok(Answer::with(&response, annotations))
}

/// What is told of the account. Where nothing says what it is, the next sync will.
fn result(came: &Came) -> Told {
    let resource = came.resource.clone();
    let is_create_account_result = true;
    match (came.verdict, &resource) {
        (Verdict::AlreadySo, _) => Told::AlreadyExists(AlreadyExistsResult {
            resource,
            is_create_account_result,
        }),
        (_, None) => Told::InProgress(InProgressResult {
            resource,
            is_create_account_result,
        }),
        (_, Some(_)) => Told::Success(SuccessResult {
            resource,
            is_create_account_result,
            invitation_expires_at: None,
        }),
    }
}

/// The form, filled in. Platforms have the login and the addresses of an account in places of their
/// own: they fill the fields of those names, and are passed over where the form has none.
fn input(account: &AccountPlan, info: &proto::AccountInfo) -> JsonMap<String, Json> {
    let mut input = info.profile.as_ref().map(values::json).unwrap_or_default();
    let primary = info.emails.iter().find(|email| email.is_primary);
    let email = primary.or(info.emails.first());
    let email = email.map_or("", |email| email.address.as_str());
    for (name, value) in [("login", info.login.as_str()), ("email", email)] {
        if !account.fields.iter().any(|field| field.name == name) {
            input.remove(name);
        } else if !value.is_empty() && is_empty(input.get(name)) {
            input.insert(name.to_owned(), value.into());
        }
    }
    input
}

fn is_empty(value: Option<&Json>) -> bool {
    match value {
        None | Some(Json::Null) => true,
        Some(value) => value.as_str() == Some(""),
    }
}
