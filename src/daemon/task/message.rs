//! What tasks and their results are made of: ids, encrypted passwords, annotations.

use prost_types::Any;

use super::failure::malformed;
use crate::c1z::message::id_message;
use crate::daemon::{Failure, pack};
use crate::model::ResourceId;
use crate::proto::connector::v2 as proto;
use crate::provision::{Annotation, Sealed};

/// The most bytes that an id may have.
const LONGEST_ID: usize = 1024;

/// The identity that a task gives to `what`, whole and of a length that platforms take.
pub(super) fn resource_id(
    what: &str,
    id: Option<&proto::ResourceId>,
) -> Result<ResourceId, Failure> {
    let id = id.ok_or_else(|| malformed(format!("the task names no {what}")))?;
    filled(
        &format!("the resource type of the {what}"),
        &id.resource_type,
    )?;
    filled(&format!("the id of the {what}"), &id.resource)?;
    Ok(ResourceId::new(&id.resource_type, &id.resource))
}

/// Refuses a text that must say something and is empty, or longer than an id may be.
pub(super) fn filled(what: &str, text: &str) -> Result<(), Failure> {
    match text.len() {
        0 => Err(malformed(format!("the task lacks {what}"))),
        1..=LONGEST_ID => Ok(()),
        length => Err(malformed(format!(
            "{what} has {length} bytes, and may have {LONGEST_ID}"
        ))),
    }
}

/// What a change tells besides its verdict, as the protocol has it.
pub(super) fn annotations(told: &[Annotation]) -> Vec<Any> {
    let told = told.iter();
    told.map(|annotation| match annotation {
        Annotation::GrantAlreadyExists => pack(&proto::GrantAlreadyExists {}),
        Annotation::GrantAlreadyRevoked => pack(&proto::GrantAlreadyRevoked {}),
        Annotation::GrantReplaced { replaced_grant_id } => pack(&proto::GrantReplaced {
            replaced_grant_id: replaced_grant_id.clone(),
        }),
        Annotation::ResourceDeleted { resource } => {
            let (of, id) = resource.split_once('/').unwrap_or(("", resource));
            pack(&proto::ResourceDeleted {
                resource_id: Some(id_message(&ResourceId::new(of, id))),
            })
        }
        Annotation::ResourceDoesNotExist => pack(&proto::ResourceDoesNotExist {}),
    })
    .collect()
}

/// An encrypted password on its way to whoever asked for it.
pub(super) fn encrypted(sealed: Sealed) -> proto::EncryptedData {
    proto::EncryptedData {
        provider: sealed.provider,
        key_id: sealed.key_id,
        name: sealed.name,
        description: sealed.description,
        schema: sealed.schema,
        encrypted_bytes: sealed.encrypted_bytes,
        key_ids: sealed.key_ids,
    }
}

/// An encrypted password that somebody hands over.
pub(super) fn sealed(data: &proto::EncryptedData) -> Sealed {
    let data = data.clone();
    Sealed {
        provider: data.provider,
        key_id: data.key_id,
        key_ids: data.key_ids,
        name: data.name,
        description: data.description,
        schema: data.schema,
        encrypted_bytes: data.encrypted_bytes,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use prost::Name as _;

    #[test]
    fn a_resource_that_went_is_told_by_its_id() {
        let told = annotations(&[Annotation::ResourceDeleted {
            resource: "team/a/b".to_owned(),
        }]);
        assert_eq!(told[0].type_url, proto::ResourceDeleted::type_url());
        let told: proto::ResourceDeleted = told[0].to_msg().expect("of this type");
        let id = told.resource_id.expect("it has one");
        assert_eq!(
            (id.resource_type.as_str(), id.resource.as_str()),
            ("team", "a/b")
        );
    }

    #[test]
    fn ids_have_the_length_that_platforms_take() {
        let id = |of: &str, id: &str| proto::ResourceId {
            resource_type: of.to_owned(),
            resource: id.to_owned(),
            baton_resource: false,
        };
        let long = "x".repeat(LONGEST_ID);
        assert!(resource_id("account", Some(&id("user", &long))).is_ok());
        for wrong in [
            Some(id("user", &format!("{long}x"))),
            Some(id("", "7")),
            Some(id("user", "")),
            None,
        ] {
            assert!(resource_id("account", wrong.as_ref()).is_err(), "{wrong:?}");
        }
    }
}
