//! Diagnostics for code scanning: SARIF 2.1.0, which GitHub, GitLab, Azure and editors read.
//!
//! Source: OASIS, "Static Analysis Results Interchange Format (SARIF) Version 2.1.0".

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value as Json, json};

use super::json::RegionView;
use super::{Diagnostic, Location, Severity, explained};

/// What a path of a URI need not write in percents.
const PATH: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'/')
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~');

/// The log of one run that found these diagnostics. Codes that were found are its rules.
pub fn sarif(found: &[Diagnostic]) -> Json {
    let mut codes: Vec<&str> = found.iter().map(|diagnostic| diagnostic.code).collect();
    codes.sort_unstable();
    codes.dedup();
    let results = found.iter().map(|diagnostic| {
        let index = codes.binary_search(&diagnostic.code).unwrap_or_default();
        result(diagnostic, index)
    });
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "rolecall",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": codes.iter().map(|code| rule(code)).collect::<Vec<_>>(),
            }},
            "columnKind": "unicodeCodePoints",
            "results": results.collect::<Vec<_>>(),
        }],
    })
}

/// A code with its meaning and its long form.
fn rule(name: &str) -> Json {
    let mut rule = json!({"id": name});
    if let Some((meaning, long)) = explained::told(name) {
        rule["shortDescription"] = json!({"text": plain(meaning)});
        if let Some(long) = long {
            let markdown = explained::markdown(long);
            rule["help"] = json!({"text": plain(&markdown), "markdown": markdown});
        }
    }
    rule
}

/// Markdown as text for a reader that shows no Markdown.
fn plain(markdown: &str) -> String {
    let lines = markdown.lines().filter(|line| !line.starts_with("```"));
    lines.collect::<Vec<_>>().join("\n").replace('`', "'")
}

fn result(diagnostic: &Diagnostic, rule: usize) -> Json {
    let text = match &diagnostic.help {
        Some(help) => format!("{}; {help}", diagnostic.message),
        None => diagnostic.message.clone(),
    };
    let mut result = json!({
        "ruleId": diagnostic.code,
        "ruleIndex": rule,
        "level": match diagnostic.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "note",
        },
        "message": {"text": unlinked(text)},
    });
    let Some(at) = &diagnostic.at else {
        return result;
    };
    let artifact = json!({"uri": uri(at)});
    let mut place = region(RegionView::of(&at.file, at.span));
    place["snippet"] = json!({"text": at.file.excerpt(at.line_column().0)});
    result["locations"] = json!([{
        "physicalLocation": {"artifactLocation": artifact, "region": place},
    }]);
    if !diagnostic.fix.is_empty() {
        let replacements = diagnostic.fix.iter().map(|edit| {
            let mut replacement =
                json!({"deletedRegion": region(RegionView::of(&at.file, edit.span))});
            if !edit.text.is_empty() {
                replacement["insertedContent"] = json!({"text": edit.text});
            }
            replacement
        });
        result["fixes"] = json!([{
            "artifactChanges": [{
                "artifactLocation": artifact,
                "replacements": replacements.collect::<Vec<_>>(),
            }],
        }]);
    }
    result
}

/// A message without links: what an author wrote may look like one.
fn unlinked(text: String) -> String {
    match text.contains("](") {
        true => text.replace('[', "\\["),
        false => text,
    }
}

fn region(region: RegionView) -> Json {
    json!({
        "startLine": region.line,
        "startColumn": region.column,
        "endLine": region.end_line,
        "endColumn": region.end_column,
    })
}

/// The file as a URI: relative ones stay relative, to wherever whoever reads the log says.
fn uri(at: &Location) -> String {
    let path = at.file.path();
    let shown = path.to_string_lossy();
    let shown = shown.strip_prefix("./").unwrap_or(&shown);
    let encoded = utf8_percent_encode(shown, PATH);
    match path.is_absolute() {
        true => format!("file://{encoded}"),
        false => encoded.to_string(),
    }
}
