//! An invented company in a SQLite file, of any size, with a connector that reads it.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use rolecall::c1z::{C1z, EntitlementFilter, GrantFilter, ReadLimits};
use rolecall::config;
use rolecall::diagnostic::Severity;
use rolecall::plan::{self, Check, Plan};

/// A company on disk.
pub struct Company {
    folder: tempfile::TempDir,
}

const CONNECTOR: &str = r#"
app_name: Company
connect: {dsn: "sqlite:company.db"}
resource_types:
  user:
    name: User
    list:
      query: SELECT id, name FROM users WHERE id > ?<cursor> ORDER BY id LIMIT ?<limit>
      pagination: {strategy: cursor, primary_key: id, page_size: 10}
      map:
        id: .id
        display_name: .name
        traits: {user: {login: .name}}
  team:
    name: Team
    list:
      query: SELECT id FROM teams ORDER BY id LIMIT ?<limit> OFFSET ?<offset>
      pagination: {strategy: offset, primary_key: id, page_size: 3}
      map: {id: .id, display_name: "'Team ' + string(.id)", traits: {group: {}}}
    static_entitlements:
      - {id: member, display_name: "resource.DisplayName + ' member'", purpose: assignment, grantable_to: [user]}
    grants:
      - query: SELECT user_id FROM members WHERE team_id = ?<team> ORDER BY user_id LIMIT ?<limit> OFFSET ?<offset>
        vars: {team: resource.ID}
        pagination: {strategy: offset, primary_key: user_id, page_size: 4}
        map:
          - {principal_id: .user_id, principal_type: user, entitlement_id: member}
"#;

/// The same system, listed in other ways.
pub const GRANTS_BY_SKIP_IF: &str = r#"
      - query: SELECT team_id, user_id FROM members
        map:
          - {skip_if: string(.team_id) != resource.ID, principal_id: .user_id, principal_type: user, entitlement_id: member}
"#;

/// With a condition that names the resource, but not as an equality.
pub const GRANTS_BY_PAIRS: &str = r#"
      - query: SELECT team_id, user_id FROM members ORDER BY user_id, team_id LIMIT ?<limit> OFFSET ?<offset>
        pagination: {strategy: offset, primary_key: user_id, page_size: 50}
        map:
          - {skip_if: "!resource.ID.matches('^' + string(.team_id) + '$')", principal_id: .user_id, principal_type: user, entitlement_id: member}
"#;

/// With the resource named by the row.
pub const GRANTS_IN_BULK: &str = r#"
      - query: SELECT team_id, user_id FROM members
        map:
          - {resource_id: .team_id, principal_id: .user_id, principal_type: user, entitlement_id: member}
"#;

impl Company {
    /// The same company with its grants listed in another way, and its users in one answer.
    pub fn listing_grants(self, grants: &str) -> Self {
        let path = self.path("company.yaml");
        let text = std::fs::read_to_string(&path).expect("it was written");
        let (head, _) = text.split_once("    grants:").expect("it lists grants");
        let head = head
            .replace(" WHERE id > ?<cursor> ORDER BY id LIMIT ?<limit>", "")
            .replace(
                "      pagination: {strategy: cursor, primary_key: id, page_size: 10}\n",
                "",
            );
        std::fs::write(&path, format!("{head}    grants:{grants}")).expect("the folder is ours");
        self
    }

    /// A company with so many users and teams; every team has some members.
    pub fn new(users: u32, teams: u32) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        std::fs::write(folder.path().join("company.yaml"), CONNECTOR).expect("the folder is ours");
        let mut db =
            rusqlite::Connection::open(folder.path().join("company.db")).expect("a database");
        let transaction = db.transaction().expect("a transaction");
        transaction
            .execute_batch(
                "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
                 CREATE TABLE teams (id INTEGER PRIMARY KEY);
                 CREATE TABLE members (team_id INTEGER, user_id INTEGER, PRIMARY KEY (team_id, user_id));",
            )
            .expect("the schema is valid");
        let sequence =
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)";
        transaction
            .execute(
                &format!("INSERT INTO users {sequence} SELECT i, 'user' || i FROM n"),
                [users],
            )
            .expect("users are stored");
        transaction
            .execute(
                &format!("INSERT INTO teams {sequence} SELECT i FROM n"),
                [teams],
            )
            .expect("teams are stored");
        transaction
            .execute(
                "INSERT INTO members SELECT t.id, u.id FROM teams t JOIN users u
                 ON (u.id * 7 + t.id) % max(5, (SELECT count(*) / 9 FROM users)) = 0",
                [],
            )
            .expect("members are stored");
        transaction.commit().expect("the company is stored");
        Self { folder }
    }

    /// A path in the company's folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The connector, compiled.
    pub fn plan(&self) -> Plan {
        let environment: HashMap<String, String> = HashMap::new();
        let how = Check {
            environment: &environment,
            unset_variable: Severity::Error,
            strict: true,
            purpose: plan::Purpose::Sync,
        };
        let (plan, found) = plan::check(config::load(&self.path("company.yaml")), how);
        plan.unwrap_or_else(|| panic!("the connector has mistakes: {found:?}"))
    }

    /// Runs SQL on the company, as somebody else would.
    pub fn execute(&self, sql: &str) {
        let db =
            rusqlite::Connection::open(self.path("company.db")).expect("the database is there");
        db.execute_batch(sql).expect("the statement is valid");
    }
}

/// Everything a sync file says, a line per fact, sorted.
pub fn facts(file: &Path) -> Vec<String> {
    let opened = C1z::open(file, ReadLimits::default()).expect("the sync file opens");
    let sync = opened.sync(None).expect("it holds a finished run");
    let mut facts = Vec::new();
    facts.extend(
        sync.resource_types()
            .map(|fact| format!("{:?}", fact.expect("readable"))),
    );
    facts.extend(
        sync.resources(None)
            .map(|fact| format!("{:?}", fact.expect("readable"))),
    );
    let entitlements = sync.entitlements(&EntitlementFilter::default());
    facts.extend(entitlements.map(|fact| format!("{:?}", fact.expect("readable"))));
    let grants = sync.grants(&GrantFilter::default());
    facts.extend(grants.map(|fact| format!("{:?}", fact.expect("readable"))));
    facts.sort();
    facts
}
