//! Files that connectors send, in whole and in part.

use std::path::Path;

use rolecall::platform::{State, UploadKind};
use rolecall::proto::connectorapi::baton::v1::BatonServiceUploadAssetRequest;
use sha2::{Digest as _, Sha256};
use tonic::Code;

use super::caller::{Caller, data, eof, metadata};
use super::site::{Site, quick};
use super::sync;

const FILE: &[u8] = b"C1ZF\0and so on";

async fn with_sync() -> (Site, Caller, String) {
    let site = Site::start(quick()).await;
    let acme = site.client("acme");
    let put = site.queue().put(&acme.client_id, &sync(), None, site.now());
    let mut h1 = Caller::connect(&site, &acme, "h1").await;
    let task = h1.task().await.expect("a task").id;
    assert_eq!(Ok(&task), put.as_ref().map_err(|_| ()));
    (site, h1, task)
}

fn files(folder: &Path) -> Vec<String> {
    let listed = std::fs::read_dir(folder).into_iter().flatten();
    let mut names: Vec<_> = listed
        .map(|file| {
            file.expect("a file")
                .file_name()
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    names.sort();
    names
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_a_whole_file_is_refused_and_leaves_nothing() {
    let (site, mut h1, task) = with_sync().await;
    let sum = Sha256::digest(FILE);
    let about = || metadata("h1", &task);
    let empty = BatonServiceUploadAssetRequest { msg: None };
    let large = vec![0; (1 << 20) + 1];
    let tests = [
        ("nothing", vec![]),
        ("no metadata", vec![data(FILE), eof(&sum)]),
        ("metadata twice", vec![about(), about()]),
        ("broken off", vec![about(), data(FILE)]),
        ("an empty part", vec![about(), data(b""), eof(&sum)]),
        ("a large part", vec![about(), data(&large)]),
        ("an empty message", vec![about(), empty]),
        (
            "a short checksum",
            vec![about(), data(FILE), eof(&sum[..31])],
        ),
        ("another checksum", vec![about(), data(FILE), eof(&[0; 32])]),
        (
            "another host",
            vec![metadata("h2", &task), data(FILE), eof(&sum)],
        ),
        ("no host", vec![metadata("", &task), data(FILE), eof(&sum)]),
        (
            "another task",
            vec![metadata("h1", &"a".repeat(27)), data(FILE), eof(&sum)],
        ),
        (
            "no task id",
            vec![metadata("h1", "../../../../etc/x"), data(FILE), eof(&sum)],
        ),
    ];
    let mut said = String::new();
    for (what, parts) in tests {
        let refused = h1.sends(parts).await.expect_err(what);
        said.push_str(&format!(
            "{what}: {:?}: {}\n",
            refused.code(),
            refused.message()
        ));
        assert_eq!(
            files(&site.home().uploads().join(&task)),
            Vec::<String>::new()
        );
    }
    insta::assert_snapshot!("uploads_refused", said.replace(&task, "TASK"));
    assert_eq!(site.queue().uploads(&task).expect("a list"), Vec::new());
    assert_eq!(
        files(&site.home().uploads()).len(),
        1,
        "only the task that is there"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_comes_again_is_the_same_file() {
    let (site, mut h1, task) = with_sync().await;
    for chunk in [3, 512 << 10, 1] {
        h1.uploads(&task, FILE, chunk).await.expect("taken");
    }
    h1.uploads(&task, b"{\"level\":\"debug\"}", 8)
        .await
        .expect("taken");
    h1.uploads(&task, b"", 8)
        .await
        .expect("taken, though empty");
    h1.uploads(&task, b"C1Z3\0", 8).await.expect("taken");
    let uploads = site.queue().uploads(&task).expect("a list");
    let kinds: Vec<_> = uploads.iter().map(|upload| upload.kind).collect();
    use UploadKind::{Log, Other, PebbleSync, Sync};
    assert_eq!(kinds, [Sync, Log, Other, PebbleSync]);
    for upload in &uploads {
        let kept = std::fs::read(site.home().uploads().join(&upload.file)).expect("kept");
        assert_eq!(kept.len() as u64, upload.bytes);
    }
    assert_eq!(files(&site.home().uploads().join(&task)).len(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_goes_away_in_the_middle_leaves_nothing() {
    let (site, h1, task) = with_sync().await;
    let (send, parts) = futures::channel::mpsc::unbounded();
    let mut sender = h1.on("h1");
    let sending = tokio::spawn(async move { sender.service.upload_asset(parts).await });
    send.unbounded_send(metadata("h1", &task)).expect("sent");
    send.unbounded_send(data(FILE)).expect("sent");
    let folder = site.home().uploads().join(&task);
    while files(&folder).is_empty() {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    assert!(files(&folder)[0].ends_with(".part"));
    sending.abort();
    drop(h1);
    while !files(&folder).is_empty() {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    assert_eq!(site.queue().uploads(&task).expect("a list"), Vec::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_file_of_an_attempt_that_failed_is_not_the_last_sync() {
    let (site, mut h1, task) = with_sync().await;
    let client = site.queue().task(&task).expect("it is there").client;
    let last = || site.queue().last_sync(&client).expect("an answer");
    h1.uploads(&task, FILE, 8).await.expect("taken");
    h1.fails(&task, Code::Aborted, false).await.expect("taken");
    site.later(std::time::Duration::from_secs(60));
    assert_eq!(h1.task().await.expect("again").id, task);
    assert_eq!(last(), None);
    let second = [FILE, b"more"].concat();
    h1.uploads(&task, &second, 8).await.expect("taken");
    h1.succeeds(&task).await.expect("taken");
    assert_eq!(
        site.queue().task(&task).expect("it is there").state,
        State::Done
    );
    let file = last().expect("a sync file");
    assert_eq!((file.attempt, file.bytes), (2, second.len() as u64));
}
