//! A disk that is full at any write: it is told by name, nothing that was there is lost, and once
//! there is room the same command goes on.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use crate::company::{Company, GRANTS_IN_BULK, facts};
use crate::said;

/// `rolecall sync`, where no file may become larger than so many KiB.
fn sync_within(company: &Company, kib: u64) -> Output {
    let script = format!("trap '' XFSZ; ulimit -f {kib}; exec \"$0\" \"$@\"");
    Command::new("bash")
        .args(["-c", &script, env!("CARGO_BIN_EXE_rolecall")])
        .args(["sync", "company.yaml", "-f", "out.c1z"])
        .current_dir(company.path(""))
        .env_remove("RUST_LOG")
        .output()
        .expect("bash is there")
}

fn sync(company: &Company) -> Output {
    crate::run(
        &company.path(""),
        &["sync", "company.yaml", "-f", "out.c1z"],
        &[],
    )
}

/// The files beside the company's own.
fn files(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(folder)
        .expect("a folder")
        .map(|entry| entry.expect("readable").file_name())
        .map(|name| name.into_string().expect("our names"))
        .filter(|name| !name.starts_with("company."))
        .collect();
    names.sort();
    names
}

/// How large the files of a sync may become, from none of them to more than all need.
const LIMITS: [u64; 11] = [1, 4, 20, 100, 400, 800, 1_200, 1_500, 1_650, 1_800, 50_000];

#[test]
fn a_disk_that_is_full_at_any_write_costs_nothing_but_time() {
    let company = Company::new(600, 12).listing_grants(GRANTS_IN_BULK);
    company.execute(
        "INSERT OR IGNORE INTO members SELECT t.id, u.id FROM teams t, users u
         WHERE (t.id + u.id) % 2",
    );
    let first = sync(&company);
    assert!(first.status.success(), "{}", said(&first));
    let before = facts(&company.path("out.c1z"));
    company.execute("INSERT INTO users VALUES (5000, 'late')");
    let output = fs::read(company.path("out.c1z")).expect("it was written");
    let mut named = std::collections::BTreeSet::new();
    let mut gone_on = 0;
    let mut ended = 0;
    for kib in LIMITS {
        fs::write(company.path("out.c1z"), &output).expect("the folder is ours");
        let full = sync_within(&company, kib);
        let told = said(&full);
        if full.status.success() {
            ended += 1;
            continue;
        }
        assert_eq!(full.status.code(), Some(1), "{kib} KiB: {told}");
        assert!(told.contains("the disk is full"), "{kib} KiB: {told}");
        assert!(told.contains("run the same command"), "{kib} KiB: {told}");
        let file = told.split("no room in `").nth(1).expect("it names a file");
        named.insert(file.split('`').next().unwrap_or_default().to_owned());
        let kept = fs::read(company.path("out.c1z")).expect("it is still there");
        assert!(kept == output, "{kib} KiB: the last output was changed");
        let left = files(&company.path(""));
        let fine = ["out.c1z", "out.c1z.work", "out.c1z.work-wal"];
        assert!(
            left.iter().all(|name| fine.contains(&name.as_str())),
            "{kib} KiB: {left:?}"
        );

        let again = sync(&company);
        let told = said(&again);
        assert!(again.status.success(), "{kib} KiB: {told}");
        gone_on += usize::from(told.contains("going on with the run"));
        let found = facts(&company.path("out.c1z"));
        assert_eq!(found.len(), before.len() + 1, "{kib} KiB");
        assert_eq!(files(&company.path("")), ["out.c1z"], "{kib} KiB");
    }
    assert_eq!(ended, 1, "only the last limit was enough");
    assert!(gone_on >= 5, "{gone_on}");
    // Storing, and making the file for readers.
    let expected = ["out.c1z.work", "out.c1z.work-packing"];
    for name in expected {
        assert!(named.iter().any(|file| file.ends_with(name)), "{named:?}");
    }
}

/// A disk that is really full: a file system in memory, in a name space of its own, so that it needs no
/// rights and goes with its processes.
#[test]
fn a_file_system_without_room_is_told_from_a_broken_one() {
    let company = Company::new(2_000, 60);
    let script = r#"
        mkdir small && mount -t tmpfs -o size=600k none small || exit 77
        "$0" sync company.yaml -f small/out.c1z; echo "exit code $?"
        mount -o remount,size=64m none small
        "$0" sync company.yaml -f small/out.c1z; echo "exit code $?"
        cp small/out.c1z .
    "#;
    let ran = Command::new("unshare")
        .args(["-rm", "bash", "-c", script, env!("CARGO_BIN_EXE_rolecall")])
        .current_dir(company.path(""))
        .env_remove("RUST_LOG")
        .output();
    let ran = match ran {
        Ok(ran) if ran.status.success() => ran,
        _ => {
            eprintln!("skipped: this machine lets us mount nothing");
            return;
        }
    };
    let told = said(&ran);
    assert!(
        told.contains("exit code 1\n") && told.contains("exit code 0\n"),
        "{told}"
    );
    assert!(
        told.contains("error: ")
            && told.contains("the disk is full: no room in `small/out.c1z.work"),
        "{told}"
    );
    assert!(told.contains("No space left on device"), "{told}");
    assert!(told.contains("going on with the run"), "{told}");
    let found = facts(&company.path("out.c1z"));
    let whole = sync(&company);
    assert!(whole.status.success(), "{}", said(&whole));
    assert_eq!(facts(&company.path("out.c1z")), found);
}
