//! `Resource` ⇄ its message, with the traits that travel among its annotations.

use prost::{DecodeError, Message, Name};
use prost_types::Any;

use super::any::{Annotations, keep_unread, pack, pack_others, unread_of};
use super::scalar::{id_message, instant, profile, profile_struct, resource_id};
use super::wire::{Fields, embed_rest};
use super::{other_traits, user};
use crate::model::{
    AgentStatus, Annotation, Resource, ResourceId, ResourceTrait, ResourceTypeId, UserStatus,
};
use crate::proto::connector::v2 as proto;
use proto::resource::CreationSource;
use proto::status::ResourceStatus;

const CREATION_SOURCE: u32 = 8;

/// Encodes a resource as one that was listed, unless the file it came from said otherwise.
pub fn encode(resource: &Resource) -> Vec<u8> {
    let kept = unread_of(&resource.annotations, &proto::Resource::full_name());
    let created_otherwise = Fields::of(kept).is_ok_and(|fields| fields.has(CREATION_SOURCE));
    let creation_source = match created_otherwise {
        true => CreationSource::Unspecified,
        false => CreationSource::ConnectorListResources,
    };
    let message = proto::Resource {
        id: Some(id_message(&resource.id)),
        parent_resource_id: resource.parent.as_ref().map(id_message),
        display_name: resource.display_name.clone(),
        annotations: annotations(resource),
        description: resource.description.clone(),
        creation_source: creation_source as i32,
        profile: profile_struct(&resource.profile),
        ..Default::default()
    };
    let mut bytes = message.encode_to_vec();
    bytes.extend_from_slice(kept);
    bytes
}

fn annotations(resource: &Resource) -> Vec<Any> {
    let kept = &resource.annotations;
    let mut all: Vec<Any> = Vec::new();
    for resource_trait in &resource.traits {
        all.push(match resource_trait {
            ResourceTrait::User(facts) => pack(&user::message(facts), kept),
            ResourceTrait::Group(facts) => pack(&other_traits::group_message(facts), kept),
            ResourceTrait::Role(facts) => pack(&other_traits::role_message(facts), kept),
            ResourceTrait::App(facts) => pack(&other_traits::app_message(facts), kept),
            ResourceTrait::Secret(facts) => pack(&other_traits::secret_message(facts), kept),
            ResourceTrait::Agent(facts) => pack(&other_traits::agent_message(facts), kept),
        });
    }
    let nhi = resource.non_human_identity.as_ref();
    all.extend(nhi.map(|facts| pack(&other_traits::nhi_message(facts), kept)));
    all.extend(resource.child_types.iter().map(|id| {
        pack(
            &proto::ChildResourceType {
                resource_type_id: id.0.clone(),
            },
            kept,
        )
    }));
    let link = resource.external_link.as_ref();
    all.extend(link.map(|url| pack(&proto::ExternalLink { url: url.clone() }, kept)));
    all.extend(pack_others(kept));
    all
}

/// Decodes a resource. A trait without a status or a date takes that of the resource, where
/// newer files keep it.
pub fn decode(bytes: &[u8]) -> Result<Resource, DecodeError> {
    let message = proto::Resource::decode(bytes)?;
    let mut found = Annotations::of(message.annotations);
    let mut traits = take_traits(&mut found);
    for resource_trait in &mut traits {
        borrow_from_resource(
            resource_trait,
            message.status.as_ref(),
            message.created_at.as_ref(),
        );
    }
    let non_human_identity = found.take(other_traits::nhi);
    let child_types =
        found.take_all(|child: proto::ChildResourceType| ResourceTypeId(child.resource_type_id));
    let external_link = found.take(|link: proto::ExternalLink| Some((link.url, vec![1])));

    let mut annotations = found.rest();
    keep_unread_fields(bytes, &mut annotations)?;
    Ok(Resource {
        id: message
            .id
            .map_or_else(|| ResourceId::new("", ""), resource_id),
        display_name: message.display_name,
        description: message.description,
        parent: message.parent_resource_id.map(resource_id),
        traits,
        non_human_identity,
        child_types,
        external_link,
        profile: profile(message.profile),
        annotations,
    })
}

/// The first trait of each type, in the order of the file. A second one stays an annotation.
fn take_traits(found: &mut Annotations) -> Vec<ResourceTrait> {
    let mut traits = Vec::new();
    let mut seen: Vec<String> = Vec::new();
    for name in found.names() {
        if seen.contains(&name) {
            continue;
        }
        let taken = if name == proto::UserTrait::full_name() {
            found.take(user::facts).map(ResourceTrait::User)
        } else if name == proto::GroupTrait::full_name() {
            found.take(other_traits::group).map(ResourceTrait::Group)
        } else if name == proto::RoleTrait::full_name() {
            found.take(other_traits::role).map(ResourceTrait::Role)
        } else if name == proto::AppTrait::full_name() {
            found.take(other_traits::app).map(ResourceTrait::App)
        } else if name == proto::SecretTrait::full_name() {
            found.take(other_traits::secret).map(ResourceTrait::Secret)
        } else if name == proto::AgentTrait::full_name() {
            found.take(other_traits::agent).map(ResourceTrait::Agent)
        } else {
            None
        };
        traits.extend(taken);
        seen.push(name);
    }
    traits
}

fn borrow_from_resource(
    resource_trait: &mut ResourceTrait,
    status: Option<&proto::Status>,
    created_at: Option<&prost_types::Timestamp>,
) {
    let written = status.map_or(ResourceStatus::Unspecified, |status| status.status());
    let created_at = created_at.and_then(instant);
    match resource_trait {
        ResourceTrait::User(user) => {
            if user.status == UserStatus::Unspecified && user.status_details.is_empty() {
                user.status = match written {
                    ResourceStatus::Unspecified => UserStatus::Unspecified,
                    ResourceStatus::Enabled => UserStatus::Enabled,
                    ResourceStatus::Disabled => UserStatus::Disabled,
                    ResourceStatus::Deleted => UserStatus::Deleted,
                };
                user.status_details = status.map(|s| s.details.clone()).unwrap_or_default();
            }
            user.created_at = user.created_at.or(created_at);
        }
        ResourceTrait::Agent(agent) if agent.status == AgentStatus::Unspecified => {
            agent.status = match written {
                ResourceStatus::Unspecified => AgentStatus::Unspecified,
                ResourceStatus::Enabled => AgentStatus::Ready,
                ResourceStatus::Disabled => AgentStatus::Disabled,
                ResourceStatus::Deleted => AgentStatus::Deleted,
            };
        }
        ResourceTrait::Secret(secret) => secret.created_at = secret.created_at.or(created_at),
        _ => {}
    }
}

fn keep_unread_fields(bytes: &[u8], annotations: &mut Vec<Annotation>) -> Result<(), DecodeError> {
    let fields = Fields::of(bytes)?;
    let mut read = vec![1, 2, 3, 4, 5, 9];
    if proto::Resource::decode(bytes)?.creation_source() == CreationSource::ConnectorListResources {
        read.push(CREATION_SOURCE);
    }
    let mut unread = Vec::new();
    for number in [1, 2] {
        unread.extend(embed_rest(number, &id_rest(&fields, number)?));
    }
    unread.extend(fields.unread(&read));
    keep_unread(annotations, &proto::Resource::full_name(), unread);
    Ok(())
}

/// What the identity in field `number` says beyond its two parts. Written after those, it is
/// merged with them.
pub(super) fn id_rest(fields: &Fields, number: u32) -> Result<Vec<u8>, DecodeError> {
    let id = fields.embedded(number).unwrap_or_default();
    Ok(Fields::of(&id)?.unread(&[1, 2]))
}
