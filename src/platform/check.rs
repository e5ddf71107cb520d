//! What the protocol demands of the messages that connectors send.

use prost_types::Any;
use tonic::Status;

use crate::proto::connector::v2::ConnectorMetadata;
use crate::proto::connectorapi::baton::v1::baton_service_hello_request::{BuildInfo, OsInfo};
use crate::proto::connectorapi::baton::v1::{
    BatonServiceFinishTaskRequest, BatonServiceGetTasksRequest, BatonServiceHeartbeatRequest,
    BatonServiceHelloRequest,
};

const LONGEST_NAME: usize = 256;
const MOST_ANNOTATIONS: usize = 16;
const TASK_ID: usize = 27;
/// The most tasks that are handed out at once, and that one heartbeat is for.
pub(super) const MOST_TASKS: usize = 100;

type Checked = Result<(), Status>;

fn wrong(sentence: impl Into<String>) -> Status {
    Status::invalid_argument(sentence)
}

pub(super) fn host(id: &str) -> Checked {
    match id.chars().count() {
        1..=LONGEST_NAME => Ok(()),
        0 => Err(wrong("`host_id` is missing")),
        _ => Err(wrong("`host_id` has more than 256 characters")),
    }
}

pub(super) fn task(id: &str) -> Checked {
    let sound = id.len() == TASK_ID && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
    match sound {
        true => Ok(()),
        false => Err(wrong("`task_id` has not 27 letters and digits")),
    }
}

pub(super) fn annotations(annotations: &[Any]) -> Checked {
    match annotations.len() {
        0..=MOST_ANNOTATIONS => Ok(()),
        _ => Err(wrong("there are more than 16 `annotations`")),
    }
}

pub(super) fn hello(request: &BatonServiceHelloRequest) -> Checked {
    host(&request.host_id)?;
    if !request.task_id.is_empty() {
        task(&request.task_id)?;
    }
    annotations(&request.annotations)?;
    let missing = |name| wrong(format!("`{name}` is missing"));
    build(
        request
            .build_info
            .as_ref()
            .ok_or_else(|| missing("build_info"))?,
    )?;
    os(request.os_info.as_ref().ok_or_else(|| missing("os_info"))?)?;
    let about = request.connector_metadata.as_ref();
    metadata(about.ok_or_else(|| missing("connector_metadata"))?)
}

fn build(build: &BuildInfo) -> Checked {
    let fields = [
        ("build_info.lang_version", &build.lang_version),
        ("build_info.package", &build.package),
        ("build_info.package_version", &build.package_version),
    ];
    fields
        .into_iter()
        .try_for_each(|(name, value)| short(name, value))
}

/// Every field is there: connectors write `none` or `unknown` where they have nothing.
fn os(os: &OsInfo) -> Checked {
    let fields = [
        ("os_info.hostname", &os.hostname),
        ("os_info.os", &os.os),
        ("os_info.platform", &os.platform),
        ("os_info.platform_version", &os.platform_version),
        ("os_info.platform_family", &os.platform_family),
        ("os_info.kernel_version", &os.kernel_version),
        ("os_info.kernel_arch", &os.kernel_arch),
        ("os_info.virtualization_system", &os.virtualization_system),
    ];
    fields
        .into_iter()
        .try_for_each(|(name, value)| match value.as_str() {
            "" => Err(wrong(format!("`{name}` is empty"))),
            _ => short(name, value),
        })
}

fn short(name: &str, value: &str) -> Checked {
    match value.chars().count() {
        0..=LONGEST_NAME => Ok(()),
        _ => Err(wrong(format!("`{name}` has more than 256 characters"))),
    }
}

fn metadata(about: &ConnectorMetadata) -> Checked {
    bytes(
        "connector_metadata.display_name",
        &about.display_name,
        1,
        1024,
    )?;
    bytes(
        "connector_metadata.description",
        &about.description,
        0,
        4096,
    )?;
    bytes("connector_metadata.help_url", &about.help_url, 0, 1024)?;
    if !about.help_url.is_empty() && !about.help_url.starts_with("https://") {
        return Err(wrong(
            "`connector_metadata.help_url` does not begin with `https://`",
        ));
    }
    Ok(())
}

fn bytes(name: &str, value: &str, least: usize, most: usize) -> Checked {
    match value.len() {
        length if length < least => Err(wrong(format!("`{name}` is empty"))),
        length if length > most => Err(wrong(format!("`{name}` has more than {most} bytes"))),
        _ => Ok(()),
    }
}

pub(super) fn get_tasks(request: &BatonServiceGetTasksRequest) -> Checked {
    host(&request.host_id)?;
    annotations(&request.annotations)?;
    if !(1..=MOST_TASKS).contains(&(request.page_size as usize)) {
        return Err(wrong("`page_size` is no number from 1 to 100"));
    }
    request.known_task_ids.iter().try_for_each(|id| task(id))
}

pub(super) fn heartbeat(request: &BatonServiceHeartbeatRequest) -> Checked {
    host(&request.host_id)?;
    annotations(&request.annotations)?;
    if request.task_ids.len() > MOST_TASKS {
        return Err(wrong("there are more than 100 `task_ids`"));
    }
    // Of the two ways to name tasks, the one that names several can go without the other.
    if !request.task_id.is_empty() || request.task_ids.is_empty() {
        task(&request.task_id)?;
    }
    request.task_ids.iter().try_for_each(|id| task(id))
}

pub(super) fn finish(request: &BatonServiceFinishTaskRequest) -> Checked {
    host(&request.host_id)?;
    task(&request.task_id)?;
    match request.final_state {
        Some(_) => Ok(()),
        None => Err(wrong("neither `error` nor `success` is there")),
    }
}
