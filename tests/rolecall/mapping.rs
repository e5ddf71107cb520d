//! Rows → facts: connectors over small databases, and what a sync of them holds.

/// Runs the program in a folder and returns what it printed.
fn run(folder: &std::path::Path, arguments: &[&str]) -> String {
    let ran = crate::program()
        .args(arguments)
        .current_dir(folder)
        .output()
        .expect("the program runs");
    let said = String::from_utf8_lossy(&ran.stderr);
    assert_eq!(ran.status.code(), Some(0), "{arguments:?}: {said}");
    String::from_utf8(ran.stdout).expect("the output is text")
}

#[test]
fn every_fixture_yields_its_facts() {
    for case in crate::fixtures("sync") {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let seed = std::fs::read_to_string(case.join("seed.sql")).expect("a fixture has a seed");
        let db = rusqlite::Connection::open(folder.path().join("system.db")).expect("a database");
        db.execute_batch(&seed).expect("the seed is valid");
        drop(db);
        std::fs::copy(
            case.join("connector.yaml"),
            folder.path().join("connector.yaml"),
        )
        .expect("a fixture has a connector");
        let summary = run(folder.path(), &["sync", "connector.yaml", "-f", "out.c1z"]);
        let mut facts = format!("# summary\n{summary}");
        for what in ["resources", "entitlements", "grants"] {
            let listed = run(
                folder.path(),
                &["inspect", "out.c1z", what, "--format", "json"],
            );
            let mut listed: serde_json::Value =
                serde_json::from_str(&listed).expect("the output is JSON");
            listed.as_object_mut().expect("an object").remove("sync_id");
            // In which order listings arrive is not part of what they say.
            if let Some(facts) = listed[what].as_array_mut() {
                facts.sort_by_key(|fact| {
                    (fact["resource_type"].to_string(), fact["id"].to_string())
                });
            }
            let listed = serde_json::to_string_pretty(&listed).expect("it was JSON");
            facts.push_str(&format!("\n# {what}\n{listed}\n"));
        }
        let name = case
            .file_name()
            .expect("a folder has a name")
            .to_string_lossy()
            .into_owned();
        insta::assert_snapshot!(format!("facts@{name}"), facts);
    }
}
