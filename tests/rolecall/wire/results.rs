//! What tasks come to: the messages in `success.response`, and the annotations that say how.

use prost_types::{Struct, Value, value::Kind};
use rolecall::daemon::pack;
use rolecall::proto::connector::v2::create_account_response::{
    ActionRequiredResult, AlreadyExistsResult, InProgressResult, Result as AccountResult,
    SuccessResult,
};
use rolecall::proto::connector::v2::{
    BatonActionStatus, CreateAccountResponse, CreateResourceResponse, DeleteResourceResponse,
    EncryptedData, Entitlement, GetActionStatusResponse, Grant, GrantAlreadyExists,
    GrantManagerServiceGrantResponse, GrantManagerServiceRevokeResponse, GrantReplaced,
    InvokeActionResponse, ListEventsResponse, Resource, ResourceId, RotateCredentialResponse,
};
use rolecall::proto::google::rpc::{ErrorInfo, RetryInfo};

use super::assert_is;

fn text(text: &str) -> String {
    text.to_owned()
}

fn ada() -> Resource {
    Resource {
        id: Some(ResourceId {
            resource_type: text("user"),
            resource: text("ada"),
            ..ResourceId::default()
        }),
        ..Resource::default()
    }
}

fn encrypted() -> EncryptedData {
    EncryptedData {
        provider: text("p"),
        key_id: text("k"),
        name: text("n"),
        description: text("d"),
        schema: text("s"),
        encrypted_bytes: vec![0, 255],
        key_ids: vec![text("k"), text("l")],
    }
}

/// What [`encrypted`] is.
const ENCRYPTED: &str = "
    0a 01 'p'                # 1 provider
    12 01 'k'                # 2 key_id
    1a 01 'n'                # 3 name
    22 01 'd'                # 4 description
    2a 01 's'                # 5 schema
    32 02 00 ff              # 6 encrypted_bytes
    3a 01 'k'                # 7 key_ids
    3a 01 'l'
";

#[test]
fn an_annotation_says_its_type_in_full() {
    let response = GrantManagerServiceGrantResponse {
        annotations: vec![pack(&GrantAlreadyExists::default())],
        grants: Vec::new(),
    };
    assert_is(
        &response,
        "
        0a 38                    # 1 annotations
          0a 36                  #   1 type_url
            'type.googleapis.com/c1.connector.v2.GrantAlreadyExists'
        ",
    );
    let replaced = GrantReplaced {
        replaced_grant_id: text("g1"),
    };
    let response = GrantManagerServiceRevokeResponse {
        annotations: vec![pack(&replaced)],
    };
    assert_is(
        &response,
        "
        0a 39                    # 1 annotations
          0a 31                  #   1 type_url
            'type.googleapis.com/c1.connector.v2.GrantReplaced'
          12 04 0a 02 'g1'       #   2 value, 1 replaced_grant_id
        ",
    );
}

#[test]
fn a_grant() {
    let response = GrantManagerServiceGrantResponse {
        annotations: Vec::new(),
        grants: vec![Grant {
            entitlement: Some(Entitlement {
                id: text("e"),
                ..Entitlement::default()
            }),
            principal: Some(ada()),
            id: text("g"),
            ..Grant::default()
        }],
    };
    assert_is(
        &response,
        "
        12 17                    # 2 grants
          0a 03 12 01 'e'        #   1 entitlement, 2 id
          12 0d                  #   2 principal
            0a 0b 0a 04 'user' 12 03 'ada'
          1a 01 'g'              #   3 id
        ",
    );
}

#[test]
fn an_account() {
    let response = |result| CreateAccountResponse {
        result: Some(result),
        ..CreateAccountResponse::default()
    };
    let success = CreateAccountResponse {
        encrypted_data: vec![encrypted()],
        ..response(AccountResult::Success(SuccessResult {
            resource: Some(ada()),
            is_create_account_result: true,
            invitation_expires_at: None,
        }))
    };
    assert_is(
        &success,
        &format!(
            "
            12 19 {ENCRYPTED}    # 2 encrypted_data; there is no 1
            a2 06 11             # 100 success
              0a 0d              #   1 resource
                0a 0b 0a 04 'user' 12 03 'ada'
              10 01              #   2 is_create_account_result
            "
        ),
    );
    let action_required = response(AccountResult::ActionRequired(ActionRequiredResult {
        resource: None,
        message: text("call"),
        is_create_account_result: true,
    }));
    assert_is(
        &action_required,
        "
        aa 06 08                 # 101 action_required
          12 04 'call'           #   2 message
          18 01                  #   3 is_create_account_result
        ",
    );
    let already_exists = response(AccountResult::AlreadyExists(AlreadyExistsResult {
        resource: None,
        is_create_account_result: true,
    }));
    assert_is(
        &already_exists,
        "b2 06 02 10 01  # 102 already_exists, 2 is_create_account_result",
    );
    let in_progress = response(AccountResult::InProgress(InProgressResult {
        resource: None,
        is_create_account_result: true,
    }));
    assert_is(
        &in_progress,
        "ba 06 02 10 01  # 103 in_progress, 2 is_create_account_result",
    );
}

#[test]
fn a_credential() {
    let response = RotateCredentialResponse {
        encrypted_data: vec![encrypted()],
        resource_id: ada().id,
        annotations: Vec::new(),
    };
    assert_is(
        &response,
        &format!(
            "
            0a 19 {ENCRYPTED}    # 1 encrypted_data
            12 0b                # 2 resource_id
              0a 04 'user' 12 03 'ada'
            "
        ),
    );
}

#[test]
fn a_resource() {
    let response = CreateResourceResponse {
        created: Some(ada()),
        annotations: Vec::new(),
    };
    assert_is(
        &response,
        "0a 0d 0a 0b 0a 04 'user' 12 03 'ada'  # 1 created, 1 id",
    );
    assert_is(&DeleteResourceResponse::default(), "");
}

#[test]
fn an_action() {
    let answer = Struct {
        fields: [(
            text("ok"),
            Value {
                kind: Some(Kind::BoolValue(true)),
            },
        )]
        .into(),
    };
    let response = InvokeActionResponse {
        id: text("r1"),
        status: BatonActionStatus::Complete.into(),
        annotations: Vec::new(),
        response: Some(answer.clone()),
        name: text("lock"),
    };
    assert_is(
        &response,
        "
        0a 02 'r1'               # 1 id
        10 04                    # 2 status: COMPLETE
        22 0a                    # 4 response
          0a 08                  #   1 fields
            0a 02 'ok'           #     1 key
            12 02 20 01          #     2 value, 4 bool_value
        2a 04 'lock'             # 5 name
        ",
    );
    let response = GetActionStatusResponse {
        name: text("lock"),
        id: text("r1"),
        status: BatonActionStatus::Failed.into(),
        annotations: Vec::new(),
        response: Some(answer),
    };
    assert_is(
        &response,
        "
        0a 04 'lock'             # 1 name
        12 02 'r1'               # 2 id
        18 05                    # 3 status: FAILED
        2a 0a                    # 5 response
          0a 08 0a 02 'ok' 12 02 20 01
        ",
    );
}

#[test]
fn events() {
    let response = ListEventsResponse {
        events: Vec::new(),
        cursor: text("c"),
        has_more: true,
        annotations: Vec::new(),
    };
    assert_is(
        &response,
        "
        12 01 'c'                # 2 cursor
        18 01                    # 3 has_more
        ",
    );
}

#[test]
fn why_something_was_refused() {
    let info = ErrorInfo {
        reason: text("grant_cancelled"),
        domain: text("d"),
        metadata: [(text("reason"), text("no"))].into(),
    };
    assert_is(
        &info,
        "
        0a 0f 'grant_cancelled'  # 1 reason
        12 01 'd'                # 2 domain
        1a 0c                    # 3 metadata: an entry of a map
          0a 06 'reason'         #   1 key
          12 02 'no'             #   2 value
        ",
    );
    let info = RetryInfo {
        retry_delay: Some(prost_types::Duration {
            seconds: 7,
            nanos: 0,
        }),
    };
    assert_is(&info, "0a 02 08 07  # 1 retry_delay, 1 seconds");
}
