//! Work file of a sealed run → sync file, whole or not at all.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use super::growth::{Growth, Told};
use super::work_file::{RemovedOnDrop, remove_if_there, with_suffix};
use super::{C1zError, Compression, WorkFile, container, keep};
use crate::sync::SyncSink;

/// Tells whether a sync file could be written to `path`, before hours are spent on its content, and
/// that nothing else is lost by it: only a sync file, or an empty one, is ever replaced.
pub fn check_output(path: &Path) -> Result<(), C1zError> {
    if path.is_dir() {
        return Err(C1zError::OutputIsDirectory { path: path.into() });
    }
    if path.to_str().is_none_or(|name| name == "-") {
        return Err(C1zError::OutputName { path: path.into() });
    }
    refuse_foreign(path)?;
    let directory = directory_of(path);
    if !directory.is_dir() {
        return Err(C1zError::NoDirectory {
            path: path.into(),
            directory,
        });
    }
    // Permissions, read-only file systems, quotas: only trying tells.
    match tempfile::Builder::new()
        .prefix(".rolecall-")
        .tempfile_in(&directory)
    {
        Ok(_) => Ok(()),
        Err(source) => Err(C1zError::NotWritable {
            path: path.into(),
            directory,
            source,
        }),
    }
}

/// A slip such as `-f connector.yaml` must not cost the connector, and `-f /dev/null` not the device.
fn refuse_foreign(path: &Path) -> Result<(), C1zError> {
    let Ok(metadata) = fs::metadata(path) else {
        return Ok(());
    };
    let foreign = |found| {
        Err(C1zError::ForeignOutput {
            path: path.into(),
            found,
        })
    };
    if !metadata.is_file() {
        return foreign("no regular file");
    }
    let mut start = Vec::new();
    File::open(path)
        .and_then(|file| io::Read::read_to_end(&mut io::Read::take(file, 5), &mut start))
        .map_err(C1zError::io("read", path))?;
    match container::is_sync_file(&start) || start.is_empty() {
        true => Ok(()),
        false => foreign("a file that is no sync file"),
    }
}

/// Where an output really is: a link is followed, so that the file behind it is replaced.
pub fn resolve_output(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf())
}

/// Packs the sealed run into `output`, replacing what is there, and removes the work file. Of the
/// runs in `output`, only those stay that a targeted run needs: see [`pack_and_keep`].
pub fn pack(work: WorkFile, output: &Path, compression: Compression) -> Result<(), C1zError> {
    pack_and_keep(work, output, compression, 1)
}

/// Packs the sealed run into `output` beside those of its runs that stay: the newest finished full
/// ones, `full_runs` in all with the new one, and what ended since the oldest of them began.
///
/// Whatever goes wrong, `output` is either what it was or the new file, and until it is the new
/// file the work file stays, so that the next run has only this last step left to do.
pub fn pack_and_keep(
    work: WorkFile,
    output: &Path,
    compression: Compression,
    full_runs: u32,
) -> Result<(), C1zError> {
    write(work, output, compression, full_runs, None)
}

/// Packs the sealed run like [`pack`], and tells the other end of `growth` how far the file is, so
/// that it can be sent while it is being written. It is complete there once it is `output`.
pub fn pack_and_tell(
    work: WorkFile,
    output: &Path,
    compression: Compression,
    growth: Growth,
) -> Result<(), C1zError> {
    write(work, output, compression, 1, Some(growth))
}

fn write(
    mut work: WorkFile,
    output: &Path,
    compression: Compression,
    full_runs: u32,
    growth: Option<Growth>,
) -> Result<(), C1zError> {
    if work.run().ended_at.is_none() {
        return Err(C1zError::NotSealed {
            path: work.path().into(),
        });
    }
    let shipped = work.ship()?;
    keep::copy(&shipped.0, output, work.run(), full_runs)?;
    // The lock on the work file keeps two runs from meeting.
    put_in_place(&shipped.0, output, compression, growth.as_ref())?;
    remove_work_file(work)?;
    if let Some(growth) = growth {
        growth.complete();
    }
    Ok(())
}

/// Compresses a closed database into `output`, which is either what it was or the new file.
pub(super) fn put_in_place(
    database: &Path,
    output: &Path,
    compression: Compression,
    growth: Option<&Growth>,
) -> Result<(), C1zError> {
    // A fixed name, so that a run that was killed here leaves nothing the next one does not
    // overwrite.
    let packed = RemovedOnDrop(with_suffix(output, ".tmp"));
    compress(database, &packed.0, compression, growth)?;
    fs::rename(&packed.0, output).map_err(C1zError::io("put in place", output))?;
    flush_directory(output)
}

fn compress(
    database: &Path,
    packed: &Path,
    compression: Compression,
    growth: Option<&Growth>,
) -> Result<(), C1zError> {
    let input = File::open(database).map_err(C1zError::io("read", database))?;
    let mut output = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .open(packed)
        .map_err(C1zError::io("create", packed))?;
    if let Some(growth) = growth {
        growth.begin(packed).map_err(C1zError::io("read", packed))?;
    }
    let told = Told {
        to: &mut output,
        growth,
    };
    container::pack(&input, told, compression).map_err(C1zError::io("write", packed))?;
    output.sync_all().map_err(C1zError::io("write", packed))
}

/// A rename is safe from a power cut once the directory is on the disk.
fn flush_directory(output: &Path) -> Result<(), C1zError> {
    let directory = directory_of(output);
    if cfg!(unix) {
        File::open(&directory)
            .and_then(|directory| directory.sync_all())
            .map_err(C1zError::io("flush", directory))?;
    }
    Ok(())
}

fn remove_work_file(mut work: WorkFile) -> Result<(), C1zError> {
    // Folds the log in and removes it while the name is surely ours. Once the file is gone,
    // another run may make one of the same name, and nothing of that may be touched.
    work.fold_log()?;
    remove_if_there(work.path())
}

fn directory_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.into(),
        _ => PathBuf::from("."),
    }
}
