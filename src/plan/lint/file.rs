//! What concerns a file as a whole: variables that nothing uses, mappings of two kinds.

use crate::config::{CompileContext, ConnectorConfig, Dialect};
use crate::diagnostic::Diagnostic;

/// Warns of `vars` of the file that nothing uses. One that is misspelt where it is used was told.
pub(in crate::plan) fn unused_vars(config: &ConnectorConfig, cx: &mut CompileContext) {
    let misspelt = |found: &Diagnostic| {
        found.code == "unknown-member" && found.message.starts_with("`vars` of the file")
    };
    if cx.diagnostics.iter().any(misspelt) {
        return;
    }
    let file = cx.file();
    let text = file.text();
    let word = |c: char| c.is_alphanumeric() || c == '_';
    for (key, _) in config.vars.iter() {
        let member = format!("vars.{}", key.text);
        let named = text.match_indices(&member).any(|(at, _)| {
            let after = &text[at + member.len()..];
            !after.starts_with(word)
        });
        if cx.dialect == Dialect::Sql {
            let message = "`vars` at the top of the file has no effect: queries take the `vars` of their own section";
            let help = "write it beside the query that uses it";
            return cx.warning("no-effect", key.span, message, help);
        }
        // `vars[…]`, `index .vars …` and `range .vars` may use any of them.
        let any = text.contains("vars[") || text.contains(".vars ") || text.contains(".vars}");
        if !named && !any {
            let message = format!("nothing uses `vars.{}`", key.text);
            let help =
                "write `cel:vars.name` or `{{ .vars.name }}` where it is needed, or remove it";
            cx.warning("unused-var", key.span, message, help);
        }
    }
}

/// Under `map` bare text is an expression, under `response` it is literal: both in one file of an
/// API mislead.
pub(super) fn mixed_mappings(config: &ConnectorConfig, cx: &mut CompileContext) {
    if cx.dialect != Dialect::Http {
        return;
    }
    let types = || config.resource_types.iter().map(|(_, config)| config);
    let lists = || types().filter_map(|config| config.list.as_ref());
    let entitlements = || types().flat_map(|config| &config.entitlements.0);
    let grants = || types().flat_map(|config| &config.grants.0);
    let mapped = lists()
        .filter_map(|list| list.map.as_ref()?.0.first())
        .map(|mapping| mapping.id.0.span)
        .chain(
            entitlements()
                .filter_map(|entry| entry.map.as_ref()?.0.first())
                .map(|mapping| mapping.id.0.span),
        )
        .chain(
            grants()
                .filter_map(|entry| entry.map.as_ref()?.0.first())
                .map(|mapping| mapping.principal_id.0.span),
        );
    let of_response = lists()
        .filter_map(|list| list.response.as_ref())
        .any(|response| response.resource_mapping.is_some())
        || entitlements()
            .filter_map(|entry| entry.response.as_ref())
            .any(|response| !response.entitlement_mapping.0.is_empty())
        || grants()
            .filter_map(|entry| entry.response.as_ref())
            .any(|response| !response.grant_mapping.0.is_empty());
    if let Some(span) = mapped.min_by_key(|span| span.start)
        && of_response
    {
        cx.warning(
            "mixed-mappings",
            span,
            "bare text is an expression under this `map`, but literal in the mappings of `response` elsewhere in the file",
            "move the mapping into `response`, with `cel:` before its expressions",
        );
    }
}
