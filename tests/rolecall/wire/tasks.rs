//! `c1.connectorapi.baton.v1.Task`: every kind under its number, and what the kinds hold.

use prost_types::{Duration, Struct, Timestamp, Value, value::Kind};
use rolecall::proto::connector::v2::account_info::Email;
use rolecall::proto::connector::v2::credential_options::{
    EncryptedPassword, NoPassword, Options, RandomPassword, Sso,
};
use rolecall::proto::connector::v2::encryption_config::{
    AgeRecipientConfig, Config, JwkPublicKeyConfig,
};
use rolecall::proto::connector::v2::{
    AccountInfo, CredentialOptions, EncryptedData, EncryptionConfig, Entitlement, Grant, Resource,
    ResourceId,
};
use rolecall::proto::connectorapi::baton::v1::Task;
use rolecall::proto::connectorapi::baton::v1::task::{self, TaskType};
use rolecall::protocol::task_kind;

use super::assert_is;

fn text(text: &str) -> String {
    text.to_owned()
}

fn id(kind: &str, id: &str) -> ResourceId {
    ResourceId {
        resource_type: text(kind),
        resource: text(id),
        ..ResourceId::default()
    }
}

fn resource(kind: &str, name: &str) -> Resource {
    Resource {
        id: Some(id(kind, name)),
        ..Resource::default()
    }
}

#[test]
fn every_kind_of_task_has_its_number() {
    let kinds: [(&str, &str, TaskType); 24] = [
        ("a2 06", "none", TaskType::None(Default::default())),
        ("aa 06", "hello", TaskType::Hello(Default::default())),
        ("b2 06", "sync_full", TaskType::SyncFull(Default::default())),
        ("ba 06", "grant", TaskType::Grant(Default::default())),
        ("c2 06", "revoke", TaskType::Revoke(Default::default())),
        (
            "ca 06",
            "create_account",
            TaskType::CreateAccount(Default::default()),
        ),
        (
            "d2 06",
            "create_resource",
            TaskType::CreateResource(Default::default()),
        ),
        (
            "da 06",
            "delete_resource",
            TaskType::DeleteResource(Default::default()),
        ),
        (
            "e2 06",
            "rotate_credentials",
            TaskType::RotateCredentials(Default::default()),
        ),
        (
            "ea 06",
            "event_feed",
            TaskType::EventFeed(Default::default()),
        ),
        (
            "f2 06",
            "create_ticket_task",
            TaskType::CreateTicketTask(Default::default()),
        ),
        (
            "fa 06",
            "list_ticket_schemas",
            TaskType::ListTicketSchemas(Default::default()),
        ),
        (
            "82 07",
            "get_ticket",
            TaskType::GetTicket(Default::default()),
        ),
        (
            "8a 07",
            "bulk_create_tickets",
            TaskType::BulkCreateTickets(Default::default()),
        ),
        (
            "92 07",
            "bulk_get_tickets",
            TaskType::BulkGetTickets(Default::default()),
        ),
        (
            "9a 07",
            "action_list_schemas",
            TaskType::ActionListSchemas(Default::default()),
        ),
        (
            "a2 07",
            "action_get_schema",
            TaskType::ActionGetSchema(Default::default()),
        ),
        (
            "aa 07",
            "action_invoke",
            TaskType::ActionInvoke(Default::default()),
        ),
        (
            "b2 07",
            "action_status",
            TaskType::ActionStatus(Default::default()),
        ),
        (
            "ba 07",
            "create_sync_diff",
            TaskType::CreateSyncDiff(Default::default()),
        ),
        (
            "c2 07",
            "compact_syncs",
            TaskType::CompactSyncs(Default::default()),
        ),
        (
            "ca 07",
            "list_event_feeds",
            TaskType::ListEventFeeds(Default::default()),
        ),
        (
            "d2 07",
            "list_events",
            TaskType::ListEvents(Default::default()),
        ),
        (
            "da 07",
            "issue_credential",
            TaskType::IssueCredential(Default::default()),
        ),
    ];
    for (tag, name, kind) in kinds {
        let task = Task {
            id: text("t1"),
            task_type: Some(kind),
            ..Task::default()
        };
        assert_is(&task, &format!("0a 02 't1' {tag} 00"));
        assert_eq!(task_kind(&task), name);
    }
}

#[test]
fn a_task_of_a_newer_protocol_is_one_without_a_kind() {
    use prost::Message as _;
    let bytes = super::bytes("0a 02 't1' e2 07 03 'new'  # 1 id, 124 something");
    let task = Task::decode(bytes.as_slice()).expect("can be read");
    assert_eq!((&*task.id, task_kind(&task)), ("t1", "unknown"));
}

#[test]
fn sync_full() {
    let task = task::SyncFullTask {
        annotations: Vec::new(),
        skip_expand_grants: true,
        skip_entitlements_and_grants: true,
        targeted_sync_resources: vec![resource("user", "ada")],
        sync_resource_type_ids: vec![text("user"), text("team")],
        skip_grants: true,
        storage_engine: text("sqlite"),
    };
    assert_is(
        &task,
        "
        10 01                    # 2 skip_expand_grants
        18 01                    # 3 skip_entitlements_and_grants
        22 0d                    # 4 targeted_sync_resources
          0a 0b                  #   1 id
            0a 04 'user'         #     1 resource_type
            12 03 'ada'          #     2 resource
        2a 04 'user'             # 5 sync_resource_type_ids
        2a 04 'team'
        30 01                    # 6 skip_grants
        3a 06 'sqlite'           # 7 storage_engine
        ",
    );
}

#[test]
fn grant_and_revoke() {
    let entitlement = Entitlement {
        resource: Some(resource("team", "7")),
        id: text("team:7:m"),
        display_name: text("M"),
        slug: text("m"),
        purpose: 1,
        ..Entitlement::default()
    };
    let grant = task::GrantTask {
        entitlement: Some(entitlement.clone()),
        principal: Some(resource("user", "ada")),
        annotations: Vec::new(),
        duration: Some(Duration {
            seconds: 3600,
            nanos: 0,
        }),
    };
    assert_is(
        &grant,
        "
        0a 1f                    # 1 entitlement
          0a 0b                  #   1 resource
            0a 09                #     1 id
              0a 04 'team'       #       1 resource_type
              12 01 '7'          #       2 resource
          12 08 'team:7:m'       #   2 id
          1a 01 'M'              #   3 display_name
          38 01                  #   7 purpose: ASSIGNMENT
          42 01 'm'              #   8 slug
        12 0d                    # 2 principal
          0a 0b                  #   1 id
            0a 04 'user'         #     1 resource_type
            12 03 'ada'          #     2 resource
        22 03 08 90 1c           # 4 duration, 1 seconds: 3600
        ",
    );
    let revoke = task::RevokeTask {
        grant: Some(Grant {
            entitlement: Some(Entitlement {
                id: text("team:7:m"),
                ..Entitlement::default()
            }),
            principal: Some(resource("user", "ada")),
            id: text("g"),
            ..Grant::default()
        }),
        annotations: Vec::new(),
    };
    assert_is(
        &revoke,
        "
        0a 1e                    # 1 grant
          0a 0a                  #   1 entitlement
            12 08 'team:7:m'     #     2 id
          12 0d                  #   2 principal
            0a 0b 0a 04 'user' 12 03 'ada'
          1a 01 'g'              #   3 id
        ",
    );
}

#[test]
fn accounts_and_credentials() {
    let task = task::CreateAccountTask {
        account_info: Some(AccountInfo {
            emails: vec![Email {
                address: text("a@b.c"),
                is_primary: true,
            }],
            login: text("ada"),
            login_aliases: vec![text("al")],
            profile: Some(Struct {
                fields: [(
                    text("x"),
                    Value {
                        kind: Some(Kind::StringValue(text("y"))),
                    },
                )]
                .into(),
            }),
        }),
        credential_options: Some(CredentialOptions {
            force_change_at_next_login: true,
            options: Some(Options::RandomPassword(RandomPassword {
                length: 24,
                ..RandomPassword::default()
            })),
        }),
        encryption_configs: vec![
            EncryptionConfig {
                principal: None,
                provider: text("p"),
                key_id: text("k"),
                config: Some(Config::JwkPublicKeyConfig(JwkPublicKeyConfig {
                    pub_key: b"{}".to_vec(),
                })),
            },
            EncryptionConfig {
                config: Some(Config::AgeRecipientConfig(AgeRecipientConfig {
                    recipient: text("age1"),
                })),
                ..EncryptionConfig::default()
            },
        ],
        resource_type_id: text("user"),
    };
    assert_is(
        &task,
        "
        0a 20                    # 1 account_info
          0a 09                  #   1 emails
            0a 05 'a@b.c'        #     1 address
            10 01                #     2 is_primary
          12 03 'ada'            #   2 login
          1a 02 'al'             #   3 login_aliases
          22 0a                  #   4 profile
            0a 08                #     1 fields: an entry of a map
              0a 01 'x'          #       1 key
              12 03 1a 01 'y'    #       2 value, 3 string_value
        12 07                    # 2 credential_options
          08 01                  #   1 force_change_at_next_login
          a2 06 02 08 18         #   100 random_password, 1 length: 24
        1a 0d                    # 3 encryption_configs
          12 01 'p'              #   2 provider
          1a 01 'k'              #   3 key_id
          a2 06 04 0a 02 '{}'    #   100 jwk_public_key_config, 1 pub_key
        1a 09
          aa 06 06 0a 04 'age1'  #   101 age_recipient_config, 1 recipient
        22 04 'user'             # 4 resource_type_id
        ",
    );
    let rotate = task::RotateCredentialsTask {
        resource_id: Some(ResourceId {
            baton_resource: true,
            ..id("user", "ada")
        }),
        credential_options: Some(CredentialOptions::default()),
        encryption_configs: vec![EncryptionConfig {
            principal: Some(resource("user", "bo")),
            ..EncryptionConfig::default()
        }],
    };
    assert_is(
        &rotate,
        "
        0a 0d                    # 1 resource_id
          0a 04 'user'           #   1 resource_type
          12 03 'ada'            #   2 resource
          18 01                  #   3 baton_resource
        12 00                    # 2 credential_options: none of them
        1a 0e                    # 3 encryption_configs
          0a 0c                  #   1 principal
            0a 0a 0a 04 'user' 12 02 'bo'
        ",
    );
}

#[test]
fn ways_to_a_password() {
    let with = |options| CredentialOptions {
        options: Some(options),
        ..CredentialOptions::default()
    };
    assert_is(
        &with(Options::NoPassword(NoPassword::default())),
        "aa 06 00",
    );
    let sso = Sso {
        sso_provider: text("idp"),
    };
    assert_is(
        &with(Options::Sso(sso)),
        "b2 06 05 0a 03 'idp'  # 102 sso, 1 sso_provider",
    );
    let encrypted = EncryptedPassword {
        encrypted_passwords: vec![EncryptedData {
            provider: text("p"),
            encrypted_bytes: b"YQ==".to_vec(),
            key_ids: vec![text("k")],
            ..EncryptedData::default()
        }],
    };
    assert_is(
        &with(Options::EncryptedPassword(encrypted)),
        "
        ba 06 0e                 # 103 encrypted_password
          0a 0c                  #   1 encrypted_passwords
            0a 01 'p'            #     1 provider
            32 04 'YQ=='         #     6 encrypted_bytes
            3a 01 'k'            #     7 key_ids
        ",
    );
}

#[test]
fn resources() {
    let create = task::CreateResourceTask {
        resource: Some(Resource {
            parent_resource_id: Some(id("org", "1")),
            display_name: text("T"),
            description: text("d"),
            ..resource("team", "7")
        }),
    };
    assert_is(
        &create,
        "
        0a 1b                    # 1 resource
          0a 09                  #   1 id
            0a 04 'team' 12 01 '7'
          12 08                  #   2 parent_resource_id
            0a 03 'org' 12 01 '1'
          1a 01 'T'              #   3 display_name
          2a 01 'd'              #   5 description
        ",
    );
    let delete = task::DeleteResourceTask {
        resource_id: Some(id("team", "7")),
        parent_resource_id: Some(id("org", "1")),
    };
    assert_is(
        &delete,
        "
        0a 09 0a 04 'team' 12 01 '7'  # 1 resource_id
        12 08 0a 03 'org' 12 01 '1'   # 2 parent_resource_id
        ",
    );
}

#[test]
fn actions() {
    let list = task::ActionListSchemasTask {
        annotations: Vec::new(),
        resource_type_id: text("user"),
    };
    assert_is(&list, "12 04 'user'  # 2 resource_type_id");
    let get = task::ActionGetSchemaTask {
        name: text("lock"),
        annotations: Vec::new(),
    };
    assert_is(&get, "0a 04 'lock'  # 1 name");
    let args = Struct {
        fields: [
            (
                text("a"),
                Value {
                    kind: Some(Kind::BoolValue(true)),
                },
            ),
            (
                text("n"),
                Value {
                    kind: Some(Kind::NumberValue(2.0)),
                },
            ),
        ]
        .into(),
    };
    let invoke = task::ActionInvokeTask {
        name: text("lock"),
        args: Some(args),
        annotations: Vec::new(),
        resource_type_id: text("user"),
    };
    assert_is(
        &invoke,
        "
        0a 04 'lock'             # 1 name
        12 19                    # 2 args
          0a 07                  #   1 fields
            0a 01 'a'            #     1 key
            12 02 20 01          #     2 value, 4 bool_value
          0a 0e                  #   1 fields
            0a 01 'n'            #     1 key
            12 09                #     2 value
              11 00 00 00 00 00 00 00 40  # 2 number_value: 2.0
        22 04 'user'             # 4 resource_type_id
        ",
    );
    let status = task::ActionStatusTask {
        name: text("lock"),
        id: text("r1"),
        annotations: Vec::new(),
    };
    assert_is(
        &status,
        "
        0a 04 'lock'             # 1 name
        12 02 'r1'               # 2 id
        ",
    );
}

#[test]
fn events() {
    let task = task::ListEventsTask {
        annotations: Vec::new(),
        cursor: text("c"),
        start_at: Some(Timestamp {
            seconds: 1_700_000_000,
            nanos: 0,
        }),
        event_feed_id: text("f"),
        page_size: 1000,
    };
    assert_is(
        &task,
        "
        12 01 'c'                # 2 cursor
        1a 06 08 80 e2 cf aa 06  # 3 start_at, 1 seconds: 1700000000
        22 01 'f'                # 4 event_feed_id
        28 e8 07                 # 5 page_size
        ",
    );
}
