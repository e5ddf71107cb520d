//! Resources as JSON shows them.

use serde::Serialize;
use serde_json::{Map, Value};

use super::{AgentView, AppView, NonHumanIdentityView, SecretView, UserView};
use super::{annotation_names, is_false};
use crate::model::{Profile, ProfileValue, Resource, ResourceId, ResourceTrait};

/// Identity of a resource.
#[derive(Debug, Clone, Serialize, PartialEq)]
#[expect(missing_docs, reason = "the names say it")]
pub struct ResourceIdView {
    pub resource_type: String,
    pub id: String,
}

impl From<&ResourceId> for ResourceIdView {
    fn from(id: &ResourceId) -> Self {
        Self {
            resource_type: id.resource_type.0.clone(),
            id: id.id.clone(),
        }
    }
}

/// A resource that something else points at.
#[derive(Debug, Clone, Serialize, PartialEq)]
pub struct ResourceRefView {
    /// Its type.
    pub resource_type: String,
    /// Its id within the type.
    pub id: String,
    /// Its name; `null` when the sync did not list it.
    pub display_name: Option<String>,
}

impl ResourceRefView {
    /// What to call it: its name, or its id with a remark when the sync did not list it.
    pub fn name(&self) -> String {
        match &self.display_name {
            Some(name) if !name.is_empty() => name.clone(),
            Some(_) => self.id.clone(),
            None => format!("{} (not listed)", self.id),
        }
    }
}

/// A resource.
#[derive(Debug, Clone, Serialize)]
pub struct ResourceView {
    /// Its type.
    pub resource_type: String,
    /// Its id within the type.
    pub id: String,
    /// Its name.
    pub display_name: String,
    /// A sentence about it.
    pub description: String,
    /// Its traits: `user`, `group`, `role`, `app`, `secret`, `agent`.
    pub traits: Vec<&'static str>,
    /// The resource it lives in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent: Option<ResourceIdView>,
    /// Facts of an account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<UserView>,
    /// Facts of an application.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub app: Option<AppView>,
    /// Facts of a credential.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret: Option<SecretView>,
    /// Facts of an agent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent: Option<AgentView>,
    /// Set for a machine identity.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub non_human_identity: Option<NonHumanIdentityView>,
    /// Other attributes, wherever the file keeps them.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub profile: Map<String, Value>,
    /// Types listed once for each such resource.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub child_types: Vec<String>,
    /// Its page in the system itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_link: Option<String>,
    /// Names of annotations that have no key of their own.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub annotations: Vec<String>,
    /// True for a principal that grants name but the sync did not list.
    #[serde(skip_serializing_if = "is_false")]
    pub is_unlisted: bool,
}

impl From<&Resource> for ResourceView {
    fn from(resource: &Resource) -> Self {
        let mut profile = json_of(&resource.profile);
        for resource_trait in &resource.traits {
            profile.extend(resource_trait.profile().map(json_of).unwrap_or_default());
        }
        let mut view = Self {
            resource_type: resource.id.resource_type.0.clone(),
            id: resource.id.id.clone(),
            display_name: resource.display_name.clone(),
            description: resource.description.clone(),
            traits: resource.traits.iter().map(|it| it.kind().name()).collect(),
            parent: resource.parent.as_ref().map(ResourceIdView::from),
            user: None,
            app: None,
            secret: None,
            agent: None,
            non_human_identity: resource.non_human_identity.as_ref().map(Into::into),
            profile,
            child_types: resource.child_types.iter().map(|id| id.0.clone()).collect(),
            external_link: resource.external_link.clone(),
            annotations: annotation_names(&resource.annotations),
            is_unlisted: false,
        };
        for resource_trait in &resource.traits {
            match resource_trait {
                ResourceTrait::User(facts) => view.user = Some(facts.into()),
                ResourceTrait::App(facts) => view.app = Some(facts.into()),
                ResourceTrait::Secret(facts) => view.secret = Some(facts.into()),
                ResourceTrait::Agent(facts) => view.agent = Some(facts.into()),
                // Their only facts are in the profile.
                ResourceTrait::Group(_) | ResourceTrait::Role(_) => {}
            }
        }
        view
    }
}

fn json_of(profile: &Profile) -> Map<String, Value> {
    let mut map: Map<_, _> = profile
        .iter()
        .map(|(name, value)| (name.clone(), json_value(value)))
        .collect();
    map.sort_keys();
    map
}

fn json_value(value: &ProfileValue) -> Value {
    match value {
        ProfileValue::Null => Value::Null,
        ProfileValue::Bool(flag) => Value::Bool(*flag),
        // Whole numbers without the `.0` that only says how a file stores them.
        ProfileValue::Number(number) if number.fract() == 0.0 && number.abs() < 1e15 => {
            Value::from(*number as i64)
        }
        ProfileValue::Number(number) => Value::from(*number),
        ProfileValue::Text(text) => Value::from(text.as_str()),
        ProfileValue::List(values) => values.iter().map(json_value).collect(),
        ProfileValue::Map(profile) => Value::Object(json_of(profile)),
    }
}
