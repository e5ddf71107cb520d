//! A run → the rows of each table of an export, as they are read.

use std::collections::BTreeSet;

use anyhow::bail;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::Tables;
use super::folder::Folder;
use crate::c1z::{EntitlementFilter, GrantFilter, Sync, message};
use crate::cli::inspect::grants;
use crate::cli::inspect::names::Names;
use crate::cli::inspect::render::Row;
use crate::cli::inspect::view::{EntitlementView, GrantView, ResourceView};
use crate::model::{Annotation, ResourceType};

/// Writes every table. `max_columns` is what a table may have at most, where there is a limit.
pub(super) fn write(
    sync: &Sync,
    max_columns: Option<usize>,
    to: &mut impl Tables,
) -> anyhow::Result<()> {
    let types = ["id", "display_name", "description", "traits"];
    to.begin("resource_types", &owned(&types))?;
    for resource_type in sync.resource_types() {
        let it = resource_type?;
        let traits: Vec<_> = it.traits.iter().map(|it| it.name()).collect();
        to.row(vec![
            it.id.0,
            it.display_name,
            it.description,
            traits.join(" "),
        ])?;
    }
    to.end()?;

    to.begin("resources", &owned(ResourceView::NAMES))?;
    for resource in sync.resources(None) {
        to.row(ResourceView::from(&resource?).values())?;
    }
    to.end()?;

    to.begin("entitlements", &owned(EntitlementView::NAMES))?;
    for entitlement in sync.entitlements(&EntitlementFilter::default()) {
        to.row(EntitlementView::from(&entitlement?).values())?;
    }
    to.end()?;

    let names = Names::of(sync);
    to.begin("grants", &owned(GrantView::NAMES))?;
    for grant in sync.grants(&GrantFilter::default()) {
        to.row(grants::view(&grant?, &names)?.values())?;
    }
    to.end()?;

    profiles(sync, max_columns, to)
}

/// The attributes of users, one column each. Which there are is known when all were read once.
fn profiles(sync: &Sync, max_columns: Option<usize>, to: &mut impl Tables) -> anyhow::Result<()> {
    let users = || {
        let all = sync
            .resources(None)
            .map(|resource| Ok(ResourceView::from(&resource?)));
        all.filter(|view: &anyhow::Result<ResourceView>| {
            view.as_ref().map_or(true, |view| view.user.is_some())
        })
    };
    let mut attributes = BTreeSet::new();
    for user in users() {
        flatten(&user?.profile, "", &mut |name, _| {
            attributes.insert(name);
        });
    }
    let identity = ["resource_type", "id", "display_name"];
    let columns = identity.len() + attributes.len();
    if max_columns.is_some_and(|max| columns > max) {
        bail!(
            "the profiles of users have {} attributes, more than a sheet has columns: export CSV",
            attributes.len()
        );
    }
    let prefixed = attributes.iter().map(|name| format!("profile.{name}"));
    let names: Vec<_> = owned(&identity).into_iter().chain(prefixed).collect();
    to.begin("profiles", &names)?;
    for user in users() {
        let user = user?;
        let mut values = Map::new();
        flatten(&user.profile, "", &mut |name, value| {
            values.insert(name, Value::String(value));
        });
        let mut row = vec![user.resource_type, user.id, user.display_name];
        row.extend(attributes.iter().map(|name| match values.remove(name) {
            Some(Value::String(value)) => value,
            _ => String::new(),
        }));
        to.row(row)?;
    }
    to.end()
}

/// Tells each attribute by its dotted path. Several values stand side by side, as JSON where they
/// are more than words.
fn flatten(profile: &Map<String, Value>, path: &str, tell: &mut dyn FnMut(String, String)) {
    for (name, value) in profile {
        let path = match path.is_empty() {
            true => name.clone(),
            false => format!("{path}.{name}"),
        };
        match value {
            Value::Object(inner) => flatten(inner, &path, tell),
            Value::Null => tell(path, String::new()),
            Value::String(text) => tell(path, text.clone()),
            Value::Array(values) if values.iter().all(Value::is_string) => {
                let words: Vec<_> = values.iter().filter_map(Value::as_str).collect();
                tell(path, words.join("; "));
            }
            other => tell(path, other.to_string()),
        }
    }
}

fn owned(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// Writes every fact, also those that have no name here, as one object per line.
pub(super) fn write_lines(sync: &Sync, to: &mut Folder) -> anyhow::Result<()> {
    to.begin_lines("resource_types")?;
    for resource_type in sync.resource_types() {
        let it = resource_type?;
        to.line(&with_annotations(&type_view(&it), &it.annotations))?;
    }
    to.end()?;
    to.begin_lines("resources")?;
    for resource in sync.resources(None) {
        let it = resource?;
        to.line(&with_annotations(&ResourceView::from(&it), &it.annotations))?;
    }
    to.end()?;
    to.begin_lines("entitlements")?;
    for entitlement in sync.entitlements(&EntitlementFilter::default()) {
        let it = entitlement?;
        to.line(&with_annotations(
            &EntitlementView::from(&it),
            &it.annotations,
        ))?;
    }
    to.end()?;
    let names = Names::of(sync);
    to.begin_lines("grants")?;
    for grant in sync.grants(&GrantFilter::default()) {
        let it = grant?;
        to.line(&with_annotations(
            &grants::view(&it, &names)?,
            &it.annotations,
        ))?;
    }
    to.end()
}

fn type_view(of: &ResourceType) -> Value {
    json!({
        "id": of.id.0,
        "display_name": of.display_name,
        "description": of.description,
        "traits": of.traits.iter().map(|it| it.name()).collect::<Vec<_>>(),
        "skip_entitlements_and_grants": of.skip_entitlements_and_grants,
    })
}

/// The view with the bytes of its annotations beside their names, and of fields nobody knows here.
fn with_annotations(view: &impl Serialize, annotations: &[Annotation]) -> Value {
    let mut view = json!(view);
    if !annotations.is_empty() {
        let all = annotations.iter().map(|annotation| {
            let value = BASE64_STANDARD.encode(&annotation.value);
            match message::is_annotation(annotation) {
                true => json!({ "type_url": annotation.type_url, "value": value }),
                false => {
                    let of = message::annotation_name(annotation);
                    json!({ "unknown_fields_of": of, "value": value })
                }
            }
        });
        view["annotations"] = all.collect();
    }
    view
}
