//! What connectors say they can do.

use rolecall::provision::Capabilities;

use super::plan_of;

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
