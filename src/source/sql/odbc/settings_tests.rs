use std::collections::HashMap;

use secrecy::ExposeSecret;

use super::*;
use crate::config::Dialect;
use crate::diagnostic::{Severity, SourceFile, Span};
use crate::source::sql::dialect::{db2, hdb, odbc, oracle, sqlserver, vertica};

fn vendor(scheme: &str) -> Vendor {
    let vendors = [
        &db2::DB2,
        &hdb::HDB,
        &odbc::ODBC,
        &oracle::ORACLE,
        &sqlserver::SQLSERVER,
        &vertica::VERTICA,
    ];
    let mut found = vendors.into_iter().filter(|vendor| vendor.scheme == scheme);
    *found.next().expect("it is a dialect of ODBC")
}

/// The connection string of a scheme for a driver, or the messages of its mistakes.
fn connection_string(
    scheme: &str,
    driver: Option<&str>,
    target: Target,
) -> Result<String, Vec<String>> {
    let file = SourceFile::new("acme.yaml", "connect:");
    let environment = HashMap::new();
    let mut cx = CompileContext::new(file, Dialect::Sql, &environment, Severity::Error);
    let settings = Settings::compile(vendor(scheme), &target, &mut cx);
    let messages: Vec<String> = cx.diagnostics.iter().map(|d| d.message.clone()).collect();
    let settings = settings.ok_or(messages)?;
    let text = settings.connection_string(driver, settings.database());
    Ok(text.expose_secret().to_owned())
}

fn target(params: &[(&str, &str)]) -> Target {
    Target {
        host: Some("db.example".into()),
        database: Some("app".into()),
        user: Some("ada".into()),
        password: Some("p;w}d={".to_owned().into()),
        params: params
            .iter()
            .map(|(name, value)| Param {
                name: (*name).to_owned(),
                value: (*value).to_owned(),
                span: Span::default(),
            })
            .collect(),
        ..Target::default()
    }
}

#[test]
fn each_driver_is_told_in_its_own_words() {
    const PWD: &str = "PWD={p;w}}d={};";
    for (scheme, driver, params, expected) in [
        (
            "sqlserver",
            "ODBC Driver 18 for SQL Server",
            &[("encrypt", "strict"), ("ApplicationIntent", "ReadOnly")][..],
            "Driver=ODBC Driver 18 for SQL Server;Server=tcp:db.example,1433;Database=app;APP=rolecall;Encrypt=strict;UID=ada;ApplicationIntent=ReadOnly;",
        ),
        (
            "sqlserver",
            "ODBC Driver 17 for SQL Server",
            &[("instance", "SALES"), ("app name", "audit")],
            "Driver=ODBC Driver 17 for SQL Server;Server=db.example\\SALES;Database=app;UID=ada;APP=audit;",
        ),
        (
            "sqlserver",
            "FreeTDS",
            &[("encrypt", "true")],
            "Driver=FreeTDS;Server=db.example;Port=1433;TDS_Version=7.4;ClientCharset=UTF-8;Database=app;APP=rolecall;Encryption=require;UID=ada;",
        ),
        (
            "oracle",
            "Oracle 23 ODBC driver",
            &[],
            "Driver=Oracle 23 ODBC driver;DBQ=//db.example:1521/app;UID=ada;",
        ),
        (
            "oracle",
            "Oracle 23 ODBC driver",
            &[("ssl", "true")],
            "Driver=Oracle 23 ODBC driver;DBQ=tcps://db.example:1521/app;UID=ada;",
        ),
        (
            "oracle",
            "Oracle 23 ODBC driver",
            &[("SID", "X)(HOST=evil")],
            "Driver=Oracle 23 ODBC driver;DBQ={(DESCRIPTION=(ADDRESS=(PROTOCOL=TCP)(HOST=db.example)(PORT=1521))(CONNECT_DATA=(SID=XHOSTevil)))};UID=ada;",
        ),
        (
            "hdb",
            "HDBODBC",
            &[("encrypt", "true"), ("sslValidateCertificate", "true")],
            "Driver=HDBODBC;ServerNode=db.example:30015;DatabaseName=app;UID=ada;encrypt=true;sslValidateCertificate=true;",
        ),
        (
            "db2",
            "DB2",
            &[("Security", "SSL")],
            "Driver=DB2;HOSTNAME=db.example;PORT=50000;PROTOCOL=TCPIP;DATABASE=app;UID=ada;Security=SSL;",
        ),
        (
            "vertica",
            "Vertica",
            &[("tlsmode", "server-strict")],
            "Driver=Vertica;Servername=db.example;Port=5433;Database=app;UID=ada;SSLMode=verify_full;",
        ),
        (
            "odbc",
            "PostgreSQL Unicode",
            &[("driver", "PostgreSQL Unicode"), ("fetch", "5")],
            "Driver=PostgreSQL Unicode;Server=db.example;Database=app;UseDeclareFetch=1;BoolsAsChar=0;UseServerSidePrepare=1;UID=ada;fetch=5;",
        ),
        (
            "odbc",
            "MariaDB Unicode",
            &[("driver", "MariaDB Unicode")],
            "Driver=MariaDB Unicode;Server=db.example;Database=app;FORWARDONLY=1;NO_CACHE=1;UID=ada;",
        ),
    ] {
        let text = connection_string(scheme, Some(driver), target(params));
        assert_eq!(text, Ok(format!("{expected}{PWD}")), "{scheme}");
    }
}

#[test]
fn a_data_source_needs_no_driver() {
    let named = Target {
        user: Some("ada".into()),
        params: target(&[("dsn", "ACME;x")]).params,
        ..Target::default()
    };
    let text = connection_string("odbc", None, named);
    assert_eq!(text.as_deref(), Ok("DSN={ACME;x};UID=ada;"));
}

#[test]
fn no_parameter_says_a_second_time_where_to_connect_or_as_whom() {
    for (scheme, name) in [
        ("db2", "HOSTNAME"),
        ("db2", "Protocol"),
        ("db2", "pwd"),
        ("db2", "dsn"),
        ("sqlserver", "Server"),
        ("sqlserver", "User ID"),
        ("oracle", "DBQ"),
        ("hdb", "SERVERNODE"),
        ("vertica", "Servername"),
        ("vertica", "FileDSN"),
        ("odbc", "UID"),
        ("odbc", "Server"),
        ("odbc", "a;PWD"),
    ] {
        let params = [("driver", "Acme"), (name, "open-sesame")];
        let messages = connection_string(scheme, Some("Acme"), target(&params));
        let messages = messages.expect_err("it is refused");
        assert_eq!(messages.len(), 1, "{scheme} {name}");
        assert!(!messages[0].contains("open-sesame"), "{messages:?}");
    }
    assert!(connection_string("odbc", None, target(&[])).is_err());
}

#[test]
fn a_driver_without_a_host_may_have_words_of_its_own() {
    let mut elsewhere = target(&[("driver", "Acme"), ("Host", "db.example")]);
    elsewhere.host = None;
    let text = connection_string("odbc", Some("Acme"), elsewhere);
    assert_eq!(
        text.as_deref(),
        Ok("Driver=Acme;Database=app;UID=ada;Host=db.example;PWD={p;w}}d={};")
    );
}
