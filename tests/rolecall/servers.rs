//! The real servers that `scripts/with-servers` starts. Tests that need one skip themselves, and
//! say so, where none is named.

use std::path::PathBuf;

use url::Url;

/// The URL of a PostgreSQL superuser.
pub fn postgres() -> Option<Url> {
    named("ROLECALL_TEST_POSTGRES_URL")
}

/// The URL of a MariaDB administrator.
pub fn mysql() -> Option<Url> {
    named("ROLECALL_TEST_MYSQL_URL")
}

/// The URL, the user and the password of a RabbitMQ management API.
pub fn rabbitmq() -> Option<(String, String, String)> {
    api("RABBITMQ")
}

/// The URL, the user and the password of an etcd with authentication.
pub fn etcd() -> Option<(String, String, String)> {
    api("ETCD")
}

/// The URL, the user and the password of an administrator of an InfluxDB 1.x.
pub fn influxdb() -> Option<(String, String, String)> {
    api("INFLUXDB")
}

/// The URL and the token of a SCIM 2 server.
pub fn scim() -> Option<(String, String)> {
    let url = named("ROLECALL_TEST_SCIM_URL")?;
    Some((trimmed(&url), variable("ROLECALL_TEST_SCIM_TOKEN")))
}

fn api(name: &str) -> Option<(String, String, String)> {
    let url = named(&format!("ROLECALL_TEST_{name}_URL"))?;
    Some((
        trimmed(&url),
        variable(&format!("ROLECALL_TEST_{name}_USER")),
        variable(&format!("ROLECALL_TEST_{name}_PASSWORD")),
    ))
}

fn trimmed(url: &Url) -> String {
    url.as_str().trim_end_matches('/').to_owned()
}

fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set"))
}

/// The folder with the certificates of PostgreSQL: `ca.pem`, `other-ca.pem`, which signed nothing,
/// `client.pem` and `client.key`.
pub fn postgres_tls() -> Option<PathBuf> {
    folder("ROLECALL_TEST_POSTGRES_TLS")
}

/// The folder with the certificates of MariaDB.
pub fn mysql_tls() -> Option<PathBuf> {
    folder("ROLECALL_TEST_MYSQL_TLS")
}

fn folder(variable: &str) -> Option<PathBuf> {
    let folder = std::env::var_os(variable).map(PathBuf::from);
    if folder.is_none() {
        eprintln!("skipped: {variable} names no certificates; scripts/test makes some");
    }
    folder
}

/// The password of a URL, decoded.
pub fn password(url: &Url) -> String {
    let encoded = url.password().unwrap_or_default();
    percent_encoding::percent_decode_str(encoded)
        .decode_utf8_lossy()
        .into_owned()
}

/// Chooses the TLS library for clients that the tests make themselves.
pub fn install_tls() {
    // A second call finds one installed, which is what was wanted.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

fn named(variable: &str) -> Option<Url> {
    match std::env::var(variable) {
        Ok(url) => Some(Url::parse(&url).unwrap_or_else(|error| panic!("{variable}: {error}"))),
        Err(_) => {
            eprintln!("skipped: {variable} names no server; scripts/test starts one");
            None
        }
    }
}
