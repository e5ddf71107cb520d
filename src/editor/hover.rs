//! An open file and a place in it → what stands there, in a few words.

use lsp_types::{Hover, HoverContents, MarkupContent, MarkupKind};

use super::file::{File, Language};
use super::names::{self, Name};
use super::outline::{Place, Step};
use super::program;
use super::records::{self, Previews};
use super::{survey, words};
use crate::diagnostic::{Diagnostic, Span, codes, explained, list};
use crate::expr::members_of;

/// What is to be told about, and by what.
pub(super) struct Wanted<'f> {
    /// The file as it is now.
    pub file: &'f File,
    /// The byte that is pointed at.
    pub at: usize,
    /// The records of previews.
    pub previews: &'f Previews,
    /// What the checks say.
    pub diagnostics: &'f [Diagnostic],
}

/// Everything that is known about a place: what the word there is, and the long form of the codes of
/// what is wrong there.
pub(super) fn hover(wanted: &Wanted<'_>) -> Option<Hover> {
    let file = wanted.file;
    let told = told(wanted);
    let mut parts = Vec::new();
    let mut span = None;
    if let Some((text, at)) = told {
        parts.push(text);
        span = Some(at);
    }
    let mut codes: Vec<&str> = Vec::new();
    for diagnostic in wanted.diagnostics {
        let Some(at) = &diagnostic.at else { continue };
        if at.span.start <= wanted.at
            && wanted.at <= at.span.end
            && !codes.contains(&diagnostic.code)
        {
            codes.push(diagnostic.code);
            span = span.or(Some(at.span));
        }
    }
    parts.extend(codes.iter().filter_map(|code| self::explained(code)));
    let value = parts.join("\n\n---\n\n");
    (!value.is_empty()).then(|| Hover {
        contents: HoverContents::Markup(MarkupContent {
            kind: MarkupKind::Markdown,
            value,
        }),
        range: span.map(|span| file.lines.range(span)),
    })
}

/// What a code means, at length.
fn explained(code: &str) -> Option<String> {
    let known = codes::DIAGNOSTICS.iter().find(|known| known.name == code)?;
    let long = explained::of_diagnostic(code).map(explained::markdown);
    let long = long.map_or(String::new(), |long| format!("\n\n{long}"));
    Some(format!("**{}**: {}{long}", known.name, known.meaning))
}

fn told(wanted: &Wanted<'_>) -> Option<(String, Span)> {
    let file = wanted.file;
    let place = Place::find(&file.outline, file.text(), wanted.at);
    match place {
        Place::Nothing => None,
        Place::Key {
            parent,
            written,
            entry,
        } => {
            entry?;
            Some((key(file, parent, written)?, written))
        }
        Place::Value { entry, written } => {
            let (language, _) = file.language(entry);
            let mentions = names::mentions(file);
            let mention = names::mention_at(&mentions, wanted.at);
            let named = mention.and_then(|found| Some((name(file, &found.name)?, found.span)));
            named
                .or_else(|| match language {
                    Language::Sql => placeholder(wanted, written),
                    Language::Cel | Language::Template => word(wanted, entry, written, language),
                    Language::Literal | Language::Plain => None,
                })
                .or_else(|| Some((set_word(file, entry)?, written)))
                .or_else(|| {
                    let text = evaluated(wanted, entry, language)?;
                    Some((text, written))
                })
        }
    }
}

fn key(file: &File, parent: Option<usize>, written: Span) -> Option<String> {
    let text = &file.text()[written.start..written.end];
    let name = text.trim_matches(['"', '\'']);
    let shapes = file.shapes();
    let around = shapes.of(parent);
    if !around.declares(name) {
        return type_doc(file, parent, name);
    }
    let shape = around.under(&Step::Key(name.to_owned()));
    let mut text = format!("**{name}**");
    let fields = shapes.fields(parent);
    if fields
        .iter()
        .any(|field| field.name == name && field.required)
    {
        text.push_str(" (required)");
    }
    if let Some(doc) = shape.doc {
        text.push_str("\n\n");
        text.push_str(doc);
    }
    let kinds = shapes.tagged(parent, name);
    let words: Vec<&str> = match kinds.is_empty() {
        true => shape.words().iter().map(|word| word.text).collect(),
        false => kinds.into_iter().map(|(name, _)| name).collect(),
    };
    if words.iter().any(|word| *word != "true" && *word != "false") {
        let listed = list(&words);
        text.push_str(&format!("\n\nOne of {listed}."));
    }
    Some(text)
}

fn type_doc(file: &File, parent: Option<usize>, name: &str) -> Option<String> {
    let types = file.outline.find(&["resource_types"]);
    (parent.is_some() && parent == types)
        .then(|| self::name(file, &Name::ResourceType(name.to_owned())))?
}

/// What a name stands for.
fn name(file: &File, name: &Name) -> Option<String> {
    let scalar = |at: Option<usize>| at.map(|at| file.scalar(at)).filter(|text| !text.is_empty());
    match name {
        Name::ResourceType(id) => {
            let of = |key| scalar(file.outline.find(&["resource_types", id, key]));
            file.outline.find(&["resource_types", id])?;
            let shown = of("name").map_or(String::new(), |name| format!(": {name}"));
            let description = of("description").map_or(String::new(), |it| format!("\n\n{it}"));
            Some(format!("resource type `{id}`{shown}{description}"))
        }
        Name::Entitlement { of, id } => {
            let ids = names::static_entitlements(file, of);
            let (_, found) = ids.iter().find(|(known, _)| known == id)?;
            let item = file.outline.entries[*found].parent;
            let shown = scalar(file.outline.child(item, "display_name"));
            let shown = shown.map_or(String::new(), |name| format!("\n\n`{name}`"));
            Some(format!("entitlement `{id}` of `{of}`{shown}"))
        }
        Name::Placeholder { of, name } => {
            let known = ["vars", "arguments"].iter().find_map(|section| {
                let section = file.outline.child(Some(*of), section)?;
                file.outline.child(Some(section), name)
            });
            let value = scalar(known).map_or(String::new(), |it| format!(" = `{it}`"));
            Some(format!("placeholder `{name}`{value}"))
        }
        Name::Var(name) => {
            let value = scalar(file.outline.find(&["vars", name]))?;
            Some(format!("`vars.{name}` = `{value}`"))
        }
    }
}

/// A placeholder that paging fills in.
fn placeholder(wanted: &Wanted<'_>, written: Span) -> Option<(String, Span)> {
    let text = &wanted.file.text()[written.start..written.end];
    let (_, range) = program::name_at(text, wanted.at.checked_sub(written.start)?)?;
    let before = &text[..range.start];
    if !before.ends_with("?<") {
        return None;
    }
    let word = &text[range.clone()];
    let (name, doc) = words::PAGING.iter().find(|(name, _)| *name == word)?;
    let span = Span::new(written.start + range.start, written.start + range.end);
    Some((format!("placeholder `{name}`\n\n{doc}"), span))
}

/// A variable, a member, a column or a function.
fn word(
    wanted: &Wanted<'_>,
    entry: usize,
    written: Span,
    language: Language,
) -> Option<(String, Span)> {
    let file = wanted.file;
    let text = &file.text()[written.start..written.end];
    let (way, range) = program::name_at(text, wanted.at.checked_sub(written.start)?)?;
    let span = Span::new(written.start + range.start, written.start + range.end);
    let way: Vec<&str> = way.iter().map(String::as_str).collect();
    // Of a template, each way begins with a dot.
    let way: &[&str] = match (language, way.as_slice()) {
        (Language::Template, ["", rest @ ..]) if !rest.is_empty() => rest,
        (_, way) => way,
    };
    let (last, before) = way.split_last()?;
    let column = |of: &[&str]| {
        let columns = records::columns(file, wanted.previews, entry, of);
        let found = columns.into_iter().find(|column| column.name == *last)?;
        let values = records::listed(&found.values).map_or(String::new(), |it| format!("\n\n{it}"));
        Some(format!("column `{last}`, {}{values}", found.source))
    };
    let text = match before {
        [] if text[range.end..].trim_start().starts_with('(') => {
            let functions = match language {
                Language::Template => words::template_functions(),
                _ => words::functions(),
            };
            let found = functions.iter().find(|it| words::name_of(it) == *last)?;
            words::shown(found)
        }
        [] => match words::variable(last) {
            Some(doc) => format!("variable `{last}`\n\n{doc}"),
            None => {
                let functions = words::template_functions();
                let found = functions.iter().find(|it| words::name_of(it) == *last);
                words::shown(found.filter(|_| language == Language::Template)?)
            }
        },
        _ if text[range.end..].starts_with('(') => {
            let methods = words::methods();
            words::shown(methods.iter().find(|it| words::name_of(it) == *last)?)
        }
        [""] => column(&[])?,
        ["", of @ ..] | ["cols" | "item", of @ ..] => column(of)?,
        [of] if members_of(of).unwrap_or_default().contains(last) => {
            format!("`{of}.{last}`\n\n{}", words::member(last))
        }
        _ => return None,
    };
    Some((text, span))
}

/// A word of a closed set, or the name of a kind.
fn set_word(file: &File, entry: usize) -> Option<String> {
    let text = file.scalar(entry);
    let shapes = file.shapes();
    let key = file.outline.key(entry);
    let kinds = shapes.tagged(file.outline.entries[entry].parent, key);
    if let Some((name, doc)) = kinds.iter().find(|(name, _)| *name == text) {
        return Some(format!("{key} `{name}`\n\n{doc}"));
    }
    let words = shapes.single(entry).words();
    let word = words.iter().find(|word| word.text == text)?;
    Some(format!("`{}`\n\n{}", word.text, word.doc?))
}

/// What an expression made of the records of the last preview.
fn evaluated(wanted: &Wanted<'_>, entry: usize, language: Language) -> Option<String> {
    if language != Language::Cel {
        return None;
    }
    let listing = wanted.file.listing(entry)?;
    let seen = wanted.previews.of(&wanted.file.path, &listing);
    let text = wanted.file.scalar(entry);
    let source = text.strip_prefix("cel:").unwrap_or(&text);
    let values = survey::evaluated(source, &seen)?;
    let shown = records::listed(&values)?;
    Some(format!("in the last preview\n\n{shown}"))
}
