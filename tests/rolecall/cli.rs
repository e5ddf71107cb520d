//! The program as people run it: what it prints, where, and how it exits.

use std::path::Path;
use std::process::Output;

use crate::company::Company;
use crate::run;

/// What people see of a run, with the parts that differ from run to run replaced.
fn seen(ran: &Output, folder: &Path) -> String {
    let text =
        |bytes: &[u8]| String::from_utf8_lossy(bytes).replace(&*folder.to_string_lossy(), "FOLDER");
    format!(
        "exit code {}\n--- standard output\n{}--- standard error\n{}",
        ran.status.code().expect("it was not killed"),
        text(&ran.stdout),
        text(&ran.stderr)
    )
}

/// A connector that reads an API or a database that is somewhere else.
fn write(folder: &Path, name: &str, text: &str) {
    std::fs::write(folder.join(name), text).expect("the folder is ours");
}

const API: &str = "app_name: Acme
connect: {base_url: BASE}
http: {retry: {max_attempts: 1}}
resource_types:
  user:
    list:
      request: {url: /users}
      response:
        items_path: data.users
        resource_mapping: {id: cel:item.id, display_name: cel:item.name}
";

#[test]
fn a_sync_tells_what_it_found() {
    let company = Company::new(12, 3);
    let ran = run(
        &company.path(""),
        &["sync", "company.yaml", "-f", "out.c1z"],
        &[],
    );
    insta::assert_snapshot!(seen(&ran, &company.path("")));
    let ran = run(
        &company.path(""),
        &["sync", "company.yaml", "-f", "out.c1z", "--format", "json"],
        &[],
    );
    let report: serde_json::Value =
        serde_json::from_slice(&ran.stdout).expect("the report is JSON");
    assert_eq!(report["verdict"], "complete");
    assert_eq!(report["counts"]["resources"], 15);
}

#[test]
fn gzip_is_a_plain_stream_of_the_database() {
    let company = Company::new(3, 1);
    let ran = run(
        &company.path(""),
        &[
            "sync",
            "company.yaml",
            "-f",
            "out.c1z",
            "--compression",
            "gzip",
        ],
        &[],
    );
    assert!(ran.status.success(), "{}", seen(&ran, &company.path("")));
    let packed = std::fs::File::open(company.path("out.c1z")).expect("it was written");
    let mut database = Vec::new();
    std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(packed), &mut database)
        .expect("a gzip stream");
    assert!(database.starts_with(b"SQLite format 3\0"));
    let ran = run(&company.path(""), &["inspect", "out.c1z", "stats"], &[]);
    assert!(ran.status.success(), "{}", seen(&ran, &company.path("")));
}

/// Each kind of bad input: one clear message, the right exit code, and no output.
#[test]
fn bad_input_is_answered_clearly() {
    let company = Company::new(3, 1);
    let folder = company.path("");
    write(&folder, "latin1.yaml", "placeholder");
    std::fs::write(folder.join("latin1.yaml"), b"app_name: Caf\xe9\n").expect("the folder is ours");
    write(
        &folder,
        "unset.yaml",
        &API.replace("BASE", "\"https://${ACME_HOST_THAT_IS_NOT_SET}/v1\""),
    );
    write(
        &folder,
        "nowhere.yaml",
        &API.replace("BASE", "http://127.0.0.1:9"),
    );
    write(
        &folder,
        "no-postgres.yaml",
        "app_name: Acme\nconnect: {dsn: 'postgres://ada:${ACME_PASSWORD}@127.0.0.1:9/hr'}\nresource_types:\n  user:\n    list: {query: SELECT 1 AS id, map: {id: .id, display_name: .id}}\n",
    );
    write(
        &folder,
        "no-file.yaml",
        "app_name: Acme\nconnect: {dsn: 'sqlite:absent.db'}\nresource_types:\n  user:\n    list: {query: SELECT 1 AS id, map: {id: .id, display_name: .id}}\n",
    );
    write(
        &folder,
        "bad-query.yaml",
        "app_name: Acme\nconnect: {dsn: 'sqlite:company.db'}\nresource_types:\n  user:\n    list: {query: SELECT nme FROM users, map: {id: .id, display_name: .id}}\n",
    );
    write(
        &folder,
        "bad-record.yaml",
        "app_name: Acme\nconnect: {dsn: 'sqlite:company.db'}\nresource_types:\n  user:\n    list:\n      query: SELECT id, name FROM users ORDER BY id\n      map: {id: .id, display_name: \".name + .id\"}\n",
    );
    std::fs::create_dir(folder.join("folder.c1z")).expect("the folder is ours");
    write(&folder, "foreign.c1z.work", "these are somebody's notes\n");
    let cases: &[(&str, &[&str])] = &[
        ("no-such-file", &["sync", "absent.yaml"]),
        ("a-folder", &["sync", "."]),
        ("not-utf8", &["sync", "latin1.yaml"]),
        ("unset-variable", &["sync", "unset.yaml"]),
        ("unreachable-api", &["sync", "nowhere.yaml"]),
        ("unreachable-database", &["sync", "no-postgres.yaml"]),
        ("absent-database-file", &["sync", "no-file.yaml"]),
        ("query-error", &["sync", "bad-query.yaml"]),
        ("record-error", &["sync", "bad-record.yaml"]),
        (
            "output-is-a-folder",
            &["sync", "company.yaml", "-f", "folder.c1z"],
        ),
        (
            "output-has-no-folder",
            &["sync", "company.yaml", "-f", "no/such/folder/out.c1z"],
        ),
        (
            "foreign-work-file",
            &["sync", "company.yaml", "-f", "foreign.c1z"],
        ),
        (
            "wrong-flag",
            &["sync", "company.yaml", "--compresion", "gzip"],
        ),
        (
            "inspect-of-a-connector",
            &["inspect", "company.yaml", "stats"],
        ),
        ("inspect-of-nothing", &["inspect", "absent.c1z", "stats"]),
    ];
    for (name, arguments) in cases {
        let ran = run(&folder, arguments, &[("ACME_PASSWORD", "p@ss:w#rd")]);
        let seen = seen(&ran, &folder);
        assert!(!seen.contains("p@ss"), "{name} shows a password: {seen}");
        insta::assert_snapshot!(format!("bad-input@{name}"), seen);
        for output in ["sync.c1z", "foreign.c1z"] {
            assert!(!folder.join(output).exists(), "{name} left an output");
        }
    }
    assert_eq!(
        std::fs::read_to_string(folder.join("foreign.c1z.work")).expect("it is still there"),
        "these are somebody's notes\n"
    );
}

/// An answer that is no JSON, and a path that leads nowhere: the message names the place and the
/// way out.
#[test]
fn answers_that_make_no_sense_are_answered_clearly() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (name, content_type, body) in [
        (
            "html",
            "text/html",
            "<html><body>We are down for maintenance</body></html>",
        ),
        (
            "no-items",
            "application/json",
            "{\"data\":{\"people\":[{\"id\":\"secret-record\"}]}}",
        ),
    ] {
        let address = serve(content_type, body);
        write(
            folder.path(),
            "api.yaml",
            &API.replace("BASE", &format!("http://{address}")),
        );
        let ran = run(folder.path(), &["sync", "api.yaml"], &[]);
        let seen = seen(&ran, folder.path()).replace(&address, "ADDRESS");
        assert!(!seen.contains("secret-record"), "{seen}");
        insta::assert_snapshot!(format!("bad-answer@{name}"), seen);
        assert!(!folder.path().join("sync.c1z").exists());
    }
}

/// What a pre-request answered names the fields of the records, as a dictionary of custom fields does.
#[test]
fn mappings_use_the_answers_of_pre_requests() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let answer =
        r#"{"names": {"f7": "Cost center"}, "key": "f7", "users": [{"id": "ada", "f7": "R&D"}]}"#;
    let address = serve("application/json", answer);
    let connector = format!(
        "app_name: Acme
connect: {{base_url: 'http://{address}', pre_requests: {{tenant: {{url: /tenant}}}}}}
resource_types:
  user:
    list:
      request: {{url: '/users', pre_requests: {{fields: {{url: /fields}}}}}}
      response:
        items_path: users
        resource_mapping:
          id: cel:item.id
          display_name: cel:pre_requests.fields.body.names.f7 + ' ' + item[pre_requests.tenant.body.key]
"
    );
    write(folder.path(), "api.yaml", &connector);
    let ran = run(folder.path(), &["sync", "api.yaml"], &[]);
    assert!(ran.status.success(), "{}", seen(&ran, folder.path()));
    let arguments = ["inspect", "sync.c1z", "resources", "--format", "json"];
    let listed = run(folder.path(), &arguments, &[]);
    let listed = seen(&listed, folder.path());
    assert!(listed.contains("Cost center R&D"), "{listed}");
}

/// A server that gives one answer to everything, until the test ends.
fn serve(content_type: &str, body: &str) -> String {
    use std::io::{BufRead, BufReader, Write};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("it is bound").to_string();
    let answer = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: {content_type}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let mut reader = BufReader::new(stream);
            let mut line = String::new();
            while reader.read_line(&mut line).is_ok_and(|bytes| bytes > 2) {
                line.clear();
            }
            // A client that has gone away is no concern of ours.
            let _ = reader.into_inner().write_all(answer.as_bytes());
        }
    });
    address
}
