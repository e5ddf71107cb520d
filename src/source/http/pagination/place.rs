//! Where a listing stands: what a page token of an API holds.

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use sha2::{Digest, Sha256};

use super::Turn;
use super::window::Window;
use crate::source::{PageToken, SourceError};

/// How many places are remembered one by one.
const REMEMBERED: usize = 32;

/// The place of a page, and what is needed to notice that paging does not get anywhere.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Place {
    /// What the strategy asks for: a number, a cursor, a URL.
    pub(super) at: String,
    /// Items so far.
    #[serde(default, skip_serializing_if = "is_default")]
    pub(super) items: u64,
    /// Fingerprint of the page before.
    #[serde(default, skip_serializing_if = "is_default")]
    pub(super) before: Option<u64>,
    /// The page size that the server allows, where it is smaller than the one asked for.
    #[serde(default, skip_serializing_if = "is_default")]
    pub(super) cap: Option<u64>,
    /// The listing should be over: this page is asked for to be sure.
    #[serde(default, skip_serializing_if = "is_default")]
    pub(super) probe: bool,
    /// Places are numbers, which APIs refuse behind the last page.
    #[serde(default, skip_serializing_if = "is_default")]
    pub(super) counts: bool,
    /// The total that the API named first, where it named one.
    #[serde(default, skip_serializing_if = "is_default")]
    pub(super) total: Option<u64>,
    /// It was told that the total changed.
    #[serde(default, skip_serializing_if = "is_default")]
    pub(super) told: bool,
    /// What is asked for is JSON of another type than text.
    #[serde(default, skip_serializing_if = "is_default")]
    pub(super) typed: bool,
    /// The URL of the page, where `at` is a cursor and later pages have another one.
    #[serde(default, skip_serializing_if = "is_default")]
    pub(super) to: Option<String>,
    #[serde(default, skip_serializing_if = "is_default")]
    pub(super) trail: Trail,
    /// The part of the list that is read now, where it is read in parts.
    #[serde(default, skip_serializing_if = "is_default")]
    pub(super) window: Option<Box<Window>>,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// Places that were visited, in a few bytes however many there are.
///
/// The last ones are remembered one by one, so a short circle is noticed at its first repetition.
/// For long ones a single anchor is kept and moved forward at every power of two: a circle of any
/// length comes back to it before it moves the second time after the circle was entered.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Trail {
    last: Vec<u64>,
    anchor: u64,
    steps: u64,
}

impl Place {
    /// Reads a token.
    pub(in crate::source::http) fn read(token: &PageToken) -> Result<Self, SourceError> {
        serde_json::from_str(token.as_str()).map_err(|_| super::not_ours())
    }

    /// Writes the token.
    pub(in crate::source::http) fn write(&self) -> PageToken {
        PageToken::new(serde_json::to_string(self).expect("a place is plain data"))
    }

    /// What the strategy asks for, as people are told.
    pub(in crate::source::http) fn shown(&self) -> &str {
        let page = self.window.as_ref().and_then(|window| window.page.as_ref());
        page.map_or(&self.at, |page| &page.at)
    }

    /// True when the page is only asked for to be sure that there is none.
    pub(in crate::source::http) fn is_probe(&self) -> bool {
        self.probe
    }

    /// True when places are numbers.
    pub(in crate::source::http) fn counts(&self) -> bool {
        let in_window = |window: &Window| window.counts();
        self.counts || self.window.as_deref().is_some_and(in_window)
    }

    /// What is asked for, with its type.
    pub(super) fn value(&self) -> Json {
        match self.typed {
            true => serde_json::from_str(&self.at).unwrap_or_else(|_| self.at.clone().into()),
            false => self.at.clone().into(),
        }
    }

    /// The place behind a page of an API that keeps the place itself, under a mark that may stay the
    /// same. `None` when the page before came again: it does not move on.
    pub(super) fn scroll(turn: &Turn<'_>, at: String) -> Option<Self> {
        let page = (turn.fingerprint)();
        let before = turn.place.and_then(|place| place.before);
        (turn.count == 0 || before != Some(page)).then(|| Place {
            at,
            before: Some(page),
            ..Place::default()
        })
    }

    /// The place that a mark in an answer leads to. `None` when the listing has been there.
    pub(super) fn follow(from: Option<&Place>, at: String) -> Option<Self> {
        let bytes: [u8; 32] = Sha256::digest(at.as_bytes()).into();
        let hash = u64::from_be_bytes(bytes[..8].try_into().expect("8 of 32 bytes"));
        let mut trail = from.map(|place| place.trail.clone()).unwrap_or_default();
        trail.step(hash).then(|| Place {
            at,
            trail,
            ..Place::default()
        })
    }
}

impl Trail {
    /// Goes on to a place; false when it was visited before.
    fn step(&mut self, place: u64) -> bool {
        if self.last.contains(&place) || (self.steps > 0 && self.anchor == place) {
            return false;
        }
        self.steps += 1;
        if self.steps.is_power_of_two() {
            self.anchor = place;
        }
        if self.last.len() == REMEMBERED {
            self.last.remove(0);
        }
        self.last.push(place);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Walks 0, 1, … and from `tail + circle - 1` back to `tail`; returns how many steps it took
    /// to notice, and the largest token on the way.
    fn walk(tail: usize, circle: usize) -> (usize, usize) {
        let mut place: Option<Place> = None;
        let mut longest = 0;
        for step in 0.. {
            let at = if step < tail {
                step
            } else {
                tail + (step - tail) % circle
            };
            place = match Place::follow(place.as_ref(), at.to_string()) {
                Some(place) => Some(Place::read(&place.write()).expect("reads its own tokens")),
                None => return (step, longest),
            };
            longest = longest.max(
                place
                    .as_ref()
                    .map_or(0, |place| place.write().as_str().len()),
            );
        }
        unreachable!("the walk has no end")
    }

    #[test]
    fn circles_of_any_length_are_noticed_with_a_small_token() {
        for (tail, circle) in [
            (0, 1),
            (5, 1),
            (0, 2),
            (3, 31),
            (40, 32),
            (0, 33),
            (7, 100),
            (100, 1000),
            (1000, 40),
        ] {
            let (steps, longest) = walk(tail, circle);
            let first_repetition = tail + circle;
            assert!(
                steps >= first_repetition,
                "{tail} {circle}: noticed too early, at {steps}"
            );
            let latest = if circle <= REMEMBERED {
                first_repetition
            } else {
                3 * (tail + circle)
            };
            assert!(steps <= latest, "{tail} {circle}: noticed at {steps}");
            assert!(longest < 1000, "a token of {longest} bytes");
        }
    }

    #[test]
    fn a_token_of_something_else_is_refused() {
        let error = Place::read(&PageToken::new("100")).expect_err("not ours");
        assert!(error.to_string().contains("page token"));
    }
}
