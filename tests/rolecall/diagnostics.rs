//! Connector files with mistakes → what their authors are told.

use std::collections::HashMap;
use std::fmt::Write as _;

use rolecall::config;
use rolecall::diagnostic::{Severity, SourceFile, render_text};
use rolecall::plan::{self, Check};

/// Everything that is found in a fixture, as `rolecall validate` shows it.
fn found(text: &str) -> String {
    let environment: HashMap<String, String> = HashMap::new();
    let how = Check {
        environment: &environment,
        unset_variable: Severity::Warning,
        strict: false,
        purpose: plan::Purpose::Everything,
    };
    let (plan, found) = plan::check(
        config::load_text(SourceFile::new("connector.yaml", text)),
        how,
    );
    let mut shown = String::new();
    for diagnostic in &found {
        writeln!(shown, "{}\n", render_text(diagnostic, false)).expect("a String takes all");
    }
    let runs = if plan.is_some() {
        "it runs"
    } else {
        "it does not run"
    };
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
