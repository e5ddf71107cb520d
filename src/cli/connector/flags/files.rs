//! What is done with sync files that are there.

use std::path::PathBuf;

use clap::Args;

/// What differs between two syncs of a file.
#[derive(Debug, Args)]
pub(in crate::cli::connector) struct DiffFlags {
    /// Keep in `--file`, as a sync of its own, what one sync of it has that another has not
    #[arg(long, hide = true)]
    pub diff_syncs: bool,
    /// The sync to begin with
    #[arg(long, value_name = "ID", hide = true)]
    pub base_sync_id: Option<String>,
    /// The sync that came after it
    #[arg(long, value_name = "ID", hide = true)]
    pub applied_sync_id: Option<String>,
}

/// Several syncs become one.
#[derive(Debug, Args)]
pub(in crate::cli::connector) struct CompactFlags {
    /// Put a sync and those that followed it together
    #[arg(long, hide = true)]
    pub compact_syncs: bool,
    /// The syncs, the first one first
    #[arg(long, value_name = "ID,…", hide = true)]
    pub compact_sync_ids: Vec<String>,
    /// The file of each
    #[arg(long, value_name = "FILE.c1z,…", hide = true)]
    pub compact_file_paths: Vec<String>,
    /// The folder for the file that is made
    #[arg(long, value_name = "DIR", hide = true)]
    pub compact_output_path: Option<PathBuf>,
}
