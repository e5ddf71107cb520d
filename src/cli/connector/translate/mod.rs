//! What the flags of a Go connector ask for → a command line of this program.

mod change;
mod files;
mod logs;
mod service;
mod sync;
#[cfg(test)]
mod tests;
mod words;

pub(super) use service::health_address;

use std::path::PathBuf;
use std::time::Duration;

use tonic::Code;

use self::words::Words;
use super::flags::{Flags, ResourceActionFlags};
use super::layers::{Given, without_connector};
use super::refusal::Refusal;
use super::sub_command::SubCommand;
use crate::config::Environment;

/// A command line of this program, and what goes with it.
pub(super) struct Translated {
    /// The arguments, without the name of the program. They are parsed within the process: nobody
    /// else sees them.
    pub arguments: Vec<String>,
    /// True for what only reads: what may lack something still is a success for those who call such a
    /// connector.
    pub only_reads: bool,
    /// What has no effect although it was given, for the log.
    pub notes: Vec<String>,
    /// Where large files may be unpacked.
    pub scratch: Option<PathBuf>,
    /// How long an API may be silent where the connector file does not say it.
    pub silence: Duration,
}

/// Where the program runs, as far as that matters here.
pub(super) struct Surroundings<'e> {
    /// The variables.
    pub environment: &'e dyn Environment,
    /// Whether people read standard error.
    pub terminal: bool,
}

/// Says in this program's words what is asked for.
pub(super) fn translate(
    flags: &Flags,
    given: &Given,
    sub_command: Option<&SubCommand>,
    around: &Surroundings<'_>,
) -> Result<Translated, Refusal> {
    let mut words = Words::default();
    let mut notes = without_effect(given);
    logs::say(&flags.logs, around.terminal, &mut words);
    let only_reads = match sub_command {
        Some(_) => {
            let connector = connector(flags)?;
            words.word("capabilities").word("--as-any");
            words.rest([connector]);
            true
        }
        None if flags.validate_config_only => {
            words.word("validate").rest([connector(flags)?]);
            true
        }
        None if flags
            .service
            .client_id
            .as_ref()
            .is_some_and(|id| !id.is_empty()) =>
        {
            service::say(flags, given, around, &mut words, &mut notes)?;
            true
        }
        None => once(flags, around, &mut words, &mut notes)?,
    };
    Ok(Translated {
        arguments: words.into_arguments(),
        only_reads,
        notes,
        scratch: scratch(flags, around)?,
        silence: Duration::from_secs(flags.http_timeout_seconds),
    })
}

/// Says what is done once. The first flag that asks for something wins, in the order in which those
/// connectors look. Returns whether it only reads.
fn once(
    flags: &Flags,
    around: &Surroundings<'_>,
    words: &mut Words,
    notes: &mut Vec<String>,
) -> Result<bool, Refusal> {
    let file = flags.file.display().to_string();
    let says = |value: &Option<String>| value.as_ref().is_some_and(|text| !text.is_empty());
    let (holding, account) = (&flags.holding, &flags.account);
    let of_type = &flags.resource_action;
    if says(&holding.grant_entitlement) || says(&holding.revoke_grant) {
        change::holding(holding, &file, connector(flags)?, words);
    } else if flags.events.event_feed {
        change::events(&flags.events, connector(flags)?, words)?;
        return Ok(true);
    } else if says(&account.create_account_profile)
        || says(&account.create_account_login)
        || says(&account.create_account_email)
    {
        change::account(account, connector(flags)?, words)?;
    } else if let Some(action) = flags
        .action
        .invoke_action
        .as_ref()
        .filter(|it| !it.is_empty())
    {
        of_no_type(
            flags.action.invoke_action_resource_type.as_deref(),
            Some(action),
        )?;
        let said = &flags.action.invoke_action_args;
        change::action(action, said, connector(flags)?, words)?;
    } else if flags.action.list_action_schemas {
        let of = flags.action.list_action_schemas_resource_type.as_deref();
        of_no_type(of, None)?;
        words.word("list-actions").rest([connector(flags)?]);
        return Ok(true);
    } else if says(&flags.deletion.delete_resource) {
        change::deletion(&flags.deletion, connector(flags)?, words);
    } else if says(&flags.rotation.rotate_credentials) {
        change::rotation(&flags.rotation, account, connector(flags)?, words);
    } else if flags.tickets.ask() {
        return Err(Refusal::of(
            Code::Unimplemented,
            "there are no tickets: connector files of this language describe none",
        ));
    } else if flags.diff.diff_syncs {
        files::diff(&flags.diff, &file, words);
    } else if flags.compact.compact_syncs {
        files::compact(&flags.compact, words)?;
    } else if asks(of_type) {
        return Err(nothing_of_types("are no actions of resource types"));
    } else {
        sync::say(flags, around, &file, connector(flags)?, words, notes)?;
        return Ok(true);
    }
    Ok(false)
}

fn asks(of_type: &ResourceActionFlags) -> bool {
    of_type.list_resource_actions
        || of_type
            .invoke_resource_action
            .as_ref()
            .is_some_and(|action| !action.is_empty())
}

fn connector(flags: &Flags) -> Result<String, Refusal> {
    let named = flags
        .config_path
        .as_ref()
        .map(|path| path.display().to_string());
    named
        .filter(|path| !path.is_empty())
        .ok_or_else(without_connector)
}

/// Actions of connector files belong to no resource type: whoever asks for one that does gets none.
fn of_no_type(of: Option<&str>, action: Option<&str>) -> Result<(), Refusal> {
    let there = match (of.filter(|of| !of.is_empty()), action) {
        (None, _) => return Ok(()),
        (Some(of), Some(action)) => format!("is no action `{action}` of `{of}`"),
        (Some(of), None) => format!("are no actions of `{of}`"),
    };
    Err(nothing_of_types(&there))
}

fn nothing_of_types(there: &str) -> Refusal {
    let message = format!(
        "there {there}: the actions of a connector file belong to no resource type, and `--list-action-schemas` shows them"
    );
    Refusal::of(Code::NotFound, message)
}

/// A folder of that name has to be there: nobody else makes one.
fn scratch(flags: &Flags, around: &Surroundings<'_>) -> Result<Option<PathBuf>, Refusal> {
    let of_environment = || around.environment.get("BATON_TMPDIR").map(PathBuf::from);
    let named = flags.c1z_temp_dir.clone().or_else(of_environment);
    let Some(folder) = named.filter(|path| !path.as_os_str().is_empty()) else {
        return Ok(None);
    };
    match folder.is_dir() {
        true => Ok(Some(folder)),
        false => Err(Refusal::wrong(format!(
            "`{}`, where files should be unpacked, is no folder",
            folder.display()
        ))),
    }
}

/// Flags that are accepted and do nothing, whatever is asked for.
fn without_effect(given: &Given) -> Vec<String> {
    let flags = [
        (
            "auth-method",
            "a connector file says itself how it connects",
        ),
        ("keep-previous-sync-c1z", "a sync reads everything anew"),
        (
            "log-level-debug-expires-at",
            "only a build that is no service reads it",
        ),
        (
            "session-store-maximum-size",
            "there is no cache of sessions",
        ),
        (
            "ticketing",
            "connector files of this language describe no tickets",
        ),
        (
            "otel-collector-endpoint-tls-cert",
            "`SSL_CERT_FILE` adds certificates",
        ),
        (
            "otel-collector-endpoint-tls-cert-path",
            "`SSL_CERT_FILE` adds certificates",
        ),
    ];
    let given = flags.iter().filter(|(name, _)| given.is(name));
    given
        .map(|(name, why)| format!("`--{name}` has no effect: {why}"))
        .collect()
}
