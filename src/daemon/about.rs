//! A plan → what the platform is told of the connector: its name, what it can do, and what whoever
//! wants an account fills in.

use prost::Message as _;

use crate::c1z::message::resource_type;
use crate::config::account::AccountFieldType;
use crate::plan::{AccountField, Plan};
use crate::proto::connector::v2 as proto;
use crate::provision::{
    Capabilities, Capability, CredentialOption, CredentialOptions, TypeCapabilities, account_type,
};
use proto::connector_account_creation_schema as form;

/// The most bytes of a name that is shown, and of a sentence; platforms refuse longer ones.
const LONGEST_NAME: usize = 1024;
const LONGEST_DESCRIPTION: usize = 4096;

/// What the platform is told. Without `provisioning`, nothing that changes the system is announced.
pub fn about(plan: &Plan, provisioning: bool) -> proto::ConnectorMetadata {
    let name = match plan.app_name.trim() {
        // A platform wants one.
        "" => "rolecall",
        name => name,
    };
    proto::ConnectorMetadata {
        display_name: cut(name, LONGEST_NAME),
        description: cut(&plan.app_description, LONGEST_DESCRIPTION),
        capabilities: Some(capabilities(plan, provisioning)),
        account_creation_schema: provisioning.then(|| account_form(plan)).flatten(),
        ..proto::ConnectorMetadata::default()
    }
}

fn capabilities(plan: &Plan, provisioning: bool) -> proto::ConnectorCapabilities {
    let all = Capabilities::of(plan);
    let numbers = |of: &[Capability]| {
        let announced = of.iter().filter(|one| provisioning || !changes(**one));
        announced.map(|one| number(*one).into()).collect()
    };
    let of_types = all.resource_type_capabilities.iter();
    let of_type = |of: &TypeCapabilities| proto::ResourceTypeCapability {
        resource_type: resource_type_message(plan, &of.resource_type.id),
        capabilities: numbers(&of.capabilities),
        ..proto::ResourceTypeCapability::default()
    };
    let details = all.credential_details.filter(|_| provisioning);
    proto::ConnectorCapabilities {
        resource_type_capabilities: of_types.map(of_type).collect(),
        connector_capabilities: numbers(&all.connector_capabilities),
        credential_details: details.map(|details| {
            let accounts = details.capability_account_provisioning.as_ref();
            let rotation = details.capability_credential_rotation.as_ref();
            proto::CredentialDetails {
                capability_account_provisioning: accounts.map(|ways| {
                    let (supported, preferred) = ways_numbers(ways);
                    proto::CredentialDetailsAccountProvisioning {
                        supported_credential_options: supported,
                        preferred_credential_option: preferred,
                    }
                }),
                capability_credential_rotation: rotation.map(|ways| {
                    let (supported, preferred) = ways_numbers(ways);
                    proto::CredentialDetailsCredentialRotation {
                        supported_credential_options: supported,
                        preferred_credential_option: preferred,
                    }
                }),
            }
        }),
    }
}

/// Whether it changes the system.
fn changes(capability: Capability) -> bool {
    match capability {
        Capability::Sync
        | Capability::TargetedSync
        | Capability::EventFeed
        | Capability::ServiceModeTargetedSync => false,
        Capability::Provision
        | Capability::AccountProvisioning
        | Capability::CredentialRotation
        | Capability::ResourceCreate
        | Capability::ResourceDelete
        | Capability::Actions => true,
    }
}

fn number(capability: Capability) -> proto::Capability {
    match capability {
        Capability::Provision => proto::Capability::Provision,
        Capability::Sync => proto::Capability::Sync,
        Capability::AccountProvisioning => proto::Capability::AccountProvisioning,
        Capability::CredentialRotation => proto::Capability::CredentialRotation,
        Capability::ResourceCreate => proto::Capability::ResourceCreate,
        Capability::ResourceDelete => proto::Capability::ResourceDelete,
        Capability::Actions => proto::Capability::Actions,
        Capability::TargetedSync => proto::Capability::TargetedSync,
        Capability::EventFeed => proto::Capability::EventFeedV2,
        Capability::ServiceModeTargetedSync => proto::Capability::ServiceModeTargetedSync,
    }
}

/// All ways to get a password, and the preferred one.
fn ways_numbers(ways: &CredentialOptions) -> (Vec<i32>, i32) {
    use proto::CapabilityDetailCredentialOption as Number;
    let number = |way: &CredentialOption| {
        i32::from(match way {
            CredentialOption::NoPassword => Number::NoPassword,
            CredentialOption::RandomPassword => Number::RandomPassword,
            CredentialOption::EncryptedPassword => Number::EncryptedPassword,
        })
    };
    let supported = ways.supported_credential_options.iter();
    (
        supported.map(number).collect(),
        number(&ways.preferred_credential_option),
    )
}

fn resource_type_message(plan: &Plan, id: &str) -> Option<proto::ResourceType> {
    let mut types = plan.types.iter().map(|found| &found.resource_type);
    let found = types.find(|found| found.id.as_str() == id)?;
    let mut message = proto::ResourceType::decode(resource_type::encode(found).as_slice()).ok()?;
    message.display_name = cut(&message.display_name, LONGEST_NAME);
    message.description = cut(&message.description, LONGEST_DESCRIPTION);
    Some(message)
}

/// What whoever wants an account fills in; `None` where there are no accounts to be had.
fn account_form(plan: &Plan) -> Option<proto::ConnectorAccountCreationSchema> {
    let (_, account) = account_type(plan, None).ok()?;
    let fields = account.fields.iter().zip(0..);
    Some(proto::ConnectorAccountCreationSchema {
        field_map: fields
            .map(|(field, order)| (field.name.clone(), account_field(field, order)))
            .collect(),
    })
}

fn account_field(field: &AccountField, order: i32) -> form::Field {
    use form::field::Field as Kind;
    let kind = match field.field_type {
        AccountFieldType::String => Kind::StringField(form::StringField::default()),
        AccountFieldType::StringList => Kind::StringListField(form::StringListField::default()),
        AccountFieldType::Boolean => Kind::BoolField(form::BoolField::default()),
        AccountFieldType::Int => Kind::IntField(form::IntField::default()),
        AccountFieldType::Map => Kind::MapField(form::MapField::default()),
    };
    form::Field {
        display_name: field.name.clone(),
        required: field.required,
        description: field.description.clone(),
        placeholder: field.placeholder.clone(),
        order,
        field: Some(kind),
        ..form::Field::default()
    }
}

/// The beginning of a text, of at most so many bytes.
fn cut(text: &str, most: usize) -> String {
    text[..text.floor_char_boundary(most)].to_owned()
}
