//! Whatever a value holds, it stays in its place in a statement.

use proptest::prelude::*;
use rolecall::provision::{Verdict, grant, revoke};

use super::way::{Way, read};
use crate::provision::{holding, plan_in, run};
use crate::sql::harness::{Database, System, Through};

/// The plan of a connector for a database.
pub fn plan(database: &Database, entitlements: &str) -> rolecall::plan::Plan {
    let password = database.url.password().unwrap_or_default().to_owned();
    let text = format!("{}{entitlements}", database.connect());
    let file = database.folder.path().join("acme.yaml");
    plan_in(&file, &text, &[("PASSWORD", &password)])
}

const MEMBERS: &str = "app_name: Acme
resource_types:
  team:
    name: Team
    list: {query: SELECT 'red' AS id, map: {id: .id, display_name: .id}}
    static_entitlements:
      - id: member
        display_name: \"'Member'\"
        provisioning:
          vars: {team: resource.ID, member: principal.ID, entitlement: entitlement.ID}
          grant:
            validation_queries: ['SELECT word FROM canary WHERE word <> ?<member>']
            queries: ['INSERT INTO members VALUES (?<team>, ?<member>)']
          revoke:
            queries: ['DELETE FROM members WHERE team = ?<team> AND ?<member> = member']
";

const SEED: &str = "CREATE TABLE members (team VARCHAR(2000), member VARCHAR(2000));
CREATE TABLE canary (word VARCHAR(40));
INSERT INTO canary VALUES ('alive');";

#[tokio::test]
async fn an_id_may_hold_anything() {
    let long = "ü😀".repeat(900);
    let ids = [
        "o'brien",
        "o''brien",
        "\"ada\"",
        "`ada`",
        "[ada]",
        "a\\",
        "\\'",
        "a;b",
        "'); DELETE FROM canary; --",
        "-- ",
        "/* */",
        "#",
        "?",
        "?<team>",
        "?<member|identifier>",
        "$1",
        ":1",
        "@p1",
        "%s",
        "100%",
        "_",
        "{{ .id }}",
        "cel:1",
        "a\nb\r\n\tc",
        " padded ",
        "a:b/c",
        "Ünï 日本 😀",
        "\u{202e}evil",
        "NULL",
        "0x1",
        "1e3",
        &long,
    ];
    for way in Way::all() {
        let Some(database) = way.create(SEED).await else {
            continue;
        };
        let plan = plan(&database, MEMBERS);
        // Each change connects anew, which takes drivers long.
        let step = if way.through == Through::Odbc { 4 } else { 1 };
        for id in ids.into_iter().step_by(step) {
            let prepared = grant(&plan, holding("member", ("team", id), ("user", id)));
            let finished = run(&prepared.expect("it is offered")).await;
            let (verdict, told) = (finished.outcome.verdict, &finished.outcome.message);
            assert_eq!(verdict, Verdict::Made, "{} {id}: {told}", way.name());
            assert_eq!(
                read(&database, "SELECT member FROM members").await,
                [id],
                "{}",
                way.name()
            );
            assert_eq!(
                read(&database, "SELECT team FROM members").await,
                [id],
                "{}",
                way.name()
            );
            let prepared = revoke(&plan, holding("member", ("team", id), ("user", id)));
            let finished = run(&prepared.expect("it is offered")).await;
            assert_eq!(
                finished.outcome.verdict,
                Verdict::Made,
                "{} {id}",
                way.name()
            );
            assert_eq!(
                read(&database, "SELECT member FROM members").await,
                [""; 0],
                "{}",
                way.name()
            );
        }
        // PostgreSQL has no text with a zero byte; the others keep it, or say that they cannot.
        let prepared = grant(&plan, holding("member", ("team", "red"), ("user", "a\0b")));
        let finished = run(&prepared.expect("it is offered")).await;
        let kept = read(&database, "SELECT member FROM members").await;
        match finished.outcome.verdict {
            Verdict::Made if way.through == Through::ItsDriver => {
                assert_eq!(kept, ["a\0b"], "{}", way.name())
            }
            Verdict::Made => assert_eq!(kept.len(), 1, "{}", way.name()),
            verdict => {
                assert_eq!(verdict, Verdict::Failed, "{}", way.name());
                assert_eq!(kept, [""; 0], "{}", way.name());
            }
        }
        assert_eq!(
            read(&database, "SELECT word FROM canary").await,
            ["alive"],
            "{}",
            way.name()
        );
    }
}

const ALL_FORMS: &str = "app_name: Acme
resource_types:
  team:
    name: Team
    list: {query: SELECT 'red' AS id, map: {id: .id, display_name: .id}}
    static_entitlements:
      - id: member
        display_name: \"'Member'\"
        provisioning:
          vars: {id: principal.ID}
          grant:
            queries:
              - INSERT INTO words VALUES (?<id>, ?<id> || '')
              - CREATE TABLE ?<id|identifier> (n INT)
              - INSERT INTO marks SELECT n FROM (SELECT 1 AS n) AS a_?<id|unquoted>
              - INSERT INTO marks SELECT k?<id|keyword>k FROM (SELECT 2 AS k?<id|keyword>k)
          revoke:
            queries:
              - DELETE FROM words WHERE word = ?<id>
              - DROP TABLE ?<id|identifier>
              - DELETE FROM marks WHERE n = 1 /* ?<id|unquoted> */
";

/// Texts made of what SQL is made of.
fn texts() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        "['\"`;\\\\\\[\\]()%?$:@#=, \n\t-]",
        "[a-zA-Z0-9_]{1,6}",
        "\\PC",
        Just("--".to_owned()),
        Just("/*".to_owned()),
        Just("*/".to_owned()),
        Just("''".to_owned()),
        Just("\0".to_owned()),
        Just("?<id>".to_owned()),
        Just("?<id|identifier>".to_owned()),
        Just("'); DROP TABLE canary; --".to_owned()),
        Just("\"; DROP TABLE canary; --".to_owned()),
        Just(" UNION SELECT 3 ".to_owned()),
        Just("😀ü".to_owned()),
    ];
    prop::collection::vec(part, 0..8).prop_map(|parts| parts.concat())
}

/// Whether all four statements can take a text: SQLite keeps some names for itself, and a keyword may
/// be several words, which are no column.
fn is_takable(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    let is_taken = ["words", "marks", "canary"].contains(&lower.as_str());
    let words: String = text
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || *c == '_' || *c == ' ')
        .collect();
    let is_word = !words.trim().contains(' ') && words == words.trim();
    !text.is_empty()
        && !text.contains('\0')
        && !lower.starts_with("sqlite_")
        && !is_taken
        && is_word
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, failure_persistence: None, ..ProptestConfig::default() })]

    /// In every form of a placeholder: the rows and the table that are wanted come to be, and nothing
    /// else, or nothing at all.
    #[test]
    fn no_value_escapes_its_place(text in texts()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.expect("a runtime can be made").block_on(async {
            let seed = "CREATE TABLE words (word TEXT, again TEXT); CREATE TABLE marks (n INT);
                CREATE TABLE canary (word TEXT); INSERT INTO canary VALUES ('alive');";
            let database = Database::create(System::Sqlite, seed).await.expect("SQLite is always there");
            let plan = plan(&database, ALL_FORMS);
            let tables = "SELECT name FROM sqlite_master WHERE name NOT IN ('words', 'marks', 'canary')";
            let state = async || (
                read(&database, "SELECT word FROM words WHERE word = again").await,
                read(&database, tables).await,
                read(&database, "SELECT CAST(n AS TEXT) FROM marks ORDER BY n").await,
            );
            let nothing = (Vec::new(), Vec::new(), Vec::new());
            let who = || holding("member", ("team", "red"), ("user", &text));
            let made = run(&grant(&plan, who()).expect("it is offered")).await.outcome;
            let is_made = made.verdict == Verdict::Made;
            assert!(is_made || matches!(made.verdict, Verdict::Failed | Verdict::WrongRows), "{made:?}");
            assert!(is_made || !is_takable(&text), "{text:?}: {made:?}");
            let (words, made_tables, marks) = state().await;
            match is_made {
                true => {
                    assert_eq!((words, made_tables), (vec![text.clone()], vec![text.clone()]));
                    assert_eq!((marks.len(), marks[0].as_str()), (2, "1"));
                    let gone = run(&revoke(&plan, who()).expect("it is offered")).await.outcome;
                    assert_eq!(gone.verdict, Verdict::Made, "{gone:?}");
                    assert_eq!(state().await.1, nothing.1);
                }
                false => assert_eq!((words, made_tables, marks), nothing),
            }
            assert_eq!(read(&database, "SELECT word FROM canary").await, ["alive"]);
        });
    }
}
