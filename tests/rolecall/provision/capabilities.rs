//! What connectors say they can do.

use std::collections::HashMap;

use rolecall::config::load_text;
use rolecall::diagnostic::{Severity, SourceFile};
use rolecall::plan::{Check, Purpose, check};
use rolecall::provision::Capabilities;

use super::plan_of;

/// Compares with the snapshot of a test; what was written stands beside it already.
fn without_expression(name: &str, shown: String) {
    insta::with_settings!({ omit_expression => true }, { insta::assert_snapshot!(name, shown) });
}

fn shown(connector: &str) -> String {
    let plan = plan_of(connector, &[]);
    let capabilities = Capabilities::of(&plan).as_any();
    serde_json::to_string_pretty(&capabilities).expect("plain data")
}

#[test]
fn a_connector_that_only_reads_can_sync() {
    insta::assert_snapshot!(shown(
        "app_name: Acme
connect: {base_url: 'https://api.acme.test'}
resource_types:
  user: {name: User, description: Somebody., traits: [user], static_resources: [{id: ada}]}
  group:
    name: Group
    static_resources: [{id: g1}]
    static_entitlements: [{id: member, display_name: Member}]
"
    ));
}

#[test]
fn everything_that_can_be_written_is_something_it_can_do() {
    insta::assert_snapshot!(shown(
        "app_name: Acme
connect: {dsn: 'sqlite:acme.db'}
resource_types:
  team:
    name: Team
    list: {query: SELECT id FROM teams, map: {id: .id, display_name: .id, traits: {group: {}}}}
    static_entitlements:
      - id: member
        display_name: \"'Member'\"
        provisioning:
          vars: {u: principal.ID}
          grant: {queries: ['INSERT INTO members VALUES (?<u>)']}
    create:
      schema: [{name: id, type: string, required: true}]
      validate: {query: 'SELECT id FROM teams WHERE id = ?<id>'}
      create: {queries: ['INSERT INTO teams VALUES (?<id>)']}
    delete: {queries: ['DELETE FROM teams WHERE id = ?<resource_id>']}
  account:
    name: Account
    list: {query: SELECT id FROM accounts, map: {id: .id, display_name: .id, traits: {user: {}}}}
    get: {query: 'SELECT id FROM accounts WHERE id = ?<id>'}
    incremental_sync: {query: 'SELECT id, at FROM accounts WHERE at > ?<since>', cursor_column: at}
    account_provisioning:
      schema: [{name: id, type: string, required: true}]
      credentials: {no_password: {}, random_password: {}, encrypted_password: {preferred: true}}
      validate: {query: 'SELECT id FROM accounts WHERE id = ?<id>'}
      create: {queries: ['INSERT INTO accounts (id, pw) VALUES (?<id>, ?<password>)']}
    credential_rotation:
      credentials: {random_password: {}}
      update: {queries: ['UPDATE accounts SET pw = ?<password> WHERE id = ?<resource_id>']}
    delete: {queries: ['DELETE FROM accounts WHERE id = ?<resource_id>']}
actions:
  lock: {name: Lock, query: UPDATE accounts SET locked = 1 WHERE id = 1}
"
    ));
}

/// What each example can do, in one line.
#[test]
fn the_examples_can_do_what_they_say() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("configs/examples");
    let mut files: Vec<_> = [folder.clone(), folder.join("saas")]
        .iter()
        .flat_map(|folder| std::fs::read_dir(folder).expect("the examples"))
        .map(|entry| entry.expect("a file").path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "yaml")
        })
        .collect();
    files.sort();
    assert!(files.len() > 10, "only {} examples were found", files.len());
    let lines = files.iter().map(|path| {
        let text = std::fs::read_to_string(path).expect("an example");
        let how = Check {
            environment: &HashMap::<String, String>::new(),
            unset_variable: Severity::Warning,
            strict: false,
            purpose: Purpose::Everything,
        };
        let source = SourceFile::new(path.display().to_string(), text);
        let (plan, found) = check(load_text(source), how);
        let plan = plan.unwrap_or_else(|| panic!("{}: {found:#?}", path.display()));
        let all = Capabilities::of(&plan).connector_capabilities;
        let name = path.strip_prefix(&folder).expect("it is in the folder");
        format!("{}: {all:?}", name.display())
    });
    let lines: Vec<_> = lines.collect();
    without_expression("examples", lines.join("\n"));
}
