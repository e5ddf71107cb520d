//! The first bytes of a sync file → how its compressed data was made.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use super::{Container, MAGIC, ZSTD_MAGIC};
use crate::c1z::C1zError;

/// The largest window that every reader takes: 8 MiB.
pub const USUAL_WINDOW: u64 = 8 << 20;

/// How a sync file was compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Plain gzip.
    Gzip,
    /// Zstd; what its first frame says.
    Zstd {
        /// True when damage is noticed.
        has_checksum: bool,
        /// How much of the content a reader must hold, in bytes.
        window: u64,
    },
}

/// Reads the shape of a file that was unpacked before.
pub fn shape(path: &Path) -> Result<Shape, C1zError> {
    let mut start = Vec::new();
    File::open(path)
        .and_then(|file| file.take(64).read_to_end(&mut start))
        .map_err(C1zError::io("read", path))?;
    Ok(match Container::of(&start) {
        Container::Gzip => Shape::Gzip,
        _ => frame(start.get(MAGIC.len()..).unwrap_or_default()),
    })
}

/// RFC 8878, 3.1.1.1: magic, descriptor, window or else the size of the content.
fn frame(start: &[u8]) -> Shape {
    let header = start.strip_prefix(ZSTD_MAGIC).unwrap_or_default();
    let byte = |at: usize| u64::from(header.get(at).copied().unwrap_or(0));
    let descriptor = byte(0);
    let is_single_segment = descriptor & 0b10_0000 != 0;
    let window = match is_single_segment {
        false => {
            let base = 1u64 << (10 + (byte(1) >> 3));
            base + base / 8 * (byte(1) & 0b111)
        }
        true => {
            let id = [0, 1, 2, 4][(descriptor & 0b11) as usize];
            let length = [1, 2, 4, 8][(descriptor >> 6) as usize];
            let bytes = (0..length).map(|at| byte(1 + id + at) << (8 * at));
            bytes.sum::<u64>() + if length == 2 { 256 } else { 0 }
        }
    };
    Shape::Zstd {
        // A skippable frame says nothing of those after it.
        has_checksum: header.is_empty() || descriptor & 0b100 != 0,
        window,
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn of(bytes: &[u8]) -> Shape {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(bytes).unwrap();
        shape(file.path()).unwrap()
    }

    fn zstd(content: &[u8], size: Option<u64>, window_log: u32, checksum: bool) -> Vec<u8> {
        let mut encoder = zstd::Encoder::new(MAGIC.to_vec(), 3).unwrap();
        encoder.include_checksum(checksum).unwrap();
        encoder.window_log(window_log).unwrap();
        encoder.set_pledged_src_size(size).unwrap();
        encoder.include_contentsize(size.is_some()).unwrap();
        encoder.write_all(content).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn headers_of_every_form_are_read() {
        let expected = |has_checksum, window| Shape::Zstd {
            has_checksum,
            window,
        };
        let content = vec![0; 70_000];
        assert_eq!(
            of(&zstd(&content, None, 24, true)),
            expected(true, 16 << 20)
        );
        assert_eq!(
            of(&zstd(&content, Some(70_000), 23, false)),
            expected(false, 70_000)
        );
        assert_eq!(
            of(&zstd(&content[..300], Some(300), 23, true)),
            expected(true, 300)
        );
        assert_eq!(of(&[0x1f, 0x8b, 8, 0]), Shape::Gzip);
        // Eighths beyond the power of two: 10 MiB.
        let eighths = [MAGIC.as_slice(), ZSTD_MAGIC, &[0, (13 << 3) | 2, 1, 0, 0]].concat();
        assert_eq!(of(&eighths), expected(false, 10 << 20));
    }
}
