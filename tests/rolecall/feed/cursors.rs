//! Going on from cursors: every one tells what is behind it, and nothing else is taken for one.

use std::collections::BTreeSet;

use rolecall::feed::{Feed, FeedError};

use super::{behind, events, ids, pages, plan_on, streamed};
use crate::sql::harness::{Database, System};

/// Users, each changed at its own second, some at the same one; who joined and left teams.
const SCHEMA: &str = "
CREATE TABLE users (id INTEGER PRIMARY KEY, changed_at TIMESTAMP);
INSERT INTO users VALUES (1, '2026-01-01 10:00:05'), (2, '2026-01-01 10:00:01'),
  (3, '2026-01-01 10:00:05'), (4, '2026-01-01 10:00:05'), (5, '2026-01-01 10:00:03'),
  (6, '2026-01-01 10:00:05'), (7, '2026-01-01 10:00:09');
CREATE TABLE log (n INTEGER PRIMARY KEY, team INTEGER, who INTEGER, what VARCHAR(9), at TIMESTAMP);
INSERT INTO log VALUES (1, 10, 1, 'joined', '2026-01-02 09:00:00'), (2, 10, 2, 'joined', '2026-01-02 09:00:00'),
  (3, 10, 3, 'joined', '2026-01-02 09:00:00'), (4, 11, 1, 'left', '2026-01-02 09:30:00'),
  (5, 10, 4, 'joined', '2026-01-02 08:00:00'), (6, 10, 5, 'joined', '2026-01-02 09:00:00');
";

/// `since` compares with the moment of a change, `paged` ends the query, `paging` pages it.
fn types(since: &str, paged: &str, paging: &str) -> String {
    format!(
        "resource_types:
  user:
    name: User
    list: {{query: SELECT id FROM users, map: {{id: .id, display_name: .id}}}}
    get: {{query: 'SELECT id FROM users WHERE id = ?<id>'}}
    incremental_sync:
      query: SELECT id, changed_at FROM users WHERE changed_at {since} ?<since> {}
      cursor_column: changed_at
      {paging}
  team:
    name: Team
    static_resources: [{{id: '10'}}, {{id: '11'}}]
    static_entitlements: [{{id: member, display_name: \"'Member'\"}}]
    grants:
      query: SELECT who FROM log WHERE team = ?<team>
      vars: {{team: resource.ID}}
      map: [{{principal_id: .who, principal_type: user, entitlement_id: member}}]
      incremental_sync:
        resource_id: .team
        changes_query: SELECT n, team, who, at FROM log WHERE what = 'joined' AND at {since} ?<since> {}
        changes_cursor_column: at
        revokes_query: SELECT n, team, who, at FROM log WHERE what = 'left' AND at {since} ?<since> {}
        revokes_cursor_column: at
        {}
",
        paged.replace("key", "id"),
        paged.replace("key", "n"),
        paged.replace("key", "n"),
        paging.replace("primary_key: id", "primary_key: n"),
    )
}

const WAYS: [(&str, &str); 2] = [
    ("", ""),
    (
        "AND key > ?<cursor> ORDER BY key LIMIT ?<limit>",
        "pagination: {strategy: cursor, primary_key: id, page_size: 2}",
    ),
];

fn start() -> Option<chrono::DateTime<chrono::Utc>> {
    Some("2026-01-01T00:00:00Z".parse().expect("a moment"))
}

/// However large the pages are, and wherever one begins again: each event comes once, in one order.
#[tokio::test(flavor = "multi_thread")]
async fn every_cursor_goes_on_with_what_is_behind_it() {
    for system in System::ALL {
        let Some(database) = Database::create(system, SCHEMA).await else {
            continue;
        };
        for (paged, paging) in WAYS {
            for since in [">", ">="] {
                let plan = plan_on(&database, &types(since, paged, paging));
                let feed = Feed::of(&plan).expect("there are changes");
                let all = pages(&feed, &feed.begin(start()), 1000).await;
                let all = ids(&all);
                assert_eq!(all.len(), 13, "{system:?} {all:#?}");
                assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), 13);
                for size in 1..=7 {
                    let from = pages(&feed, &feed.begin(start()), size).await;
                    assert_eq!(ids(&from), all, "{system:?} {paged} {since} by {size}");
                    let stream = streamed(&feed, &feed.begin(start()), size).await;
                    assert_eq!(ids(&stream.expect("the database answers")), all);
                    for (index, page) in from.iter().enumerate() {
                        let cursor = feed.cursor(&page.cursor).expect("it was written by us");
                        let rest = pages(&feed, &cursor, 3).await;
                        let expected = ids(&from[index + 1..]);
                        assert_eq!(ids(&rest), expected, "{system:?} behind page {index}");
                    }
                }
                plan.source.close().await;
            }
        }
    }
}

/// Changes of the very moment of the last one that was told, whether the query includes it or not.
#[tokio::test(flavor = "multi_thread")]
async fn what_comes_later_at_the_same_moment_is_told_once() {
    for system in System::ALL {
        let Some(database) = Database::create(system, SCHEMA).await else {
            continue;
        };
        let mut next = 100;
        for (paged, paging) in WAYS {
            for since in [">", ">="] {
                let plan = plan_on(&database, &types(since, paged, paging));
                let feed = Feed::of(&plan).expect("there are changes");
                let first = pages(&feed, &feed.begin(start()), 4).await;
                let mut cursor = behind(&feed, &first);
                for _ in 0..3 {
                    let nothing = pages(&feed, &cursor, 4).await;
                    assert_eq!(ids(&nothing), Vec::<String>::new(), "{system:?} {since}");
                    cursor = behind(&feed, &nothing);
                    next += 1;
                    database
                        .execute(&format!(
                            "INSERT INTO users VALUES ({next}, '2026-01-01 10:00:09')"
                        ))
                        .await;
                    let more = pages(&feed, &cursor, 4).await;
                    let told = events(&more);
                    assert_eq!(told.len(), 1, "{system:?} {since} {told:#?}");
                    assert_eq!(told[0].resource.id, next.to_string());
                    cursor = behind(&feed, &more);
                }
                plan.source.close().await;
            }
        }
    }
}

/// More changes at one moment than a cursor remembers: none is lost, and once the moment is long
/// past none is told again.
#[tokio::test(flavor = "multi_thread")]
async fn thousands_of_changes_at_one_moment_are_told_once() {
    let schema = "CREATE TABLE users (id INTEGER PRIMARY KEY, changed_at TIMESTAMP);
        CREATE TABLE log (n INTEGER PRIMARY KEY, team INTEGER, who INTEGER, what TEXT, at TIMESTAMP);
        WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2500)
        INSERT INTO users SELECT i, '2026-01-01 10:00:00' FROM n;";
    let database = Database::create(System::Sqlite, schema).await;
    let database = database.expect("SQLite is always there");
    let paged = "AND key > ?<cursor> ORDER BY key LIMIT ?<limit>";
    let paging = "pagination: {strategy: cursor, primary_key: id, page_size: 400}";
    for (paged, paging) in [("", ""), (paged, paging)] {
        let plan = plan_on(&database, &types(">=", paged, paging));
        let feed = Feed::of(&plan).expect("there are changes");
        for size in [90, 1000] {
            let all = pages(&feed, &feed.begin(start()), size).await;
            let told: BTreeSet<_> = ids(&all).into_iter().collect();
            assert_eq!(
                (ids(&all).len(), told.len()),
                (2500, 2500),
                "{paged} {size}"
            );
            let again = pages(&feed, &behind(&feed, &all), size).await;
            assert_eq!(ids(&again), Vec::<String>::new());
        }
        plan.source.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_cursor_of_this_file_is_told_apart() {
    let database = Database::create(System::Sqlite, SCHEMA).await;
    let database = database.expect("SQLite is always there");
    let plan = plan_on(&database, &types(">", "", ""));
    let feed = Feed::of(&plan).expect("there are changes");
    let all = pages(&feed, &feed.begin(start()), 3).await;
    for text in ["", "nonsense", "AQID", &all[0].cursor[1..]] {
        let error = feed.cursor(text).expect_err("is no cursor");
        assert!(matches!(error, FeedError::NotACursor), "{text}");
        assert!(error.is_wrong());
    }

    let renamed = plan_on(
        &database,
        &types(">", "", "").replace("  team:\n", "  crew:\n"),
    );
    let same = Feed::of(&renamed).expect("there are changes");
    let error = same.cursor(&all[0].cursor);
    error.expect_err("the only listing it knows is gone");
    same.cursor(&behind_text(&all))
        .expect("one of its listings is still there");

    // Of another system with the same types.
    let text = format!(
        "app_name: Other\n{}{}",
        database.connect(),
        types(">", "", "")
    );
    let file = database.folder.path().join("other.yaml");
    let other = crate::provision::plan_in(&file, &text, &[]);
    let error = Feed::of(&other)
        .expect("there are changes")
        .cursor(&behind_text(&all))
        .expect_err("is of another file");
    insta::assert_snapshot!(error, @"the cursor is of another connector file: none of the listings it knows is in this one");

    let nothing = "resource_types: {user: {name: User, list: {query: SELECT id FROM users, map: {id: .id, display_name: .id}}}}\n";
    let nothing = plan_on(&database, nothing);
    let error = Feed::of(&nothing).expect_err("lists no changes");
    insta::assert_snapshot!(error, @"the connector file lists no changes: write `incremental_sync` on a resource type or an entry of `grants`");
    plan.source.close().await;
}

fn behind_text(pages: &[rolecall::feed::EventPage]) -> String {
    pages.last().expect("there is a page").cursor.clone()
}

/// A listing that was added to the file later begins where the feed began.
#[tokio::test(flavor = "multi_thread")]
async fn a_listing_that_is_new_in_the_file_is_told_from_the_beginning() {
    let database = Database::create(System::Sqlite, SCHEMA).await;
    let database = database.expect("SQLite is always there");
    let with_all = types(">", "", "");
    let without_users = with_all.replacen("incremental_sync:", "get_later:", 1);
    let without_users: String = {
        let begin = without_users.find("    get_later:").expect("is there");
        let end = without_users.find("  team:").expect("is there");
        format!("{}{}", &without_users[..begin], &without_users[end..])
    };
    let plan = plan_on(&database, &without_users);
    let feed = Feed::of(&plan).expect("there are changes");
    let first = pages(&feed, &feed.begin(start()), 100).await;
    assert_eq!(ids(&first).len(), 6);
    let whole = plan_on(&database, &with_all);
    let feed = Feed::of(&whole).expect("there are changes");
    let cursor = feed.cursor(&behind_text(&first)).expect("is of this file");
    let rest = pages(&feed, &cursor, 100).await;
    assert_eq!(ids(&rest).len(), 7, "the users");
    plan.source.close().await;
    whole.source.close().await;
}
