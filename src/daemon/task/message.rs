//! What tasks and their results are made of: ids, values, encrypted passwords, annotations.

use prost_types::value::Kind;
use prost_types::{Any, ListValue, Struct, Value};
use serde_json::{Map as JsonMap, Number, Value as Json};

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

/// Values by name, as JSON has them. The protocol has one kind of number: whole ones are integers.
pub(super) fn json(values: &Struct) -> JsonMap<String, Json> {
    let fields = values.fields.iter();
    fields
        .map(|(name, value)| (name.clone(), json_value(value)))
        .collect()
}

fn json_value(value: &Value) -> Json {
    match &value.kind {
        None | Some(Kind::NullValue(_)) => Json::Null,
        Some(Kind::BoolValue(value)) => Json::Bool(*value),
        Some(Kind::NumberValue(number)) => json_number(*number),
        Some(Kind::StringValue(text)) => Json::String(text.clone()),
        Some(Kind::ListValue(list)) => list.values.iter().map(json_value).collect(),
        Some(Kind::StructValue(fields)) => Json::Object(json(fields)),
    }
}

fn json_number(number: f64) -> Json {
    let is_exact = number.fract() == 0.0 && number.abs() < 9_007_199_254_740_992.0;
    match is_exact {
        true => Json::from(number as i64),
        false => Number::from_f64(number).map_or(Json::Null, Json::Number),
    }
}

/// Values by name, as the protocol has them.
pub(super) fn values(json: &JsonMap<String, Json>) -> Struct {
    let fields = json.iter();
    Struct {
        fields: fields
            .map(|(name, value)| (name.clone(), value_of(value)))
            .collect(),
    }
}

fn value_of(json: &Json) -> Value {
    let kind = match json {
        Json::Null => Kind::NullValue(0),
        Json::Bool(value) => Kind::BoolValue(*value),
        Json::Number(number) => match number.as_f64() {
            Some(number) => Kind::NumberValue(number),
            None => Kind::StringValue(number.to_string()),
        },
        Json::String(text) => Kind::StringValue(text.clone()),
        Json::Array(items) => Kind::ListValue(ListValue {
            values: items.iter().map(value_of).collect(),
        }),
        Json::Object(fields) => Kind::StructValue(values(fields)),
    };
    Value { kind: Some(kind) }
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
    use prost::Name as _;
    use serde_json::json;

    use super::*;

    #[test]
    fn values_come_back_as_they_went_and_whole_numbers_are_whole() {
        let given = json!({
            "text": "a", "yes": true, "nothing": null, "whole": 7, "half": 0.5, "large": -9_007_199_254_740_991_i64,
            "list": [1, "b", []], "map": {"inner": {"n": 2}},
        });
        let given = given.as_object().expect("an object");
        assert_eq!(json(&values(given)), *given);
        let number = |number| Value {
            kind: Some(Kind::NumberValue(number)),
        };
        assert_eq!(json_value(&number(12.0)), json!(12));
        assert_eq!(json_value(&number(f64::NAN)), Json::Null);
        assert_eq!(json_value(&number(1e300)), json!(1e300));
    }

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
