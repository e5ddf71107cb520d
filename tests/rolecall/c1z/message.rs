//! The blobs: model → bytes → model for anything, exact bytes for a few, nothing lost for foreign.

use proptest::collection::vec;
use proptest::prelude::*;
use rolecall::c1z::message;
use rolecall::model::*;

use super::arbitrary::{entitlement, grant, resource, resource_type};
use super::samples;

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
    grant.resource = Resource::new(ResourceId::new("group", "eng"), "Eng").into();
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
