//! An invented system: what it answers, page by page, and what a sync of it must come to. Both follow
//! from the scenario alone; the second one is never asked of the program.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value as Json, json};

use super::random::Random;

/// The connector that lists it: users; organisations with projects in them; groups, with groups in
/// them; static and listed entitlements; grants per resource and in bulk.
pub const CONNECTOR: &str = r#"app_name: Acme
connect: {base_url: "${BASE}/api"}
http: {read_timeout: 2s, retry: {max_attempts: 4, initial_backoff: 1ms, max_backoff: 5ms}}
resource_types:
  user:
    list:
      request: {url: /users}
      pagination: &pages {strategy: cursor, cursor_path: next}
      response:
        items_path: items
        resource_mapping: {id: cel:item.id, display_name: cel:item.name, user_traits: {login: cel:item.id}}
  org:
    list:
      request: {url: /orgs}
      pagination: *pages
      response:
        items_path: items
        resource_mapping: {id: cel:item.id, display_name: cel:item.name}
  project:
    parent_type: org
    list:
      request: {url: "tmpl:/orgs/{{ .parent_resource.ID }}/projects"}
      pagination: *pages
      response:
        items_path: items
        resource_mapping: {id: cel:item.id, display_name: cel:item.name}
    entitlements:
      - request: {url: "tmpl:/projects/{{ .resource.ID }}/roles"}
        pagination: *pages
        response:
          items_path: items
          entitlement_mapping: {id: cel:item.id, slug: cel:item.id, display_name: cel:item.name, purpose: permission}
    grants:
      - request: {url: /assignments}
        pagination: *pages
        response:
          items_path: items
          grant_mapping: {resource_id: cel:item.project, principal_id: cel:item.user, principal_type: user, entitlement_id: cel:item.role}
  group:
    list:
      request: {url: /groups}
      pagination: *pages
      response:
        items_path: items
        resource_mapping: {id: cel:item.id, display_name: cel:item.name, group_traits: {}}
    static_entitlements: [{id: member, display_name: Member, purpose: assignment, grantable_to: [user, group]}]
    grants:
      - request: {url: "tmpl:/groups/{{ .resource.ID }}/members"}
        pagination: *pages
        response:
          items_path: items
          grant_mapping:
            - {skip_if: cel:item.kind != 'user', principal_id: cel:item.id, principal_type: user, entitlement_id: member}
            - skip_if: cel:item.kind != 'group'
              principal_id: cel:item.id
              principal_type: group
              entitlement_id: member
              expandable: {entitlement_ids: ["cel:'group:' + item.id + ':member'"]}
"#;

/// The system.
#[derive(Debug, Clone)]
pub struct Scenario {
    pub per_page: usize,
    pub users: Vec<String>,
    /// Projects by their organisation, and roles by their project.
    pub orgs: BTreeMap<String, BTreeMap<String, Vec<String>>>,
    /// Project, role, user.
    pub assignments: Vec<(String, String, String)>,
    /// Members by their group.
    pub groups: BTreeMap<String, Vec<Member>>,
}

/// Who is in a group.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Member {
    User(String),
    Group(String),
}

impl Scenario {
    /// One of everything, several pages each.
    pub fn standard() -> Self {
        Self::of(&mut Random::of(5), 11, 3, 4, 3)
    }

    /// One of everything, and pages enough for a few to be second ones.
    pub fn small() -> Self {
        Self::of(&mut Random::of(2), 7, 2, 3, 4)
    }

    /// A system of so many users, organisations and groups, the rest by chance.
    pub fn of(
        random: &mut Random,
        users: usize,
        orgs: usize,
        groups: usize,
        per_page: usize,
    ) -> Self {
        let named = |letter: char, count| (1..=count).map(move |n| format!("{letter}{n}"));
        let users: Vec<_> = named('u', users).collect();
        let mut number = 0;
        let mut assignments = Vec::new();
        let mut of_org = |random: &mut Random, org: usize| {
            // The last one is empty.
            let count = if org == orgs { 0 } else { 1 + random.below(4) };
            let projects = (0..count).map(|_| {
                number += 1;
                let project = format!("p{number}");
                let roles: Vec<_> = named('r', 1 + random.below(4)).collect();
                for role in &roles {
                    for _ in 0..random.below(3) {
                        let user = users[random.below(users.len())].clone();
                        let assignment = (project.clone(), role.clone(), user);
                        if !assignments.contains(&assignment) {
                            assignments.push(assignment);
                        }
                    }
                }
                (project, roles)
            });
            projects.collect()
        };
        let orgs: Vec<_> = (1..=orgs)
            .map(|org| (format!("o{org}"), of_org(random, org)))
            .collect();
        let groups = (1..=groups).map(|group| {
            let mut members = BTreeSet::new();
            for _ in 0..random.below(3 * per_page) {
                members.insert(Member::User(users[random.below(users.len())].clone()));
            }
            // Groups hold those after them, so that there is no circle.
            if group < groups {
                let inner = group + 1 + random.below(groups - group);
                members.insert(Member::Group(format!("g{inner}")));
            }
            (format!("g{group}"), members.into_iter().collect())
        });
        let groups = groups.collect();
        Self {
            per_page,
            users,
            orgs: orgs.into_iter().collect(),
            assignments,
            groups,
        }
    }

    /// The page behind a cursor of the listing at a path; `None` where there is no such listing.
    pub fn page(&self, path: &str, cursor: Option<&str>) -> Option<Json> {
        let items = self.items(path)?;
        let first: usize = cursor.map_or(Some(0), |cursor| cursor.parse().ok())?;
        let last = items.len().min(first + self.per_page);
        let next = (last < items.len()).then(|| last.to_string());
        Some(json!({ "items": items.get(first..last)?, "next": next }))
    }

    fn items(&self, path: &str) -> Option<Vec<Json>> {
        let parts: Vec<_> = path.split('/').skip(1).collect();
        let named = |ids: &mut dyn Iterator<Item = &String>| {
            let items = ids.map(|id| json!({ "id": id, "name": name(id) }));
            items.collect()
        };
        Some(match parts[..] {
            ["users"] => named(&mut self.users.iter()),
            ["orgs"] => named(&mut self.orgs.keys()),
            ["groups"] => named(&mut self.groups.keys()),
            ["orgs", org, "projects"] => named(&mut self.orgs.get(org)?.keys()),
            ["projects", project, "roles"] => {
                let roles = self.orgs.values().find_map(|found| found.get(project))?;
                named(&mut roles.iter())
            }
            ["groups", group, "members"] => {
                let members = self.groups.get(group)?.iter().map(|member| match member {
                    Member::User(id) => json!({ "kind": "user", "id": id }),
                    Member::Group(id) => json!({ "kind": "group", "id": id }),
                });
                members.collect()
            }
            ["assignments"] => {
                let assignments = self.assignments.iter().map(|(project, role, user)| {
                    json!({ "project": project, "role": role, "user": user })
                });
                assignments.collect()
            }
            _ => return None,
        })
    }

    /// Every page that a sync asks for, by its target.
    pub fn targets(&self) -> Vec<String> {
        let once = ["/users", "/orgs", "/groups", "/assignments"];
        let mut paths: Vec<_> = once.map(str::to_owned).into();
        paths.extend(self.orgs.keys().map(|org| format!("/orgs/{org}/projects")));
        let projects = self.orgs.values().flat_map(BTreeMap::keys);
        paths.extend(projects.map(|project| format!("/projects/{project}/roles")));
        paths.extend(
            self.groups
                .keys()
                .map(|group| format!("/groups/{group}/members")),
        );
        let mut targets = Vec::new();
        for path in paths {
            let mut cursor: Option<String> = None;
            loop {
                targets.push(match &cursor {
                    Some(cursor) => format!("{path}?cursor={cursor}"),
                    None => path.clone(),
                });
                let page = self.page(&path, cursor.as_deref()).expect("a listing");
                match page["next"].as_str() {
                    Some(next) => cursor = Some(next.to_owned()),
                    None => break,
                }
            }
        }
        targets
    }

    /// What a sync must come to, a line per fact.
    pub fn manifest(&self) -> BTreeSet<String> {
        let mut facts = BTreeSet::new();
        for of_type in ["user", "org", "project", "group"] {
            facts.insert(format!("type {of_type}"));
        }
        let resource = |of_type: &str, id: &str| format!("resource {of_type}:{id} `{}`", name(id));
        facts.extend(self.users.iter().map(|id| resource("user", id)));
        for (org, projects) in &self.orgs {
            facts.insert(resource("org", org));
            for (project, roles) in projects {
                let it = resource("project", project);
                facts.insert(format!("{it} in org:{org}"));
                for role in roles {
                    let name = name(role);
                    facts.insert(format!(
                        "entitlement project:{project}:{role} `{name}` on project:{project}"
                    ));
                }
            }
        }
        for group in self.groups.keys() {
            facts.insert(resource("group", group));
            facts.insert(format!(
                "entitlement group:{group}:member `Member` on group:{group}"
            ));
        }
        for (project, role, user) in &self.assignments {
            facts.insert(format!("grant project:{project}:{role} to user:{user}"));
        }
        for (group, members) in self.members() {
            for member in members {
                let member = match member {
                    Member::User(id) => format!("user:{id}"),
                    Member::Group(id) => format!("group:{id}"),
                };
                facts.insert(format!("grant group:{group}:member to {member}"));
            }
        }
        facts
    }

    /// Who is in each group, itself or through others: again and again until nobody is new.
    fn members(&self) -> BTreeMap<String, BTreeSet<Member>> {
        let listed = self.groups.iter();
        let mut all: BTreeMap<String, BTreeSet<Member>> = listed
            .map(|(group, members)| (group.clone(), members.iter().cloned().collect()))
            .collect();
        loop {
            let before = all.clone();
            for (group, members) in &self.groups {
                for member in members {
                    if let Member::Group(inner) = member
                        && let Some(brought) = before.get(inner)
                    {
                        let members = all.entry(group.clone()).or_default();
                        members.extend(brought.iter().cloned());
                    }
                }
            }
            if all == before {
                return all;
            }
        }
    }
}

fn name(id: &str) -> String {
    format!("Number {id}")
}
