//! What items say themselves → grants: members within groups, roles within people, and lists of
//! memberships.

use serde_json::{Value as Json, json};

use crate::draft::api::{is_scalar_list, path_text};
use crate::draft::connector::{DraftGrant, DraftGrants, DraftType};
use crate::draft::guess::{
    Field, Guess, Kind, Noun, Reading, Shape, joined, noun, singular, words,
};

use super::grants::{both, expands, principal};
use super::lists::{List, Lists};
use super::operation::Operation;
use super::place::Place;
use super::request::{LANGUAGE, listing, unwound};

/// Adds the grants that stand in the items, where no path tells them.
pub(super) fn add(
    operations: &[Operation<'_>],
    lists: &Lists<'_, '_>,
    types: &mut [DraftType],
    place: &mut Place,
) {
    for (index, list) in lists.taken.iter().enumerate() {
        if list.parent.is_some() || !list.operation.path_parameters().is_empty() {
            continue;
        }
        for field in list.operation.answer.item.fields() {
            let Some((held, grants)) = of_field(field, index, lists, types) else {
                continue;
            };
            let principal = grants.mappings.first().map(|grant| grant.principal.clone());
            let is_known = types[held]
                .grants
                .iter()
                .flat_map(|grants| &grants.mappings)
                .any(|grant| Some(&grant.principal) == principal.as_ref());
            if !is_known {
                types[held].grants.push(grants);
            }
        }
    }
    for (index, list) in lists.taken.iter().enumerate() {
        words_of_roles(list, lists, &mut types[index]);
    }
    memberships(operations, lists, types, place);
}

/// Roles that are only words of people: how they become a type is said, not done.
fn words_of_roles(list: &List<'_, '_>, lists: &Lists<'_, '_>, of: &mut DraftType) {
    if list.noun != Noun::Person || lists.taken.iter().any(|list| list.noun == Noun::Role) {
        return;
    }
    let is_role = |field: &&Field| {
        let name = joined(&field.name);
        let is_words = field.shape.kind == Kind::Text || is_scalar_list(&field.shape);
        is_words
            && ["role", "roles", "accesslevel", "userrole", "usertype"].contains(&name.as_str())
    };
    if let Some(field) = list.operation.answer.item.fields().iter().find(is_role) {
        let name = &field.name;
        let choices = match field.shape.choices.as_slice() {
            [] => String::new(),
            choices => format!(" ({})", choices.join(", ")),
        };
        of.todos.push(format!(
            "`{name}`{choices} is a role: add a type with `static_resources`, and grants from this list with `resource_id` for the role"
        ));
    }
}

/// A field that has the members of a thing, or the things that somebody has.
fn of_field(
    field: &Field,
    index: usize,
    lists: &Lists<'_, '_>,
    types: &[DraftType],
) -> Option<(usize, DraftGrants)> {
    let own = &lists.taken[index];
    let mut name = words(&field.name);
    if let Some(last) = name.last_mut() {
        *last = singular(last);
    }
    let is_list = matches!(field.shape.kind, Kind::List(_));
    if name.len() > 1 && name.last().is_some_and(|word| word == "id") {
        name.pop();
    }
    let other = other(&name, own, lists)?;
    let there = &lists.taken[other];
    let (holder, held) = if own.noun.rank() < there.noun.rank() {
        (index, other)
    } else {
        (other, index)
    };
    if holder == held || lists.taken[held].noun == Noun::Person {
        return None;
    }
    let key = path_text(&[&field.name])?;
    let value = Reading::of(LANGUAGE, &[field]).value;
    let (entry, sample) = match &field.shape.kind {
        Kind::List(_) if is_scalar_list(&field.shape) => (value, json!("x1")),
        Kind::List(item) => within(item, &value, there)?,
        Kind::Object(_) => within(&field.shape, &value, there)?,
        _ if field.shape.is_scalar() && joined(&field.name).ends_with("id") => (value, json!("x1")),
        _ => return None,
    };
    let id = &types[index].mapped.id;
    let own_id = id.expression.clone();
    let mut record = types[index].mapped.sample.clone();
    record.as_object_mut()?.insert(field.name.clone(), sample);
    let list = match is_list {
        true => unwound(&types[index].list, &key),
        false => types[index].list.clone(),
    };
    let there_id = format!("cel:{entry}");
    let is_own_holder = holder == index;
    let (principal_id, resource_id) = match is_own_holder {
        true => (own_id, there_id),
        false => (there_id, own_id),
    };
    let own_sample = id.expect.clone().unwrap_or_default();
    let (expect, resource) = match is_own_holder {
        true => (own_sample, "x1".to_owned()),
        false => ("x1".to_owned(), own_sample),
    };
    let holder = &lists.taken[holder];
    let (entitlement, _, purpose) = lists.taken[held].noun.standing();
    let skip_if = (!is_list).then(|| {
        let reading = Reading::of(LANGUAGE, &[field]);
        let there = reading.and(&format!("{} != null", reading.value));
        format!("cel:!({there})")
    });
    let grants = DraftGrants {
        why: Guess::likely(format!("`{}` of {}", field.name, types[index].id)),
        list,
        mappings: vec![DraftGrant {
            entitlement: (entitlement.to_owned(), purpose),
            principal: holder.id.clone(),
            expands: principal_id
                .strip_prefix("cel:")
                .and_then(|value| expands(holder, value)),
            principal_id,
            resource_id: Some(resource_id),
            skip_if,
            expect: Some(expect),
        }],
        sample: Some((record, resource)),
    };
    Some((held, grants))
}

/// The type that a field names.
fn other(name: &[String], own: &List<'_, '_>, lists: &Lists<'_, '_>) -> Option<usize> {
    let exact = lists
        .taken
        .iter()
        .position(|list| list.id == name.join("_"));
    let (noun, _) = noun(name)
        .or(exact.map(|index| (lists.taken[index].noun, crate::draft::guess::Sure::Likely)))?;
    if name.len() > 1 && exact.is_none() {
        // `created_by_user` and `parent_group` say something else.
        return None;
    }
    exact.or_else(|| {
        let mut same = lists
            .taken
            .iter()
            .enumerate()
            .filter(|(_, list)| list.noun == noun && list.id != own.id);
        let first = same.next()?.0;
        (noun == Noun::Person || same.next().is_none()).then_some(first)
    })
}

/// The id within an entry, and an entry.
fn within(item: &Shape, value: &str, there: &List<'_, '_>) -> Option<(String, Json)> {
    let (inner, path) = principal(item, there)?;
    if path.is_empty() {
        return None;
    }
    let entry = format!("{value}{}", inner.strip_prefix("item")?);
    let sample = path
        .iter()
        .rev()
        .fold(json!("x1"), |inner, key| json!({ (key.as_str()): inner }));
    Some((entry, sample))
}

/// Lists whose items name somebody and what they belong to.
fn memberships(
    operations: &[Operation<'_>],
    lists: &Lists<'_, '_>,
    types: &mut [DraftType],
    place: &mut Place,
) {
    for operation in operations {
        let is_type = lists
            .taken
            .iter()
            .any(|list| std::ptr::eq(list.operation, operation));
        if is_type || !operation.path_parameters().is_empty() || !operation.answer.is_reachable() {
            continue;
        }
        let Some((holder, held)) = both(&operation.answer.item, lists) else {
            continue;
        };
        let (of_holder, of_held) = (&lists.taken[holder.index], &lists.taken[held.index]);
        let known = types[held.index]
            .grants
            .iter()
            .flat_map(|grants| &grants.mappings);
        if known.clone().any(|grant| grant.principal == of_holder.id)
            || of_held.noun == Noun::Person
        {
            continue;
        }
        let (list, todos) = listing(operation, &[], place);
        let (entitlement, _, purpose) = of_held.noun.standing();
        let mut record = json!({});
        put(&mut record, &holder.path, json!("p1"));
        put(&mut record, &held.path, json!("r1"));
        let grants = DraftGrants {
            why: Guess::likely(format!(
                "GET {}, whose items name both {} and {}",
                operation.path, of_holder.id, of_held.id
            )),
            list,
            mappings: vec![DraftGrant {
                entitlement: (entitlement.to_owned(), purpose),
                principal: of_holder.id.clone(),
                principal_id: format!("cel:{}", holder.value),
                resource_id: Some(format!("cel:{}", held.value)),
                skip_if: None,
                expands: expands(of_holder, &holder.value),
                expect: Some("p1".to_owned()),
            }],
            sample: Some((record, "r1".to_owned())),
        };
        types[held.index].grants.push(grants);
        types[held.index].todos.extend(todos);
    }
}

/// Puts a value at a way.
fn put(record: &mut Json, path: &[String], value: Json) {
    let mut at = record;
    for key in path {
        at = &mut at[key.as_str()];
    }
    *at = value;
}
