use std::collections::HashMap;

use super::*;
use crate::config::connect::ConnectConfig;
use crate::config::load_text;
use crate::diagnostic::{Severity, SourceFile};

const VARIABLES: [(&str, &str); 7] = [
    ("USER", "ada"),
    ("WORD", "p@ss:w#rd/?%41"),
    ("CREDS", "ada:p@ss:w#rd/?%41"),
    ("HOST", "db.example"),
    ("HOSTPORT", "db.example:6000"),
    ("HOSTPATH", "db.example:6000/acme"),
    (
        "WHOLE",
        "postgres://ada:p%40ss@db.example/acme?sslmode=require",
    ),
];

/// The target as one line, and the codes of the diagnostics.
fn target(connect: &str) -> (String, Vec<&'static str>) {
    let yaml = format!("connect: {connect}\nresource_types: {{}}\n");
    let file = SourceFile::new("acme.yaml", yaml);
    let (dialect, config) = load_text(file.clone()).config.expect("the file loads");
    let environment: HashMap<String, String> = VARIABLES
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    let mut cx = CompileContext::new(file, dialect, &environment, Severity::Error);
    let Some(ConnectConfig::Sql(connect)) = &config.connect else {
        panic!("the file is about a database");
    };
    let resolved = resolve(connect, &mut cx);
    let codes = cx.diagnostics.iter().map(|d| d.code).collect();
    let shown = resolved.map_or_else(|| "none".to_owned(), |resolved| shown(&resolved));
    (shown, codes)
}

fn shown(resolved: &Resolved) -> String {
    let Some(target) = &resolved.target else {
        return format!("{} incomplete", resolved.dialect.scheme());
    };
    let text = |part: &Option<String>| part.clone().unwrap_or_else(|| "-".to_owned());
    let password = target
        .password
        .as_ref()
        .map(|p| p.expose_secret().to_owned());
    let params: String = target
        .params
        .iter()
        .map(|param| format!(" {}={}", param.name, param.value))
        .collect();
    format!(
        "{} {} {} {} {} {}{params}",
        resolved.dialect.scheme(),
        text(&target.user),
        text(&password),
        text(&target.host),
        text(&target.port.map(|port| port.to_string())),
        text(&target.database),
    )
}

fn assert_target(connect: &str, expected: &str) {
    assert_eq!(
        target(connect),
        (expected.to_owned(), Vec::new()),
        "{connect}"
    );
}

#[test]
fn a_dsn_is_split_before_its_variables_are_filled_in() {
    for (dsn, expected) in [
        (
            "postgres://${USER}:${WORD}@${HOST}:5433/acme",
            "postgres ada p@ss:w#rd/?%41 db.example 5433 acme",
        ),
        (
            "postgres://${CREDS}@${HOSTPORT}/acme",
            "postgres ada p@ss:w#rd/?%41 db.example 6000 acme",
        ),
        (
            "mysql://${USER}@${HOSTPATH}",
            "mysql ada - db.example 6000 acme",
        ),
        (
            "mysql://${USER}@${HOSTPATH}/deep",
            "mysql ada - db.example 6000 acme/deep",
        ),
        (
            "${WHOLE}",
            "postgres ada p@ss db.example - acme sslmode=require",
        ),
        (
            "postgres://x%40y:${WORD}%3A@h/a%20b",
            "postgres x@y p@ss:w#rd/?%41: h - a b",
        ),
        ("postgres://[::1]:5433/acme", "postgres - - ::1 5433 acme"),
        ("postgres://[::1]", "postgres - - ::1 - -"),
        ("postgres:///acme", "postgres - - - - acme"),
        (
            "mysql://h/a?tls=${WORD}&loc=a+b%2Bc&&flag#fragment",
            "mysql - - h - a tls=p@ss:w#rd/?%41 loc=a b+c flag=",
        ),
        ("sqlite:acme.db", "sqlite - - - - acme.db"),
        ("sqlite://acme.db", "sqlite - - - - acme.db"),
        (
            "sqlite:///var/acme@1:2.db?mode=ro",
            "sqlite - - - - /var/acme@1:2.db mode=ro",
        ),
        ("sqlite:${WORD}", "sqlite - - - - p@ss:w#rd/?%41"),
    ] {
        assert_target(&format!("{{dsn: '{dsn}'}}"), expected);
    }
}

#[test]
fn a_password_that_splits_the_dsn_is_told() {
    for dsn in [
        "postgres://ada:p@ss:w#rd@db.example/acme",
        "postgres://ada:open?sesame@db.example/acme",
        "postgres://ada:open/sesame@db.example/acme",
        "mysql://ada:12/34@db.example/acme",
    ] {
        let (_, codes) = target(&format!("{{dsn: '{dsn}'}}"));
        assert_eq!(codes, ["bad-dsn"], "{dsn}");
    }
    for (dsn, expected) in [
        (
            "postgres://db.example:5432/acme?application_name=a@b",
            "postgres - - db.example 5432 acme application_name=a@b",
        ),
        (
            "postgres://[::1]/acme?application_name=a@b",
            "postgres - - ::1 - acme application_name=a@b",
        ),
        ("postgres://${HOST}:${NONE}/a@b", "postgres incomplete"),
    ] {
        assert_eq!(target(&format!("{{dsn: '{dsn}'}}")).0, expected, "{dsn}");
    }
}

#[test]
fn each_field_beats_its_part_of_the_dsn() {
    let dsn = "dsn: 'postgres://${USER}:${WORD}@old:1/old?sslmode=require&search_path=a'";
    for (fields, expected) in [
        (
            "host: '[::1]'",
            "postgres ada p@ss:w#rd/?%41 ::1 1 old sslmode=require search_path=a",
        ),
        (
            "port: 2",
            "postgres ada p@ss:w#rd/?%41 old 2 old sslmode=require search_path=a",
        ),
        (
            "database: /new",
            "postgres ada p@ss:w#rd/?%41 old 1 new sslmode=require search_path=a",
        ),
        (
            "user: eve",
            "postgres eve p@ss:w#rd/?%41 old 1 old sslmode=require search_path=a",
        ),
        (
            "password: '${USER}'",
            "postgres ada ada old 1 old sslmode=require search_path=a",
        ),
        (
            "scheme: mysql",
            "mysql ada p@ss:w#rd/?%41 old 1 old sslmode=require search_path=a",
        ),
        (
            "params: {SSLMODE: disable, '${USER}': '${HOST}'}",
            "postgres ada p@ss:w#rd/?%41 old 1 old search_path=a SSLMODE=disable ada=db.example",
        ),
        (
            "host: '', user: ''",
            "postgres ada p@ss:w#rd/?%41 old 1 old sslmode=require search_path=a",
        ),
    ] {
        assert_target(&format!("{{{dsn}, {fields}}}"), expected);
    }
}

#[test]
fn without_a_value_the_dialect_is_still_known() {
    for (connect, expected) in [
        ("{dsn: 'postgres://${NONE}@h/a'}", "postgres incomplete"),
        ("{dsn: '${NONE}', scheme: mysql}", "mysql incomplete"),
        (
            "{scheme: mysql, host: h, password: '${NONE}'}",
            "mysql incomplete",
        ),
        ("{dsn: '${NONE}'}", "none"),
    ] {
        let expected = (expected.to_owned(), vec!["unset-variable"]);
        assert_eq!(target(connect), expected, "{connect}");
    }
}

#[test]
fn no_part_of_a_target_shows_in_its_debug_output() {
    let yaml =
        "connect: {dsn: 'mysql://ada:${WORD}@h/a?sslpassword=${WORD}'}\nresource_types: {}\n";
    let file = SourceFile::new("acme.yaml", yaml);
    let (dialect, config) = load_text(file.clone()).config.expect("the file loads");
    let environment = HashMap::from([("WORD".to_owned(), "open-sesame".to_owned())]);
    let mut cx = CompileContext::new(file, dialect, &environment, Severity::Error);
    let Some(ConnectConfig::Sql(connect)) = &config.connect else {
        panic!("the file is about a database");
    };
    let resolved = resolve(connect, &mut cx).expect("the scheme is known");
    assert!(!format!("{resolved:?}").contains("open-sesame"));
}
