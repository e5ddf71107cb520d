//! What `rolecall inspect` prints.

use std::io::{self, Write};
use std::path::Path;

use clap::Parser;
use indexmap::IndexMap;
use rolecall::c1z::Compression;
use rolecall::cli::inspect::{InspectArgs, run_with_width};
use rolecall::model::{Grant, GrantSource, ResourceId};
use rolecall::sync::PageFacts;
use tempfile::TempDir;

use super::{files, samples};

#[derive(Parser)]
struct CommandLine {
    #[command(flatten)]
    args: InspectArgs,
}

fn try_inspect(file: &Path, words: &str, width: Option<u16>) -> Result<String, String> {
    let words = ["inspect", file.to_str().unwrap()]
        .into_iter()
        .chain(words.split_whitespace());
    let line = CommandLine::try_parse_from(words).map_err(|error| error.kind().to_string())?;
    let mut out = Vec::new();
    run_with_width(line.args, &mut out, width).map_err(|error| format!("{error:#}"))?;
    Ok(String::from_utf8(out).unwrap())
}

fn inspect(file: &Path, words: &str) -> String {
    try_inspect(file, words, None).unwrap()
}

#[test]
fn the_golden_file_in_every_form() {
    for what in [
        "resources",
        "entitlements",
        "grants",
        "principals",
        "access",
        "stats",
        "access -t user -r 1",
        "grants -t role",
        "principals -t role -r auditor",
    ] {
        for format in ["table", "json", "csv"] {
            let printed = inspect(&files::golden(), &format!("{what} --format {format}"));
            assert!(
                printed.ends_with('\n') && !printed.ends_with("\n\n"),
                "{what} {format}"
            );
            assert!(!printed.contains('\x1b'), "{what} {format} is coloured");
            let name = format!("{}.{format}", what.replace(" -", "-").replace(' ', "="));
            insta::assert_snapshot!(name, printed);
        }
    }
}

#[test]
fn filters_show_what_they_name() {
    let count = |words: &str| {
        let printed = inspect(&files::golden(), &format!("{words} --format csv"));
        printed.lines().count() - 1
    };
    for (words, rows) in [
        ("resources", 50),
        ("resources -t group", 6),
        ("entitlements -t role", 4),
        ("entitlements -t group -r eng", 2),
        ("entitlements -t user -r 1", 0),
        ("grants", 94),
        ("grants -t group", 79),
        ("grants -t user", 0),
        ("grants -e role:auditor:assigned", 5),
        ("grants -t role -e role:auditor:assigned", 5),
        ("grants -t group -e role:auditor:assigned", 0),
        ("principals", 42),
        ("principals -e role:auditor:assigned", 5),
        ("principals -t role -r auditor", 5),
        ("access", 94),
        ("access -t group", 2),
        ("access -t user -r 1", 4),
        ("stats", 3),
        ("grants --sync-id 3MOdYwn7tZllo1UpVp467wDPzNl", 94),
    ] {
        assert_eq!(count(words), rows, "{words}");
    }
}

#[test]
fn what_is_not_there_is_an_error_that_says_what_is() {
    let sync = "sync 3MOdYwn7tZllo1UpVp467wDPzNl";
    let types = format!("no resource type `usr` in {sync}; it has `role`, `user`, `group`");
    let cases = [
        ("resources -t usr", types.clone()),
        ("grants -t usr -r 1", types),
        (
            "access -t user -r 99",
            format!("no resource `user:99` in {sync}"),
        ),
        (
            "grants -e group:eng:boss",
            format!("no entitlement `group:eng:boss` in {sync}"),
        ),
        (
            "principals -e nothing",
            format!("no entitlement `nothing` in {sync}"),
        ),
        (
            "stats --sync-id none",
            format!(
                "`{}` holds no sync `none`; it holds `3MOdYwn7tZllo1UpVp467wDPzNl`",
                files::golden().display()
            ),
        ),
        (
            "stats --max-decoded-mib 0",
            format!(
                "`{}` unpacks to more than 0 bytes; raise the limit if you trust where it comes from",
                files::golden().display()
            ),
        ),
    ];
    for (words, expected) in cases {
        assert_eq!(
            try_inspect(&files::golden(), words, None),
            Err(expected),
            "{words}"
        );
    }
}

#[test]
fn a_wrong_command_line_is_refused_before_the_file_is_opened() {
    for words in [
        "",
        "everything",
        "grants -r 1",
        "grants -t group -r eng -e x",
        "access -r 1",
        "resources --format yaml",
        "principals -t group -r eng -e x",
    ] {
        assert!(
            try_inspect(Path::new("missing.c1z"), words, None).is_err(),
            "{words}"
        );
        let words = words.split_whitespace();
        let line = ["inspect", "missing.c1z"].into_iter().chain(words);
        assert!(CommandLine::try_parse_from(line).is_err());
    }
}

/// A file in which somebody reaches something through a group, and grants name strangers.
fn derived() -> (TempDir, std::path::PathBuf) {
    let directory = TempDir::new().unwrap();
    let output = directory.path().join("o.c1z");
    let source = |is_direct| GrantSource { is_direct };
    let mut pages = samples::pages();
    pages.push(PageFacts {
        grants: vec![
            Grant {
                sources: IndexMap::from([("group:eng:member".to_owned(), source(true))]),
                immutable: true,
                ..samples::grant("owner", samples::ada().id)
            },
            Grant {
                sources: IndexMap::from([
                    ("group:eng:member".to_owned(), source(false)),
                    ("group:eng:owner".to_owned(), source(true)),
                    ("group:gone:member".to_owned(), source(false)),
                ]),
                ..samples::grant("owner", ResourceId::new("user", "b:o/b"))
            },
            samples::grant("member", ResourceId::new("user", "stranger")),
        ],
        ..PageFacts::default()
    });
    files::write(&output, &pages, Compression::Zstd);
    (directory, output)
}

#[test]
fn access_says_through_what_and_strangers_are_marked() {
    let (_directory, file) = derived();
    let mut settings = insta::Settings::clone_current();
    settings.add_filter("[0-9A-Za-z]{27}", "[sync id]");
    settings.bind(|| {
        for what in [
            "access",
            "access -t user -r ada",
            "access -t user -r b:o/b",
            "access -t user -r stranger",
            "access -t org -r acme",
            "grants",
            "principals",
            "resources",
            "entitlements",
        ] {
            for format in ["table", "json", "csv"] {
                let name = format!("derived {what}").replace([' ', '/', ':'], "_");
                let printed = inspect(&file, &format!("{what} --format {format}"));
                insta::assert_snapshot!(format!("{name}.{format}"), printed);
            }
        }
    });
}

#[test]
fn tables_fit_the_terminal() {
    let width = |line: &str| console_width(line);
    for columns in [40, 60, 100] {
        let printed = try_inspect(&files::golden(), "grants -t role", Some(columns)).unwrap();
        for line in printed.lines().filter(|line| !line.contains("in sync")) {
            assert!(width(line) <= usize::from(columns), "{columns}: {line}");
        }
    }
    insta::assert_snapshot!(
        "narrow",
        try_inspect(&files::golden(), "access -t user -r 1", Some(48)).unwrap()
    );
}

/// Wide characters take two columns; those in the file are Chinese and Japanese.
fn console_width(line: &str) -> usize {
    line.chars()
        .map(|c| {
            if ('\u{3000}'..='\u{9fff}').contains(&c) {
                2
            } else {
                1
            }
        })
        .sum()
}

/// A reader that went away.
struct Gone;

impl Write for Gone {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::ErrorKind::BrokenPipe.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Err(io::ErrorKind::BrokenPipe.into())
    }
}

/// A disk that is full.
struct Full;

impl Write for Full {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::ErrorKind::StorageFull.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Err(io::ErrorKind::StorageFull.into())
    }
}

#[test]
fn a_reader_that_goes_away_is_no_error_but_a_full_disk_is() {
    for what in ["grants", "access", "stats", "resources"] {
        for format in ["table", "json", "csv"] {
            let golden = files::golden();
            let words = [
                "inspect",
                golden.to_str().unwrap(),
                what,
                "--format",
                format,
            ];
            let args = || CommandLine::parse_from(words).args;
            assert!(
                run_with_width(args(), &mut Gone, None).is_ok(),
                "{what} {format}"
            );
            assert!(
                run_with_width(args(), &mut Full, None).is_err(),
                "{what} {format}"
            );
        }
    }
}
