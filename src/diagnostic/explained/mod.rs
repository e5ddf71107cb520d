//! Codes → what `rolecall explain-code` says of them: a Markdown file per code.
//!
//! A file has paragraphs (what is meant, why it matters, what to do) and examples: blocks of YAML that
//! begin with ```` ```yaml wrong sql ````, where `right` may stand for `wrong`, and `http` or `whole` for
//! `sql`. Whoever checks the examples puts a fragment of `sql` or `http` into a sound connector of that
//! kind; `whole` ones are files by themselves.

mod table;

use super::codes::{Code, DIAGNOSTICS, FINDINGS, ONLINE};

/// Codes that are met in one place.
pub struct Group {
    /// Where they are met, as a heading.
    pub title: &'static str,
    /// The folder of their long forms.
    pub folder: &'static str,
    /// The codes.
    pub codes: &'static [Code],
    /// The long form of one of them.
    pub long: fn(&str) -> Option<&'static str>,
}

/// Every code there is. A name may be in several groups.
pub const GROUPS: [Group; 3] = [
    Group {
        title: "What `validate` and `sync` say of a file",
        folder: "diagnostics",
        codes: DIAGNOSTICS,
        long: of_diagnostic,
    },
    Group {
        title: "What `validate --online` says of a file",
        folder: "online",
        codes: ONLINE,
        long: of_online,
    },
    Group {
        title: "What the summary of a sync reports",
        folder: "findings",
        codes: FINDINGS,
        long: of_finding,
    },
];

/// A part of a long form, in the order written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part<'t> {
    /// Paragraphs of Markdown.
    Text(&'t str),
    /// A piece of a connector file.
    Example {
        /// Whether it has the mistake.
        wrong: bool,
        /// What it is a piece of: `sql`, `http` or `whole`.
        of: &'t str,
        /// The piece.
        yaml: &'t str,
    },
}

/// What is told of a place in a file: its short and its long form.
pub fn told(code: &str) -> Option<(&'static str, Option<&'static str>)> {
    let mut groups = GROUPS.iter().filter(|group| group.folder != "findings");
    groups.find_map(|group| {
        let known = group.codes.iter().find(|known| known.name == code)?;
        Some((known.meaning, (group.long)(code)))
    })
}

/// The long form of a code of [`super::codes::DIAGNOSTICS`].
pub fn of_diagnostic(code: &str) -> Option<&'static str> {
    find(table::DIAGNOSTICS, code)
}

/// The long form of a code of [`super::codes::ONLINE`].
pub fn of_online(code: &str) -> Option<&'static str> {
    find(table::ONLINE, code)
}

/// The long form of a code of [`super::codes::FINDINGS`].
pub fn of_finding(code: &str) -> Option<&'static str> {
    find(table::FINDINGS, code)
}

fn find(table: &[(&str, &'static str)], code: &str) -> Option<&'static str> {
    let (_, text) = table.iter().find(|(name, _)| *name == code)?;
    Some(text)
}

/// Takes a long form apart.
pub fn parts(text: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some((before, block)) = rest.split_once("```yaml") {
        push_text(before, &mut parts);
        let (kind, block) = block.split_once('\n').unwrap_or((block, ""));
        let (yaml, after) = block.split_once("```").unwrap_or((block, ""));
        let (side, of) = kind.trim().split_once(' ').unwrap_or((kind.trim(), ""));
        parts.push(Part::Example {
            wrong: side == "wrong",
            of,
            yaml,
        });
        rest = after;
    }
    push_text(rest, &mut parts);
    parts
}

fn push_text<'t>(text: &'t str, parts: &mut Vec<Part<'t>>) {
    if !text.trim().is_empty() {
        parts.push(Part::Text(text.trim()));
    }
}

/// The long form as Markdown that any reader shows: each example says on which side it is.
pub fn markdown(text: &str) -> String {
    shown(text, |yaml| format!("```yaml\n{yaml}```"))
}

/// The long form for a terminal: examples are indented.
pub fn plain(text: &str) -> String {
    shown(text, |yaml| {
        let lines = yaml.lines().map(|line| match line {
            "" => String::new(),
            line => format!("    {line}"),
        });
        lines.collect::<Vec<_>>().join("\n")
    })
}

fn shown(text: &str, example: impl Fn(&str) -> String) -> String {
    let parts = parts(text).into_iter().map(|part| match part {
        Part::Text(text) => text.to_owned(),
        Part::Example { wrong, yaml, .. } => {
            let side = if wrong { "Wrong" } else { "Right" };
            format!("{side}:\n\n{}", example(yaml))
        }
    });
    parts.collect::<Vec<_>>().join("\n\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_form_is_text_and_examples() {
        let text = "What.\n\nWhy.\n\n```yaml wrong sql\na: 1\n```\n\n```yaml right sql\na: 2\n\nb: 3\n```\n";
        assert_eq!(
            parts(text),
            [
                Part::Text("What.\n\nWhy."),
                Part::Example {
                    wrong: true,
                    of: "sql",
                    yaml: "a: 1\n"
                },
                Part::Example {
                    wrong: false,
                    of: "sql",
                    yaml: "a: 2\n\nb: 3\n"
                },
            ]
        );
        assert_eq!(
            plain(text),
            "What.\n\nWhy.\n\nWrong:\n\n    a: 1\n\nRight:\n\n    a: 2\n\n    b: 3"
        );
        assert!(markdown(text).ends_with("Right:\n\n```yaml\na: 2\n\nb: 3\n```"));
    }
}
