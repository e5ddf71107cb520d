//! The flags of the Go connectors do the same as the commands.

use std::process::{Command, Output};

use super::commands::Company;
use crate::said;

/// Runs the program by the name of a connector, with its flags.
fn baton_sql(company: &Company, flags: &[&str]) -> Output {
    let link = company.path("baton-sql");
    if !link.exists() {
        std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_rolecall"), &link).expect("a link");
    }
    Command::new(link)
        .args(flags)
        .env("BATON_CONFIG_PATH", "company.yaml")
        .env("ROLECALL_PROGRESS", "none")
        .env_remove("RUST_LOG")
        .current_dir(company.path(""))
        .output()
        .expect("the program runs")
}

fn outcome(ran: &Output) -> serde_json::Value {
    serde_json::from_slice(&ran.stdout).unwrap_or_else(|_| panic!("{}", said(ran)))
}

#[test]
fn a_link_by_the_name_of_a_connector_takes_its_flags() {
    let company = Company::new();
    let members = || company.texts("SELECT person FROM members WHERE team = ?", "blue:1");
    let synced = baton_sql(&company, &["--file", "other.c1z"]);
    assert_eq!(synced.status.code(), Some(0), "{}", said(&synced));
    let granted = baton_sql(
        &company,
        &[
            "--file",
            "other.c1z",
            "--grant-entitlement",
            "team:blue:1:member",
            "--grant-principal",
            "o'neill",
            "--grant-principal-type",
            "person",
        ],
    );
    assert_eq!(outcome(&granted)["verdict"], "made", "{}", said(&granted));
    assert_eq!(members(), ["o'neill"]);
    baton_sql(&company, &["-f", "other.c1z"]);
    let grant = "team:blue:1:member:person:o'neill";
    let revoked = baton_sql(&company, &["-f", "other.c1z", "--revoke-grant", grant]);
    assert_eq!(outcome(&revoked)["verdict"], "made", "{}", said(&revoked));
    assert_eq!(members(), [""; 0]);
    let locked = baton_sql(
        &company,
        &[
            "--invoke-action",
            "lock",
            "--invoke-action-args",
            r#"{"person":"ada"}"#,
        ],
    );
    assert_eq!(
        outcome(&locked)["result"]["success"],
        true,
        "{}",
        said(&locked)
    );
    let listed = baton_sql(&company, &["--list-action-schemas"]);
    assert_eq!(outcome(&listed)[0]["name"], "lock");
    let deleted = baton_sql(
        &company,
        &[
            "--delete-resource",
            "o'neill",
            "--delete-resource-type",
            "person",
        ],
    );
    assert_eq!(outcome(&deleted)["verdict"], "made", "{}", said(&deleted));
    let created = baton_sql(
        &company,
        &[
            "--create-account-profile",
            r#"{"name":"Ida"}"#,
            "--create-account-login",
            "ida",
            "--create-account-email",
            "ida@acme.test",
            "--credential-file",
            "secret",
        ],
    );
    let created = outcome(&created);
    assert_eq!(created["result"]["resource"]["id"], "ida", "{created}");
    let stored = |field| company.texts(&format!("SELECT {field} FROM people WHERE id = ?"), "ida");
    assert_eq!(stored("password"), [company.read("secret")]);
    assert_eq!(stored("email"), ["ida@acme.test"]);
    let rotated = baton_sql(
        &company,
        &[
            "--rotate-credentials",
            "ida",
            "--rotate-credentials-type",
            "person",
            "--credential-file",
            "newer",
        ],
    );
    assert_eq!(outcome(&rotated)["verdict"], "made", "{}", said(&rotated));
    assert_eq!(stored("password"), [company.read("newer")]);
}

#[test]
fn what_would_be_lost_or_is_not_there_is_refused() {
    let company = Company::new();
    // An address alone asks for an account; a new password has to go somewhere.
    let alone = baton_sql(&company, &["--create-account-email", "ida@acme.test"]);
    assert_eq!(alone.status.code(), Some(3));
    assert!(
        said(&alone).contains("the field `login` must be filled in"),
        "{}",
        said(&alone)
    );
    let profile = r#"{"login":"ida","name":"Ida"}"#;
    let lost = baton_sql(&company, &["--create-account-profile", profile]);
    assert_eq!(lost.status.code(), Some(3));
    assert!(said(&lost).contains("would be lost"), "{}", said(&lost));
    let half = baton_sql(&company, &["--delete-resource", "ada"]);
    assert_eq!(half.status.code(), Some(2));
    assert!(
        said(&half).contains("--delete-resource-type"),
        "{}",
        said(&half)
    );
    let missing = baton_sql(&company, &["--revoke-grant", "team:red:member:person:eve"]);
    assert_eq!(missing.status.code(), Some(5));
    let kept = "SELECT id FROM people WHERE id = ?";
    assert_eq!(company.texts(kept, "ada"), ["ada"]);
    assert_eq!(company.texts(kept, "ida"), [""; 0]);
}
