//! Facts of one thing → its fields by dotted path, and two of them → the fields that differ.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::c1z::message;
use crate::cli::inspect::view::{EntitlementView, ExpansionView, ExternalMatchView, ResourceView};
use crate::model::{Annotation, Entitlement, Grant, Resource, ResourceType};

/// A field that is not the same, with its values; `null` where it is absent.
#[derive(Debug, Serialize, PartialEq)]
pub(super) struct ChangedField {
    pub field: String,
    pub before: Value,
    pub after: Value,
}

/// The fields in which two things differ, sorted by name.
pub(super) fn changed(before: Value, after: Value) -> Vec<ChangedField> {
    let (mut old, mut new) = (BTreeMap::new(), BTreeMap::new());
    flatten(String::new(), before, &mut old);
    flatten(String::new(), after, &mut new);
    let mut names: Vec<_> = old.keys().chain(new.keys()).cloned().collect();
    names.sort();
    names.dedup();
    let fields = names.into_iter().map(|field| ChangedField {
        before: old.remove(&field).unwrap_or_default(),
        after: new.remove(&field).unwrap_or_default(),
        field,
    });
    fields.filter(|field| field.before != field.after).collect()
}

/// An empty object is a field too, as that it is there may be all it says; but for those that hold
/// any number of things by name.
fn flatten(path: String, value: Value, into: &mut BTreeMap<String, Value>) {
    match value {
        Value::Object(fields)
            if fields.is_empty() && ["annotations", "sources"].contains(&&*path) => {}
        Value::Object(fields) if !fields.is_empty() => {
            for (name, value) in fields {
                let path = match path.is_empty() {
                    true => name,
                    false => format!("{path}.{name}"),
                };
                flatten(path, value, into);
            }
        }
        value => {
            into.insert(path, value);
        }
    }
}

pub(super) fn of_resource_type(of: &ResourceType) -> Value {
    json!({
        "display_name": of.display_name,
        "description": of.description,
        "traits": of.traits.iter().map(|it| it.name()).collect::<Vec<_>>(),
        "skip_entitlements_and_grants": of.skip_entitlements_and_grants,
        "annotations": annotations(&of.annotations),
    })
}

pub(super) fn of_resource(of: &Resource) -> Value {
    without_identity(
        &ResourceView::from(of),
        &["resource_type", "id"],
        &of.annotations,
    )
}

/// Without what the resource is called: that is a fact of the resource.
pub(super) fn of_entitlement(of: &Entitlement) -> Value {
    let mut fields = without_identity(&EntitlementView::from(of), &["id"], &of.annotations);
    if let Some(Value::Object(resource)) = fields.get_mut("resource") {
        resource.remove("display_name");
    }
    fields
}

pub(super) fn of_grant(of: &Grant) -> Value {
    let sources: BTreeMap<_, _> = of
        .sources
        .iter()
        .map(|(id, it)| (id, it.is_direct))
        .collect();
    let mut fields = Map::new();
    fields.insert("id".into(), json!(of.id.0));
    fields.insert("immutable".into(), json!(of.immutable));
    if let Some(expansion) = &of.expansion {
        fields.insert("expansion".into(), json!(ExpansionView::from(expansion)));
    }
    if let Some(found) = &of.external_match {
        let view = ExternalMatchView::from(found);
        fields.insert("external_match".into(), json!(view));
    }
    fields.insert("sources".into(), json!(sources));
    fields.insert("annotations".into(), annotations(&of.annotations));
    Value::Object(fields)
}

fn without_identity(view: &impl Serialize, identity: &[&str], kept: &[Annotation]) -> Value {
    let mut fields = json!(view);
    if let Value::Object(fields) = &mut fields {
        for name in identity {
            fields.remove(*name);
        }
        fields.insert("annotations".into(), annotations(kept));
    }
    fields
}

/// What a file says beyond the fields that have a name here, by message.
fn annotations(kept: &[Annotation]) -> Value {
    let mut values: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for annotation in kept {
        let name = message::annotation_name(annotation);
        let value = BASE64_STANDARD.encode(&annotation.value);
        values.entry(name).or_default().push(value);
    }
    // A dot in a name would look like a field within a field.
    let named = values.into_iter().map(|(name, values)| {
        let name = name.rsplit('.').next().unwrap_or(name);
        (name.to_owned(), json!(values))
    });
    Value::Object(named.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_within_fields_have_dotted_names() {
        let before =
            json!({"a": 1, "b": {"c": [1], "d": null}, "same": {"x": 1}, "gone": {"y": 2}});
        let after = json!({"a": 2, "b": {"c": [1, 2]}, "same": {"x": 1}, "new": {}});
        let changed = changed(before, after);
        let told: Vec<_> = changed
            .iter()
            .map(|it| format!("{} {} {}", it.field, it.before, it.after))
            .collect();
        assert_eq!(
            told,
            ["a 1 2", "b.c [1] [1,2]", "gone.y 2 null", "new null {}"]
        );
    }
}
