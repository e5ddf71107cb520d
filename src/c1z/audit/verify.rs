//! A file, or one of its runs → everything that is wrong with it.

use std::collections::HashSet;
use std::path::Path;

use chrono::{DateTime, Utc};
use rusqlite::ErrorCode;

use super::findings::{Findings, Found};
use super::references::{self, Named};
use super::rows::{self, Facts, Pass};
use super::{checks, expansion, runs};
use crate::c1z::{C1z, C1zError, container, schema};
use crate::model::{SyncKind, SyncRun};

/// What was found in one run, and what was not looked for.
#[derive(Debug, Clone)]
pub struct Verified {
    /// What was found, sorted by code.
    pub found: Vec<Found>,
    /// Codes of checks that say nothing of such a run, and why.
    pub skipped: Option<(Vec<&'static str>, &'static str)>,
}

/// Questions that only a run which saw everything can answer, and the tables it takes.
static REFERENCES: [(&super::Check, &Named); 5] = [
    (&checks::MISSING_ENTITLEMENT, &references::ENTITLEMENTS),
    (
        &checks::MISSING_ENTITLEMENT_RESOURCE,
        &references::ENTITLEMENT_RESOURCES,
    ),
    (
        &checks::MISSING_GRANT_RESOURCE,
        &references::GRANT_RESOURCES,
    ),
    (&checks::MISSING_PARENT, &references::PARENTS),
    (&checks::MISSING_PRINCIPAL, &references::PRINCIPALS),
];

const UNLISTED_TYPES: &str = "
    select count(*) || ' of type `' || resource_type_id || '`' from v1_resources as named
    left join v1_resource_types as listed
        on listed.external_id = named.resource_type_id and listed.sync_id = ?1
    where named.sync_id = ?1 and listed.rowid is null group by resource_type_id order by 1";

const DUPLICATE_GRANTS: &str = "
    select min(external_id) || ' and ' || max(external_id) from v1_grants where sync_id = ?1
    group by entitlement_id, principal_resource_type_id, principal_resource_id
    having min(external_id) <> max(external_id) order by 1";

const DUPLICATE_ENTITLEMENTS: &str = "
    select min(entitlement) || ' and ' || max(entitlement) from temp.audit_slugs
    group by resource_type, resource, slug having min(entitlement) <> max(entitlement) order by 1";

/// One resource type, one default, fifty entitlements: more is no exclusion group.
const GROUP_TYPES: &str = "
    select id || ': ' || min(resource_type) || ' and ' || max(resource_type)
    from temp.audit_groups group by id having min(resource_type) <> max(resource_type) order by 1";
const GROUP_DEFAULTS: &str = "
    select id || ': ' || min(entitlement) || ' and ' || max(entitlement) from temp.audit_groups
    where is_default group by id having min(entitlement) <> max(entitlement) order by 1";
const GROUP_SIZE: &str = "
    select id || ': ' || count(distinct entitlement) from temp.audit_groups
    group by id having count(distinct entitlement) > 50 order by 1";

/// What a file that cannot be opened comes to. `None` for a failure that says nothing of the file,
/// such as a full disk.
pub fn unreadable(error: &C1zError) -> Option<Found> {
    let is_about_the_file = match error {
        C1zError::Empty { .. }
        | C1zError::NotC1z { .. }
        | C1zError::Pebble { .. }
        | C1zError::Truncated { .. }
        | C1zError::TrailingBytes { .. }
        | C1zError::Undecodable { .. }
        | C1zError::TooLarge { .. }
        | C1zError::NotSqlite { .. } => true,
        C1zError::Layout { .. } => true,
        C1zError::Sqlite { source, .. } => is_damage(source),
        _ => false,
    };
    is_about_the_file.then(|| Found {
        check: &checks::UNREADABLE_FILE,
        count: 1,
        examples: vec![told(error)],
    })
}

/// Checks what does not belong to one run: the compressed data, the database, the list of runs.
pub fn verify_file(
    file: &C1z,
    now: DateTime<Utc>,
    examples: usize,
) -> Result<Vec<Found>, C1zError> {
    let mut found = Findings::new(examples);
    check_container(file.path(), &mut found)?;
    let checker = Checker { file };
    checker.attempt(&mut found, |found| check_pages(file, found))?;
    for table in schema::TABLES {
        // Scratch storage of connectors, and assets, are no facts.
        let is_fact = rows::ALL.iter().any(|facts| facts.table == table);
        if !file.has_table(table) && (is_fact || table == "v1_sync_runs") {
            found.note(&checks::MISSING_TABLE, || format!("`{table}`"));
        }
    }
    for facts in rows::ALL.into_iter().chain([&rows::RUNS]) {
        let is_there = file.has_table(facts.table);
        for column in facts.missing_columns(file).into_iter().filter(|_| is_there) {
            found.note(&checks::MISSING_COLUMN, || {
                format!("`{}` has no column `{column}`", facts.table)
            });
        }
    }
    match file.runs() {
        Ok(runs) => {
            checker.attempt(&mut found, |found| runs::check_all(file, &runs, now, found))?
        }
        // Which columns are missing was told.
        Err(C1zError::Layout { .. }) => {}
        Err(error) => match unreadable(&error) {
            Some(_) => found.note(&checks::DAMAGED_DATABASE, || told(&error)),
            None => return Err(error),
        },
    }
    Ok(found.into_sorted())
}

fn check_container(path: &Path, found: &mut Findings) -> Result<(), C1zError> {
    match container::shape(path)? {
        container::Shape::Gzip => found.note(&checks::GZIP_CONTAINER, || {
            "write it with `--compression zstd`".to_owned()
        }),
        container::Shape::Zstd {
            has_checksum,
            window,
        } => {
            if !has_checksum {
                found.note(&checks::NO_CHECKSUM, || "of the first frame".to_owned());
            }
            if window > container::USUAL_WINDOW {
                found.note(&checks::WIDE_WINDOW, || format!("{} MiB", window >> 20));
            }
        }
    }
    Ok(())
}

fn check_pages(file: &C1z, found: &mut Findings) -> rusqlite::Result<()> {
    let limit = found.limit().max(1);
    let mut pages = file
        .db()
        .prepare(&format!("pragma integrity_check({limit})"))?;
    let mut rows = pages.query([])?;
    while let Some(row) = rows.next()? {
        let said: String = row.get(0)?;
        let problems = said.lines().filter(|line| !line.starts_with("***"));
        for problem in problems.filter(|line| *line != "ok") {
            found.note(&checks::DAMAGED_DATABASE, || problem.to_owned());
        }
    }
    Ok(())
}

/// Checks the rows of one run, and what its record says.
pub fn verify_run(
    file: &C1z,
    run: &SyncRun,
    now: DateTime<Utc>,
    examples: usize,
) -> Result<Verified, C1zError> {
    let mut found = Findings::new(examples);
    let checker = Checker { file };
    match runs::check_one(file, run, now, &mut found) {
        Err(C1zError::Layout { .. }) => {}
        Err(error) if unreadable(&error).is_some() => {
            found.note(&checks::DAMAGED_DATABASE, || told(&error));
        }
        checked => checked?,
    }
    checker.rows(run, &mut found)?;
    checker.identities(run, &mut found)?;
    checker.groups(&mut found)?;
    checker.circles(run, &mut found)?;
    let why = match (&run.kind, run.ended_at) {
        (_, None) => Some("the run did not end"),
        (SyncKind::Full, Some(_)) => None,
        _ => Some("the run did not cover everything"),
    };
    if why.is_none() {
        checker.references(run, &mut found)?;
    }
    let skipped = why.map(|why| {
        let references = REFERENCES.iter().map(|(check, _)| check.code);
        let others = [&checks::EXPANSION_UNKNOWN_SOURCE, &checks::UNLISTED_TYPE];
        let mut codes: Vec<_> = references.chain(others.map(|check| check.code)).collect();
        codes.sort_unstable();
        (codes, why)
    });
    Ok(Verified {
        found: found.into_sorted(),
        skipped,
    })
}

struct Checker<'f> {
    file: &'f C1z,
}

impl Checker<'_> {
    /// Runs a check. What it meets of a damaged database is one more thing that was found.
    fn attempt(
        &self,
        found: &mut Findings,
        check: impl FnOnce(&mut Findings) -> rusqlite::Result<()>,
    ) -> Result<(), C1zError> {
        match check(found) {
            // Each check meets the same damage: once is enough.
            Err(error) if is_damage(&error) => {
                if !found.has(&checks::DAMAGED_DATABASE) {
                    found.note(&checks::DAMAGED_DATABASE, || error.to_string());
                }
                Ok(())
            }
            checked => checked.map_err(C1zError::sqlite("check it", self.file.path())),
        }
    }

    /// True when every table is there with the columns that every writer has.
    fn has(&self, tables: &[&Facts]) -> bool {
        tables.iter().all(|facts| {
            self.file.has_table(facts.table) && facts.missing_columns(self.file).is_empty()
        })
    }

    fn rows(&self, run: &SyncRun, found: &mut Findings) -> Result<(), C1zError> {
        let failed = C1zError::sqlite("check it", self.file.path());
        let pass = Pass::of(self.file, run).map_err(failed)?;
        for facts in rows::ALL {
            if self.has(&[facts]) {
                self.attempt(found, |found| pass.check(facts, run, found))?;
            }
        }
        Ok(())
    }

    fn identities(&self, run: &SyncRun, found: &mut Findings) -> Result<(), C1zError> {
        let db = self.file.db();
        for facts in rows::ALL.into_iter().filter(|facts| self.has(&[facts])) {
            let duplicates = format!(
                "select external_id || ', ' || count(*) || ' × in `{}`' from {} where sync_id = ?1
                 group by external_id having count(*) > 1 order by 1",
                facts.table, facts.table
            );
            self.attempt(found, |found| {
                // An index that allows no two was looked through with the rest of the database.
                match self.file.has_index(facts.table, "external_id", true)? {
                    true => Ok(()),
                    false => found.ask(db, &checks::DUPLICATE_ID, &duplicates, [&run.id.0]),
                }
            })?;
        }
        if self.has(&[&rows::GRANTS]) {
            self.attempt(found, |found| {
                found.ask(db, &checks::DUPLICATE_GRANT, DUPLICATE_GRANTS, [&run.id.0])
            })?;
        }
        self.attempt(found, |found| {
            found.ask(
                db,
                &checks::DUPLICATE_ENTITLEMENT,
                DUPLICATE_ENTITLEMENTS,
                [],
            )
        })
    }

    fn groups(&self, found: &mut Findings) -> Result<(), C1zError> {
        let db = self.file.db();
        self.attempt(found, |found| {
            found.ask(db, &checks::EXCLUSION_GROUP_TYPES, GROUP_TYPES, [])?;
            found.ask(db, &checks::EXCLUSION_GROUP_DEFAULTS, GROUP_DEFAULTS, [])?;
            found.ask(db, &checks::EXCLUSION_GROUP_SIZE, GROUP_SIZE, [])
        })
    }

    fn circles(&self, run: &SyncRun, found: &mut Findings) -> Result<(), C1zError> {
        let db = self.file.db();
        self.attempt(found, |found| expansion::check_circles(db, found))?;
        match self.has(&[&rows::RESOURCES]) {
            true => self.attempt(found, |found| expansion::check_parents(db, &run.id, found)),
            false => Ok(()),
        }
    }

    /// Checks that what is named was listed.
    fn references(&self, run: &SyncRun, found: &mut Findings) -> Result<(), C1zError> {
        let db = self.file.db();
        let usable: HashSet<_> = rows::ALL
            .into_iter()
            .filter(|facts| self.has(&[facts]))
            .map(|facts| facts.table)
            .collect();
        for (check, named) in REFERENCES {
            if !usable.contains(named.table) || !usable.contains(named.listed) {
                continue;
            }
            self.attempt(found, |found| {
                let missing = references::missing(db, named, Some(&run.id), found.limit())?;
                found.note_many(check, missing.count, missing.examples);
                Ok(())
            })?;
        }
        if self.has(&[&rows::RESOURCE_TYPES, &rows::RESOURCES]) {
            self.attempt(found, |found| {
                found.ask(db, &checks::UNLISTED_TYPE, UNLISTED_TYPES, [&run.id.0])
            })?;
        }
        match self.has(&[&rows::ENTITLEMENTS]) {
            true => self.attempt(found, |found| expansion::check_sources(db, &run.id, found)),
            false => Ok(()),
        }
    }
}

/// A failure with its cause, in a line.
fn told(error: &C1zError) -> String {
    match std::error::Error::source(error) {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    }
}

/// True when SQLite says that the file is at fault, not the machine.
fn is_damage(error: &rusqlite::Error) -> bool {
    match error.sqlite_error_code() {
        Some(code) => matches!(code, ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase),
        // A column of another type than any writer gives it.
        None => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::c1z::ReadLimits;

    #[test]
    fn only_what_is_wrong_with_the_file_is_found_in_it() {
        let path = || "o.c1z".into();
        assert!(unreadable(&C1zError::Empty { path: path() }).is_some());
        let full = std::io::ErrorKind::StorageFull.into();
        let failed = C1zError::io("unpack", "o.c1z")(full);
        assert!(unreadable(&failed).is_none());
        let missing = C1z::open(Path::new("/missing.c1z"), ReadLimits::default());
        assert!(missing.is_err_and(|error| unreadable(&error).is_none()));
    }
}
