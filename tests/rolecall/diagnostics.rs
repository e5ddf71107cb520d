//! Connector files with mistakes → what their authors are told.

use std::collections::HashMap;
use std::fmt::Write as _;

use rolecall::config;
use rolecall::diagnostic::{Diagnostic, Edit, Severity, SourceFile, apply_edits, render_text};
use rolecall::plan::{self, Check};

/// Everything that is found in a file, and whether it runs.
fn check(text: &str) -> (bool, Vec<Diagnostic>) {
    let environment: HashMap<String, String> = HashMap::new();
    let how = Check {
        environment: &environment,
        unset_variable: Severity::Warning,
        strict: false,
        purpose: plan::Purpose::Everything,
    };
    let file = SourceFile::new("connector.yaml", text);
    let (plan, found) = plan::check(config::load_text(file), how);
    (plan.is_some(), found)
}

/// Everything that is found in a fixture, as `rolecall validate` shows it, and how each is put right.
fn found(text: &str) -> String {
    let (runs, found) = check(text);
    let mut shown = String::new();
    for diagnostic in &found {
        writeln!(shown, "{}", render_text(diagnostic, false)).expect("a String takes all");
        for Edit { span, text: with } in &diagnostic.fix {
            let at = diagnostic.at.as_ref().expect("what is changed has a place");
            assert!(!at.file.is_masked(*span), "a fix shows no secret");
            let written = &text[span.start..span.end];
            writeln!(shown, "fix: `{written}` -> `{with}`").expect("a String takes all");
        }
        writeln!(shown).expect("a String takes all");
    }
    let runs = if runs { "it runs" } else { "it does not run" };
    write!(shown, "{} found, {runs}", found.len()).expect("a String takes all");
    shown
}

#[test]
fn every_mistake_is_told_at_its_place() {
    for case in crate::fixtures("diagnostics") {
        let text = std::fs::read_to_string(case.join("connector.yaml"))
            .expect("a fixture has a connector");
        let name = case
            .file_name()
            .expect("a folder has a name")
            .to_string_lossy()
            .into_owned();
        insta::assert_snapshot!(format!("diagnostics@{name}"), found(&text));
    }
}

/// A fix is made without looking: it must remove its mistake, and bring none.
#[test]
fn every_fix_puts_its_mistake_right() {
    let mut wrong = String::new();
    let mut fixes = 0;
    for case in crate::fixtures("diagnostics") {
        let text = std::fs::read_to_string(case.join("connector.yaml"))
            .expect("a fixture has a connector");
        let (_, before) = check(&text);
        for diagnostic in before.iter().filter(|found| !found.fix.is_empty()) {
            fixes += 1;
            let (_, after) = check(&apply_edits(&text, &diagnostic.fix));
            let count = |all: &[Diagnostic], one: &Diagnostic| {
                let same =
                    |found: &&Diagnostic| found.code == one.code && found.message == one.message;
                all.iter().filter(same).count()
            };
            let name = case.file_name().unwrap_or_default().to_string_lossy();
            if count(&after, diagnostic) >= count(&before, diagnostic) {
                writeln!(wrong, "{name}: stays: {}", diagnostic.message).expect("takes all");
            }
            // Several mistakes hide each other.
            if before.len() > 3 {
                continue;
            }
            let after = after.into_iter().filter(|new| new.code != "unset-variable");
            let after: Vec<_> = after.collect();
            for new in after
                .iter()
                .filter(|new| count(&after, new) > count(&before, new))
            {
                writeln!(
                    wrong,
                    "{name}: after `{}`: {}",
                    diagnostic.message, new.message
                )
                .expect("takes all");
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    assert!(fixes > 100, "only {fixes} mistakes can be put right");
}

/// A rule that warns of a sound file is worse than none.
#[test]
fn sound_files_have_no_warnings() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = crate::examples::files();
    files.push(root.join("tests/fixtures/golden/connector.yml"));
    for case in [
        "every-section",
        "every-section-of-an-api",
        "provisioning-of-several-databases",
    ] {
        files.push(root.join(format!("tests/fixtures/diagnostics/{case}/connector.yaml")));
    }
    for file in files {
        let text = std::fs::read_to_string(&file).expect("the file is text");
        let shown = found(&text);
        let others = shown
            .lines()
            .filter(|line| line.starts_with("warning[") && !line.contains("unset-variable"));
        assert_eq!(others.count(), 0, "{}: {shown}", file.display());
        assert!(!shown.contains("error["), "{}: {shown}", file.display());
    }
}

#[test]
fn strictness_makes_errors_of_warnings() {
    let text = "app_name: A\nconnect: {dsn: 'sqlite:a.db', x: 1}\nresource_types:\n  u: {list: {query: SELECT 1 AS id, map: {id: .id, display_name: .id}}}\n";
    let environment: HashMap<String, String> = HashMap::new();
    for (strict, runs) in [(false, true), (true, false)] {
        let how = Check {
            environment: &environment,
            unset_variable: Severity::Warning,
            strict,
            purpose: plan::Purpose::Sync,
        };
        let (plan, found) = plan::check(config::load_text(SourceFile::new("a.yaml", text)), how);
        assert_eq!(plan.is_some(), runs, "{found:?}");
    }
}

/// Whoever only lists need not wait until every statement that changes something is right.
#[test]
fn mistakes_about_changes_do_not_stop_a_sync() {
    let text = "app_name: A\nconnect: {dsn: 'sqlite:a.db'}\nresource_types:\n  u:\n    list: {query: SELECT 1 AS id, map: {id: .id, display_name: .id}}\n    static_entitlements:\n      - id: use\n        display_name: \"'Use'\"\n        provisioning: {vars: {who: lowercas(principal.ID)}, grant: {queries: ['INSERT INTO x VALUES (?<whom>)']}}\n";
    let environment: HashMap<String, String> = HashMap::new();
    for (purpose, severity) in [
        (plan::Purpose::Sync, Severity::Warning),
        (plan::Purpose::Everything, Severity::Error),
    ] {
        let how = Check {
            environment: &environment,
            unset_variable: Severity::Warning,
            strict: false,
            purpose,
        };
        let (plan, found) = plan::check(config::load_text(SourceFile::new("a.yaml", text)), how);
        assert_eq!(plan.is_some(), severity == Severity::Warning, "{found:?}");
        for code in ["unknown-function", "unknown-placeholder"] {
            let noted = found.iter().find(|found| found.code == code);
            assert_eq!(noted.map(|noted| noted.severity), Some(severity), "{code}");
        }
    }
}

/// Whatever the sections about changes share with a listing is needed by the listing.
#[test]
fn what_an_alias_shares_with_a_listing_is_not_excused() {
    let listed = "app_name: A\nconnect: {dsn: 'sqlite:a.db'}\nresource_types:\n  u:\n";
    let map = "      map: {id: .id, display_name: .id}\n";
    let shared = [
        format!("    get: &g\n      query: SELECT 1 AS id, ?<nope> AS x\n{map}    list: *g\n"),
        format!(
            "    get: {{query: &q 'SELECT 1 AS id, ?<nope> AS x'}}\n    list:\n      query: *q\n{map}"
        ),
        format!(
            "    list:\n      query: &q SELECT 1 AS id, ?<nope> AS x\n{map}    get: {{query: *q}}\n"
        ),
    ];
    let environment: HashMap<String, String> = HashMap::new();
    for shared in shared {
        let how = Check {
            environment: &environment,
            unset_variable: Severity::Warning,
            strict: false,
            purpose: plan::Purpose::Sync,
        };
        let file = SourceFile::new("a.yaml", format!("{listed}{shared}"));
        let (plan, found) = plan::check(config::load_text(file), how);
        let errors = found
            .iter()
            .filter(|found| found.severity == Severity::Error);
        let codes: Vec<_> = errors.map(|found| found.code).collect();
        assert!(
            plan.is_none() && codes.contains(&"unknown-placeholder"),
            "{shared}: {found:?}"
        );
    }
}

/// A secret that an author wrote into the file is in no excerpt, whatever the mistake beside it.
#[test]
fn excerpts_show_no_secret() {
    let text = "app_name: A\nconnect:\n  base_url: https://a.test\n  auth: {type: basic, username: u, password: hunter2, nope: 1}\nresource_types:\n  u:\n    list:\n      request: {url: /u}\n      response: {resource_mapping: {id: cel:item.id, display_name: cel:item.id}}\n";
    let shown = found(text);
    assert!(
        shown.contains("plain-secret") && shown.contains("nope"),
        "{shown}"
    );
    assert!(!shown.contains("hunter2"), "{shown}");
}

/// Nor is one in a message, where literal text looks like a program.
#[test]
fn messages_quote_no_secret() {
    let text = "app_name: A\nconnect:\n  base_url: https://a.test\n  request_defaults: {headers: {X-Api-Key: \"'hunter2'\", X-Org: \"'acme'\"}}\nresource_types:\n  u:\n    list:\n      request: {url: /u}\n      response: {resource_mapping: {id: cel:item.id, display_name: cel:item.name}}\n";
    let shown = found(text);
    assert_eq!(shown.matches("literal-program").count(), 2, "{shown}");
    assert!(!shown.contains("hunter2"), "{shown}");
}
