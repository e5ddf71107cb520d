//! Files that are not what they should be, given to every command that reads one: always an answer,
//! never a panic, and nothing left behind.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Parser;
use flate2::write::GzEncoder;
use proptest::prelude::*;
use prost::Message;
use rolecall::c1z::Compression;
use rolecall::cli::inspect::{InspectArgs, run_with_width};
use rolecall::proto::c1z::v3::{C1zManifestV3, SyncRunSummary};
use tempfile::TempDir;

use super::{files, samples};

/// Every command, with what makes it read as much as it can.
const COMMANDS: [&str; 13] = [
    "resources --format json",
    "resources -t user",
    "entitlements --format csv",
    "grants --format json",
    "grants",
    "principals",
    "access --format csv",
    "access -t user -r 1",
    "stats",
    "syncs",
    "verify --all-syncs",
    "diff GOOD",
    "export --force --to OUT",
];

/// The directory of a test, with a temporary directory of its own for the program.
struct Place {
    directory: TempDir,
}

impl Place {
    fn new() -> Self {
        let directory = TempDir::new().unwrap();
        fs::create_dir(directory.path().join("tmp")).unwrap();
        fs::copy(files::golden(), directory.path().join("GOOD")).unwrap();
        Self { directory }
    }

    fn path(&self) -> &Path {
        self.directory.path()
    }

    /// Runs a command on a file of some bytes; returns how it ended and what it said.
    fn inspect(&self, bytes: &[u8], words: &str) -> (Option<i32>, String) {
        fs::write(self.path().join("bad.c1z"), bytes).unwrap();
        let tmp = self.path().join("tmp");
        let words = ["inspect", "bad.c1z"]
            .into_iter()
            .chain(words.split_whitespace());
        let words: Vec<_> = words.collect();
        let ran = crate::run(self.path(), &words, &[("TMPDIR", tmp.to_str().unwrap())]);
        let left: Vec<_> = fs::read_dir(&tmp).unwrap().collect();
        assert!(left.is_empty(), "{words:?} left {left:?}");
        (ran.status.code(), crate::said(&ran))
    }
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = zstd::Encoder::new(b"C1ZF\0".to_vec(), 3).unwrap();
    encoder.include_checksum(true).unwrap();
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// A database in the current schema with a run in it.
fn current() -> Vec<u8> {
    let directory = TempDir::new().unwrap();
    let output = directory.path().join("o.c1z");
    files::write(&output, &samples::pages(), Compression::Zstd);
    files::unpack(&output).bytes
}

fn changed(sql: &str) -> Vec<u8> {
    let directory = TempDir::new().unwrap();
    let path: PathBuf = directory.path().join("changed.db");
    fs::write(&path, current()).unwrap();
    let db = rusqlite::Connection::open(&path).unwrap();
    db.execute_batch(sql)
        .unwrap_or_else(|error| panic!("{sql}: {error}"));
    db.close().unwrap();
    zstd(&fs::read(path).unwrap())
}

#[test]
fn a_file_cut_anywhere_is_refused_by_every_reader() {
    let database = current();
    for whole in [zstd(&database), gzip(&database)] {
        let directory = TempDir::new().unwrap();
        let path = directory.path().join("cut.c1z");
        let lengths = (0..40).chain((40..whole.len()).step_by(211));
        for length in lengths.chain(whole.len() - 12..whole.len()) {
            fs::write(&path, &whole[..length]).unwrap();
            let error = files::open(&path)
                .err()
                .unwrap_or_else(|| panic!("{length} bytes"));
            let said = error.to_string();
            let fits = ["is empty", "is not a c1z", "is cut short"];
            assert!(
                fits.iter().any(|reason| said.contains(reason)),
                "{length}: {said}"
            );
        }
    }
    let place = Place::new();
    let whole = zstd(&database);
    for command in COMMANDS {
        let (ended, told) = place.inspect(&whole[..whole.len() / 2], command);
        assert_eq!(ended, Some(1), "{command}: {told}");
        assert!(
            told.contains("`bad.c1z` is cut short: "),
            "{command}: {told}"
        );
    }
}

/// A few kilobytes that would fill the disk, in every way in which they can be packed.
#[test]
fn a_bomb_does_not_go_off() {
    let chunk = vec![0; 1 << 20];
    let stream = |chunks: usize, promised: bool| {
        let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
        if promised {
            encoder
                .set_pledged_src_size(Some((chunks << 20) as u64))
                .unwrap();
        }
        (0..chunks).for_each(|_| encoder.write_all(&chunk).unwrap());
        encoder.finish().unwrap()
    };
    let of = |parts: &[Vec<u8>]| [b"C1ZF\0".to_vec(), parts.concat()].concat();
    let mut one_gzip = GzEncoder::new(Vec::new(), flate2::Compression::fast());
    (0..64).for_each(|_| one_gzip.write_all(&chunk).unwrap());
    let bombs = [
        ("promised", of(&[stream(256, true)])),
        ("not promised", of(&[stream(256, false)])),
        ("many frames", of(&vec![stream(1, true); 256])),
        ("gzip", one_gzip.finish().unwrap()),
        ("many members", vec![gzip(&chunk); 64].concat()),
    ];
    let place = Place::new();
    for (name, bomb) in bombs {
        assert!(bomb.len() < 1 << 20, "{name}: {} bytes", bomb.len());
        for command in ["stats", "verify", "diff GOOD"] {
            let (ended, told) = place.inspect(&bomb, &format!("{command} --max-decoded-mib 16"));
            assert_eq!(ended, Some(1), "{name}");
            let expected = "`bad.c1z` unpacks to more than 16777216 bytes";
            assert!(told.contains(expected), "{name} {command}: {told}");
        }
    }
}

#[test]
fn the_newer_form_is_named_with_what_it_holds() {
    let timestamp = |seconds| Some(prost_types::Timestamp { seconds, nanos: 0 });
    let run = |id: &str, ended_at| SyncRunSummary {
        sync_id: id.into(),
        r#type: 1,
        started_at: timestamp(1_770_000_000),
        ended_at,
        parent_sync_id: String::new(),
    };
    let manifest = C1zManifestV3 {
        engine: "pebble3".into(),
        sync_runs: vec![run("one", timestamp(1_770_000_100)), run("two", None)],
    }
    .encode_to_vec();
    let file = |length: usize, manifest: &[u8]| {
        let length = u32::try_from(length).unwrap().to_be_bytes();
        [b"C1Z3\0".as_slice(), &length, manifest, b"payload"].concat()
    };
    let place = Place::new();
    let plain = "error: `bad.c1z` is a c1z of the newer Pebble form (it begins with `C1Z3`), which rolecall \
         cannot read; have its writer use the SQLite storage engine";
    let whole = format!(
        "{plain}; its engine is `pebble3`; it holds sync `one` (full, ended 2026-02-02T02:41:40Z), \
         sync `two` (full, not finished)\n"
    );
    assert_eq!(
        place.inspect(&file(manifest.len(), &manifest), "syncs"),
        (Some(1), whole)
    );
    let short = "C1Z3\0".as_bytes().to_vec();
    let hostile = [
        file(0, b""),
        file(60, b""),
        file(u32::MAX as usize, b""),
        file(8, b"whatever"),
        short,
    ];
    for bytes in hostile {
        assert_eq!(
            place.inspect(&bytes, "grants"),
            (Some(1), format!("{plain}\n"))
        );
    }
}

/// A database that opens and is not what it should be.
#[test]
fn a_database_that_is_damaged_inside_is_told_of() {
    let database = current();
    let half = database.len() / 2 / 4096 * 4096;
    let cases: Vec<(&str, Vec<u8>)> = vec![
        ("half of the pages", zstd(&database[..half])),
        ("one page", zstd(&database[..4096])),
        ("a header alone", zstd(&database[..100])),
        (
            "a number for an id of a run",
            changed(
                "drop table v1_sync_runs; create table v1_sync_runs (sync_id, started_at, ended_at, sync_token); insert into v1_sync_runs values (7, 1, 2, '')",
            ),
        ),
        (
            "no columns of runs",
            changed("drop table v1_sync_runs; create table v1_sync_runs (x)"),
        ),
        (
            "bytes for times",
            changed("update v1_sync_runs set started_at = x'ff', ended_at = x'00'"),
        ),
        (
            "text for messages",
            changed(
                "update v1_grants set data = 'no message'; update v1_resources set data = ''; update v1_entitlements set data = 1.5",
            ),
        ),
        (
            "bytes for ids",
            changed(
                "update v1_grants set external_id = x'ff' || id, principal_resource_id = x'fe'; update v1_resources set external_id = x'ff' || id",
            ),
        ),
        (
            "no tables of facts",
            changed("drop table v1_grants; drop table v1_resources"),
        ),
        (
            "no columns of facts",
            changed("drop table v1_grants; create table v1_grants (id integer primary key)"),
        ),
        (
            "a view for a table",
            changed(
                "alter table v1_grants rename to elsewhere; create view v1_grants as select * from elsewhere",
            ),
        ),
        (
            "an expansion that is none",
            changed("update v1_grants set expansion = x'0aff' where expansion is not null"),
        ),
        (
            "a table that is none",
            changed(
                "pragma writable_schema = on; update sqlite_master set rootpage = 3 where name = 'v1_grants'",
            ),
        ),
        (
            "a schema that is none",
            changed(
                "pragma writable_schema = on; update sqlite_master set sql = 'create nonsense' where name = 'v1_grants'",
            ),
        ),
    ];
    let place = Place::new();
    for (name, bytes) in cases {
        let mut told = String::new();
        for command in COMMANDS {
            let (ended, said) = place.inspect(&bytes, command);
            let ended = ended.unwrap_or_else(|| panic!("{name}: {command} was killed"));
            assert!(!said.contains("panicked"), "{name}: {command}: {said}");
            assert!(!said.is_empty(), "{name}: {command} said nothing");
            if matches!(command, "grants" | "verify --all-syncs") {
                told.push_str(&format!("$ {command}\n{said}exit code {ended}\n\n"));
            }
        }
        let mut settings = insta::Settings::clone_current();
        settings.add_filter("[0-9A-Za-z]{27}", "[sync id]");
        let name = format!("bad input {name}").replace(' ', "-");
        settings.bind(|| insta::assert_snapshot!(name, told));
    }
}

#[derive(Parser)]
struct CommandLine {
    #[command(flatten)]
    args: InspectArgs,
}

/// Runs every command in this process; a panic fails the test.
fn inspect_all(directory: &Path, bytes: &[u8]) {
    let bad = directory.join("bad.c1z");
    fs::write(&bad, bytes).unwrap();
    for command in COMMANDS {
        let command = command
            .replace("GOOD", files::golden().to_str().unwrap())
            .replace("OUT", directory.join("out").to_str().unwrap());
        let words = ["inspect", bad.to_str().unwrap()];
        let words = words.into_iter().chain(command.split_whitespace());
        let args = CommandLine::parse_from(words).args;
        let mut out = Vec::new();
        match run_with_width(args, &mut out, None) {
            Ok(_) => assert!(!out.is_empty(), "{command} said nothing"),
            Err(error) => assert!(!format!("{error:#}").is_empty(), "{command}"),
        }
    }
}

/// Where to change something: a share of the length, and what to do there.
#[derive(Debug, Clone)]
struct Edit {
    at: f64,
    byte: u8,
    length: usize,
}

fn edits() -> impl Strategy<Value = Vec<Edit>> {
    let edit = (
        0.0..1.0,
        any::<u8>(),
        prop_oneof![4 => 1..4usize, 1 => 16..600usize],
    );
    let edit = edit.prop_map(|(at, byte, length)| Edit { at, byte, length });
    proptest::collection::vec(edit, 1..8)
}

fn edited(mut bytes: Vec<u8>, edits: &[Edit], cut: Option<f64>) -> Vec<u8> {
    for Edit { at, byte, length } in edits {
        let at = (bytes.len() as f64 * at) as usize;
        let end = (at + length).min(bytes.len());
        bytes[at..end].iter_mut().for_each(|it| *it ^= byte);
    }
    if let Some(cut) = cut {
        bytes.truncate((bytes.len() as f64 * cut) as usize);
    }
    bytes
}

/// How many files are damaged in each way; `PROPTEST_CASES` has it done more often.
fn cases() -> ProptestConfig {
    let asked = std::env::var("PROPTEST_CASES")
        .ok()
        .and_then(|cases| cases.parse().ok());
    ProptestConfig {
        cases: asked.unwrap_or(12),
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(cases())]

    /// Bytes flipped or cut off around and inside of the compressed data.
    #[test]
    fn a_damaged_file_is_always_answered(
        edits in edits(),
        cut in proptest::option::of(0.0..1.0),
        form in 0..3,
    ) {
        let whole = match form {
            0 => fs::read(files::golden()).unwrap(),
            1 => zstd(&current()),
            _ => gzip(&current()),
        };
        let directory = TempDir::new().unwrap();
        inspect_all(directory.path(), &edited(whole, &edits, cut));
    }

    /// Bytes flipped or cut off in the database, which is then packed as if nothing had happened.
    #[test]
    fn a_damaged_database_is_always_answered(
        edits in edits(),
        cut in proptest::option::weighted(0.2, 0.0..1.0),
        golden in any::<bool>(),
    ) {
        let whole = match golden {
            true => files::unpack(&files::golden()).bytes,
            false => current(),
        };
        let directory = TempDir::new().unwrap();
        inspect_all(directory.path(), &zstd(&edited(whole, &edits, cut)));
    }
}
