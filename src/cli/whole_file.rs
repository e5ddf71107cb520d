//! Files for other programs, which never read half of one.

use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

/// Replaces a file as a whole, readable for whoever collects it. Its name until then is not that of
/// a file that is collected.
pub(super) fn replace(file: &Path, text: &[u8]) -> io::Result<()> {
    let folder = file
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let mut new = tempfile::Builder::new()
        .prefix(".rolecall-")
        .suffix(".new")
        .tempfile_in(folder.unwrap_or(Path::new(".")))?;
    new.write_all(text)?;
    let permissions = std::fs::Permissions::from_mode(0o644);
    new.as_file().set_permissions(permissions)?;
    new.persist(file).map_err(|error| error.error)?;
    Ok(())
}
