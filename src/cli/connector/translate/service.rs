//! Service mode.

use secrecy::ExposeSecret as _;

use super::super::flags::Flags;
use super::super::layers::Given;
use super::super::refusal::Refusal;
use super::words::Words;
use super::{Surroundings, connector, sync};

/// Flags that ask for one thing, which a service does not do, and what is synced once.
const NOT_HERE: [&str; 20] = [
    "grant-entitlement",
    "revoke-grant",
    "event-feed",
    "create-account-profile",
    "create-account-login",
    "create-account-email",
    "invoke-action",
    "list-action-schemas",
    "invoke-resource-action",
    "list-resource-actions",
    "delete-resource",
    "rotate-credentials",
    "create-ticket",
    "bulk-create-ticket",
    "list-ticket-schemas",
    "get-ticket",
    "diff-syncs",
    "compact-syncs",
    "sync-resources",
    "external-resource-c1z",
];

/// Says that tasks are taken from a platform.
pub(super) fn say(
    flags: &Flags,
    given: &Given,
    around: &Surroundings<'_>,
    words: &mut Words,
    notes: &mut Vec<String>,
) -> Result<(), Refusal> {
    let service = &flags.service;
    let set = |name| around.environment.get(name).filter(|text| !text.is_empty());
    words.word("daemon");
    words.given("--client-id", service.client_id.as_deref());
    let secret = service.client_secret.as_ref();
    words.given("--client-secret", secret.map(|it| it.expose_secret()));
    words.given("--platform-host", set("BATON_C1_API_HOST").as_deref());
    words.given("--host-id", set("BATON_HOST_ID").as_deref());
    words.word_if(service.provisioning, "--provisioning");
    words.word_if(service.skip_full_sync, "--skip-full-sync");
    words.value("--task-concurrency", &service.task_concurrency.to_string());
    let in_batches = set("BATON_GET_TASKS").is_some_and(|text| text.eq_ignore_ascii_case("true"));
    words.word_if(in_batches, "--get-tasks");
    words.each("--resource-types", &flags.sync.sync_resource_types);
    sync::side_by_side(flags, words);
    words.given("--partial-syncs", service.partial_syncs.as_deref());
    if let Some(folder) = super::scratch(flags, around)? {
        let name = format!("rolecall-{}", name_of(service.client_id.as_deref()));
        let state = folder.join(name).display().to_string();
        words.value("--state", &state);
    }
    if service.health_check {
        words.value("--health", &health_address(flags));
    }
    let passed_over = NOT_HERE.iter().filter(|name| given.is(name));
    notes.extend(passed_over.map(|name| {
        let given = given.describe(name);
        format!("{given} has no effect: with `--client-id`, the platform says what is done")
    }));
    notes.extend(sync::of_engine(flags));
    if given.is("otel-collector-endpoint") {
        notes.push(
            "`--otel-collector-endpoint` has no effect: traces are those of a sync that is not a task"
                .to_owned(),
        );
    }
    words.rest([connector(flags)?]);
    Ok(())
}

/// Where a service tells how it is.
pub(in crate::cli::connector) fn health_address(flags: &Flags) -> String {
    let service = &flags.service;
    let port = service.health_check_port;
    let address = match service.health_check_bind_address.as_str() {
        "localhost" | "" => "127.0.0.1",
        address => address,
    };
    match address.contains(':') && !address.starts_with('[') {
        true => format!("[{address}]:{port}"),
        false => format!("{address}:{port}"),
    }
}

/// The name in a client id, as part of the name of a folder: several connectors may share the one
/// that it is in.
fn name_of(client_id: Option<&str>) -> String {
    let name = client_id.and_then(|id| id.split('@').next());
    let safe = |c: char| match c.is_ascii_alphanumeric() || c == '-' {
        true => c,
        false => '-',
    };
    name.unwrap_or_default().chars().map(safe).collect()
}
