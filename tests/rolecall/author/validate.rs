//! `rolecall validate` and `rolecall explain-code`, as their users run them.

use std::io::Write as _;
use std::path::Path;
use std::process::Stdio;

use serde_json::Value as Json;

use crate::{program, run, said};

const SOUND: &str = "app_name: A\nconnect: {dsn: 'sqlite:a.db'}\nresource_types:\n  u: {list: {query: SELECT id FROM t, map: {id: .id, display_name: .id}}}\n";

/// Two mistakes, one of them with a fix, beside a name that needs care in a URI.
const BROKEN: &str = "app_name: A\nconnect: {dsn: 'sqlite:a.db'}\nresource_types:\n  u:\n    descripton: People\n    list: {query: SELECT id FROM t, map: {id: .id, display_name: nmae(.id)}}\n";

/// Files in a folder of their own.
fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (name, text) in files {
        let path = folder.path().join(name);
        let parent = path.parent().expect("a file is in a folder");
        std::fs::create_dir_all(parent).expect("a folder");
        std::fs::write(path, text).expect("a file");
    }
    folder
}

fn many() -> tempfile::TempDir {
    folder(&[
        ("one.yaml", SOUND),
        ("deep/er/two.yml", BROKEN),
        ("deep/broken.yaml", "connect: [\n"),
        ("deep/compose.yaml", "services: {}\n"),
        ("deep/one.tests.yaml", "[]\n"),
        ("deep/notes.txt", "connect:\n"),
        (".hidden/three.yaml", BROKEN),
        ("node_modules/four.yaml", BROKEN),
    ])
}

#[test]
fn folders_are_searched_and_accounted_for() {
    let folder = many();
    let ran = run(folder.path(), &["validate", ".", "one.yaml"], &[]);
    assert_eq!(ran.status.code(), Some(2));
    insta::assert_snapshot!("validate@folders", said(&ran));
}

#[test]
fn tests_beside_a_connector_are_checked_with_it() {
    let tests = "- name: a person\n  resource_type: person\n  given: {records: [{id: 1}]}\n  expect: {resources: [{id: '1'}]}\n";
    let folder = folder(&[("one.yaml", SOUND), ("one.tests.yaml", tests)]);
    let ran = run(folder.path(), &["validate", "one.yaml"], &[]);
    assert_eq!(ran.status.code(), Some(2));
    let said = said(&ran);
    assert!(said.contains("--> one.tests.yaml:2:18"), "{said}");
}

#[test]
fn a_folder_without_connectors_is_no_success() {
    let folder = folder(&[("sub/compose.yaml", "services: {}\n")]);
    let ran = run(folder.path(), &["validate", "sub"], &[]);
    assert_eq!(ran.status.code(), Some(2));
    insta::assert_snapshot!("validate@nothing", said(&ran));
}

#[test]
fn every_format_says_the_same() {
    let folder = folder(&[("odd näme.yaml", BROKEN)]);
    for format in ["json", "sarif", "github"] {
        let ran = run(
            folder.path(),
            &["validate", "odd näme.yaml", "--format", format],
            &[],
        );
        assert_eq!(ran.status.code(), Some(2));
        assert!(ran.stderr.is_empty());
        let shown = String::from_utf8(ran.stdout).expect("text");
        // The long forms are tested where they are written.
        let shown = match format {
            "sarif" => {
                let mut log: Json = serde_json::from_str(&shown).expect("SARIF is JSON");
                assert_is_sarif(&log);
                for rule in log["runs"][0]["tool"]["driver"]["rules"]
                    .as_array_mut()
                    .expect("rules")
                {
                    assert!(
                        rule["help"]["markdown"]
                            .as_str()
                            .is_some_and(|it| it.contains("```yaml"))
                    );
                    assert!(
                        rule["help"]["text"]
                            .as_str()
                            .is_some_and(|it| !it.contains("```"))
                    );
                    rule["help"] = "…".into();
                }
                let driver = &mut log["runs"][0]["tool"]["driver"];
                driver["semanticVersion"] = "…".into();
                format!("{log:#}")
            }
            _ => shown,
        };
        insta::assert_snapshot!(format!("validate@{format}"), shown);
    }
}

/// What the standard demands of what we write: required properties, and references that hold.
fn assert_is_sarif(log: &Json) {
    assert_eq!(log["version"], "2.1.0");
    let run = &log["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().expect("rules");
    let results = run["results"].as_array().expect("results");
    assert!(!results.is_empty());
    for result in results {
        let index = result["ruleIndex"].as_u64().expect("an index");
        assert_eq!(rules[index as usize]["id"], result["ruleId"]);
        assert!(["error", "warning", "note"].contains(&result["level"].as_str().expect("a level")));
        assert!(result["message"]["text"].is_string());
        let place = &result["locations"][0]["physicalLocation"];
        let uri = place["artifactLocation"]["uri"].as_str().expect("a URI");
        assert!(uri.is_ascii() && !uri.contains(' '), "{uri}");
        for part in ["startLine", "startColumn", "endLine", "endColumn"] {
            assert!(place["region"][part].as_u64() >= Some(1), "{place}");
        }
    }
}

#[test]
fn standard_input_is_a_file_too() {
    for (text, code) in [
        (BROKEN.as_bytes(), 2),
        (SOUND.as_bytes(), 0),
        (b"a: \xff", 2),
    ] {
        let mut child = program()
            .args(["validate", "-", "--format", "github"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program runs");
        let mut input = child.stdin.take().expect("a pipe");
        input.write_all(text).expect("it reads");
        drop(input);
        let ran = child.wait_with_output().expect("it ends");
        assert_eq!(ran.status.code(), Some(code));
        let shown = String::from_utf8(ran.stdout).expect("text");
        assert_eq!(shown.is_empty(), code == 0, "{shown}");
        assert!(code == 0 || shown.contains("stdin"), "{shown}");
    }
}

#[test]
fn fixes_are_made_and_nothing_else() {
    let folder = folder(&[("a.yaml", BROKEN), ("b.yaml", SOUND)]);
    let path = folder.path().join("a.yaml");
    let read = |path: &Path| std::fs::read_to_string(path).expect("the file is there");
    let ran = run(
        folder.path(),
        &["validate", "--fix", "a.yaml", "b.yaml"],
        &[],
    );
    insta::assert_snapshot!("validate@fix", said(&ran));
    let after = read(&path);
    assert_ne!(after, BROKEN, "something was fixed");
    assert_eq!(read(&folder.path().join("b.yaml")), SOUND);
    // What is left has no fix: a second time changes nothing.
    run(folder.path(), &["validate", "--fix", "a.yaml"], &[]);
    assert_eq!(read(&path), after);
    let ran = run(folder.path(), &["validate", "--fix", "-"], &[]);
    assert_eq!(ran.status.code(), Some(2));
}

#[test]
fn codes_are_explained() {
    let here = Path::new(".");
    let ran = run(here, &["explain-code", "error[unordered-pages]:"], &[]);
    assert_eq!(ran.status.code(), Some(0));
    insta::assert_snapshot!("explain-code@one", said(&ran));
    // A code of files, of syncs and of sync files.
    let shown = said(&run(here, &["explain-code", "duplicate-id"], &[]));
    for of in ["`validate` and `sync`", "summary of a sync", "a sync file"] {
        assert!(shown.contains(of), "{shown}");
    }
    let ran = run(here, &["explain-code", "unknown-feild"], &[]);
    assert_eq!(ran.status.code(), Some(2));
    assert!(said(&ran).contains("did you mean `unknown-field`?"));
    let ran = run(here, &["explain-code", "xyz"], &[]);
    assert_eq!(ran.status.code(), Some(2));
    let listed = said(&run(here, &["explain-code"], &[]));
    for code in rolecall::diagnostic::codes::DIAGNOSTICS {
        assert!(
            listed.contains(&format!("  {}\n", code.name)),
            "{}",
            code.name
        );
    }
}
