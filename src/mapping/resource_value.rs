//! A resource → the value that expressions and templates see.

use crate::expr::{Map, Value};
use crate::model::{Profile, ProfileValue, Resource, ResourceTrait};

/// A resource as expressions and templates see it. Both spellings of each member work in both
/// dialects: `resource.ID` and `resource.id`.
pub fn resource_value(resource: &Resource) -> Value {
    let text = |text: &str| Value::Text(text.to_owned());
    let mut fields = Map::new();
    for name in ["ID", "id"] {
        fields.insert(name.to_owned(), text(&resource.id.id));
    }
    for name in ["Type", "type", "ResourceTypeID", "resource_type"] {
        fields.insert(name.to_owned(), text(resource.id.resource_type.as_str()));
    }
    for name in ["DisplayName", "display_name"] {
        fields.insert(name.to_owned(), text(&resource.display_name));
    }
    for name in ["Description", "description"] {
        fields.insert(name.to_owned(), text(&resource.description));
    }
    let profile = resource
        .traits
        .iter()
        .find_map(ResourceTrait::profile)
        .unwrap_or(&resource.profile);
    fields.insert("profile".to_owned(), profile_value(profile));
    let traits = resource
        .traits
        .iter()
        .map(|found| (found.kind().name().to_owned(), trait_value(found)));
    fields.insert("traits".to_owned(), Value::Map(traits.collect()));
    Value::Map(fields)
}

fn trait_value(found: &ResourceTrait) -> Value {
    let mut fields = Map::new();
    if let ResourceTrait::User(user) = found {
        let primary = user
            .emails
            .iter()
            .find(|email| email.is_primary)
            .or(user.emails.first());
        if let Some(email) = primary {
            fields.insert("email".to_owned(), Value::Text(email.address.clone()));
        }
        let emails = user
            .emails
            .iter()
            .map(|email| Value::Text(email.address.clone()));
        fields.insert("emails".to_owned(), Value::List(emails.collect()));
        fields.insert("login".to_owned(), Value::Text(user.login.clone()));
    }
    if let Some(profile) = found.profile() {
        fields.insert("profile".to_owned(), profile_value(profile));
    }
    Value::Map(fields)
}

fn profile_value(profile: &Profile) -> Value {
    Value::Map(
        profile
            .iter()
            .map(|(name, value)| (name.clone(), attribute_value(value)))
            .collect(),
    )
}

fn attribute_value(value: &ProfileValue) -> Value {
    match value {
        ProfileValue::Null => Value::Null,
        ProfileValue::Bool(value) => Value::Bool(*value),
        ProfileValue::Number(value) => Value::Float(*value),
        ProfileValue::Text(text) => Value::Text(text.clone()),
        ProfileValue::List(items) => Value::List(items.iter().map(attribute_value).collect()),
        ProfileValue::Map(map) => profile_value(map),
    }
}
