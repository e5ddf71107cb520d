//! Every row exactly once, for each strategy, key type and page size around the boundaries.

use rolecall::expr::{Inputs, Value};
use rolecall::source::SourceError;

use super::harness::{Database, System, column};

const ROWS: usize = 251;

/// A type of key: its column type, and the SQL of the key of row `n`.
struct Key {
    column: &'static str,
    key: fn(usize) -> String,
}

fn keys(system: System) -> Vec<Key> {
    let number = |n: usize| (n as i64 - 3).to_string();
    let large = |n: usize| (9_007_199_254_740_990_i64 + n as i64).to_string();
    let text = |n: usize| format!("'key {n:05}'");
    let moment = |n: usize| format!("'2024-05-06 07:{:02}:{:02}.{:06}'", n / 60, n % 60, n * 7);
    let uuid = |n: usize| format!("'{:08x}-0000-4000-8000-000000000000'", n * 0x0100_0001);
    let decimal = |n: usize| format!("12345678901234567890.{n:05}");
    let small_decimal = |n: usize| format!("{}.{:02}", n as i64 - 100, n % 100);
    let key = |column, key| Key { column, key };
    match system {
        System::Sqlite => vec![
            key("INTEGER PRIMARY KEY", number),
            key("BIGINT", large),
            key("TEXT", text),
            key("VARCHAR(40)", text),
            key("UUID", uuid),
            key("TIMESTAMP", moment),
            key("NUMERIC", small_decimal),
            key("REAL", small_decimal),
            key("BLOB", |n| format!("x'{n:08x}'")),
        ],
        System::Postgres => vec![
            key("integer", number),
            key("smallint", number),
            key("bigint", large),
            key("text", text),
            key("varchar(40)", text),
            key("char(12)", text),
            key("name", text),
            key("uuid", uuid),
            key("timestamp", moment),
            key("timestamptz", moment),
            key("date", |n| format!("date '2000-01-01' + {n}")),
            key("numeric", decimal),
            key("numeric(30,5)", decimal),
            key("double precision", small_decimal),
            key("bytea", |n| format!("decode('{n:08x}', 'hex')")),
            key("oid", |n| (n + 1).to_string()),
        ],
        System::Mysql => vec![
            key("INT", number),
            key("BIGINT", large),
            key("BIGINT UNSIGNED", |n| {
                (u64::MAX - 1000 + n as u64).to_string()
            }),
            key("VARCHAR(40)", text),
            key("VARCHAR(40) COLLATE utf8mb4_bin", text),
            key("CHAR(36)", uuid),
            key("UUID", uuid),
            key("DATETIME(6)", moment),
            key("TIMESTAMP(6)", moment),
            key("DATE", |n| format!("'2000-01-01' + INTERVAL {n} DAY")),
            key("DECIMAL(30,5)", decimal),
            key("DOUBLE", small_decimal),
            key("BINARY(4)", |n| format!("x'{n:08x}'")),
        ],
    }
}

/// The SQL that makes a table of [`ROWS`] rows.
fn table(name: &str, key: &Key) -> String {
    let rows: Vec<_> = (0..ROWS)
        .map(|n| format!("({}, {n})", (key.key)(n)))
        .collect();
    format!(
        "CREATE TABLE {name} (id {}, n INT NOT NULL); INSERT INTO {name} VALUES {};",
        key.column,
        rows.join(", ")
    )
}

async fn assert_every_row(
    database: &Database,
    what: &str,
    query: &str,
    pagination: &str,
    size: usize,
) {
    let compiled = database.query(query, pagination);
    assert_eq!(compiled.codes(), [""; 0], "{what}");
    let pages = compiled.pages("row", &Inputs::new()).await;
    let pages = pages.unwrap_or_else(|error| panic!("{what}, {size}: {error}"));
    let expected: Vec<_> = (0..ROWS).map(|n| Value::Int(n as i64)).collect();
    assert_eq!(column(&pages.concat(), "n"), expected, "{what}, {size}");
    assert_eq!(pages.len(), ROWS.div_ceil(size), "{what}, {size}");
}

#[tokio::test]
async fn a_cursor_brings_every_row_once_whatever_the_key() {
    for system in System::ALL {
        let Some(database) = Database::create(system, "SELECT 1").await else {
            continue;
        };
        assert_cursor(&database).await;
    }
}

/// Pages by a cursor over a table of each type of key.
pub async fn assert_cursor(database: &Database) {
    let system = database.system;
    for (index, key) in keys(system).into_iter().enumerate() {
        database.execute(&table(&format!("t{index}"), &key)).await;
        // Every boundary with the first type, two of them with each other one.
        let sizes: &[usize] = match index {
            0 => &[1, 50, 83, 125, 126, 249, 250, 251, 252, 1000],
            _ => &[83, 250],
        };
        for &size in sizes {
            let pagination = format!("{{strategy: cursor, primary_key: id, page_size: {size}}}");
            let query = format!(
                "SELECT id, n FROM t{index} WHERE id > ?<cursor> ORDER BY id LIMIT ?<limit>"
            );
            let what = format!("{system:?} {}", key.column);
            assert_every_row(database, &what, &query, &pagination, size).await;
        }
    }
}

#[tokio::test]
async fn an_offset_brings_every_row_once_at_every_boundary() {
    for system in System::ALL {
        let Some(database) = Database::create(system, "SELECT 1").await else {
            continue;
        };
        assert_offset(&database).await;
    }
}

/// Pages by an offset at every boundary.
pub async fn assert_offset(database: &Database) {
    let key = Key {
        column: "INTEGER",
        key: |n| n.to_string(),
    };
    database.execute(&table("t", &key)).await;
    let system = database.system;
    for size in [1, 2, 50, 100, 125, 126, 249, 250, 251, 252, 1000] {
        let pagination = format!("{{strategy: offset, primary_key: id, page_size: {size}}}");
        let query = "SELECT id, n FROM t ORDER BY id LIMIT ?<Limit> OFFSET ?<Offset>";
        assert_every_row(database, &format!("{system:?}"), query, &pagination, size).await;
    }
    let default = "{strategy: offset, primary_key: ID}";
    let query = "SELECT id, n FROM t ORDER BY id LIMIT ?<limit> OFFSET ?<offset>";
    assert_every_row(database, "default", query, default, 100).await;
}

async fn small(rows: usize) -> Database {
    let values: Vec<_> = (1..=rows).map(|n| format!("({n}, NULL)")).collect();
    let schema = format!(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, gap TEXT); INSERT INTO t VALUES {};",
        values.join(", ")
    );
    Database::create(System::Sqlite, &schema)
        .await
        .expect("SQLite needs no server")
}

#[tokio::test]
async fn tokens_of_numbers_are_plain() {
    let database = small(251).await;
    let compiled = database.query(
        "SELECT id FROM t WHERE id > ?<cursor> ORDER BY id LIMIT ?<limit>",
        "{strategy: cursor, primary_key: id}",
    );
    let fetch = compiled.fetch("row");
    let first = fetch.page(&Inputs::new(), None).await.expect("is read");
    let token = first.next.expect("there is more");
    assert_eq!(token.as_str(), "100");
    let second = fetch
        .page(&Inputs::new(), Some(&token))
        .await
        .expect("is read");
    let again = fetch
        .page(&Inputs::new(), Some(&token))
        .await
        .expect("is read");
    assert_eq!(second.records, again.records);
    assert_eq!(
        second.next.as_ref().map(|token| token.as_str()),
        Some("200")
    );
}

#[tokio::test]
async fn a_query_without_its_limit_stops_at_the_extra_row() {
    let key = Key {
        column: "INTEGER",
        key: |n| n.to_string(),
    };
    for system in System::ALL {
        let Some(database) = Database::create(system, &table("t", &key)).await else {
            continue;
        };
        let compiled = database.query(
            "SELECT id FROM t WHERE id > ?<cursor> ORDER BY id",
            "{strategy: cursor, primary_key: id, page_size: 100}",
        );
        // The rows that were left on the server do not show up on the next page.
        let pages = compiled.pages("row", &Inputs::new()).await;
        let pages = pages.unwrap_or_else(|error| panic!("{system:?}: {error}"));
        let sizes: Vec<_> = pages.iter().map(Vec::len).collect();
        assert_eq!(sizes, [100, 100, 51], "{system:?}");
        let ids: Vec<_> = (0..ROWS).map(|n| Value::Int(n as i64)).collect();
        assert_eq!(column(&pages.concat(), "id"), ids, "{system:?}");
    }
}

#[tokio::test]
async fn paging_without_placeholders_brings_all_rows_and_needs_no_key() {
    let database = small(251).await;
    let compiled = database.query("SELECT id FROM t", "{strategy: offset, primary_key: nope}");
    assert_eq!(compiled.codes(), ["unpaged-query"]);
    let pages = compiled
        .pages("row", &Inputs::new())
        .await
        .expect("is read");
    assert_eq!(pages.len(), 1);
    assert_eq!(pages[0].len(), 251);
}

#[tokio::test]
async fn sizes_out_of_bounds_are_corrected() {
    let database = small(1001).await;
    let query = "SELECT id FROM t ORDER BY id LIMIT ?<limit> OFFSET ?<offset>";
    for (size, first) in [
        ("5000", 1000),
        ("1000", 1000),
        ("0", 100),
        ("-7", 100),
        ("1", 1),
    ] {
        let pagination = format!("{{strategy: offset, primary_key: id, page_size: {size}}}");
        let compiled = database.query(query, &pagination);
        let page = compiled.fetch("row").page(&Inputs::new(), None).await;
        assert_eq!(page.expect("is read").records.len(), first, "{size}");
    }
}

async fn failure(rows: usize, query: &str, pagination: &str) -> SourceError {
    let database = small(rows).await;
    let compiled = database.query(query, pagination);
    compiled.rows().await.expect_err("it cannot be paged")
}

#[tokio::test]
async fn paging_that_cannot_work_fails_with_the_way_out() {
    let cursor = "{strategy: cursor, primary_key: id, page_size: 10}";
    let error = failure(
        1,
        "SELECT gap FROM t WHERE id > ?<cursor> LIMIT ?<limit>",
        cursor,
    );
    assert_eq!(
        error.await.to_string(),
        "`primary_key: id` is not in the result, which has `gap`; select it, or correct the name"
    );
    let error = failure(
        11,
        "SELECT gap FROM t WHERE coalesce(gap, 'x') > ?<cursor> ORDER BY gap LIMIT ?<limit>",
        "{strategy: cursor, primary_key: gap, page_size: 10}",
    );
    assert_eq!(
        error.await.to_string(),
        "the `primary_key` `gap` of a row is null, after which no page can start; page by a column of text or numbers that is never null"
    );
}

#[tokio::test]
async fn paging_that_goes_in_circles_keeps_its_rows_and_is_partial() {
    let cursor = "{strategy: cursor, primary_key: id, page_size: 10}";
    for (query, records) in [
        // Each page is the first again: noticed when its end is where the page before ended.
        (
            "SELECT id FROM t WHERE ?<cursor> IS NOT NULL ORDER BY id LIMIT ?<limit>",
            20,
        ),
        // Without a place in the query there is no second page to ask for.
        ("SELECT id FROM t ORDER BY id LIMIT ?<limit>", 10),
    ] {
        let database = small(11).await;
        let compiled = database.query(query, cursor);
        assert_eq!(
            compiled.partial().await,
            (records, vec!["paging-loop"]),
            "{query}"
        );
    }
}
