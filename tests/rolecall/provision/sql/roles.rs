//! Roles of the database itself: statements that define something, whose rows nobody counts.

use rolecall::provision::{Verdict, grant, revoke};

use super::values::plan;
use super::way::{Way, read};
use crate::provision::{holding, run};
use crate::sql::harness::{Database, System, Through};

/// Names that need their quotes.
const NAMES: [&str; 12] = [
    "Mixed Case",
    "o'brien",
    "a\"b",
    "a`b",
    "a;b",
    "a--b",
    "a/*b",
    "a\\b",
    "ünï 日本",
    "?<role>",
    "100%",
    "$1",
];

fn connector(statement: &str, back: &str, read_back: &str) -> String {
    format!(
        "app_name: Acme
resource_types:
  role:
    name: Role
    list: {{query: SELECT 'r' AS id, map: {{id: .id, display_name: .id}}}}
    static_entitlements:
      - id: member
        display_name: \"'Member'\"
        provisioning:
          vars: {{role: resource.ID, member: principal.ID}}
          grant: {{queries: [\"{statement}\"]}}
          revoke: {{queries: [\"{back}\"]}}
      - id: proven
        display_name: \"'Member, read back'\"
        provisioning:
          vars: {{role: resource.ID, member: principal.ID}}
          grant: {{queries: [\"{statement}\"]}}
          revoke: {{queries: [\"{back}\"]}}
          read_back: {{before: true, after: true, query: \"{read_back}\"}}
"
    )
}

/// Roles are those of the whole server: they are made for one test, and removed after it.
struct Roles<'d> {
    database: &'d Database,
    prefix: String,
}

impl Roles<'_> {
    fn all(&self) -> Vec<String> {
        let names = NAMES.iter().chain(&["holder"]);
        names.map(|name| format!("{}{name}", self.prefix)).collect()
    }

    fn quoted(&self, name: &str) -> String {
        match self.database.system {
            System::Mysql => format!("`{}`", name.replace('`', "``")),
            _ => format!("\"{}\"", name.replace('"', "\"\"")),
        }
    }

    async fn create(&self) {
        for name in self.all() {
            self.database
                .execute(&format!("CREATE ROLE {}", self.quoted(&name)))
                .await;
        }
    }

    async fn drop(self) {
        for name in self.all() {
            self.database
                .execute(&format!("DROP ROLE {}", self.quoted(&name)))
                .await;
        }
    }
}

#[tokio::test]
async fn roles_of_the_database_are_granted_and_revoked() {
    for way in Way::all() {
        let held = match way.system {
            System::Sqlite => continue,
            System::Postgres => {
                "SELECT r.rolname || ' to ' || m.rolname FROM pg_auth_members a JOIN pg_roles r ON r.oid = a.roleid JOIN pg_roles m ON m.oid = a.member WHERE m.rolname = 'PREFIXholder'"
            }
            System::Mysql => {
                "SELECT CONCAT(Role, ' to ', User) FROM mysql.roles_mapping WHERE User = 'PREFIXholder'"
            }
        };
        let back = match way.system {
            System::Postgres => {
                "SELECT 1 AS one FROM pg_auth_members a JOIN pg_roles r ON r.oid = a.roleid JOIN pg_roles m ON m.oid = a.member WHERE r.rolname = ?<role> AND m.rolname = ?<member>"
            }
            _ => {
                "SELECT 1 AS one FROM mysql.roles_mapping WHERE Role = ?<role> AND User = ?<member>"
            }
        };
        let Some(database) = way.create("SELECT 1").await else {
            continue;
        };
        let connector = connector(
            "GRANT ?<role|identifier> TO ?<member|identifier>",
            "REVOKE ?<role|identifier> FROM ?<member|identifier>",
            back,
        );
        let plan = plan(&database, &connector);
        let prefix = format!("{} ", database.name);
        let roles = Roles {
            database: &database,
            prefix: prefix.clone(),
        };
        roles.create().await;
        let held = held.replace("PREFIX", &prefix);
        let holder = format!("{prefix}holder");
        // Each change connects anew, which takes drivers long.
        let step = if way.through == Through::Odbc { 4 } else { 1 };
        for name in NAMES.into_iter().step_by(step) {
            let role = format!("{prefix}{name}");
            let who = |local: &str| holding(local, ("role", &role), ("user", &holder));
            for (local, again) in [("member", Verdict::Made), ("proven", Verdict::AlreadySo)] {
                let ends = [Verdict::Made, again];
                for end in ends {
                    let outcome = run(&grant(&plan, who(local)).expect("it is offered"))
                        .await
                        .outcome;
                    assert_eq!(outcome.verdict, end, "{} {role}: {outcome:?}", way.name());
                    assert!(
                        outcome.steps.iter().all(|step| step.rows.is_none()),
                        "{outcome:?}"
                    );
                    assert_eq!(
                        read(&database, &held).await,
                        [format!("{role} to {holder}")]
                    );
                }
                let outcome = run(&revoke(&plan, who(local)).expect("it is offered"))
                    .await
                    .outcome;
                assert_eq!(
                    outcome.verdict,
                    Verdict::Made,
                    "{} {role}: {outcome:?}",
                    way.name()
                );
                assert_eq!(read(&database, &held).await, [""; 0]);
            }
        }
        let nobody = holding("member", ("role", "nobody knows"), ("user", &holder));
        let outcome = run(&grant(&plan, nobody).expect("it is offered"))
            .await
            .outcome;
        assert_eq!(outcome.verdict, Verdict::Failed, "{outcome:?}");
        if way.system == System::Postgres && way.name() == "postgres" {
            // The server would cut the name, and grant to whoever has what is left.
            let long = format!("{holder}{}", "x".repeat(64));
            let cut = holding("member", ("role", &prefix), ("user", &long));
            let outcome = run(&grant(&plan, cut).expect("it is offered"))
                .await
                .outcome;
            assert_eq!(outcome.verdict, Verdict::Failed);
            assert!(
                outcome.message.contains("keeps 63 of them"),
                "{}",
                outcome.message
            );
        }
        roles.drop().await;
    }
}

#[tokio::test]
async fn the_example_changes_memberships() {
    let way = Way {
        system: System::Postgres,
        through: Through::ItsDriver,
    };
    let Some(database) = way.create("SELECT 1").await else {
        return;
    };
    let path =
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("configs/examples/postgresql.yaml");
    let text = std::fs::read_to_string(&path).expect("the example is there");
    let (host, port) = (database.url.host_str(), database.url.port());
    let port = port.expect("a port").to_string();
    let plan = crate::provision::plan_in(
        &path,
        &text,
        &[
            ("POSTGRES_HOST", host.expect("a host")),
            ("POSTGRES_PORT", &port),
            ("POSTGRES_DATABASE", &database.name),
            ("POSTGRES_USER", database.url.username()),
            (
                "POSTGRES_PASSWORD",
                database.url.password().unwrap_or_default(),
            ),
        ],
    );
    let roles = Roles {
        database: &database,
        prefix: format!("{} example ", database.name),
    };
    roles.create().await;
    let (role, member) = (
        format!("{}o'brien", roles.prefix),
        format!("{}holder", roles.prefix),
    );
    let held = format!(
        "SELECT a.admin_option::text FROM pg_auth_members a JOIN pg_roles m ON m.oid = a.member WHERE m.rolname = '{member}'"
    );
    let who = |local: &str| holding(local, ("role", &role), ("user", &member));
    for (local, shown) in [("member", "false"), ("admin", "true")] {
        for end in [Verdict::Made, Verdict::AlreadySo] {
            let outcome = run(&grant(&plan, who(local)).expect("it is offered"))
                .await
                .outcome;
            assert_eq!(outcome.verdict, end, "{outcome:?}");
            assert_eq!(read(&database, &held).await, [shown]);
        }
    }
    for (local, shown) in [("admin", vec!["false"]), ("member", vec![])] {
        for end in [Verdict::Made, Verdict::AlreadySo] {
            let outcome = run(&revoke(&plan, who(local)).expect("it is offered"))
                .await
                .outcome;
            assert_eq!(outcome.verdict, end, "{outcome:?}");
            assert_eq!(read(&database, &held).await, shown);
        }
    }
    roles.drop().await;
}

#[tokio::test]
async fn what_a_definition_commits_is_not_told_to_be_undone() {
    let connector = "app_name: Acme
resource_types:
  role:
    name: Role
    list: {query: SELECT 'r' AS id, map: {id: .id, display_name: .id}}
    static_entitlements:
      - id: member
        display_name: \"'Member'\"
        provisioning:
          vars: {role: resource.ID, member: principal.ID}
          grant:
            queries:
              - INSERT INTO log VALUES (?<member>)
              - CREATE TABLE ?<role|identifier> (n INT)
              - INSERT INTO log VALUES ('undone')
              - INSERT INTO nowhere VALUES (?<member>)
";
    for way in Way::all() {
        let Some(database) = way.create("CREATE TABLE log (what VARCHAR(20))").await else {
            continue;
        };
        let plan = plan(&database, connector);
        let who = holding("member", ("role", "made"), ("user", "ada"));
        let outcome = run(&grant(&plan, who).expect("it is offered"))
            .await
            .outcome;
        let log = read(&database, "SELECT what FROM log").await;
        let states: Vec<String> = outcome
            .steps
            .iter()
            .map(|step| format!("{:?}", step.state))
            .collect();
        match way.system {
            System::Mysql => {
                assert_eq!(outcome.verdict, Verdict::HalfDone, "{outcome:?}");
                assert!(outcome.message.ends_with("done, and kept: `queries[0]`, `queries[1]`; not done: `queries[2]`, `queries[3]`"), "{}", outcome.message);
                assert_eq!(states, ["Done", "Done", "RolledBack", "Failed", "NotSent"]);
                assert_eq!(log, ["ada"]);
                assert_eq!(read(&database, "SELECT n FROM made").await, [""; 0]);
            }
            _ => {
                assert_eq!(outcome.verdict, Verdict::Failed, "{outcome:?}");
                assert_eq!(
                    states,
                    [
                        "RolledBack",
                        "RolledBack",
                        "RolledBack",
                        "Failed",
                        "NotSent"
                    ]
                );
                assert_eq!(log, [""; 0]);
            }
        }
    }
}
