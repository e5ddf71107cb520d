//! Uploads: what is sent, while a file grows, and through connections that break.

use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use rolecall::c1z::{Growth, growth};
use rolecall::daemon::{Limits, Link, LinkSettings, Parcel};
use rolecall::proto::connectorapi::baton::v1::baton_service_upload_asset_request::Msg;
use rolecall::protocol::UPLOAD_CHUNK;
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy};
use tokio::net::{TcpListener, TcpStream};
use tonic::{Code, Status};

use super::scripted::{Platform, limits};

const TASK: &str = "2abcdefghijklmnopqrstuvwxyz";

/// Bytes that are nowhere the same for long.
fn content(length: usize) -> Vec<u8> {
    (0..length)
        .map(|index| (index * 7 + index / 251) as u8)
        .collect()
}

struct Written {
    _folder: TempDir,
    path: PathBuf,
    content: Vec<u8>,
}

fn written(length: usize) -> Written {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("out.c1z");
    let content = content(length);
    std::fs::write(&path, &content).expect("is written");
    Written {
        _folder: folder,
        path,
        content,
    }
}

impl Written {
    fn parcel(&self) -> Parcel {
        Parcel::file(&self.path).expect("is there")
    }
}

/// Checks that an upload is whole and in the form of the protocol, and returns the lengths of its
/// parts.
fn assert_whole(upload: &[Option<Msg>], content: &[u8]) -> Vec<usize> {
    let [
        Some(Msg::Metadata(metadata)),
        parts @ ..,
        Some(Msg::Eof(eof)),
    ] = upload
    else {
        panic!("metadata first, the end last: {} messages", upload.len());
    };
    assert_eq!((&*metadata.host_id, &*metadata.task_id), ("perch", TASK));
    assert_eq!(eof.sha256_checksum, Sha256::digest(content).to_vec());
    let parts = parts.iter().map(|part| match part {
        Some(Msg::Data(data)) => data.data.clone(),
        other => panic!("data between: {other:?}"),
    });
    let parts: Vec<_> = parts.collect();
    assert!(parts.concat() == content, "the content in order");
    parts.iter().map(Vec::len).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_goes_in_parts_with_its_checksum_at_the_end() {
    const PART: usize = UPLOAD_CHUNK;
    let tests: [(usize, &[usize]); 5] = [
        (0, &[]),
        (1, &[1]),
        (PART, &[PART]),
        (PART + 1, &[PART, 1]),
        (3 * PART + 20_044, &[PART, PART, PART, 20_044]),
    ];
    let platform = Platform::start();
    let link = platform.link();
    for (number, (length, parts)) in tests.into_iter().enumerate() {
        let file = written(length);
        link.upload(TASK, &file.parcel()).await.expect("is taken");
        let upload = &platform.seen().uploads[number];
        assert_eq!(assert_whole(upload, &file.content), parts, "{length}");
    }
}

/// A file that somebody writes, and who tells how far it is.
struct Writer {
    file: std::fs::File,
    growth: Growth,
}

impl Writer {
    fn write(&mut self, bytes: &[u8]) {
        self.file.write_all(bytes).expect("is written");
        self.growth.grow(bytes.len());
    }
}

fn growing(folder: &TempDir) -> (Writer, Parcel) {
    let path = folder.path().join("out.c1z.tmp");
    let (growth, growing) = growth();
    let file = std::fs::File::create(&path).expect("is created");
    growth.begin(&path).expect("can be read");
    (Writer { file, growth }, Parcel::from(growing))
}

/// Waits until the platform has so many messages of the newest upload.
async fn arrived(platform: &Platform, messages: usize) {
    for _ in 0..500 {
        let uploads = platform.seen().uploads;
        if uploads
            .last()
            .is_some_and(|upload| upload.len() >= messages)
        {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!(
        "{messages} messages did not arrive: {:?}",
        platform.seen().uploads.len()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_goes_out_while_it_is_written() {
    let platform = Platform::start();
    let folder = tempfile::tempdir().expect("a folder");
    let content = content(UPLOAD_CHUNK * 2 + 100);
    let (mut writer, parcel) = growing(&folder);
    let link = platform.link();
    let upload = tokio::spawn(async move { link.upload(TASK, &parcel).await });

    // The beginning is there before the rest is written; half a part waits.
    writer.write(&content[..UPLOAD_CHUNK + 10]);
    arrived(&platform, 2).await;
    writer.write(&content[UPLOAD_CHUNK + 10..]);
    arrived(&platform, 3).await;
    // Its name changes, its content does not.
    let renamed = folder.path().join("out.c1z");
    std::fs::rename(folder.path().join("out.c1z.tmp"), renamed).expect("is renamed");
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(
        platform.seen().uploads[0].len(),
        3,
        "no end before it is complete"
    );
    assert!(!upload.is_finished());
    writer.growth.complete();
    upload.await.expect("no panic").expect("is taken");
    let parts = assert_whole(&platform.seen().uploads[0], &content);
    assert_eq!(parts, [UPLOAD_CHUNK, UPLOAD_CHUNK, 100]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_not_finished_is_broken_off() {
    let platform = Platform::start();
    let folder = tempfile::tempdir().expect("a folder");
    let (mut writer, parcel) = growing(&folder);
    let link = platform.link();
    let upload = tokio::spawn(async move { link.upload(TASK, &parcel).await });
    writer.write(&content(UPLOAD_CHUNK + 10));
    arrived(&platform, 2).await;
    drop(writer);
    let error = upload
        .await
        .expect("no panic")
        .expect_err("there is no file");
    assert_eq!(error.code, Code::Aborted);
    assert_eq!(error.message, "the file that is uploaded was not finished");
    arrived(&platform, 3).await;
    let uploads = platform.seen().uploads;
    assert_eq!(uploads.len(), 1, "it does not begin again");
    assert!(
        uploads[0][2].is_none(),
        "broken off, not ended: {:?}",
        uploads[0][2]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_that_fails_begins_again_from_the_file() {
    let platform = Platform::start();
    let file = written(3 * UPLOAD_CHUNK);
    platform.answers(Err(Status::unavailable("not now")));
    platform.answers(Err(Status::data_loss("the checksum is another")));
    platform
        .link()
        .upload(TASK, &file.parcel())
        .await
        .expect("is taken");
    let uploads = platform.seen().uploads;
    assert_eq!(uploads.len(), 3);
    assert_whole(&uploads[2], &file.content);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_that_may_not_be_is_not_tried_again() {
    let platform = Platform::start();
    platform.answers(Err(Status::failed_precondition(
        "somebody else has the task",
    )));
    let file = written(3 * UPLOAD_CHUNK);
    let error = platform.link().upload(TASK, &file.parcel()).await;
    let error = error.expect_err("is refused");
    assert_eq!(error.code, Code::FailedPrecondition);
    assert!(
        error.message.ends_with(": somebody else has the task"),
        "{error}"
    );
    assert_eq!(platform.seen().uploads.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_is_given_up_in_the_end() {
    let platform = Platform::start();
    for _ in 0..limits().uploads {
        platform.answers(Err(Status::unavailable("never")));
    }
    let file = written(100);
    let error = platform.link().upload(TASK, &file.parcel()).await;
    assert_eq!(error.expect_err("is given up").code, Code::Unavailable);
    assert_eq!(platform.seen().uploads.len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_is_refused_costs_no_attempt() {
    let platform = Platform::start();
    platform.lifetime(Some(3600));
    for _ in 1..limits().uploads {
        platform.answers(Err(Status::unavailable("not now")));
    }
    platform.answers(Err(Status::unauthenticated("it was revoked")));
    let file = written(2 * UPLOAD_CHUNK);
    platform
        .link()
        .upload(TASK, &file.parcel())
        .await
        .expect("is taken");
    assert_eq!(
        (platform.seen().tokens, platform.seen().uploads.len()),
        (2, 4)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_platform_that_takes_no_more_is_left_and_asked_again() {
    let platform = Platform::start();
    let settings = LinkSettings {
        limits: Limits {
            stall: Duration::from_millis(500),
            ..limits()
        },
        ..platform.settings()
    };
    let link = Link::new(settings).expect("good settings");
    let file = written(8 * UPLOAD_CHUNK);
    platform.pause(Duration::from_secs(3600));
    let awake = platform.clone();
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(300)).await;
        awake.pause(Duration::ZERO);
    });
    link.upload(TASK, &file.parcel())
        .await
        .expect("is taken in the end");
    let uploads = platform.seen().uploads;
    assert_eq!(uploads.len(), 2);
    assert_whole(&uploads[1], &file.content);
}

/// Stands between, and cuts the connections in turn after so many bytes from here to there. Those
/// behind the last cut pass.
async fn cutting(port: u16, cuts: &'static [u64]) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let between = listener.local_addr().expect("an address").port();
    let connections = Arc::new(AtomicUsize::new(0));
    tokio::spawn(async move {
        while let Ok((mut here, _)) = listener.accept().await {
            let number = connections.fetch_add(1, Ordering::Relaxed);
            let cut = cuts.get(number).copied().unwrap_or(u64::MAX);
            tokio::spawn(async move {
                let mut there = TcpStream::connect(("127.0.0.1", port))
                    .await
                    .expect("is there");
                let (from_here, mut to_here) = here.split();
                let (mut from_there, mut to_there) = there.split();
                let mut from_here = from_here.take(cut);
                tokio::select! {
                    copied = copy(&mut from_here, &mut to_there) => copied.map(drop).unwrap_or_default(),
                    copied = copy(&mut from_there, &mut to_here) => copied.map(drop).unwrap_or_default(),
                }
                to_here.shutdown().await.ok();
            });
        }
    });
    between
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_that_is_cut_begins_again_by_another_connection() {
    let platform = Platform::start();
    // The first connection is for the token.
    let cuts = &[u64::MAX, 300_000, 1_700_000];
    let between = cutting(platform.port(), cuts).await;
    let settings = LinkSettings {
        host: Some(format!("127.0.0.1:{between}")),
        ..platform.settings()
    };
    platform.lifetime(Some(3600));
    let link = Link::new(settings).expect("good settings");
    let file = written(5 * UPLOAD_CHUNK);
    link.upload(TASK, &file.parcel())
        .await
        .expect("is taken in the end");
    let uploads = platform.seen().uploads;
    assert_eq!(uploads.len(), 3);
    assert!(uploads[0].len() < 3 && uploads[1].len() > 2);
    for cut in &uploads[..2] {
        let ended = cut.iter().flatten().any(|msg| matches!(msg, Msg::Eof(_)));
        assert!(!ended, "what was cut has no end");
    }
    assert_whole(&uploads[2], &file.content);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_is_cut_fails_and_the_next_one_is_answered() {
    let platform = Platform::start();
    let between = cutting(platform.port(), &[u64::MAX, 900]).await;
    let settings = LinkSettings {
        host: Some(format!("127.0.0.1:{between}")),
        ..platform.settings()
    };
    platform.lifetime(Some(3600));
    let link = Link::new(settings).expect("good settings");
    let mut broken = Vec::new();
    for _ in 0..20 {
        if let Err(error) = link.get_task().await {
            broken.push(error);
        }
    }
    assert_eq!(broken.len(), 1, "{broken:?}");
    assert_eq!(broken[0].code, Code::Unavailable, "{broken:?}");
    assert!(broken[0].message.contains("broke"), "{broken:?}");
}
