//! An account gets a new password.

use super::Connector;
use super::change::Delivery;
use super::credential::credential;
use super::failure::{asked, not_provisioning};
use super::making::make;
use super::message::resource_id;
use crate::c1z::message::id_message;
use crate::daemon::{Answer, Failure};
use crate::proto::connector::v2 as proto;
use crate::proto::connectorapi::baton::v1::task::RotateCredentialsTask;
use crate::provision::{self, Target};

/// Sets a new password.
pub(super) async fn rotate(
    connector: &Connector,
    delivery: &Delivery<'_>,
    task: &RotateCredentialsTask,
) -> Result<Answer, Failure> {
    let id = resource_id("account", task.resource_id.as_ref())?;
    if !connector.provisioning {
        return Err(not_provisioning("a new password"));
    }
    let options = task.credential_options.as_ref();
    let (password, hand_over) = credential(connector, options, &task.encryption_configs)?;
    let resource_id = id_message(&id);
    let target = Target { id, known: None };
    let making = provision::rotate_credential(&connector.plan, target, password, hand_over)
        .map_err(|error| asked(&error))?;
    let came = make(connector, delivery, &making).await?;
    let response = proto::RotateCredentialResponse {
        encrypted_data: came.encrypted,
        resource_id: Some(resource_id),
        annotations: came.annotations.clone(),
    };
    Ok(Answer::with(&response, came.annotations))
}
