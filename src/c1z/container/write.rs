//! Database file → sync file, streaming.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Write};

use flate2::write::GzEncoder;
use zstd::stream::Encoder;

use super::MAGIC;

/// How a sync file is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Compression {
    /// What every Baton tool opens: `C1ZF`, then zstd.
    #[default]
    Zstd,
    /// What `gunzip` opens and Baton tools refuse: plain gzip.
    Gzip,
}

/// Fast, and its window stays at 2 MiB, well under the 8 MiB that readers may assume.
const ZSTD_LEVEL: i32 = 3;

/// Databases from this size on are compressed by two threads.
const LARGE: u64 = 32 << 20;

/// Compresses a closed database file into `output`.
pub fn pack(database: &File, output: impl Write, compression: Compression) -> io::Result<()> {
    let size = database.metadata()?.len();
    let mut input = BufReader::with_capacity(1 << 20, database);
    let mut output = BufWriter::with_capacity(1 << 16, output);
    match compression {
        Compression::Zstd => {
            output.write_all(MAGIC)?;
            let mut encoder = Encoder::new(&mut output, ZSTD_LEVEL)?;
            // Readers check the size against their limit before they decode anything.
            encoder.set_pledged_src_size(Some(size))?;
            encoder.include_contentsize(true)?;
            encoder.include_checksum(true)?;
            if size >= LARGE {
                encoder.multithread(2)?;
            }
            io::copy(&mut input, &mut encoder)?;
            encoder.finish()?;
        }
        Compression::Gzip => {
            let mut encoder = GzEncoder::new(&mut output, flate2::Compression::default());
            io::copy(&mut input, &mut encoder)?;
            encoder.finish()?;
        }
    }
    output.flush()
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Seek};

    use super::*;

    #[test]
    fn a_large_database_still_has_a_small_window() {
        let database = tempfile::tempfile().unwrap();
        database.set_len(40 << 20).unwrap();
        let mut packed = tempfile::tempfile().unwrap();
        pack(&database, &mut packed, Compression::Zstd).unwrap();

        packed.rewind().unwrap();
        let mut header = [0; 11];
        packed.read_exact(&mut header).unwrap();
        assert_eq!(
            header[9] & 0b0010_0000,
            0,
            "a window of its own, not the whole content"
        );
        assert_eq!(header[10] & 0b111, 0, "a power of two");
        assert_eq!(1 << (10 + (header[10] >> 3)), 2 << 20);
    }
}
