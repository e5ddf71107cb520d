//! A file → the file with everything old in it brought up to date, in as many rounds as it takes.

use std::sync::Arc;

use super::sections::Document;
use super::{Migration, dead, has, keys, lists, oldest, traits, vars};
use crate::config::{self, Dialect, Environment, Node, parse_tree};
use crate::diagnostic::{Diagnostic, Edit, Severity, SourceFile, Span, apply_edits};
use crate::plan::{self, Check, Purpose};

/// One change may make room for another; a file that is never done is left as it is.
const ROUNDS: usize = 20;

/// A file, brought up to date.
#[derive(Debug)]
pub struct Migrated {
    /// Its new text.
    pub text: String,
    /// What was changed, in the order in which it was done.
    pub migrations: Vec<Migration>,
}

/// Brings a file up to date. What it does stays the same; every change is left out that would make a
/// mistake of something. An error is what is wrong with the YAML.
pub fn migrate(file: &Arc<SourceFile>) -> Result<Migrated, Vec<Diagnostic>> {
    let mut found = Vec::new();
    let Some(mut root) = parse_tree(file, &mut found) else {
        return Err(found);
    };
    let mut file = file.clone();
    let mut done = Vec::new();
    for _ in 0..ROUNDS {
        let told = told(&file);
        let document = Document {
            file: &file,
            root: &root,
            dialect: dialect(&root),
        };
        let mut wanted = keys::find(&document);
        wanted.extend(lists::find(&document));
        wanted.extend(oldest::find(&document));
        wanted.extend(traits::find(&document));
        wanted.extend(has::find(&document));
        wanted.extend(vars::find(&document, &told));
        wanted.extend(dead::find(&document));
        wanted.extend(fixes(&document, &told));
        let made = make(&file, apart(wanted), Weight::of(&told));
        let Some((next, migrations)) = made else {
            break;
        };
        let Some(tree) = parse_tree(&next, &mut Vec::new()) else {
            break;
        };
        (file, root) = (next, tree);
        done.extend(migrations);
    }
    Ok(Migrated {
        text: file.text().to_owned(),
        migrations: done,
    })
}

/// The language of a file, as far as its `connect` tells it.
fn dialect(root: &Node) -> Dialect {
    let connect = root.get("connect");
    let of_api = ["base_url", "auth", "request_defaults"];
    let is_api = |connect: &Node| of_api.iter().any(|key| connect.get(key).is_some());
    match connect.is_some_and(is_api) {
        true => Dialect::Http,
        false => Dialect::Sql,
    }
}

/// No variable is needed to bring a file up to date.
struct Unset;

impl Environment for Unset {
    fn get(&self, _: &str) -> Option<String> {
        None
    }
}

/// Everything that is wrong with a file.
fn told(file: &Arc<SourceFile>) -> Vec<Diagnostic> {
    let how = Check {
        environment: &Unset,
        unset_variable: Severity::Warning,
        strict: false,
        purpose: Purpose::Everything,
    };
    plan::check(config::load_text(file.clone()), how).1
}

/// How much is wrong with a file: errors, and everything that is told.
#[derive(Clone, Copy)]
struct Weight {
    errors: usize,
    all: usize,
}

impl Weight {
    fn of(told: &[Diagnostic]) -> Self {
        let errors = told.iter().filter(|it| it.severity == Severity::Error);
        Self {
            errors: errors.count(),
            all: told.len(),
        }
    }

    /// Whether a file that weighs this much is no worse than the one it was made of. Where an error is
    /// gone, more of the file may be looked at.
    fn is_no_worse_than(self, before: Self) -> bool {
        self.errors < before.errors || self.errors == before.errors && self.all <= before.all
    }
}

/// What the checks of a file would surely put right.
fn fixes(document: &Document<'_>, told: &[Diagnostic]) -> Vec<Migration> {
    let fixed = told.iter().filter(|it| !it.fix.is_empty());
    let found = fixed.filter_map(|it| {
        let at = it.at.as_ref()?.span;
        Some(document.migration(at, it.message.as_str(), it.fix.clone()))
    });
    found.collect()
}

/// The migrations that touch nothing that another one before them touches.
fn apart(wanted: Vec<Migration>) -> Vec<Migration> {
    let mut taken: Vec<Span> = Vec::new();
    let mut kept = Vec::new();
    for migration in wanted {
        let spans: Vec<_> = migration.edits.iter().map(|edit| edit.span).collect();
        let meets = |span: &Span| {
            let meets = |taken: &Span| span.start <= taken.end && taken.start <= span.end;
            taken.iter().any(meets)
        };
        // What lies between two edits of one migration may be moved by it.
        let whole = spans.iter().map(|span| span.start).min();
        let whole = whole.zip(spans.iter().map(|span| span.end).max());
        let whole = whole.map(|(start, end)| Span::new(start, end));
        if !spans.iter().any(meets) && !whole.iter().any(meets) {
            taken.extend(whole);
            kept.push(migration);
        }
    }
    kept.sort_by_key(|migration| migration.line);
    kept
}

/// Makes migrations: all of them at once, or, where that would make a mistake, one after the other
/// as far as none does. `None` when none could be made.
fn make(
    file: &Arc<SourceFile>,
    wanted: Vec<Migration>,
    before: Weight,
) -> Option<(Arc<SourceFile>, Vec<Migration>)> {
    if wanted.is_empty() {
        return None;
    }
    let with = |migrations: &[Migration]| {
        let edits = migrations.iter().flat_map(|it| it.edits.iter().cloned());
        let text = apply_edits(file.text(), &edits.collect::<Vec<Edit>>());
        let changed = SourceFile::new(file.path(), text);
        Weight::of(&told(&changed))
            .is_no_worse_than(before)
            .then_some(changed)
    };
    if let Some(changed) = with(&wanted) {
        return Some((changed, wanted));
    }
    let mut made: Vec<Migration> = Vec::new();
    let mut last = None;
    for migration in wanted {
        made.push(migration);
        match with(&made) {
            Some(changed) => last = Some(changed),
            None => drop(made.pop()),
        }
    }
    Some((last?, made))
}
