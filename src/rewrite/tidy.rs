//! Text of a file → the same text, indented and spaced in one way.

use std::sync::Arc;

use pretty_yaml::config::{FormatOptions, LanguageOptions, LayoutOptions, LineBreak};

use super::same::same;
use crate::config::parse_tree;
use crate::diagnostic::{Diagnostic, SourceFile};

/// How wide a line may be before a list or a mapping in brackets is broken. Those that were written
/// on several lines stay so.
const WIDTH: usize = 120;

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
    pretty_yaml::format_text(text, &options).map_err(|_| Untidy::Unsafe)
}

/// How often a comment may begin: a measure by which none gets lost. A `#` within text counts alike
/// before and after.
fn comments(text: &str) -> usize {
    text.matches('#').count()
}
