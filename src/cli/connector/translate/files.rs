//! What is done with sync files that are there.

use tonic::Code;

use super::super::flags::{CompactFlags, DiffFlags};
use super::super::refusal::Refusal;
use super::words::Words;

/// Says what differs between two syncs of a file.
pub(super) fn diff(flags: &DiffFlags, file: &str, words: &mut Words) {
    words.word("diff-syncs");
    words.given("--from", flags.base_sync_id.as_deref());
    words.given("--to", flags.applied_sync_id.as_deref());
    words.rest([file.to_owned()]);
}

/// Says that several syncs become one.
pub(super) fn compact(flags: &CompactFlags, words: &mut Words) -> Result<(), Refusal> {
    let (files, syncs) = (&flags.compact_file_paths, &flags.compact_sync_ids);
    if files.len() != syncs.len() {
        return Err(Refusal::of(
            Code::InvalidArgument,
            format!(
                "`--compact-file-paths` names {} files and `--compact-sync-ids` {} syncs: each file needs its sync",
                files.len(),
                syncs.len()
            ),
        ));
    }
    let folder = flags.compact_output_path.as_ref();
    let folder = folder.map(|folder| folder.display().to_string());
    words.word("compact-syncs");
    words.given("--output", folder.as_deref());
    words.each("--sync-id", syncs);
    words.rest(files.iter().cloned());
    Ok(())
}
