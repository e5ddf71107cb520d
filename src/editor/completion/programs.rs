//! Variables, members, columns and functions of expressions and templates.

use lsp_types::CompletionItemKind;

use super::{Offer, Wanted};
use crate::diagnostic::Span;
use crate::editor::file::{File, Language};
use crate::editor::program::{Spot, spot};
use crate::editor::{names, records, survey, words};
use crate::expr::FunctionDoc;

/// What may be written in the program of an entry.
pub(super) fn offers(wanted: &Wanted<'_>, entry: usize, written: Span) -> Vec<Offer> {
    let file = wanted.file;
    let (language, prefix) = file.language(entry);
    let program = written.start + prefix;
    if program > wanted.at {
        return Vec::new();
    }
    let before = plain(file, written.start, program, wanted.at);
    if language == Language::Literal {
        return prefixes(&before, Span::new(program, wanted.at));
    }
    // The rest of the word goes too.
    let rest = &file.text()[wanted.at..];
    let rest = rest
        .find(|c: char| !c.is_alphanumeric() && c != '_')
        .unwrap_or(rest.len());
    let over = |length: usize| Span::new(wanted.at - length, wanted.at + rest);
    match spot(language, &before) {
        Spot::Nothing => Vec::new(),
        Spot::Name(length) if language == Language::Template => {
            functions(words::template_functions(), over(length))
        }
        Spot::Name(length) => {
            let known = survey::variables(file, entry, wanted.remembered);
            let mut offers: Vec<Offer> = known
                .iter()
                .map(|name| variable(name, name, over(length)))
                .collect();
            if known.contains(&"cols") {
                // A column begins with its dot.
                let columns = records::columns(file, wanted.previews, entry, &[]);
                offers.extend(columns.into_iter().map(|column| {
                    Offer::new(
                        format!(".{}", column.name),
                        CompletionItemKind::FIELD,
                        over(length),
                    )
                    .detail(column.source)
                    .doc(records::listed(&column.values))
                }));
            }
            offers.extend(functions(words::functions(), over(length)));
            offers
        }
        Spot::Variable(length) => {
            let known = survey::variables(file, entry, wanted.remembered);
            let known = known.iter().filter(|name| **name != "cols");
            known
                .map(|name| variable(name, name, over(length)))
                .collect()
        }
        Spot::Unknown(length) => functions(words::methods(), over(length)),
        Spot::Member { of, written } => members(wanted, entry, &of, over(written), language),
    }
}

/// What is in a value.
fn members(
    wanted: &Wanted<'_>,
    entry: usize,
    of: &[String],
    over: Span,
    language: Language,
) -> Vec<Offer> {
    let file = wanted.file;
    let of: Vec<&str> = of.iter().map(String::as_str).collect();
    let field = |name: String| Offer::new(name, CompletionItemKind::FIELD, over);
    match of.as_slice() {
        [] => columns(wanted, entry, &[], over),
        ["cols" | "item", way @ ..] => {
            let mut offers = columns(wanted, entry, way, over);
            // Behind a column, its methods too.
            if !way.is_empty() && language == Language::Cel {
                offers.extend(functions(words::methods(), over));
            }
            offers
        }
        [
            holder @ ("resource" | "parent_resource" | "principal"),
            "profile",
        ] => {
            let keys = profile(file, entry, holder);
            keys.into_iter()
                .map(|key| field(key).detail("profile"))
                .collect()
        }
        ["resource" | "parent_resource" | "principal", "traits"] => {
            ["user", "group", "role", "app"]
                .map(|name| field(name.to_owned()))
                .into()
        }
        [
            "resource" | "parent_resource" | "principal",
            "traits",
            "user",
        ] => ["email", "login", "status"]
            .map(|name| field(name.to_owned()))
            .into(),
        ["vars"] => {
            let vars = file.outline.find(&["vars"]);
            let keys = vars.map(|vars| names::keys(file, vars)).unwrap_or_default();
            let offers = keys.into_iter();
            offers
                .map(|(key, at)| field(key).detail(file.scalar(at)))
                .collect()
        }
        ["input"] => {
            let mut known: Vec<String> = Vec::new();
            for (_, name, found) in names::placeholders(file, entry) {
                let is_asked = file.outline.ancestors(found).any(|at| {
                    let around = &file.outline.entries[at];
                    around.named("arguments") || around.named("schema")
                });
                if is_asked && !known.contains(&name) {
                    known.push(name);
                }
            }
            known.into_iter().map(field).collect()
        }
        ["pre_requests"] => {
            let mut known: Vec<String> = Vec::new();
            for (index, found) in file.outline.entries.iter().enumerate() {
                if found.named("pre_requests") {
                    known.extend(names::keys(file, index).into_iter().map(|(key, _)| key));
                }
            }
            known.sort();
            known.dedup();
            known.into_iter().map(field).collect()
        }
        ["pre_requests", _] | ["response"] => ["body", "headers", "status_code"]
            .map(|name| field(name.to_owned()))
            .into(),
        [known] if !words::members(known).is_empty() => words::members(known)
            .into_iter()
            .map(|name| field(name.to_owned()).doc(Some(words::member(name))))
            .collect(),
        _ if language == Language::Cel => functions(words::methods(), over),
        _ => Vec::new(),
    }
}

fn columns(wanted: &Wanted<'_>, entry: usize, way: &[&str], over: Span) -> Vec<Offer> {
    let columns = records::columns(wanted.file, wanted.previews, entry, way);
    let offers = columns.into_iter().map(|column| {
        Offer::new(column.name, CompletionItemKind::FIELD, over)
            .detail(column.source)
            .doc(records::listed(&column.values))
    });
    offers.collect()
}

/// The keys of the profiles that resources of a type are given: of the type itself, where it is
/// known which one that is.
fn profile(file: &File, entry: usize, holder: &str) -> Vec<String> {
    let own = file.resource_type(entry).filter(|_| holder == "resource");
    let mut found: Vec<String> = Vec::new();
    for (index, around) in file.outline.entries.iter().enumerate() {
        let is_meant = match &own {
            Some(own) => file.resource_type(index).as_ref() == Some(own),
            None => file.resource_type(index).is_some(),
        };
        if around.named("profile") && is_meant {
            found.extend(names::keys(file, index).into_iter().map(|(key, _)| key));
        }
    }
    found.sort();
    found.dedup();
    found
}

fn variable(name: &str, text: &str, over: Span) -> Offer {
    Offer::new(name, CompletionItemKind::VARIABLE, over)
        .writes(text)
        .doc(words::variable(name))
}

fn functions(functions: Vec<FunctionDoc>, over: Span) -> Vec<Offer> {
    let offers = functions.into_iter().map(|function| {
        let name = words::name_of(&function).to_owned();
        Offer::new(name, CompletionItemKind::FUNCTION, over)
            .detail(function.signature.clone())
            .doc(Some(function.description))
    });
    offers.collect()
}

/// The beginnings of programs, where text is literal without one.
fn prefixes(before: &str, over: Span) -> Vec<Offer> {
    let known = [
        ("cel:", "An expression: `cel:item.email`."),
        ("tmpl:", "A template: `tmpl:/groups/{{ .resource.id }}`."),
    ];
    let offers = known
        .into_iter()
        .filter(|(name, _)| name.starts_with(before));
    offers
        .map(|(name, doc)| Offer::new(name, CompletionItemKind::KEYWORD, over).doc(Some(doc)))
        .collect()
}

/// A program as it is meant, without what the quotes around it add.
fn plain(file: &File, start: usize, program: usize, at: usize) -> String {
    let text = &file.text()[program..at];
    match file.text()[start..].chars().next() {
        Some('\'') => text.replace("''", "'"),
        Some('"') => text.replace("\\\"", "\""),
        _ => text.to_owned(),
    }
}
