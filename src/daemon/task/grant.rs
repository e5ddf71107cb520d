//! Somebody gains or loses an entitlement.

use prost::Message as _;

use super::Connector;
use super::change::{Begin, Delivery, begin};
use super::failure::{asked, malformed, not_provisioning, of_outcome, unwritten};
use super::message::{annotations, filled, resource_id};
use crate::c1z::message;
use crate::daemon::{Answer, Failure};
use crate::model::Entitlement;
use crate::proto::connector::v2 as proto;
use crate::proto::connectorapi::baton::v1::task::{GrantTask, RevokeTask};
use crate::provision::{self, Holding, Outcome, Prepared};

/// Grants an entitlement.
pub(super) async fn grant(
    connector: &Connector,
    delivery: &Delivery<'_>,
    task: &GrantTask,
) -> Result<Answer, Failure> {
    let holding = holding(task.entitlement.as_ref(), task.principal.as_ref())?;
    if !connector.provisioning {
        return Err(not_provisioning("granting"));
    }
    let grant = proto::Grant {
        entitlement: task.entitlement.clone(),
        principal: task.principal.clone(),
        id: holding.grant_id().to_string(),
        ..proto::Grant::default()
    };
    let change = provision::grant(&connector.plan, holding).map_err(|error| asked(&error))?;
    let outcome = make(connector, delivery, &change).await?;
    let annotations = annotations(&outcome.annotations);
    let response = proto::GrantManagerServiceGrantResponse {
        annotations: annotations.clone(),
        grants: vec![grant],
    };
    Ok(Answer::with(&response, annotations))
}

/// Revokes a grant.
pub(super) async fn revoke(
    connector: &Connector,
    delivery: &Delivery<'_>,
    task: &RevokeTask,
) -> Result<Answer, Failure> {
    let grant = task.grant.as_ref();
    let grant = grant.ok_or_else(|| malformed("the task names no grant"))?;
    let holding = holding(grant.entitlement.as_ref(), grant.principal.as_ref())?;
    if !connector.provisioning {
        return Err(not_provisioning("revoking"));
    }
    let change = provision::revoke(&connector.plan, holding).map_err(|error| asked(&error))?;
    let outcome = make(connector, delivery, &change).await?;
    let annotations = annotations(&outcome.annotations);
    let response = proto::GrantManagerServiceRevokeResponse {
        annotations: annotations.clone(),
    };
    Ok(Answer::with(&response, annotations))
}

async fn make(
    connector: &Connector,
    delivery: &Delivery<'_>,
    change: &Prepared<'_>,
) -> Result<Outcome, Failure> {
    let outcome = match begin(connector, delivery, change)? {
        Begin::Ended(outcome) => *outcome,
        Begin::Now(mut journal, options) => {
            let ran = change.run(&mut journal, options).await;
            ran.map_err(|error| unwritten(&error))?.outcome
        }
    };
    match of_outcome(&outcome) {
        None => Ok(outcome),
        Some(failure) => Err(failure),
    }
}

/// Who gains or loses what. Platforms may send an entitlement with its id and the id of its resource
/// only.
fn holding(
    entitlement: Option<&proto::Entitlement>,
    principal: Option<&proto::Resource>,
) -> Result<Holding, Failure> {
    let entitlement = entitlement.ok_or_else(|| malformed("the task names no entitlement"))?;
    filled("the id of the entitlement", &entitlement.id)?;
    let on = entitlement.resource.as_ref();
    let of = resource_id(
        "resource of the entitlement",
        on.and_then(|on| on.id.as_ref()),
    )?;
    let principal = principal.ok_or_else(|| malformed("the task names no principal"))?;
    resource_id("principal", principal.id.as_ref())?;
    let mut entitlement: Entitlement =
        message::entitlement::decode(&entitlement.encode_to_vec())
            .map_err(|error| malformed(format!("the entitlement of the task: {error}")))?;
    let principal = message::resource::decode(&principal.encode_to_vec())
        .map_err(|error| malformed(format!("the principal of the task: {error}")))?;
    if message::is_of_another_system(&entitlement.resource) {
        return Err(malformed(format!(
            "`{}` is an entitlement of another system: change it there",
            entitlement.id
        )));
    }
    if entitlement.slug.is_empty() {
        let id = entitlement.id.as_str();
        let local = id.strip_prefix(&format!("{of}:")).unwrap_or(id);
        entitlement.slug = local.to_owned();
    }
    Ok(Holding {
        entitlement,
        principal,
    })
}
