//! Connector files, tidied and brought up to date.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use proptest::prelude::*;
use rolecall::config::{self, Environment};
use rolecall::connector_test::Suite;
use rolecall::diagnostic::{Diagnostic, Severity, SourceFile};
use rolecall::plan::{self, Check, Purpose};
use rolecall::rewrite::{Untidy, migrate, tidy};

/// Every connector of this repository, examples first.
fn connectors() -> Vec<PathBuf> {
    fn below(folder: &Path, found: &mut Vec<PathBuf>) {
        let entries = std::fs::read_dir(folder).expect("a folder");
        let mut paths: Vec<_> = entries.map(|it| it.expect("an entry").path()).collect();
        paths.sort();
        for path in paths {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let is_yaml = name.ends_with(".yaml") || name.ends_with(".yml");
            if path.is_dir() {
                below(&path, found);
            } else if is_yaml {
                found.push(path);
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = crate::examples::files();
    below(&root.join("tests/fixtures"), &mut found);
    found
}

fn read(path: &Path) -> Option<Arc<SourceFile>> {
    let text = std::fs::read_to_string(path).ok()?;
    Some(SourceFile::new(path, text))
}

struct Unset;

impl Environment for Unset {
    fn get(&self, _: &str) -> Option<String> {
        None
    }
}

fn told(file: &Arc<SourceFile>) -> Vec<Diagnostic> {
    let how = Check {
        environment: &Unset,
        unset_variable: Severity::Warning,
        strict: false,
        purpose: Purpose::Everything,
    };
    plan::check(config::load_text(file.clone()), how).1
}

/// What is told of a file, wherever in it.
fn messages(file: &Arc<SourceFile>) -> Vec<String> {
    let told = told(file).into_iter();
    let mut messages: Vec<_> = told
        .map(|it| format!("{}: {}", it.code, it.message))
        .collect();
    messages.sort();
    messages
}

#[test]
fn every_file_can_be_tidied_says_the_same_and_stays_tidy() {
    let mut tidied = 0;
    for path in connectors() {
        let Some(file) = read(&path) else {
            continue;
        };
        let text = match tidy(&file) {
            Ok(text) => text,
            Err(Untidy::NotYaml(found)) => {
                assert!(!found.is_empty(), "{}", path.display());
                continue;
            }
            Err(Untidy::Unsafe) => panic!("{} cannot be tidied", path.display()),
        };
        let after = SourceFile::new(&path, text.as_str());
        assert_eq!(tidy(&after).ok(), Some(text), "{}", path.display());
        // A sentence of the YAML parser may quote the text as it is written.
        if !messages(&file).iter().any(|it| it.contains('\n')) {
            assert_eq!(messages(&after), messages(&file), "{}", path.display());
        }
        tidied += 1;
    }
    assert!(tidied > 300, "{tidied}");
}

#[test]
fn every_example_is_tidy_and_up_to_date() {
    for path in crate::examples::files() {
        let file = read(&path).expect("an example");
        let tidied = tidy(&file).expect("it is sound");
        assert_eq!(tidied, file.text(), "{}", path.display());
        let migrated = migrate(&file).expect("it is sound");
        assert_eq!(migrated.migrations, [], "{}", path.display());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    /// Comments, blank lines, spaces and indentation, wherever they are put in.
    #[test]
    fn what_is_put_between_the_lines_stays(
        which in any::<prop::sample::Index>(),
        places in prop::collection::vec((any::<prop::sample::Index>(), 0..4_u8), 1..6),
        deeper in any::<bool>(),
        crlf in any::<bool>(),
    ) {
        let files = crate::examples::files();
        let file = read(&files[which.index(files.len())]).expect("an example");
        let mut lines: Vec<String> = file.text().lines().map(str::to_owned).collect();
        if deeper {
            for line in &mut lines {
                let indent = line.len() - line.trim_start().len();
                line.insert_str(0, &" ".repeat(indent));
            }
        }
        let mut notes = 0;
        for (place, what) in places {
            let at = place.index(lines.len());
            let indent = lines[at].len() - lines[at].trim_start().len();
            match what {
                0 => {
                    lines.insert(at, format!("{}# a note", " ".repeat(indent)));
                    notes += 1;
                }
                1 => lines.insert(at, String::new()),
                2 => lines[at].push_str("  "),
                _ => {
                    if let Some(colon) = lines[at].find(": ") {
                        lines[at].insert_str(colon + 1, "  ");
                    }
                }
            }
        }
        let text = lines.join(if crlf { "\r\n" } else { "\n" });
        let before = SourceFile::new("a.yaml", text);
        match tidy(&before) {
            Ok(tidied) => {
                prop_assert_eq!(tidied.matches("# a note").count(), notes);
                let after = SourceFile::new("a.yaml", tidied.as_str());
                prop_assert_eq!(messages(&after), messages(&before));
                prop_assert_eq!(tidy(&after).ok(), Some(tidied));
            }
            // A line in the middle of a text may be no YAML any more.
            Err(Untidy::NotYaml(_)) => {}
            Err(Untidy::Unsafe) => {}
        }
    }

    /// Whatever the text is, nothing panics, and what is said is not changed.
    #[test]
    fn any_text_is_tidied_or_left(text in "[ \\n:#&*|>'\"{}\\[\\],a-z0-9-]{0,60}") {
        let file = SourceFile::new("a.yaml", text);
        if let Ok(tidied) = tidy(&file) {
            prop_assert!(tidy(&SourceFile::new("a.yaml", tidied)).is_ok());
        }
        drop(migrate(&file));
    }
}

fn copied(case: &Path) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("connector.yaml");
    std::fs::copy(case.join("connector.yaml"), &path).expect("it can be copied");
    (folder, path)
}

#[test]
fn every_migration_is_shown_with_its_reason() {
    for case in crate::fixtures("migrate") {
        let name = case.file_name().expect("a folder has a name");
        let name = name.to_string_lossy().into_owned();
        let (folder, path) = copied(&case);
        let ran = crate::run(folder.path(), &["migrate", "connector.yaml"], &[]);
        insta::assert_snapshot!(format!("migrate@{name}"), crate::said(&ran));
        let unchanged = std::fs::read(case.join("connector.yaml")).expect("a fixture");
        assert_eq!(std::fs::read(&path).expect("it is there"), unchanged);
        let ran = crate::run(
            folder.path(),
            &["migrate", "--write", "connector.yaml"],
            &[],
        );
        assert!(ran.status.success(), "{}", crate::said(&ran));
        let ran = crate::run(folder.path(), &["migrate", "connector.yaml"], &[]);
        let said = crate::said(&ran);
        assert_eq!(said, "connector.yaml: nothing is old in it\n", "{name}");
    }
}

/// The tests in the fixtures say what their listings did before, and do after.
#[test]
fn a_migrated_file_does_what_it_did_and_is_warned_of_less() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let mut ran = 0;
    for case in crate::fixtures("migrate") {
        let before = read(&case.join("connector.yaml")).expect("a fixture");
        let migrated = migrate(&before).expect("it is YAML");
        let after = SourceFile::new("connector.yaml", migrated.text);
        let (old, new) = (messages(&before), messages(&after));
        assert!(new.len() <= old.len(), "{new:?}");
        for code in [
            "implicit-placeholder",
            "mixed-mappings",
            "no-effect",
            "wrong-type",
        ] {
            let left = new.iter().filter(|it| it.starts_with(code));
            assert_eq!(left.count(), 0, "{new:?}");
        }
        for file in [&before, &after] {
            let Ok(suite) = Suite::of(config::load_text(file.clone()), None) else {
                continue;
            };
            let coverage = suite.coverage();
            for test in &suite.cases {
                let tested = runtime.block_on(suite.run(test, &coverage));
                let told = tested.differences.iter().map(|it| &it.message);
                assert!(
                    tested.passed(),
                    "{}: {:?}",
                    test.name(),
                    told.collect::<Vec<_>>()
                );
                ran += 1;
            }
        }
    }
    assert!(ran >= 16, "{ran}");
}

#[test]
fn the_command_tidies_checks_and_shows() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.yaml");
    let untidy = "a:   1 # one\nb:\n- {x:  1}\n- &y\n  # below the anchor\n  z: 'q'\n";
    let tidied = "a: 1 # one\nb:\n  - {x: 1}\n  - &y\n    # below the anchor\n    z: \"q\"\n";
    std::fs::write(&path, untidy).expect("it can be written");
    let run = |arguments: &[&str]| {
        let ran = crate::run(folder.path(), arguments, &[]);
        (ran.status.code(), crate::said(&ran))
    };
    let (code, said) = run(&["fmt", "--check", "a.yaml"]);
    assert_eq!((code, said.as_str()), (Some(1), "a.yaml is not tidy\n"));
    let (code, said) = run(&["fmt", "--diff", "a.yaml"]);
    assert_eq!(code, Some(0));
    insta::assert_snapshot!("fmt_diff", said);
    assert_eq!(std::fs::read_to_string(&path).expect("it is there"), untidy);
    let (code, said) = run(&["fmt", "a.yaml"]);
    assert_eq!((code, said.as_str()), (Some(0), "a.yaml\n"));
    assert_eq!(std::fs::read_to_string(&path).expect("it is there"), tidied);
    assert_eq!(run(&["fmt", "--check", "a.yaml"]), (Some(0), String::new()));
    std::fs::write(&path, "a: [1\n").expect("it can be written");
    let (code, said) = run(&["fmt", "a.yaml", "b.yaml"]);
    assert_eq!(code, Some(2));
    assert!(
        said.contains("a.yaml:") && said.contains("cannot read `b.yaml`"),
        "{said}"
    );
}
