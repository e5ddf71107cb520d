//! `ResourceType` ⇄ its message.

use prost::{DecodeError, Message, Name};

use super::any::{Annotations, keep_unread, pack, pack_others, unread_of};
use super::wire::Fields;
use crate::model::{ResourceType, ResourceTypeId, TraitKind};
use crate::proto::connector::v2 as proto;

/// Encodes a resource type.
pub fn encode(resource_type: &ResourceType) -> Vec<u8> {
    let kept = &resource_type.annotations;
    let skip = resource_type
        .skip_entitlements_and_grants
        .then(|| pack(&proto::SkipEntitlementsAndGrants {}, kept));
    let message = proto::ResourceType {
        id: resource_type.id.0.clone(),
        display_name: resource_type.display_name.clone(),
        traits: resource_type
            .traits
            .iter()
            .copied()
            .map(trait_number)
            .collect(),
        annotations: skip.into_iter().chain(pack_others(kept)).collect(),
        description: resource_type.description.clone(),
        sourced_externally: false,
    };
    let mut bytes = message.encode_to_vec();
    bytes.extend_from_slice(unread_of(kept, &proto::ResourceType::full_name()));
    bytes
}

/// Decodes a resource type.
pub fn decode(bytes: &[u8]) -> Result<ResourceType, DecodeError> {
    let message = proto::ResourceType::decode(bytes)?;
    let mut annotations = Annotations::of(message.annotations);
    let skip = annotations
        .take(|proto::SkipEntitlementsAndGrants {}| Some(((), Vec::new())))
        .is_some();
    let mut annotations = annotations.rest();
    let unread = Fields::of(bytes)?.unread(&[1, 2, 3, 4, 5]);
    keep_unread(&mut annotations, &proto::ResourceType::full_name(), unread);
    Ok(ResourceType {
        id: ResourceTypeId(message.id),
        display_name: message.display_name,
        description: message.description,
        traits: message.traits.into_iter().map(trait_kind).collect(),
        skip_entitlements_and_grants: skip,
        annotations,
    })
}

pub(super) fn trait_number(kind: TraitKind) -> i32 {
    use proto::resource_type::Trait;
    match kind {
        TraitKind::User => Trait::User as i32,
        TraitKind::Group => Trait::Group as i32,
        TraitKind::Role => Trait::Role as i32,
        TraitKind::App => Trait::App as i32,
        TraitKind::Secret => Trait::Secret as i32,
        TraitKind::Agent => Trait::Agent as i32,
        TraitKind::Other(number) => number,
    }
}

pub(super) fn trait_kind(number: i32) -> TraitKind {
    use proto::resource_type::Trait;
    match Trait::try_from(number) {
        Ok(Trait::User) => TraitKind::User,
        Ok(Trait::Group) => TraitKind::Group,
        Ok(Trait::Role) => TraitKind::Role,
        Ok(Trait::App) => TraitKind::App,
        Ok(Trait::Secret) => TraitKind::Secret,
        Ok(Trait::Agent) => TraitKind::Agent,
        _ => TraitKind::Other(number),
    }
}
