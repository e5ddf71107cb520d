//! The blobs: model → bytes → model for anything, exact bytes for a few, nothing lost for foreign.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use rolecall::c1z::message;
use rolecall::model::*;

use super::samples;

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

fn resource() -> impl Strategy<Value = Resource> {
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

fn entitlement() -> impl Strategy<Value = Entitlement> {
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

fn grant() -> impl Strategy<Value = Grant> {
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
        (option::of(expansion), any::<bool>(), sources, annotations()),
    )
        .prop_map(|(one, two)| Grant {
            id: GrantId(one.0),
            entitlement: EntitlementId(one.1),
            resource: one.2,
            principal: one.3,
            expansion: two.0,
            immutable: two.1,
            sources: two.2.into_iter().collect(),
            annotations: two.3,
        })
}

fn resource_type() -> impl Strategy<Value = ResourceType> {
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

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn a_resource_type_survives(fact in resource_type()) {
        let bytes = message::resource_type::encode(&fact);
        prop_assert_eq!(message::resource_type::decode(&bytes).unwrap(), fact);
    }

    #[test]
    fn a_resource_survives(fact in resource()) {
        let bytes = message::resource::encode(&fact);
        prop_assert_eq!(message::resource::decode(&bytes).unwrap(), fact);
    }

    #[test]
    fn an_entitlement_survives(fact in entitlement()) {
        let bytes = message::entitlement::encode(&fact);
        prop_assert_eq!(message::entitlement::decode(&bytes).unwrap(), fact);
    }

    #[test]
    fn a_grant_survives(fact in grant()) {
        let bytes = message::grant::encode(&fact);
        prop_assert_eq!(message::grant::decode(&bytes).unwrap(), fact);
    }

    #[test]
    fn the_order_of_attributes_does_not_show(mut fact in resource()) {
        let bytes = message::resource::encode(&fact);
        fact.profile.reverse();
        prop_assert_eq!(message::resource::encode(&fact), bytes);
    }

    #[test]
    fn any_bytes_are_read_or_refused_but_never_a_panic(bytes in vec(any::<u8>(), 0..60)) {
        let _ = message::resource_type::decode(&bytes);
        let _ = message::resource::decode(&bytes);
        let _ = message::entitlement::decode(&bytes);
        let _ = message::grant::decode(&bytes);
    }
}

/// A field: its number and wire type 2, then the length and the content.
fn field(number: u8, content: &[u8]) -> Vec<u8> {
    let mut bytes = vec![number << 3 | 2];
    let mut length = content.len();
    while length > 0x7f {
        bytes.push(length as u8 | 0x80);
        length >>= 7;
    }
    bytes.push(length as u8);
    bytes.extend_from_slice(content);
    bytes
}

fn any_of(name: &str, value: &[u8]) -> Vec<u8> {
    let type_url = format!("type.googleapis.com/c1.connector.v2.{name}");
    let value = if value.is_empty() {
        vec![]
    } else {
        field(2, value)
    };
    [field(1, type_url.as_bytes()), value].concat()
}

fn id_bytes(resource_type: &str, id: &str) -> Vec<u8> {
    [field(1, resource_type.as_bytes()), field(2, id.as_bytes())].concat()
}

#[test]
fn a_user_is_written_as_the_protocol_numbers_it() {
    let user = Resource {
        parent: Some(ResourceId::new("org", "acme")),
        description: "d".into(),
        traits: vec![ResourceTrait::User(UserTrait {
            emails: vec![Email {
                address: "a@b".into(),
                is_primary: true,
            }],
            status: UserStatus::Disabled,
            account_type: AccountType::Service,
            login: "ada".into(),
            mfa_enabled: Some(false),
            created_at: chrono::DateTime::from_timestamp(1, 2),
            profile: [("k".to_owned(), ProfileValue::Text("v".into()))]
                .into_iter()
                .collect(),
            ..UserTrait::default()
        })],
        child_types: vec![ResourceTypeId::new("key")],
        external_link: Some("u".into()),
        ..Resource::new(ResourceId::new("user", "1"), "Ada")
    };
    let user_trait = [
        field(1, &[field(1, b"a@b"), vec![0x10, 1]].concat()),
        field(2, &[0x08, 2]),
        field(
            3,
            &field(1, &[field(1, b"k"), field(2, &field(3, b"v"))].concat()),
        ),
        vec![0x28, 2],
        field(6, b"ada"),
        field(8, &[0x08, 1, 0x10, 2]),
        field(10, b""),
    ]
    .concat();
    let expected = [
        field(1, &id_bytes("user", "1")),
        field(2, &id_bytes("org", "acme")),
        field(3, b"Ada"),
        field(4, &any_of("UserTrait", &user_trait)),
        field(4, &any_of("ChildResourceType", &field(1, b"key"))),
        field(4, &any_of("ExternalLink", &field(1, b"u"))),
        field(5, b"d"),
        vec![0x40, 1],
    ]
    .concat();
    assert_eq!(message::resource::encode(&user), expected);
}

#[test]
fn a_grant_is_written_with_what_readers_need_embedded() {
    let mut grant = samples::expandable();
    grant.immutable = true;
    grant.resource = Resource::new(ResourceId::new("group", "eng"), "Eng");
    grant
        .sources
        .insert("z".into(), GrantSource { is_direct: true });
    grant
        .sources
        .insert("a".into(), GrantSource { is_direct: false });
    let resource = [
        field(1, &id_bytes("group", "eng")),
        field(3, b"Eng"),
        vec![0x40, 1],
    ]
    .concat();
    let expandable = [field(1, b"x:y"), vec![0x10, 1], field(3, b"user")].concat();
    let sources = [
        field(1, &[field(1, b"a"), field(2, b"")].concat()),
        field(1, &[field(1, b"z"), field(2, &[0x08, 1])].concat()),
    ];
    let expected = [
        field(
            1,
            &[field(1, &resource), field(2, b"group:eng:owner")].concat(),
        ),
        field(2, &field(1, &id_bytes("group", "ops"))),
        field(3, b"group:eng:owner:group:ops"),
        field(4, &any_of("GrantExpandable", &expandable)),
        field(4, &any_of("GrantImmutable", b"")),
        field(5, &sources.concat()),
    ]
    .concat();
    assert_eq!(message::grant::encode(&grant), expected);
    assert_eq!(message::grant::expansion_column(&grant), Some(expandable));
}

#[test]
fn an_expansion_without_a_source_has_no_column() {
    let mut grant = samples::expandable();
    grant.expansion.as_mut().unwrap().entitlement_ids = vec![" ".into(), String::new()];
    assert_eq!(message::grant::expansion_column(&grant), None);
}

#[test]
fn what_the_model_has_no_place_for_is_written_back() {
    let icon = field(10, &field(1, b"icon"));
    let user_trait = [
        field(1, &field(1, b"a@b")),
        field(2, &[0x08, 9]),            // a status of the future
        field(4, &field(1, b"picture")), // icon
        field(12, &field(1, b"Ada")),    // structured name
        field(15, b"future"),
    ]
    .concat();
    let resource = [
        field(1, &[id_bytes("user", "1"), vec![0x18, 1]].concat()), // baton_resource
        field(3, b"Ada"),
        field(4, &any_of("UserTrait", &user_trait)),
        field(4, &any_of("UserTrait", &field(6, b"second"))),
        field(4, &any_of("Unheard", b"of")),
        field(4, &any_of("RoleTrait", b"\xff")), // no message at all
        vec![0x40, 2],                           // created as a principal of a grant
        icon,
        field(11, &[vec![0x08, 2], field(2, b"why")].concat()),
        field(14, b"newer"),
    ]
    .concat();
    let read = message::resource::decode(&resource).unwrap();
    assert_eq!(read.display_name, "Ada");
    let [ResourceTrait::User(user)] = read.traits.as_slice() else {
        panic!("{:?}", read.traits)
    };
    assert_eq!(user.emails[0].address, "a@b");
    assert_eq!(
        (user.status, user.status_details.as_str()),
        (UserStatus::Disabled, "why")
    );

    let written = message::resource::encode(&read);
    assert_eq!(message::resource::decode(&written).unwrap(), read);
    assert_eq!(
        message::resource::encode(&message::resource::decode(&written).unwrap()),
        written
    );
    let kept: [&[u8]; 8] = [
        b"picture", b"future", b"second", b"of", b"\xff", b"icon", b"newer", b"why",
    ];
    for trace in kept {
        assert!(
            written.windows(trace.len()).any(|window| window == trace),
            "{trace:?}"
        );
    }
    let message =
        <rolecall::proto::connector::v2::Resource as prost::Message>::decode(&*written).unwrap();
    assert!(message.id.as_ref().unwrap().baton_resource);
    assert_eq!(message.creation_source, 2);
    assert_eq!(message.icon.unwrap().id, "icon");
    assert_eq!(message.annotations.len(), 4);
    assert!(!written.windows(8).any(|window| window == b"rolecall"));
}

#[test]
fn entitlements_and_grants_keep_more_than_the_model_has() {
    let full_type = [field(1, b"user"), field(2, b"User"), vec![0x1a, 1, 1]].concat();
    let entitlement = [
        field(2, b"group:eng:member"),
        field(5, &full_type),
        field(6, &any_of("EntitlementImmutable", &field(1, b"source"))),
        vec![0x38, 9], // a purpose of the future
    ]
    .concat();
    let read = message::entitlement::decode(&entitlement).unwrap();
    assert!(read.immutable);
    assert_eq!(read.grantable_to, [ResourceTypeId::new("user")]);
    let written = message::entitlement::encode(&read);
    assert_eq!(message::entitlement::decode(&written).unwrap(), read);
    assert_eq!(message::entitlement::encode(&read), written);
    let message =
        <rolecall::proto::connector::v2::Entitlement as prost::Message>::decode(&*written).unwrap();
    assert_eq!(message.purpose, 9);
    assert_eq!(message.grantable_to.len(), 1);
    assert_eq!(message.grantable_to[0].display_name, "User");
    assert_eq!(message.annotations[0].value, field(1, b"source"));

    let principal = [
        field(1, &id_bytes("user", "1")),
        field(3, b"Ada"),
        field(5, b"d"),
    ]
    .concat();
    let stub = [field(2, b"group:eng:member"), field(3, b"Member")].concat();
    let grant = [field(1, &stub), field(2, &principal), field(3, b"g")].concat();
    let read = message::grant::decode(&grant).unwrap();
    let written = message::grant::encode(&read);
    assert_eq!(message::grant::decode(&written).unwrap(), read);
    assert_eq!(message::grant::encode(&read), written);
    let message =
        <rolecall::proto::connector::v2::Grant as prost::Message>::decode(&*written).unwrap();
    let principal = message.principal.unwrap();
    assert_eq!(
        (
            principal.display_name.as_str(),
            principal.description.as_str()
        ),
        ("Ada", "d")
    );
    assert_eq!(principal.id.unwrap().resource, "1");
    assert_eq!(message.entitlement.unwrap().display_name, "Member");
}
