//! A password that is set appears nowhere but in the database.

use std::fmt::Write as _;

use rolecall::expr::{Inputs, Value};
use rolecall::provision::{Deed, NoProof, Prepared, Sent, Subject, Timing, Verdict};
use secrecy::SecretString;

use super::values::plan;
use super::way::{Way, read};
use crate::provision::run;
use crate::sql::harness::{System, Through};

const SECRET: &str = "c0rrect-'horse\"-b4ttery";

const ACCOUNTS: &str = "app_name: Acme
resource_types:
  user:
    name: User
    list: {query: SELECT id FROM users, map: {id: .id, display_name: .id, traits: {user: {}}}}
    account_provisioning:
      schema: [{name: login, type: string, required: true}]
      credentials: {random_password: {preferred: true, constraints: [{char_set: abc, min_count: 8}]}}
      validate: {query: 'SELECT id FROM users WHERE id = ?<login>', vars: {login: input.login}}
      create:
        vars: {login: input.login, hashed: password + '!', twice: \"[password, 'x']\"}
        queries:
          - INSERT INTO users VALUES (?<login>, ?<password>)
          - INSERT INTO notes SELECT ?<hashed>, ?<twice> FROM users AS a?<password|unquoted> WHERE id = 'a?<password>'
          - QUERY
";

#[tokio::test]
async fn a_password_is_in_no_word_that_leaves() {
    // Each fails in its own way while it repeats the password: whole, quoted, in part, encoded.
    let failures = [
        (
            System::Sqlite,
            "INSERT INTO ?<password|identifier> VALUES (1)",
        ),
        (
            System::Sqlite,
            "SELECT json(?<password>) -- ?<password|identifier>",
        ),
        (
            System::Postgres,
            "INSERT INTO ?<password|identifier> VALUES (1)",
        ),
        (System::Postgres, "SELECT CAST(?<password> AS text)::int"),
        (
            System::Postgres,
            "SELECT CAST('it is ' || substr(CAST(?<password> AS text), 3, 9) AS int)",
        ),
        (
            System::Postgres,
            "SELECT CAST(encode(CAST(?<password> AS bytea), 'base64') AS int)",
        ),
        (
            System::Postgres,
            "INSERT INTO users VALUES (?<password>, ?<password>), (?<password>, ?<password>)",
        ),
        (
            System::Mysql,
            "INSERT INTO ?<password|identifier> VALUES (1)",
        ),
        (
            System::Mysql,
            "INSERT INTO users VALUES (?<password>, ?<password>), (?<password>, ?<password>)",
        ),
        (System::Mysql, "SELECT * FROM FROM ?<password|identifier>"),
    ];
    for (system, query) in failures {
        let seed = "CREATE TABLE users (id VARCHAR(50) PRIMARY KEY, word VARCHAR(50));
            CREATE TABLE notes (note VARCHAR(90), more VARCHAR(90));";
        let way = Way {
            system,
            through: Through::ItsDriver,
        };
        let Some(database) = way.create(seed).await else {
            continue;
        };
        let text = ACCOUNTS
            .replace("'a?<password>'", "?<password>")
            .replace("QUERY", &format!("\"{query}\""));
        let plan = plan(&database, &text);
        let account = plan.types[0]
            .account
            .as_ref()
            .expect("accounts can be made");
        let input = Value::Map(
            [("login".to_owned(), Value::from("ada"))]
                .into_iter()
                .collect(),
        );
        let inputs = Inputs::new()
            .with("login", Value::from("ada"))
            .with("input", input)
            .with("password", Value::from(SECRET));
        let prepared = Prepared {
            plan: &plan,
            deed: Deed::Create,
            operation: "create-account",
            subject: Subject::from([("account", "ada".to_owned())]),
            change: &account.create,
            inputs,
            secrets: vec![SecretString::from(SECRET)],
            proof: Box::new(NoProof),
            timing: Timing::default(),
        };
        let planned = prepared.plan().await.expect("it can be planned");
        let finished = run(&prepared).await;
        assert_eq!(
            finished.outcome.verdict,
            Verdict::Failed,
            "{:?}",
            finished.outcome
        );
        assert_eq!(read(&database, "SELECT id FROM users").await, [""; 0]);
        let mut told = format!("{prepared:?} {planned:?} {:?}", finished.outcome);
        write!(told, "{}", serde_json::to_string(&planned).expect("JSON"))
            .expect("a String takes all");
        write!(
            told,
            "{}",
            serde_json::to_string(&finished.outcome).expect("JSON")
        )
        .expect("a String takes all");
        for step in &planned {
            if let Sent::Statement(view) = &step.sent {
                write!(told, "{view}").expect("a String takes all");
            }
        }
        for part in ["c0rrect", "horse", "b4ttery", "rect-", "YzByc", "cnJlY"] {
            assert!(!told.contains(part), "{query}: {part} in {told}");
        }
        assert!(
            told.contains("\"password\",\"***\"")
                && told.contains("\"hashed\",\"***\"")
                && told.contains("\"twice\",\"***\""),
            "{told}"
        );
        assert!(told.contains("AS a***"), "{told}");
    }
}
