//! Connector files as large as they get, the same ones each time.

use anyhow::bail;

/// How long a file is at least.
const LINES: usize = 2_000;

/// A sound file about a database (`sql`) or an API (`http`).
pub fn file(dialect: &str) -> anyhow::Result<String> {
    let (head, section): (&str, fn(usize) -> String) = match dialect {
        "sql" => (
            "app_name: Large\nconnect:\n  dsn: postgres://${DB_USER}:${DB_PASSWORD}@db.example.com/large\n",
            of_database,
        ),
        "http" => (
            "app_name: Large\nconnect:\n  base_url: https://api.example.com\n  auth: {type: bearer, token: \"${API_TOKEN}\"}\n",
            of_api,
        ),
        _ => bail!("`{dialect}` is neither `sql` nor `http`"),
    };
    let mut file = format!("{head}resource_types:\n{}", people(dialect));
    for number in 0.. {
        if file.lines().count() >= LINES {
            break;
        }
        file.push_str(&section(number));
    }
    Ok(file)
}

fn people(dialect: &str) -> &'static str {
    match dialect {
        "sql" => {
            "  user:
    name: User
    list:
      query: SELECT id, name, email, active FROM people WHERE id > ?<cursor> ORDER BY id LIMIT ?<limit>
      pagination: {strategy: cursor, primary_key: id}
      map:
        id: .id
        display_name: .name
        traits: {user: {emails: [.email], status: \".active ? 'enabled' : 'disabled'\"}}
"
        }
        _ => {
            "  user:
    name: User
    list:
      request: {url: /users}
      response:
        items_path: users
        resource_mapping: {id: cel:item.id, display_name: cel:item.name}
"
        }
    }
}

fn of_database(number: usize) -> String {
    format!(
        "  # Teams of the branch {number}.
  team{number}:
    name: Team of branch {number}
    list:
      query: |
        SELECT t.id, t.name, t.kind, COUNT(m.id) AS members
        FROM branch_{number}.teams t
        LEFT JOIN branch_{number}.members m ON m.team_id = t.id AND m.left_at IS NULL
        WHERE t.id > ?<cursor>
        GROUP BY t.id, t.name, t.kind
        ORDER BY t.id
        LIMIT ?<limit>
      pagination: {{strategy: cursor, primary_key: id, page_size: 500}}
      map:
        id: .id
        display_name: \".kind == 'project' ? .name + ' (project)' : titleCase(.name)\"
        description: \"string(.members) + ' members'\"
        traits: {{group: {{profile: {{kind: .kind}}}}}}
    static_entitlements:
      - id: member
        display_name: \"resource.DisplayName + ' member'\"
        purpose: assignment
        grantable_to: [user]
        provisioning:
          vars: {{person: principal.ID, team: resource.ID}}
          grant:
            queries:
              - INSERT INTO branch_{number}.members (person_id, team_id) VALUES (?<person>, ?<team>)
          revoke:
            queries:
              - DELETE FROM branch_{number}.members WHERE person_id = ?<person> AND team_id = ?<team>
    grants:
      - query: |
          SELECT person_id, role FROM branch_{number}.members
          WHERE team_id = ?<team> AND left_at IS NULL
        vars: {{team: resource.ID}}
        map:
          - skip_if: .role == 'guest'
            principal_id: .person_id
            principal_type: user
            entitlement_id: member
"
    )
}

fn of_api(number: usize) -> String {
    format!(
        "  # Teams of the branch {number}.
  team{number}:
    name: Team of branch {number}
    list:
      request:
        url: /branches/{number}/teams
        query_params: {{include: members}}
      pagination: {{strategy: cursor, cursor_param: cursor, cursor_path: meta.next, limit_param: limit, page_size: 100}}
      response:
        items_path: data.teams
        skip_if: cel:has(item.archived) && item.archived
        resource_mapping:
          id: cel:item.id
          display_name: \"cel:item.kind == 'project' ? item.name + ' (project)' : titleCase(item.name)\"
          description: \"cel:string(size(item.members)) + ' members'\"
    static_entitlements:
      - id: member
        display_name: \"cel:resource.display_name + ' member'\"
        purpose: assignment
        grantable_to: [user]
        provisioning:
          grant:
            request:
              method: PUT
              url: \"tmpl:/branches/{number}/teams/{{{{ .resource.id }}}}/members/{{{{ .principal.id }}}}\"
          revoke:
            request:
              method: DELETE
              url: \"tmpl:/branches/{number}/teams/{{{{ .resource.id }}}}/members/{{{{ .principal.id }}}}\"
    grants:
      - request:
          url: \"tmpl:/branches/{number}/teams/{{{{ .resource.id }}}}/members\"
        response:
          items_path: members
          skip_if: cel:item.role == 'guest'
          grant_mapping:
            principal_type: user
            principal_id: cel:item.person.id
            entitlement_id: member
"
    )
}
