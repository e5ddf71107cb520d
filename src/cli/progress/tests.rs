use unicode_width::UnicodeWidthStr as _;

use super::past::Past;
use super::*;
use crate::source::{Cost, WaitReason, Waiting};
use crate::sync::{ListingName, Phase};

/// 2026-11-21 12:00:00 UTC
const NOON: u64 = 1_795_262_400;

/// A run of three types, of which the last listings have two entries for one type.
fn begun(resumed: bool) -> View {
    let listing = |phase, id: Option<&str>, name: &str| ListingName {
        phase,
        resource_type: id.map(str::to_owned),
        name: name.to_owned(),
    };
    let mut view = View::default();
    let listings = vec![
        listing(Phase::ResourceTypes, None, "resource types"),
        listing(Phase::Resources, Some("user"), "resources of type `user`"),
        listing(Phase::Resources, Some("group"), "resources of type `group`"),
        listing(
            Phase::Resources,
            Some("用户组"),
            "resources of type `用户组`",
        ),
        listing(
            Phase::Grants,
            Some("group"),
            "grants of type `group` (entry 1)",
        ),
        listing(
            Phase::Grants,
            Some("group"),
            "grants of type `group` (entry 2)",
        ),
        listing(
            Phase::Grants,
            Some("bad\u{1b}[2J"),
            "grants of type `bad\u{1b}[2J`",
        ),
    ];
    view.hear(&Event::Begins { listings, resumed }, seconds(0));
    view
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn phase(view: &mut View, phase: Phase, number: usize, elapsed: u64) {
    let event = Event::Phase {
        phase,
        number,
        of: 4,
    };
    view.hear(&event, seconds(elapsed));
}

fn stored(view: &mut View, listing: usize, pages: u64, records: u64, elapsed: u64) {
    let event = Event::Stored {
        listing,
        pages,
        records,
        rows: records,
    };
    view.hear(&event, seconds(elapsed));
    view.measure(view.cost, view.waiting.clone(), seconds(elapsed));
}

fn frame(elapsed: u64, width: usize, height: usize) -> Frame {
    Frame {
        elapsed: seconds(elapsed),
        now: SystemTime::UNIX_EPOCH + seconds(NOON + elapsed),
        zone: FixedOffset::east_opt(3_600).expect("an hour"),
        width,
        height,
        colour: false,
    }
}

/// A tenth of the speed of every second listing, for 12 seconds.
fn listing_resources() -> View {
    let mut view = begun(false);
    view.measure(Cost::default(), Vec::new(), seconds(0));
    phase(&mut view, Phase::ResourceTypes, 1, 0);
    view.hear(&Event::Done { listing: 0 }, seconds(0));
    phase(&mut view, Phase::Resources, 2, 0);
    for second in 1..=12 {
        stored(&mut view, 1, 1, 100, second);
        stored(&mut view, 3, 1, 10, second);
    }
    view
}

fn waits(view: &mut View) {
    let wait = |reason, in_seconds| Waiting {
        reason,
        until: SystemTime::UNIX_EPOCH + seconds(NOON + 12 + in_seconds),
    };
    view.cost = Cost {
        requests: 30,
        retries: 1,
        wall_wait_ms: 95_000,
        ..Cost::default()
    };
    view.waiting = vec![
        wait(WaitReason::Retry, 2),
        wait(WaitReason::RateLimit, 42),
        wait(WaitReason::RateLimit, 50),
    ];
}

#[test]
fn the_live_view_shows_what_is_under_way_and_what_is_waited_for() {
    let mut view = listing_resources();
    waits(&mut view);
    view.past = Past::of(&crate::c1z::Stats {
        resource_types: 3,
        resources: 4_000,
        grants: 8_000,
        ..Default::default()
    });
    insta::assert_snapshot!(view.lines(&frame(12, 80, 24)).join("\n"));
}

#[test]
fn the_live_view_fits_every_terminal() {
    let mut view = listing_resources();
    waits(&mut view);
    let mut shown = Vec::new();
    for (width, height) in [(40, 24), (20, 24), (80, 4), (80, 2), (2, 2), (1, 1), (0, 0)] {
        let lines = view.lines(&frame(12, width, height));
        let widest = lines.iter().map(|line| line.width()).max();
        assert!(widest < Some(width.max(1)), "{width}: {lines:#?}");
        assert!(lines.len() < height.max(2), "{height}: {lines:#?}");
        shown.push(format!("--- {width} × {height}\n{}", lines.join("\n")));
    }
    insta::assert_snapshot!(shown.join("\n"));
}

#[test]
fn names_from_outside_steer_no_terminal() {
    let mut view = begun(true);
    phase(&mut view, Phase::Grants, 4, 60);
    for listing in 4..7 {
        stored(&mut view, listing, 2, 5, 61);
    }
    let lines = view.lines(&frame(61, 80, 24)).join("\n");
    insta::assert_snapshot!(lines);
    let colour = Frame {
        colour: true,
        ..frame(61, 80, 24)
    };
    let coloured = view.lines(&colour).join("\n");
    assert!(coloured.contains("\x1b[") && !coloured.contains("\x1b[2J"));
    assert_eq!(console_plain(&coloured), lines);
}

/// The text without its colours.
fn console_plain(text: &str) -> String {
    let mut parts = text.split("\x1b[");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |plain, part| {
        plain + part.split_once('m').expect("a colour").1
    })
}

#[test]
fn many_listings_side_by_side_are_summed_up() {
    let mut view = View::default();
    let listings = (0..40).map(|number| ListingName {
        phase: Phase::Resources,
        resource_type: Some(format!("type-{number}")),
        name: format!("resources of type `type-{number}`"),
    });
    let begins = Event::Begins {
        listings: listings.collect(),
        resumed: false,
    };
    view.hear(&begins, seconds(0));
    phase(&mut view, Phase::Resources, 2, 0);
    let before = view.lines(&frame(1, 80, 24));
    assert_eq!(before[1..], ["  40 listings"]);
    for listing in (0..30).rev() {
        stored(&mut view, listing, 1, 1_000, 1);
    }
    let shown = view.lines(&frame(1, 80, 24));
    assert_eq!(shown.len(), 1 + 10);
    assert_eq!(shown[10], "  and 31 more");
    for listing in 3..40 {
        view.hear(&Event::Done { listing }, seconds(2));
    }
    assert_eq!(view.lines(&frame(2, 80, 24)).len(), 1 + 3);
    view.hear(&Event::Sealed, seconds(3));
    assert!(view.lines(&frame(3, 80, 24))[0].contains("packing · 00:03"));
}

#[test]
fn what_is_waited_for_takes_its_time() {
    let mut view = listing_resources();
    view.past = Past::of(&crate::c1z::Stats {
        resource_types: 3,
        resources: 1_320,
        ..Default::default()
    });
    let left = |view: &View| view.left(seconds(12), frame(12, 80, 24).now);
    assert!(left(&view) < Some(seconds(1)), "all is there");
    waits(&mut view);
    assert_eq!(left(&view), Some(seconds(50)));
    view.hear(&Event::Sealed, seconds(12));
    assert_eq!(left(&view), None);
}

#[test]
fn speed_is_that_of_the_last_seconds() {
    let mut view = listing_resources();
    assert_eq!(view.speed.per_second(), Some(110));
    for second in 13..40 {
        view.measure(view.cost, Vec::new(), seconds(second));
    }
    assert_eq!(view.speed.per_second(), None, "nothing came for a while");
}

/// What is told where there is no terminal, second by second.
#[test]
fn plain_lines_are_few() {
    let mut view = begun(false);
    let mut plain = Plain::default();
    let mut told = Vec::new();
    let zone = FixedOffset::east_opt(0).expect("none");
    phase(&mut view, Phase::Resources, 2, 0);
    for second in 1..=60_u64 {
        let now = SystemTime::UNIX_EPOCH + seconds(NOON + second);
        if second == 23 {
            waits(&mut view);
            view.waiting[1].until = now + seconds(12);
            view.waiting.truncate(2);
        }
        if second == 35 {
            view.waiting.clear();
        }
        match second {
            23..35 => view.measure(view.cost, view.waiting.clone(), seconds(second)),
            _ => stored(&mut view, 1, 1, 100, second),
        }
        let line = plain.now_and_then(&view, seconds(second), now, zone);
        told.extend(line.map(|line| format!("{second:>2}  {line}")));
        if [1, 41].contains(&second) {
            let listing = &view.listings[1];
            let line = plain.done(listing, seconds(second));
            told.extend(line.map(|line| format!("{second:>2}  {line}")));
        }
    }
    assert_eq!(plain.done(&view.listings[0], seconds(60)), None);
    insta::assert_snapshot!(told.join("\n"));
}
