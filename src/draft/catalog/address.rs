//! A DSN → a connection, and `connect` without what is secret in it.

use std::sync::Arc;

use url::Url;

use crate::config::connect::ConnectConfig;
use crate::config::{self, CompileContext, ProcessEnvironment, names_secret};
use crate::diagnostic::{self, Severity, SourceFile};
use crate::draft::failure::DraftError;
use crate::draft::guess::variable;
use crate::draft::yaml::{Entry, Section, document};
use crate::source::sql::SqlSource;

/// Schemes whose catalogs are read.
const SCHEMES: &[(&str, &str)] = &[
    ("postgres:", "postgres"),
    ("postgresql:", "postgres"),
    ("mysql:", "mysql"),
    ("mariadb:", "mysql"),
    ("sqlite:", "sqlite"),
];

/// Schemes of databases whose catalogs are not read.
const OTHERS: &[&str] = &[
    "sqlserver:",
    "mssql:",
    "oracle:",
    "hdb:",
    "hana:",
    "db2:",
    "vertica:",
    "odbc:",
    "redshift:",
];

/// True for the address of a database.
pub fn is_dsn(source: &str) -> bool {
    let known = SCHEMES.iter().map(|(scheme, _)| *scheme);
    known
        .chain(OTHERS.iter().copied())
        .any(|scheme| source.starts_with(scheme))
}

/// A database, as it was named.
pub(super) struct Address {
    scheme: &'static str,
    /// As it was given, in the spelling of connector files.
    dsn: String,
    /// Its parts without what is secret; of SQLite only the path is known.
    url: Option<Url>,
    user: Option<String>,
    password: Option<String>,
}

impl Address {
    pub(super) fn read(dsn: &str) -> Result<Self, DraftError> {
        let Some((written, scheme)) = SCHEMES.iter().find(|(written, _)| dsn.starts_with(written))
        else {
            let scheme = dsn.split(':').next().unwrap_or_default();
            return Err(DraftError::Unreadable(format!(
                "the catalog of `{scheme}` is not read: `init` knows postgres, mysql and sqlite"
            )));
        };
        let rest = &dsn[written.len()..];
        let mut address = Self {
            scheme,
            dsn: format!("{scheme}:{rest}"),
            url: None,
            user: None,
            password: None,
        };
        if *scheme == "sqlite" {
            return Ok(address);
        }
        // The password may hold any character: it ends at the last `@` before the path.
        let rest = rest.trim_start_matches('/');
        let (userinfo, place) = match rest.rsplit_once('@') {
            Some((userinfo, place)) => (Some(userinfo), place),
            None => (None, rest),
        };
        if let Some(userinfo) = userinfo {
            let (user, password) = match userinfo.split_once(':') {
                Some((user, password)) => (user, Some(password.to_owned())),
                None => (userinfo, None),
            };
            address.user = Some(user.to_owned());
            address.password = password;
        }
        address.url = Url::parse(&format!("{scheme}://{place}")).ok();
        Ok(address)
    }

    /// The system's name, as far as the address says it.
    pub(super) fn name(&self) -> String {
        let path = match &self.url {
            Some(url) => url.path().to_owned(),
            None => self.path().to_owned(),
        };
        let name = path.rsplit('/').next().unwrap_or_default();
        let name = name.split(['?', '.']).next().unwrap_or_default();
        match name.is_empty() || name.contains('$') {
            true => "database".to_owned(),
            false => name.to_owned(),
        }
    }

    /// True for a database that is a file: nobody signs in to it.
    pub(super) fn is_file(&self) -> bool {
        self.scheme == "sqlite"
    }

    fn path(&self) -> &str {
        let path = self.dsn.trim_start_matches("sqlite:");
        path.strip_prefix("//").unwrap_or(path)
    }

    /// The connection. Nothing is opened yet.
    pub(super) fn connect(&self) -> Result<Arc<SqlSource>, DraftError> {
        let connect = Section::new().with("dsn", self.dsn.as_str());
        let text = document(&[], &Section::new().with("connect", connect));
        let loaded = config::load_text(SourceFile::new("DSN", text));
        let Some((dialect, config)) = &loaded.config else {
            return Err(DraftError::Unreadable("the DSN cannot be read".to_owned()));
        };
        let file = loaded.file.clone();
        let mut cx = CompileContext::new(file, *dialect, &ProcessEnvironment, Severity::Error);
        let source = match &config.connect {
            Some(ConnectConfig::Sql(connect)) => SqlSource::compile(connect, &mut cx),
            _ => None,
        };
        let mistakes: Vec<&diagnostic::Diagnostic> = cx
            .diagnostics
            .iter()
            .filter(|found| found.severity == Severity::Error)
            .collect();
        match (source, mistakes.first()) {
            (Some(source), None) => Ok(source),
            (_, Some(first)) => {
                let help = first.help.as_ref().map(|help| format!(": {help}"));
                Err(DraftError::Unreadable(format!(
                    "{}{}",
                    first.message,
                    help.unwrap_or_default()
                )))
            }
            (None, None) => Err(DraftError::Unreadable("the DSN cannot be read".to_owned())),
        }
    }

    /// `connect` of the file, and the variables that it needs. What is secret is left to those.
    pub(super) fn section(&self, prefix: &str) -> (Section, Vec<String>) {
        let mut section = Section::new();
        let Some(url) = &self.url else {
            let sqlite = self.scheme == "sqlite";
            let dsn = if sqlite {
                self.dsn.clone()
            } else {
                format!("${{{prefix}_DSN}}")
            };
            if !sqlite {
                section.put("scheme", self.scheme);
            }
            section.push(match sqlite {
                true => Entry::new("dsn", dsn).beside("starts at the folder of this file"),
                false => Entry::new("dsn", dsn),
            });
            return (
                section,
                if sqlite {
                    Vec::new()
                } else {
                    vec![format!("{prefix}_DSN")]
                },
            );
        };
        section.put("scheme", self.scheme);
        if let Some(host) = url.host_str() {
            section.put("host", crate::draft::text::decoded(host));
        }
        if let Some(port) = url.port() {
            section.put("port", u32::from(port));
        }
        let database = crate::draft::text::decoded(url.path().trim_start_matches('/'));
        if !database.is_empty() {
            section.put("database", database);
        }
        let mut variables = Vec::new();
        for (key, value, name) in [
            ("user", &self.user, "USER"),
            ("password", &self.password, "PASSWORD"),
        ] {
            let Some(value) = value else { continue };
            let named = value
                .strip_prefix("${")
                .and_then(|name| name.strip_suffix('}'));
            let name = named.map_or_else(|| format!("{prefix}_{name}"), str::to_owned);
            section.put(key, format!("${{{name}}}"));
            variables.push(name);
        }
        let mut params = Section::new();
        for (key, value) in url.query_pairs() {
            if names_secret(&key) {
                let name = format!("{prefix}_{}", variable(&key));
                params.put(&key, format!("${{{name}}}"));
                variables.push(name);
            } else {
                params.put(&key, value.as_ref());
            }
        }
        if !params.is_empty() {
            section.put("params", params);
        }
        (section, variables)
    }
}
