//! Text of a file → the same text, indented and spaced in one way.

use std::sync::Arc;

use pretty_yaml::config::{FormatOptions, LanguageOptions, LayoutOptions, LineBreak};

use super::same::same;
use crate::config::parse_tree;
use crate::diagnostic::{Diagnostic, SourceFile};

/// How wide a line may be before a list or a mapping in brackets is broken: where lines end is for
/// authors to decide.
const WIDTH: usize = 1_000_000;

/// Why a file was left as it is.
#[derive(Debug)]
pub enum Untidy {
    /// It is no YAML: what is wrong with it.
    NotYaml(Vec<Diagnostic>),
    /// Tidied, it would say something else.
    Unsafe,
}

/// Tidies a file. What it says stays the same, and so do its comments, its anchors and what its quotes
/// mean; a file that is tidy already stays as it is.
pub fn tidy(file: &Arc<SourceFile>) -> Result<String, Untidy> {
    let mut found = Vec::new();
    let before = parse_tree(file, &mut found);
    let (Some(before), []) = (before, found.as_slice()) else {
        return Err(Untidy::NotYaml(found));
    };
    let text = file.text();
    let once = formatted(text)?;
    // What the first pass moved may be moved on by the second one.
    let tidied = match formatted(&once)? {
        twice if twice == once => once,
        twice => match formatted(&twice)? {
            thrice if thrice == twice => twice,
            _ => return Err(Untidy::Unsafe),
        },
    };
    let after = SourceFile::new(file.path(), tidied.as_str());
    let after = parse_tree(&after, &mut Vec::new());
    let says_the_same = after.is_some_and(|after| same(&before, &after));
    match says_the_same && comments(text) == comments(&tidied) {
        true => Ok(tidied),
        false => Err(Untidy::Unsafe),
    }
}

fn formatted(text: &str) -> Result<String, Untidy> {
    let line_break = match text.contains("\r\n") {
        true => LineBreak::Crlf,
        false => LineBreak::Lf,
    };
    let options = FormatOptions {
        layout: LayoutOptions {
            print_width: WIDTH,
            indent_width: 2,
            line_break,
        },
        language: LanguageOptions {
            trailing_comma: false,
            brace_spacing: false,
            ..LanguageOptions::default()
        },
    };
    let tidied = pretty_yaml::format_text(text, &options).map_err(|_| Untidy::Unsafe)?;
    Ok(below_anchors(text, &tidied))
}

/// Puts comments back on lines of their own that were moved up behind an anchor.
fn below_anchors(before: &str, tidied: &str) -> String {
    let alone = |comment: &str| before.lines().any(|line| line.trim() == comment);
    let mut lines = tidied.split_inclusive('\n').peekable();
    let mut text = String::with_capacity(tidied.len());
    while let Some(line) = lines.next() {
        let moved = line.split_once(" #").filter(|(opens, comment)| {
            let last = opens.rsplit(' ').next().unwrap_or_default();
            last.starts_with('&') && alone(format!("#{comment}").trim_end())
        });
        let (Some((opens, comment)), Some(next)) = (moved, lines.peek()) else {
            text.push_str(line);
            continue;
        };
        let indent = &next[..next.len() - next.trim_start().len()];
        let line_break = if line.ends_with("\r\n") { "\r\n" } else { "\n" };
        text.push_str(&format!("{opens}{line_break}{indent}#{comment}"));
    }
    text
}

/// How often a comment may begin: a measure by which none gets lost. A `#` within text counts alike
/// before and after.
fn comments(text: &str) -> usize {
    text.matches('#').count()
}
