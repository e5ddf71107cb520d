//! Several databases of one server, and the name of the one a row comes from.

use rolecall::expr::{Inputs, Value};
use rolecall::source::PageToken;

use super::harness::{Compiled, Database, System, column};

const LIST: &str = "resource_types:
  row:
    list:
      query: SELECT id FROM t WHERE id > ?<cursor> ORDER BY id LIMIT ?<limit>
      pagination: {strategy: cursor, primary_key: id, page_size: 2}
  once:
    list:
      query: SELECT id FROM t ORDER BY id
      scope: cluster
  own:
    list:
      query: SELECT 'mine' AS database
";

fn schema(first: i64, rows: i64) -> String {
    let rows: Vec<_> = (first..first + rows).map(|id| format!("({id})")).collect();
    format!(
        "CREATE TABLE t (id INTEGER); INSERT INTO t VALUES {};",
        rows.join(", ")
    )
}

/// Three databases; the names in the order that a sync takes them.
async fn three(system: System) -> Option<Vec<Database>> {
    let mut databases = Vec::new();
    for first in [10, 20, 30] {
        databases.push(Database::create(system, &schema(first, 3)).await?);
    }
    if system != System::Sqlite {
        databases.sort_by(|a, b| a.name.cmp(&b.name));
    }
    Some(databases)
}

async fn assert_reads_each(compiled: &Compiled, names: &[String], firsts: &[i64]) {
    assert_eq!(compiled.codes(), [""; 0]);
    compiled.check().await.expect("each answers");
    let pages = compiled
        .pages("row", &Inputs::new())
        .await
        .expect("is read");
    let sizes: Vec<_> = pages.iter().map(Vec::len).collect();
    assert_eq!(sizes, [2, 1, 2, 1, 2, 1]);
    let records = pages.concat();
    let ids: Vec<_> = firsts
        .iter()
        .flat_map(|first| *first..first + 3)
        .map(Value::Int)
        .collect();
    assert_eq!(column(&records, "id"), ids);
    let expected: Vec<_> = names
        .iter()
        .flat_map(|name| std::iter::repeat_n(Value::from(name.as_str()), 3))
        .collect();
    assert_eq!(column(&records, "database"), expected);

    let once = compiled
        .pages("once", &Inputs::new())
        .await
        .expect("is read");
    assert_eq!(once.len(), 1);
    assert_eq!(column(&once[0], "database"), expected[..3]);
}

#[tokio::test]
async fn every_query_runs_in_each_database_in_order_of_their_names() {
    for system in [System::Postgres, System::Mysql] {
        let Some(databases) = three(system).await else {
            continue;
        };
        let names: Vec<String> = databases.iter().map(|d| d.name.clone()).collect();
        let firsts: Vec<i64> = {
            let mut firsts = Vec::new();
            for database in &databases {
                let rows = database
                    .query("SELECT min(id) AS id FROM t", "")
                    .rows()
                    .await;
                match column(&rows.expect("runs"), "id")[..] {
                    [Value::Int(first)] => firsts.push(first),
                    ref other => panic!("{other:?}"),
                }
            }
            firsts
        };
        let connect = databases[0].connect();
        let connect = connect.trim_end().trim_end_matches('}');
        let [a, b, c] = &names[..] else {
            panic!("there are three");
        };
        let listed = format!("{connect}, databases: {{static: [{c}, {a}, {b}, {a}, '']}}}}\n");
        let own = LIST.replace(
            "AS database",
            if system == System::Mysql {
                "AS `database`"
            } else {
                "AS database"
            },
        );
        let compiled = databases[0].compile_with(&listed, &own, &[]);
        assert_reads_each(&compiled, &names, &firsts).await;
        let mine = compiled
            .pages("own", &Inputs::new())
            .await
            .expect("is read")
            .concat();
        assert_eq!(column(&mine, "database"), vec![Value::from("mine"); 3]);

        let catalog = match system {
            System::Postgres => "SELECT datname FROM pg_database",
            _ => "SELECT schema_name FROM information_schema.schemata",
        };
        let name = if system == System::Postgres {
            "datname"
        } else {
            "schema_name"
        };
        let discovered = format!(
            "{connect}, databases: {{discovery_query: \"{catalog} WHERE {name} IN ('{a}', '{b}', '{c}') ORDER BY 1 DESC;\"}}}}\n"
        );
        let compiled = databases[0].compile_with(&discovered, &own, &[]);
        assert_reads_each(&compiled, &names, &firsts).await;

        let none =
            format!("{connect}, databases: {{discovery_query: \"{catalog} WHERE 1 = 0\"}}}}\n");
        let error = databases[0].compile_with(&none, &own, &[]).check().await;
        assert_eq!(
            error.expect_err("there is nothing to read").to_string(),
            "`databases.discovery_query` found no database"
        );
        let missing = format!("{connect}, databases: {{static: [{a}, zz_none]}}}}\n");
        let error = databases[0].compile_with(&missing, &own, &[]).check().await;
        assert!(
            error
                .expect_err("one is missing")
                .to_string()
                .contains("zz_none")
        );
    }
}

#[tokio::test]
async fn database_files_are_databases_too() {
    let one = Database::create(System::Sqlite, &schema(10, 3)).await;
    let one = one.expect("SQLite needs no server");
    for (name, first) in [("b.db", 20), ("c.db", 30)] {
        rusqlite::Connection::open(one.folder.path().join(name))
            .expect("can be made")
            .execute_batch(&schema(first, 3))
            .expect("runs");
    }
    let connect = "connect: {dsn: 'sqlite:acme.db', databases: {static: [c.db, acme.db, b.db]}}\n";
    let compiled = one.compile_with(connect, LIST, &[]);
    let names = ["acme.db", "b.db", "c.db"].map(str::to_owned);
    assert_reads_each(&compiled, &names, &[10, 20, 30]).await;

    std::fs::write(one.folder.path().join("b.db"), "").expect("can be emptied");
    let emptied = one.compile_with(connect, LIST, &[]);
    let error = emptied.rows().await.expect_err("the table is gone");
    let file = one.folder.path().join("acme.yaml");
    let expected = format!(
        "the query failed at {}:5:29: no such table: t (in the database `b.db`)",
        file.display()
    );
    assert_eq!(error.to_string(), expected);

    let fetch = compiled.fetch("row");
    let gone = PageToken::new("[\"d.db\", null]");
    let error = fetch
        .page(&Inputs::new(), Some(&gone))
        .await
        .expect_err("it is not listed");
    assert!(error.to_string().contains("`d.db`"), "{error}");
    let foreign = PageToken::new("100");
    assert!(fetch.page(&Inputs::new(), Some(&foreign)).await.is_err());
}

#[tokio::test]
async fn a_single_database_has_a_name_too() {
    for system in System::ALL {
        let Some(database) = Database::create(system, &schema(1, 1)).await else {
            continue;
        };
        let rows = database
            .query("SELECT id FROM t", "")
            .rows()
            .await
            .expect("runs");
        assert_eq!(
            column(&rows, "database"),
            [Value::from(database.name.as_str())]
        );
    }
}

#[tokio::test]
async fn many_pages_may_be_asked_for_at_once() {
    for system in System::ALL {
        let Some(database) = Database::create(system, &schema(1, 40)).await else {
            continue;
        };
        let compiled = database.compile(LIST);
        let fetch = compiled.fetch("row");
        let tokens: Vec<_> = (0..40).map(|n| PageToken::new(n.to_string())).collect();
        let inputs = Inputs::new();
        let pages =
            futures::future::join_all(tokens.iter().map(|token| fetch.page(&inputs, Some(token))));
        for (n, page) in pages.await.into_iter().enumerate() {
            let page = page.unwrap_or_else(|error| panic!("{system:?}: {error}"));
            assert_eq!(column(&page.records, "id")[0], Value::Int(n as i64 + 1));
        }
        compiled.close().await;
    }
}
