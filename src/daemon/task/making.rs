//! A change that makes something → made, and what it brought, as the protocol has it.

use prost::Message as _;
use prost_types::Any;

use super::Connector;
use super::change::{Begin, Delivery, begin};
use super::failure::{of_outcome, unwritten};
use super::message::{annotations, encrypted};
use crate::c1z::message;
use crate::daemon::{Failure, pack};
use crate::model::Resource;
use crate::proto::connector::v2 as proto;
use crate::provision::{Making, Verdict};

/// What a change brought.
pub(super) struct Came {
    /// `Made` or `AlreadySo`.
    pub verdict: Verdict,
    /// The resource that came to be, where the system tells.
    pub resource: Option<proto::Resource>,
    /// A new password, encrypted to each who may read it.
    pub encrypted: Vec<proto::EncryptedData>,
    /// What is told besides.
    pub annotations: Vec<Any>,
}

/// Makes the change of a task.
pub(super) async fn make(
    connector: &Connector,
    delivery: &Delivery<'_>,
    making: &Making<'_>,
) -> Result<Came, Failure> {
    let (outcome, resource, credentials) = match begin(connector, delivery, &making.change)? {
        Begin::Ended(outcome) => (*outcome, None, Vec::new()),
        Begin::Now(mut journal, options) => {
            let ran = making.run(&mut journal, options).await;
            let made = ran.map_err(|error| unwritten(&error))?;
            (made.finished.outcome, made.resource, made.credentials)
        }
    };
    let encrypted: Vec<_> = credentials.into_iter().map(encrypted).collect();
    if let Some(mut failure) = of_outcome(&outcome) {
        // The password may be in force all the same.
        failure.annotations.extend(encrypted.iter().map(pack));
        return Err(failure);
    }
    Ok(Came {
        verdict: outcome.verdict,
        resource: resource.as_ref().map(resource_message),
        encrypted,
        annotations: annotations(&outcome.annotations),
    })
}

/// A resource as the protocol has it.
fn resource_message(resource: &Resource) -> proto::Resource {
    let bytes = message::resource::encode(resource);
    proto::Resource::decode(bytes.as_slice()).expect("what was just encoded is a message")
}
