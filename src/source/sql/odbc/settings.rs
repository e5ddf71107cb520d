//! A target → what a driver is told: its connection string.

use secrecy::{ExposeSecret, SecretString};

use super::{Keywords, Vendor};
use crate::config::CompileContext;
use crate::diagnostic::Diagnostic;
use crate::source::sql::target::{Param, Target};

/// A connection that is understood.
#[derive(Debug)]
pub struct Settings {
    /// The dialect.
    pub vendor: Vendor,
    /// The name of the driver, or the path of its library, when one is written.
    pub driver: Option<String>,
    /// The data source that the machine knows under a name, when one is written.
    pub data_source: Option<String>,
    target: Target,
    params: Keywords,
    /// Parameters that the address is made of.
    words: Vec<(String, String)>,
}

/// Where to connect, for a dialect that makes keywords of it.
#[derive(Debug)]
pub struct Address<'s> {
    /// The driver, in lower case: a dialect may have several that differ.
    pub driver: &'s str,
    /// Host.
    pub host: Option<&'s str>,
    /// Port.
    pub port: Option<u16>,
    /// Database.
    pub database: Option<&'s str>,
    words: &'s [(String, String)],
}

impl Address<'_> {
    /// The host, or this machine.
    pub fn host(&self) -> &str {
        self.host.unwrap_or("localhost")
    }

    /// `host:port`, with brackets around an IPv6 address.
    pub fn host_and_port(&self) -> String {
        let host = match self.host() {
            host if host.contains(':') => format!("[{host}]"),
            host => host.to_owned(),
        };
        match self.port {
            Some(port) => format!("{host}:{port}"),
            None => host,
        }
    }

    /// A parameter that is part of the address: those that `param` gives a name in capitals with a
    /// leading `@`.
    pub fn word(&self, name: &str) -> Option<&str> {
        let mut words = self.words.iter();
        words
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }
}

/// Parameters that would say a second time who connects.
const CREDENTIALS: &[&str] = &[
    "uid", "user", "userid", "username", "logonid", "pwd", "password",
];

/// Parameters that would say a second time where to connect.
const PLACES: &[&str] = &[
    "server",
    "servername",
    "servernode",
    "host",
    "hostname",
    "address",
    "addr",
    "networkaddress",
    "port",
    "portnumber",
    "protocol",
    "network",
    "database",
    "databasename",
    "dbq",
    "dbalias",
];

impl Settings {
    /// Understands a target. Notes the parameters that it cannot have.
    pub fn compile(vendor: Vendor, target: &Target, cx: &mut CompileContext) -> Option<Self> {
        let mut settings = Self {
            vendor,
            driver: None,
            data_source: None,
            target: target.clone(),
            params: Keywords::default(),
            words: Vec::new(),
        };
        let mut understood = true;
        for param in &target.params {
            if let Err((message, help)) = settings.take(param) {
                understood = false;
                let at = cx.at(param.span);
                cx.note(Diagnostic::error("bad-param", at, message).help(help));
            }
        }
        let anywhere =
            vendor.scheme != "odbc" || settings.driver.is_some() || settings.data_source.is_some();
        if understood && !anywhere {
            understood = false;
            let at = cx.at(target.span);
            cx.note(
                Diagnostic::error("bad-param", at, "`connect` does not say which ODBC driver it is for")
                    .help("write `params: {driver: PostgreSQL Unicode}`, or `params: {dsn: NAME}` for a data source of this machine; `odbcinst -q -d` lists the drivers"),
            );
        }
        understood.then_some(settings)
    }

    fn take(&mut self, param: &Param) -> Result<(), (String, &'static str)> {
        let name = &param.name;
        let plain: String = name
            .to_lowercase()
            .chars()
            .filter(|c| !" _-".contains(*c))
            .collect();
        let generic = self.vendor.scheme == "odbc";
        if let Some((keyword, value)) = (self.vendor.param)(&plain, &param.value) {
            match keyword.strip_prefix('@') {
                Some(word) => self.words.push((word.to_owned(), value)),
                None => self.params.set(keyword, value),
            }
            return Ok(());
        }
        match plain.as_str() {
            "driver" => self.driver = Some(param.value.clone()),
            "dsn" if generic => self.data_source = Some(param.value.clone()),
            "dsn" | "filedsn" | "savefile" => {
                return Err((
                    format!("`{name}` would name another connection than the one written here"),
                    "use `scheme: odbc` with `params: {dsn: NAME}` for a data source of this machine",
                ));
            }
            name if CREDENTIALS.contains(&name) => {
                return Err((
                    format!(
                        "`{}` is no parameter: it would say again who connects",
                        param.name
                    ),
                    "write `user:` and `password:`",
                ));
            }
            // Drivers that we know nothing of may have words of their own for it.
            name if PLACES.contains(&name) && !(generic && self.target.host.is_none()) => {
                return Err((
                    format!(
                        "`{}` is no parameter: it would say again where to connect",
                        param.name
                    ),
                    "write `host:`, `port:` and `database:`",
                ));
            }
            _ if name.contains(|c: char| !(c.is_alphanumeric() || " _-.".contains(c))) => {
                return Err((
                    format!("`{name}` is no keyword of a connection string"),
                    "keywords are letters, digits, spaces, `_`, `-` and `.`",
                ));
            }
            _ => self.params.set(name, param.value.as_str()),
        }
        Ok(())
    }

    /// The name of the database, empty when none is written.
    pub fn database(&self) -> &str {
        self.target.database.as_deref().unwrap_or_default()
    }

    /// Where it is, for people.
    #[cfg_attr(
        not(feature = "odbc"),
        allow(dead_code, reason = "shown where it fails")
    )]
    pub fn place(&self, database: &str) -> String {
        let at = match (&self.target.host, &self.data_source) {
            (Some(host), _) => match self.target.port.or(self.vendor.port) {
                Some(port) => format!("{host}:{port}"),
                None => host.clone(),
            },
            (None, Some(name)) => format!("the data source {name}"),
            (None, None) => match database {
                "" => format!("{} (ODBC)", self.driver.as_deref().unwrap_or("localhost")),
                database => return database.to_owned(),
            },
        };
        match database {
            "" => at,
            database => format!("{at}/{database}"),
        }
    }

    /// The password.
    #[cfg_attr(
        not(feature = "odbc"),
        allow(dead_code, reason = "taken out of messages")
    )]
    pub fn password(&self) -> Option<&SecretString> {
        self.target.password.as_ref()
    }

    /// The connection string for a driver and a database.
    #[cfg_attr(
        not(any(test, feature = "odbc")),
        allow(dead_code, reason = "nothing connects")
    )]
    pub fn connection_string(&self, driver: Option<&str>, database: &str) -> SecretString {
        let mut keywords = Keywords::default();
        match (&self.data_source, driver) {
            (Some(name), _) => keywords.set("DSN", name.as_str()),
            (None, Some(driver)) => keywords.set("Driver", driver),
            (None, None) => {}
        }
        let lower = driver.unwrap_or_default().to_lowercase();
        let address = Address {
            driver: &lower,
            host: self.target.host.as_deref(),
            port: self.target.port.or(self.vendor.port),
            database: Some(database).filter(|name| !name.is_empty()),
            words: &self.words,
        };
        (self.vendor.address)(&address, &mut keywords);
        keywords.set_some("UID", self.target.user.as_deref());
        keywords.extend(&self.params);
        let password = self.target.password.as_ref();
        keywords.set_some("PWD", password.map(|word| word.expose_secret()));
        SecretString::from(keywords.text())
    }
}

#[cfg(test)]
#[path = "settings_tests.rs"]
mod tests;
