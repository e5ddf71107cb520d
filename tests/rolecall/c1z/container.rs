//! What stands around the database: what we write, what we read, and what we refuse and how.

use std::fs;
use std::io::{Read, Write};

use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;
use rolecall::c1z::{C1z, C1zError, Compression, ReadLimits};
use tempfile::TempDir;

use super::{files, samples};

/// An empty database of two pages, and its length in bytes.
fn database() -> Vec<u8> {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("sync.db");
    let db = rusqlite::Connection::open(&path).unwrap();
    db.execute_batch("create table unrelated (x)").unwrap();
    db.close().unwrap();
    fs::read(path).unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = zstd::Encoder::new(Vec::new(), 3).unwrap();
    encoder.include_checksum(true).unwrap();
    encoder
        .set_pledged_src_size(Some(bytes.len() as u64))
        .unwrap();
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zstd_without_size_and_checksum(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = zstd::Encoder::new(Vec::new(), 19).unwrap();
    encoder.include_contentsize(false).unwrap();
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn magic(rest: &[&[u8]]) -> Vec<u8> {
    [&[b"C1ZF\0".as_slice()], rest].concat().concat()
}

fn open(bytes: &[u8], decoded_bytes: u64) -> Result<C1z, C1zError> {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("case.c1z");
    fs::write(&path, bytes).unwrap();
    C1z::open(&path, ReadLimits { decoded_bytes })
}

const ENOUGH: u64 = 1 << 20;

#[test]
fn every_way_to_wrap_a_database_is_unwrapped() {
    let database = database();
    let (head, tail) = database.split_at(5000);
    let skippable = [0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3];
    let cases: [(&str, Vec<u8>); 7] = [
        ("zstd", magic(&[&zstd(&database)])),
        (
            "no size, no checksum",
            magic(&[&zstd_without_size_and_checksum(&database)]),
        ),
        ("two frames", magic(&[&zstd(head), &zstd(tail)])),
        ("empty frame", magic(&[&zstd(b""), &zstd(&database)])),
        (
            "skippable frame",
            magic(&[&zstd(head), &skippable, &zstd(tail)]),
        ),
        ("gzip", gzip(&database)),
        ("two gzip members", [gzip(head), gzip(tail)].concat()),
    ];
    for (name, bytes) in cases {
        let file = open(&bytes, ENOUGH).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(file.runs().unwrap(), [], "{name}");
        // Exactly the size is allowed, and not a byte less.
        let size = database.len() as u64;
        assert!(open(&bytes, size).is_ok(), "{name}");
        let refused = open(&bytes, size - 1).err();
        assert!(
            matches!(refused, Some(C1zError::TooLarge { .. })),
            "{name}: {refused:?}"
        );
    }
}

#[test]
fn what_is_no_whole_sync_file_is_refused_with_its_reason() {
    let database = database();
    let good = magic(&[&zstd(&database)]);
    let mut flipped = good.clone();
    let last = flipped.len() - 1;
    flipped[last] ^= 1;
    let mut flipped_gzip = gzip(&database);
    let checksum_at = flipped_gzip.len() - 8;
    flipped_gzip[checksum_at] ^= 1;
    let half = good.len() / 2;
    // A window of 256 MiB, then one empty last block.
    let wide = [0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x90, 0x01, 0x00, 0x00];

    let cases: Vec<(&str, Vec<u8>, String)> = vec![
        ("empty", vec![], "is empty: the sync that should have written it did not finish".into()),
        ("one byte", b"C".to_vec(), "is not a c1z: it begins with neither `C1ZF` nor a gzip header".into()),
        ("text", b"resource_types:\n".to_vec(), "is not a c1z: it begins with neither `C1ZF` nor a gzip header".into()),
        ("bare database", database.clone(), "is not a c1z: it is a bare SQLite database".into()),
        ("bare zstd", zstd(&database), "is not a c1z: it is zstd data without the five bytes that begin a c1z".into()),
        ("gzip after the magic", magic(&[&gzip(&database)]), "is not a c1z: no zstd data follows its first five bytes".into()),
        ("database after the magic", magic(&[&database]), "is not a c1z: no zstd data follows its first five bytes".into()),
        ("pebble", b"C1Z3\0\0\0\0\x08whatever".to_vec(), "is a c1z of the newer Pebble form (it begins with `C1Z3`), which rolecall cannot read; have its writer use the SQLite storage engine".into()),
        ("magic alone", magic(&[]), "is cut short: 5 bytes are there, but the compressed data goes on".into()),
        ("half a frame magic", magic(&[&[0x28, 0xb5]]), "is cut short: 7 bytes are there, but the compressed data goes on".into()),
        ("half", good[..half].to_vec(), format!("is cut short: {half} bytes are there, but the compressed data goes on")),
        ("all but one byte", good[..last].to_vec(), format!("is cut short: {last} bytes are there, but the compressed data goes on")),
        ("half a gzip", gzip(&database)[..60].to_vec(), "is cut short: 60 bytes are there, but the compressed data goes on".into()),
        ("trailing bytes", magic(&[&zstd(&database), b"!"]), format!("goes on after its compressed data: unexpected bytes from offset {}", good.len())),
        ("trailing bytes after gzip", [gzip(&database), vec![0; 9]].concat(), format!("goes on after its compressed data: unexpected bytes from offset {}", gzip(&database).len())),
        ("wrong checksum", flipped, "is damaged: its compressed data does not decode".into()),
        ("wrong gzip checksum", flipped_gzip, "is damaged: its compressed data does not decode".into()),
        ("window too wide", magic(&[&wide]), "is damaged: its compressed data does not decode".into()),
        ("no database inside", magic(&[&zstd(b"no database, only some text")]), "does not hold a sound SQLite database".into()),
    ];
    for (name, bytes, reason) in cases {
        let error = open(&bytes, ENOUGH)
            .err()
            .unwrap_or_else(|| panic!("{name} was accepted"));
        let text = error.to_string();
        let (_, said) = text.split_once("case.c1z` ").unwrap();
        assert_eq!(said, reason, "{name}");
    }
}

#[test]
fn a_promised_size_over_the_limit_is_refused_before_decoding() {
    // The frame promises a gibibyte and has nothing in it: decoding would call it cut short.
    let mut frame = vec![0x28, 0xb5, 0x2f, 0xfd, 0b1000_0000, 0x50];
    frame.extend((1u32 << 30).to_le_bytes());
    let error = open(&magic(&[&frame]), ENOUGH).err().unwrap();
    assert!(
        matches!(error, C1zError::TooLarge { limit: ENOUGH, .. }),
        "{error}"
    );
    let error = open(&magic(&[&frame]), 1 << 30).err().unwrap();
    assert!(matches!(error, C1zError::Truncated { .. }), "{error}");
}

#[test]
fn a_path_that_is_no_file_is_an_error_of_its_own() {
    let directory = TempDir::new().unwrap();
    let missing = directory.path().join("missing.c1z");
    let error = files::open(&missing).err().unwrap();
    assert_eq!(
        error.to_string(),
        format!("cannot open `{}`", missing.display())
    );
    assert!(matches!(
        files::open(directory.path()).err(),
        Some(C1zError::Io { .. })
    ));
}

#[test]
fn zstd_is_written_with_size_checksum_and_a_small_window() {
    let directory = TempDir::new().unwrap();
    let output = directory.path().join("out.c1z");
    files::write(&output, &samples::pages(), Compression::Zstd);
    let bytes = fs::read(&output).unwrap();
    assert_eq!(bytes[..9], *b"C1ZF\0\x28\xb5\x2f\xfd");

    let descriptor = bytes[9];
    assert_eq!(descriptor & 0b0000_0100, 0b0000_0100, "content checksum");
    assert_eq!(descriptor & 0b0000_0011, 0, "no dictionary");
    let single_segment = descriptor & 0b0010_0000 != 0;
    let size_at = if single_segment { 10 } else { 11 };
    let size = match descriptor >> 6 {
        0 => u64::from(bytes[size_at]),
        1 => u64::from(u16::from_le_bytes([bytes[size_at], bytes[size_at + 1]])) + 256,
        2 => u64::from(u32::from_le_bytes(
            bytes[size_at..size_at + 4].try_into().unwrap(),
        )),
        _ => u64::from_le_bytes(bytes[size_at..size_at + 8].try_into().unwrap()),
    };
    let decoded = zstd::decode_all(&bytes[5..]).unwrap();
    assert_eq!(size, decoded.len() as u64);
    let window = if single_segment {
        size
    } else {
        1u64 << (10 + (bytes[10] >> 3))
    };
    assert!(window <= 8 << 20, "{window}");

    // One frame and nothing after it.
    let mut one = zstd::Decoder::new(&bytes[5..]).unwrap().single_frame();
    std::io::copy(&mut one, &mut std::io::sink()).unwrap();
    let mut rest = Vec::new();
    one.finish().read_to_end(&mut rest).unwrap();
    assert!(rest.is_empty());
}

#[test]
fn gzip_is_written_plain_and_read_back() {
    let directory = TempDir::new().unwrap();
    let output = directory.path().join("out.c1z");
    files::write(&output, &samples::pages(), Compression::Gzip);
    let mut decoded = Vec::new();
    MultiGzDecoder::new(fs::File::open(&output).unwrap())
        .read_to_end(&mut decoded)
        .unwrap();
    assert!(decoded.starts_with(b"SQLite format 3\0"));
    assert_eq!(
        files::open(&output)
            .unwrap()
            .sync(None)
            .unwrap()
            .stats()
            .unwrap()
            .grants,
        2
    );
}
