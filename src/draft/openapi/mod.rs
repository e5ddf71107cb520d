//! An OpenAPI document → a connector: lists of people, groups and roles, and the paths below them that
//! say who belongs to what. Swagger 2 is read too, and what vendors leave out is done without.

mod auth;
mod document;
mod grants;
mod inline;
mod lists;
mod operation;
mod place;
mod request;
mod schema;
mod server;

use serde_json::Value as Json;

use super::connector::{Draft, DraftListing};
use super::failure::DraftError;
use super::guess::{Guess, Language, title, variable};
use super::wish::Wish;
use super::yaml::Section;

pub use document::is_description;

/// Drafts a connector from a description; `origin` is where it was read, a URL where it is one.
pub fn draft(root: &Json, origin: &str, wish: &Wish) -> Result<Draft, DraftError> {
    let document = document::Document::new(root);
    let name = wish.name.clone().unwrap_or_else(|| document.title());
    let prefix = variable(&name);
    let operations = operation::operations(&document, wish);
    let lists = lists::choose(&operations, wish)?;
    let mut place = place::Place::new(&prefix);
    let mut types = lists::types(&lists, &mut place);
    grants::add(&operations, &lists, &mut types, &mut place);
    inline::add(&operations, &lists, &mut types, &mut place);
    let mut connect = server::section(&document, origin, &mut place);
    let used: Vec<&Json> = lists.taken.iter().map(|list| list.operation.json).collect();
    auth::add(&document, &used, &prefix, &mut connect, &mut place);
    for each in types.iter_mut().filter(|each| each.grants.is_empty()) {
        if each.noun.resource_trait().is_some() && each.noun != super::guess::Noun::Person {
            each.todos
                .push("no path says who has it: add its entitlements and grants".to_owned());
        }
    }
    let listings = types.iter_mut().flat_map(|each| {
        let grants = each.grants.iter_mut().map(|grants| &mut grants.list);
        std::iter::once(&mut each.list).chain(grants)
    });
    let pagination = shared(listings.collect());
    types.sort_by_key(|each| each.noun.rank());
    let mut notes = lists.notes.clone();
    notes.extend(lists.others(&place.used));
    notes.append(&mut place.notes);
    Ok(Draft {
        origin: document.described(origin),
        name: title(&name),
        description: None,
        language: Language::Http,
        vars: place.vars,
        connect,
        pagination,
        types,
        todos: place.todos,
        notes,
        variables: place.variables,
    })
}

/// Moves the paging that most listings share to one place.
pub(super) fn shared(mut listings: Vec<&mut DraftListing>) -> Option<(Section, Guess)> {
    let all: Vec<(Section, Guess)> = listings
        .iter()
        .filter_map(|list| list.pagination.clone())
        .collect();
    let count = |one: &(Section, Guess)| all.iter().filter(|other| other.0 == one.0).count();
    let (common, times) = all
        .iter()
        .map(|one| (one, count(one)))
        .max_by_key(|(_, times)| *times)?;
    if times < 2 {
        return None;
    }
    let common = common.clone();
    for list in &mut listings {
        match &list.pagination {
            Some(own) if own.0 == common.0 => list.pagination = None,
            Some(_) => {}
            None => {
                let none = Section::new().with("strategy", "none");
                list.pagination = Some((none, Guess::doubtful("nothing says that it has pages")));
            }
        }
    }
    Some(common)
}
