//! No value escapes its place.

use proptest::prelude::*;
use rolecall::expr::Value;

use super::harness::{Compiled, Database, System};

pub const SCHEMA: &str =
    "CREATE TABLE secrets (word VARCHAR(40)); INSERT INTO secrets VALUES ('hunter2');
CREATE TABLE words (word VARCHAR(200)); INSERT INTO words VALUES ('plain');";

fn echo(database: &Database, query: &str) -> Compiled {
    let compiled = database.compile(&format!(
        "resource_types:\n  team:\n    grants:\n      query: {query}\n      vars: {{id: resource.ID}}\n"
    ));
    assert_eq!(compiled.codes(), [""; 0]);
    compiled
}

const ATTACKS: &[&str] = &[
    "' OR '1'='1",
    "'; DROP TABLE secrets; --",
    "' UNION SELECT word FROM secrets --",
    "\\' UNION SELECT word FROM secrets -- ",
    "\" UNION SELECT word FROM secrets -- ",
    "` UNION SELECT word FROM secrets -- ",
    "] UNION SELECT word FROM secrets --",
    "$$ UNION SELECT word FROM secrets --",
    "?<id>",
    "$1",
    "/* x */",
    "é'\u{2019}\u{FF07}x",
    "1; SELECT 1",
];

#[tokio::test]
async fn a_bound_value_is_only_ever_a_value() {
    for system in System::ALL {
        let Some(database) = Database::create(system, SCHEMA).await else {
            continue;
        };
        assert_only_values(&database).await;
    }
}

/// Binds what would break out of a literal.
pub async fn assert_only_values(database: &Database) {
    {
        let system = database.system;
        let compiled = echo(database, "SELECT word FROM words WHERE word = ?<id>");
        for attack in ATTACKS {
            let found = compiled.grants("team", attack).await;
            let found = found.unwrap_or_else(|error| panic!("{system:?} {attack}: {error}"));
            assert!(found.is_empty(), "{system:?} {attack}");
        }
        assert_eq!(
            compiled.grants("team", "plain").await.expect("runs").len(),
            1
        );
    }
}

#[tokio::test]
async fn each_option_keeps_the_value_one_word_or_one_identifier() {
    for system in System::ALL {
        let Some(database) = Database::create(system, SCHEMA).await else {
            continue;
        };
        let unquoted = echo(&database, "SELECT word FROM ?<id|unquoted>");
        let found = unquoted.grants("team", "wo; rd-s").await.expect("runs");
        assert_eq!(found.len(), 1, "everything but letters is removed");
        let identifier = echo(&database, "SELECT word FROM ?<id|Identifier>");
        assert_eq!(
            identifier
                .grants("team", "words")
                .await
                .expect("runs")
                .len(),
            1
        );
        let keyword = echo(
            &database,
            "SELECT word FROM words ORDER BY word ?<id|KEYWORD>",
        );
        let found = keyword.grants("team", "  desc   nulls;   -- last ").await;
        match system {
            System::Mysql => assert!(found.is_err(), "MySQL does not know these words"),
            _ => assert_eq!(found.expect("runs").len(), 1),
        }
        for attack in ATTACKS {
            let attack = format!("words{attack}");
            for compiled in [&unquoted, &identifier] {
                match compiled.grants("team", &attack).await {
                    Err(error) => assert!(
                        !error.to_string().contains("hunter2"),
                        "{system:?} {attack}: {error}"
                    ),
                    Ok(found) => panic!("{system:?} {attack}: {found:?}"),
                }
            }
        }
        for empty in ["", "a\0b"] {
            let error = identifier
                .grants("team", empty)
                .await
                .expect_err("is no identifier");
            assert!(
                error
                    .to_string()
                    .starts_with("`?<id|identifier>` is no identifier"),
                "{error}"
            );
        }
    }
}

#[test]
fn any_text_comes_back_as_it_was() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .expect("a runtime can be made");
    let database = runtime.block_on(Database::create(System::Sqlite, SCHEMA));
    let database = database.expect("SQLite needs no server");
    let bound = echo(
        &database,
        "\"SELECT '?' || ?<id> || '/*' AS word, ?<id> AS again\"",
    );
    let column = echo(&database, "SELECT 1 AS ?<id|identifier>");
    let word = echo(&database, "SELECT 1 AS x?<id|unquoted>");
    proptest!(|(text in "[^\\x00]{1,40}")| {
        let rows = runtime.block_on(bound.grants("team", &text)).expect("runs");
        let expected = format!("?{text}/*");
        prop_assert_eq!(rows[0].get("word"), Some(&Value::from(expected)));
        prop_assert_eq!(rows[0].get("again"), Some(&Value::from(text.as_str())));

        let rows = runtime.block_on(column.grants("team", &text)).expect("runs");
        prop_assert_eq!(rows[0].get(&text), Some(&Value::Int(1)));

        let kept: String = text.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
        let rows = runtime.block_on(word.grants("team", &text)).expect("runs");
        prop_assert_eq!(rows[0].get(&format!("x{kept}")), Some(&Value::Int(1)));
    });
}
