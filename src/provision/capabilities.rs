//! A plan → what the connector can do: names, order and numbers are those of the protocol.

use serde::Serialize;
use serde_json::{Map, Value as Json, json};

use crate::model::{ResourceType, TraitKind};
use crate::plan::{ChangePlan, Credential, Plan, ProvisioningPlan, TypePlan};

/// What a connector can do, as JSON of the protocol's message.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Capabilities {
    /// What can be done with each type, by the ids of the types.
    pub resource_type_capabilities: Vec<TypeCapabilities>,
    /// What can be done with any of them, and with the connector as a whole.
    pub connector_capabilities: Vec<Capability>,
    /// How accounts get passwords.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credential_details: Option<CredentialDetails>,
}

/// What can be done with a type.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TypeCapabilities {
    /// The type.
    pub resource_type: CapableType,
    /// What can be done with it.
    pub capabilities: Vec<Capability>,
}

/// A type as the protocol shows it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CapableType {
    /// Its id.
    pub id: String,
    /// The name shown to people.
    pub display_name: String,
    /// `TRAIT_USER` …
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub traits: Vec<String>,
    /// A sentence about it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub description: String,
}

/// Something that a connector can do. In the order of the protocol's numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Capability {
    #[serde(rename = "CAPABILITY_PROVISION")]
    Provision,
    #[serde(rename = "CAPABILITY_SYNC")]
    Sync,
    #[serde(rename = "CAPABILITY_ACCOUNT_PROVISIONING")]
    AccountProvisioning,
    #[serde(rename = "CAPABILITY_CREDENTIAL_ROTATION")]
    CredentialRotation,
    #[serde(rename = "CAPABILITY_RESOURCE_CREATE")]
    ResourceCreate,
    #[serde(rename = "CAPABILITY_RESOURCE_DELETE")]
    ResourceDelete,
    #[serde(rename = "CAPABILITY_ACTIONS")]
    Actions,
    #[serde(rename = "CAPABILITY_TARGETED_SYNC")]
    TargetedSync,
    #[serde(rename = "CAPABILITY_EVENT_FEED_V2")]
    EventFeed,
    #[serde(rename = "CAPABILITY_SERVICE_MODE_TARGETED_SYNC")]
    ServiceModeTargetedSync,
}

/// How accounts get passwords.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CredentialDetails {
    /// New accounts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub capability_account_provisioning: Option<CredentialOptions>,
    /// Accounts that are there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub capability_credential_rotation: Option<CredentialOptions>,
}

/// Ways to get a password.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CredentialOptions {
    /// All of them.
    pub supported_credential_options: Vec<CredentialOption>,
    /// The one that is taken where nobody asks for another.
    pub preferred_credential_option: CredentialOption,
}

/// A way to get a password. In the order of the protocol's numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[expect(missing_docs, reason = "the names say it")]
pub enum CredentialOption {
    #[serde(rename = "CAPABILITY_DETAIL_CREDENTIAL_OPTION_NO_PASSWORD")]
    NoPassword,
    #[serde(rename = "CAPABILITY_DETAIL_CREDENTIAL_OPTION_RANDOM_PASSWORD")]
    RandomPassword,
    #[serde(rename = "CAPABILITY_DETAIL_CREDENTIAL_OPTION_ENCRYPTED_PASSWORD")]
    EncryptedPassword,
}

impl Capabilities {
    /// What a connector can do.
    pub fn of(plan: &Plan) -> Self {
        let mut types: Vec<&TypePlan> = plan.types.iter().collect();
        types.sort_by_key(|found| found.resource_type.id.as_str());
        let of_types: Vec<_> = types
            .iter()
            .map(|found| TypeCapabilities {
                resource_type: CapableType::of(&found.resource_type),
                capabilities: of_type(found),
            })
            .collect();
        let mut all: Vec<_> = of_types
            .iter()
            .flat_map(|found| found.capabilities.iter().copied())
            .collect();
        let tells = |found: &&TypePlan| {
            found.changes.is_some() || found.grants.iter().any(|entry| entry.changes.is_some())
        };
        let whole = [
            (Capability::Actions, !plan.actions.is_empty()),
            (Capability::EventFeed, types.iter().any(tells)),
            (
                Capability::ServiceModeTargetedSync,
                types.iter().any(|found| found.get.is_some()),
            ),
        ];
        all.extend(whole.iter().filter(|(_, can)| *can).map(|(what, _)| *what));
        all.sort_unstable();
        all.dedup();
        let accounts = types.iter().find_map(|found| found.account.as_ref());
        let rotations = types.iter().find_map(|found| found.rotation.as_ref());
        let details = CredentialDetails {
            capability_account_provisioning: accounts
                .and_then(|account| CredentialOptions::of(&account.credentials)),
            capability_credential_rotation: rotations
                .and_then(|rotation| CredentialOptions::of(&rotation.credentials)),
        };
        let any = details.capability_account_provisioning.is_some()
            || details.capability_credential_rotation.is_some();
        Self {
            resource_type_capabilities: of_types,
            connector_capabilities: all,
            credential_details: any.then_some(details),
        }
    }

    /// The JSON of the message within an `Any`, as connectors print it.
    pub fn as_any(&self) -> Json {
        let mut any = Map::new();
        let name = "type.googleapis.com/c1.connector.v2.ConnectorCapabilities";
        any.insert("@type".to_owned(), name.into());
        if let Json::Object(fields) = json!(self) {
            any.extend(fields);
        }
        Json::Object(any)
    }
}

impl CapableType {
    fn of(found: &ResourceType) -> Self {
        let traits = found.traits.iter();
        let traits = traits.filter(|kind| !matches!(kind, TraitKind::Other(_)));
        Self {
            id: found.id.to_string(),
            display_name: found.display_name.clone(),
            traits: traits
                .map(|kind| format!("TRAIT_{}", kind.name().to_uppercase()))
                .collect(),
            description: found.description.clone(),
        }
    }
}

impl CredentialOptions {
    /// The ways of a plan, which has the preferred one first.
    fn of(ways: &[Credential]) -> Option<Self> {
        let mut supported: Vec<_> = ways
            .iter()
            .map(|way| match way {
                Credential::NoPassword => CredentialOption::NoPassword,
                Credential::Random(_) => CredentialOption::RandomPassword,
                Credential::Encrypted => CredentialOption::EncryptedPassword,
            })
            .collect();
        let preferred = *supported.first()?;
        supported.sort_unstable();
        Some(Self {
            supported_credential_options: supported,
            preferred_credential_option: preferred,
        })
    }
}

fn of_type(found: &TypePlan) -> Vec<Capability> {
    let provisioning = &found.provisioning;
    let statics = provisioning.statics.iter().map(|(_, plan)| plan);
    let mut entitlements = statics.chain(&provisioning.listed);
    let all = [
        (Capability::Sync, true),
        (Capability::TargetedSync, found.get.is_some()),
        (Capability::Provision, entitlements.any(changes_something)),
        (Capability::AccountProvisioning, found.account.is_some()),
        (Capability::ResourceDelete, found.deletion.is_some()),
        (Capability::ResourceCreate, found.creation.is_some()),
        (Capability::CredentialRotation, found.rotation.is_some()),
    ];
    let can = all.into_iter().filter(|(_, can)| *can);
    can.map(|(what, _)| what).collect()
}

/// Whether an entitlement can be granted or revoked: a side without a statement does nothing.
fn changes_something(plan: &ProvisioningPlan) -> bool {
    let sides = plan.grant.iter().chain(&plan.revoke);
    sides.into_iter().any(|side| match side {
        ChangePlan::Sql(change) => !change.statements.is_empty(),
        ChangePlan::Http(change) => !change.steps.is_empty(),
    })
}
