//! The small things messages are made of: instants, attributes, identities, numbered choices.

use chrono::{DateTime, Utc};
use prost_types::value::Kind;
use prost_types::{ListValue, Struct, Timestamp, Value};

use crate::model::{Profile, ProfileValue, ResourceId};
use crate::proto::connector::v2 as proto;

/// A moment as messages have it.
pub fn timestamp(at: &DateTime<Utc>) -> Timestamp {
    Timestamp {
        seconds: at.timestamp(),
        // A leap second has no other place in the message than the end of the second before.
        nanos: at.timestamp_subsec_nanos().min(999_999_999) as i32,
    }
}

/// The moment of a message; `None` for one that no calendar holds.
pub fn instant(message: &Timestamp) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp(message.seconds, u32::try_from(message.nanos).ok()?)
        .filter(|_| message.nanos < 1_000_000_000)
}

/// An empty profile is not written: no reader tells it from none.
pub(super) fn profile_struct(profile: &Profile) -> Option<Struct> {
    (!profile.is_empty()).then(|| struct_of(profile))
}

fn struct_of(profile: &Profile) -> Struct {
    Struct {
        fields: profile
            .iter()
            .map(|(name, value)| (name.clone(), value_of(value)))
            .collect(),
    }
}

fn value_of(value: &ProfileValue) -> Value {
    let kind = match value {
        ProfileValue::Null => Kind::NullValue(0),
        ProfileValue::Bool(flag) => Kind::BoolValue(*flag),
        ProfileValue::Number(number) => Kind::NumberValue(*number),
        ProfileValue::Text(text) => Kind::StringValue(text.clone()),
        ProfileValue::List(values) => Kind::ListValue(ListValue {
            values: values.iter().map(value_of).collect(),
        }),
        ProfileValue::Map(profile) => Kind::StructValue(struct_of(profile)),
    };
    Value { kind: Some(kind) }
}

pub(super) fn profile(message: Option<Struct>) -> Profile {
    message.map(profile_of).unwrap_or_default()
}

fn profile_of(message: Struct) -> Profile {
    message
        .fields
        .into_iter()
        .map(|(name, value)| (name, profile_value(value)))
        .collect()
}

fn profile_value(value: Value) -> ProfileValue {
    match value.kind {
        None | Some(Kind::NullValue(_)) => ProfileValue::Null,
        Some(Kind::BoolValue(flag)) => ProfileValue::Bool(flag),
        Some(Kind::NumberValue(number)) => ProfileValue::Number(number),
        Some(Kind::StringValue(text)) => ProfileValue::Text(text),
        Some(Kind::ListValue(list)) => {
            ProfileValue::List(list.values.into_iter().map(profile_value).collect())
        }
        Some(Kind::StructValue(nested)) => ProfileValue::Map(profile_of(nested)),
    }
}

/// An identity as messages have it.
pub fn id_message(id: &ResourceId) -> proto::ResourceId {
    proto::ResourceId {
        resource_type: id.resource_type.0.clone(),
        resource: id.id.clone(),
        baton_resource: false,
    }
}

pub(super) fn resource_id(message: proto::ResourceId) -> ResourceId {
    ResourceId::new(message.resource_type, message.resource)
}

/// Declares the two directions between an enum of the model and one of the protocol. Numbers the
/// protocol gained later have no fact here: the field then stays unread.
macro_rules! numbered {
    ($to:ident, $from:ident, $model:ty => $message:ty { $($fact:ident = $number:ident),+ $(,)? }) => {
        pub(in crate::c1z::message) fn $to(fact: $model) -> i32 {
            match fact { $(<$model>::$fact => <$message>::$number as i32,)+ }
        }

        pub(in crate::c1z::message) fn $from(number: i32) -> Option<$model> {
            match <$message>::try_from(number).ok()? { $(<$message>::$number => Some(<$model>::$fact),)+ }
        }
    };
}
pub(super) use numbered;
