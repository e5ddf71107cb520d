//! The tests that a draft begins with: an invented record, and what it becomes.

use serde_json::{Value as Json, json};

use super::connector::{Draft, DraftGrants, DraftType};
use super::guess::Found;
use super::yaml::{Item, Section};

/// One test of each listing whose records could be invented.
pub(super) fn tests(draft: &Draft) -> Vec<Item> {
    let mut tests = Vec::new();
    for each in &draft.types {
        tests.push(Item::new(of_list(each, draft)));
        for (index, grants) in each.grants.iter().enumerate() {
            tests.extend(of_grants(each, grants, index + 1, draft).map(Item::new));
        }
    }
    tests
}

/// What is given beside records.
fn given(record: &Json, draft: &Draft) -> Section {
    let mut given = Section::new().with("records", vec![Item::new(record.clone())]);
    let mut variables = Section::new();
    for (name, value) in &draft.stand_ins {
        variables.put(name, value.as_str());
    }
    if !variables.is_empty() {
        given.put("variables", variables);
    }
    given
}

fn of_list(each: &DraftType, draft: &Draft) -> Section {
    let mut given = given(&each.mapped.sample, draft);
    if each.parent.is_some() {
        given.put("parent_resource", json!({"id": "p1"}));
    }
    let mut expected = serde_json::Map::new();
    let mut expect = |key: &str, found: Option<&Found>| {
        if let Some(text) = found.and_then(|found| found.expect.as_ref()) {
            expected.insert(key.to_owned(), Json::from(text.as_str()));
        }
    };
    expect("id", Some(&each.mapped.id));
    expect("display_name", Some(&each.mapped.display_name));
    if let Some(person) = &each.mapped.person {
        expect("login", person.login.as_ref());
        expect("email", person.emails.first());
        expect("status", person.status.as_ref());
    }
    if let Some(word) = each.noun.resource_trait() {
        expected.insert("trait".to_owned(), Json::from(word));
    }
    Section::new()
        .with("name", format!("a record becomes {}", each.id))
        .with("resource_type", each.id.as_str())
        .with("given", given)
        .with(
            "expect",
            Section::new().with("resources", vec![Item::new(Json::Object(expected))]),
        )
}

fn of_grants(
    each: &DraftType,
    grants: &DraftGrants,
    entry: usize,
    draft: &Draft,
) -> Option<Section> {
    let (record, resource) = grants.sample.as_ref()?;
    let expected = grants.mappings.iter().filter_map(|grant| {
        let principal = grant.expect.as_ref()?;
        Some(Item::new(json!({
            "principal_type": grant.principal,
            "principal_id": principal,
            "entitlement_id": grant.entitlement.0,
            "resource_id": resource,
        })))
    });
    let expected: Vec<Item> = expected.collect();
    let which = if entry > 1 {
        format!(" ({entry})")
    } else {
        String::new()
    };
    let mut test = Section::new()
        .with(
            "name",
            format!("a record becomes a grant on {}{which}", each.id),
        )
        .with("resource_type", each.id.as_str())
        .with("listing", "grants");
    if entry > 1 {
        test.put("entry", u32::try_from(entry).ok()?);
    }
    let mut given = given(record, draft);
    given.put(
        "resource",
        json!({"id": resource, "display_name": "Example"}),
    );
    if each.parent.is_some() {
        given.put("parent_resource", json!({"id": "p1"}));
    }
    Some(
        test.with("given", given)
            .with("expect", Section::new().with("grants", expected)),
    )
}
