//! An upload on the wire → a file among the uploads, and its place in the queue.

use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::time::timeout;
use tonic::{Status, Streaming};

use super::queue::{Upload, Worker};
use super::upload::{Arriving, Lost};
use super::{Platform, PlatformError, check};
use crate::proto::connectorapi::baton::v1::BatonServiceUploadAssetRequest;
use crate::proto::connectorapi::baton::v1::baton_service_upload_asset_request::{
    Msg, UploadEof, UploadMetadata,
};
use crate::protocol::LARGEST_UPLOAD_CHUNK;

/// How long an upload may stand still.
const STANDSTILL: Duration = Duration::from_secs(300);
const CHECKSUM: usize = 32;

type Parts = Streaming<BatonServiceUploadAssetRequest>;

/// Receives a file from the connector that holds its task.
pub(super) async fn receive(
    platform: &Platform,
    client: &str,
    mut parts: Parts,
) -> Result<(), Status> {
    let about = match next(&mut parts).await? {
        Some(Msg::Metadata(about)) => about,
        _ => return Err(Status::invalid_argument("an upload begins with `metadata`")),
    };
    check::host(&about.host_id)?;
    check::task(&about.task_id)?;
    check::annotations(&about.annotations)?;
    let (holder, about) = (client.to_owned(), about);
    let (task, host) = (about.task_id.clone(), about.host_id.clone());
    let mut file = platform
        .blocking(move |platform| {
            let worker = Worker {
                client: &holder,
                host: &host,
            };
            platform.queue().check_held(worker, &task)?;
            let uploads = platform.home().uploads();
            let begun = Arriving::begin(&uploads, &task);
            Ok(begun.map_err(PlatformError::file("keep a file in", &uploads))?)
        })
        .await?;
    let end = loop {
        match next(&mut parts).await? {
            Some(Msg::Data(part)) => {
                if !(1..=LARGEST_UPLOAD_CHUNK).contains(&part.data.len()) {
                    let reason = "`data` has not between 1 and 1048576 bytes";
                    return Err(Status::invalid_argument(reason));
                }
                file = platform
                    .blocking(move |platform| {
                        let appended = file.append(&part.data);
                        let uploads = platform.home().uploads();
                        appended.map_err(PlatformError::file("keep a file in", &uploads))?;
                        Ok(file)
                    })
                    .await?;
            }
            Some(Msg::Eof(end)) => break end,
            Some(Msg::Metadata(_)) => {
                return Err(Status::invalid_argument("`metadata` comes once"));
            }
            None => {
                let reason = "the upload was broken off: its `eof` is missing";
                return Err(Status::aborted(reason));
            }
        }
    };
    check::annotations(&end.annotations)?;
    if end.sha256_checksum.len() != CHECKSUM {
        let reason = "`sha256_checksum` has not 32 bytes";
        return Err(Status::invalid_argument(reason));
    }
    let (platform, client, now) = (platform.clone(), client.to_owned(), platform.now());
    let kept =
        tokio::task::spawn_blocking(move || keep(&platform, &client, &about, file, &end, now));
    kept.await
        .map_err(|_| Status::internal("the platform failed"))?
}

fn keep(
    platform: &Platform,
    client: &str,
    about: &UploadMetadata,
    file: Arriving,
    end: &UploadEof,
    now: DateTime<Utc>,
) -> Result<(), Status> {
    let uploads = platform.home().uploads();
    let worker = Worker {
        client,
        host: &about.host_id,
    };
    // Before the file gets its name: the one in its place may be that of somebody else's upload.
    platform.queue().check_held(worker, &about.task_id)?;
    let arrived = file.end(&end.sha256_checksum).map_err(|lost| match lost {
        Lost::Checksum => Status::data_loss(lost.to_string()),
        Lost::Disk(error) => PlatformError::file("keep a file in", &uploads)(error).into(),
    })?;
    let upload = Upload {
        file: arrived.file,
        kind: arrived.kind,
        bytes: arrived.bytes,
        sha256: arrived.sha256,
        attempt: 0,
        at: now,
    };
    platform.queue().uploaded(worker, &about.task_id, &upload)?;
    tracing::info!(
        task.id = about.task_id,
        file = upload.file,
        bytes = upload.bytes,
        "a file arrived"
    );
    Ok(())
}

async fn next(parts: &mut Parts) -> Result<Option<Msg>, Status> {
    let next = timeout(STANDSTILL, parts.message()).await;
    let next =
        next.map_err(|_| Status::deadline_exceeded("the upload stood still for too long"))?;
    match next? {
        None => Ok(None),
        Some(BatonServiceUploadAssetRequest { msg: Some(part) }) => Ok(Some(part)),
        Some(_) => Err(Status::invalid_argument("a message of the upload is empty")),
    }
}
