//! What happened, as programs read it.

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Serialize, Serializer};
use serde_json::Value as Json;

use crate::expr::Value;
use crate::mapping::resource_value;
use crate::model::{EntitlementId, Resource, ResourceId, ResourceTrait, UserStatus};

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Event {
    /// Its id: the same event that comes again has it again.
    pub id: String,
    /// When it happened.
    #[serde(serialize_with = "moment")]
    pub occurred_at: DateTime<Utc>,
    /// What happened.
    pub kind: EventKind,
    /// The resource that changed, or that the entitlement is on.
    pub resource: EventResource,
    /// What was granted or revoked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entitlement: Option<EventEntitlement>,
    /// Who gained or lost it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub principal: Option<EventResource>,
}

/// What can happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// A resource came, changed or went.
    ResourceChange,
    /// Somebody gained an entitlement.
    CreateGrant,
    /// Somebody lost one.
    CreateRevoke,
}

/// A resource that an event is about.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct EventResource {
    /// Its type.
    #[serde(rename = "type")]
    pub resource_type: String,
    /// Its id within the type.
    pub id: String,
    /// Its name, where it was fetched.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// The resource that it lives in, where it was fetched.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent: Option<Box<EventResource>>,
    /// Further attributes, where it was fetched.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile: Option<Json>,
    /// Email addresses of an account, the primary one first, where it was fetched.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub emails: Vec<String>,
    /// Whether an account works: `enabled`, `disabled` or `deleted`, where it was fetched and the
    /// system says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<&'static str>,
    /// The name that an account logs in with, where it was fetched.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub login: Option<String>,
    /// True when it was asked for, and is not there any more.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub deleted: bool,
}

/// An entitlement that an event is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EventEntitlement {
    /// Its full id.
    pub id: String,
}

impl EventResource {
    /// A resource of which only the id is known.
    pub(super) fn of(id: &ResourceId) -> Self {
        Self {
            resource_type: id.resource_type.to_string(),
            id: id.id.clone(),
            display_name: None,
            parent: None,
            profile: None,
            emails: Vec::new(),
            status: None,
            login: None,
            deleted: false,
        }
    }

    /// A resource that was asked for: `None` when it is gone.
    pub(super) fn fetched(id: &ResourceId, found: Option<&Resource>) -> Self {
        let Some(resource) = found else {
            return Self {
                deleted: true,
                ..Self::of(id)
            };
        };
        let value = resource_value(resource);
        let profile = value.get("profile").filter(|profile| match profile {
            Value::Map(map) => !map.is_empty(),
            _ => false,
        });
        let user = resource.traits.iter().find_map(|found| match found {
            ResourceTrait::User(user) => Some(user),
            _ => None,
        });
        let mut emails: Vec<_> = user.iter().flat_map(|user| &user.emails).collect();
        emails.sort_by_key(|email| !email.is_primary);
        let login = user
            .map(|user| &user.login)
            .filter(|login| !login.is_empty());
        Self {
            emails: emails
                .into_iter()
                .map(|email| email.address.clone())
                .collect(),
            status: user.and_then(|user| match user.status {
                UserStatus::Unspecified => None,
                UserStatus::Enabled => Some("enabled"),
                UserStatus::Disabled => Some("disabled"),
                UserStatus::Deleted => Some("deleted"),
            }),
            login: login.cloned(),
            display_name: Some(resource.display_name.clone()),
            parent: resource.parent.as_ref().map(|id| Box::new(Self::of(id))),
            profile: profile.map(Json::from),
            ..Self::of(&resource.id)
        }
    }
}

impl EventEntitlement {
    pub(super) fn of(id: &EntitlementId) -> Self {
        Self { id: id.to_string() }
    }
}

impl EventKind {
    /// The word that ids of such events begin with.
    pub(super) fn prefix(self) -> &'static str {
        match self {
            EventKind::ResourceChange => "resource",
            EventKind::CreateGrant => "grant",
            EventKind::CreateRevoke => "revoke",
        }
    }
}

/// A moment as ids and JSON have it.
pub(super) fn text(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

fn moment<S: Serializer>(at: &DateTime<Utc>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&text(*at))
}
