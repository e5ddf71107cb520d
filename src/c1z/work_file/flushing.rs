//! When commits wait for the disk.
//!
//! A commit that does not wait is safe from everything but a power cut: the next process finds it,
//! however this one ended. A power cut may cost the last such commits, and no part of one, because
//! SQLite reads its log up to the last whole commit. So waiting buys little, and its price depends on
//! the disk: it is paid as often as it costs one part in twenty of the time, and at least every ten
//! seconds.

use std::time::{Duration, Instant};

use rusqlite::Connection;

/// How much longer commits go on without waiting than the wait took.
const SHARE: u32 = 20;
/// How old what is not on the disk may become.
const LONGEST: Duration = Duration::from_secs(10);

/// When the disk was last waited for, and what that cost.
#[derive(Debug, Default)]
pub(super) struct Flushing {
    /// `None` before the first commit, which waits.
    last: Option<(Instant, Duration)>,
    /// True when commits have not been waited for since.
    behind: bool,
    /// Whether the connection waits at present. New ones do.
    does_not_wait: bool,
}

impl Flushing {
    /// Decides whether the next commit waits. Returns when that was, for [`ended`](Self::ended).
    pub fn begin(&mut self, db: &Connection) -> rusqlite::Result<Instant> {
        let now = Instant::now();
        let waits = self
            .last
            .is_none_or(|(at, cost)| now - at >= (cost * SHARE).min(LONGEST));
        self.set(db, waits)?;
        Ok(now)
    }

    /// Notes that the commit is done.
    pub fn ended(&mut self, began: Instant) {
        if self.does_not_wait {
            self.behind = true;
        } else {
            self.waited(began);
        }
    }

    /// Has every commit wait from now on.
    pub fn at_once(&mut self, db: &Connection) -> rusqlite::Result<()> {
        self.set(db, true)
    }

    /// Waits until the disk has everything that was committed.
    pub fn flush(&mut self, db: &Connection) -> rusqlite::Result<()> {
        if !self.behind {
            return Ok(());
        }
        let began = Instant::now();
        self.set(db, true)?;
        // The log is written to the disk as a whole by a commit that writes something.
        db.execute("update rolecall_progress set checkpoint = checkpoint", [])?;
        self.waited(began);
        Ok(())
    }

    fn waited(&mut self, began: Instant) {
        self.last = Some((Instant::now(), began.elapsed()));
        self.behind = false;
    }

    fn set(&mut self, db: &Connection, waits: bool) -> rusqlite::Result<()> {
        if waits == self.does_not_wait {
            let how = if waits { "full" } else { "normal" };
            db.pragma_update(None, "synchronous", how)?;
            self.does_not_wait = !waits;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waits(db: &Connection) -> bool {
        let level: i64 = db
            .query_row("select synchronous from pragma_synchronous", [], |row| {
                row.get(0)
            })
            .unwrap();
        level == 2
    }

    #[test]
    fn commits_wait_as_often_as_the_disk_can_bear() {
        let db = Connection::open_in_memory().unwrap();
        db.execute_batch(
            "create table rolecall_progress (checkpoint text); pragma synchronous = full;",
        )
        .unwrap();
        let mut flushing = Flushing::default();
        let began = flushing.begin(&db).unwrap();
        assert!(waits(&db), "the first one waits");
        flushing.ended(began);

        let ago = |passed: u64| Instant::now() - Duration::from_millis(passed);
        for (passed, cost, expected) in [
            (100, 10, false),
            (250, 10, true),
            (9_000, 600, false),
            // However slow the disk is, it is never left behind for longer.
            (10_100, 600, true),
        ] {
            flushing.last = Some((ago(passed), Duration::from_millis(cost)));
            let began = flushing.begin(&db).unwrap();
            assert_eq!(waits(&db), expected, "{passed} ms after one of {cost} ms");
            flushing.ended(began);
        }

        flushing.last = Some((ago(100), Duration::from_millis(10)));
        let began = flushing.begin(&db).unwrap();
        flushing.ended(began);
        assert!(flushing.behind && !waits(&db));
        flushing.flush(&db).unwrap();
        assert!(!flushing.behind && waits(&db));
    }
}
