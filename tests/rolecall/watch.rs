//! What those see who watch a sync: people, and their tools.

use crate::company::Company;
use crate::run;

/// The lines that a sync of a company writes on standard error, sorted: listings run side by side.
fn messages(arguments: &[&str], variables: &[(&str, &str)]) -> String {
    let company = Company::new(12, 3);
    let command = ["sync", "company.yaml", "-f", "out.c1z"];
    let ran = run(
        &company.path(""),
        &[&command, arguments].concat(),
        variables,
    );
    let messages = String::from_utf8(ran.stderr).expect("text");
    assert!(ran.status.success(), "{messages}");
    let mut lines: Vec<&str> = messages.lines().collect();
    lines.sort_unstable();
    lines.join("\n")
}

#[test]
fn where_there_is_no_terminal_each_listing_has_its_line() {
    let plain = messages(&[], &[("ROLECALL_PROGRESS", "auto")]);
    insta::assert_snapshot!(plain);
    // There is no terminal to draw on.
    assert_eq!(messages(&["--progress", "live"], &[]), plain);
    // They are no log messages of a level.
    assert_eq!(
        messages(&["--progress", "plain", "--log-level", "error"], &[]),
        plain
    );
}

#[test]
fn statements_are_counted() {
    let company = Company::new(12, 3);
    let folder = company.path("");
    let command = ["sync", "company.yaml", "-f", "out.c1z"];
    let ran = run(
        &folder,
        &command,
        &[("ROLECALL_METRICS_FILE", "company.prom")],
    );
    assert!(ran.status.success(), "{}", crate::said(&ran));
    let metrics = std::fs::read_to_string(company.path("company.prom")).expect("it was written");
    // Two pages of users, one of teams, and one of members for each team.
    let requests = "rolecall_sync_requests_total{connector=\"Company\"} 6\n";
    assert!(metrics.contains(requests), "{metrics}");
    let members =
        "rolecall_sync_rows{connector=\"Company\",kind=\"grants\",resource_type=\"team\"} 8\n";
    assert!(metrics.contains(members), "{metrics}");
}

#[test]
fn who_asks_for_silence_gets_it() {
    assert_eq!(messages(&["--progress", "none"], &[]), "");
    assert_eq!(messages(&["-q"], &[("ROLECALL_PROGRESS", "plain")]), "");
}

#[test]
fn among_json_logs_progress_is_json() {
    let messages = messages(
        &["--log-format", "json"],
        &[("ROLECALL_PROGRESS", "plain"), ("RUST_LOG", "off")],
    );
    let mut told = Vec::new();
    for line in messages.lines() {
        let line: serde_json::Value = serde_json::from_str(line).expect("each line is JSON");
        assert_eq!(line["target"], "progress");
        told.push(line["fields"]["message"].clone());
    }
    assert!(told.contains(&"resources of type `user`: 12 records on 2 pages".into()));
}
