//! Every statement of a file, looked at by the database: it says which columns there are.

use super::Online;
use crate::diagnostic::{Diagnostic, Location, Severity, list, nearest};
use crate::plan::{
    AccountPlan, ChangePlan, ColumnRead, FindPlan, Plan, ProvisioningPlan, ResourcesPlan,
    SqlChangePlan, TypePlan,
};
use crate::source::sql::SqlStatement;
use crate::source::{Described, Fetch, SourceError, Typed};

/// A column that every row has without being selected.
const DATABASE: &str = "database";

/// How many columns of a query are named in a message.
const NAMED: usize = 12;

/// Looks at the statements of every section.
pub(super) async fn check(plan: &Plan, online: &mut Online) {
    if plan.source.http().is_some() {
        return;
    }
    for found in &plan.types {
        listings(found, online).await;
    }
    let mut all = Vec::new();
    for found in &plan.types {
        of_type(found, &mut all);
    }
    for action in &plan.actions {
        of_change(&format!("actions.{}", action.id), &action.change, &mut all);
    }
    for Asked {
        name,
        statement,
        is_later,
    } in all
    {
        let said = statement.describe().await;
        let before = online.found.len();
        note(&name, Some(statement.written()), said, online);
        for found in online.found[before..].iter_mut().filter(|_| is_later) {
            found.severity = Severity::Warning;
            found.help = Some(LATER.to_owned());
        }
    }
}

/// A statement that is looked at.
struct Asked<'p> {
    /// The section that it belongs to.
    name: String,
    statement: &'p SqlStatement,
    /// True when others of the same change run before it, and may make what it needs.
    is_later: bool,
}

/// What is said of such a statement.
const LATER: &str = "nothing is wrong where a statement before it makes what is missing";

async fn listings(found: &TypePlan, online: &mut Online) {
    let id = &found.resource_type.id;
    if let ResourcesPlan::Listed { fetch, reads, .. } = &found.resources {
        let name = format!("resource_types.{id}.list");
        listing(&name, fetch.as_ref(), reads, online).await;
    }
    for entry in &found.entitlements {
        let name = format!("resource_types.{id}.entitlements");
        listing(&name, entry.fetch.as_ref(), &entry.reads, online).await;
    }
    for entry in &found.grants {
        let name = format!("resource_types.{id}.grants");
        listing(&name, entry.fetch.as_ref(), &entry.reads, online).await;
        if let Some(changes) = &entry.changes {
            let granted = changes.granted.fetch.as_ref();
            listing(&format!("{name}.incremental_sync"), granted, &[], online).await;
            if let Some(revoked) = &changes.revoked {
                let revoked = revoked.fetch.as_ref();
                listing(&format!("{name}.incremental_sync"), revoked, &[], online).await;
            }
        }
    }
    if let Some(changes) = &found.changes {
        let name = format!("resource_types.{id}.incremental_sync");
        listing(&name, changes.fetch.as_ref(), &[], online).await;
    }
}

async fn listing(name: &str, fetch: &dyn Fetch, reads: &[ColumnRead], online: &mut Online) {
    let said = fetch.describe().await;
    if let Some(columns) = note(name, fetch.written(), said, online) {
        missing(&columns, reads, online);
    }
}

/// Notes what a database says of a statement; the columns of its rows, where it says them.
fn note(
    name: &str,
    at: Option<Location>,
    said: Result<Described, SourceError>,
    online: &mut Online,
) -> Option<Vec<Typed>> {
    match said {
        Ok(Described::Known { columns, .. }) => {
            online.statements += 1;
            Some(columns)
        }
        Ok(Described::Unknown { reason }) => {
            online.unchecked.push((name.to_owned(), reason));
            None
        }
        Err(error) => {
            online.found.push(refused(error, at));
            None
        }
    }
}

/// The database does not understand a statement, or does not allow it.
fn refused(error: SourceError, written: Option<Location>) -> Diagnostic {
    let (message, at) = match error {
        SourceError::Query { at, reason, .. } => (
            format!("the database refuses this: {reason}"),
            at.or(written),
        ),
        error => (error.to_string(), written),
    };
    match at {
        Some(at) => Diagnostic::error("query-refused", at, message),
        None => Diagnostic::unplaced("query-refused", message),
    }
}

/// Notes each column that is read and not there.
fn missing(columns: &[Typed], reads: &[ColumnRead], online: &mut Online) {
    if columns.is_empty() {
        return;
    }
    let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
    for read in reads {
        let known = names.iter().any(|name| *name == read.name);
        if known || read.name.eq_ignore_ascii_case(DATABASE) {
            continue;
        }
        // Expressions take case as it is written.
        let near = names
            .iter()
            .find(|name| name.eq_ignore_ascii_case(&read.name))
            .copied()
            .or_else(|| nearest(&read.name, names.iter().copied()));
        let message = format!("the query brings no column `{}`", read.name);
        let diagnostic = Diagnostic::error("column-not-there", read.at.clone(), message);
        online.found.push(diagnostic.help(match near {
            Some(near) => format!("did you mean `{near}`?"),
            None => {
                let more = names.len().saturating_sub(NAMED);
                let shown = list(&names[..names.len() - more]);
                match more {
                    0 => format!("it brings {shown}"),
                    more => format!("it brings {shown} and {more} more"),
                }
            }
        }));
    }
}

fn of_type<'p>(found: &'p TypePlan, all: &mut Vec<Asked<'p>>) {
    let path = |section: &str| format!("resource_types.{}.{section}", found.resource_type.id);
    for (entitlement, provisioning) in &found.provisioning.statics {
        let name = path(&format!("static_entitlements.{entitlement}.provisioning"));
        of_provisioning(&name, provisioning, all);
    }
    if let Some(provisioning) = &found.provisioning.listed {
        of_provisioning(&path("entitlements.provisioning"), provisioning, all);
    }
    let made = [
        ("account_provisioning", &found.account),
        ("create", &found.creation),
    ];
    for (section, plan) in made {
        if let Some(AccountPlan { find, create, .. }) = plan {
            of_find(&path(section), find.as_ref(), all);
            of_change(&path(section), create, all);
        }
    }
    if let Some(rotation) = &found.rotation {
        of_change(&path("credential_rotation"), &rotation.update, all);
    }
    if let Some(deletion) = &found.deletion {
        of_change(&path("delete"), deletion, all);
    }
    of_find(&path("get"), found.get.as_ref(), all);
}

fn of_provisioning<'p>(name: &str, provisioning: &'p ProvisioningPlan, all: &mut Vec<Asked<'p>>) {
    for (side, change) in [
        ("grant", &provisioning.grant),
        ("revoke", &provisioning.revoke),
    ] {
        if let Some(change) = change {
            of_change(&format!("{name}.{side}"), change, all);
        }
    }
    of_find(
        &format!("{name}.read_back"),
        provisioning.read_back.find.as_ref(),
        all,
    );
}

fn of_find<'p>(name: &str, find: Option<&'p FindPlan>, all: &mut Vec<Asked<'p>>) {
    if let Some(FindPlan::Sql(query)) = find {
        all.push(Asked {
            name: name.to_owned(),
            statement: query,
            is_later: false,
        });
    }
}

fn of_change<'p>(name: &str, change: &'p ChangePlan, all: &mut Vec<Asked<'p>>) {
    let ChangePlan::Sql(change) = change else {
        return;
    };
    let SqlChangePlan {
        rejection,
        replacement,
        validations,
        statements,
        principal_exists,
        ..
    } = change.as_ref();
    let first = rejection.iter().map(|it| &it.query);
    let replaced = replacement.iter().map(|it| &it.query);
    let before = first.chain(replaced).chain(validations);
    let before = before.map(|statement| (statement, false));
    let changing = statements.iter().enumerate();
    let changing = changing.map(|(index, statement)| (statement, index > 0));
    let after = principal_exists.iter().map(|statement| (statement, true));
    for (statement, is_later) in before.chain(changing).chain(after) {
        all.push(Asked {
            name: name.to_owned(),
            statement,
            is_later,
        });
    }
}
