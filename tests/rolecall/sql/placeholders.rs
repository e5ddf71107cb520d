//! Placeholders and their values, as each database receives them.

use rolecall::expr::{Inputs, Value};

use super::harness::{Database, System, column, resource};

/// The SQL that makes a table of who is in which group.
fn table(name: &str, key: &str, keys: [&str; 3]) -> String {
    let [one, two, three] = keys;
    format!(
        "CREATE TABLE {name} (group_id {key}, person VARCHAR(20));
         INSERT INTO {name} VALUES ('{one}', 'ada'), ('{two}', 'bob'), ('{three}', 'eve'), ('{one}', 'joe'), (NULL, 'zoe');"
    )
}

pub async fn members(system: System, key: &str, keys: [&str; 3]) -> Option<Database> {
    Database::create(system, &table("members", key, keys)).await
}

fn people(records: &[Value]) -> Vec<String> {
    let texts = column(records, "person");
    texts
        .into_iter()
        .map(|value| match value {
            Value::Text(text) => text,
            other => panic!("a text column has no {}", other.type_name()),
        })
        .collect()
}

const GRANTS: &str = "resource_types:
  team:
    grants:
      query: SELECT person FROM members WHERE group_id = ?<Group> ORDER BY person
      vars: {group: resource.ID}
";

#[tokio::test]
async fn an_id_is_text_and_matches_keys_of_any_type() {
    for system in System::ALL {
        if let Some(database) = Database::create(system, "SELECT 1").await {
            assert_ids(&database).await;
        }
    }
}

/// Looks for an id, which is text, in columns of every type that ids have.
pub async fn assert_ids(database: &Database) {
    let system = database.system;
    let cases = id_cases().into_iter().filter(|case| case.0 == system);
    for (index, (_, key, keys)) in cases.enumerate() {
        let name = format!("members{index}");
        database.execute(&table(&name, key, keys)).await;
        let compiled = database.compile(&GRANTS.replace("members", &name));
        assert_eq!(compiled.codes(), [""; 0]);
        let found = compiled.grants("team", keys[0]).await;
        let found = found.unwrap_or_else(|error| panic!("{system:?} {key}: {error}"));
        assert_eq!(people(&found), ["ada", "joe"], "{system:?} {key}");
    }
}

fn id_cases() -> Vec<(System, &'static str, [&'static str; 3])> {
    let uuids = [
        "0b1c2d3e-0000-4000-8000-00000000000a",
        "0b1c2d3e-0000-4000-8000-00000000000b",
        "0b1c2d3e-0000-4000-8000-00000000000c",
    ];
    let large = ["9007199254740993", "9007199254740992", "9007199254740994"];
    let small = ["1", "2", "3"];
    vec![
        (System::Sqlite, "INTEGER", small),
        (System::Sqlite, "BIGINT", large),
        (System::Sqlite, "TEXT", small),
        (System::Postgres, "integer", small),
        (System::Postgres, "smallint", small),
        (System::Postgres, "bigint", large),
        (System::Postgres, "text", small),
        (System::Postgres, "uuid", uuids),
        (System::Postgres, "numeric", large),
        (System::Postgres, "oid", small),
        (System::Postgres, "double precision", small),
        (
            System::Postgres,
            "date",
            ["2024-01-01", "2024-01-02", "2024-01-03"],
        ),
        (
            System::Postgres,
            "inet",
            ["10.0.0.1", "10.0.0.2", "10.0.0.3"],
        ),
        (System::Postgres, "interval", ["1 day", "2 days", "3 days"]),
        (System::Mysql, "INT", small),
        (System::Mysql, "BIGINT", large),
        (
            System::Mysql,
            "BIGINT UNSIGNED",
            ["18446744073709551615", "18446744073709551614", "1"],
        ),
        (System::Mysql, "DECIMAL(30)", large),
        (System::Mysql, "VARCHAR(40)", uuids),
        (System::Mysql, "UUID", uuids),
    ]
}

#[tokio::test]
async fn an_id_that_is_none_of_the_type_is_refused_by_name() {
    let Some(database) = members(System::Postgres, "integer", ["1", "2", "3"]).await else {
        return;
    };
    let error = database.compile(GRANTS).grants("team", "1 OR true").await;
    assert_eq!(
        error.expect_err("it is no number").to_string(),
        "`?<Group>` is int4 here, and `1 OR true` cannot be converted to that"
    );
}

#[tokio::test]
async fn values_keep_their_types_and_null_is_null() {
    for system in System::ALL {
        if let Some(database) = members(system, "INTEGER", ["1", "2", "3"]).await {
            assert_types_and_nulls(&database).await;
        }
    }
}

/// Binds numbers as numbers, and null as NULL.
pub async fn assert_types_and_nulls(database: &Database) {
    {
        let system = database.system;
        let compiled = database.compile(
            "resource_types:
  team:
    grants:
      query: >-
        SELECT person FROM members
        WHERE (?<nothing> IS NULL AND group_id IS NULL) OR group_id = ?<number> OR group_id = ?<number> + 1
        ORDER BY person
      vars:
        nothing: 'null == null ? null : 1'
        number: int(resource.ID) + 1
",
        );
        assert_eq!(compiled.codes(), [""; 0]);
        let found = compiled.grants("team", "1").await;
        let found = found.unwrap_or_else(|error| panic!("{system:?}: {error}"));
        assert_eq!(people(&found), ["bob", "eve", "zoe"], "{system:?}");
    }
}

#[tokio::test]
async fn a_name_that_can_only_mean_the_resource_binds_its_id() {
    let database = members(System::Sqlite, "INTEGER", ["1", "2", "3"]).await;
    let database = database.expect("SQLite needs no server");
    for name in ["resource_id", "team_id", "TEAM_ID", "team"] {
        let compiled = database.compile(&format!(
            "resource_types: {{team: {{grants: {{query: 'SELECT person FROM members WHERE group_id = ?<{name}>'}}}}}}\n"
        ));
        assert_eq!(compiled.codes(), ["implicit-placeholder"], "{name}");
        let found = compiled.grants("team", "2").await.expect("runs");
        assert_eq!(people(&found), ["bob"], "{name}");
        let error = compiled.pages("team.grants", &Inputs::new()).await;
        assert!(error.is_err(), "without a resource there is no id");
    }
    let listing = "resource_types: {team: {list: {query: 'SELECT 1 WHERE 1 = ?<team_id>'}}}\n";
    assert_eq!(database.compile(listing).codes(), ["unknown-placeholder"]);
}

#[tokio::test]
async fn placeholders_live_beside_everything_that_looks_like_them() {
    for (system, query) in [
        (
            System::Postgres,
            "SELECT ?<a>::int AS a, '?<a>' AS b, $$ ?<a> $1 ? $$ AS c, $q$?<a>$q$ AS d, E'\\\\'?<a>' AS e,
             '{\"k\": 1}'::jsonb ? 'k' AS f, '{\"k\": 1}'::jsonb ?| array['k'] AS g, '5'::text::int AS h,
             \"?<a>\" AS i, (array[1,2])[?<a>::int] AS j /* ?<a> /* nested */ ?<a> */
             FROM (SELECT 9 AS \"?<a>\") AS t -- ?<a>",
        ),
        (
            System::Mysql,
            "SELECT ?<a> + 0 AS a, '?<a>' AS b, \"?<a>\" AS c, 'it\\\\'s ?<a>' AS d, 1 -- ?<a>
             AS e, 3--?<a> AS f, `?<a>` AS g, /*!50000 ?<a> + */ 1 AS h /* ?<a> */ # ?<a>
             FROM (SELECT 9 AS `?<a>`) AS t",
        ),
        (
            System::Sqlite,
            "SELECT ?<a> + 0 AS a, '?<a>' AS b, 'it''s ?<a>' AS c, [?<a>] AS d, \"?<a>\" AS e, `?<a>` AS f
             /* ?<a> */ FROM (SELECT 9 AS \"?<a>\") AS t -- ?<a>",
        ),
    ] {
        let Some(database) = Database::create(system, "CREATE TABLE unused (id INTEGER)").await
        else {
            continue;
        };
        let query = query.replace("\\\\", "\\").replace('\n', "\n        ");
        let compiled = database.compile(&format!(
            "resource_types:\n  team:\n    grants:\n      query: |\n        {query}\n      vars: {{a: int(resource.ID)}}\n"
        ));
        assert!(compiled.codes().iter().all(|code| *code == "inert-placeholder"), "{:?}", compiled.codes());
        let rows = compiled.grants("team", "2").await;
        let rows = rows.unwrap_or_else(|error| panic!("{system:?}: {error}"));
        let Value::Map(fields) = &rows[0] else {
            panic!("a row is a map");
        };
        let shown: Vec<String> = fields
            .iter()
            .filter(|(name, _)| *name != "database")
            .map(|(name, value)| format!("{name}={}", serde_json::Value::from(value)))
            .collect();
        let expected: &[&str] = match system {
            System::Postgres => &[
                "a=2", "b=\"?<a>\"", "c=\" ?<a> $1 ? \"", "d=\"?<a>\"", "e=\"'?<a>\"", "f=true",
                "g=true", "h=5", "i=9", "j=2",
            ],
            System::Mysql => &[
                "a=2", "b=\"?<a>\"", "c=\"?<a>\"", "d=\"it's ?<a>\"", "e=1", "f=5", "g=9", "h=3",
            ],
            System::Sqlite => &[
                "a=2", "b=\"?<a>\"", "c=\"it's ?<a>\"", "d=9", "e=9", "f=9",
            ],
        };
        assert_eq!(shown, expected, "{system:?}");
    }
}

#[tokio::test]
async fn a_list_can_be_bound_where_the_database_takes_one() {
    let Some(database) = members(System::Postgres, "integer", ["1", "2", "3"]).await else {
        return;
    };
    let compiled = database.compile(
        "resource_types: {team: {grants: {query: 'SELECT person FROM members WHERE group_id = ANY(?<ids>) ORDER BY person', vars: {ids: '[1, int(resource.ID)]'}}}}\n",
    );
    let found = compiled.grants("team", "3").await.expect("runs");
    assert_eq!(people(&found), ["ada", "eve", "joe"]);
}

#[tokio::test]
async fn inputs_are_passed_by_name() {
    // A bare word is literal everywhere but here, where it may be the name of an input.
    let database = Database::create(System::Sqlite, "CREATE TABLE t (id TEXT)").await;
    let database = database.expect("SQLite needs no server");
    let compiled = database.compile(
        "resource_types: {team: {grants: {query: 'SELECT ?<all> AS a, ?<word> AS b', vars: {all: resource, word: member}}}}\n",
    );
    let pages = compiled
        .pages("team.grants", &resource("7"))
        .await
        .expect("runs");
    let Some(Value::Text(all)) = pages[0][0].get("a") else {
        panic!("a map is bound as JSON");
    };
    let all: serde_json::Value = serde_json::from_str(all).expect("it is JSON");
    assert_eq!(
        all,
        serde_json::json!({ "ID": "7", "DisplayName": "Some group" })
    );
    assert_eq!(pages[0][0].get("b"), Some(&Value::from("member")));
}
