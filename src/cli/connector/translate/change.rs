//! One change, and the events that tell of changes.

use serde_json::{Map, Value as Json};
use tonic::Code;

use super::super::flags::{AccountFlags, DeletionFlags, EventFlags, HoldingFlags, RotationFlags};
use super::super::refusal::Refusal;
use super::words::Words;
use crate::feed::FEED_ID;

/// Says a grant or a revoke.
pub(super) fn holding(flags: &HoldingFlags, file: &str, connector: String, words: &mut Words) {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let entitlement = text(&flags.grant_entitlement);
    if entitlement.is_empty() {
        words.change("revoke").value("--file", file);
        words.given("--grant", flags.revoke_grant.as_deref());
        words.rest([connector]);
        return;
    }
    let principal = format!(
        "{}/{}",
        text(&flags.grant_principal_type),
        text(&flags.grant_principal)
    );
    words.change("grant").value("--file", file);
    words.rest([connector, entitlement, principal]);
}

/// Says a new account.
pub(super) fn account(
    flags: &AccountFlags,
    connector: String,
    words: &mut Words,
) -> Result<(), Refusal> {
    words.change("create-account");
    words.value("--input", &form(flags)?);
    words.given("--type", flags.create_account_resource_type.as_deref());
    credential(flags, words);
    words.rest([connector]);
    Ok(())
}

/// The form of an account, as JSON: the profile, with login and address where it lacks them.
fn form(flags: &AccountFlags) -> Result<String, Refusal> {
    let profile = flags.create_account_profile.as_deref();
    let mut form = match profile.filter(|profile| !profile.is_empty()) {
        Some(profile) => object("--create-account-profile", profile)?,
        None => Map::new(),
    };
    let flags = [
        ("login", &flags.create_account_login),
        ("email", &flags.create_account_email),
    ];
    for (name, value) in flags {
        if let Some(value) = value.as_ref().filter(|value| !value.is_empty()) {
            form.entry(name).or_insert_with(|| value.clone().into());
        }
    }
    Ok(Json::Object(form).to_string())
}

/// Says how a new password leaves.
fn credential(flags: &AccountFlags, words: &mut Words) {
    words.each("--recipient", &flags.credential_recipient);
    let file = flags.credential_file.as_ref();
    let file = file.map(|file| file.display().to_string());
    words.given("--secret-file", file.as_deref());
}

/// Says a new password.
pub(super) fn rotation(
    flags: &RotationFlags,
    account: &AccountFlags,
    connector: String,
    words: &mut Words,
) {
    words.change("rotate-credential");
    credential(account, words);
    let named = named(&flags.rotate_credentials_type, &flags.rotate_credentials);
    words.rest([connector, named]);
}

/// Says a deletion.
pub(super) fn deletion(flags: &DeletionFlags, connector: String, words: &mut Words) {
    words.change("delete-resource");
    let named = named(&flags.delete_resource_type, &flags.delete_resource);
    words.rest([connector, named]);
}

fn named(of: &Option<String>, id: &Option<String>) -> String {
    format!(
        "{}/{}",
        of.as_deref().unwrap_or_default(),
        id.as_deref().unwrap_or_default()
    )
}

/// Says the run of an action.
pub(super) fn action(
    name: &str,
    said: &str,
    connector: String,
    words: &mut Words,
) -> Result<(), Refusal> {
    let said = if said.is_empty() { "{}" } else { said };
    object("--invoke-action-args", said)?;
    words.change("invoke-action").value("--arguments", said);
    words.rest([connector, name.to_owned()]);
    Ok(())
}

/// Reads a JSON object. Its text may hold a secret and is not repeated.
fn object(flag: &str, text: &str) -> Result<Map<String, Json>, Refusal> {
    serde_json::from_str(text)
        .map_err(|_| Refusal::of(Code::InvalidArgument, format!("`{flag}` is no JSON object")))
}

/// Says a listing of events.
pub(super) fn events(
    flags: &EventFlags,
    connector: String,
    words: &mut Words,
) -> Result<(), Refusal> {
    words.word("events");
    let feed = flags.event_feed_id.as_deref();
    if let Some(other) = feed.filter(|feed| !["", FEED_ID].contains(feed)) {
        return Err(Refusal::of(
            Code::NotFound,
            format!("there is no event feed `{other}`: there is `{FEED_ID}`"),
        ));
    }
    let is_said = |text: &Option<String>| text.as_ref().is_some_and(|text| !text.is_empty());
    words.given("--cursor", flags.event_feed_cursor.as_deref());
    if !is_said(&flags.event_feed_cursor) {
        // A cursor knows itself where it goes on.
        words.given("--since", flags.event_feed_start_at.as_deref());
        if !is_said(&flags.event_feed_start_at) {
            words.value("--lookback", "24h");
        }
    }
    words.rest([connector]);
    Ok(())
}
