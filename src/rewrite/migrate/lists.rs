//! Single values where there is a list of them.

use super::Migration;
use super::sections::{Brings, Document, entry};
use super::text::{end, in_brackets, indent, is_flow};
use crate::config::{Dialect, Node, NodeValue};
use crate::diagnostic::Edit;

/// Fields of an account that became lists, by their old names and the new ones.
const OF_ACCOUNTS: &[(&str, &str)] = &[
    ("emails", "emails"),
    ("login_aliases", "login_aliases"),
    ("employee_ids", "employee_ids"),
    ("employee_id", "employee_ids"),
];

/// Every single value that belongs into a list.
pub(super) fn find(document: &Document<'_>) -> Vec<Migration> {
    let mut found = Vec::new();
    for listing in document.listings() {
        let map = entry(listing.node, "map");
        if let (Some((_, key, map)), Brings::Entitlements | Brings::Grants) = (map, listing.brings)
            && map.as_map().is_some()
            && document.dialect == Dialect::Sql
        {
            let reason = format!("`{}` is a list: each row goes through all of it", key.text);
            found.extend(
                listed(document, map).map(|edits| document.migration(key.span, reason, edits)),
            );
        }
        for mapping in listing.mappings() {
            let nested = mapping.get("traits").and_then(|traits| traits.get("user"));
            for user in mapping.get("user_traits").into_iter().chain(nested) {
                account(document, user, &mut found);
            }
        }
    }
    if document.dialect == Dialect::Http {
        for of_type in document.types() {
            if let Some((_, key, node)) = entry(of_type, "entitlements")
                && node.as_map().is_some()
            {
                let reason = "`entitlements` is a list of listings, as `grants` is";
                let edits = listed(document, node);
                found.extend(edits.map(|edits| document.migration(key.span, reason, edits)));
            }
        }
    }
    found
}

fn account(document: &Document<'_>, user: &Node, found: &mut Vec<Migration>) {
    let mut names = OF_ACCOUNTS.to_vec();
    if document.dialect == Dialect::Sql {
        names.push(("email", "emails"));
    }
    for (old, new) in names {
        let Some((_, key, value)) = entry(user, old) else {
            continue;
        };
        if !matches!(value.value, NodeValue::Scalar { .. })
            || old != new && entry(user, new).is_some()
        {
            continue;
        }
        let Some(written) = in_brackets(document.text(), value) else {
            continue;
        };
        let reason = match old == new {
            true => format!("`{old}` is a list"),
            false => format!("`{old}` is called `{new}` now, which is a list"),
        };
        let mut edits = vec![Edit::replace(value.span, format!("[{written}]"))];
        if old != new {
            edits.push(Edit::replace(key.span, new));
        }
        found.push(document.migration(key.span, reason, edits));
    }
}

/// The edits that make a list of a mapping, with it as the one item.
fn listed(document: &Document<'_>, map: &Node) -> Option<Vec<Edit>> {
    let text = document.text();
    let (start, end) = (map.span.start, end(text, map)?);
    if is_flow(text, map) {
        return Some(vec![Edit::insert(start, "["), Edit::insert(end, "]")]);
    }
    let mut edits = indent(text, start, end, 2);
    // The first line gets its two columns by the dash.
    *edits.first_mut()? = Edit::insert(start, "- ");
    Some(edits)
}
