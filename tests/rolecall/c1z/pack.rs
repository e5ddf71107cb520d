//! From work file to sync file: whole, in place, or not at all.

use std::fs;
use std::path::Path;

use rolecall::c1z::{self, C1zError, Compression, Opened, WorkFile};
use rolecall::sync::{RunRecord, SyncSink};
use tempfile::TempDir;

use super::{files, samples};

fn listing(directory: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

fn sealed(output: &Path) -> WorkFile {
    let (mut work, _) = WorkFile::open(output, &files::begin()).unwrap();
    for page in samples::pages() {
        work.commit(&page, "the end").unwrap();
    }
    work.seal(files::at("2026-03-04T06:00:00Z"), &RunRecord::default())
        .unwrap();
    work
}

#[test]
fn nothing_but_the_output_is_left() {
    let directory = TempDir::new().unwrap();
    let output = directory.path().join("o.c1z");
    // What a run that was killed while packing leaves behind, and an older output.
    for leftover in ["o.c1z", "o.c1z.tmp", "o.c1z.work-packing"] {
        fs::write(directory.path().join(leftover), b"old").unwrap();
    }
    c1z::pack(sealed(&output), &output, Compression::Zstd).unwrap();
    assert_eq!(listing(directory.path()), ["o.c1z"]);
    assert_eq!(
        files::open(&output)
            .unwrap()
            .sync(None)
            .unwrap()
            .stats()
            .unwrap()
            .resources,
        4
    );
}

#[test]
fn a_run_that_is_not_sealed_is_not_packed() {
    let directory = TempDir::new().unwrap();
    let output = directory.path().join("o.c1z");
    let (work, _) = WorkFile::open(&output, &files::begin()).unwrap();
    let error = c1z::pack(work, &output, Compression::Zstd).unwrap_err();
    assert!(matches!(error, C1zError::NotSealed { .. }), "{error}");
    assert!(!output.exists());
}

#[test]
fn when_packing_fails_the_output_is_untouched_and_the_run_can_go_on() {
    let directory = TempDir::new().unwrap();
    let output = directory.path().join("o.c1z");
    fs::write(&output, b"the previous sync").unwrap();
    let work = sealed(&output);
    // A directory where the temporary file should go stands for a disk that is full.
    fs::create_dir(directory.path().join("o.c1z.tmp")).unwrap();
    let error = c1z::pack(work, &output, Compression::Zstd).unwrap_err();
    assert!(matches!(error, C1zError::Io { .. }), "{error}");
    assert_eq!(fs::read(&output).unwrap(), b"the previous sync");
    fs::remove_dir(directory.path().join("o.c1z.tmp")).unwrap();
    assert_eq!(listing(directory.path()), ["o.c1z", "o.c1z.work"]);

    let (mut work, opened) = WorkFile::open(&output, &files::begin()).unwrap();
    assert_eq!(opened, Opened::Resumed);
    assert_eq!(work.checkpoint().unwrap().as_deref(), Some("the end"));
    work.seal(files::at("2026-03-04T07:00:00Z"), &RunRecord::default())
        .unwrap();
    c1z::pack(work, &output, Compression::Zstd).unwrap();
    assert_eq!(listing(directory.path()), ["o.c1z"]);
}

#[test]
fn an_output_that_cannot_be_written_is_known_beforehand() {
    let directory = TempDir::new().unwrap();
    let good = directory.path().join("o.c1z");
    c1z::check_output(&good).unwrap();
    assert_eq!(
        listing(directory.path()),
        [""; 0],
        "the check leaves nothing behind"
    );
    for replaceable in [&b"C1ZF\0old"[..], b"C1Z3\0newer", &[0x1f, 0x8b, 8], b""] {
        fs::write(&good, replaceable).unwrap();
        c1z::check_output(&good).unwrap();
        assert_eq!(fs::read(&good).unwrap(), replaceable);
    }
    c1z::check_output(Path::new("here.c1z")).unwrap();

    let error = c1z::check_output(directory.path()).unwrap_err();
    assert!(
        matches!(error, C1zError::OutputIsDirectory { .. }),
        "{error}"
    );
    let error = c1z::check_output(&directory.path().join("no/o.c1z")).unwrap_err();
    assert!(matches!(error, C1zError::NoDirectory { .. }), "{error}");
    let error = c1z::check_output(&good.join("o.c1z")).unwrap_err();
    assert!(matches!(error, C1zError::NoDirectory { .. }), "{error}");
}

/// A slip on the command line must not cost a file that is none of ours.
#[test]
fn only_sync_files_are_ever_replaced() {
    let directory = TempDir::new().unwrap();
    for (name, content) in [
        ("connector.yaml", &b"app_name: Acme\n"[..]),
        ("system.db", b"SQLite format 3\0"),
        ("short", b"C1"),
    ] {
        let path = directory.path().join(name);
        fs::write(&path, content).unwrap();
        let error = c1z::check_output(&path).unwrap_err();
        assert!(matches!(error, C1zError::ForeignOutput { .. }), "{error}");
        assert_eq!(fs::read(&path).unwrap(), content);
    }
    let error = c1z::check_output(Path::new("/dev/null")).unwrap_err();
    assert!(matches!(error, C1zError::ForeignOutput { .. }), "{error}");
    let error = c1z::check_output(Path::new("-")).unwrap_err();
    assert!(matches!(error, C1zError::OutputName { .. }), "{error}");
}

/// A link is followed: what it leads to is replaced, and the link stays.
#[cfg(unix)]
#[test]
fn a_link_stays_a_link() {
    let directory = TempDir::new().unwrap();
    let (target, link) = (
        directory.path().join("real.c1z"),
        directory.path().join("link.c1z"),
    );
    fs::write(&target, b"C1ZF\0old").unwrap();
    std::os::unix::fs::symlink(&target, &link).unwrap();
    c1z::check_output(&link).unwrap();
    assert_eq!(
        c1z::resolve_output(&link),
        fs::canonicalize(&target).unwrap()
    );
    assert_eq!(
        c1z::resolve_output(Path::new("new.c1z")),
        Path::new("new.c1z")
    );
}

/// Everybody may write everywhere as root; `/proc` refuses even root.
#[cfg(target_os = "linux")]
#[test]
fn a_directory_in_which_nothing_can_be_made_is_known_beforehand() {
    let error = c1z::check_output(Path::new("/proc/o.c1z")).unwrap_err();
    assert!(matches!(error, C1zError::NotWritable { .. }), "{error}");
}

#[test]
fn whoever_listens_hears_how_far_the_file_is_and_reads_it_under_any_name() {
    let directory = TempDir::new().unwrap();
    let output = directory.path().join("o.c1z");
    let (growth, growing) = c1z::growth();
    c1z::pack_and_tell(sealed(&output), &output, Compression::Zstd, growth).unwrap();
    let grown = growing.0.borrow().clone();
    let packed = fs::read(&output).unwrap();
    assert_eq!((grown.bytes, grown.complete), (packed.len() as u64, true));
    let mut read = Vec::new();
    let file = grown.file.unwrap();
    std::io::Read::read_to_end(&mut *file.lock().unwrap(), &mut read).unwrap();
    assert!(read == packed, "the temporary file, after its rename");
}

#[test]
fn whoever_listens_to_a_file_that_fails_never_hears_that_it_is_complete() {
    let directory = TempDir::new().unwrap();
    let output = directory.path().join("o.c1z");
    let work = sealed(&output);
    // A directory where the output should go: all of the file is written, but not put in place.
    fs::create_dir_all(output.join("x")).unwrap();
    let (growth, growing) = c1z::growth();
    c1z::pack_and_tell(work, &output, Compression::Zstd, growth).unwrap_err();
    let grown = growing.0.borrow().clone();
    assert!(!grown.complete, "{grown:?}");
    assert!(growing.0.has_changed().is_err(), "the other end is gone");
}
