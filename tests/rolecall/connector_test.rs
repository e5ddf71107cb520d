//! Connectors with tests → what `rolecall test` says of them.

use std::path::Path;

/// What the command says, without how long it took.
fn tested(folder: &Path, arguments: &[&str]) -> String {
    let ran = crate::run(folder, arguments, &[("ACME_DSN", "no part of a test")]);
    let code = ran.status.code();
    let said = crate::said(&ran);
    let said: Vec<_> = said
        .lines()
        .filter(|line| !line.contains("\"took_ms\""))
        .map(|line| match line.split_once(" time=\"") {
            Some((before, after)) => {
                let after = after.split_once('"').map_or("", |(_, after)| after);
                format!("{before}{after}")
            }
            None => line.to_owned(),
        })
        .collect();
    format!("{}\nexit code {}", said.join("\n"), code.unwrap_or(-1))
}

#[test]
fn every_test_says_what_differs_and_what_is_never_reached() {
    for case in crate::fixtures("connector_test") {
        let name = case.file_name().expect("a folder has a name");
        let name = name.to_string_lossy().into_owned();
        let said = tested(&case, &["test", "connector.yaml", "--coverage"]);
        insta::assert_snapshot!(format!("connector_test@{name}"), said);
    }
}

#[test]
fn tools_get_json_and_build_servers_junit() {
    let case = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/connector_test/failing");
    for format in ["json", "junit"] {
        let filter = [
            "--filter",
            "fields differ",
            "--format",
            format,
            "--coverage",
        ];
        let said = tested(
            &case,
            &[["test", "connector.yaml"].as_slice(), &filter].concat(),
        );
        insta::assert_snapshot!(format!("connector_test_as_{format}"), said);
    }
}

/// Nobody shall take no tests at all for tests that pass.
#[test]
fn no_tests_and_wrong_files_are_wrong() {
    let folder = tempfile::tempdir().expect("a folder");
    let connector = "app_name: A\nconnect: {dsn: 'sqlite:a.db'}\nresource_types:\n  u: {list: {query: SELECT 1 AS id, map: {id: .id, display_name: .id}}}\n";
    let write = |name: &str, text: &str| {
        std::fs::write(folder.path().join(name), text).expect("it can be written");
    };
    write("a.yaml", connector);
    let said = tested(folder.path(), &["test", "a.yaml"]);
    assert!(said.ends_with("no tests\nexit code 2"), "{said}");
    write(
        "a.tests.yaml",
        "- {name: a, resource_type: x, given: {}, expect: {}}\n",
    );
    let said = tested(folder.path(), &["test", "a.yaml"]);
    for part in [
        "error[unknown-type]",
        "a.tests.yaml:1:",
        "error[missing-field]",
        "exit code 2",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    write(
        "a.tests.yaml",
        "- {name: a, resource_type: u, given: {records: [{id: 1}]}, expect: {resources: [{ids: 1}]}}\n",
    );
    let said = tested(folder.path(), &["test", "a.yaml"]);
    assert!(
        said.contains("error[unknown-field]") && said.ends_with("exit code 2"),
        "{said}"
    );
    let passes = "tests:\n- {name: a, resource_type: u, given: {records: [{id: 1}]}, expect: {resources: [{id: 1}]}}\n";
    write("a.tests.yaml", passes);
    let said = tested(folder.path(), &["test", "a.yaml"]);
    assert!(said.ends_with("1 test passed\nexit code 0"), "{said}");
}

/// A recording of a sync is as good as exchanges that are written.
#[test]
fn a_recording_may_be_given() {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("it can be made");
        std::fs::write(path, text).expect("it can be written");
    };
    write(
        "tape/recording.yaml",
        "started_ms: 1767225600000\napi: https://api.acme.test\nvariables: {}\n",
    );
    write(
        "tape/00001.yaml",
        "ask: POST https://login.acme.test/token\nsent: grant_type=client_credentials\nanswer: 200\njson: {access_token: REDACTED, expires_in: 60}\n",
    );
    write(
        "tape/00002.yaml",
        "ask: GET /users\nanswer: 200\njson: {users: [{id: ada, name: Ada}]}\n",
    );
    write(
        "a.yaml",
        "version: '1'\napp_name: A\nconnect:\n  base_url: https://api.acme.test\n  auth: {type: oauth2_client_credentials, token_url: 'https://login.acme.test/token', client_id: '${ID}', client_secret: '${SECRET}'}\nresource_types:\n  user:\n    list:\n      request: {url: /users}\n      response: {items_path: users, resource_mapping: {id: 'cel:item.id', display_name: 'cel:item.name'}}\ntests:\n- {name: a, resource_type: user, given: {recording: tape}, expect: {resources: [{id: ada, display_name: Ada}], requests: [POST https://login.acme.test/token, GET /users]}}\n",
    );
    let said = tested(folder.path(), &["test", "a.yaml"]);
    assert!(said.ends_with("1 test passed\nexit code 0"), "{said}");
}
