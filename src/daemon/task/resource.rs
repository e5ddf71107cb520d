//! A resource that is no account comes to be, and any resource goes.

use prost::Message as _;
use serde_json::{Map as JsonMap, Value as Json};

use super::Connector;
use super::change::Delivery;
use super::failure::{asked, malformed, not_provisioning};
use super::making::make;
use super::message::{filled, resource_id};
use crate::c1z::message;
use crate::daemon::{Answer, Failure};
use crate::expr::Value;
use crate::mapping::resource_value;
use crate::model::Resource;
use crate::plan::{AccountField, Plan};
use crate::proto::connector::v2 as proto;
use crate::proto::connectorapi::baton::v1::task::{CreateResourceTask, DeleteResourceTask};
use crate::provision::{self, Target};

/// Creates a resource.
pub(super) async fn create(
    connector: &Connector,
    delivery: &Delivery<'_>,
    task: &CreateResourceTask,
) -> Result<Answer, Failure> {
    let resource = task.resource.as_ref();
    let resource = resource.ok_or_else(|| malformed("the task names no resource"))?;
    let of = resource.id.as_ref().map_or("", |id| &id.resource_type);
    filled("the resource type of the resource", of)?;
    if !connector.provisioning {
        return Err(not_provisioning("creating a resource"));
    }
    let wanted = message::resource::decode(&resource.encode_to_vec())
        .map_err(|error| malformed(format!("the resource of the task: {error}")))?;
    let input = input(form(&connector.plan, of), &wanted);
    let making =
        provision::create_resource(&connector.plan, of, &input).map_err(|error| asked(&error))?;
    let came = make(connector, delivery, &making).await?;
    let response = proto::CreateResourceResponse {
        created: came.resource,
        annotations: came.annotations.clone(),
    };
    Ok(Answer::with(&response, came.annotations))
}

/// Deletes a resource.
pub(super) async fn delete(
    connector: &Connector,
    delivery: &Delivery<'_>,
    task: &DeleteResourceTask,
) -> Result<Answer, Failure> {
    let id = resource_id("resource", task.resource_id.as_ref())?;
    if !connector.provisioning {
        return Err(not_provisioning("deleting a resource"));
    }
    let target = Target { id, known: None };
    let making =
        provision::delete_resource(&connector.plan, target).map_err(|error| asked(&error))?;
    let came = make(connector, delivery, &making).await?;
    let response = proto::DeleteResourceResponse {
        annotations: came.annotations.clone(),
    };
    Ok(Answer::with(&response, came.annotations))
}

/// What is filled in for a new resource of a type.
fn form<'p>(plan: &'p Plan, of: &str) -> &'p [AccountField] {
    let mut types = plan.types.iter();
    let found = types.find(|found| found.resource_type.id.as_str() == of);
    found
        .and_then(|found| found.creation.as_ref())
        .map_or(&[], |creation| &creation.fields)
}

/// The form, filled in with the attributes of the resource that is wanted. What a resource has besides
/// them fills the fields that are called like it.
fn input(form: &[AccountField], wanted: &Resource) -> JsonMap<String, Json> {
    let mut input = match resource_value(wanted).get("profile") {
        Some(Value::Map(profile)) => profile
            .iter()
            .map(|(name, value)| (name.clone(), Json::from(value)))
            .collect(),
        _ => JsonMap::new(),
    };
    let parent = wanted.parent.as_ref();
    let known = [
        ("id", wanted.id.id.as_str()),
        ("name", &wanted.display_name),
        ("display_name", &wanted.display_name),
        ("description", &wanted.description),
        ("parent_id", parent.map_or("", |parent| &parent.id)),
    ];
    for (name, value) in known {
        let is_asked = form.iter().any(|field| field.name == name);
        if is_asked && !value.is_empty() && !input.contains_key(name) {
            input.insert(name.to_owned(), value.into());
        }
    }
    input
}
