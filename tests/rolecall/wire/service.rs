//! `c1.connectorapi.baton.v1.BatonService`: its requests and responses.

use prost_types::{Any, Duration};
use rolecall::proto::connector::v2::ConnectorMetadata;
use rolecall::proto::connectorapi::baton::v1::baton_service_finish_task_request::{
    Error, FinalState, Success,
};
use rolecall::proto::connectorapi::baton::v1::baton_service_hello_request::{BuildInfo, OsInfo};
use rolecall::proto::connectorapi::baton::v1::baton_service_upload_asset_request::{
    Msg, UploadData, UploadEof, UploadMetadata,
};
use rolecall::proto::connectorapi::baton::v1::*;
use rolecall::proto::google::rpc::Status;

use super::assert_is;

fn text(text: &str) -> String {
    text.to_owned()
}

/// An annotation with nothing in it.
fn note() -> Any {
    Any {
        type_url: text("t/N"),
        value: Vec::new(),
    }
}

#[test]
fn hello() {
    let request = BatonServiceHelloRequest {
        host_id: text("perch"),
        task_id: text("t1"),
        build_info: Some(BuildInfo {
            lang_version: text("rustc 1"),
            package: text("rolecall"),
            package_version: text("0.1.0"),
        }),
        os_info: Some(OsInfo {
            hostname: text("h"),
            os: text("linux"),
            platform: text("debian"),
            platform_version: text("12"),
            platform_family: text("f"),
            kernel_version: text("6.1"),
            kernel_arch: text("x86"),
            virtualization_system: text("none"),
        }),
        connector_metadata: Some(ConnectorMetadata {
            display_name: text("Acme"),
            help_url: text("u"),
            description: text("d"),
            ..ConnectorMetadata::default()
        }),
        annotations: vec![note()],
    };
    assert_is(
        &request,
        "
        0a 05 'perch'            # 1 host_id
        12 02 't1'               # 2 task_id
        1a 1a                    # 3 build_info
          0a 07 'rustc 1'        #   1 lang_version
          12 08 'rolecall'       #   2 package
          1a 05 '0.1.0'          #   3 package_version
        22 29                    # 4 os_info
          0a 01 'h'              #   1 hostname
          12 05 'linux'          #   2 os
          1a 06 'debian'         #   3 platform
          22 02 '12'             #   4 platform_version
          2a 01 'f'              #   5 platform_family
          32 03 '6.1'            #   6 kernel_version
          3a 03 'x86'            #   7 kernel_arch
          42 04 'none'           #   8 virtualization_system
        2a 0c                    # 5 connector_metadata
          0a 04 'Acme'           #   1 display_name
          12 01 'u'              #   2 help_url
          3a 01 'd'              #   7 description
        32 05                    # 6 annotations
          0a 03 't/N'            #   1 type_url
        ",
    );
    let response = BatonServiceHelloResponse {
        annotations: vec![note()],
    };
    assert_is(&response, "0a 05 0a 03 't/N'  # 1 annotations");
}

#[test]
fn get_task() {
    let request = BatonServiceGetTaskRequest {
        host_id: text("perch"),
    };
    assert_is(&request, "0a 05 'perch'  # 1 host_id");
    let response = BatonServiceGetTaskResponse {
        task: Some(Task {
            id: text("t1"),
            status: task::Status::Scheduled.into(),
            debug: true,
            task_type: Some(task::TaskType::Hello(task::HelloTask::default())),
        }),
        next_poll: Some(Duration {
            seconds: 300,
            nanos: 500_000_000,
        }),
        next_heartbeat: Some(Duration {
            seconds: 30,
            nanos: 0,
        }),
        annotations: vec![note()],
    };
    assert_is(
        &response,
        "
        0a 0b                    # 1 task
          0a 02 't1'             #   1 id
          10 02                  #   2 status: STATUS_SCHEDULED
          18 01                  #   3 debug
          aa 06 00               #   101 hello
        12 09                    # 2 next_poll
          08 ac 02               #   1 seconds: 300
          10 80 ca b5 ee 01      #   2 nanos: 500000000
        1a 02                    # 3 next_heartbeat
          08 1e                  #   1 seconds: 30
        22 05 0a 03 't/N'        # 4 annotations
        ",
    );
    assert_is(&BatonServiceGetTaskResponse::default(), "");
}

#[test]
fn get_tasks() {
    let request = BatonServiceGetTasksRequest {
        host_id: text("perch"),
        page_size: 100,
        known_task_ids: vec![text("t1"), text("t2")],
        annotations: vec![note()],
    };
    assert_is(
        &request,
        "
        0a 05 'perch'            # 1 host_id
        10 64                    # 2 page_size
        1a 02 't1'               # 3 known_task_ids
        1a 02 't2'
        22 05 0a 03 't/N'        # 4 annotations
        ",
    );
    let task = |id: &str| Task {
        id: text(id),
        ..Task::default()
    };
    let response = BatonServiceGetTasksResponse {
        tasks: vec![task("t1"), task("t2")],
        next_poll: Some(Duration {
            seconds: 1,
            nanos: 0,
        }),
        next_heartbeat: Some(Duration::default()),
        annotations: vec![note()],
    };
    assert_is(
        &response,
        "
        0a 04 0a 02 't1'         # 1 tasks, 1 id
        0a 04 0a 02 't2'
        12 02 08 01              # 2 next_poll, 1 seconds
        1a 00                    # 3 next_heartbeat: there, but 0
        22 05 0a 03 't/N'        # 4 annotations
        ",
    );
}

#[test]
fn heartbeat() {
    let request = BatonServiceHeartbeatRequest {
        host_id: text("perch"),
        task_id: text("t1"),
        annotations: vec![note()],
        task_ids: vec![text("t2")],
    };
    assert_is(
        &request,
        "
        0a 05 'perch'            # 1 host_id
        12 02 't1'               # 2 task_id
        1a 05 0a 03 't/N'        # 3 annotations
        22 02 't2'               # 4 task_ids
        ",
    );
    let response = BatonServiceHeartbeatResponse {
        next_heartbeat: Some(Duration {
            seconds: 127,
            nanos: 1,
        }),
        cancelled: true,
        annotations: vec![note()],
        cancelled_task_ids: vec![text("t2")],
    };
    assert_is(
        &response,
        "
        0a 04 08 7f 10 01        # 1 next_heartbeat, 1 seconds, 2 nanos
        10 01                    # 2 cancelled
        1a 05 0a 03 't/N'        # 3 annotations
        22 02 't2'               # 4 cancelled_task_ids
        ",
    );
}

#[test]
fn upload_asset() {
    let message = |msg| BatonServiceUploadAssetRequest { msg: Some(msg) };
    let metadata = message(Msg::Metadata(UploadMetadata {
        host_id: text("perch"),
        task_id: text("t1"),
        annotations: vec![note()],
    }));
    assert_is(
        &metadata,
        "
        a2 06 12                 # 100 metadata
          0a 05 'perch'          #   1 host_id
          12 02 't1'             #   2 task_id
          22 05 0a 03 't/N'      #   4 annotations; there is no 3
        ",
    );
    let data = message(Msg::Data(UploadData {
        data: b"C1ZF\0".to_vec(),
    }));
    assert_is(
        &data,
        "
        aa 06 07                 # 101 data
          0a 05 'C1ZF' 00        #   1 data
        ",
    );
    let eof = message(Msg::Eof(UploadEof {
        sha256_checksum: vec![0xab; 32],
        annotations: vec![note()],
    }));
    let checksum = "ab ".repeat(32);
    assert_is(
        &eof,
        &format!(
            "
            b2 06 29             # 102 eof
              0a 20 {checksum}   #   1 sha256_checksum
              12 05 0a 03 't/N'  #   2 annotations
            "
        ),
    );
    let response = BatonServiceUploadAssetResponse {
        annotations: vec![note()],
    };
    assert_is(&response, "0a 05 0a 03 't/N'  # 1 annotations");
}

#[test]
fn finish_task() {
    let success = BatonServiceFinishTaskRequest {
        host_id: text("perch"),
        task_id: text("t1"),
        status: None,
        final_state: Some(FinalState::Success(Success {
            annotations: vec![note()],
            response: Some(Any {
                type_url: text("t/R"),
                value: vec![1, 2],
            }),
        })),
    };
    assert_is(
        &success,
        "
        0a 05 'perch'            # 1 host_id
        12 02 't1'               # 2 task_id
        aa 06 12                 # 101 success
          0a 05 0a 03 't/N'      #   1 annotations
          12 09                  #   2 response
            0a 03 't/R'          #     1 type_url
            12 02 01 02          #     2 value
        ",
    );
    let error = BatonServiceFinishTaskRequest {
        host_id: text("perch"),
        task_id: text("t1"),
        status: Some(Status {
            code: 9,
            message: text("no"),
            details: vec![note()],
        }),
        final_state: Some(FinalState::Error(Error {
            non_retryable: true,
            annotations: vec![note()],
            response: Some(note()),
        })),
    };
    assert_is(
        &error,
        "
        0a 05 'perch'            # 1 host_id
        12 02 't1'               # 2 task_id
        1a 0d                    # 3 status
          08 09                  #   1 code: FAILED_PRECONDITION
          12 02 'no'             #   2 message
          1a 05 0a 03 't/N'      #   3 details
        a2 06 10                 # 100 error
          08 01                  #   1 non_retryable
          12 05 0a 03 't/N'      #   2 annotations
          1a 05 0a 03 't/N'      #   3 response
        ",
    );
    // Nothing to tell is still a success, not the lack of an end.
    let nothing = BatonServiceFinishTaskRequest {
        host_id: text("perch"),
        task_id: text("t1"),
        status: None,
        final_state: Some(FinalState::Success(Success::default())),
    };
    assert_is(&nothing, "0a 05 'perch' 12 02 't1' aa 06 00");
    let response = BatonServiceFinishTaskResponse {
        annotations: vec![note()],
    };
    assert_is(&response, "0a 05 0a 03 't/N'  # 1 annotations");
}
