//! What `rolecall inspect FILE export` writes, and what it leaves alone.

use std::fs;
use std::path::Path;

use rolecall::c1z::Compression;
use rolecall::model::{Annotation, ProfileValue, ResourceTrait};
use tempfile::TempDir;

use super::{files, samples};

fn export(directory: &Path, words: &str) -> (Option<i32>, String) {
    let words: Vec<_> = ["inspect", "o.c1z", "export", "--to"]
        .into_iter()
        .chain(words.split_whitespace())
        .collect();
    let ran = crate::run(directory, &words, &[]);
    (ran.status.code(), crate::said(&ran))
}

/// A file with one of everything, and a name that a spreadsheet would run.
fn sample() -> TempDir {
    let directory = TempDir::new().unwrap();
    let mut pages = samples::pages();
    let ada = &mut pages[1].resources[1];
    ada.display_name = "=HYPERLINK(\"http://acme.test\")".into();
    ada.annotations.push(Annotation {
        type_url: "type.googleapis.com/acme.Badge".into(),
        value: vec![1, 2],
    });
    let mut bob = ada.clone();
    bob.id.id = "bob, \"the\" builder".into();
    bob.display_name = "Bob\nBuilder".into();
    if let ResourceTrait::User(facts) = &mut bob.traits[0] {
        let list = |values: &[&str]| {
            values
                .iter()
                .map(|it| ProfileValue::Text((*it).into()))
                .collect()
        };
        facts
            .profile
            .insert("tags".into(), ProfileValue::List(list(&["a", "b"])));
        facts
            .profile
            .insert("+cost".into(), ProfileValue::Text("@SUM(1)".into()));
    }
    pages[1].resources.push(bob);
    files::write(&directory.path().join("o.c1z"), &pages, Compression::Zstd);
    directory
}

fn names(directory: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

fn snapshot(directory: &Path, name: &str) {
    let text = fs::read_to_string(directory.join(name)).unwrap();
    let mut settings = insta::Settings::clone_current();
    settings.add_filter("[0-9A-Za-z]{27}", "[sync id]");
    settings.bind(|| insta::assert_snapshot!(format!("export {name}").replace(' ', "-"), text));
}

const CSV: [&str; 6] = [
    "entitlements.csv",
    "export.json",
    "grants.csv",
    "profiles.csv",
    "resource_types.csv",
    "resources.csv",
];

#[test]
fn a_folder_of_csv() {
    let directory = sample();
    let (ended, told) = export(directory.path(), "out");
    assert_eq!(ended, Some(0), "{told}");
    assert!(told.starts_with("out: sync "), "{told}");
    let out = directory.path().join("out");
    assert_eq!(names(&out), CSV);
    for name in CSV {
        snapshot(&out, name);
    }
}

#[test]
fn a_folder_of_json_lines_holds_every_fact() {
    let directory = sample();
    let (ended, told) = export(directory.path(), "out --format jsonl");
    assert_eq!(ended, Some(0), "{told}");
    let out = directory.path().join("out");
    let lines = [
        "entitlements.jsonl",
        "export.json",
        "grants.jsonl",
        "resource_types.jsonl",
        "resources.jsonl",
    ];
    assert_eq!(names(&out), lines);
    for name in lines.iter().filter(|name| **name != "export.json") {
        snapshot(&out, name);
        for line in fs::read_to_string(out.join(name)).unwrap().lines() {
            serde_json::from_str::<serde_json::Value>(line).unwrap();
        }
    }
}

#[test]
fn a_workbook() {
    let directory = sample();
    let (ended, told) = export(directory.path(), "out.xlsx");
    assert_eq!(ended, Some(0), "{told}");
    let mut book =
        zip::ZipArchive::new(fs::File::open(directory.path().join("out.xlsx")).unwrap()).unwrap();
    let mut part = |name: &str| std::io::read_to_string(book.by_name(name).unwrap()).unwrap();
    let sheets = part("xl/workbook.xml");
    for name in [
        "sync",
        "resource_types",
        "resources",
        "entitlements",
        "grants",
        "profiles",
    ] {
        assert!(sheets.contains(&format!("name=\"{name}\"")), "{sheets}");
    }
    let resources = part("xl/worksheets/sheet3.xml");
    assert!(resources.contains("=HYPERLINK"), "{resources}");
    assert!(!resources.contains("<f>"), "nothing is a formula");
    assert_eq!(resources.matches("<row ").count(), 6, "{resources}");
    let profiles = part("xl/worksheets/sheet6.xml");
    assert!(
        profiles.contains("profile.desk.floor") && profiles.contains(">2.5<"),
        "{profiles}"
    );
    assert_eq!(names(directory.path()), ["o.c1z", "out.xlsx"]);
}

#[test]
fn an_export_is_replaced_and_nothing_of_anybody_else() {
    let directory = sample();
    let path = directory.path();
    let out = path.join("out");
    fs::create_dir(&out).unwrap();
    fs::write(out.join("notes.txt"), "mine").unwrap();
    assert_eq!(export(path, "out").0, Some(0));
    // An earlier export in another form goes, what is not of an export stays.
    assert_eq!(export(path, "out --format jsonl").0, Some(0));
    assert_eq!(
        names(&out),
        [
            "entitlements.jsonl",
            "export.json",
            "grants.jsonl",
            "notes.txt",
            "resource_types.jsonl",
            "resources.jsonl"
        ]
    );

    let refused = |words: &str, reason: &str| {
        let (ended, told) = export(path, words);
        assert_eq!((ended, told), (Some(1), format!("error: {reason}\n")));
    };
    let other = path.join("other");
    fs::create_dir(&other).unwrap();
    fs::write(other.join("grants.csv"), "mine").unwrap();
    refused(
        "other",
        "`other/grants.csv` is there and no export wrote it: name another folder, or say `--force`",
    );
    assert_eq!(names(&other), ["grants.csv"]);
    assert_eq!(
        fs::read_to_string(other.join("grants.csv")).unwrap(),
        "mine"
    );
    assert_eq!(export(path, "other --force").0, Some(0));
    assert_eq!(names(&other), CSV);

    fs::write(path.join("plan.xlsx"), "mine").unwrap();
    refused(
        "plan.xlsx",
        "`plan.xlsx` is there: name another file, or say `--force`",
    );
    assert_eq!(fs::read_to_string(path.join("plan.xlsx")).unwrap(), "mine");
    assert_eq!(export(path, "plan.xlsx --force").0, Some(0));
    refused(
        "o.c1z --format csv",
        "`o.c1z` is a file: name a folder, or a file that ends in `.xlsx`",
    );
    refused(
        "out --format xlsx --force",
        "`out` is a folder: XLSX is one file",
    );
    let (ended, told) = export(path, "no/such/folder");
    assert_eq!(ended, Some(1));
    assert!(
        told.starts_with("error: cannot make `no/such/folder`\n"),
        "{told}"
    );
}

#[test]
fn a_format_that_a_command_does_not_have_is_a_wrong_command_line() {
    let directory = sample();
    let (ended, told) = export(directory.path(), "out --format json");
    let expected = "error: `export` has the formats `csv`, `jsonl` and `xlsx`\n";
    assert_eq!((ended, told.as_str()), (Some(2), expected));
    let ran = crate::run(
        directory.path(),
        &["inspect", "o.c1z", "grants", "--format", "xlsx"],
        &[],
    );
    assert_eq!(ran.status.code(), Some(2));
    assert_eq!(names(directory.path()), ["o.c1z"]);
}

/// What fails in the middle leaves the earlier export, and no file of its own.
#[test]
fn an_export_that_fails_changes_nothing() {
    let directory = sample();
    let path = directory.path();
    assert_eq!(export(path, "out").0, Some(0));
    let before = fs::read(path.join("out/resources.csv")).unwrap();
    let inside = files::unpack(&path.join("o.c1z"));
    inside
        .db
        .execute_batch("update v1_grants set data = x'0aff' where id = 2; vacuum")
        .unwrap();
    let database = inside.db.path().unwrap().to_owned();
    let broken = files::file_around(&directory, &fs::read(database).unwrap());
    fs::rename(broken, path.join("o.c1z")).unwrap();
    for words in ["out", "out --format jsonl", "out.xlsx", "new"] {
        let (ended, told) = export(path, words);
        assert_eq!(ended, Some(1));
        assert!(
            told.starts_with("error: row 2 of `v1_grants` in `o.c1z` is no valid protobuf message"),
            "{told}"
        );
        assert_eq!(names(&path.join("out")), CSV);
        assert_eq!(fs::read(path.join("out/resources.csv")).unwrap(), before);
        assert_eq!(names(path), ["o.c1z", "out"]);
    }
}
