//! Connections that are encrypted, and those that have to be refused, against the servers' own view.

use std::path::Path;

use rolecall::expr::{Inputs, Value};
use rolecall::source::SourceError;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::harness::{Compiled, System, compile, execute};
use crate::servers;

/// What the server says about the connection that asks.
const VIEWS: &str = "resource_types:
  row: {list: {query: QUERY}}
";

/// A server that speaks TLS, and where its certificates are.
struct Encrypted {
    system: System,
    server: url::Url,
    folder: std::path::PathBuf,
}

impl Encrypted {
    fn postgres() -> Option<Self> {
        Some(Self {
            system: System::Postgres,
            server: servers::postgres()?,
            folder: servers::postgres_tls()?,
        })
    }

    fn mysql() -> Option<Self> {
        Some(Self {
            system: System::Mysql,
            server: servers::mysql()?,
            folder: servers::mysql_tls()?,
        })
    }

    /// A connector as `user` on `host`; `params` are those of the connection, with `TLS/` for the
    /// folder of the certificates.
    fn connector(&self, host: &str, user: &str, password: &str, params: &str) -> Compiled {
        let (scheme, database, query) = match self.system {
            System::Mysql => ("mysql", "mysql", "SHOW STATUS LIKE 'Ssl_cipher'"),
            _ => (
                "postgres",
                "postgres",
                "SELECT coalesce(cipher, '') AS \"Value\" FROM pg_stat_ssl WHERE pid = pg_backend_pid()",
            ),
        };
        let port = self.server.port().expect("a port");
        let params = params.replace("TLS/", &format!("{}/", self.folder.display()));
        let connect = format!(
            "connect: {{scheme: {scheme}, host: {host}, port: {port}, user: {user}, password: '${{WORD}}', database: {database}, params: {{{params}}}}}\n"
        );
        let query = serde_json::to_string(query).expect("text is JSON");
        let yaml = connect + &VIEWS.replace("QUERY", &query);
        let read = |file: &str| std::fs::read_to_string(self.folder.join(file));
        let [ca, certificate, key] = ["ca.pem", "client.pem", "client.key"]
            .map(|file| read(file).expect("the certificates are there"));
        let variables = [
            ("WORD", password),
            ("CA", &ca),
            ("CERTIFICATE", &certificate),
            ("KEY", &key),
        ];
        compile("acme.yaml".as_ref(), &yaml, &variables)
    }

    /// `encrypted` or `plain`, as the server sees it, or the error.
    async fn outcome(&self, compiled: &Compiled) -> String {
        if let Err(error) = compiled.check().await {
            assert!(!error.is_transient(), "another try cannot help: {error}");
            // Reading says the same, after no more than one attempt.
            let began = std::time::Instant::now();
            let again = compiled.rows().await.expect_err("it cannot connect");
            assert_eq!(again.to_string(), error.to_string());
            assert!(began.elapsed().as_secs() < 10, "it was tried again");
            return error.to_string();
        }
        let pages = compiled.pages("row", &Inputs::new()).await;
        compiled.close().await;
        match pages.expect("the query runs").concat()[0].get("Value") {
            Some(Value::Text(cipher)) if cipher.is_empty() => "plain".to_owned(),
            Some(Value::Text(cipher)) => {
                assert!(cipher.starts_with("TLS_"), "{cipher}");
                "encrypted".to_owned()
            }
            other => panic!("no cipher: {other:?}"),
        }
    }

    /// The outcome for the administrator, who may connect in any way.
    async fn of_administrator(&self, host: &str, params: &str) -> (String, Vec<&'static str>) {
        let password = servers::password(&self.server);
        let compiled = self.connector(host, self.server.username(), &password, params);
        let codes = compiled.codes();
        (self.outcome(&compiled).await, codes)
    }

    async fn assert_outcomes(&self, cases: &[(&str, &str, &str)]) {
        for (host, params, expected) in cases {
            let (outcome, codes) = self.of_administrator(host, params).await;
            assert!(
                outcome.contains(expected),
                "{host} {{{params}}}: {outcome}, not {expected}"
            );
            assert_eq!(codes, [""; 0], "{host} {{{params}}}");
        }
    }
}

const UNKNOWN_AUTHORITY: &str = "TLS failed: the certificate of the server is signed by an authority that is not known here; name the file of that authority in `sslrootcert` (PostgreSQL) or `ssl-ca` (MySQL)";
const OTHER_NAME: &str = "TLS failed: the certificate of the server is for another host name; connect by the name it is for";

#[tokio::test]
async fn postgres_encrypts_and_checks_as_much_as_the_mode_says() {
    let Some(server) = Encrypted::postgres() else {
        return;
    };
    let (ip, name) = ("127.0.0.1", "localhost");
    server
        .assert_outcomes(&[
            (ip, "", "encrypted"),
            (ip, "sslmode: disable", "plain"),
            (ip, "sslmode: allow", "encrypted"),
            (ip, "sslmode: prefer", "encrypted"),
            (ip, "sslmode: require", "encrypted"),
            (name, "sslmode: require", "encrypted"),
            (
                ip,
                "sslmode: verify-ca, sslrootcert: TLS/ca.pem",
                "encrypted",
            ),
            (
                name,
                "sslmode: verify-ca, sslrootcert: TLS/ca.pem",
                "encrypted",
            ),
            (
                ip,
                "sslmode: verify-full, sslrootcert: TLS/ca.pem",
                "encrypted",
            ),
            (
                name,
                "sslmode: verify-full, sslrootcert: TLS/ca.pem",
                OTHER_NAME,
            ),
            (ip, "sslmode: verify-ca", UNKNOWN_AUTHORITY),
            (ip, "sslmode: verify-full", UNKNOWN_AUTHORITY),
            (
                ip,
                "sslmode: verify-full, sslrootcert: TLS/other-ca.pem",
                UNKNOWN_AUTHORITY,
            ),
            // With an authority named, `require` checks it; without a host name, as libpq does.
            (
                name,
                "sslmode: require, sslrootcert: TLS/ca.pem",
                "encrypted",
            ),
            (
                ip,
                "sslmode: require, sslrootcert: TLS/other-ca.pem",
                UNKNOWN_AUTHORITY,
            ),
            (ip, "sslrootcert: system", UNKNOWN_AUTHORITY),
        ])
        .await;
    let unchecked = server
        .of_administrator(ip, "sslrootcert: TLS/other-ca.pem")
        .await;
    assert_eq!(unchecked, ("encrypted".to_owned(), vec!["no-effect"]));
}

#[tokio::test]
async fn mariadb_encrypts_and_checks_as_much_as_the_mode_says() {
    let Some(server) = Encrypted::mysql() else {
        return;
    };
    let (ip, name) = ("127.0.0.1", "localhost");
    server
        .assert_outcomes(&[
            (ip, "", "encrypted"),
            (ip, "tls: 'false'", "plain"),
            (ip, "tls: preferred", "encrypted"),
            (ip, "tls: skip-verify", "encrypted"),
            (ip, "tls: 'true'", UNKNOWN_AUTHORITY),
            (ip, "tls: 'true', ssl-ca: TLS/ca.pem", "encrypted"),
            (name, "tls: 'true', ssl-ca: TLS/ca.pem", OTHER_NAME),
            (ip, "ssl-mode: DISABLED", "plain"),
            (ip, "ssl-mode: PREFERRED", "encrypted"),
            (ip, "sslMode: REQUIRED", "encrypted"),
            (ip, "ssl_mode: VERIFY_CA", UNKNOWN_AUTHORITY),
            (name, "ssl-mode: VERIFY_CA, ssl-ca: TLS/ca.pem", "encrypted"),
            (
                ip,
                "ssl-mode: VERIFY_IDENTITY, ssl-ca: TLS/ca.pem",
                "encrypted",
            ),
            (
                name,
                "ssl-mode: VERIFY_IDENTITY, ssl-ca: TLS/ca.pem",
                OTHER_NAME,
            ),
            (
                ip,
                "ssl-verify-server-cert: 'true', ssl-ca: TLS/ca.pem",
                "encrypted",
            ),
            (
                name,
                "ssl-verify-server-cert: 'true', ssl-ca: TLS/ca.pem",
                OTHER_NAME,
            ),
            // With an authority and no mode, it is checked.
            (name, "ssl-ca: TLS/ca.pem", "encrypted"),
            (ip, "ssl-ca: TLS/other-ca.pem", UNKNOWN_AUTHORITY),
        ])
        .await;
    let unchecked = server
        .of_administrator(ip, "tls: skip-verify, ssl-ca: TLS/other-ca.pem")
        .await;
    assert_eq!(unchecked, ("encrypted".to_owned(), vec!["no-effect"]));
}

#[tokio::test]
async fn postgres_takes_a_certificate_for_a_password() {
    let Some(server) = Encrypted::postgres() else {
        return;
    };
    for user in ["rolecall_certified", "rolecall_encrypted"] {
        let sql = format!("DROP ROLE IF EXISTS {user}; CREATE ROLE {user} LOGIN PASSWORD 'sesame'");
        execute(System::Postgres, &server.server, &sql).await;
    }
    let ours = "sslcert: TLS/client.pem, sslkey: TLS/client.key";
    let inline = "sslrootcert: '${CA}', sslcert: '${CERTIFICATE}', sslkey: '${KEY}'";
    for (user, params, expected) in [
        (
            "rolecall_certified",
            format!("sslmode: require, {ours}"),
            "encrypted",
        ),
        (
            "rolecall_certified",
            format!("sslmode: verify-full, sslrootcert: TLS/ca.pem, {ours}"),
            "encrypted",
        ),
        (
            "rolecall_certified",
            format!("sslmode: verify-full, {inline}"),
            "encrypted",
        ),
        (
            "rolecall_certified",
            "sslmode: require".to_owned(),
            "connection requires a valid client certificate; name it and its key in `sslcert` and `sslkey`",
        ),
        (
            "rolecall_certified",
            "sslmode: require, sslcert: TLS/other-ca.pem, sslkey: TLS/other-ca.key".to_owned(),
            "TLS failed: the server does not know the authority that signed the certificate sent to it",
        ),
        (
            "rolecall_encrypted",
            "sslmode: require".to_owned(),
            "encrypted",
        ),
        (
            "rolecall_encrypted",
            "sslmode: disable".to_owned(),
            "no encryption; `sslmode=require` encrypts the connection",
        ),
    ] {
        let compiled = server.connector("127.0.0.1", user, "sesame", &params);
        let outcome = server.outcome(&compiled).await;
        assert!(outcome.contains(expected), "{user} {{{params}}}: {outcome}");
    }
    let drop = "DROP ROLE rolecall_certified; DROP ROLE rolecall_encrypted";
    execute(System::Postgres, &server.server, drop).await;
}

#[tokio::test]
async fn mariadb_takes_no_account_less_protected_than_it_requires() {
    let Some(server) = Encrypted::mysql() else {
        return;
    };
    let accounts = [
        ("rolecall_ssl", "SSL"),
        ("rolecall_x509", "X509"),
        ("rolecall_subject", "SUBJECT '/CN=rolecall_certified'"),
    ];
    for (user, require) in accounts {
        let sql =
            format!("CREATE OR REPLACE USER {user}@'%' IDENTIFIED BY 'sesame' REQUIRE {require}");
        execute(System::Mysql, &server.server, &sql).await;
        let database = format!("GRANT SELECT ON mysql.db TO {user}@'%'");
        execute(System::Mysql, &server.server, &database).await;
    }
    let ours = "ssl-cert: TLS/client.pem, ssl-key: TLS/client.key";
    let inline = "ssl-ca: '${CA}', ssl-cert: '${CERTIFICATE}', ssl-key: '${KEY}'";
    for (user, params, expected) in [
        ("rolecall_ssl", "tls: skip-verify".to_owned(), "encrypted"),
        ("rolecall_ssl", "tls: 'false'".to_owned(), "Access denied"),
        (
            "rolecall_x509",
            format!("ssl-mode: required, {ours}"),
            "encrypted",
        ),
        (
            "rolecall_x509",
            format!("ssl-ca: TLS/ca.pem, {ours}"),
            "encrypted",
        ),
        (
            "rolecall_x509",
            format!("tls: 'true', {inline}"),
            "encrypted",
        ),
        (
            "rolecall_x509",
            "ssl-mode: required".to_owned(),
            "Access denied",
        ),
        (
            "rolecall_subject",
            format!("tls: skip-verify, {ours}"),
            "encrypted",
        ),
    ] {
        let compiled = server.connector("127.0.0.1", user, "sesame", &params);
        let outcome = server.outcome(&compiled).await;
        assert!(outcome.contains(expected), "{user} {{{params}}}: {outcome}");
    }
    let drop = "DROP USER rolecall_ssl@'%', rolecall_x509@'%', rolecall_subject@'%'";
    execute(System::Mysql, &server.server, drop).await;
}

/// What a MySQL server says first. `SSL` is not among the capabilities.
fn greeting_without_tls() -> Vec<u8> {
    let mut greeting = vec![10];
    greeting.extend_from_slice(b"10.11.0-MariaDB\0");
    greeting.extend_from_slice(&[1, 0, 0, 0]); // the connection
    greeting.extend_from_slice(b"saltsalt\0");
    greeting.extend_from_slice(&[0x00, 0x82]); // protocol 4.1, secure connection
    greeting.push(45); // utf8mb4
    greeting.extend_from_slice(&[2, 0]); // the status
    greeting.extend_from_slice(&[0x08, 0x00]); // plugins of authentication
    greeting.push(21);
    greeting.extend_from_slice(&[0; 10]);
    greeting.extend_from_slice(b"saltsaltsalt\0mysql_native_password\0");
    let length = u8::try_from(greeting.len()).expect("it is short");
    [vec![length, 0, 0, 0], greeting].concat()
}

/// A server that speaks no TLS, for as long as the test runs.
async fn without_tls(system: System) -> u16 {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await;
    let listener = listener.expect("a port is free");
    let port = listener.local_addr().expect("it listens").port();
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let answer = match system {
                System::Mysql => greeting_without_tls(),
                // To the request for TLS: no.
                _ => b"N".to_vec(),
            };
            client.write_all(&answer).await.ok();
            let mut rest = Vec::new();
            client.read_to_end(&mut rest).await.ok();
        }
    });
    port
}

#[tokio::test]
async fn a_server_without_tls_is_refused_rather_than_trusted() {
    for (system, scheme, param) in [
        (System::Postgres, "postgres", "sslmode: require"),
        (System::Postgres, "postgres", "sslmode: verify-full"),
        (System::Mysql, "mysql", "tls: 'true'"),
        (System::Mysql, "mysql", "tls: skip-verify"),
        (System::Mysql, "mysql", "ssl-mode: REQUIRED"),
    ] {
        let port = without_tls(system).await;
        let yaml = format!(
            "connect: {{scheme: {scheme}, host: 127.0.0.1, port: {port}, user: ada, password: '${{WORD}}', params: {{{param}}}}}\nresource_types: {{}}\n"
        );
        let compiled = compile("acme.yaml".as_ref(), &yaml, &[("WORD", "open-sesame")]);
        let error = compiled.check().await.expect_err("it speaks no TLS");
        let text = error.to_string();
        assert!(
            text.contains("TLS failed: the server speaks no TLS; turn it on there"),
            "{text}"
        );
        assert!(matches!(
            error,
            SourceError::Unreachable {
                transient: false,
                ..
            }
        ));
    }
}

/// What is said of the parameters of a connection, with the place in the file.
fn said(folder: &Path, params: &str) -> Vec<String> {
    let yaml = format!(
        "connect: {{scheme: postgres, host: db.acme.test, params: {{{params}}}}}\nresource_types: {{}}\n"
    );
    let compiled = compile(&folder.join("acme.yaml"), &yaml, &[]);
    let said = compiled.diagnostics.iter();
    said.map(|d| {
        let message = d.message.replace(&*folder.to_string_lossy(), "FOLDER");
        let help = d.help.as_deref().unwrap_or_default();
        format!("{}: {message}; {help}", d.code)
    })
    .collect()
}

#[test]
fn files_are_looked_at_before_anything_connects() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let folder = folder.path();
    for (file, text) in [
        ("ca.pem", "-----BEGIN CERTIFICATE-----\n"),
        ("key.pem", "-----BEGIN EC PRIVATE KEY-----\n"),
        ("locked.pem", "-----BEGIN ENCRYPTED PRIVATE KEY-----\n"),
        (
            "old.pem",
            "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n",
        ),
        ("binary.der", "\u{0}\u{1}"),
    ] {
        std::fs::write(folder.join(file), text).expect("it can be written");
    }
    // A relative path starts at the folder of the connector file.
    assert_eq!(
        said(
            folder,
            "sslmode: verify-full, sslrootcert: ca.pem, sslcert: ca.pem, sslkey: key.pem"
        ),
        [""; 0]
    );
    assert_eq!(
        said(folder, "sslmode: require, sslcert: '', sslkey: ''"),
        [""; 0]
    );
    for (params, expected) in [
        (
            "sslmode: verify-full, sslrootcert: none.pem",
            "bad-param: `sslrootcert`: there is no file none.pem; a relative path starts at",
        ),
        (
            "sslmode: verify-full, sslrootcert: .",
            "bad-param: `sslrootcert`: FOLDER/. cannot be read",
        ),
        (
            "sslmode: verify-full, sslrootcert: binary.der",
            "bad-param: `sslrootcert`: FOLDER/binary.der holds no certificate in PEM form; a PEM file is",
        ),
        (
            "sslmode: verify-full, sslrootcert: key.pem",
            "bad-param: `sslrootcert`: FOLDER/key.pem holds no certificate",
        ),
        (
            "sslcert: ca.pem, sslkey: ca.pem",
            "bad-param: `sslkey`: FOLDER/ca.pem holds no private key",
        ),
        (
            "sslcert: ca.pem, sslkey: locked.pem",
            "bad-param: `sslkey`: the key in FOLDER/locked.pem is locked with a password; unlock it",
        ),
        (
            "sslcert: ca.pem, sslkey: old.pem",
            "bad-param: `sslkey`: the key in FOLDER/old.pem is locked",
        ),
        (
            "sslcert: ca.pem, sslkey: '-----BEGIN ENCRYPTED PRIVATE KEY----- open-sesame'",
            "bad-param: `sslkey`: the key in the value is locked with a password; unlock it",
        ),
        (
            "sslcert: ca.pem, sslkey: '-----BEGIN open-sesame'",
            "bad-param: `sslkey`: the value holds no private key in PEM form",
        ),
        (
            "sslcert: ca.pem",
            "bad-param: `sslcert` is written, but not `sslkey`: a certificate and its key go together",
        ),
        (
            "ssl-key: key.pem",
            "bad-param: `ssl-key` is written, but not `ssl-cert`: a certificate and its key go together",
        ),
        (
            "sslmode: prefer, sslrootcert: ca.pem",
            "no-effect: `sslrootcert` has no effect: the certificate of the server is not checked; write `sslmode: verify-full`",
        ),
        (
            "sslmode: require, sslrootcert: system",
            "bad-param: `sslrootcert: system` needs `sslmode: verify-full`",
        ),
    ] {
        let said = said(folder, params);
        assert_eq!(said.len(), 1, "{params}: {said:?}");
        assert!(said[0].starts_with(expected), "{params}: {said:?}");
        assert!(!said[0].contains("open-sesame"), "{said:?}");
    }
}
