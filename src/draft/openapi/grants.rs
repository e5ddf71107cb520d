//! Paths below a list → who belongs to its things: `/groups/{id}/members`, `/users/{id}/roles`.

use serde_json::{Value as Json, json};

use crate::draft::connector::{DraftGrant, DraftGrants, DraftType};
use crate::draft::guess::{
    Field, Guess, Kind, Noun, Reading, Shape, cel_text, joined, noun, words,
};
use crate::draft::yaml::Section;

use super::lists::{List, Lists, values};
use super::operation::{Operation, Segment};
use super::place::Place;
use super::request::{LANGUAGE, listing, url};

/// Words for people who belong to a thing in a way of their own.
const STANDINGS: &[&str] = &[
    "owner",
    "admin",
    "administrator",
    "manager",
    "maintainer",
    "moderator",
    "leader",
    "assignee",
    "approver",
    "viewer",
    "editor",
    "guest",
    "subscriber",
    "collaborator",
    "contributor",
];

/// Fields besides ids that paths take.
pub(super) const IN_PATHS: &[&str] = &[
    "slug", "key", "name", "login", "username", "code", "handle", "email",
];

/// Adds the grants that paths tell.
pub(super) fn add(
    operations: &[Operation<'_>],
    lists: &Lists<'_, '_>,
    types: &mut [DraftType],
    place: &mut Place,
) {
    let mut reversed = Vec::new();
    for operation in operations {
        // The nearest list: `/orgs/{org}/teams` of `/orgs/{org}/teams/{team}/members`.
        let below = lists.taken.iter().enumerate().filter_map(|(index, list)| {
            let behind = operation.is_below(list.operation)?;
            Some((index, behind, list.operation.segments.len()))
        });
        let Some((index, [Segment::Word(_)], _)) = below.max_by_key(|(_, _, length)| *length)
        else {
            continue;
        };
        if lists
            .taken
            .iter()
            .any(|list| std::ptr::eq(list.operation, operation))
        {
            members_of_parent(operation, index, lists, types, place);
            continue;
        }
        match members(operation, index, lists, place) {
            Some((grants, todos)) => {
                keep(&grants, &lists.taken[index], &mut types[index]);
                types[index].grants.push(grants);
                types[index].todos.extend(todos);
            }
            None => reversed.push((operation, index)),
        }
    }
    // What somebody has is asked person by person: only where nothing says who has a thing.
    for (operation, index) in reversed {
        if let Some((held, grants)) = held(operation, index, lists, types, place)
            && !types[held].grants.iter().any(|known| {
                known
                    .mappings
                    .iter()
                    .any(|grant| grant.principal == lists.taken[index].id)
            })
        {
            types[held].grants.push(grants);
        }
    }
}

/// A type that is listed for each of its parent, and whose noun is people: they belong to the parent.
fn members_of_parent(
    operation: &Operation<'_>,
    index: usize,
    lists: &Lists<'_, '_>,
    types: &mut [DraftType],
    place: &mut Place,
) {
    if let Some((grants, todos)) = members(operation, index, lists, place) {
        types[index].grants.push(grants);
        types[index].todos.extend(todos);
    }
}

/// Keeps in the profile what the path of a listing takes from there.
fn keep(grants: &DraftGrants, list: &List<'_, '_>, of: &mut DraftType) {
    for name in IN_PATHS {
        let used = grants
            .list
            .asks
            .mentions(&format!(".resource.profile.{name} "));
        let known = of.mapped.profile.iter().any(|(known, _)| known == name);
        if let Some(field) = list
            .operation
            .answer
            .item
            .field(name)
            .filter(|_| used && !known)
        {
            let why = Guess::sure("paths take it");
            of.mapped.keep(name, LANGUAGE, field, why);
        }
    }
}

/// Who belongs to a thing, by the path below it.
fn members(
    operation: &Operation<'_>,
    index: usize,
    lists: &Lists<'_, '_>,
    place: &mut Place,
) -> Option<(DraftGrants, Vec<String>)> {
    let held = &lists.taken[index];
    let last = operation.words.last()?;
    let standing = STANDINGS.iter().find(|word| *word == last);
    let known = noun(&operation.words).map(|(noun, _)| noun);
    let is_again = held.noun == Noun::Group && held.id == operation.words.join("_");
    let is_nested = is_again
        || held.noun == Noun::Group
            && ["subgroup", "child", "children", "nestedgroup"].contains(&last.as_str());
    let noun = match (standing, known, is_nested) {
        (_, _, true) => Noun::Group,
        (Some(_), None, _) | (_, Some(Noun::Person), _) => Noun::Person,
        (None, Some(noun), _) => noun,
        (Some(_), Some(noun), _) => noun,
        (None, None, false)
            if ["membership", "assignment", "participant", "staffer"].contains(&last.as_str()) =>
        {
            Noun::Person
        }
        _ => return None,
    };
    // People have nothing of people; what a role may do is told by the permission.
    if held.noun == Noun::Person || !is_nested && noun.rank() >= held.noun.rank() {
        return None;
    }
    let holder = holder(noun, &operation.words, lists)?;
    let (principal_id, sample_path) = principal(&operation.answer.item, holder)?;
    let mut todos = Vec::new();
    let (own, todo) = own_value(operation, held);
    todos.extend(todo);
    let mut values: Vec<&str> = values(held);
    values.push(&own);
    let (list, listed) = listing(operation, &values, place);
    todos.extend(listed);
    if is_again {
        todos.push(format!(
            "`{}`: are those the groups in it? So it says now",
            operation.path
        ));
    }
    let (usual, _, usual_purpose) = held.noun.standing();
    let entitlement = match standing {
        Some(word) => ((*word).to_owned(), "permission"),
        None => (usual.to_owned(), usual_purpose),
    };
    let what = format!("GET {}", operation.path);
    let (record, expect) = sample_record(&sample_path);
    let mapping = DraftGrant {
        entitlement,
        principal: holder.id.clone(),
        expands: expands(holder, &principal_id),
        principal_id: format!("cel:{principal_id}"),
        resource_id: None,
        skip_if: None,
        expect: Some(expect),
    };
    let grants = DraftGrants {
        why: Guess::likely(format!("{what}, by its path")),
        list,
        mappings: vec![mapping],
        sample: Some((record, "r1".to_owned())),
    };
    Some((grants, todos))
}

/// What stands for the thing in the path below its list: its id, unless the parameter is called after
/// another field of it, which then is in its profile.
fn own_value(operation: &Operation<'_>, held: &List<'_, '_>) -> (String, Option<String>) {
    let id = ".resource.id".to_owned();
    let own = held.operation.path_parameters().len();
    let Some(parameter) = operation.path_parameters().get(own).copied() else {
        return (id, None);
    };
    let words = words(parameter);
    let Some(last) = words
        .last()
        .filter(|last| IN_PATHS.contains(&last.as_str()))
    else {
        return (id, None);
    };
    let field = held.operation.answer.item.field(last);
    let field = field.filter(|field| {
        field.shape.is_scalar() && Reading::of(LANGUAGE, &[field]).value != held.key
    });
    match field {
        Some(_) if held.noun.resource_trait().is_some() => {
            (format!(".resource.profile.{last}"), None)
        }
        _ => (
            id,
            Some(format!("`{}`: is `{{{parameter}}}` the id", operation.path)),
        ),
    }
}

/// The type of those who hold: the one that is named, else the only one of the noun.
fn holder<'l, 'o, 'd>(
    noun: Noun,
    words: &[String],
    lists: &'l Lists<'o, 'd>,
) -> Option<&'l List<'o, 'd>> {
    let exact = lists.taken.iter().find(|list| list.id == words.join("_"));
    exact
        .filter(|list| list.noun == noun)
        .or_else(|| lists.taken.iter().find(|list| list.noun == noun))
}

/// The CEL of who it is, and the way to it in the item.
pub(super) fn principal(item: &Shape, holder: &List<'_, '_>) -> Option<(String, Vec<String>)> {
    if item.is_scalar() && item.kind != Kind::Unknown {
        return Some(("item".to_owned(), Vec::new()));
    }
    let own = joined(&holder.id);
    let noun_words: &[&str] = match holder.noun {
        Noun::Person => &[
            "user",
            "person",
            "member",
            "principal",
            "account",
            "employee",
            "subject",
        ],
        Noun::Group => &["group", "team"],
        Noun::Role => &["role"],
        _ => &[],
    };
    let mut wanted = vec![format!("{own}id"), format!("{own}uuid")];
    wanted.extend(noun_words.iter().map(|word| format!("{word}id")));
    let leaves = item.leaves();
    let named = wanted.iter().find_map(|wanted| {
        leaves.iter().find(|leaf| {
            let keys: String = leaf.path.iter().map(|field| joined(&field.name)).collect();
            leaf.shape().is_scalar()
                && (keys == *wanted
                    || leaf.path.len() == 1 && joined(&leaf.field().name) == *wanted)
        })
    });
    let plain = || {
        [
            "id", "uuid", "guid", "value", "objectid", "uid", "key", "login", "username", "email",
        ]
        .iter()
        .find_map(|wanted| {
            leaves.iter().find(|leaf| {
                leaf.path.len() == 1
                    && leaf.shape().is_scalar()
                    && joined(&leaf.field().name) == *wanted
            })
        })
    };
    // The field that is the id there, too.
    let same = leaves.iter().find(|leaf| {
        holder.key != "item.id" && Reading::of(LANGUAGE, &leaf.path).value == holder.key
    });
    let leaf = same.or(named).or_else(plain)?;
    let value = Reading::of(LANGUAGE, &leaf.path).value;
    let path = leaf.path.iter().map(|field| field.name.clone()).collect();
    Some((value, path))
}

/// An item with somebody in it.
pub(super) fn sample_record(path: &[String]) -> (Json, String) {
    let record = path
        .iter()
        .rev()
        .fold(json!("p1"), |inner, key| json!({ (key.as_str()): inner }));
    (record, "p1".to_owned())
}

/// Groups bring their members.
pub(super) fn expands(holder: &List<'_, '_>, value: &str) -> Option<String> {
    let (inner, _, _) = holder.noun.standing();
    (holder.noun != Noun::Person).then(|| {
        let (before, after) = (
            cel_text(&format!("{}:", holder.id)),
            cel_text(&format!(":{inner}")),
        );
        format!("cel:{before} + string({value}) + {after}")
    })
}

/// What somebody has, by the path below a person: asked person by person.
fn held(
    operation: &Operation<'_>,
    index: usize,
    lists: &Lists<'_, '_>,
    types: &[DraftType],
    place: &mut Place,
) -> Option<(usize, DraftGrants)> {
    let holder = &lists.taken[index];
    let (noun, _) = noun(&operation.words)?;
    if noun.rank() <= holder.noun.rank()
        || holder.parent.is_some()
        || !holder.operation.path_parameters().is_empty()
    {
        return None;
    }
    let exact = lists
        .taken
        .iter()
        .position(|list| list.id == operation.words.join("_"));
    let held = exact.or_else(|| {
        let mut same = lists
            .taken
            .iter()
            .enumerate()
            .filter(|(_, list)| list.noun == noun);
        let first = same.next()?.0;
        same.next().is_none().then_some(first)
    })?;
    let held_list = &lists.taken[held];
    // The entry stands in the record under the key of the list that is unwound.
    let (before, key) = match operation.answer.keys.as_slice() {
        [] => (None, "items".to_owned()),
        [key] => (None, key.clone()),
        [around @ .., key] => {
            let around: Vec<&str> = around.iter().map(String::as_str).collect();
            (Some(crate::draft::api::path_text(&around)?), key.clone())
        }
    };
    let key_path = crate::draft::api::path_text(&[&key])?;
    let (inner, inner_path) = principal(&operation.answer.item, held_list)?;
    let entry = Field {
        name: key.clone(),
        required: true,
        ..Field::default()
    };
    let entry = Reading::of(LANGUAGE, &[&entry]).value;
    let resource_id = format!("{entry}{}", inner.strip_prefix("item").unwrap_or_default());
    let id = &types[index].mapped.id;
    let holder_id = id.expression.strip_prefix("cel:")?;
    let mut detail = Section::new().with(
        "request",
        Section::new().with(
            "url",
            url(operation.path, &[&format!(".{holder_id}")], place),
        ),
    );
    if !holder_id.starts_with("item.") || holder_id.contains('[') {
        return None;
    }
    if let Some(before) = before {
        detail.put("path", before);
    }
    detail.put("unwind", key_path);
    let (mut list, _) = listing(holder.operation, &values(holder), place);
    list.response.put("detail", detail);
    let (entitlement, _, purpose) = held_list.noun.standing();
    let mapping = DraftGrant {
        entitlement: (entitlement.to_owned(), purpose),
        principal: holder.id.clone(),
        principal_id: id.expression.clone(),
        resource_id: Some(format!("cel:{resource_id}")),
        skip_if: None,
        expands: expands(holder, holder_id),
        expect: id.expect.clone(),
    };
    let mut record = types[index].mapped.sample.clone();
    let (entry_record, _) = sample_record(&inner_path);
    record.as_object_mut()?.insert(key, entry_record);
    let grants = DraftGrants {
        why: Guess::likely(format!(
            "GET {}, asked for each {}",
            operation.path, holder.id
        )),
        list,
        mappings: vec![mapping],
        sample: Some((record, "p1".to_owned())),
    };
    Some((held, grants))
}

/// What an item names.
pub(super) struct Named {
    /// The list of it.
    pub index: usize,
    /// The CEL of its id.
    pub value: String,
    /// The way to it.
    pub path: Vec<String>,
}

/// The holder and what is held, where an item names both: `{user_id: …, group_id: …}`.
pub(super) fn both(item: &Shape, lists: &Lists<'_, '_>) -> Option<(Named, Named)> {
    let mut named: Vec<Named> = Vec::new();
    for (index, list) in lists.taken.iter().enumerate() {
        let wanted = format!("{}id", joined(&list.id));
        let leaf = item.leaves().into_iter().find(|leaf| {
            let keys: String = leaf.path.iter().map(|field| joined(&field.name)).collect();
            leaf.shape().is_scalar() && keys == wanted
        });
        if let Some(leaf) = leaf {
            let path = leaf.path.iter().map(|field| field.name.clone()).collect();
            named.push(Named {
                index,
                value: Reading::of(LANGUAGE, &leaf.path).value,
                path,
            });
        }
    }
    named.sort_by_key(|named| lists.taken[named.index].noun.rank());
    let held = named.pop()?;
    let holder = named.into_iter().next()?;
    Some((holder, held))
}
