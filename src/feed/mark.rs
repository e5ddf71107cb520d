//! How far the events of one listing were told: a moment, and what was told around it.
//!
//! Changes of the same moment may come to be known one after the other, and a later listing asks
//! again from a little before the last change: what was told of that time is remembered by its hash,
//! so that nothing is lost and nothing told twice.

use std::collections::VecDeque;
use std::time::Duration;

/// Nanoseconds since 1970: beyond what they can tell, the nearest that they can.
pub(super) type Nanos = i64;

/// What tells an event from others: the beginning of a hash of its id.
pub(super) type Hash = [u8; 6];

const SECOND: Nanos = 1_000_000_000;

/// After so long nobody writes changes of that moment any more. Only matters where more events share
/// a moment than are remembered.
const SETTLES: Nanos = 60 * SECOND;

/// How far the events of a listing were told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mark {
    /// The moment of the last one.
    pub at: Nanos,
    /// Everything before this moment was told, or is too old.
    pub from: Nanos,
    /// What was told since then, as far as it is remembered.
    pub seen: Vec<Hash>,
}

impl Mark {
    /// Nothing was told yet; events are wanted from this moment on.
    pub fn start(at: Nanos) -> Self {
        Self {
            at,
            from: at,
            seen: Vec::new(),
        }
    }

    /// The moment that the listing is asked for: a whole second, so that it means the same in every
    /// form that a system compares moments in, and a second before, so that it does not matter
    /// whether the system takes it for included.
    pub fn since(&self, overlap: Duration) -> Nanos {
        since(self.at, overlap)
    }

    /// Whether an event was told already.
    pub fn told(&self, at: Nanos, hash: &Hash) -> bool {
        at < self.from || self.seen.contains(hash)
    }

    /// The mark after a listing has come to its end. It never passes the moment `began` when its
    /// first page was asked for: what changed since may be on a page that was read before.
    pub fn after(self, recent: Recent, began: Nanos, overlap: Duration) -> Self {
        let Some(highest) = recent.highest else {
            return self;
        };
        let at = self.at.max(highest.min(began));
        let mut from = self.from.max(since(at, overlap));
        if let Some(dropped) = recent.dropped {
            from = from.max(dropped.saturating_add(1).min(began.saturating_sub(SETTLES)));
        }
        let kept = recent.events.into_iter().filter(|(at, _)| *at >= from);
        Self {
            at,
            from,
            seen: kept.map(|(_, hash)| hash).collect(),
        }
    }
}

fn since(at: Nanos, overlap: Duration) -> Nanos {
    let overlap = Nanos::try_from(overlap.as_nanos()).unwrap_or(Nanos::MAX);
    let second = at.div_euclid(SECOND).saturating_mul(SECOND);
    second.saturating_sub(SECOND).saturating_sub(overlap)
}

/// The latest events of a listing that is under way.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Recent {
    /// The moment of the latest.
    pub highest: Option<Nanos>,
    /// The moment of the latest that is no longer remembered.
    pub dropped: Option<Nanos>,
    /// Those that are, the latest last.
    pub events: VecDeque<(Nanos, Hash)>,
}

impl Recent {
    /// Remembers an event among at most `room`.
    pub fn note(&mut self, at: Nanos, hash: Hash, room: usize) {
        self.highest = self.highest.max(Some(at));
        let place = self.events.partition_point(|event| *event < (at, hash));
        if self.events.get(place) == Some(&(at, hash)) {
            return;
        }
        self.events.insert(place, (at, hash));
        while self.events.len() > room {
            let oldest = self.events.pop_front().map(|(at, _)| at);
            self.dropped = self.dropped.max(oldest);
        }
    }
}

/// A place within a page, whose events are told in the order of their moments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Within {
    /// The moment of the last that was told.
    pub at: Nanos,
    /// Those of that moment that were told, in the order of their hashes, as far as they are
    /// remembered.
    pub told: Vec<Hash>,
    /// Whether there were more: then every one up to the last of `told` was.
    pub more: bool,
}

impl Within {
    /// Whether an event stands before the place.
    pub fn is_past(&self, at: Nanos, hash: &Hash) -> bool {
        at < self.at
            || at == self.at
                && (self.told.contains(hash)
                    || self.more && self.told.last().is_some_and(|last| hash <= last))
    }

    /// The place after one more event, with at most `room` remembered.
    pub fn after(place: Option<Self>, at: Nanos, hash: Hash, room: usize) -> Self {
        match place {
            Some(mut place) if place.at == at => {
                place.told.push(hash);
                if place.told.len() > room.max(1) {
                    place.told = vec![hash];
                    place.more = true;
                }
                place
            }
            _ => Self {
                at,
                told: vec![hash],
                more: false,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: Duration = Duration::ZERO;

    fn recent(events: &[Nanos], room: usize) -> Recent {
        let mut recent = Recent::default();
        for (number, at) in events.iter().enumerate() {
            recent.note(*at, [number as u8; 6], room);
        }
        recent
    }

    #[test]
    fn a_listing_is_asked_for_whole_seconds_before_the_last_change() {
        assert_eq!(since(7 * SECOND + 5, NONE), 6 * SECOND);
        assert_eq!(since(7 * SECOND, Duration::from_secs(2)), 4 * SECOND);
        assert_eq!(since(-1, NONE), -2 * SECOND);
        // No moment is too far away.
        assert_eq!(since(Nanos::MIN, Duration::MAX), Nanos::MIN);
        assert!(since(Nanos::MAX, NONE) > 0);
    }

    #[test]
    fn a_mark_remembers_what_is_asked_for_again() {
        let events = [2 * SECOND, 8 * SECOND, 9 * SECOND + 1];
        let mark = Mark::start(0).after(recent(&events, 8), 100 * SECOND, NONE);
        assert_eq!((mark.at, mark.from), (9 * SECOND + 1, 8 * SECOND));
        assert_eq!(mark.seen, [[1; 6], [2; 6]]);
        assert!(mark.told(7 * SECOND, &[9; 6]) && !mark.told(8 * SECOND, &[9; 6]));
        // Nothing new: everything stays as it is.
        let again = mark.clone().after(Recent::default(), 200 * SECOND, NONE);
        assert_eq!(again, mark);
    }

    #[test]
    fn a_mark_does_not_pass_the_moment_when_the_listing_began() {
        let mark = Mark::start(0).after(recent(&[50 * SECOND], 8), 20 * SECOND, NONE);
        assert_eq!((mark.at, mark.from), (20 * SECOND, 19 * SECOND));
        // What is ahead of the clock was told all the same.
        assert!(mark.told(50 * SECOND, &[0; 6]));
    }

    #[test]
    fn what_is_not_remembered_is_told_again_only_while_it_is_young() {
        let events = [10 * SECOND; 5];
        let old = Mark::start(0).after(recent(&events, 2), 500 * SECOND, NONE);
        assert_eq!(old.from, 10 * SECOND + 1);
        let young = Mark::start(0).after(recent(&events, 2), 11 * SECOND, NONE);
        assert_eq!(young.from, 9 * SECOND);
        assert_eq!(young.seen.len(), 2);
    }

    #[test]
    fn a_place_within_a_page_is_behind_what_was_told() {
        let mut place = None;
        for number in 1..=3 {
            place = Some(Within::after(place.take(), 7, [number; 6], 2));
        }
        let place = place.expect("three were told");
        assert!(place.more, "more than are remembered");
        assert!(
            place.is_past(6, &[9; 6]) && place.is_past(7, &[1; 6]) && place.is_past(7, &[3; 6])
        );
        assert!(!place.is_past(7, &[4; 6]) && !place.is_past(8, &[1; 6]));
        let next = Within::after(Some(place), 8, [1; 6], 2);
        assert!(next.is_past(7, &[9; 6]) && next.is_past(8, &[1; 6]) && !next.is_past(8, &[0; 6]));
    }
}
