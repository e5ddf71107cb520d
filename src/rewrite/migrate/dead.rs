//! Fields that nobody acts on.

use super::Migration;
use super::sections::{Document, entry, one_or_many};
use super::text::remove;
use crate::config::{Dialect, Node};

/// Every field that does nothing, here or elsewhere.
pub(super) fn find(document: &Document<'_>) -> Vec<Migration> {
    let mut found = Vec::new();
    for listing in document.listings() {
        for mapping in listing.mappings() {
            drop_field(document, mapping, "annotations", &mut found);
        }
    }
    for of_type in document.types() {
        let statics = of_type.get("static_entitlements").into_iter();
        for entitlement in statics.flat_map(one_or_many) {
            drop_field(document, entitlement, "skip_if", &mut found);
        }
        for section in ["account_provisioning", "credential_rotation"] {
            let credentials = of_type.get(section).and_then(|it| it.get("credentials"));
            let random = credentials.and_then(|it| it.get("random_password"));
            if let Some(random) = random.filter(|random| random.get("constraints").is_some()) {
                for field in ["min_length", "max_length", "disallowed_characters"] {
                    drop_field(document, random, field, &mut found);
                }
            }
        }
    }
    if document.dialect == Dialect::Sql {
        drop_field(document, document.root, "error_handling", &mut found);
    }
    found
}

fn drop_field(document: &Document<'_>, map: &Node, name: &str, found: &mut Vec<Migration>) {
    if let Some((index, key, _)) = entry(map, name)
        && let Some(edit) = remove(document.text(), map, index)
    {
        let reason = format!("`{name}` has no effect there");
        found.push(document.migration(key.span, reason, vec![edit]));
    }
}
