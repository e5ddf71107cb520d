//! What is looked for in a sync file: a stable code, how bad it is, and what it means.

use crate::diagnostic::Severity;

/// One thing that can be wrong with a sync file.
#[derive(Debug)]
pub struct Check {
    /// The stable name.
    pub code: &'static str,
    /// Whether readers are led astray by it, or somebody should look at it.
    pub severity: Severity,
    /// What it means, in a sentence or two.
    pub meaning: &'static str,
}

/// Names each check for the code that finds it, and lists them all.
macro_rules! checks {
    ($($name:ident: $severity:ident $code:literal, $meaning:literal;)*) => {
        $(pub(super) static $name: Check = Check {
            code: $code,
            severity: Severity::$severity,
            meaning: $meaning,
        };)*

        /// Every check, sorted by code.
        pub static CHECKS: &[&Check] = &[$(&$name),*];
    };
}

checks! {
    BLOB_DIFFERS: Error "blob-differs",
        "A column says something else than the message beside it, so readers that look in different places show different facts.";
    DAMAGED_DATABASE: Error "damaged-database",
        "SQLite finds pages, indexes or rows of the database damaged.";
    DUPLICATE_ENTITLEMENT: Warning "duplicate-entitlement",
        "Several entitlements with different ids have one short name on one resource.";
    DUPLICATE_GRANT: Warning "duplicate-grant",
        "Several grants with different ids say that one principal holds one entitlement.";
    DUPLICATE_ID: Error "duplicate-id",
        "Several rows of a table have one id. Baton tools cannot open such a file.";
    DUPLICATE_RUN: Error "duplicate-run",
        "Several runs have one id: their facts cannot be told apart.";
    EXCLUSION_GROUP_DEFAULTS: Error "exclusion-group-defaults",
        "An exclusion group has more than one default.";
    EXCLUSION_GROUP_SIZE: Error "exclusion-group-size",
        "An exclusion group has more than 50 entitlements.";
    EXCLUSION_GROUP_TYPES: Error "exclusion-group-types",
        "An exclusion group has entitlements on resources of more than one type.";
    EXPANSION_CYCLE: Warning "expansion-cycle",
        "Entitlements bring each other in a circle, for example groups that are members of each other: whoever holds one holds all.";
    EXPANSION_FOREIGN_SOURCE: Warning "expansion-foreign-source",
        "A grant brings its entitlement to the holders of an entitlement that is not on the grant's principal.";
    EXPANSION_HIDDEN: Note "expansion-hidden",
        "What a grant brings to others is only in its column: programs of 2025 and before do not see it.";
    EXPANSION_LOST: Error "expansion-lost",
        "What a grant brings to others is only in its message, and the run says that messages need not be looked at: current programs do not see it.";
    EXPANSION_NOT_DUE: Warning "expansion-not-due",
        "A grant brings its entitlement to others, was not expanded, and is not marked as still to be expanded.";
    EXPANSION_UNKNOWN_SOURCE: Warning "expansion-unknown-source",
        "A grant brings its entitlement to the holders of an entitlement that the run did not list.";
    GZIP_CONTAINER: Warning "gzip-container",
        "The file is plain gzip: rolecall reads it, Baton tools refuse it.";
    MISSING_COLUMN: Error "missing-column",
        "A table lacks columns that every writer has. Its rows are not checked.";
    MISSING_ENTITLEMENT: Warning "missing-entitlement",
        "Grants name an entitlement that the run did not list.";
    MISSING_ENTITLEMENT_RESOURCE: Warning "missing-entitlement-resource",
        "Entitlements are on a resource that the run did not list.";
    MISSING_GRANT_RESOURCE: Warning "missing-grant-resource",
        "Grants are on a resource that the run did not list.";
    MISSING_PARENT: Warning "missing-parent",
        "Resources live in a resource that the run did not list.";
    MISSING_PARENT_RUN: Note "missing-parent-run",
        "A run builds on a run that is not in the file.";
    MISSING_PRINCIPAL: Warning "missing-principal",
        "Grants name a principal that the run did not list, and do not stand for principals of another system.";
    MISSING_TABLE: Warning "missing-table",
        "A table of sync files is not there.";
    NO_CHECKSUM: Note "no-checksum",
        "The compressed data has no checksum: damage may pass unnoticed.";
    NO_RUN: Error "no-run",
        "The file holds no sync run, so its rows belong to nothing.";
    PARENT_CYCLE: Warning "parent-cycle",
        "Resources live in each other in a circle.";
    RUN_ABANDONED: Warning "run-abandoned",
        "A run did not end and began more than seven days ago: no program goes on with it.";
    RUN_OLD: Note "run-old",
        "The run ended more than seven days ago: much may have changed since.";
    RUN_PARTIAL: Warning "run-partial",
        "The run says of itself that it may lack something: what is not in it may still exist.";
    RUN_TIMES: Warning "run-times",
        "The times of a run cannot be read, or it ended before it began.";
    RUN_UNFINISHED: Warning "run-unfinished",
        "A run did not end: what is not in it may still exist.";
    SLIM_GRANTS: Note "slim-grants",
        "Grants leave entitlement and principal to their columns: programs of 2025 and before crash on revoking one.";
    STATS_DIFFER: Warning "stats-differ",
        "The numbers kept with the run are not those of its rows, and readers show them unchecked.";
    STRAY_ROWS: Warning "stray-rows",
        "Rows belong to a run that the file does not list: nobody sees them.";
    UNLISTED_TYPE: Warning "unlisted-type",
        "Resources are of a type that the run did not list: Baton tools do not count them.";
    UNREADABLE_BLOB: Error "unreadable-blob",
        "What should be a message of the protocol does not decode.";
    UNREADABLE_FILE: Error "unreadable-file",
        "The file is no whole sync file: it is cut short, damaged, followed by other bytes, or something else.";
    WIDE_WINDOW: Warning "wide-window",
        "The compressed data asks its readers for more than 8 MiB of memory; some refuse that.";
    WRONG_COLUMN_TYPE: Error "wrong-column-type",
        "A column that must hold text holds something else.";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_sorted_and_each_is_there_once() {
        let codes: Vec<_> = CHECKS.iter().map(|check| check.code).collect();
        assert!(codes.is_sorted_by(|one, next| one < next), "{codes:?}");
    }
}
