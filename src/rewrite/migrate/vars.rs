//! Placeholders that mean the current resource without saying so.

use std::sync::LazyLock;

use regex::Regex;

use super::Migration;
use super::sections::{Document, entry};
use super::text::{column, is_flow};
use crate::config::Node;
use crate::diagnostic::{Diagnostic, Edit};

/// The variables that the listings with such placeholders lack.
pub(super) fn find(document: &Document<'_>, told: &[Diagnostic]) -> Vec<Migration> {
    static NAME: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"^\?<([A-Za-z0-9_]+)").expect("a pattern"));
    let text = document.text();
    let implicit = told.iter().filter(|it| it.code == "implicit-placeholder");
    let found = implicit.filter_map(|diagnostic| {
        let at = diagnostic.at.as_ref()?.span;
        let placeholder = &text[at.start..];
        let name = &NAME.captures(placeholder)?[1];
        let mut listings = document.listings().into_iter();
        let listing = listings.find(|listing| {
            let query = listing.node.get("query").map(|query| query.span);
            query.is_some_and(|query| query.start <= at.start && at.end <= query.end)
        })?;
        let edit = declare(text, listing.node, &name.to_lowercase())?;
        let reason = format!("`?<{name}>` is the id of the current resource: `vars` says so");
        Some(document.migration(at, reason, vec![edit]))
    });
    found.collect()
}

/// The edit that adds a variable to a listing.
fn declare(text: &str, listing: &Node, name: &str) -> Option<Edit> {
    let written = format!("{name}: resource.ID");
    if let Some((_, _, vars)) = entry(listing, "vars") {
        let (first, _) = vars.as_map()?.first()?;
        let at = first.span.start;
        return Some(match is_flow(text, vars) {
            true => Edit::insert(at, format!("{written}, ")),
            false => Edit::insert(at, format!("{written}\n{}", " ".repeat(column(text, at)))),
        });
    }
    let (_, key, _) = entry(listing, "query")?;
    let at = key.span.start;
    Some(match is_flow(text, listing) {
        true => Edit::insert(at, format!("vars: {{{written}}}, ")),
        false => {
            let indent = " ".repeat(column(text, at));
            Edit::insert(at, format!("vars: {{{written}}}\n{indent}"))
        }
    })
}
