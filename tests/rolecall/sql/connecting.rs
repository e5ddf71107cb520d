//! Reaching a database, and what is said when that fails.

use rolecall::expr::Value;
use rolecall::source::SourceError;

use super::harness::{Database, System, Through, column, compile, execute};
use super::{injection, paging, placeholders};

const ONE: &str = "resource_types: {row: {list: {query: SELECT 1 AS one}}}\n";

/// Every character that means something in a URL, in YAML or to a shell, and some beyond ASCII.
const PASSWORD: &str = r#"p@ss:w#rd/?&=%41+;[]{}$"'\`~!^*() <>,.|é✓"#;

fn servers() -> impl Iterator<Item = (System, url::Url)> {
    [System::Postgres, System::Mysql]
        .into_iter()
        .filter_map(|system| Some((system, system.server()?)))
}

async fn create_user(system: System, server: &url::Url, user: &str) {
    let (drop, create) = match system {
        System::Mysql => (
            drop_user(system, user),
            // Also for `localhost`, where a server may have a nameless account that comes first.
            ["%", "localhost"]
                .map(|host| {
                    let password = PASSWORD.replace('\\', "\\\\").replace('\'', "''");
                    format!("CREATE USER {user}@'{host}' IDENTIFIED BY '{password}';")
                })
                .concat(),
        ),
        _ => (
            drop_user(system, user),
            format!(
                "CREATE USER {user} PASSWORD '{}'",
                PASSWORD.replace('\'', "''")
            ),
        ),
    };
    execute(system, server, &drop).await;
    execute(system, server, &create).await;
}

fn drop_user(system: System, user: &str) -> String {
    match system {
        System::Mysql => format!("DROP USER IF EXISTS {user}@'%', {user}@'localhost'"),
        _ => format!("DROP USER IF EXISTS {user}"),
    }
}

fn scheme(system: System) -> &'static str {
    match system {
        System::Sqlite => "sqlite",
        System::Postgres => "postgres",
        System::Mysql => "mysql",
    }
}

#[tokio::test]
async fn a_password_may_hold_any_character_wherever_it_is_given() {
    for (system, server) in servers() {
        let user = format!("rolecall_any_{}", std::process::id());
        create_user(system, &server, &user).await;
        let (host, port) = (
            server.host_str().expect("a host"),
            server.port().expect("a port"),
        );
        let database = if system == System::Postgres {
            "/postgres"
        } else {
            ""
        };
        let scheme = scheme(system);
        let credentials = format!("{user}:{PASSWORD}");
        let host_and_path = format!("{host}:{port}{database}");
        let encoded =
            percent_encoding::utf8_percent_encode(PASSWORD, percent_encoding::NON_ALPHANUMERIC);
        let whole = format!("{scheme}://{user}:{encoded}@{host}:{port}{database}");
        let port = port.to_string();
        let variables = [
            ("USER", user.as_str()),
            ("WORD", PASSWORD),
            ("CREDS", &credentials),
            ("HOST", host),
            ("PORT", &port),
            ("HOSTPATH", &host_and_path),
            ("SCHEME", scheme),
            ("WHOLE", &whole),
        ];
        for connect in [
            format!("{{dsn: '{scheme}://{user}:${{WORD}}@{host}:{port}{database}'}}"),
            format!("{{dsn: '{scheme}://${{USER}}:${{WORD}}@${{HOST}}:${{PORT}}{database}'}}"),
            format!("{{dsn: '${{SCHEME}}://${{CREDS}}@{host}:{port}{database}'}}"),
            format!("{{dsn: '{scheme}://${{CREDS}}@${{HOSTPATH}}'}}"),
            "{dsn: '${WHOLE}'}".to_owned(),
            format!(
                "{{dsn: '{scheme}://nobody:${{SCHEME}}@{host}:{port}{database}', user: '${{USER}}', password: '${{WORD}}'}}"
            ),
            format!(
                "{{scheme: {scheme}, host: '${{HOST}}', port: '${{PORT}}', user: {user}, password: '${{WORD}}', database: '{database}'}}"
            ),
        ] {
            let compiled = compile(
                "acme.yaml".as_ref(),
                &format!("connect: {connect}\n{ONE}"),
                &variables,
            );
            assert_eq!(compiled.codes(), [""; 0], "{connect}");
            compiled
                .check()
                .await
                .unwrap_or_else(|error| panic!("{connect}: {error}"));
            let rows = compiled.rows().await.expect("the query runs");
            assert_eq!(column(&rows, "one"), [Value::Int(1)]);
            compiled.close().await;
        }
        execute(system, &server, &drop_user(system, &user)).await;
    }
}

#[tokio::test]
async fn refused_credentials_are_told_from_a_missing_database_and_hold_no_secret() {
    for (system, server) in servers() {
        let scheme = scheme(system);
        let (host, port) = (
            server.host_str().expect("a host"),
            server.port().expect("a port"),
        );
        let name = server.username();
        let right = server.password().expect("a password");
        let variables = [("RIGHT", right), ("WRONG", "open-sesame-42")];
        let connect = |word: &str, database: &str| {
            let yaml = format!(
                "connect: {{dsn: '{scheme}://{name}:${{{word}}}@{host}:{port}/{database}'}}\n{ONE}"
            );
            compile("acme.yaml".as_ref(), &yaml, &variables)
        };
        let refused = connect("WRONG", "none_such");
        let error = refused.check().await.expect_err("the password is wrong");
        assert!(matches!(error, SourceError::Refused { .. }), "{error}");
        assert!(!error.is_transient());
        let text = format!(
            "{error} {error:?} {:?} {:?}",
            refused.source, refused.listings
        );
        assert!(!text.contains("open-sesame"), "{text}");
        assert!(text.contains(&format!("{host}:{port}/none_such")), "{text}");
        let error = refused.rows().await.expect_err("the password is wrong");
        assert!(matches!(error, SourceError::Refused { .. }), "{error}");

        let error = connect("RIGHT", "none_such")
            .check()
            .await
            .expect_err("there is none");
        assert!(
            matches!(
                error,
                SourceError::Unreachable {
                    transient: false,
                    ..
                }
            ),
            "{error}"
        );
        assert!(error.to_string().contains("none_such"), "{error}");
    }
}

#[tokio::test]
async fn nobody_listening_is_a_transient_failure_that_names_host_and_port() {
    for scheme in ["postgres", "mysql"] {
        let yaml = format!("connect: {{dsn: '{scheme}://ada:${{WORD}}@127.0.0.1:1/acme'}}\n{ONE}");
        let compiled = compile("acme.yaml".as_ref(), &yaml, &[("WORD", "open-sesame-42")]);
        let error = compiled
            .check()
            .await
            .expect_err("nobody listens on port 1");
        assert_eq!(
            error.to_string(),
            "cannot reach 127.0.0.1:1/acme: connection refused"
        );
        assert!(error.is_transient());
        let yaml =
            format!("connect: {{dsn: '{scheme}://ada:${{WORD}}@nowhere.invalid/acme'}}\n{ONE}");
        let compiled = compile("acme.yaml".as_ref(), &yaml, &[("WORD", "open-sesame-42")]);
        let error = compiled.check().await.expect_err("there is no such host");
        assert!(
            error
                .to_string()
                .starts_with("cannot reach nowhere.invalid:"),
            "{error}"
        );
    }
}

/// As the Go driver does it: what is no parameter of the driver is one of the session.
#[tokio::test]
async fn variables_of_a_session_are_those_of_the_connection() {
    let Some(database) = Database::create(System::Mysql, "CREATE TABLE one (id INT);").await else {
        return;
    };
    let connect = database.connect();
    let connect = connect.trim_end().trim_end_matches('}');
    let settings = "params: {group_concat_max_len: 5, sql_mode: \"'ANSI_QUOTES,PIPES_AS_CONCAT'\"}";
    let query = "resource_types: {row: {list: {query: 'SELECT GROUP_CONCAT(n) || 1 AS a FROM (SELECT 100 AS n UNION ALL SELECT 200) AS \"s\"'}}}\n";
    let compiled = database.compile_with(&format!("{connect}, {settings}}}\n"), query, &[]);
    assert_eq!(compiled.codes(), [""; 0]);
    let rows = compiled.rows().await.expect("the query runs");
    assert_eq!(column(&rows, "a"), [Value::from("100,21")]);

    let misspelt = format!("{connect}, params: {{group_concat_max_length: 5}}}}\n");
    let compiled = database.compile_with(&misspelt, query, &[]);
    let error = compiled.check().await.expect_err("there is none");
    assert!(
        error.to_string().contains("group_concat_max_length"),
        "{error}"
    );
}

#[tokio::test]
async fn settings_of_a_session_are_those_of_the_connection() {
    let Some(database) = Database::create(System::Postgres, "CREATE SCHEMA crew").await else {
        return;
    };
    let connect = database.connect();
    let connect = connect.trim_end().trim_end_matches('}');
    let connect = format!(
        "{connect}, params: {{search_path: crew, acme.site: 'Pier 1', row_security: 'off', statement_timeout: '5000'}}}}\n"
    );
    let query = "resource_types: {row: {list: {query: \"SELECT current_schema() AS a, current_setting('acme.site') AS b, current_setting('row_security') AS c, current_setting('statement_timeout') AS d\"}}}\n";
    let compiled = database.compile_with(&connect, query, &[]);
    assert_eq!(compiled.codes(), [""; 0]);
    let rows = compiled.rows().await.expect("the query runs");
    for (name, expected) in [("a", "crew"), ("b", "Pier 1"), ("c", "off"), ("d", "5s")] {
        assert_eq!(column(&rows, name), [Value::from(expected)], "{name}");
    }
}

/// What a database says of a value that it does not take repeats the value, which may be secret.
#[tokio::test]
async fn the_value_of_a_setting_is_not_told() {
    let cases = [
        (System::Mysql, "sql_mode"),
        (System::Mysql, "wait_timeout"),
        (System::Postgres, "statement_timeout"),
        (System::Postgres, "timezone"),
        (System::Postgres, "search_path"),
    ];
    for (system, name) in cases {
        let Some(database) = Database::create(system, "CREATE TABLE one (id INT);").await else {
            continue;
        };
        let connect = database.connect();
        let connect = connect.trim_end().trim_end_matches('}');
        let connect = format!("{connect}, params: {{{name}: '${{WORD}}'}}}}\n");
        let query = "resource_types: {row: {list: {query: SELECT id FROM one}}}\n";
        let word = [("WORD", "ANSI,open-sesame-42")];
        let compiled = database.compile_with(&connect, query, &word);
        assert_eq!(compiled.codes(), [""; 0]);
        match compiled.check().await {
            Ok(()) => assert_eq!(name, "search_path", "it takes any"),
            Err(error) => {
                let said = error.to_string();
                assert!(said.to_lowercase().contains(name), "{said}");
                assert!(!said.contains("sesame"), "{said}");
            }
        }
    }
}

#[tokio::test]
async fn a_sqlite_file_is_read_only_and_never_made() {
    let database = Database::create(System::Sqlite, "CREATE TABLE t (id INTEGER)").await;
    let database = database.expect("SQLite needs no server");
    let compiled = database.compile(
        "resource_types: {row: {list: {query: 'INSERT INTO t VALUES (1) RETURNING id'}}}\n",
    );
    compiled.check().await.expect("the file is there");
    let error = compiled
        .rows()
        .await
        .expect_err("the file is opened for reading");
    assert_eq!(
        error.to_string(),
        "the query failed: attempt to write a readonly database"
    );

    let absolute = database.folder.path().join("acme.db");
    for connect in [
        "connect: {dsn: 'sqlite://acme.db'}\n".to_owned(),
        format!(
            "connect: {{dsn: 'sqlite://{}?mode=ro'}}\n",
            absolute.display()
        ),
        "connect: {scheme: sqlite, database: acme.db}\n".to_owned(),
        "connect: {scheme: sqlite, database: '${FOLDER}/acme.db'}\n".to_owned(),
        "connect: {dsn: 'sqlite:${FOLDER}/acme.db'}\n".to_owned(),
    ] {
        let folder = database.folder.path().to_string_lossy().into_owned();
        let compiled = database.compile_with(&connect, ONE, &[("FOLDER", &folder)]);
        assert_eq!(compiled.codes(), [""; 0], "{connect}");
        compiled.check().await.expect(&connect);
    }

    for (file, reason) in [
        ("missing.db", "there is no such file"),
        (".", "this is no file"),
        ("acme.yaml", "file is not a database"),
    ] {
        std::fs::write(database.folder.path().join("acme.yaml"), "x".repeat(2000))
            .expect("written");
        let compiled = database.compile_with(
            &format!("connect: {{scheme: sqlite, database: {file}}}\n"),
            ONE,
            &[],
        );
        let path = database.folder.path().join(file);
        for error in [compiled.check().await.err(), compiled.rows().await.err()] {
            let error = error.expect("it cannot be opened");
            assert!(!error.is_transient());
            let text = error.to_string();
            assert!(text.contains(reason), "{text}");
            if reason != "file is not a database" {
                assert_eq!(text, format!("cannot reach {}: {reason}", path.display()));
            }
        }
    }
    assert!(!database.folder.path().join("missing.db").exists());
}

#[tokio::test]
async fn an_error_of_a_query_is_in_the_words_of_the_database() {
    for system in System::ALL {
        let Some(database) = Database::create(system, "CREATE TABLE t (id INTEGER)").await else {
            continue;
        };
        let compiled =
            database.compile("resource_types: {row: {list: {query: SELECT nope FROM t}}}\n");
        let error = compiled.rows().await.expect_err("there is no such column");
        assert!(matches!(
            error,
            SourceError::Query {
                transient: false,
                ..
            }
        ));
        assert!(error.to_string().contains("nope"), "{error}");
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
        let Some(database) = Database::create(system, schema).await else {
            continue;
        };
        let error = database.query("SELECT boom()", "").rows().await;
        let error = error.expect_err("the function fails");
        assert_eq!(error.to_string(), "the query failed: deadlock detected");
        assert!(error.is_transient(), "{system:?}");
    }
    if let Some(database) = Database::create(System::Postgres, "SELECT 1").await {
        let compiled = database.compile(
            "resource_types:
  lost: {list: {query: SELECT pg_terminate_backend(pg_backend_pid())}}
  row: {list: {query: SELECT 1 AS one}}
",
        );
        let lost = compiled.pages("lost", &rolecall::expr::Inputs::new()).await;
        assert!(lost.expect_err("the connection ends").is_transient());
        let rows = compiled
            .rows()
            .await
            .expect("the next page has a new connection");
        assert_eq!(column(&rows, "one"), [Value::Int(1)]);
    }
}

#[tokio::test]
async fn what_redshift_is_sent_is_understood_by_postgres() {
    let Some(mut database) = Database::create(System::Postgres, injection::SCHEMA).await else {
        return;
    };
    database.through = Through::Redshift;
    paging::assert_cursor(&database).await;
    placeholders::assert_ids(&database).await;
    injection::assert_only_values(&database).await;
    let compiled = database.query("SELECT current_setting('extra_float_digits') AS digits", "");
    let rows = compiled.rows().await.expect("runs");
    // What the server has by itself: nothing is asked for when the connection starts.
    assert_eq!(column(&rows, "digits"), [Value::from("1")]);
}
