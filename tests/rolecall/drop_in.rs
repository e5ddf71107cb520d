//! The program under the name of a Go connector: what it says, where, and with which exit code.

mod service;

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Output};

use rolecall::c1z::{C1z, ReadLimits};

use crate::company::Company;
use crate::said;

/// Runs the program by the name of a connector, with its flags and variables.
fn baton_sql(folder: &Path, flags: &[&str], variables: &[(&str, &str)]) -> Output {
    let link = folder.join("baton-sql");
    if !link.exists() {
        std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_rolecall"), &link).expect("a link");
    }
    Command::new(link)
        .args(flags)
        .envs(variables.iter().copied())
        .env("ROLECALL_PROGRESS", "none")
        .env_remove("RUST_LOG")
        .current_dir(folder)
        .output()
        .expect("the program runs")
}

fn code(ran: &Output) -> i32 {
    ran.status.code().expect("it was not killed")
}

/// What people see of runs, with the parts that differ from run to run replaced.
fn seen(folder: &Path, lines: &[&[&str]]) -> String {
    let folder_name = folder.to_string_lossy().trim_end_matches('/').to_owned();
    let shown = lines.iter().map(|line| {
        let ran = baton_sql(folder, line, &[("BATON_CONFIG_PATH", "company.yaml")]);
        let mut text = said(&ran).replace(&folder_name, "FOLDER");
        if let Ok(file) = C1z::open(&folder.join("sync.c1z"), ReadLimits::default()) {
            for run in file.runs().expect("it has runs") {
                text = text.replace(&run.id.0, "SYNC");
            }
        }
        format!("$ baton-sql {}\n{text}[{}]\n", line.join(" "), code(&ran))
    });
    shown.collect()
}

#[test]
fn ends_have_the_numbers_of_grpc() {
    let company = Company::new(3, 1);
    let folder = company.path("");
    insta::assert_snapshot!(seen(
        &folder,
        &[
            &["--log-level", "error"],
            &["--validate-config-only"],
            &["--file", "no/such/folder/out.c1z"],
            &["--no-such-flag"],
            &["--revoke-grant", "g", "--event-feed"],
            &["--revoke-grant", "team:1:member:user:99"],
            &["--event-feed"],
            &["--create-account-profile", "{\"login\":\"ada\"}"],
            &["--invoke-action", "lock"],
            &["--get-ticket", "--ticket-id", "1"],
            &[
                "--diff-syncs",
                "--base-sync-id",
                "a",
                "--applied-sync-id",
                "b"
            ],
            &[
                "--compact-syncs",
                "--compact-sync-ids",
                "a",
                "--compact-file-paths",
                "sync.c1z",
                "--compact-output-path",
                ".",
            ],
        ],
    ));
    // A file of the newer form cannot be read, so nothing can be put together with it.
    std::fs::write(folder.join("newer.c1z"), b"C1Z3\0").expect("the folder is ours");
    let newer = baton_sql(
        &folder,
        &[
            "--compact-syncs",
            "--compact-sync-ids",
            "a,b",
            "--compact-file-paths",
            "newer.c1z,newer.c1z",
            "--compact-output-path",
            ".",
        ],
        &[],
    );
    assert_eq!(code(&newer), 12, "{}", said(&newer));
    let nothing = baton_sql(&folder, &[], &[]);
    assert_eq!(code(&nothing), 2);
    assert!(
        said(&nothing).starts_with("error: there is no connector file"),
        "{}",
        said(&nothing)
    );
}

/// Answers every request with the same status and body; `None` never answers.
fn answering(answer: Option<(&'static str, &'static str)>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("it is bound").to_string();
    std::thread::spawn(move || {
        let mut silent = Vec::new();
        for stream in listener.incoming().map_while(Result::ok) {
            let mut reader = BufReader::new(stream);
            let mut line = String::new();
            while reader.read_line(&mut line).is_ok_and(|bytes| bytes > 2) {
                line.clear();
            }
            match answer {
                Some((status, body)) => {
                    let length = body.len();
                    let text = format!(
                        "HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
                    );
                    // A client that has gone away is no concern of ours.
                    let _ = reader.into_inner().write_all(text.as_bytes());
                }
                None => silent.push(reader),
            }
        }
    });
    address
}

#[test]
fn what_an_api_does_is_told_by_the_exit_code() {
    let folder = tempfile::tempdir().expect("a folder");
    let cases = [
        (Some(("401 Unauthorized", "{}")), 16),
        (Some(("403 Forbidden", "{}")), 7),
        (Some(("429 Too Many Requests", "{}")), 8),
        (Some(("504 Gateway Timeout", "{}")), 4),
        (Some(("500 Internal Server Error", "{}")), 14),
        (Some(("400 Bad Request", "{}")), 2),
        (Some(("200 OK", "<html>")), 2),
        (None, 14),
    ];
    for (answer, number) in cases {
        let address = answering(answer);
        let connector = format!(
            "version: 1\napp_name: Acme\nconnect: {{base_url: 'http://{address}'}}\nhttp: {{retry: {{max_attempts: 1}}}}\nresource_types:\n  user:\n    list:\n      request: {{url: /users}}\n      response: {{items_path: data, resource_mapping: {{id: cel:item.id, display_name: cel:item.id}}}}\n"
        );
        std::fs::write(folder.path().join("acme.yaml"), connector).expect("the folder is ours");
        let line = ["--config-path", "acme.yaml", "--http-timeout-seconds", "1"];
        let ran = baton_sql(folder.path(), &line, &[]);
        assert_eq!(code(&ran), number, "{answer:?}: {}", said(&ran));
        assert_eq!(said(&ran).matches("error: ").count(), 1, "{}", said(&ran));
        if answer.is_none() {
            assert!(said(&ran).contains("no answer within 1s"), "{}", said(&ran));
        }
    }
}

#[test]
fn a_running_service_is_asked_how_it_is() {
    let folder = tempfile::tempdir().expect("a folder");
    let ask = |address: &str, more: &[&str]| {
        let (_, port) = address.rsplit_once(':').expect("a port");
        let line = [&["health-check", "--health-check-port", port], more].concat();
        let ran = baton_sql(folder.path(), &line, &[]);
        (code(&ran), said(&ran).replace(port, "PORT"))
    };
    let well = answering(Some(("200 OK", "{\"status\":\"alive\"}")));
    assert_eq!(
        ask(&well, &["--endpoint", "live"]),
        (0, "{\"status\":\"alive\"}\n".to_owned())
    );
    let ill = answering(Some((
        "503 Service Unavailable",
        "{\"status\":\"unhealthy\"}",
    )));
    assert_eq!(
        ask(&ill, &[]),
        (
            14,
            "error: http://127.0.0.1:PORT/health answered 503 Service Unavailable: {\"status\":\"unhealthy\"}\n"
                .to_owned()
        )
    );
    let silent = answering(None);
    assert_eq!(
        ask(&silent, &["--endpoint", "ready", "--timeout", "200ms"]),
        (
            4,
            "error: http://127.0.0.1:PORT/ready did not answer within 0.2 s\n".to_owned()
        )
    );
    let gone = {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        listener.local_addr().expect("it is bound").to_string()
    };
    let (number, told) = ask(&gone, &[]);
    assert_eq!(number, 14);
    assert!(
        told.starts_with("error: cannot reach http://127.0.0.1:PORT/health: "),
        "{told}"
    );
    assert_eq!(ask(&well, &["--timeout", "0"]).0, 2);
}

#[test]
fn sub_commands_say_what_the_connector_is() {
    let company = Company::new(3, 1);
    let folder = company.path("");
    // Flags stand before or behind them.
    insta::assert_snapshot!(seen(
        &folder,
        &[
            &["capabilities"],
            &["--file", "x.c1z", "config", "--log-level", "error"]
        ],
    ));
    for shell in ["bash", "zsh", "fish", "powershell"] {
        let ran = baton_sql(&folder, &["completion", shell], &[]);
        assert_eq!(code(&ran), 0, "{}", said(&ran));
        for word in ["baton-sql", "sync-resource-types", "health-check"] {
            assert!(said(&ran).contains(word), "{shell}: {word}");
        }
    }
    let ours = crate::run(&folder, &["completion", "bash"], &[]);
    for word in ["rolecall", "inspect", "sync-resource-types"] {
        assert!(said(&ours).contains(word), "{word}");
    }
}

#[test]
fn the_program_under_its_own_name_is_the_same() {
    let company = Company::new(3, 1);
    let folder = company.path("");
    let line = [
        "connector",
        "--config-path",
        "company.yaml",
        "--file",
        "own.c1z",
    ];
    let ran = crate::run(&folder, &line, &[]);
    assert_eq!(code(&ran), 0, "{}", said(&ran));
    assert!(folder.join("own.c1z").exists());
    // Also behind flags of its own.
    let line = [
        &["--log-level", "debug"],
        &line[..],
        &["--list-ticket-schemas"],
    ]
    .concat();
    let ran = crate::run(&folder, &line, &[]);
    assert_eq!(code(&ran), 12, "{}", said(&ran));
    let help = crate::run(&folder, &["connector", "--help"], &[]);
    assert!(
        said(&help).contains("$BATON_CONFIG_PATH"),
        "{}",
        said(&help)
    );
}

#[test]
fn settings_come_from_the_usual_file() {
    let company = Company::new(3, 1);
    let folder = company.path("");
    std::fs::write(
        folder.join(".baton.yaml"),
        "config-path: company.yaml\nfile: usual.c1z\nsync-resource-types: [user]\n",
    )
    .expect("the folder is ours");
    let ran = baton_sql(&folder, &[], &[]);
    assert_eq!(code(&ran), 0, "{}", said(&ran));
    assert!(folder.join("usual.c1z").exists());
    let ran = baton_sql(&folder, &[], &[("BATON_FILE", "variable.c1z")]);
    assert_eq!(code(&ran), 0, "{}", said(&ran));
    assert!(folder.join("variable.c1z").exists());
}

/// What is logged goes where it should, in the form of those connectors.
#[test]
fn logs_are_objects_with_their_fields_side_by_side() {
    let company = Company::new(3, 1);
    let folder = company.path("");
    let line = [
        "--config-path",
        "company.yaml",
        "--storage-engine",
        "pebble",
        "--log-path",
        "connector.log",
        "--log-path",
        "stdout",
        "--log-format",
        "json",
    ];
    let ran = baton_sql(&folder, &line, &[]);
    assert_eq!(code(&ran), 0, "{}", said(&ran));
    assert_eq!(String::from_utf8_lossy(&ran.stderr), "");
    let log = std::fs::read_to_string(folder.join("connector.log")).expect("it was written");
    let first: serde_json::Value =
        serde_json::from_str(log.lines().next().expect("a message")).expect("JSON");
    assert_eq!(first["level"], "warn");
    assert_eq!(
        first["msg"],
        "`--storage-engine pebble` has no effect: sync files are SQLite, which all readers open"
    );
    assert!(first["ts"].as_f64().is_some_and(|ts| ts > 1.7e9), "{first}");
    assert!(
        first["caller"]
            .as_str()
            .is_some_and(|it| it.contains(".rs:")),
        "{first}"
    );
    let printed = String::from_utf8_lossy(&ran.stdout);
    assert!(log.lines().all(|line| printed.contains(line)), "{printed}");
    // Messages are added at the end.
    baton_sql(&folder, &line, &[]);
    let longer = std::fs::read_to_string(folder.join("connector.log")).expect("it is there");
    assert!(longer.starts_with(&log) && longer.len() > log.len());
    let nowhere = baton_sql(
        &folder,
        &[
            "--config-path",
            "company.yaml",
            "--log-path",
            "no/such/folder/log",
        ],
        &[],
    );
    assert_eq!(code(&nowhere), 2);
    assert!(
        said(&nowhere).contains("cannot log to"),
        "{}",
        said(&nowhere)
    );
}

/// Two syncs of a file, what differs between them, and all of it put together, by the flags of those
/// connectors.
#[test]
fn syncs_are_compared_and_put_together() {
    let company = Company::new(3, 1);
    let folder = company.path("");
    let connector = ("BATON_CONFIG_PATH", "company.yaml");
    let sync = || {
        let line = [
            "-f",
            "out.c1z",
            "--storage-engine",
            "sqlite",
            "--c1z-temp-dir",
            ".",
        ];
        let ran = baton_sql(&folder, &line, &[connector]);
        assert_eq!(code(&ran), 0, "{}", said(&ran));
        let file = C1z::open(&folder.join("out.c1z"), ReadLimits::default());
        let runs = file.expect("it opens").runs().expect("it has runs");
        runs[0].id.0.clone()
    };
    let before = sync();
    company.execute("INSERT INTO users VALUES (7, 'ida')");
    let after = sync();
    // Files are unpacked where it is said, and the place that is usual here is none.
    let nowhere = ("TMPDIR", "/no/such/folder");
    let told = |line: &[&str]| {
        let ran = baton_sql(&folder, line, &[nowhere]);
        assert_eq!(code(&ran), 2, "{}", said(&ran));
        let ran = baton_sql(&folder, line, &[nowhere, ("BATON_TMPDIR", ".")]);
        assert_eq!(code(&ran), 0, "{}", said(&ran));
        serde_json::from_slice::<serde_json::Value>(&ran.stdout).expect("JSON")
    };
    let differs = told(&[
        "-f",
        "out.c1z",
        "--diff-syncs",
        "--base-sync-id",
        &before,
        "--applied-sync-id",
        &after,
    ]);
    assert_eq!(differs["counts"]["resources"], 1, "{differs}");
    let new = differs["new_sync_id"].as_str().expect("an id");
    let whole = told(&[
        "--compact-syncs",
        "--compact-sync-ids",
        &format!("{before},{new}"),
        "--compact-file-paths",
        "out.c1z,out.c1z",
        "--compact-output-path",
        ".",
    ]);
    assert_eq!(whole["kind"], "full");
    assert_eq!(whole["counts"]["resources"], 5, "{whole}");
    let path = whole["file_path"].as_str().expect("a path");
    assert!(folder.join(path).exists(), "{path}");
}

/// What a connector can be told is told of in the documentation.
#[test]
fn every_flag_is_documented() {
    let page = include_str!("../../docs/drop-in.md");
    let folder = tempfile::tempdir().expect("a folder");
    // The script for a shell knows hidden flags as well.
    let script = said(&baton_sql(folder.path(), &["completion", "fish"], &[]));
    let mut names: Vec<&str> = script
        .lines()
        .filter(|line| line.starts_with("complete "))
        .filter_map(|line| line.split_once(" -l ")?.1.split(' ').next())
        .collect();
    names.sort_unstable();
    names.dedup();
    assert!(names.len() > 60, "{names:?}");
    let missing: Vec<_> = names
        .iter()
        .filter(|name| !page.contains(&format!("--{name}")))
        .collect();
    assert!(missing.is_empty(), "docs/drop-in.md lacks {missing:?}");
}
