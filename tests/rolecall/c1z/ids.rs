//! Sync ids and timestamps: fixed examples and what holds for all of them.

use chrono::{DateTime, Utc};
use proptest::prelude::*;
use rolecall::c1z::{sync_id, timestamp};
use rolecall::model::SyncId;

use super::files::at;

#[test]
fn known_ids_have_their_known_texts() {
    let epoch = at("2014-05-13T16:53:20Z");
    assert_eq!(sync_id::encode(epoch, [0; 16]), "0".repeat(27));
    let last = epoch + chrono::TimeDelta::seconds(u32::MAX.into());
    assert_eq!(
        sync_id::encode(last, [0xff; 16]),
        "aWgEPTl1tmebfsQzFP4bxwgy80V"
    );
    assert_eq!(
        sync_id::encode(at("1970-01-01T00:00:00Z"), [0; 16]),
        "0".repeat(27)
    );
}

#[test]
fn the_id_of_the_other_implementation_tells_its_second() {
    let id = SyncId("3MOdYwn7tZllo1UpVp467wDPzNl".into());
    assert_eq!(sync_id::started_at(&id), Some(at("2026-11-21T01:46:38Z")));
}

#[test]
fn text_that_is_no_id_tells_no_time() {
    for text in [
        "",
        "3MOdYwn7tZllo1UpVp467wDPzN",
        "3MOdYwn7tZllo1UpVp467wDPzN-",
        &"z".repeat(27),
    ] {
        assert_eq!(sync_id::started_at(&SyncId(text.into())), None, "{text}");
    }
}

#[test]
fn new_ids_differ_and_are_alphanumeric() {
    let now = Utc::now();
    let ids: std::collections::HashSet<_> = (0..1000).map(|_| sync_id::generate(now).0).collect();
    assert_eq!(ids.len(), 1000);
    assert!(
        ids.iter()
            .all(|id| id.len() == 27 && id.bytes().all(|c| c.is_ascii_alphanumeric()))
    );
}

#[test]
fn timestamps_have_the_layout_of_the_format() {
    for (instant, text) in [
        (
            "2026-11-21T01:46:38.372330708Z",
            "2026-11-21 01:46:38.372330708",
        ),
        (
            "2026-11-21T01:46:38.3746022Z",
            "2026-11-21 01:46:38.3746022",
        ),
        ("2026-11-21T01:46:38.300Z", "2026-11-21 01:46:38.3"),
        ("2026-11-21T01:46:38Z", "2026-11-21 01:46:38"),
        ("2026-11-21T01:46:38+02:00", "2026-11-20 23:46:38"),
        ("1969-12-31T23:59:59.5Z", "1969-12-31 23:59:59.5"),
    ] {
        assert_eq!(timestamp::format(&at(instant)), text);
    }
}

#[test]
fn timestamps_of_other_writers_are_read() {
    let whole = at("2026-11-21T01:46:38Z");
    let fraction = at("2026-11-21T01:46:38.25Z");
    for (text, instant) in [
        ("2026-11-21T01:46:38Z", whole),
        ("2026-11-21T03:46:38+02:00", whole),
        ("2026-11-21 03:46:38+02:00", whole),
        ("2026-11-21T01:46:38.25", fraction),
        ("2026-11-21 01:46:38.25 +0000 UTC", fraction),
        ("2026-11-20 20:46:38.25 -0500 EST", fraction),
        ("2026-11-20 20:46:38.25 -0500 EST m=+0.012", fraction),
        ("1795225598", whole),
        ("2026-11-21", at("2026-11-21T00:00:00Z")),
    ] {
        assert_eq!(timestamp::parse(text), Some(instant), "{text}");
    }
    for text in [
        "",
        "yesterday",
        "2026-13-01 00:00:00",
        "0000-00-00 00:00:00",
    ] {
        assert_eq!(timestamp::parse(text), None, "{text}");
    }
}

fn instants() -> impl Strategy<Value = DateTime<Utc>> {
    // The years 1 to 9999: beyond them the text has no fixed width.
    (-62_135_596_800i64..253_402_300_800, 0u32..1_000_000_000)
        .prop_map(|(seconds, nanos)| DateTime::from_timestamp(seconds, nanos).unwrap())
}

proptest! {
    #[test]
    fn a_timestamp_is_read_back_and_sorts_as_text(one in instants(), other in instants()) {
        let (one_text, other_text) = (timestamp::format(&one), timestamp::format(&other));
        prop_assert_eq!(timestamp::parse(&one_text), Some(one));
        prop_assert_eq!(one.cmp(&other), one_text.cmp(&other_text));
    }

    #[test]
    fn an_id_tells_its_second_and_sorts_as_text(
        one in (0i64..=u32::MAX.into(), any::<[u8; 16]>()),
        other in (0i64..=u32::MAX.into(), any::<[u8; 16]>()),
    ) {
        let instant = |seconds| DateTime::from_timestamp(1_400_000_000 + seconds, 0).unwrap();
        let one_id = SyncId(sync_id::encode(instant(one.0), one.1));
        let other_id = SyncId(sync_id::encode(instant(other.0), other.1));
        prop_assert_eq!(sync_id::started_at(&one_id), Some(instant(one.0)));
        prop_assert_eq!(one.cmp(&other), one_id.cmp(&other_id));
    }
}
