//! Something that happened → the protocol's message.

use crate::c1z::message::{id_message, timestamp};
use crate::daemon::pack;
use crate::feed::{Event, EventKind, EventResource};
use crate::model::ResourceId;
use crate::proto::connector::v2 as proto;
use proto::event::Event as What;

/// An event as the protocol has it.
pub(super) fn message(event: &Event) -> proto::Event {
    let resource = &event.resource;
    let entitlement = || {
        let id = event.entitlement.as_ref().map(|found| found.id.clone());
        proto::Entitlement {
            resource: Some(resource_message(resource)),
            id: id.unwrap_or_default(),
            ..proto::Entitlement::default()
        }
    };
    let principal = || event.principal.as_ref().map(resource_message);
    let what = match event.kind {
        EventKind::ResourceChange => What::ResourceChangeEvent(proto::ResourceChangeEvent {
            resource_id: Some(id(resource)),
            parent_resource_id: resource.parent.as_deref().map(id),
        }),
        EventKind::CreateGrant => What::CreateGrantEvent(proto::CreateGrantEvent {
            entitlement: Some(entitlement()),
            principal: principal(),
            annotations: Vec::new(),
        }),
        EventKind::CreateRevoke => What::CreateRevokeEvent(proto::CreateRevokeEvent {
            entitlement: Some(entitlement()),
            principal: principal(),
            annotations: Vec::new(),
        }),
    };
    let gone = resource.deleted.then(|| proto::ResourceDeleted {
        resource_id: Some(id(resource)),
    });
    proto::Event {
        id: event.id.clone(),
        occurred_at: Some(timestamp(&event.occurred_at)),
        annotations: gone.iter().map(pack).collect(),
        event: Some(what),
    }
}

fn id(resource: &EventResource) -> proto::ResourceId {
    id_message(&ResourceId::new(&resource.resource_type, &resource.id))
}

fn resource_message(resource: &EventResource) -> proto::Resource {
    proto::Resource {
        id: Some(id(resource)),
        parent_resource_id: resource.parent.as_deref().map(id),
        display_name: resource.display_name.clone().unwrap_or_default(),
        ..proto::Resource::default()
    }
}
