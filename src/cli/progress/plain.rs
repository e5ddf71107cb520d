//! How far a run is → lines for where there is no terminal: few, and each of them true for ever.

use std::time::{Duration, SystemTime};

use chrono::FixedOffset;

use super::live::wait_text;
use super::view::{Listing, View, Wait};
use super::words::{about_left, counted, length, number};

/// At most one line in so much time, those about what is done aside.
const EVERY: Duration = Duration::from_secs(10);
/// Waits that are over sooner are not told.
const WORTH_TELLING: Duration = Duration::from_secs(5);
/// What takes less needs no word on how long it took.
const QUICK: Duration = Duration::from_secs(2);

/// Decides what is told when.
#[derive(Debug, Default)]
pub(super) struct Plain {
    /// When the last line came.
    last: Duration,
    /// The last wait that was told, and when.
    told: Option<(Wait, Duration)>,
}

impl Plain {
    /// What is to be told of a listing that is done.
    pub fn done(&mut self, listing: &Listing, elapsed: Duration) -> Option<String> {
        if !listing.name.phase.asks() {
            return None;
        }
        self.last = elapsed;
        let took = elapsed.saturating_sub(listing.begun.unwrap_or(elapsed));
        let mut line = format!(
            "{}: {} on {}",
            listing.name.name,
            counted(listing.records, "record"),
            counted(listing.pages, "page")
        );
        if took >= QUICK {
            line.push_str(&format!(" in {}", length(took)));
        }
        Some(line)
    }

    /// What is to be told when nothing in particular happened.
    pub fn now_and_then(
        &mut self,
        view: &View,
        elapsed: Duration,
        now: SystemTime,
        zone: FixedOffset,
    ) -> Option<String> {
        // The longest wait is the one that people wonder about.
        let waits = view.waits(now, WORTH_TELLING);
        let wait = waits.into_iter().max_by_key(|wait| wait.until);
        let news = |wait: &Wait| match &self.told {
            Some((told, at)) => {
                let same = told.reason == wait.reason && told.until == wait.until;
                !same && elapsed >= *at + EVERY
            }
            None => true,
        };
        if let Some(wait) = wait.filter(news) {
            (self.told, self.last) = (Some((wait, elapsed)), elapsed);
            return Some(wait_text(&wait, zone));
        }
        if elapsed < self.last + EVERY {
            return None;
        }
        self.last = elapsed;
        progress(view, elapsed, now)
    }
}

/// `5/6 grants: 12,345 records so far, 102/s, about 3 min left`
fn progress(view: &View, elapsed: Duration, now: SystemTime) -> Option<String> {
    let (phase, number_of, of) = view.phase.filter(|_| !view.sealed)?;
    let mut parts = vec![format!(
        "{number_of}/{of} {phase}: {} so far",
        counted(view.records(), "record")
    )];
    let speed = view.speed.per_second();
    parts.extend(speed.map(|speed| format!("{}/s", number(speed))));
    let left = view.left(elapsed, now);
    parts.extend(left.map(about_left));
    Some(parts.join(", "))
}
