//! What authors are told before anything is connected.

use std::path::PathBuf;

use super::harness::{compile, fixture, render};

fn files(folder: &str) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(fixture(folder))
        .expect("the folder is there")
        .map(|entry| entry.expect("can be read").path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "yaml")
        })
        .collect();
    files.sort();
    files
}

#[test]
fn every_mistake_is_shown_where_it_is() {
    for folder in ["diagnostics", "diagnostics/connect"] {
        for path in files(folder) {
            let name = path
                .file_stem()
                .and_then(|name| name.to_str())
                .expect("has a name");
            let yaml = std::fs::read_to_string(&path).expect("can be read");
            let variables = [("USER", "ada"), ("PASSWORD", "open-sesame")];
            let compiled = compile(format!("{name}.yaml").as_ref(), &yaml, &variables);
            let text = render(compiled.diagnostics);
            assert!(!text.contains("open-sesame"), "{name} shows the password");
            insta::with_settings!({snapshot_path => fixture(folder), prepend_module_to_snapshot => false, omit_expression => true}, {
                insta::assert_snapshot!(name, text);
            });
        }
    }
}

#[test]
fn nothing_needs_a_runtime_or_a_server_to_be_checked() {
    let yaml = "connect: {dsn: 'postgres://ada:${NONE}@db.example/acme'}
resource_types: {row: {list: {query: 'SELECT ?<nope>'}}}\n";
    let compiled = compile("acme.yaml".as_ref(), yaml, &[]);
    // An unset variable does not hide the mistakes of the queries.
    assert_eq!(compiled.codes(), ["unset-variable", "unknown-placeholder"]);
}

#[tokio::test]
async fn an_incomplete_connect_is_refused_when_it_is_used() {
    let yaml = "connect: {dsn: 'postgres://ada:${NONE}@db.example/acme'}
resource_types: {row: {list: {query: 'SELECT 1'}}}\n";
    let compiled = compile("acme.yaml".as_ref(), yaml, &[]);
    for error in [compiled.check().await.err(), compiled.rows().await.err()] {
        let text = error.expect("it cannot connect").to_string();
        assert_eq!(text, "`connect` is incomplete: set the variables it names");
    }
}
