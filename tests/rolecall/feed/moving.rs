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

/// The moment of a change: each is ten seconds after the one before, so that what is read again of
/// the time before the last one does not make up for what was missed.
fn moment(version: i64) -> String {
    let at = chrono::Utc::now() + chrono::TimeDelta::seconds(10 * version);
    at.format("'%Y-%m-%d %H:%M:%S'").to_string()
}

/// Between any two pages rows change, on pages that were read and on pages that were not: the last
/// state of each is told.
#[tokio::test(flavor = "multi_thread")]
async fn the_last_change_of_every_row_is_told() {
    for (system, seeds) in [
        (System::Sqlite, 0..24),
        (System::Postgres, 0..1),
        (System::Mysql, 0..1),
    ] {
        let column = match system {
            System::Mysql => "DATETIME",
            _ => "TIMESTAMP",
        };
        let schema = format!(
            "CREATE TABLE users (id INTEGER PRIMARY KEY, version INTEGER, changed_at {column})"
        );
        let Some(database) = Database::create(system, &schema).await else {
            continue;
        };
        let plan = plan_on(&database, TYPES);
        let feed = Feed::of(&plan).expect("there are changes");
        for seed in seeds {
            changing(system, &database, &feed, seed).await;
        }
        plan.source.close().await;
    }
}

async fn changing(system: System, database: &Database, feed: &Feed<'_>, seed: i64) {
    let rows = (1..=10).map(|id| format!("({id}, 0, {})", moment(0)));
    let rows: Vec<_> = rows.collect();
    let fill = format!(
        "DELETE FROM users; INSERT INTO users VALUES {}",
        rows.join(", ")
    );
    database.execute(&fill).await;
    let since = Some(chrono::Utc::now() - chrono::TimeDelta::hours(1));
    let mut cursor = feed.begin(since);
    let mut told = Vec::new();
    let (mut version, mut rounds, mut random) = (0, 0, seed);
    // What is told after the last change may take a round that is under way, and one more.
    while rounds < 2 {
        let page = feed.page(&cursor, 2).await.expect("the database answers");
        cursor = feed.cursor(&page.cursor).expect("it was written by us");
        let ended = !page.has_more;
        told.push(page);
        if version < 6 + seed % 8 {
            version += 1;
            random = (random * 1_103_515_245 + 12_345) % 2_147_483_648;
            let change = format!(
                "UPDATE users SET version = {version}, changed_at = {} WHERE id = {}",
                moment(version),
                // By turns one of the first, which were most often read, and one of the last.
                1 + random / 65_536 % 3 + version % 2 * 7
            );
            database.execute(&change).await;
            rounds = 0;
        } else if ended {
            rounds += 1;
        }
    }
    let told: BTreeSet<&str> = events(&told).into_iter().map(|event| &*event.id).collect();
    // What a feed tells that begins now is the last state of each row.
    let last = super::pages(feed, &feed.begin(since), 100).await;
    let last = super::ids(&last);
    assert_eq!(last.len(), 20, "{system:?}");
    for id in last {
        let told = told.contains(id.as_str());
        assert!(told, "{system:?}, seed {seed}: {id} was never told");
    }
}
