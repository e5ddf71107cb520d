//! A small made-up organisation that has one of everything a file can say.

use std::sync::Arc;

use indexmap::IndexMap;
use rolecall::model::*;
use rolecall::sync::PageFacts;

use super::files::at;

pub fn resource_type(id: &str, traits: &[TraitKind]) -> ResourceType {
    ResourceType {
        id: ResourceTypeId::new(id),
        display_name: id.to_uppercase(),
        description: String::new(),
        traits: traits.to_vec(),
        skip_entitlements_and_grants: id == "user",
        annotations: Vec::new(),
    }
}

fn profile(pairs: &[(&str, ProfileValue)]) -> Profile {
    pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), value.clone()))
        .collect()
}

pub fn ada() -> Resource {
    Resource {
        parent: Some(ResourceId::new("org", "acme")),
        traits: vec![ResourceTrait::User(UserTrait {
            emails: vec![Email {
                address: "ada@acme.test".into(),
                is_primary: true,
            }],
            status: UserStatus::Disabled,
            status_details: "on leave".into(),
            account_type: AccountType::Human,
            login: "ada".into(),
            login_aliases: vec!["countess".into()],
            last_login: Some(at("2026-01-02T03:04:05.5Z")),
            created_at: Some(at("2020-01-01T00:00:00Z")),
            mfa_enabled: Some(false),
            sso_enabled: Some(true),
            employee_ids: vec!["E1".into()],
            profile: profile(&[
                ("team", ProfileValue::Text("engines".into())),
                ("level", ProfileValue::Number(7.0)),
                ("remote", ProfileValue::Bool(true)),
                ("manager", ProfileValue::Null),
                (
                    "tags",
                    ProfileValue::List(vec![ProfileValue::Text("a".into())]),
                ),
                (
                    "desk",
                    ProfileValue::Map(profile(&[("floor", ProfileValue::Number(2.5))])),
                ),
            ]),
        })],
        external_link: Some("https://acme.test/ada".into()),
        ..Resource::new(ResourceId::new("user", "ada"), "Ada")
    }
}

pub fn eng() -> Resource {
    Resource {
        parent: Some(ResourceId::new("org", "acme")),
        description: "Builds engines".into(),
        traits: vec![ResourceTrait::Group(GroupTrait::default())],
        ..Resource::new(ResourceId::new("group", "eng"), "Engineering")
    }
}

pub fn entitlement(slug: &str) -> Entitlement {
    let resource = eng();
    Entitlement {
        id: EntitlementId::on(&resource.id, slug),
        display_name: format!("Engineering {slug}"),
        description: String::new(),
        purpose: Purpose::Assignment,
        slug: slug.into(),
        grantable_to: vec![ResourceTypeId::new("user"), ResourceTypeId::new("group")],
        immutable: slug == "owner",
        exclusion_group: Some(ExclusionGroup {
            id: "rank".into(),
            order: 2,
            is_default: slug == "member",
            scope_to_resource: true,
        }),
        annotations: Vec::new(),
        resource,
    }
}

pub fn grant(slug: &str, principal: ResourceId) -> Grant {
    let entitlement = entitlement(slug);
    Grant {
        id: GrantId::of(&entitlement.id, &principal),
        entitlement: entitlement.id,
        resource: Arc::new(entitlement.resource),
        principal,
        expansion: None,
        external_match: None,
        immutable: false,
        sources: IndexMap::new(),
        annotations: Vec::new(),
    }
}

/// A grant that brings others.
pub fn expandable() -> Grant {
    Grant {
        expansion: Some(GrantExpansion {
            entitlement_ids: vec!["x:y".into()],
            shallow: true,
            resource_type_ids: vec![ResourceTypeId::new("user")],
        }),
        ..grant("owner", ResourceId::new("group", "ops"))
    }
}

pub fn pages() -> Vec<PageFacts> {
    let acme = Resource {
        child_types: vec![ResourceTypeId::new("user"), ResourceTypeId::new("group")],
        ..Resource::new(ResourceId::new("org", "acme"), "Acme")
    };
    let bob = Resource {
        parent: Some(acme.id.clone()),
        non_human_identity: Some(NonHumanIdentity {
            nhi_type: NhiType::ManagedIdentity,
            detail: "cloud.bot".into(),
        }),
        ..Resource::new(ResourceId::new("user", "b:o/b"), "Bøb")
    };
    let resource_types = vec![
        resource_type("org", &[]),
        resource_type("user", &[TraitKind::User]),
        resource_type("group", &[TraitKind::Group, TraitKind::Other(10)]),
    ];
    vec![
        PageFacts {
            resource_types,
            ..PageFacts::default()
        },
        PageFacts {
            resources: vec![acme, ada(), bob, eng()],
            ..PageFacts::default()
        },
        PageFacts {
            entitlements: vec![entitlement("member"), entitlement("owner")],
            grants: vec![grant("member", ada().id), expandable()],
            ..PageFacts::default()
        },
    ]
}
