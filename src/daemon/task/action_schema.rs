//! What an action takes and answers → the protocol's message.

use serde_json::Value as Json;

use crate::config::names_secret;
use crate::daemon::pack;
use crate::proto::config::v1 as proto;
use crate::proto::connector::v2::{ActionType, BatonActionSchema};
use crate::provision::{ActionSchema, ActionValueSchema};
use proto::field::Field as Kind;

/// An action as the protocol has it.
pub(super) fn message(schema: ActionSchema) -> BatonActionSchema {
    let kinds = schema.action_type.iter();
    let kinds = kinds.filter_map(|name| ActionType::from_str_name(name));
    BatonActionSchema {
        name: schema.name,
        arguments: schema.arguments.into_iter().map(field).collect(),
        return_types: schema.return_types.into_iter().map(field).collect(),
        display_name: schema.display_name,
        description: schema.description,
        action_type: kinds.map(i32::from).collect(),
        ..BatonActionSchema::default()
    }
}

fn field(value: ActionValueSchema) -> proto::Field {
    proto::Field {
        field: Some(kind(value.r#type, value.default.as_ref())),
        is_secret: names_secret(&value.name),
        is_required: value.required,
        name: value.name,
        display_name: value.display_name,
        description: value.description,
        ..proto::Field::default()
    }
}

/// The kind of a value, with the value where nobody says another. The protocol has no numbers but
/// whole ones: a default that is none is left out.
fn kind(word: &str, default: Option<&Json>) -> Kind {
    let text = |value: &Json| value.as_str().unwrap_or_default().to_owned();
    match word {
        "boolean" => Kind::BoolField(proto::BoolField {
            default_value: default.and_then(Json::as_bool).unwrap_or_default(),
            ..proto::BoolField::default()
        }),
        "number" => Kind::IntField(proto::IntField {
            default_value: default.and_then(Json::as_i64).unwrap_or_default(),
            ..proto::IntField::default()
        }),
        "string_list" => {
            let items = default.and_then(Json::as_array).into_iter().flatten();
            Kind::StringSliceField(proto::StringSliceField {
                default_value: items.map(text).collect(),
                ..proto::StringSliceField::default()
            })
        }
        "string_map" => {
            let entries = default.and_then(Json::as_object).into_iter().flatten();
            Kind::StringMapField(proto::StringMapField {
                default_value: entries
                    .map(|(name, value)| (name.clone(), pack(&text(value))))
                    .collect(),
                ..proto::StringMapField::default()
            })
        }
        _ => Kind::StringField(proto::StringField {
            default_value: default.map(text).unwrap_or_default(),
            ..proto::StringField::default()
        }),
    }
}
