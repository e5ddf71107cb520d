//! Rows and records → the columns of a table: those in which something stands.

use serde_json::Value as Json;

use super::view::RowView;
use crate::cli::inspect::view::{EntitlementView, GrantView, ResourceView};
use crate::expr::Value;
use crate::preview::{Hide, Row};

/// The longest text of a cell.
const LONGEST: usize = 60;

/// Columns of a table of records at most.
const COLUMNS: usize = 12;

/// A table.
pub(super) struct Table {
    pub titles: Vec<String>,
    pub rows: Vec<Vec<String>>,
}

/// Rows as a table.
pub(super) fn mapped<'r>(rows: impl Iterator<Item = &'r Row>, hide: &Hide) -> Table {
    let cells = rows.map(|row| match RowView::of(row, hide) {
        RowView::Resource(resource) => of_resource(&resource),
        RowView::Entitlement(entitlement) => of_entitlement(&entitlement),
        RowView::Grant(grant) => of_grant(&grant),
    });
    put_together(cells)
}

/// Records as a table.
pub(super) fn raw<'r>(records: impl Iterator<Item = &'r Value>, hide: &Hide) -> Table {
    let cells = records.map(|record| match hide.value(record) {
        Value::Map(fields) => {
            let cells = fields
                .iter()
                .map(|(name, value)| (name.clone(), text(value)));
            cells.collect()
        }
        value => vec![("Record".to_owned(), text(&value))],
    });
    let mut table = put_together(cells);
    let more = table.titles.len().saturating_sub(COLUMNS);
    if more > 0 {
        table.titles.truncate(COLUMNS);
        table.titles.push(format!("{more} more"));
        for row in &mut table.rows {
            row.truncate(COLUMNS);
            row.push("…".to_owned());
        }
    }
    table
}

type Cells = Vec<(String, String)>;

/// Cells by their titles, in the order in which titles first came; without those that hold nothing.
fn put_together(cells: impl Iterator<Item = Cells>) -> Table {
    let mut titles: Vec<String> = Vec::new();
    let cells: Vec<Cells> = cells.collect();
    for (title, text) in cells.iter().flatten() {
        if !text.is_empty() && !titles.contains(title) {
            titles.push(title.clone());
        }
    }
    // In the order of the rows, also where the first row has nothing in some column.
    let order: Vec<&String> = cells.iter().flatten().map(|(title, _)| title).collect();
    titles.sort_by_key(|title| order.iter().position(|it| *it == title));
    let rows = cells.iter().map(|cells| {
        let cell = |title: &String| {
            let found = cells.iter().find(|(it, _)| it == title);
            found.map_or(String::new(), |(_, text)| short(text))
        };
        titles.iter().map(cell).collect()
    });
    Table {
        rows: rows.collect(),
        titles,
    }
}

fn of_resource(resource: &ResourceView) -> Cells {
    let user = resource.user.as_ref();
    let parent = resource.parent.as_ref();
    let moment = |at: Option<chrono::DateTime<chrono::Utc>>| {
        at.map_or(String::new(), |at| {
            at.format("%Y-%m-%dT%H:%M:%SZ").to_string()
        })
    };
    let of_user =
        |text: fn(&crate::cli::inspect::view::UserView) -> String| user.map_or(String::new(), text);
    let profile = resource.profile.iter();
    let profile: Vec<String> = profile
        .map(|(name, value)| match value {
            Json::String(text) => format!("{name}={text}"),
            value => format!("{name}={value}"),
        })
        .collect();
    named([
        ("ID", resource.id.clone()),
        ("Name", resource.display_name.clone()),
        ("Description", resource.description.clone()),
        (
            "Parent",
            parent.map_or(String::new(), |id| {
                format!("{}:{}", id.resource_type, id.id)
            }),
        ),
        (
            "Status",
            of_user(|user| match (user.status, user.status_details.as_str()) {
                (status, "") => status.unwrap_or_default().to_owned(),
                (status, details) => format!("{} ({details})", status.unwrap_or("unknown")),
            }),
        ),
        ("Login", of_user(|user| user.login.clone())),
        (
            "Email",
            of_user(|user| {
                let emails = user.emails.iter().map(|email| email.address.as_str());
                emails.collect::<Vec<_>>().join(", ")
            }),
        ),
        (
            "Account",
            of_user(|user| user.account_type.unwrap_or_default().to_owned()),
        ),
        ("Last login", moment(user.and_then(|user| user.last_login))),
        ("Profile", profile.join(", ")),
    ])
}

fn of_entitlement(entitlement: &EntitlementView) -> Cells {
    named([
        ("Resource", entitlement.resource.name()),
        ("Permission", entitlement.slug.clone()),
        ("Name", entitlement.display_name.clone()),
        (
            "Purpose",
            entitlement.purpose.unwrap_or_default().to_owned(),
        ),
        ("Grantable to", entitlement.grantable_to.join(", ")),
        ("ID", entitlement.id.clone()),
    ])
}

fn of_grant(grant: &GrantView) -> Cells {
    let resource = grant.entitlement.resource.as_ref();
    let expansion = grant.expansion.as_ref();
    named([
        (
            "Principal",
            format!("{}:{}", grant.principal.resource_type, grant.principal.id),
        ),
        ("Entitlement", grant.entitlement.id.clone()),
        ("Resource", resource.map_or(String::new(), |it| it.name())),
        (
            "Brings holders of",
            expansion.map_or(String::new(), |it| it.entitlement_ids.join(", ")),
        ),
    ])
}

fn named<const N: usize>(cells: [(&str, String); N]) -> Cells {
    let cells = cells.into_iter();
    cells
        .map(|(title, text)| (title.to_owned(), text))
        .collect()
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Text(text) => text.clone(),
        value => Json::from(value).to_string(),
    }
}

fn short(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
