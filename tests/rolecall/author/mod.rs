//! What authors rely on: whatever a file says, its mistakes are told, at their places, and a file
//! without any can be run.

mod examples_of_codes;
mod fuzz;
mod mutation;
mod validate;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use rolecall::config::{self, Environment, Loaded};
use rolecall::diagnostic::codes::DIAGNOSTICS;
use rolecall::diagnostic::{
    Diagnostic, DiagnosticView, Severity, SourceFile, Span, has_errors, render_github, render_text,
    sarif,
};
use rolecall::plan::{self, Check, Plan, Purpose};

/// An environment in which every variable has a value that suits its name, but for those that say
/// that they have none.
struct EverythingSet;

impl Environment for EverythingSet {
    fn get(&self, name: &str) -> Option<String> {
        let value = match name {
            _ if name.starts_with("NOT_SET") => return None,
            _ if name.ends_with("URL") => "https://api.example.com",
            _ if name.ends_with("HOST") => "db.example.com",
            _ if name.ends_with("PORT") => "5432",
            _ => "value",
        };
        Some(value.to_owned())
    }
}

fn check(loaded: Loaded, purpose: Purpose, strict: bool) -> (Option<Plan>, Vec<Diagnostic>) {
    let how = Check {
        environment: &EverythingSet,
        unset_variable: Severity::Warning,
        strict,
        purpose,
    };
    plan::check(loaded, how)
}

fn checked(text: &str, purpose: Purpose, strict: bool) -> (Option<Plan>, Vec<Diagnostic>) {
    check(
        config::load_text(SourceFile::new("connector.yaml", text)),
        purpose,
        strict,
    )
}

/// What must be so for every text there is. The mistake in a sentence, when something is not so.
fn judge(text: &str) -> Result<(), String> {
    let (plan, found) = checked(text, Purpose::Everything, false);
    for diagnostic in &found {
        judge_diagnostic(diagnostic, text)?;
    }
    let shown = serde_json::to_string(&sarif(&found)).map_err(|error| error.to_string())?;
    if shown.matches("\"ruleIndex\"").count() != found.len() {
        return Err("the log for code scanning lacks something".to_owned());
    }
    let runs = |plan: &Option<Plan>| {
        if plan.is_some() {
            "runs"
        } else {
            "does not run"
        }
    };
    if plan.is_some() == has_errors(&found) {
        return Err(format!("it {}, with {found:#?}", runs(&plan)));
    }
    let (synced, of_sync) = checked(text, Purpose::Sync, false);
    if synced.is_some() == has_errors(&of_sync) {
        return Err(format!("a sync of it {}, with {of_sync:#?}", runs(&synced)));
    }
    if plan.is_some() && synced.is_none() {
        return Err(format!("it is valid and cannot be synced: {of_sync:#?}"));
    }
    // Also tells whether the same file is told the same mistakes twice.
    let told = |found: &[Diagnostic]| -> BTreeSet<String> {
        let line = |it: &Diagnostic| format!("{:?} {}: {}", it.at, it.code, it.message);
        found.iter().map(line).collect()
    };
    let (in_all, in_sync) = (told(&found), told(&of_sync));
    if in_all != in_sync {
        let differ: Vec<_> = in_all.symmetric_difference(&in_sync).collect();
        return Err(format!("told once and not twice: {differ:#?}"));
    }
    let warned = found.iter().any(|it| it.severity == Severity::Warning);
    if plan.is_some() && !warned && checked(text, Purpose::Everything, true).0.is_none() {
        return Err("nothing is wrong with it, but for strict eyes".to_owned());
    }
    Ok(())
}

/// A diagnostic has a place in the text, a code that is documented, and can be shown in every form.
fn judge_diagnostic(diagnostic: &Diagnostic, text: &str) -> Result<(), String> {
    let wrong = |what: &str| Err(format!("{what}: {diagnostic:#?}"));
    let Some(at) = &diagnostic.at else {
        return wrong("it has no place");
    };
    let is_in_text = |span: Span| text.get(span.start..span.end).is_some();
    if at.file.text() != text || !is_in_text(at.span) {
        return wrong("its place is not in the file");
    }
    if !diagnostic.fix.iter().all(|edit| is_in_text(edit.span)) {
        return wrong("its fix is not in the file");
    }
    if diagnostic.message.trim().is_empty() {
        return wrong("it says nothing");
    }
    let is_known = DIAGNOSTICS.iter().any(|code| code.name == diagnostic.code);
    if !is_known {
        return wrong("its code is not in src/diagnostic/codes.rs");
    }
    let github = render_github(diagnostic);
    let view = serde_json::to_value(DiagnosticView::from(diagnostic));
    let view = view.map_err(|error| error.to_string())?;
    if render_text(diagnostic, false).is_empty() || github.contains('\n') || view["line"].is_null()
    {
        return wrong("it cannot be shown");
    }
    Ok(())
}

/// Every connector file of the repository: sound ones and broken ones.
fn connectors() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    for folder in ["configs/examples", "tests/fixtures"] {
        collect(&root.join(folder), &mut files);
    }
    files.sort();
    files
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("the folder is there") {
        let path = entry.expect("a readable folder").path();
        let extension = path.extension().and_then(|extension| extension.to_str());
        if path.is_dir() {
            collect(&path, files);
        } else if matches!(extension, Some("yaml" | "yml")) {
            files.push(path);
        }
    }
}

/// Texts of the connector files that can be run.
fn sound() -> Vec<String> {
    let texts = connectors()
        .into_iter()
        .filter_map(|path| std::fs::read_to_string(path).ok());
    let runs = |text: &String| checked(text, Purpose::Everything, false).0.is_some();
    let sound: Vec<String> = texts.filter(runs).collect();
    assert!(sound.len() > 50, "only {} files are sound", sound.len());
    sound
}

/// Tries so many inputs, the same ones each time.
fn runner(cases: u32) -> TestRunner {
    let config = Config {
        cases,
        failure_persistence: None,
        max_shrink_iters: 2_000,
        ..Config::default()
    };
    TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha))
}

/// Tries other inputs each time.
fn random_runner(cases: u32) -> TestRunner {
    let config = Config {
        cases,
        failure_persistence: None,
        max_shrink_iters: 5_000,
        ..Config::default()
    };
    TestRunner::new(config)
}
