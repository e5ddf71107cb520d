//! Messages ⇄ JSON: fields by their names in the protocol, bytes as base64, annotations by their types.

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use prost::{Message, Name};
use prost_reflect::prost_types::{DescriptorProto, FileDescriptorProto};
use prost_reflect::{
    DescriptorPool, DynamicMessage, MessageDescriptor, ReflectMessage as _, SerializeOptions, Value,
};
use serde_json::{Value as Json, json};

use crate::proto::DESCRIPTORS;

static POOL: LazyLock<DescriptorPool> =
    LazyLock::new(|| DescriptorPool::decode(DESCRIPTORS).expect("they were just compiled"));

const ANY: &str = "google.protobuf.Any";

/// A message as JSON. What it holds of types that are not known here is shown by its type only.
pub fn show<M: Message + Name>(message: &M) -> Json {
    let bytes = message.encode_to_vec();
    try_show(&POOL, &M::full_name(), &bytes)
        .or_else(|| {
            // With the names of what is not known, everything can be shown that is.
            let named =
                DynamicMessage::decode(descriptor(&POOL, &M::full_name())?, &*bytes).ok()?;
            let mut names = Vec::new();
            strangers(&named, &mut names);
            try_show(&with_strangers(names)?, &M::full_name(), &bytes)
        })
        .unwrap_or_else(|| json!({ "@type": M::type_url(), "value": STANDARD.encode(bytes) }))
}

/// Reads a message from JSON. Fails with a sentence about what is wrong.
pub fn read<M: Message + Name + Default>(json: &Json) -> Result<M, String> {
    let of = descriptor(&POOL, &M::full_name()).expect("every message is among them");
    let read = DynamicMessage::deserialize(of, json).map_err(|error| error.to_string())?;
    read.transcode_to().map_err(|error| error.to_string())
}

fn descriptor(pool: &DescriptorPool, name: &str) -> Option<MessageDescriptor> {
    pool.get_message_by_name(name)
}

fn try_show(pool: &DescriptorPool, name: &str, bytes: &[u8]) -> Option<Json> {
    let message = DynamicMessage::decode(descriptor(pool, name)?, bytes).ok()?;
    let options = SerializeOptions::new()
        .use_proto_field_name(true)
        .stringify_64_bit_integers(false);
    let shown = message.serialize_with_options(serde_json::value::Serializer, &options);
    shown.ok()
}

/// The types of annotations that are not known here.
fn strangers(message: &DynamicMessage, names: &mut Vec<String>) {
    if message.descriptor().full_name() == ANY {
        let text = |name| {
            let field = message.get_field_by_name(name)?;
            Some(field.as_str().unwrap_or_default().to_owned())
        };
        let url = text("type_url").unwrap_or_default();
        let name = url.rsplit('/').next().unwrap_or_default();
        let inside = match (descriptor(&POOL, name), message.get_field_by_name("value")) {
            (Some(of), Some(bytes)) => {
                let bytes = bytes.as_bytes().cloned().unwrap_or_default();
                DynamicMessage::decode(of, bytes).ok()
            }
            _ => None,
        };
        match inside {
            Some(inside) => strangers(&inside, names),
            None => names.push(name.to_owned()),
        }
    }
    for (_, value) in message.fields() {
        strangers_of(value, names);
    }
}

fn strangers_of(value: &Value, names: &mut Vec<String>) {
    match value {
        Value::Message(message) => strangers(message, names),
        Value::List(values) => values.iter().for_each(|value| strangers_of(value, names)),
        Value::Map(values) => values.values().for_each(|value| strangers_of(value, names)),
        _ => {}
    }
}

/// All messages, and empty ones of these names.
fn with_strangers(mut names: Vec<String>) -> Option<DescriptorPool> {
    names.sort();
    names.dedup();
    let mut pool = POOL.clone();
    for (at, name) in names.iter().enumerate() {
        let (package, name) = name.rsplit_once('.').unwrap_or(("", name));
        let file = FileDescriptorProto {
            name: Some(format!("unknown/{at}.proto")),
            package: Some(package.to_owned()),
            message_type: vec![DescriptorProto {
                name: Some(name.to_owned()),
                ..Default::default()
            }],
            syntax: Some("proto3".to_owned()),
            ..Default::default()
        };
        pool.add_file_descriptor_proto(file).ok()?;
    }
    Some(pool)
}

#[cfg(test)]
mod tests {
    use prost_types::Any;

    use super::*;
    use crate::proto::connector::v2::{EncryptedData, Grant, GrantAlreadyExists};
    use crate::proto::connectorapi::baton::v1::Task;

    #[test]
    fn a_message_becomes_json_whatever_stands_in_it() {
        let any = |url: &str, value: &[u8]| Any {
            type_url: url.to_owned(),
            value: value.to_vec(),
        };
        let inner = Grant {
            annotations: vec![any("type.googleapis.com/acme.Inner", b"")],
            ..Default::default()
        };
        let grant = Grant {
            id: "g".to_owned(),
            annotations: vec![
                any(&GrantAlreadyExists::type_url(), b""),
                any("type.googleapis.com/acme.v1.Unknown", b"\x08\x01"),
                any(&Grant::type_url(), &inner.encode_to_vec()),
            ],
            ..Default::default()
        };
        assert_eq!(
            show(&grant),
            json!({
                "id": "g",
                "annotations": [
                    {"@type": GrantAlreadyExists::type_url()},
                    {"@type": "type.googleapis.com/acme.v1.Unknown"},
                    {"@type": Grant::type_url(), "annotations": [{"@type": "type.googleapis.com/acme.Inner"}]},
                ],
            })
        );
        let sealed = EncryptedData {
            encrypted_bytes: vec![0xff, 0],
            ..Default::default()
        };
        assert_eq!(show(&sealed), json!({"encrypted_bytes": "/wA="}));
    }

    #[test]
    fn what_cannot_be_shown_is_shown_as_bytes() {
        for broken in [
            Any {
                type_url: "no url".to_owned(),
                value: vec![1],
            },
            Any {
                type_url: Grant::type_url(),
                value: vec![0xff],
            },
        ] {
            let grant = Grant {
                annotations: vec![broken],
                ..Default::default()
            };
            let shown = show(&grant);
            let bytes = STANDARD.decode(shown["value"].as_str().expect("bytes"));
            assert_eq!(bytes, Ok(grant.encode_to_vec()));
        }
    }

    #[test]
    fn json_becomes_a_message_or_a_sentence() {
        let task: Task = read(&json!({"sync_full": {"skip_grants": true}})).expect("a task");
        assert_eq!(show(&task), json!({"sync_full": {"skip_grants": true}}));
        for wrong in [
            json!({"sync_ful": {}}),
            json!([]),
            json!({"sync_full": {}, "grant": {}}),
            json!({"sync_full": {"skip_grants": 1}}),
        ] {
            assert!(
                !read::<Task>(&wrong).expect_err("wrong").is_empty(),
                "{wrong}"
            );
        }
    }
}
