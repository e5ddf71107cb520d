//! Every type of column of each database, and the catalogs of the databases themselves.

use rolecall::expr::{Map, Value, to_text};

use super::harness::{Database, System, fixture};

/// A record as lines of names, types and values.
fn shown(record: &Value) -> String {
    let Value::Map(fields) = record else {
        panic!("a row is a map");
    };
    lines(fields)
}

pub fn lines(fields: &Map) -> String {
    fields
        .iter()
        .map(|(name, value)| match value {
            Value::Null => format!("{name}: null\n"),
            Value::Bytes(bytes) => format!("{name}: bytes {bytes:02x?}\n"),
            Value::List(items) => {
                let kinds: Vec<_> = items.iter().map(Value::type_name).collect();
                format!(
                    "{name}: list of {kinds:?} {}\n",
                    serde_json::Value::from(value)
                )
            }
            Value::Float(number) => format!("{name}: double {number}\n"),
            value => format!(
                "{name}: {} {}\n",
                value.type_name(),
                serde_json::Value::from(value)
            ),
        })
        .collect()
}

/// What a mapping makes of each column, where that is not the value itself.
fn texts(fields: &Map) -> String {
    let mut shown = String::from("# as text\n");
    for (name, value) in fields {
        let text = match to_text(value) {
            Ok(Some(text)) => format!("{text:?}"),
            Ok(None) => "absent".to_owned(),
            Err(problem) => format!("no text: {problem}"),
        };
        if !matches!(value, Value::Text(_)) {
            shown.push_str(&format!("{name}: {text}\n"));
        }
    }
    shown
}

#[tokio::test]
async fn every_type_of_column_has_its_value() {
    for (system, name) in [
        (System::Sqlite, "sqlite"),
        (System::Postgres, "postgres"),
        (System::Mysql, "mysql"),
    ] {
        let schema = std::fs::read_to_string(fixture(&format!("types/{name}.sql")));
        let schema = schema.expect("the fixture is there");
        let Some(database) = Database::create(system, &schema).await else {
            continue;
        };
        let compiled = database
            .compile("resource_types: {row: {list: {query: SELECT * FROM t -- all of it}}}\n");
        let rows = compiled
            .rows()
            .await
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(rows.len(), 1);
        let Value::Map(mut fields) = rows[0].clone() else {
            panic!("a row is a map");
        };
        let own_name = fields.insert("database".into(), "".into());
        assert_eq!(own_name, Some(Value::from(database.name.as_str())));
        let folder = fixture("types");
        insta::with_settings!({snapshot_path => folder, prepend_module_to_snapshot => false}, {
            insta::assert_snapshot!(name, lines(&fields) + &texts(&fields));
        });
        // NULL is absence, whatever the type.
        database.execute("INSERT INTO t (id) VALUES (2)").await;
        let compiled = database.query("SELECT * FROM t WHERE id = 2", "");
        let rows = compiled.rows().await;
        let rows = rows.unwrap_or_else(|error| panic!("{name}: {error}"));
        let Value::Map(fields) = &rows[0] else {
            panic!("a row is a map");
        };
        for (column, value) in fields {
            let has_value = ["id", "database", "made"].contains(&column.as_str());
            assert_eq!(
                *value == Value::Null,
                !has_value,
                "{name}: {column} is {value:?}"
            );
        }
    }
}

#[tokio::test]
async fn of_columns_of_one_name_the_last_wins_and_none_is_lost_otherwise() {
    for system in System::ALL {
        let Some(database) = Database::create(system, "CREATE TABLE t (id INTEGER)").await else {
            continue;
        };
        let query = "SELECT 1 AS a, 2 AS b, 3 AS a, 'mine' AS \"database\"";
        let query = match system {
            System::Mysql => query.replace('"', "`"),
            _ => query.to_owned(),
        };
        let rows = database.query(&query, "").rows().await.expect("runs");
        assert_eq!(
            shown(&rows[0]),
            "a: int 3\nb: int 2\ndatabase: string \"mine\"\n"
        );
        if system == System::Postgres {
            // The same through the query that has the server cast what cannot be read.
            let rows = database.query("SELECT 1 AS a, '1'::money AS b, inet '10.0.0.1' AS a", "");
            let rows = rows.rows().await.expect("runs");
            let text = shown(&rows[0]);
            assert!(
                text.starts_with("a: string \"10.0.0.1\"\nb: string \"$1.00\"\n"),
                "{text}"
            );
        }
    }
}

#[tokio::test]
async fn the_catalogs_of_the_databases_can_be_read() {
    let postgres = [
        "SELECT * FROM pg_roles",
        "SELECT * FROM pg_auth_members",
        "SELECT * FROM pg_authid",
        "SELECT relname, relkind, relowner, relacl, reloptions FROM pg_class",
        "SELECT oid, typname, typcategory, typacl FROM pg_type",
        "SELECT proname, proowner, proargtypes, proallargtypes, proacl FROM pg_proc",
        "SELECT * FROM pg_database",
        "SELECT * FROM pg_settings",
        "SELECT * FROM pg_stat_activity",
        "SELECT * FROM pg_namespace",
        "SELECT indexrelid, indkey, indclass FROM pg_index",
        "SELECT * FROM pg_default_acl",
        "SELECT * FROM pg_user_mappings",
        "SELECT roleid::regrole AS r, member FROM pg_auth_members ORDER BY 1",
        "SELECT * FROM information_schema.table_privileges",
        "SELECT * FROM information_schema.role_table_grants",
        "SELECT * FROM information_schema.columns",
        "SELECT * FROM information_schema.applicable_roles",
        "SHOW search_path",
    ];
    let mysql = [
        "SELECT * FROM mysql.user",
        "SELECT * FROM mysql.db",
        "SELECT * FROM mysql.global_priv",
        "SELECT * FROM mysql.roles_mapping",
        "SELECT * FROM mysql.tables_priv",
        "SELECT * FROM mysql.proc",
        "SELECT * FROM information_schema.user_privileges",
        "SELECT * FROM information_schema.schema_privileges",
        "SELECT * FROM information_schema.tables",
        "SELECT * FROM information_schema.columns",
        "SELECT * FROM information_schema.routines",
        "SELECT * FROM information_schema.applicable_roles",
        "SHOW GRANTS",
        "SHOW DATABASES",
    ];
    for (system, queries) in [
        (System::Postgres, &postgres[..]),
        (System::Mysql, &mysql),
        (
            System::Sqlite,
            &["SELECT * FROM sqlite_master", "PRAGMA table_info(t)"],
        ),
    ] {
        let Some(database) = Database::create(system, "CREATE TABLE t (id INTEGER)").await else {
            continue;
        };
        for query in queries {
            let rows = database.query(query, "").rows().await;
            rows.unwrap_or_else(|error| panic!("{query}: {error}"));
        }
    }
    if let Some(database) = Database::create(System::Mysql, "SELECT 1").await {
        let query =
            "SELECT user, host, plugin, password FROM mysql.user WHERE user = 'root' LIMIT 1";
        let rows = database.query(query, "").rows().await.expect("runs");
        for name in ["User", "Host", "plugin", "Password"] {
            let kind = rows[0].get(name).map(Value::type_name);
            assert!(matches!(kind, Some("string")), "`{name}` is {kind:?}");
        }
    }
    if let Some(database) = Database::create(System::Postgres, "SELECT 1").await {
        let query = "SELECT rolname, oid, rolsuper, rolconnlimit, rolvaliduntil, rolconfig FROM pg_roles WHERE rolname = 'pg_monitor'";
        let rows = database.query(query, "").rows().await.expect("runs");
        let text = shown(&rows[0]);
        assert!(text.starts_with("rolname: string \"pg_monitor\"\noid: int 3373\nrolsuper: bool false\nrolconnlimit: int -1\nrolvaliduntil: null\n"), "{text}");
        let error = database.query("SELECT * FROM pg_class", "").rows().await;
        let error = error.expect_err("it has a column of an internal type");
        assert!(error.to_string().contains("name the columns"), "{error}");
        let query = "SELECT '{[1,2),[5,6)}'::int4multirange AS spans";
        let error = database.query(query, "").rows().await;
        let error = error.expect_err("the driver does not know multiranges");
        assert!(error.to_string().contains("cast it to text"), "{error}");
        let rows = database.query(&query.replace("multirange", "multirange::text"), "");
        let rows = rows.rows().await.expect("runs");
        assert_eq!(
            shown(&rows[0]).lines().next(),
            Some("spans: string \"{[1,2),[5,6)}\"")
        );
        let query = "SELECT relacl FROM pg_class WHERE relname = 'pg_roles'";
        let rows = database.query(query, "").rows().await.expect("runs");
        let text = shown(&rows[0]);
        assert!(
            text.starts_with("relacl: list of [\"string\", \"string\"]"),
            "{text}"
        );
    }
}
