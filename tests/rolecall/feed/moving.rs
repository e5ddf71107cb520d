//! Rows that change while they are listed, on real databases.

use std::collections::BTreeSet;

use rolecall::feed::Feed;

use super::{events, plan_on};
use crate::sql::harness::{Database, System};

const TYPES: &str = "resource_types:
  user:
    name: User
    list: {query: SELECT id FROM users, map: {id: .id, display_name: .id}}
    incremental_sync:
      query: |
        SELECT id, version, changed_at FROM users WHERE changed_at > ?<since> AND id > ?<cursor>
        ORDER BY id LIMIT ?<limit>
      cursor_column: changed_at
      pagination: {strategy: cursor, primary_key: id, page_size: 3}
  whole:
    name: The same in one page
    list: {query: SELECT id FROM users, map: {id: .id, display_name: .id}}
    incremental_sync:
      query: SELECT id, version, changed_at FROM users WHERE changed_at > ?<since>
      cursor_column: changed_at
";

/// Moments of the database itself, in UTC and with fractions where it has them.
fn now(system: System) -> &'static str {
    match system {
        System::Sqlite => "strftime('%Y-%m-%d %H:%M:%f', 'now')",
        System::Postgres => "clock_timestamp() AT TIME ZONE 'UTC'",
        // Whole seconds: many rows share a moment.
        System::Mysql => "UTC_TIMESTAMP()",
    }
}

/// Between any two pages rows change, on pages that were read and on pages that were not: the last
/// state of each is told.
#[tokio::test(flavor = "multi_thread")]
async fn the_last_change_of_every_row_is_told() {
    for system in System::ALL {
        let moment = match system {
            System::Mysql => "DATETIME",
            _ => "TIMESTAMP",
        };
        let schema = format!(
            "CREATE TABLE users (id INTEGER PRIMARY KEY, version INTEGER, changed_at {moment})"
        );
        let Some(database) = Database::create(system, &schema).await else {
            continue;
        };
        let now = now(system);
        for id in 1..=10 {
            let row = format!("INSERT INTO users VALUES ({id}, 0, {now})");
            database.execute(&row).await;
        }
        let plan = plan_on(&database, TYPES);
        let feed = Feed::of(&plan).expect("there are changes");
        let since = chrono::Utc::now() - chrono::TimeDelta::hours(1);
        let mut cursor = feed.begin(Some(since));
        let mut told = Vec::new();
        let (mut version, mut rounds) = (0, 0);
        // What is written after the last change is what must have been told.
        while rounds < 3 {
            let page = feed.page(&cursor, 2).await.expect("the database answers");
            cursor = feed.cursor(&page.cursor).expect("it was written by us");
            let ended = !page.has_more;
            told.push(page);
            if version < 40 {
                version += 1;
                // Rows from both ends in turn.
                let id = match version % 2 {
                    0 => 1 + version % 10,
                    _ => 10 - version % 7,
                };
                let change = format!(
                    "UPDATE users SET version = {version}, changed_at = {now} WHERE id = {id}"
                );
                database.execute(&change).await;
                rounds = 0;
            } else if ended {
                rounds += 1;
            }
        }
        let told: BTreeSet<String> = events(&told)
            .into_iter()
            .map(|event| event.id.clone())
            .collect();
        // What a feed tells that begins now is the last state of each row.
        let last = super::pages(&feed, &feed.begin(Some(since)), 100).await;
        let last = super::ids(&last);
        assert_eq!(last.len(), 20, "{system:?}");
        for id in last {
            assert!(
                told.contains(&id),
                "{system:?}: {id} was never told: {told:#?}"
            );
        }
        plan.source.close().await;
    }
}
