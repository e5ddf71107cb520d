//! Which flags belong together, and which do not.

use super::layers::Given;
use super::refusal::Refusal;

/// All of them, or none.
const TOGETHER: &[&[&str]] = &[
    &[
        "grant-entitlement",
        "grant-principal",
        "grant-principal-type",
    ],
    &["client-id", "client-secret"],
    &["delete-resource", "delete-resource-type"],
    &["rotate-credentials", "rotate-credentials-type"],
    &["create-ticket", "ticket-template-path"],
    &["bulk-create-ticket", "bulk-ticket-template-path"],
    &["get-ticket", "ticket-id"],
    &["diff-syncs", "base-sync-id", "applied-sync-id"],
    &[
        "compact-syncs",
        "compact-sync-ids",
        "compact-file-paths",
        "compact-output-path",
    ],
];

/// At most one of them: each asks for something else.
const ALONE: &[&[&str]] = &[
    &[
        "grant-entitlement",
        "revoke-grant",
        "create-account-login",
        "delete-resource",
        "rotate-credentials",
        "event-feed",
        "create-ticket",
        "get-ticket",
        "list-ticket-schemas",
        "bulk-create-ticket",
    ],
    &[
        "grant-entitlement",
        "revoke-grant",
        "create-account-email",
        "delete-resource-type",
        "rotate-credentials-type",
        "event-feed",
        "diff-syncs",
        "compact-syncs",
        "list-ticket-schemas",
    ],
];

/// The first one says something about the second one.
const NEEDS: &[(&str, &str)] = &[
    (
        "external-resource-entitlement-id-filter",
        "external-resource-c1z",
    ),
    ("external-resource-traits", "external-resource-c1z"),
    ("skip-grants", "sync-resources"),
    ("health-check-port", "health-check"),
    ("health-check-bind-address", "health-check"),
];

/// Checks flags against each other; all mistakes come in one sentence. `asks_health` where the
/// sub-command asks a service that runs already.
pub(super) fn check(given: &Given, asks_health: bool) -> Result<(), Refusal> {
    let mut wrong = Vec::new();
    for group in TOGETHER {
        let there = group.iter().filter(|name| given.is(name));
        let missing: Vec<_> = group.iter().filter(|name| !given.is(name)).collect();
        if let Some(first) = there.into_iter().next()
            && !missing.is_empty()
        {
            let missing = missing.iter().map(|name| format!("`--{name}`"));
            let missing = missing.collect::<Vec<_>>().join(", ");
            wrong.push(format!("{} needs {missing}", given.describe(first)));
        }
    }
    for group in ALONE {
        let there = group.iter().filter(|name| given.is(name));
        let there: Vec<_> = there.map(|name| given.describe(name)).collect();
        let sentence = format!("{} exclude each other", there.join(" and "));
        if there.len() > 1 && !wrong.contains(&sentence) {
            wrong.push(sentence);
        }
    }
    for (one, other) in NEEDS {
        let asked_for = asks_health && *other == "health-check";
        if given.is(one) && !given.is(other) && !asked_for {
            wrong.push(format!("{} needs `--{other}`", given.describe(one)));
        }
    }
    match wrong.is_empty() {
        true => Ok(()),
        false => Err(Refusal::wrong(wrong.join("; "))),
    }
}
