//! The databases that are at hand, through their ODBC drivers.

use std::time::Duration;

use rolecall::expr::{Inputs, Value};
use rolecall::source::SourceError;

use super::harness::{Compiled, Database, System, Through, column, compile, execute, fixture};
use super::{injection, paging, placeholders, types};

/// A database that is reached through ODBC.
async fn create(system: System, schema: &str) -> Option<Database> {
    let mut database = Database::create(system, schema).await?;
    database.through = Through::Odbc;
    Some(database)
}

#[tokio::test]
async fn a_cursor_brings_every_row_once_whatever_the_key() {
    for system in System::ALL {
        if let Some(database) = create(system, "SELECT 1").await {
            paging::assert_cursor(&database).await;
        }
    }
}

#[tokio::test]
async fn an_offset_brings_every_row_once_at_every_boundary() {
    for system in System::ALL {
        if let Some(database) = create(system, "SELECT 1").await {
            paging::assert_offset(&database).await;
        }
    }
}

#[tokio::test]
async fn an_id_is_text_and_matches_keys_of_any_type() {
    for system in System::ALL {
        if let Some(database) = create(system, "SELECT 1").await {
            placeholders::assert_ids(&database).await;
        }
    }
}

#[tokio::test]
async fn values_keep_their_types_and_null_is_null() {
    for system in System::ALL {
        if let Some(mut database) = placeholders::members(system, "INTEGER", ["1", "2", "3"]).await
        {
            database.through = Through::Odbc;
            placeholders::assert_types_and_nulls(&database).await;
        }
    }
}

#[tokio::test]
async fn a_bound_value_is_only_ever_a_value() {
    for system in System::ALL {
        if let Some(database) = create(system, injection::SCHEMA).await {
            injection::assert_only_values(&database).await;
        }
    }
}

#[tokio::test]
async fn every_type_of_column_has_its_value() {
    for (system, name) in [
        (System::Sqlite, "sqlite"),
        (System::Postgres, "postgres"),
        (System::Mysql, "mysql"),
    ] {
        let schema = std::fs::read_to_string(fixture(&format!("types/{name}.sql")));
        let Some(database) = create(system, &schema.expect("the fixture is there")).await else {
            continue;
        };
        let compiled = database
            .compile("resource_types: {row: {list: {query: SELECT * FROM t -- all of it}}}\n");
        let rows = compiled.rows().await;
        let rows = rows.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(rows.len(), 1);
        let Value::Map(mut fields) = rows[0].clone() else {
            panic!("a row is a map");
        };
        fields.insert("database".into(), "".into());
        insta::with_settings!({snapshot_path => fixture("types"), prepend_module_to_snapshot => false, omit_expression => true}, {
            insta::assert_snapshot!(format!("odbc_{name}"), types::lines(&fields));
        });
    }
}

#[tokio::test]
async fn a_value_of_any_length_comes_whole() {
    // Characters beyond the first plane, at every offset to the ends of buffers.
    let lengths = [
        0, 1, 2047, 2048, 4094, 4095, 4096, 4097, 8190, 8191, 1_000_000,
    ];
    for system in System::ALL {
        let (text, bytes) = match system {
            System::Sqlite => ("TEXT", "BLOB"),
            System::Postgres => ("text", "bytea"),
            System::Mysql => ("LONGTEXT", "LONGBLOB"),
        };
        let schema = format!("CREATE TABLE t (id INT, body {text}, raw {bytes});");
        let Some(database) = create(system, &schema).await else {
            continue;
        };
        for length in lengths {
            let hex = "00ff27".repeat(length / 3);
            let raw = match system {
                System::Postgres => format!("'\\x{hex}'"),
                _ => format!("x'{hex}'"),
            };
            database
                .execute(&format!(
                    "INSERT INTO t VALUES ({length}, '{}', {raw})",
                    body(length)
                ))
                .await;
        }
        let rows = database
            .query("SELECT id, body, raw FROM t ORDER BY id", "")
            .rows()
            .await;
        let rows = rows.unwrap_or_else(|error| panic!("{system:?}: {error}"));
        for (row, length) in rows.iter().zip(lengths) {
            assert!(
                row.get("body") == Some(&Value::from(body(length))),
                "{system:?}: a text of {length} characters is another"
            );
            let raw = [0x00, 0xff, 0x27].repeat(length / 3);
            assert!(
                row.get("raw") == Some(&Value::Bytes(raw)),
                "{system:?}: {length} bytes are others"
            );
        }
        assert_eq!(rows.len(), lengths.len());
    }
}

#[tokio::test]
async fn text_comes_back_as_it_went() {
    for system in System::ALL {
        let Some(database) = create(system, "CREATE TABLE unused (id INT)").await else {
            continue;
        };
        let (text, literal) = match system {
            System::Postgres => ("text", "Ünï 😀"),
            System::Mysql => ("char", "Ünï 😀"),
            System::Sqlite => ("char", "plain"),
        };
        let compiled = database.compile(&format!(
            "resource_types:\n  team:\n    grants:\n      query: \"SELECT CAST(?<id> AS {text}) AS bound, '{literal} ?<id> -- ' AS written\"\n      vars: {{id: resource.ID}}\n"
        ));
        assert_eq!(compiled.codes(), ["inert-placeholder"]);
        for id in [
            "Ünï 😀",
            " a b ",
            "it's \"x\" `y` \\ %_",
            "a\nb\tc",
            "",
            &body(5000),
        ] {
            let rows = compiled.grants("team", id).await;
            let rows = rows.unwrap_or_else(|error| panic!("{system:?} {id}: {error}"));
            assert_eq!(rows[0].get("bound"), Some(&Value::from(id)), "{system:?}");
            let written = rows[0].get("written");
            assert_eq!(
                written,
                Some(&Value::from(format!("{literal} ?<id> -- "))),
                "{system:?}"
            );
        }
        if system == System::Sqlite {
            // What a driver without Unicode makes of other letters depends on the locale, which other
            // drivers set. It is right, or refused.
            database
                .execute("CREATE VIEW letters AS SELECT '✓' AS \"✓\"")
                .await;
            for query in [
                "SELECT '✓' AS letter WHERE ?<id> = '7'",
                "SELECT * FROM letters WHERE ?<id> = '7'",
            ] {
                let compiled = database.compile(&format!(
                    "resource_types: {{team: {{grants: {{query: \"{query}\", vars: {{id: resource.ID}}}}}}}}\n"
                ));
                match compiled.grants("team", "7").await {
                    Ok(rows) => {
                        let shown = serde_json::Value::from(&rows[0]).to_string();
                        assert!(shown.contains("\"✓\""), "{shown}");
                    }
                    Err(error) => assert!(error.to_string().contains("garbles"), "{error}"),
                }
            }
        }
    }
}

fn body(length: usize) -> String {
    "a😀ü".chars().cycle().take(length).collect()
}

#[tokio::test]
async fn results_are_streamed_and_connections_are_used_again() {
    for system in System::ALL {
        let Some(database) = create(system, "CREATE TABLE t (n INT);").await else {
            continue;
        };
        let values: Vec<_> = (0..5000).map(|n| format!("({n})")).collect();
        database
            .execute(&format!("INSERT INTO t VALUES {}", values.join(", ")))
            .await;
        let compiled = database.query("SELECT n FROM t ORDER BY n", "");
        for _ in 0..3 {
            let rows = compiled.rows().await.expect("runs");
            let expected: Vec<_> = (0..5000).map(Value::Int).collect();
            assert_eq!(column(&rows, "n"), expected, "{system:?}");
        }
        if system == System::Postgres {
            let compiled = database.query("SELECT pg_backend_pid() AS pid", "");
            let first = compiled.rows().await.expect("runs");
            assert_eq!(compiled.rows().await.expect("runs"), first);
            // Ten at once share five connections.
            let together = futures::future::join_all((0..10).map(|_| compiled.rows())).await;
            let mut pids: Vec<_> = together
                .into_iter()
                .map(|rows| rows.expect("runs")[0].get("pid").cloned())
                .map(|pid| format!("{pid:?}"))
                .collect();
            pids.sort();
            pids.dedup();
            assert!(pids.len() <= 5, "{pids:?}");
            compiled.close().await;
        }
    }
}

#[tokio::test]
async fn a_query_without_its_limit_stops_at_the_extra_row() {
    for system in System::ALL {
        let Some(database) = create(system, "CREATE TABLE t (id INT);").await else {
            continue;
        };
        let values: Vec<_> = (0..251).map(|n| format!("({n})")).collect();
        database
            .execute(&format!("INSERT INTO t VALUES {}", values.join(", ")))
            .await;
        let compiled = database.query(
            "SELECT id FROM t WHERE id > ?<cursor> ORDER BY id",
            "{strategy: cursor, primary_key: id, page_size: 100}",
        );
        let pages = compiled.pages("row", &Inputs::new()).await;
        let pages = pages.unwrap_or_else(|error| panic!("{system:?}: {error}"));
        let sizes: Vec<_> = pages.iter().map(Vec::len).collect();
        assert_eq!(sizes, [100, 100, 51], "{system:?}");
    }
}

#[tokio::test]
async fn identifiers_are_quoted_as_the_driver_says() {
    for system in System::ALL {
        let quote = if system == System::Mysql { '`' } else { '"' };
        let schema = format!(
            "CREATE TABLE {quote}a b{quote} (id INT); INSERT INTO {quote}a b{quote} VALUES (7);"
        );
        let Some(database) = create(system, &schema).await else {
            continue;
        };
        let compiled = database.compile(
            "resource_types: {team: {grants: {query: 'SELECT id FROM ?<id|identifier>', vars: {id: resource.ID}}}}\n",
        );
        let rows = compiled.grants("team", "a b").await;
        let rows = rows.unwrap_or_else(|error| panic!("{system:?}: {error}"));
        assert_eq!(column(&rows, "id"), [Value::Int(7)], "{system:?}");
        let attack = format!("a b{quote}; DROP TABLE t");
        compiled
            .grants("team", &attack)
            .await
            .expect_err("there is no such table");
    }
}

#[tokio::test]
async fn an_error_of_a_query_is_in_the_words_of_the_database() {
    for system in System::ALL {
        let Some(database) = create(system, "CREATE TABLE t (id INTEGER)").await else {
            continue;
        };
        let compiled = database.query("SELECT nope FROM t", "");
        let error = compiled.rows().await.expect_err("there is no such column");
        let text = error.to_string();
        assert!(
            matches!(
                error,
                SourceError::Query {
                    transient: false,
                    ..
                }
            ),
            "{text}"
        );
        let (place, reason) = text.split_once(": ").unwrap_or_default();
        assert!(place.ends_with("acme.yaml:6:16"), "{system:?}: {text}");
        assert!(
            reason.contains("nope") && !reason.starts_with('['),
            "{system:?}: {text}"
        );
        compiled.check().await.expect("the database is there");
    }
}

#[tokio::test]
async fn deadlocks_and_lost_connections_are_worth_another_try() {
    let deadlock = [
        (
            System::Postgres,
            "CREATE FUNCTION boom() RETURNS int LANGUAGE plpgsql AS $$
             BEGIN RAISE EXCEPTION 'deadlock detected' USING ERRCODE = '40P01'; END $$",
        ),
        (
            System::Mysql,
            "CREATE FUNCTION boom() RETURNS int DETERMINISTIC
             BEGIN SIGNAL SQLSTATE '40001' SET MYSQL_ERRNO = 1213, MESSAGE_TEXT = 'deadlock detected'; RETURN 1; END",
        ),
    ];
    for (system, schema) in deadlock {
        let Some(database) = create(system, schema).await else {
            continue;
        };
        let error = database.query("SELECT boom()", "").rows().await;
        let error = error.expect_err("the function fails");
        assert!(error.to_string().contains("deadlock detected"), "{error}");
        assert!(error.is_transient(), "{system:?}: {error}");
    }
    let Some(database) = create(System::Postgres, "SELECT 1").await else {
        return;
    };
    let compiled = database.compile(
        "resource_types:
  lost: {list: {query: SELECT pg_terminate_backend(pg_backend_pid())}}
  others: {list: {query: 'SELECT count(pg_terminate_backend(pid)) AS n FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = current_database()'}}
  row: {list: {query: SELECT 1 AS one}}
",
    );
    let lost = compiled.pages("lost", &Inputs::new()).await;
    let lost = lost.expect_err("the connection ends");
    assert!(lost.is_transient(), "{lost}");
    let rows = compiled
        .rows()
        .await
        .expect("the next page has a new connection");
    assert_eq!(column(&rows, "one"), [Value::Int(1)]);
    // One that is lost while nobody uses it is replaced without a word.
    let other = database.compile("resource_types: {row: {list: {query: SELECT 1 AS one}}}\n");
    other.rows().await.expect("runs");
    compiled
        .pages("others", &Inputs::new())
        .await
        .expect("ends the connection of the other");
    tokio::time::sleep(Duration::from_millis(1200)).await;
    let rows = other.rows().await.expect("has a new connection");
    assert_eq!(column(&rows, "one"), [Value::Int(1)]);
}

#[tokio::test]
async fn every_query_runs_in_every_database() {
    let schema = "CREATE TABLE t (id INT);";
    for system in [System::Postgres, System::Mysql] {
        let Some(one) = create(system, &format!("{schema} INSERT INTO t VALUES (1);")).await else {
            continue;
        };
        let two = create(system, &format!("{schema} INSERT INTO t VALUES (2), (3);")).await;
        let two = two.expect("there was a server a moment ago");
        let names = [one.name.as_str(), &two.name];
        let connect = one.connect();
        let connect = connect.trim_end().strip_suffix('}').expect("it is a map");
        let connect = format!(
            "{connect}, databases: {{static: [{}, {}]}}}}\n",
            names[0], names[1]
        );
        let compiled = one.compile_with(
            &connect,
            "resource_types: {row: {list: {query: SELECT id FROM t ORDER BY id}}}\n",
            &[],
        );
        let rows = compiled.rows().await;
        let rows = rows.unwrap_or_else(|error| panic!("{system:?}: {error}"));
        let mut found: Vec<_> = rows
            .iter()
            .map(|row| format!("{:?} {:?}", row.get("id"), row.get("database")))
            .collect();
        found.sort();
        let expected = [(1, 0), (2, 1), (3, 1)].map(|(id, index)| {
            format!(
                "{:?} {:?}",
                Some(Value::Int(id)),
                Some(Value::from(names[index]))
            )
        });
        assert_eq!(found, expected, "{system:?}");
        compiled.close().await;
    }
}

/// Characters that mean something in a connection string, in a URL and to a shell.
const PASSWORD: &str = r#"p;w}d={a}b[c]=%41 @/?:'"\`$+é✓"#;

fn reach(system: System, server: &url::Url, user: &str, database: &str, word: &str) -> Compiled {
    let yaml = format!(
        "connect: {{scheme: odbc, host: {}, port: {}, user: {user}, password: '${{WORD}}', database: {database}, params: {{driver: {}}}}}
resource_types: {{row: {{list: {{query: SELECT 1 AS one}}}}}}\n",
        server.host_str().expect("a host"),
        server.port().expect("a port"),
        system.odbc_driver(),
    );
    let compiled = compile("acme.yaml".as_ref(), &yaml, &[("WORD", word)]);
    assert_eq!(compiled.codes(), [""; 0]);
    compiled
}

#[tokio::test]
async fn a_password_may_hold_any_character() {
    for system in [System::Postgres, System::Mysql] {
        let Some(server) = system.server() else {
            continue;
        };
        let user = format!("rolecall_odbc_{}", std::process::id());
        let (create, drop, database) = match system {
            System::Mysql => (
                format!(
                    "CREATE USER {user}@'%' IDENTIFIED BY '{}'",
                    PASSWORD.replace('\\', "\\\\").replace('\'', "''")
                ),
                format!("DROP USER IF EXISTS {user}@'%'"),
                "information_schema",
            ),
            _ => (
                format!(
                    "CREATE USER {user} PASSWORD '{}'",
                    PASSWORD.replace('\'', "''")
                ),
                format!("DROP USER IF EXISTS {user}"),
                "postgres",
            ),
        };
        execute(system, &server, &drop).await;
        execute(system, &server, &create).await;
        let compiled = reach(system, &server, &user, database, PASSWORD);
        let rows = compiled.rows().await;
        let rows = rows.unwrap_or_else(|error| panic!("{system:?}: {error}"));
        assert_eq!(column(&rows, "one"), [Value::Int(1)]);
        let yaml = format!(
            "connect: {{dsn: 'odbc:Driver={};Server={};Port={};Database={database};UID={user};PWD=${{WORD}}'}}
resource_types: {{row: {{list: {{query: SELECT 1 AS one}}}}}}\n",
            system.odbc_driver(),
            server.host_str().expect("a host"),
            server.port().expect("a port"),
        );
        let compiled = compile("acme.yaml".as_ref(), &yaml, &[("WORD", PASSWORD)]);
        compiled
            .check()
            .await
            .unwrap_or_else(|error| panic!("{system:?}: {error}"));
        compiled.close().await;
        execute(system, &server, &drop).await;
    }
}

#[tokio::test]
async fn refused_credentials_are_told_from_a_missing_database_and_hold_no_secret() {
    for system in [System::Postgres, System::Mysql] {
        let Some(server) = system.server() else {
            continue;
        };
        let right = server.password().expect("a password");
        let compiled = reach(
            system,
            &server,
            server.username(),
            "none_such",
            "open}sesame;42",
        );
        let error = compiled.check().await.expect_err("the password is wrong");
        assert!(
            matches!(error, SourceError::Refused { .. }),
            "{system:?}: {error:?}"
        );
        let text = format!(
            "{error} {error:?} {:?} {:?}",
            compiled.source, compiled.listings
        );
        assert!(!text.contains("sesame"), "{text}");
        let place = format!(
            "{}:{}/none_such refuses the credentials: ",
            server.host_str().expect("a host"),
            server.port().expect("a port")
        );
        assert!(text.starts_with(&place), "{text}");
        let compiled = reach(system, &server, server.username(), "none_such", right);
        let error = compiled.rows().await.expect_err("there is none");
        let lasting = matches!(
            error,
            SourceError::Unreachable {
                transient: false,
                ..
            }
        );
        assert!(lasting, "{system:?}: {error:?}");
        assert!(error.to_string().contains("none_such"), "{error}");
    }
}

#[tokio::test]
async fn nobody_listening_is_a_transient_failure() {
    for driver in ["PostgreSQL Unicode", "MariaDB Unicode"] {
        let yaml = format!(
            "connect: {{dsn: 'odbc://ada:${{WORD}}@127.0.0.1:1/acme?driver={driver}'}}
resource_types: {{row: {{list: {{query: SELECT 1 AS one}}}}}}\n"
        );
        let compiled = compile("acme.yaml".as_ref(), &yaml, &[("WORD", "open-sesame")]);
        let error = compiled
            .check()
            .await
            .expect_err("nobody listens on port 1");
        assert!(error.is_transient(), "{error:?}");
        let text = error.to_string();
        assert!(
            text.starts_with("cannot reach 127.0.0.1:1/acme: "),
            "{text}"
        );
        assert!(!text.contains("sesame"), "{text}");
    }
}

#[tokio::test]
async fn an_absent_driver_is_named_with_what_to_install() {
    for (connect, wanted, install) in [
        (
            "dsn: 'oracle://ada@db.example/APP'",
            "there is no ODBC driver for Oracle Database",
            "instantclient-odbc",
        ),
        (
            "dsn: 'HOSTNAME=db.example;PORT=1;DATABASE=APP;UID=ada'",
            "there is no ODBC driver for IBM Db2",
            "clidriver",
        ),
        (
            "dsn: 'odbc://ada@db.example/app?driver=Acme'",
            "there is no ODBC driver `Acme`",
            "of its vendor",
        ),
    ] {
        let yaml = format!(
            "connect: {{{connect}}}\nresource_types: {{row: {{list: {{query: SELECT 1 AS one}}}}}}\n"
        );
        let compiled = compile("acme.yaml".as_ref(), &yaml, &[]);
        assert_eq!(compiled.codes(), [""; 0]);
        let error = compiled.check().await.expect_err("it is not installed");
        let text = error.to_string();
        assert!(text.starts_with(wanted) && text.contains(install), "{text}");
        assert!(
            text.contains("unixODBC knows") && text.contains("`SQLite3`"),
            "{text}"
        );
        assert!(!error.is_transient());
    }
    let folder = tempfile::tempdir().expect("a folder can be made");
    let library = folder.path().join("libacme.so");
    std::fs::write(&library, "no library").expect("the folder is ours");
    let yaml = format!(
        "connect: {{scheme: hdb, host: db.example, params: {{driver: '{}'}}}}
resource_types: {{row: {{list: {{query: SELECT 1 AS one}}}}}}\n",
        library.display()
    );
    let compiled = compile("acme.yaml".as_ref(), &yaml, &[]);
    let error = compiled.check().await.expect_err("it is no library");
    let text = error.to_string();
    let expected = "cannot reach db.example:30015: Can't open lib '";
    assert!(text.starts_with(expected) && text.contains("ldd"), "{text}");
    assert!(!error.is_transient());
}

#[test]
fn a_run_that_nobody_waits_for_ends_at_once() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .expect("a runtime can be made");
    let Some(database) = runtime.block_on(create(System::Postgres, "SELECT 1")) else {
        return;
    };
    let began = std::time::Instant::now();
    runtime.block_on(async {
        let compiled = database.query("SELECT pg_sleep(30)", "");
        let waited = tokio::time::timeout(Duration::from_millis(500), compiled.rows()).await;
        assert!(waited.is_err(), "the query takes longer");
        compiled.close().await;
    });
    drop(runtime);
    assert!(
        began.elapsed() < Duration::from_secs(10),
        "{:?}",
        began.elapsed()
    );
}

const COMPANY: &str = "
CREATE TABLE people (id INTEGER PRIMARY KEY, name VARCHAR(40), active SMALLINT, pay DECIMAL(12, 2), seen TIMESTAMP NULL);
CREATE TABLE members (team VARCHAR(20), person INTEGER, since DATE);
INSERT INTO people VALUES PEOPLE;
INSERT INTO members VALUES MEMBERS;
";

/// What a connector makes of every kind of column, paged in both ways, per resource and in bulk.
const CONNECTOR: &str = "app_name: Company
resource_types:
  person:
    name: Person
    list:
      query: SELECT id, name, active, pay, seen FROM people WHERE id > ?<cursor> ORDER BY id LIMIT ?<limit>
      pagination: {strategy: cursor, primary_key: id, page_size: 50}
      map:
        id: .id
        display_name: .name
        traits:
          user:
            login: .name
            status: \".active == 1 ? 'enabled' : 'disabled'\"
            last_login: .seen
            profile: {pay: .pay, seen: .seen}
  team:
    name: Team
    list:
      query: SELECT DISTINCT team FROM members ORDER BY team LIMIT ?<limit> OFFSET ?<offset>
      pagination: {strategy: offset, primary_key: team, page_size: 2}
      map: {id: .team, display_name: .team, traits: {group: {}}}
    static_entitlements:
      - {id: member, display_name: resource.DisplayName, purpose: assignment, grantable_to: [person]}
      - {id: founder, display_name: resource.DisplayName, purpose: assignment, grantable_to: [person]}
    grants:
      - query: SELECT person FROM members WHERE team = ?<team> ORDER BY person LIMIT ?<limit> OFFSET ?<offset>
        vars: {team: resource.ID}
        pagination: {strategy: offset, primary_key: person, page_size: 7}
        map:
          - {principal_id: .person, principal_type: person, entitlement_id: member}
      - query: SELECT team, person, since FROM members WHERE since < '2001-01-01'
        map:
          - {resource_id: .team, principal_id: .person, principal_type: person, entitlement_id: founder}
";

#[tokio::test]
async fn a_sync_finds_what_it_finds_by_the_native_driver() {
    let people: Vec<_> = (1..=251)
        .map(|n| {
            let seen = match n % 3 {
                0 => "NULL".to_owned(),
                _ => format!("'2024-05-06 07:{:02}:{:02}'", n % 60, n % 7),
            };
            format!("({n}, 'Ünï 😀 {n}', {}, {n}.50, {seen})", n % 2)
        })
        .collect();
    let members: Vec<_> = (1..=251)
        .map(|n| format!("('team {}', {n}, '200{}-01-01')", n % 5, n % 4))
        .collect();
    let schema = COMPANY
        .replace("PEOPLE", &people.join(", "))
        .replace("MEMBERS", &members.join(", "));
    for system in System::ALL {
        let Some(mut database) = create(system, &schema).await else {
            continue;
        };
        let through_odbc = sync(&database);
        database.through = Through::ItsDriver;
        let natively = sync(&database);
        assert!(natively.len() > 251 + 251 + 5, "{} facts", natively.len());
        if system == System::Sqlite {
            // Its own driver takes a decimal for a floating-point number.
            assert_eq!(through_odbc.len(), natively.len());
            continue;
        }
        assert_eq!(through_odbc, natively, "{system:?}");
    }
}

/// Runs the program and reads what it wrote.
fn sync(database: &Database) -> Vec<String> {
    let folder = database.folder.path();
    let yaml = format!("{}{CONNECTOR}", database.connect());
    std::fs::write(folder.join("acme.yaml"), yaml).expect("the folder is ours");
    let ran = crate::program()
        .args(["sync", "acme.yaml", "-f", "out.c1z", "--fresh"])
        .env("PASSWORD", database.url.password().unwrap_or_default())
        .current_dir(folder)
        .output()
        .expect("the program runs");
    let said = crate::said(&ran);
    assert!(ran.status.success() && said.contains("complete"), "{said}");
    crate::company::facts(&folder.join("out.c1z"))
}
