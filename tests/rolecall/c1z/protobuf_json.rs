//! Protobuf JSON, as the reference program prints it → our model. A key that nobody asked for is
//! a failure: no fact of the other implementation is passed over in silence.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use indexmap::IndexMap;
use rolecall::model::{
    AccountType, Annotation, Email, Entitlement, EntitlementId, Grant, GrantId, GroupTrait,
    Profile, ProfileValue, Purpose, Resource, ResourceId, ResourceTrait, ResourceType,
    ResourceTypeId, RoleTrait, TraitKind, UserStatus, UserTrait,
};
use serde_json::{Map, Value};

/// An object whose keys are used up one by one.
pub struct Object {
    what: String,
    fields: Map<String, Value>,
}

impl Object {
    pub fn of(what: &str, value: Value) -> Self {
        let Value::Object(fields) = value else {
            panic!("{what} is no object: {value}")
        };
        Self {
            what: what.to_owned(),
            fields,
        }
    }

    pub fn take(&mut self, key: &str) -> Option<Value> {
        self.fields.remove(key)
    }

    pub fn object(&mut self, key: &str) -> Option<Object> {
        self.take(key)
            .map(|value| Object::of(&format!("{}.{key}", self.what), value))
    }

    pub fn text(&mut self, key: &str) -> String {
        match self.take(key) {
            None => String::new(),
            Some(Value::String(text)) => text,
            Some(other) => panic!("{}.{key} is no text: {other}", self.what),
        }
    }

    pub fn number(&mut self, key: &str) -> u64 {
        self.text(key)
            .parse()
            .unwrap_or_else(|_| panic!("{}.{key} is no number", self.what))
    }

    pub fn flag(&mut self, key: &str) -> bool {
        self.take(key).is_some_and(|value| value.as_bool().unwrap())
    }

    pub fn instant(&mut self, key: &str) -> DateTime<Utc> {
        self.text(key).parse().unwrap()
    }

    pub fn objects(&mut self, key: &str) -> Vec<Object> {
        self.list(key)
            .into_iter()
            .map(|value| Object::of(key, value))
            .collect()
    }

    pub fn list(&mut self, key: &str) -> Vec<Value> {
        match self.take(key) {
            None => Vec::new(),
            Some(Value::Array(values)) => values,
            Some(other) => panic!("{}.{key} is no list: {other}", self.what),
        }
    }

    pub fn keys(&self) -> Vec<String> {
        self.fields.keys().cloned().collect()
    }

    /// Fails when a key is left.
    pub fn end(self) {
        assert!(
            self.fields.is_empty(),
            "{} has more: {:?}",
            self.what,
            self.keys()
        );
    }
}

pub fn resource_type(mut json: Object) -> ResourceType {
    let resource_type = ResourceType {
        id: ResourceTypeId(json.text("id")),
        display_name: json.text("displayName"),
        description: json.text("description"),
        traits: json.list("traits").iter().map(trait_kind).collect(),
        skip_entitlements_and_grants: false,
        annotations: Vec::new(),
    };
    json.end();
    resource_type
}

fn trait_kind(name: &Value) -> TraitKind {
    match name.as_str().unwrap() {
        "TRAIT_USER" => TraitKind::User,
        "TRAIT_GROUP" => TraitKind::Group,
        "TRAIT_ROLE" => TraitKind::Role,
        other => panic!("unknown trait {other}"),
    }
}

pub fn resource_id(mut json: Object) -> ResourceId {
    let id = ResourceId::new(json.text("resourceType"), json.text("resource"));
    json.end();
    id
}

pub fn resource(mut json: Object) -> Resource {
    let id = resource_id(json.object("id").unwrap());
    let mut resource = Resource::new(id, json.text("displayName"));
    resource.description = json.text("description");
    assert_eq!(
        json.text("creationSource"),
        "CREATION_SOURCE_CONNECTOR_LIST_RESOURCES"
    );
    for mut annotation in json.objects("annotations") {
        let type_url = annotation.text("@type");
        match type_url
            .strip_prefix("type.googleapis.com/c1.connector.v2.")
            .unwrap()
        {
            "UserTrait" => resource.traits.push(ResourceTrait::User(user(annotation))),
            "GroupTrait" => {
                let profile = profile(annotation.object("profile"));
                annotation.end();
                resource
                    .traits
                    .push(ResourceTrait::Group(GroupTrait { profile }));
            }
            "RoleTrait" => {
                let profile = profile(annotation.object("profile"));
                annotation.end();
                resource
                    .traits
                    .push(ResourceTrait::Role(RoleTrait { profile }));
            }
            "ETag" => {
                annotation.end();
                resource.annotations.push(Annotation {
                    type_url,
                    value: Vec::new(),
                });
            }
            other => panic!("unknown annotation {other}"),
        }
    }
    json.end();
    resource
}

fn user(mut json: Object) -> UserTrait {
    let mut user = UserTrait {
        account_type: match json.text("accountType").as_str() {
            "ACCOUNT_TYPE_HUMAN" => AccountType::Human,
            "ACCOUNT_TYPE_SERVICE" => AccountType::Service,
            "ACCOUNT_TYPE_SYSTEM" => AccountType::System,
            other => panic!("unknown account type {other}"),
        },
        login: json.text("login"),
        profile: profile(json.object("profile")),
        ..UserTrait::default()
    };
    for mut email in json.objects("emails") {
        let address = email.text("address");
        user.emails.push(Email {
            address,
            is_primary: email.flag("isPrimary"),
        });
        email.end();
    }
    let mut status = json.object("status").unwrap();
    user.status = match status.text("status").as_str() {
        "STATUS_ENABLED" => UserStatus::Enabled,
        "STATUS_DISABLED" => UserStatus::Disabled,
        "STATUS_DELETED" => UserStatus::Deleted,
        other => panic!("unknown status {other}"),
    };
    user.status_details = status.text("details");
    status.end();
    json.end();
    user
}

fn profile(json: Option<Object>) -> Profile {
    let Some(mut json) = json else {
        return Profile::new();
    };
    let keys = json.keys();
    keys.into_iter()
        .map(|key| {
            let value = ProfileValue::Text(json.text(&key));
            (key, value)
        })
        .collect()
}

pub fn entitlement(mut json: Object) -> Entitlement {
    let mut entitlement = Entitlement {
        id: EntitlementId(json.text("id")),
        resource: resource(json.object("resource").unwrap()),
        display_name: json.text("displayName"),
        description: json.text("description"),
        purpose: match json.text("purpose").as_str() {
            "PURPOSE_VALUE_ASSIGNMENT" => Purpose::Assignment,
            "PURPOSE_VALUE_PERMISSION" => Purpose::Permission,
            "PURPOSE_VALUE_OWNERSHIP" => Purpose::Ownership,
            other => panic!("unknown purpose {other}"),
        },
        slug: json.text("slug"),
        grantable_to: Vec::new(),
        immutable: false,
        exclusion_group: None,
        annotations: Vec::new(),
    };
    for mut annotation in json.objects("annotations") {
        let type_url = annotation.text("@type");
        assert_eq!(
            type_url,
            "type.googleapis.com/c1.connector.v2.EntitlementImmutable"
        );
        entitlement.immutable = true;
        annotation.end();
    }
    json.end();
    entitlement
}

pub fn grant(mut json: Object) -> Grant {
    let mut entitlement = json.object("entitlement").unwrap();
    let mut principal = json.object("principal").unwrap();
    let grant = Grant {
        id: GrantId(json.text("id")),
        entitlement: EntitlementId(entitlement.text("id")),
        resource: Arc::new(resource(entitlement.object("resource").unwrap())),
        principal: resource_id(principal.object("id").unwrap()),
        expansion: None,
        external_match: None,
        immutable: false,
        sources: IndexMap::new(),
        annotations: Vec::new(),
    };
    entitlement.end();
    principal.end();
    json.end();
    grant
}
