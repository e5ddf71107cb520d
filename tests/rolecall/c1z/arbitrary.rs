//! Anything a model can say, for property tests.

use std::sync::Arc;

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use rolecall::model::*;

fn text() -> impl Strategy<Value = String> {
    prop_oneof![Just(String::new()), "[a-z:/ é李]{1,8}"]
}

fn instant() -> impl Strategy<Value = chrono::DateTime<chrono::Utc>> {
    (-62_135_596_800i64..253_402_300_800, 0u32..1_000_000_000)
        .prop_map(|(seconds, nanos)| chrono::DateTime::from_timestamp(seconds, nanos).unwrap())
}

fn id() -> impl Strategy<Value = ResourceId> {
    (text(), text()).prop_map(|(resource_type, id)| ResourceId::new(resource_type, id))
}

fn profile() -> impl Strategy<Value = Profile> {
    let leaf = prop_oneof![
        Just(ProfileValue::Null),
        any::<bool>().prop_map(ProfileValue::Bool),
        (-1e9..1e9).prop_map(ProfileValue::Number),
        text().prop_map(ProfileValue::Text),
    ];
    let value = leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..3).prop_map(ProfileValue::List),
            vec((text(), inner), 0..3).prop_map(|all| ProfileValue::Map(all.into_iter().collect())),
        ]
    });
    vec((text(), value), 0..4).prop_map(|all| all.into_iter().collect())
}

fn user() -> impl Strategy<Value = UserTrait> {
    let statuses = vec![
        UserStatus::Unspecified,
        UserStatus::Enabled,
        UserStatus::Disabled,
        UserStatus::Deleted,
    ];
    let account_types = vec![
        AccountType::Unspecified,
        AccountType::Human,
        AccountType::Service,
        AccountType::System,
    ];
    let email = (text(), any::<bool>()).prop_map(|(address, is_primary)| Email {
        address,
        is_primary,
    });
    (
        (
            vec(email, 0..3),
            select(statuses),
            text(),
            select(account_types),
            text(),
        ),
        (
            vec(text(), 0..3),
            option::of(instant()),
            option::of(instant()),
        ),
        (
            option::of(any::<bool>()),
            option::of(any::<bool>()),
            vec(text(), 0..3),
            profile(),
        ),
    )
        .prop_map(|(one, two, three)| UserTrait {
            emails: one.0,
            status: one.1,
            status_details: one.2,
            account_type: one.3,
            login: one.4,
            login_aliases: two.0,
            last_login: two.1,
            created_at: two.2,
            mfa_enabled: three.0,
            sso_enabled: three.1,
            employee_ids: three.2,
            profile: three.3,
        })
}

fn secret() -> impl Strategy<Value = SecretTrait> {
    let types = vec![
        CredentialType::Unspecified,
        CredentialType::StaticSecret,
        CredentialType::AsymmetricKey,
        CredentialType::Certificate,
    ];
    let instants = (
        option::of(instant()),
        option::of(instant()),
        option::of(instant()),
    );
    (
        instants,
        option::of(id()),
        option::of(id()),
        select(types),
        text(),
    )
        .prop_map(
            |(instants, created_by, identity, credential_type, credential_detail)| SecretTrait {
                expires_at: instants.0,
                last_used_at: instants.1,
                created_at: instants.2,
                created_by,
                identity,
                credential_type,
                credential_detail,
            },
        )
}

fn agent() -> impl Strategy<Value = AgentTrait> {
    let statuses = vec![
        AgentStatus::Unspecified,
        AgentStatus::Ready,
        AgentStatus::Disabled,
        AgentStatus::Deleted,
    ];
    (select(statuses), option::of(id()), profile()).prop_map(|(status, identity, profile)| {
        AgentTrait {
            status,
            identity,
            profile,
        }
    })
}

/// Any traits, none of them twice, in any order.
fn traits() -> impl Strategy<Value = Vec<ResourceTrait>> {
    let all = (
        user(),
        secret(),
        agent(),
        profile(),
        profile(),
        (text(), profile()),
    );
    all.prop_flat_map(|(user, secret, agent, group, role, (help_url, app))| {
        let all = vec![
            ResourceTrait::User(user),
            ResourceTrait::Secret(secret),
            ResourceTrait::Agent(agent),
            ResourceTrait::Group(GroupTrait { profile: group }),
            ResourceTrait::Role(RoleTrait { profile: role }),
            ResourceTrait::App(AppTrait {
                help_url,
                profile: app,
            }),
        ];
        proptest::sample::subsequence(all, 0..3).prop_shuffle()
    })
}

fn annotations() -> impl Strategy<Value = Vec<Annotation>> {
    let annotation = ("[a-z]{1,5}", vec(any::<u8>(), 0..6)).prop_map(|(name, value)| Annotation {
        type_url: format!("type.googleapis.com/some.{name}"),
        value,
    });
    vec(annotation, 0..3)
}

fn nhi() -> impl Strategy<Value = NonHumanIdentity> {
    let types = vec![
        NhiType::Unspecified,
        NhiType::AppRegistration,
        NhiType::AssumableRole,
        NhiType::ManagedIdentity,
    ];
    (select(types), text()).prop_map(|(nhi_type, detail)| NonHumanIdentity { nhi_type, detail })
}

fn type_ids() -> impl Strategy<Value = Vec<ResourceTypeId>> {
    vec(text().prop_map(ResourceTypeId), 0..3)
}

pub fn resource() -> impl Strategy<Value = Resource> {
    (
        (id(), text(), text(), option::of(id()), traits()),
        (
            option::of(nhi()),
            type_ids(),
            option::of(text()),
            profile(),
            annotations(),
        ),
    )
        .prop_map(|(one, two)| Resource {
            id: one.0,
            display_name: one.1,
            description: one.2,
            parent: one.3,
            traits: one.4,
            non_human_identity: two.0,
            child_types: two.1,
            external_link: two.2,
            profile: two.3,
            annotations: two.4,
        })
}

pub fn entitlement() -> impl Strategy<Value = Entitlement> {
    let purposes = vec![
        Purpose::Unspecified,
        Purpose::Assignment,
        Purpose::Permission,
        Purpose::Ownership,
    ];
    let group = (text(), any::<u32>(), any::<bool>(), any::<bool>()).prop_map(
        |(id, order, is_default, scope_to_resource)| ExclusionGroup {
            id,
            order,
            is_default,
            scope_to_resource,
        },
    );
    (
        (text(), resource(), text(), text(), select(purposes), text()),
        (type_ids(), any::<bool>(), option::of(group), annotations()),
    )
        .prop_map(|(one, two)| Entitlement {
            id: EntitlementId(one.0),
            resource: one.1,
            display_name: one.2,
            description: one.3,
            purpose: one.4,
            slug: one.5,
            grantable_to: two.0,
            immutable: two.1,
            exclusion_group: two.2,
            annotations: two.3,
        })
}

fn external_match() -> impl Strategy<Value = ExternalMatch> {
    let kind = || prop_oneof![Just(TraitKind::User), Just(TraitKind::Other(99))];
    prop_oneof![
        text().prop_map(ExternalMatch::Id),
        kind().prop_map(ExternalMatch::All),
        (kind(), text(), text()).prop_map(|(kind, key, value)| ExternalMatch::Attribute {
            kind,
            key,
            value
        }),
    ]
}

pub fn grant() -> impl Strategy<Value = Grant> {
    let expansion = (vec(text(), 0..3), any::<bool>(), type_ids()).prop_map(
        |(entitlement_ids, shallow, resource_type_ids)| GrantExpansion {
            entitlement_ids,
            shallow,
            resource_type_ids,
        },
    );
    let source = any::<bool>().prop_map(|is_direct| GrantSource { is_direct });
    let sources = vec((text(), source), 0..3);
    (
        (text(), text(), resource(), id()),
        (
            option::of(expansion),
            option::of(external_match()),
            any::<bool>(),
            sources,
            annotations(),
        ),
    )
        .prop_map(|(one, two)| Grant {
            id: GrantId(one.0),
            entitlement: EntitlementId(one.1),
            resource: Arc::new(one.2),
            principal: one.3,
            expansion: two.0,
            external_match: two.1,
            immutable: two.2,
            sources: two.3.into_iter().collect(),
            annotations: two.4,
        })
}

pub fn resource_type() -> impl Strategy<Value = ResourceType> {
    let kinds = vec![
        TraitKind::User,
        TraitKind::Group,
        TraitKind::Role,
        TraitKind::App,
        TraitKind::Secret,
        TraitKind::Agent,
        TraitKind::Other(6),
        TraitKind::Other(99),
    ];
    (
        text(),
        text(),
        text(),
        vec(select(kinds), 0..4),
        any::<bool>(),
        annotations(),
    )
        .prop_map(
            |(id, display_name, description, traits, skip_entitlements_and_grants, annotations)| {
                ResourceType {
                    id: ResourceTypeId(id),
                    display_name,
                    description,
                    traits,
                    skip_entitlements_and_grants,
                    annotations,
                }
            },
        )
}
