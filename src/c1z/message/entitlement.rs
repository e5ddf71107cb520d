//! `Entitlement` ⇄ its message, which embeds the whole resource.

use prost::{DecodeError, Message, Name};
use prost_types::Any;

use super::any::{Annotations, keep_unread, pack, pack_others, unread_of};
use super::resource;
use super::scalar::numbered;
use super::wire::{Fields, embed};
use crate::model::{
    Annotation, Entitlement, EntitlementId, ExclusionGroup, Purpose, Resource, ResourceId,
    ResourceTypeId,
};
use crate::proto::connector::v2 as proto;
use proto::entitlement::PurposeValue;

numbered!(purpose_number, purpose, Purpose => PurposeValue {
    Unspecified = Unspecified, Assignment = Assignment,
    Permission = Permission, Ownership = Ownership,
});

const RESOURCE: u32 = 1;
const GRANTABLE_TO: u32 = 5;
const PURPOSE: u32 = 7;

/// Encodes an entitlement.
pub fn encode(entitlement: &Entitlement) -> Vec<u8> {
    let unread = unread_of(&entitlement.annotations, &proto::Entitlement::full_name());
    // Types that say more than their id were kept as they are, all of them.
    let types_kept = Fields::of(unread).is_ok_and(|fields| fields.has(GRANTABLE_TO));
    let grantable_to = if types_kept {
        &[][..]
    } else {
        &entitlement.grantable_to
    };
    let message = proto::Entitlement {
        resource: None,
        id: entitlement.id.0.clone(),
        display_name: entitlement.display_name.clone(),
        description: entitlement.description.clone(),
        grantable_to: grantable_to
            .iter()
            .map(|id| proto::ResourceType {
                id: id.0.clone(),
                ..Default::default()
            })
            .collect(),
        annotations: annotations(entitlement),
        purpose: purpose_number(entitlement.purpose),
        slug: entitlement.slug.clone(),
    };
    let mut bytes = embed(RESOURCE, &resource::encode(&entitlement.resource));
    bytes.extend(message.encode_to_vec());
    bytes.extend_from_slice(unread);
    bytes
}

fn annotations(entitlement: &Entitlement) -> Vec<Any> {
    let kept = &entitlement.annotations;
    let mut all = Vec::new();
    if entitlement.immutable {
        all.push(pack(&proto::EntitlementImmutable::default(), kept));
    }
    all.extend(entitlement.exclusion_group.as_ref().map(|group| {
        let message = proto::EntitlementExclusionGroup {
            exclusion_group_id: group.id.clone(),
            order: group.order,
            is_default: group.is_default,
            scope_to_resource: group.scope_to_resource,
        };
        pack(&message, kept)
    }));
    all.extend(pack_others(kept));
    all
}

/// Decodes an entitlement.
pub fn decode(bytes: &[u8]) -> Result<Entitlement, DecodeError> {
    let message = proto::Entitlement::decode(bytes)?;
    let fields = Fields::of(bytes)?;
    let mut found = Annotations::of(message.annotations);
    let immutable = found
        .take(|_: proto::EntitlementImmutable| Some(((), Vec::new())))
        .is_some();
    let exclusion_group = found.take(|group: proto::EntitlementExclusionGroup| {
        let group = ExclusionGroup {
            id: group.exclusion_group_id,
            order: group.order,
            is_default: group.is_default,
            scope_to_resource: group.scope_to_resource,
        };
        Some((group, vec![1, 2, 3, 4]))
    });
    let purpose = purpose(message.purpose);
    let mut entitlement = Entitlement {
        id: EntitlementId(message.id),
        resource: embedded_resource(&fields, RESOURCE)?,
        display_name: message.display_name,
        description: message.description,
        purpose: purpose.unwrap_or_default(),
        slug: message.slug,
        grantable_to: Vec::new(),
        immutable,
        exclusion_group,
        annotations: found.rest(),
    };

    let mut read = vec![RESOURCE, 2, 3, 4, 6, 8];
    if purpose.is_some() {
        read.push(PURPOSE);
    }
    if message.grantable_to.iter().all(is_bare) {
        read.push(GRANTABLE_TO);
    }
    entitlement.grantable_to = message
        .grantable_to
        .into_iter()
        .map(|of| ResourceTypeId(of.id))
        .collect();
    keep(&mut entitlement.annotations, fields.unread(&read));
    Ok(entitlement)
}

fn is_bare(resource_type: &proto::ResourceType) -> bool {
    *resource_type
        == proto::ResourceType {
            id: resource_type.id.clone(),
            ..Default::default()
        }
}

fn keep(annotations: &mut Vec<Annotation>, unread: Vec<u8>) {
    keep_unread(annotations, &proto::Entitlement::full_name(), unread);
}

/// The resource embedded as field `number`; a nameless one where the file has none.
pub(super) fn embedded_resource(fields: &Fields, number: u32) -> Result<Resource, DecodeError> {
    match fields.embedded(number) {
        Some(bytes) => resource::decode(&bytes),
        None => Ok(Resource::new(ResourceId::new("", ""), "")),
    }
}
