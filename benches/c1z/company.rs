//! The facts of an invented company of any size, commit by commit.

use std::sync::Arc;

use rolecall::model::{
    Entitlement, EntitlementId, Grant, GrantExpansion, GrantId, GroupTrait, Purpose, Resource,
    ResourceId, ResourceTrait, ResourceType, ResourceTypeId, TraitKind, UserTrait,
};
use rolecall::sync::PageFacts;

/// The entitlement that every group has.
const MEMBER: &str = "member";

/// How many groups a group holds, in a company whose groups are nested.
const GROUPS_PER_GROUP: usize = 8;

/// A company in which every user is in the same number of groups.
#[derive(Debug, Clone, Copy)]
pub struct Company {
    pub users: usize,
    pub groups: usize,
    /// Memberships of users.
    pub grants: usize,
    /// Whether the members of a group are members of the group that holds it.
    pub nested: bool,
}

impl Company {
    /// Everything there is, in commits of so many rows.
    pub fn commits(self, rows: usize) -> impl Iterator<Item = PageFacts> {
        let users = in_parts(self.users, rows, |facts, n| facts.resources.push(user(n)));
        let groups = in_parts(self.groups, rows, |facts, n| {
            let group = group(n);
            facts.entitlements.push(entitlement(&group));
            facts.resources.push(group);
        });
        let edges = if self.nested { self.groups - 1 } else { 0 };
        let edges = in_parts(edges, rows, |facts, n| facts.grants.push(edge(n + 1)));
        std::iter::once(types())
            .chain(users)
            .chain(groups)
            .chain(edges)
            .chain(self.memberships(rows))
    }

    /// Only the memberships, group by group, as listings bring them.
    pub fn memberships(self, rows: usize) -> impl Iterator<Item = PageFacts> {
        let per_group = self.grants.div_ceil(self.groups);
        let mut last = (0, Arc::new(group(0)));
        in_parts(self.grants, rows, move |facts, n| {
            let number = n / per_group;
            if last.0 != number {
                last = (number, Arc::new(group(number)));
            }
            // Neighbours in a group are far from each other in the list of users.
            let principal = user_id((number * 7 + n % per_group * 6_151) % self.users);
            facts.grants.push(grant(&last.1, principal, None));
        })
    }
}

fn in_parts(
    count: usize,
    rows: usize,
    mut add: impl FnMut(&mut PageFacts, usize),
) -> impl Iterator<Item = PageFacts> {
    (0..count).step_by(rows).map(move |first| {
        let mut facts = PageFacts::default();
        for n in first..count.min(first + rows) {
            add(&mut facts, n);
        }
        facts
    })
}

fn types() -> PageFacts {
    let of = |id: &str, kind| ResourceType {
        id: ResourceTypeId::new(id),
        display_name: id.to_owned(),
        description: String::new(),
        traits: vec![kind],
        skip_entitlements_and_grants: id == "user",
        annotations: Vec::new(),
    };
    PageFacts {
        resource_types: vec![of("user", TraitKind::User), of("group", TraitKind::Group)],
        ..PageFacts::default()
    }
}

fn user_id(n: usize) -> ResourceId {
    ResourceId::new("user", n.to_string())
}

fn user(n: usize) -> Resource {
    Resource {
        traits: vec![ResourceTrait::User(UserTrait {
            login: format!("user{n}"),
            ..UserTrait::default()
        })],
        ..Resource::new(user_id(n), format!("Ada Number {n}"))
    }
}

fn group(n: usize) -> Resource {
    Resource {
        traits: vec![ResourceTrait::Group(GroupTrait::default())],
        ..Resource::new(
            ResourceId::new("group", n.to_string()),
            format!("Group {n}"),
        )
    }
}

fn entitlement(group: &Resource) -> Entitlement {
    Entitlement {
        id: EntitlementId::on(&group.id, MEMBER),
        resource: group.clone(),
        display_name: format!("{} member", group.display_name),
        description: String::new(),
        purpose: Purpose::Assignment,
        slug: MEMBER.to_owned(),
        grantable_to: vec![ResourceTypeId::new("user")],
        immutable: false,
        exclusion_group: None,
        annotations: Vec::new(),
    }
}

/// The membership of a group in the one that holds it, which brings its users along.
fn edge(n: usize) -> Grant {
    let (child, parent) = (group(n), group((n - 1) / GROUPS_PER_GROUP));
    let expansion = GrantExpansion {
        entitlement_ids: vec![EntitlementId::on(&child.id, MEMBER).0],
        shallow: false,
        resource_type_ids: vec![ResourceTypeId::new("user")],
    };
    grant(&Arc::new(parent), child.id, Some(expansion))
}

fn grant(on: &Arc<Resource>, principal: ResourceId, expansion: Option<GrantExpansion>) -> Grant {
    let entitlement = EntitlementId::on(&on.id, MEMBER);
    Grant {
        id: GrantId::of(&entitlement, &principal),
        entitlement,
        resource: on.clone(),
        principal,
        expansion,
        external_match: None,
        immutable: false,
        sources: Default::default(),
        annotations: Vec::new(),
    }
}
