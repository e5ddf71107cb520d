//! Bodies that are files: gzip and zip → what is in them.

use std::io::{Read, Seek};

use flate2::read::MultiGzDecoder;

use super::decoder::DecodeError;

/// What a body is packed in, by its first bytes: servers say little about the files they send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::source::http) enum Packing {
    None,
    Gzip,
    Zip,
}

impl Packing {
    /// Tells by the first bytes.
    pub fn of(start: &[u8]) -> Self {
        match start {
            [0x1f, 0x8b, 8, ..] => Packing::Gzip,
            [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] => Packing::Zip,
            _ => Packing::None,
        }
    }
}

/// A reader of what is in a gzip file.
pub(in crate::source::http) fn gunzip<'r>(reader: Box<dyn Read + 'r>) -> Box<dyn Read + 'r> {
    Box::new(MultiGzDecoder::new(reader))
}

/// Reads one file of an archive.
type ReadFile<'r> = &'r mut dyn FnMut(Box<dyn Read + '_>) -> Result<(), DecodeError>;

/// Reads the files of an archive one after the other. The directory of an archive is at its end, so
/// it is kept in a file that nobody else sees.
pub(in crate::source::http) fn each_file(
    archive: Box<dyn Read + '_>,
    read: ReadFile<'_>,
) -> Result<(), DecodeError> {
    let mut file = tempfile::tempfile().map_err(unwritable)?;
    let mut archive = archive;
    std::io::copy(&mut archive, &mut file).map_err(|error| match error.kind() {
        std::io::ErrorKind::UnexpectedEof => DecodeError::CutShort,
        _ => unwritable(error),
    })?;
    file.rewind().map_err(unwritable)?;
    let damaged = |error: zip::result::ZipError| {
        DecodeError::Malformed(format!("the archive cannot be unpacked: {error}"))
    };
    let mut archive = zip::ZipArchive::new(file).map_err(damaged)?;
    for index in 0..archive.len() {
        let entry = archive.by_index(index).map_err(damaged)?;
        if entry.is_dir() {
            continue;
        }
        read(Box::new(entry))?;
    }
    Ok(())
}

fn unwritable(error: std::io::Error) -> DecodeError {
    DecodeError::Malformed(format!("the archive cannot be unpacked: {error}"))
}
