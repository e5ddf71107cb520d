//! `tests/fixtures/lifecycle`: kinds of sync, and what becomes of what goes wrong in one place, run by the
//! program itself.
//!
//! A case has `case.yaml`, and what a [`Scene`] has.

use std::path::Path;

use serde_json::{Value, json};

use super::scene::{Scene, play_all};
use super::server::{Exchange, Server};
use crate::run;

/// A case.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    /// What it shows.
    #[expect(dead_code, reason = "for those who read the folder")]
    what: String,
    /// The arguments of each run of `sync`.
    runs: Vec<Vec<String>>,
}

#[test]
fn every_case_comes_out_as_expected() {
    play_all(&crate::fixtures("lifecycle"), play);
}

fn play(folder: &Path) -> Result<(), String> {
    let text = std::fs::read_to_string(folder.join("case.yaml")).expect("a case.yaml");
    let case: Case = serde_yaml::from_str(&text).unwrap_or_else(|it| panic!("{folder:?}: {it}"));
    let sync = ["sync", "connector.yaml", "-f", "${FOLDER}/out.c1z"];
    let commands = case.runs.into_iter().map(|arguments| {
        let sync = sync.iter().map(ToString::to_string);
        sync.chain(arguments).collect()
    });
    let scene = Scene {
        folder,
        commands: commands.collect(),
        env: Vec::new(),
    };
    scene.play()
}

fn answer(ask: &str, json: Value) -> Exchange {
    Exchange {
        json: Some(json),
        ..Exchange::plain(ask, 200)
    }
}

/// Three organisations on two pages, of which the second one is slow, with teams in two of them.
fn slow_organisations() -> Vec<Exchange> {
    vec![
        Exchange::plain("HEAD /api", 200),
        answer(
            "GET /api/users",
            json!({"users": [{"id": "ada", "name": "Ada"}]}),
        ),
        answer(
            "GET /api/orgs",
            json!({"orgs": [{"id": "acme"}, {"id": "apex"}], "next": "p2"}),
        ),
        Exchange {
            delay_ms: 700,
            ..answer("GET /api/orgs?cursor=p2", json!({"orgs": [{"id": "axis"}]}))
        },
        answer("GET /api/orgs/acme/teams", json!({"teams": [{"id": "t1"}]})),
        answer("GET /api/orgs/apex/teams", json!({"teams": []})),
        answer("GET /api/orgs/axis/teams", json!({"teams": [{"id": "t3"}]})),
    ]
}

/// Syncs in a folder against a script; returns what `--report` wrote.
fn sync(folder: &Path, script: Vec<Exchange>, arguments: &[&str]) -> Value {
    let cases = crate::fixtures("lifecycle");
    let full = cases.iter().find(|it| it.ends_with("full"));
    let full = full.expect("a case of that name");
    std::fs::copy(full.join("connector.yaml"), folder.join("connector.yaml")).expect("a copy");
    let server = Server::bind();
    let base = format!("http://{}", server.address());
    let server = server.script(script).in_any_order();
    let mut command = vec!["sync", "connector.yaml", "--report", "report.json"];
    command.extend(arguments);
    let ran = run(folder, &command, &[("BASE", &base)]);
    assert_eq!(
        server.finish(),
        Vec::<String>::new(),
        "{}",
        crate::said(&ran)
    );
    let report = std::fs::read_to_string(folder.join("report.json")).expect("a report");
    serde_json::from_str(&report).expect("JSON")
}

#[test]
fn children_are_listed_while_their_parents_still_come() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let folder = folder.path();
    let skip = ["--skip-entitlements", "--skip-grants", "--record", "tape"];
    sync(folder, slow_organisations(), &skip);
    let mut asked = std::collections::BTreeMap::new();
    for entry in std::fs::read_dir(folder.join("tape")).expect("a recording") {
        let text = std::fs::read_to_string(entry.expect("a file").path()).expect("a text");
        let exchange: Value = serde_yaml::from_str(&text).expect("YAML");
        if let Some(ask) = exchange["ask"].as_str() {
            let at = exchange["at_ms"].as_u64().expect("a moment");
            asked.insert(
                ask.to_owned(),
                at..at + exchange["took_ms"].as_u64().unwrap_or(0),
            );
        }
    }
    let slow = &asked["GET /api/orgs?cursor=p2"];
    let child = &asked["GET /api/orgs/acme/teams"];
    assert!(child.end < slow.end, "{child:?} in {slow:?}");
    let last = &asked["GET /api/orgs/axis/teams"];
    assert!(
        last.start >= slow.end,
        "its parent was on the slow page: {last:?}"
    );
}

#[test]
fn the_report_says_what_each_listing_came_to() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let folder = folder.path();
    let mut script = slow_organisations();
    script[3].delay_ms = 0;
    script.push(Exchange::plain("GET /api/orgs/acme/owners", 503));
    for (ask, json) in [
        ("GET /api/orgs/acme/owners", json!({"owners": ["ada"]})),
        ("GET /api/orgs/apex/owners", json!({"owners": ["nobody"]})),
        ("GET /api/orgs/axis/owners", json!({"owners": []})),
        ("GET /api/teams/t1/members", json!({"members": ["ada"]})),
    ] {
        script.push(answer(ask, json));
    }
    script.push(Exchange::plain("GET /api/teams/t3/members", 404));
    let mut report = sync(folder, script, &[]);
    mask(&mut report);
    let report = serde_json::to_string_pretty(&report).expect("JSON");
    insta::assert_snapshot!(report);
}

#[test]
fn the_report_of_a_failure_says_why() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let script = vec![
        Exchange::plain("HEAD /api", 200),
        answer("GET /api/users", json!({"people": []})),
    ];
    let report = sync(folder.path(), script, &["--resource-types", "user"]);
    assert_eq!(report["verdict"], "failed");
    let causes = report["error"].as_array().expect("causes");
    assert!(
        causes[1]
            .as_str()
            .is_some_and(|it| it.contains("items_path")),
        "{causes:?}"
    );
}

/// Blanks what is another on each run: moments, durations, sizes, ports.
fn mask(value: &mut Value) {
    match value {
        Value::Object(map) => {
            for (key, value) in map.iter_mut() {
                let varies = ["_ms", "_us", "_at", "bytes", "sync_id"];
                if varies.iter().any(|it| key.ends_with(it)) && !value.is_object() {
                    *value = json!("…");
                }
                if key.ends_with("_ms") && value.is_object() {
                    value
                        .as_object_mut()
                        .expect("it is one")
                        .values_mut()
                        .for_each(|it| *it = json!("…"));
                }
                mask(value);
            }
        }
        Value::Array(values) => values.iter_mut().for_each(mask),
        Value::String(text) => {
            let port = regex::Regex::new(r"127\.0\.0\.1:\d+").expect("a pattern");
            *text = port.replace_all(text, "base").into_owned();
        }
        _ => {}
    }
}
