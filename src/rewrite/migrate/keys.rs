//! Fields that have another name now.

use super::Migration;
use super::sections::{Document, entry};
use crate::config::{Dialect, Node};
use crate::diagnostic::Edit;

/// Every field that goes by an older name.
pub(super) fn find(document: &Document<'_>) -> Vec<Migration> {
    let mut found = Vec::new();
    for listing in document.listings() {
        rename(document, listing.node, "mapping", "map", &mut found);
        if let Some(pagination) = listing.node.get("pagination") {
            paging(document, pagination, &mut found);
        }
        for mapping in listing.mappings() {
            // Files of APIs are written with that name to this day.
            if document.dialect == Dialect::Sql {
                rename(
                    document,
                    mapping,
                    "entitlement_name",
                    "entitlement_id",
                    &mut found,
                );
            }
        }
    }
    let connect = document.root.get("connect");
    if let Some(pagination) = connect.and_then(|connect| connect.get("pagination")) {
        paging(document, pagination, &mut found);
    }
    found
}

fn paging(document: &Document<'_>, pagination: &Node, found: &mut Vec<Migration>) {
    rename(
        document,
        pagination,
        "next_link_path",
        "link_next_path",
        found,
    );
}

fn rename(
    document: &Document<'_>,
    map: &Node,
    old: &str,
    new: &'static str,
    found: &mut Vec<Migration>,
) {
    if let Some((_, key, _)) = entry(map, old)
        && entry(map, new).is_none()
    {
        let reason = format!("`{old}` is called `{new}` now");
        let edit = Edit::replace(key.span, new);
        found.push(document.migration(key.span, reason, vec![edit]));
    }
}
