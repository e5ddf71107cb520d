//! What is wrong with a file, and a place in it → changes that put it right, and a look at the system.

use std::collections::HashMap;

use lsp_types::{
    CodeAction, CodeActionKind, CodeActionOrCommand, CodeDescription, Command, DiagnosticSeverity,
    NumberOrString, TextEdit, Uri, WorkspaceEdit,
};

use super::file::{File, Kind, Listing};
use crate::diagnostic::{Diagnostic, Edit, Severity, Span};

/// The command that looks at the first records of a listing.
pub(super) const PREVIEW: &str = "rolecall.preview";

/// A diagnostic as editors want it. `explained_at` is where the codes are explained, when that is
/// known: the code is added to it.
pub(super) fn shown(
    file: &File,
    diagnostic: &Diagnostic,
    explained_at: Option<&str>,
) -> lsp_types::Diagnostic {
    let span = diagnostic
        .at
        .as_ref()
        .map_or_else(Span::default, |at| at.span);
    let message = match &diagnostic.help {
        Some(help) => format!("{}\n{help}", diagnostic.message),
        None => diagnostic.message.clone(),
    };
    let href = explained_at.and_then(|at| format!("{at}{}", diagnostic.code).parse().ok());
    lsp_types::Diagnostic {
        range: file.lines.range(seen(file, span)),
        severity: Some(match diagnostic.severity {
            Severity::Error => DiagnosticSeverity::ERROR,
            Severity::Warning => DiagnosticSeverity::WARNING,
            Severity::Note => DiagnosticSeverity::HINT,
        }),
        code: Some(NumberOrString::String(diagnostic.code.to_owned())),
        code_description: href.map(|href| CodeDescription { href }),
        source: Some("rolecall".to_owned()),
        message,
        ..lsp_types::Diagnostic::default()
    }
}

/// A mistake of a section as a whole is underlined on its first line only.
fn seen(file: &File, span: Span) -> Span {
    let text = file.text();
    let written = text.get(span.start..span.end).unwrap_or_default();
    match written.find('\n') {
        Some(end) => Span::new(span.start, span.start + written[..end].trim_end().len()),
        None => span,
    }
}

/// Changes for what is wrong within a range, one that makes all of them, and the preview of the
/// listing there.
pub(super) fn actions(
    uri: &Uri,
    file: &File,
    diagnostics: &[Diagnostic],
    range: Span,
    explained_at: Option<&str>,
) -> Vec<CodeActionOrCommand> {
    let mut actions = Vec::new();
    for diagnostic in diagnostics {
        let Some(at) = &diagnostic.at else { continue };
        let touches = at.span.start <= range.end && range.start <= at.span.end;
        if diagnostic.fix.is_empty() || !touches {
            continue;
        }
        actions.push(CodeActionOrCommand::CodeAction(CodeAction {
            title: title(file, diagnostic),
            kind: Some(CodeActionKind::QUICKFIX),
            diagnostics: Some(vec![shown(file, diagnostic, explained_at)]),
            edit: Some(workspace_edit(uri, file, &diagnostic.fix)),
            is_preferred: Some(true),
            ..CodeAction::default()
        }));
    }
    let all: Vec<Edit> = diagnostics
        .iter()
        .flat_map(|found| found.fix.clone())
        .collect();
    if !all.is_empty() {
        actions.push(CodeActionOrCommand::CodeAction(CodeAction {
            title: "put everything right that surely can be".to_owned(),
            kind: Some(CodeActionKind::SOURCE_FIX_ALL),
            edit: Some(workspace_edit(uri, file, &apart(all))),
            ..CodeAction::default()
        }));
    }
    if let Some(listing) = listing_at(file, range.start).filter(|_| file.kind == Kind::Connector) {
        let title = format!(
            "preview `{}.{}`: ask the system for its first records",
            listing.resource_type, listing.section
        );
        actions.push(CodeActionOrCommand::Command(Command {
            title,
            command: PREVIEW.to_owned(),
            arguments: Some(vec![
                serde_json::Value::String(uri.as_str().to_owned()),
                serde_json::to_value(listing).unwrap_or_default(),
            ]),
        }));
    }
    actions
}

fn listing_at(file: &File, at: usize) -> Option<Listing> {
    let around =
        file.outline.entries.iter().rposition(|entry| {
            entry.key.start <= at && at <= entry.value.end.max(entry.room.end)
        })?;
    file.listing(around)
}

/// What a change does, in a few words.
fn title(file: &File, diagnostic: &Diagnostic) -> String {
    let [edit] = diagnostic.fix.as_slice() else {
        return diagnostic
            .help
            .clone()
            .unwrap_or_else(|| "put it right".to_owned());
    };
    let old = file
        .text()
        .get(edit.span.start..edit.span.end)
        .unwrap_or_default();
    // What may be a secret is not quoted.
    let is_secret = diagnostic
        .at
        .as_ref()
        .is_some_and(|at| at.file.is_masked(edit.span));
    let is_short = |text: &str| !is_secret && !text.contains('\n') && text.chars().count() <= 60;
    match (old.trim(), edit.text.trim()) {
        (old, new) if !is_short(old) || !is_short(new) => diagnostic
            .help
            .clone()
            .unwrap_or_else(|| "put it right".to_owned()),
        ("", new) => format!("add `{new}`"),
        (old, "") => format!("remove `{old}`"),
        (old, new) => format!("write `{new}` instead of `{old}`"),
    }
}

/// Edits that do not touch each other: of two that do, the first one.
fn apart(mut edits: Vec<Edit>) -> Vec<Edit> {
    edits.sort_by_key(|edit| edit.span);
    let mut kept: Vec<Edit> = Vec::new();
    for edit in edits {
        if kept
            .last()
            .is_none_or(|last| last.span.end < edit.span.start)
        {
            kept.push(edit);
        }
    }
    kept
}

/// Edits of one file as editors want them.
#[expect(
    clippy::mutable_key_type,
    reason = "the type is the protocol's; nothing changes a key"
)]
pub(super) fn workspace_edit(uri: &Uri, file: &File, edits: &[Edit]) -> WorkspaceEdit {
    let edits = edits.iter().map(|edit| TextEdit {
        range: file.lines.range(edit.span),
        new_text: edit.text.clone(),
    });
    WorkspaceEdit {
        changes: Some(HashMap::from([(uri.clone(), edits.collect())])),
        ..WorkspaceEdit::default()
    }
}
