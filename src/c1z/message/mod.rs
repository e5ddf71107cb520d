//! Model ⇄ the protobuf blobs of a sync file, both ways, losing nothing and always the same bytes.

mod any;
pub mod entitlement;
pub mod grant;
mod other_traits;
pub mod resource;
pub mod resource_type;
mod scalar;
mod user;
mod wire;

use crate::model::{Annotation, Resource};

/// The annotation of principals that another system has.
const OF_ANOTHER_SYSTEM: &str = "c1.connector.v2.BatonID";

pub use scalar::{id_message, instant, timestamp};

/// True for an annotation that a file holds, false for the fields that reading could not place
/// and keeps beside them.
pub fn is_annotation(annotation: &Annotation) -> bool {
    !annotation.type_url.starts_with(any::UNREAD)
}

/// The message name in a type URL, for example `c1.connector.v2.ExternalLink`.
pub fn annotation_name(annotation: &Annotation) -> &str {
    any::message_name(&annotation.type_url)
}

/// Whether a resource is one of another system, which this one only refers to.
pub fn is_of_another_system(resource: &Resource) -> bool {
    let mut annotations = resource.annotations.iter();
    annotations.any(|it| annotation_name(it) == OF_ANOTHER_SYSTEM)
}
