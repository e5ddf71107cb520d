//! Accounts, passwords, resources and actions, by the commands that people run.

use std::os::unix::fs::PermissionsExt as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::commands::Company;
use crate::{program, said};

const PASSWORD: &str = "SELECT password FROM people WHERE id = ?";

#[test]
fn an_account_is_created_and_its_password_is_in_one_file_only() {
    let company = Company::new();
    let create = [
        "create-account",
        "company.yaml",
        "--set",
        "login=o'brien; --",
        "--set",
        "name=Niamh",
        "--provisioning",
    ];
    let mut seen = company.seen(&create);
    assert_eq!(company.texts(PASSWORD, "o'brien; --"), [""; 0]);
    let ran = program()
        .args(create)
        .args(["--secret-file", "secret.txt", "--log-level", "trace"])
        .env("RUST_LOG", "trace")
        .current_dir(company.path(""))
        .output()
        .expect("the program runs");
    assert_eq!(ran.status.code(), Some(0), "{}", said(&ran));
    seen += &String::from_utf8_lossy(&ran.stdout);
    let password = company.read("secret.txt");
    assert_eq!(company.texts(PASSWORD, "o'brien; --"), [password.as_str()]);
    assert_eq!(password.chars().count(), 20);
    let mode = std::fs::metadata(company.path("secret.txt")).expect("it is there");
    assert_eq!(mode.permissions().mode() & 0o777, 0o600);
    // What was said and what was left: the password is in its file and in the database.
    let forms = [password.clone(), STANDARD.encode(&password)];
    for form in &forms {
        assert!(!said(&ran).contains(form.as_str()), "{}", said(&ran));
        for (name, text) in company.files() {
            let has = String::from_utf8_lossy(&text).contains(form.as_str());
            assert_eq!(
                has,
                ["secret.txt", "company.db"].contains(&&*name) && *form == password,
                "{name}"
            );
        }
    }
    // The same again: the account is there, and gets no other password.
    seen += &company.seen(&[&create[..], &["--secret-file", "other.txt"]].concat());
    assert!(!company.path("other.txt").exists());
    assert_eq!(company.texts(PASSWORD, "o'brien; --"), [password]);
    seen += &company.seen(&[&create[..], &["--secret-file", "secret.txt"]].concat());
    insta::assert_snapshot!(seen);
}

#[test]
fn a_password_is_encrypted_for_whoever_should_have_it() {
    let company = Company::new();
    let key = age::x25519::Identity::generate();
    let recipient = key.to_public().to_string();
    let ran = company.run(&[
        "rotate-credential",
        "company.yaml",
        "person/ada",
        "--recipient",
        &recipient,
        "--provisioning",
        "--format",
        "json",
    ]);
    assert_eq!(ran.status.code(), Some(0), "{}", said(&ran));
    let outcome: serde_json::Value = serde_json::from_slice(&ran.stdout).expect("JSON");
    let sealed = &outcome["result"]["credentials"][0];
    assert_eq!(sealed["provider"], "baton/age/v1");
    let bytes = sealed["encrypted_bytes"].as_str().expect("a text");
    let bytes = STANDARD.decode(bytes).expect("base64");
    let opened = age::decrypt(&key, &bytes).expect("it is for this key");
    let password = String::from_utf8(opened).expect("text");
    assert_eq!(company.texts(PASSWORD, "ada"), [password]);
}

#[test]
fn a_password_can_be_handed_over_or_left_out() {
    let company = Company::new();
    fn with<'w>(more: &[&'w str]) -> Vec<&'w str> {
        let of = [
            "create-account",
            "company.yaml",
            "--provisioning",
            "--set",
            "name=Ida",
        ];
        [&of[..], more].concat()
    }
    let mut seen = company.seen(&with(&["--set", "login=ida", "--password", "none"]));
    assert_eq!(
        company.texts(
            "SELECT id FROM people WHERE id = ? AND password IS NULL",
            "ida"
        ),
        ["ida"]
    );
    std::fs::write(company.path("given"), "never seen\n").expect("written");
    seen += &company.seen(&with(&["--set", "login=ivo", "--password-file", "given"]));
    seen += &company.seen(&with(&[
        "--set",
        "login=ivo",
        "--password",
        "random:7",
        "--show-secret",
    ]));
    seen += &company.seen(&with(&["--set", "login=ivo", "--show-secret"]));
    seen += &company.seen(&with(&[
        "--set",
        "login=ivo",
        "--recipient",
        "age1nonsense",
    ]));
    assert_eq!(company.texts(PASSWORD, "ivo"), [""; 0]);
    insta::assert_snapshot!(seen);
}

#[test]
fn what_is_filled_in_wrongly_is_told_at_once() {
    let company = Company::new();
    let commands: [&[&str]; 12] = [
        &[
            "create-account",
            "company.yaml",
            "--set",
            "logn=ada",
            "--set",
            "email=",
            "--password",
            "none",
        ],
        &[
            "create-account",
            "company.yaml",
            "--type",
            "persn",
            "--set",
            "login=ada",
        ],
        &[
            "create-account",
            "company.yaml",
            "--type",
            "team",
            "--set",
            "login=ada",
        ],
        &[
            "create-account",
            "company.yaml",
            "--input",
            "{\"login\": [1]}",
            "--password",
            "none",
        ],
        &["create-account", "company.yaml", "--input", "[]"],
        &["create-account", "company.yaml", "--input", "{"],
        &["create-account", "company.yaml", "--set", "login"],
        &[
            "invoke-action",
            "company.yaml",
            "lok",
            "--set",
            "person=ada",
        ],
        &[
            "invoke-action",
            "company.yaml",
            "lock",
            "--set",
            "reason=holiday",
            "--set",
            "until=May",
        ],
        &["delete-resource", "company.yaml", "team/red"],
        &["rotate-credential", "company.yaml", "team/red"],
        &["create-resource", "company.yaml", "person", "--set", "id=x"],
    ];
    let mut seen = String::new();
    for command in commands {
        seen += &company.seen(&[command, &["--provisioning"]].concat());
    }
    insta::assert_snapshot!(seen);
}

#[test]
fn resources_come_and_go() {
    let company = Company::new();
    let create = [
        "create-resource",
        "company.yaml",
        "team",
        "--set",
        "id=new/team",
        "--set",
        "name=New",
    ];
    let mut seen = company.seen(&[&create[..], &["--dry-run"]].concat());
    for _ in 0..2 {
        seen += &company.seen(&[&create[..], &["--provisioning"]].concat());
        assert_eq!(
            company.texts("SELECT name FROM teams WHERE id = ?", "new/team"),
            ["New"]
        );
    }
    let delete = [
        "delete-resource",
        "company.yaml",
        "person/bob; DROP TABLE members; --",
    ];
    for _ in 0..2 {
        seen += &company.seen(&[&delete[..], &["--provisioning"]].concat());
        assert_eq!(
            company.texts(
                "SELECT id FROM people WHERE id = ?",
                "bob; DROP TABLE members; --"
            ),
            [""; 0]
        );
    }
    assert_eq!(
        company.texts("SELECT person FROM members WHERE team = ?", "red"),
        ["ada"]
    );
    insta::assert_snapshot!(seen);
}

#[test]
fn an_action_runs_and_a_row_that_is_not_there_is_an_error() {
    let company = Company::new();
    let mut seen = company.seen(&["list-actions", "company.yaml"]);
    for person in ["ada", "nobody"] {
        let said = format!("person={person}");
        let lock = ["invoke-action", "company.yaml", "lock", "--set", &said];
        seen += &company.seen(&[&lock[..], &["--provisioning", "--format", "json"]].concat());
    }
    assert_eq!(
        company.texts("SELECT locked FROM people WHERE id = ?", "ada"),
        ["left the company"]
    );
    insta::assert_snapshot!(seen);
}

#[test]
fn a_plan_of_a_new_account_has_no_password() {
    let company = Company::new();
    let create = [
        "create-account",
        "company.yaml",
        "--set",
        "login=ida",
        "--set",
        "name=Ida",
    ];
    let planned = company.run(&[&create[..], &["--plan", "plan.json"]].concat());
    assert_eq!(planned.status.code(), Some(0), "{}", said(&planned));
    insta::assert_snapshot!(String::from_utf8_lossy(&planned.stdout));
    let mut seen = company.seen(&["apply", "plan.json", "--provisioning"]);
    let applied = [
        "apply",
        "plan.json",
        "--provisioning",
        "--secret-file",
        "secret",
    ];
    seen += &company.seen(&applied);
    assert_eq!(company.texts(PASSWORD, "ida"), [company.read("secret")]);
    insta::assert_snapshot!("applied", seen);
}
