//! Principals of another system, by all that a stand-in may know of them.

use std::collections::{HashMap, HashSet};

use super::fold::fold;
use crate::model::{
    ExternalMatch, ProfileValue, Resource, ResourceId, ResourceTrait, ResourceType, TraitKind,
};

/// Whom stand-ins mean: what has to be known of each principal.
#[derive(Debug, Default)]
pub(super) struct Wanted {
    attributes: HashSet<(TraitKind, String)>,
}

impl Wanted {
    /// Notes what a stand-in knows.
    pub fn note(&mut self, of: &ExternalMatch) {
        if let ExternalMatch::Attribute { kind, key, .. } = of {
            self.attributes.insert((*kind, fold(key)));
        }
    }
}

/// A copied principal.
pub(super) struct Principal {
    pub id: ResourceId,
    /// A user has no members.
    pub is_user: bool,
}

/// Copied principals, by number.
#[derive(Default)]
pub(super) struct Principals {
    all: Vec<Principal>,
    known: HashSet<ResourceId>,
    by_id: HashMap<String, Vec<usize>>,
    by_kind: HashMap<TraitKind, Vec<usize>>,
    /// For each attribute that somebody asks for, who has which value.
    by_attribute: HashMap<(TraitKind, String), HashMap<String, Vec<usize>>>,
}

/// The key under which users are found by any of their addresses.
const EMAIL: &str = "email";

impl Principals {
    /// Nobody yet. What nobody wants to know will not be remembered.
    pub fn of(wanted: Wanted) -> Self {
        let attributes = wanted.attributes.into_iter();
        Self {
            by_attribute: attributes.map(|it| (it, HashMap::new())).collect(),
            ..Self::default()
        }
    }

    /// Adds a principal of a type.
    pub fn add(&mut self, of_type: &ResourceType, resource: &Resource) {
        let number = self.all.len();
        self.known.insert(resource.id.clone());
        let by_id = self.by_id.entry(resource.id.id.clone());
        by_id.or_default().push(number);
        let mut kinds: Vec<_> = of_type.traits.clone();
        kinds.extend(resource.traits.iter().map(ResourceTrait::kind));
        kinds.sort_unstable();
        kinds.dedup();
        self.all.push(Principal {
            id: resource.id.clone(),
            is_user: kinds.contains(&TraitKind::User),
        });
        for kind in &kinds {
            self.by_kind.entry(*kind).or_default().push(number);
        }
        for ((kind, key), values) in &mut self.by_attribute {
            if !kinds.contains(kind) {
                continue;
            }
            for value in values_of(resource, *kind, key) {
                let of_value = values.entry(value).or_default();
                // Whoever has a value twice is still one.
                if of_value.last() != Some(&number) {
                    of_value.push(number);
                }
            }
        }
    }

    /// Whether a resource is one of them.
    pub fn has(&self, id: &ResourceId) -> bool {
        self.known.contains(id)
    }

    /// Who is meant. `stand_in` tells apart several that have the same id.
    pub fn find(&self, meant: &ExternalMatch, stand_in: &ResourceId) -> Found<'_> {
        let numbers: &[usize] = match meant {
            ExternalMatch::Id(id) => {
                let all = self.by_id.get(id).map_or(&[][..], Vec::as_slice);
                let of_type =
                    |number: &&usize| self.all[**number].id.resource_type == stand_in.resource_type;
                match (all, all.iter().find(of_type)) {
                    (_, Some(one)) => std::slice::from_ref(one),
                    ([_, _, ..], None) => return Found::Ambiguous(all.len()),
                    _ => all,
                }
            }
            ExternalMatch::All(kind) => self.by_kind.get(kind).map_or(&[], Vec::as_slice),
            ExternalMatch::Attribute { kind, key, value } => {
                let values = self.by_attribute.get(&(*kind, fold(key)));
                let of_value = values.and_then(|values| values.get(&fold(value)));
                of_value.map_or(&[], Vec::as_slice)
            }
        };
        Found::Those(numbers.iter().map(|number| &self.all[*number]).collect())
    }
}

/// Who is meant by a stand-in.
pub(super) enum Found<'p> {
    /// These; possibly nobody.
    Those(Vec<&'p Principal>),
    /// One of so many.
    Ambiguous(usize),
}

/// All values that a principal has of an attribute, folded.
fn values_of(resource: &Resource, kind: TraitKind, key: &str) -> Vec<String> {
    let traits = || resource.traits.iter().filter(|it| it.kind() == kind);
    let profiles = traits().filter_map(ResourceTrait::profile);
    let profiles = profiles.chain([&resource.profile]);
    let mut values = Vec::new();
    for (name, value) in profiles.flatten() {
        if let ProfileValue::Text(text) = value
            && fold(name) == key
        {
            values.push(fold(text));
        }
    }
    for it in traits() {
        if let ResourceTrait::User(user) = it
            && key == EMAIL
        {
            values.extend(user.emails.iter().map(|email| fold(&email.address)));
        }
    }
    values.sort_unstable();
    values.dedup();
    values
}
