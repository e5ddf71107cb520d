//! A draft → the text of the file.

use super::connector::{Draft, DraftGrant, DraftGrants, DraftListing, DraftType};
use super::example;
use super::guess::{Found, Language, Mapped, Noun, cel_text, title};
use super::yaml::{Entry, Item, Section, Yaml, document};

/// The file.
pub fn render(draft: &Draft) -> String {
    let mut file = Section::new();
    file.put("version", "1");
    file.put("app_name", draft.name.as_str());
    if let Some(description) = &draft.description {
        file.put("app_description", description.as_str());
    }
    if !draft.vars.is_empty() {
        file.push(Entry::new("vars", draft.vars.clone()).apart());
    }
    let mut connect = draft.connect.clone();
    if let Some((pagination, guess)) = &draft.pagination {
        let why = format!("Of every list that has none of its own. {guess}");
        connect.push(Entry::new("pagination", pagination.clone()).above(why));
    }
    file.push(Entry::new("connect", connect).apart());
    let mut types = Section::new();
    for each in &draft.types {
        types.push(
            Entry::new(each.id.as_str(), resource_type(each, draft.language))
                .above(each.why.to_string())
                .apart(),
        );
    }
    file.push(Entry::new("resource_types", types).apart());
    let tests = example::tests(draft);
    if !tests.is_empty() {
        file.push(
            Entry::new("tests", tests)
                .above("What `rolecall test` tries without the system. The records are invented: put real ones in their place.")
                .apart(),
        );
    }
    document(&top(draft), &file)
}

/// The comments at the top: where the file comes from, and what is to be done.
fn top(draft: &Draft) -> Vec<String> {
    let mut top = vec![
        format!(
            "Drafted by `rolecall init` from {}.",
            draft
                .origin
                .split_whitespace()
                .collect::<Vec<_>>()
                .join(" ")
        ),
        "Each guess says how sure it is: `sure`, `likely`, or `guess`.".to_owned(),
        String::new(),
        "To do:".to_owned(),
    ];
    let of_types = draft.types.iter().flat_map(|each| {
        let all = each.todos.iter().chain(&each.mapped.todos);
        all.map(|todo| format!("{}: {todo}.", each.id))
    });
    let set = (!draft.variables.is_empty()).then(|| format!("Set {}.", draft.variables.join(", ")));
    let todos = draft.todos.iter().map(|todo| format!("{todo}."));
    let last = "Look at what is marked `guess`, then delete these lines.".to_owned();
    let todos = set.into_iter().chain(todos).chain(of_types).chain([last]);
    for (index, todo) in todos.enumerate() {
        top.push(format!("  {}. {}", index + 1, todo.replace('\n', " ")));
    }
    if !draft.notes.is_empty() {
        top.push(String::new());
        top.push("Seen, and not taken:".to_owned());
        top.extend(
            draft
                .notes
                .iter()
                .map(|note| format!("  - {}", note.replace('\n', " "))),
        );
    }
    top.push(String::new());
    top
}

fn resource_type(each: &DraftType, language: Language) -> Section {
    let mut section = Section::new();
    section.put("name", title(&each.id));
    if let (Language::Http, Some(word)) = (language, each.noun.resource_trait()) {
        section.put("traits", Yaml::Words(vec![word.to_owned()]));
    }
    if let Some(parent) = &each.parent {
        section.put("parent_type", parent.as_str());
    }
    let mapping = mapping(&each.mapped, each.noun, language);
    section.put(
        "list",
        listing(&each.list, "resource_mapping", mapping.into(), language),
    );
    let entitlements = entitlements(each, language);
    if !entitlements.is_empty() {
        section.put("static_entitlements", entitlements);
        let grants = each.grants.iter().map(|grants| {
            let list = listing(
                &grants.list,
                "grant_mapping",
                grant(grants, language),
                language,
            );
            Item::new(list).above(grants.why.to_string())
        });
        section.put("grants", grants.collect::<Vec<_>>());
    }
    section
}

/// A listing with its mapping, where the language wants it.
fn listing(list: &DraftListing, key: &str, mapping: Yaml, language: Language) -> Section {
    let mut section = list.asks.clone();
    if let Some((pagination, guess)) = &list.pagination {
        section.push(Entry::new("pagination", pagination.clone()).beside(guess.to_string()));
    }
    match language {
        Language::Sql => section.put("map", mapping),
        Language::Http => {
            let mut response = list.response.clone();
            response.put(key, mapping);
            section.put("response", response);
        }
    }
    section
}

fn entry(key: &str, found: &Found) -> Entry {
    Entry::new(key, found.expression.as_str()).beside(found.guess.to_string())
}

fn mapping(mapped: &Mapped, noun: Noun, language: Language) -> Section {
    let mut section = Section::new();
    section.push(entry("id", &mapped.id));
    section.push(entry("display_name", &mapped.display_name));
    if let Some(description) = &mapped.description {
        section.push(entry("description", description));
    }
    let Some(word) = noun.resource_trait() else {
        return section;
    };
    let mut inside = Section::new();
    if let Some(person) = &mapped.person {
        inside_push(&mut inside, "login", person.login.as_ref());
        if !person.emails.is_empty() {
            let emails = person
                .emails
                .iter()
                .map(|found| Item::new(found.expression.as_str()).beside(found.guess.to_string()));
            inside.put("emails", emails.collect::<Vec<_>>());
        }
        for (key, found) in [
            ("status", &person.status),
            ("status_details", &person.status_details),
            ("account_type", &person.account_type),
            ("last_login", &person.last_login),
        ] {
            inside_push(&mut inside, key, found.as_ref());
        }
        if let Some(found) = &person.employee_id {
            let item = Item::new(found.expression.as_str()).beside(found.guess.to_string());
            inside.put("employee_ids", vec![item]);
        }
        inside_push(&mut inside, "manager_id", person.manager_id.as_ref());
    }
    let mut profile = Section::new();
    for (key, found) in &mapped.profile {
        profile.put(key, found.expression.as_str());
    }
    let manager = mapped
        .person
        .as_ref()
        .and_then(|person| person.manager_id.as_ref());
    if let (Some(manager), true) = (manager, profile.is_empty()) {
        // The manager is kept in the profile, and only where there is one.
        profile.put("manager", manager.expression.as_str());
    }
    if !profile.is_empty() {
        inside.put("profile", profile);
    }
    match language {
        Language::Http => section.put(&format!("{word}_traits"), inside),
        Language::Sql => section.put("traits", Section::new().with(word, inside)),
    }
    section
}

fn inside_push(section: &mut Section, key: &str, found: Option<&Found>) {
    if let Some(found) = found {
        section.push(entry(key, found));
    }
}

/// The entitlements that the grants are of, each once.
fn entitlements(each: &DraftType, language: Language) -> Vec<Item> {
    let all = || each.grants.iter().flat_map(|grants| &grants.mappings);
    let mut ids: Vec<(&str, &str)> = Vec::new();
    for grant in all() {
        let (id, purpose) = &grant.entitlement;
        if !ids.iter().any(|(known, _)| known == id) {
            ids.push((id, purpose));
        }
    }
    let (standing, phrase, _) = each.noun.standing();
    let items = ids.into_iter().map(|(id, purpose)| {
        let mut principals: Vec<String> = Vec::new();
        for grant in all().filter(|grant| grant.entitlement.0 == id) {
            if !principals.contains(&grant.principal) {
                principals.push(grant.principal.clone());
            }
        }
        let phrase = match id == standing {
            true => phrase.to_owned(),
            false => format!("{} of ", title(id)),
        };
        let name = match language {
            Language::Http => format!("cel:{} + resource.display_name", cel_text(&phrase)),
            Language::Sql => format!("{} + resource.DisplayName", cel_text(&phrase)),
        };
        let section = Section::new()
            .with("id", id)
            .with("display_name", name)
            .with("purpose", purpose)
            .with("grantable_to", Yaml::Words(principals));
        Item::new(section)
    });
    items.collect()
}

fn grant(grants: &DraftGrants, language: Language) -> Yaml {
    let mut mappings: Vec<Section> = grants
        .mappings
        .iter()
        .map(|grant| grant_mapping(grant, language))
        .collect();
    match (language, mappings.len()) {
        (Language::Http, 1) => mappings.remove(0).into(),
        _ => mappings
            .into_iter()
            .map(Item::new)
            .collect::<Vec<_>>()
            .into(),
    }
}

fn grant_mapping(grant: &DraftGrant, language: Language) -> Section {
    let mut section = Section::new();
    if let Some(skip_if) = &grant.skip_if {
        section.put("skip_if", skip_if.as_str());
    }
    if let Some(resource_id) = &grant.resource_id {
        section.put("resource_id", resource_id.as_str());
    }
    section.put("principal_type", grant.principal.as_str());
    section.put("principal_id", grant.principal_id.as_str());
    let key = match language {
        Language::Http => "entitlement_name",
        Language::Sql => "entitlement_id",
    };
    section.put(key, grant.entitlement.0.as_str());
    if let Some(expands) = &grant.expands {
        let ids = Section::new().with("entitlement_ids", vec![Item::new(expands.as_str())]);
        let whoever = title(&grant.principal).to_lowercase();
        section.push(
            Entry::new("expandable", ids)
                .above(format!("whoever belongs to the {whoever} has it too")),
        );
    }
    section
}
