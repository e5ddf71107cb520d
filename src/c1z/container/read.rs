//! Sync file → database file, streaming, refusing what is no whole sync file.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::Path;

use flate2::bufread::GzDecoder;
use zstd::stream::read::Decoder;
use zstd::zstd_safe::get_frame_content_size;

use super::{Container, GZIP_MAGIC, MAGIC, ZSTD_MAGIC, pebble};
use crate::c1z::C1zError;

/// How much a sync file may ask of this machine.
#[derive(Debug, Clone, Copy)]
pub struct ReadLimits {
    /// The largest database that is unpacked, in bytes.
    pub decoded_bytes: u64,
}

impl Default for ReadLimits {
    /// 10 GiB, as other readers have it.
    fn default() -> Self {
        Self {
            decoded_bytes: 10 << 30,
        }
    }
}

/// Log₂ of the largest zstd window: 128 MiB, as other readers have it.
const WINDOW_LOG_MAX: u32 = 27;
/// The longest header of a zstd frame.
const FRAME_HEADER_MAX: usize = 18;

/// Unpacks the sync file at `path` into `database`.
pub fn unpack(path: &Path, database: &mut File, limits: ReadLimits) -> Result<(), C1zError> {
    let file = File::open(path).map_err(C1zError::io("open", path))?;
    let mut unpacker = Unpacker {
        path,
        file,
        offset: 0,
        allowed: limits.decoded_bytes,
        limits,
    };
    let codec = unpacker.detect()?;
    let mut output = BufWriter::with_capacity(1 << 20, database);

    // One frame after the other until the file ends: other writers may split the data.
    unpacker.frame(codec, &mut output)?;
    while unpacker.frame_follows(codec)? {
        unpacker.frame(codec, &mut output)?;
    }
    output.flush().map_err(C1zError::io("unpack", path))
}

#[derive(Clone, Copy)]
enum Codec {
    Zstd,
    Gzip,
}

struct Unpacker<'a> {
    path: &'a Path,
    file: File,
    /// Where the next frame begins.
    offset: u64,
    /// How much may still be unpacked.
    allowed: u64,
    limits: ReadLimits,
}

impl Unpacker<'_> {
    fn detect(&mut self) -> Result<Codec, C1zError> {
        let path = self.path.to_path_buf();
        match Container::of(&self.peek(Container::PREFIX)?) {
            Container::Gzip => Ok(Codec::Gzip),
            Container::Zstd => {
                self.offset = MAGIC.len() as u64;
                let ahead = self.peek(ZSTD_MAGIC.len())?;
                if ahead.len() < ZSTD_MAGIC.len() {
                    return Err(self.truncated());
                }
                if !is_zstd_frame(&ahead) {
                    let found = "no zstd data follows its first five bytes";
                    return Err(C1zError::NotC1z { path, found });
                }
                Ok(Codec::Zstd)
            }
            Container::Pebble => {
                let holds = pebble::describe(&self.file);
                Err(C1zError::Pebble { path, holds })
            }
            Container::Empty => Err(C1zError::Empty { path }),
            Container::Other(found) => Err(C1zError::NotC1z { path, found }),
        }
    }

    /// False at the end of the file; an error when something else than a frame is there.
    fn frame_follows(&mut self, codec: Codec) -> Result<bool, C1zError> {
        let ahead = self.peek(ZSTD_MAGIC.len())?;
        let follows = match codec {
            Codec::Zstd => is_zstd_frame(&ahead),
            Codec::Gzip => ahead.starts_with(GZIP_MAGIC),
        };
        if !follows && !ahead.is_empty() {
            let path = self.path.to_path_buf();
            return Err(C1zError::TrailingBytes {
                path,
                offset: self.offset,
            });
        }
        Ok(follows)
    }

    fn frame(&mut self, codec: Codec, output: &mut impl Write) -> Result<(), C1zError> {
        if let Codec::Zstd = codec {
            self.check_promised_size()?;
        }
        self.seek()?;
        let mut input = BufReader::with_capacity(1 << 17, &self.file);
        let unpacked = match codec {
            Codec::Zstd => zstd_frame(&mut input, output, self.allowed),
            Codec::Gzip => copy(GzDecoder::new(&mut input), output, self.allowed),
        };
        let unread = input.buffer().len() as u64;
        let reached = (&self.file)
            .stream_position()
            .map_err(C1zError::io("read", self.path))?;
        self.offset = reached - unread;
        self.allowed -= unpacked.map_err(|failure| self.explain(failure))?;
        Ok(())
    }

    /// A frame that says how large its content is need not be decoded to be refused.
    fn check_promised_size(&mut self) -> Result<(), C1zError> {
        let header = self.peek(FRAME_HEADER_MAX)?;
        match get_frame_content_size(&header) {
            Ok(Some(size)) if size > self.allowed => Err(self.explain(Failure::TooLarge)),
            _ => Ok(()),
        }
    }

    fn peek(&mut self, length: usize) -> Result<Vec<u8>, C1zError> {
        self.seek()?;
        let mut ahead = Vec::with_capacity(length);
        (&self.file)
            .take(length as u64)
            .read_to_end(&mut ahead)
            .map_err(C1zError::io("read", self.path))?;
        Ok(ahead)
    }

    fn seek(&mut self) -> Result<(), C1zError> {
        let start = SeekFrom::Start(self.offset);
        (&self.file)
            .seek(start)
            .map_err(C1zError::io("read", self.path))?;
        Ok(())
    }

    fn truncated(&self) -> C1zError {
        let bytes = self
            .file
            .metadata()
            .map_or(self.offset, |metadata| metadata.len());
        C1zError::Truncated {
            path: self.path.into(),
            bytes,
        }
    }

    fn explain(&self, failure: Failure) -> C1zError {
        let path = self.path.to_path_buf();
        match failure {
            Failure::TooLarge => C1zError::TooLarge {
                path,
                limit: self.limits.decoded_bytes,
            },
            Failure::Write(source) => C1zError::Io {
                action: "unpack",
                path,
                source,
            },
            Failure::Read(source) if source.kind() == io::ErrorKind::UnexpectedEof => {
                self.truncated()
            }
            Failure::Read(source) => C1zError::Undecodable { path, source },
        }
    }
}

/// Why a frame was not unpacked.
enum Failure {
    Read(io::Error),
    Write(io::Error),
    TooLarge,
}

/// Zstd frames and the skippable ones that may stand between them.
fn is_zstd_frame(ahead: &[u8]) -> bool {
    ahead.starts_with(ZSTD_MAGIC) || matches!(ahead, [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..])
}

fn zstd_frame(
    input: &mut BufReader<&File>,
    output: &mut impl Write,
    allowed: u64,
) -> Result<u64, Failure> {
    let mut decoder = Decoder::with_buffer(input)
        .map_err(Failure::Read)?
        .single_frame();
    decoder
        .window_log_max(WINDOW_LOG_MAX)
        .map_err(Failure::Read)?;
    let unpacked = copy(&mut decoder, output, allowed)?;
    decoder.finish_frame().map_err(Failure::Read)?;
    Ok(unpacked)
}

/// Copies at most `allowed` bytes, and knows which side failed.
fn copy(mut input: impl Read, output: &mut impl Write, allowed: u64) -> Result<u64, Failure> {
    let mut buffer = vec![0; 1 << 17];
    let mut copied = 0;
    loop {
        let read = match input.read(&mut buffer) {
            Ok(0) => return Ok(copied),
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(Failure::Read(error)),
        };
        copied += read as u64;
        if copied > allowed {
            return Err(Failure::TooLarge);
        }
        output.write_all(&buffer[..read]).map_err(Failure::Write)?;
    }
}
