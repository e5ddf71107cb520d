//! Operations → the resource types of the draft.

use crate::draft::connector::DraftType;
use crate::draft::failure::DraftError;
use crate::draft::guess::{Guess, Mapped, Noun, Sure, identifier, map, noun};
use crate::draft::wish::Wish;

use super::operation::{Operation, Segment};
use super::place::Place;
use super::request::{LANGUAGE, listing};

/// A list that is a resource type.
pub(super) struct List<'o, 'd> {
    pub operation: &'o Operation<'d>,
    pub id: String,
    pub noun: Noun,
    pub sure: Sure,
    /// The CEL of the id of its items.
    pub key: String,
    /// The list whose things it is listed for, as an index.
    pub parent: Option<usize>,
}

/// The lists that were taken, and what was not.
pub(super) struct Lists<'o, 'd> {
    pub taken: Vec<List<'o, 'd>>,
    pub notes: Vec<String>,
    /// Paths of lists of something else.
    others: Vec<&'d str>,
}

/// How many types a draft has, unless they are asked for by name.
const MOST: usize = 12;

/// Chooses the lists.
pub(super) fn choose<'o, 'd>(
    operations: &'o [Operation<'d>],
    wish: &Wish,
) -> Result<Lists<'o, 'd>, DraftError> {
    let usable =
        |operation: &&Operation<'_>| !operation.words.is_empty() && operation.answer.is_reachable();
    let candidates: Vec<&Operation<'d>> = operations.iter().filter(usable).collect();
    wish.check(
        candidates
            .iter()
            .flat_map(|each| [each.words.last().map_or("", String::as_str), each.path]),
    )?;
    let mut notes = Vec::new();
    let mut found: Vec<List<'o, 'd>> = Vec::new();
    let mut others: Vec<&'d str> = Vec::new();
    for operation in candidates {
        let named = is_named(operation, wish);
        let known = noun(&operation.words);
        let wanted = if wish.only.is_empty() {
            known.is_some()
        } else {
            named
        };
        if !wanted {
            if operation.path_parameters().is_empty() {
                others.push(operation.path);
            }
            continue;
        }
        let (noun, sure) = known.unwrap_or((Noun::Thing, Sure::Guess));
        let Some(mapped) = map(&operation.answer.item, LANGUAGE, noun) else {
            notes.push(format!(
                "`{}`: none of the fields of its items could be an id",
                operation.path
            ));
            continue;
        };
        found.push(List {
            operation,
            id: identifier(&operation.words),
            noun,
            sure,
            key: mapped.id.expression.trim_start_matches("cel:").to_owned(),
            parent: None,
        });
    }
    // The best of those that list the same: whole lists before lists of something.
    found.sort_by_key(|list| badness(list.operation));
    let mut taken: Vec<List<'o, 'd>> = Vec::new();
    for list in found {
        let named = is_named(list.operation, wish);
        let same = taken.iter().find(|other| other.id == list.id);
        let nested = !list.operation.path_parameters().is_empty();
        let represented = taken.iter().any(|other| other.noun == list.noun);
        let likely = taken
            .iter()
            .any(|other| other.noun == list.noun && other.sure != Sure::Guess);
        // `/orgs/{org}/teams` are things of their own, `/groups/{id}/users` are users again.
        let in_group = || {
            parent(list.operation, &taken).is_some_and(|parent| taken[parent].noun == Noun::Group)
        };
        let own_kind = list.noun != Noun::Person && list.sure != Sure::Guess && in_group();
        if same.is_some() || nested && represented && !own_kind {
            continue;
        }
        if list.sure == Sure::Guess && likely && !named {
            notes.push(format!(
                "`{}` may be {} too: `--only` takes it",
                list.operation.path,
                list.noun.phrase()
            ));
            continue;
        }
        if taken.len() >= MOST && wish.only.is_empty() {
            notes.push(format!(
                "`{}`: there are {MOST} types already; `--only` takes it",
                list.operation.path
            ));
            continue;
        }
        let parent = parent(list.operation, &taken);
        taken.push(List { parent, ..list });
    }
    if taken.is_empty() {
        let there = operations
            .iter()
            .map(|operation| operation.path.to_owned())
            .collect();
        return Err(DraftError::Nothing { there });
    }
    Ok(Lists {
        taken,
        notes,
        others,
    })
}

impl Lists<'_, '_> {
    /// What else the document lists, but for what was read after all.
    pub(super) fn others(&self, used: &[String]) -> Option<String> {
        const SHOWN: usize = 12;
        let others: Vec<String> = self
            .others
            .iter()
            .filter(|path| !used.iter().any(|used| used == *path))
            .map(|path| format!("`{path}`"))
            .collect();
        let more = others.len().saturating_sub(SHOWN);
        let more = if more > 0 {
            format!(" and {more} more")
        } else {
            String::new()
        };
        let shown = &others[..others.len().min(SHOWN)];
        (!shown.is_empty()).then(|| format!("other lists: {}{more}", shown.join(", ")))
    }
}

fn is_named(operation: &Operation<'_>, wish: &Wish) -> bool {
    wish.names(operation.path)
        || operation.words.last().is_some_and(|word| wish.names(word))
        || wish.names(&operation.words.concat())
}

/// What speaks against an operation, where several list the same.
fn badness(operation: &Operation<'_>) -> (bool, usize, bool, usize, usize) {
    let deprecated = operation
        .json
        .get("deprecated")
        .and_then(serde_json::Value::as_bool)
        == Some(true);
    let required = operation
        .parameters
        .iter()
        .filter(|given| given.required && given.place == "query")
        .count();
    (
        deprecated,
        operation.path_parameters().len(),
        operation.answer.item.field("id").is_none(),
        required,
        operation.path.len(),
    )
}

/// The list in whose path the last parameter of this one stands: `/orgs` of `/orgs/{org}/teams`.
fn parent(operation: &Operation<'_>, taken: &[List<'_, '_>]) -> Option<usize> {
    let parameters = operation.path_parameters().len();
    let is_parent = |list: &List<'_, '_>| {
        let own = list.operation.path_parameters().len();
        list.parent.is_none()
            && own + 1 == parameters
            && operation
                .is_below(list.operation)
                .is_some_and(|behind| matches!(behind, [Segment::Word(_), ..]))
    };
    taken.iter().position(is_parent)
}

/// The types, without grants.
pub(super) fn types(lists: &Lists<'_, '_>, place: &mut Place) -> Vec<DraftType> {
    let mut types = Vec::new();
    for list in &lists.taken {
        types.push(resource_type(list, &lists.taken, place));
    }
    types
}

fn resource_type(list: &List<'_, '_>, all: &[List<'_, '_>], place: &mut Place) -> DraftType {
    let operation = list.operation;
    let parent = list.parent.map(|parent| all[parent].id.clone());
    let (draft, todos) = listing(operation, &values(list), place);
    let mapped: Mapped =
        map(&operation.answer.item, LANGUAGE, list.noun).expect("it was there when it was chosen");
    let what = format!("GET {}, named like {}", operation.path, list.noun.phrase());
    DraftType {
        id: list.id.clone(),
        noun: list.noun,
        why: match (list.noun, list.sure) {
            (Noun::Thing, _) => Guess::sure(format!("GET {}, as was asked for", operation.path)),
            (_, Sure::Guess) => Guess::doubtful(what),
            _ => Guess::likely(what),
        },
        parent,
        list: draft,
        mapped,
        grants: Vec::new(),
        todos,
    }
}

/// What the parameters of the path of a list stand for.
pub(super) fn values(list: &List<'_, '_>) -> Vec<&'static str> {
    match list.parent {
        Some(_) => vec![".parent_resource.id"],
        None => Vec::new(),
    }
}
