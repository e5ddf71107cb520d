//! `credentials` → the ways in which an account gets its password.

use super::statements::needs;
use crate::config::CompileContext;
use crate::config::account::{CredentialsConfig, RandomPasswordConfig};
use crate::config::decode::Placed;
use crate::diagnostic::{Diagnostic, Span};

/// A way to get a password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Credential {
    /// There is none.
    NoPassword,
    /// A new one is made, with at least so many of these characters each.
    Random(Vec<(String, u32)>),
    /// One is handed over encrypted.
    Encrypted,
}

/// The ways to get a password, the preferred one first; then none, random, encrypted.
pub(super) fn credentials(
    config: Option<&CredentialsConfig>,
    path: &str,
    span: Span,
    cx: &mut CompileContext,
) -> Option<Vec<Credential>> {
    const HELP: &str = "write `no_password: {}`, `random_password: {}` or `encrypted_password: {}`";
    let Some(config) = config else {
        return needs(path, "credentials", span, HELP, cx);
    };
    let mut ways = Vec::new();
    if let Some(way) = &config.no_password {
        ways.push((Credential::NoPassword, way.preferred, way.span));
    }
    if let Some(way) = &config.random_password {
        lengths(way, cx);
        room(way, cx);
        let constraints = way.constraints.iter();
        let constraints = constraints.map(|constraint| {
            if constraint.char_set.text.is_empty() {
                let at = cx.at(constraint.char_set.span);
                let message = "`char_set` has no characters";
                cx.note(
                    Diagnostic::error("missing-field", at, message)
                        .help("write the characters, for example `0123456789`"),
                );
            }
            (constraint.char_set.text.clone(), constraint.min_count.get())
        });
        ways.push((
            Credential::Random(constraints.collect()),
            way.preferred,
            way.span,
        ));
    }
    if let Some(way) = &config.encrypted_password {
        ways.push((Credential::Encrypted, way.preferred, way.span));
    }
    let failed = ["no_password", "random_password", "encrypted_password"]
        .iter()
        .any(|way| cx.is_failed(&format!("{path}.credentials.{way}")));
    if ways.is_empty() && !failed {
        let at = cx.at(span);
        let message = format!("`{path}.credentials` offers no way to get a password");
        cx.note(Diagnostic::error("missing-field", at, message).help(HELP));
        return None;
    }
    let preferred: Vec<Span> = ways
        .iter()
        .filter(|(_, preferred, _)| *preferred)
        .map(|(_, _, span)| *span)
        .collect();
    if let [_, second, ..] = preferred.as_slice() {
        let at = cx.at(*second);
        cx.note(
            Diagnostic::error(
                "conflicting-fields",
                at,
                "two ways to get a password are `preferred`",
            )
            .help("prefer one of them"),
        );
    }
    // Stable: the ways that are not preferred keep their order.
    ways.sort_by_key(|(_, preferred, _)| !preferred);
    Some(ways.into_iter().map(|(way, _, _)| way).collect())
}

/// Notes constraints that no password can meet.
fn room(config: &Placed<RandomPasswordConfig>, cx: &mut CompileContext) {
    const LONGEST: u64 = 64;
    let least = config.constraints.iter();
    let needed: u64 = least.map(|one| u64::from(one.min_count.get())).sum();
    if needed > LONGEST {
        cx.warning(
            "conflicting-fields",
            config.span,
            format!(
                "the constraints need {needed} characters, and a password has {LONGEST} at most"
            ),
            "lower `min_count`",
        );
    }
}

/// Fields of the past: whoever asks for a password says how long it is.
fn lengths(config: &Placed<RandomPasswordConfig>, cx: &mut CompileContext) {
    if let (Some(least), Some(most)) = (&config.min_length, &config.max_length)
        && least.value > most.value
    {
        let at = cx.at(least.span);
        let message = format!(
            "`min_length` is {}, more than the {} of `max_length`",
            least.value, most.value
        );
        cx.note(Diagnostic::error("conflicting-fields", at, message).help("remove both"));
        return;
    }
    let written = [
        (
            "min_length",
            config.min_length.as_ref().map(|field| field.span),
        ),
        (
            "max_length",
            config.max_length.as_ref().map(|field| field.span),
        ),
        (
            "disallowed_characters",
            config
                .disallowed_characters
                .as_ref()
                .map(|field| field.span),
        ),
    ];
    let mut written = written
        .into_iter()
        .filter_map(|(field, span)| Some((field, span?)));
    if let Some((field, span)) = written.next() {
        cx.warning(
            "deprecated",
            span,
            format!("`{field}` has no effect: whoever asks for a password says how long it is"),
            "remove it; `constraints` says which characters it must hold",
        );
    }
}
