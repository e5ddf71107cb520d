//! `connect` → where to connect and as whom. Each structured field beats its part of the DSN.

use secrecy::{ExposeSecret, SecretString};

use super::dialect::{self, Dialect};
use crate::config::CompileContext;
use crate::config::connect::SqlConnectConfig;
use crate::config::scalar::{EnvText, Text};
use crate::diagnostic::{self, Diagnostic, Edit, Span, list};

/// Where to connect and as whom.
#[derive(Debug, Default, Clone)]
pub struct Target {
    /// Host name or address, without brackets.
    pub host: Option<String>,
    /// Port.
    pub port: Option<u16>,
    /// Database name, or the path of a file.
    pub database: Option<String>,
    /// User name.
    pub user: Option<String>,
    /// Password.
    pub password: Option<SecretString>,
    /// Further parameters, in the order written; the last of a name counts.
    pub params: Vec<Param>,
    /// Where the system is named, for mistakes that concern `connect` as a whole.
    pub span: Span,
}

/// A parameter of a connection.
#[derive(Clone)]
pub struct Param {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
    /// Where it is written.
    pub span: Span,
}

/// Without the value, which may be secret.
impl std::fmt::Debug for Param {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Param({})", self.name)
    }
}

/// What `connect` says.
#[derive(Debug)]
pub struct Resolved {
    /// The system.
    pub dialect: &'static dyn Dialect,
    /// Where it is; `None` when a part has no value, which was noted.
    pub target: Option<Target>,
}

/// Reads `connect`. Notes every mistake; `None` when not even the dialect is known.
pub fn resolve(config: &SqlConnectConfig, cx: &mut CompileContext) -> Option<Resolved> {
    let mut reader = Reader {
        cx,
        complete: true,
        is_connection_string: false,
        target: Target {
            span: place(config),
            ..Target::default()
        },
    };
    let dialect = reader.read(config);
    let (complete, target) = (reader.complete, reader.target);
    Some(Resolved {
        dialect: dialect?,
        target: complete.then_some(target),
    })
}

/// The first thing that `connect` says about the database.
pub fn place(config: &SqlConnectConfig) -> Span {
    let dsn = config.dsn.as_ref().map(|dsn| dsn.0.0.span);
    let fields = [
        &config.scheme,
        &config.host,
        &config.port,
        &config.database,
        &config.user,
    ];
    dsn.or_else(|| fields.into_iter().flatten().map(|text| text.0.span).next())
        .or_else(|| config.params.iter().next().map(|(key, _)| key.span))
        .or_else(|| config.password.as_ref().map(|text| text.0.span))
        .unwrap_or_default()
}

/// Fills in a target, part by part.
pub struct Reader<'c, 'e> {
    pub cx: &'c mut CompileContext<'e>,
    /// False when a part has no value.
    pub complete: bool,
    /// True when the DSN is a connection string, which says everything.
    pub is_connection_string: bool,
    /// What is known so far.
    pub target: Target,
}

impl Reader<'_, '_> {
    fn read(&mut self, config: &SqlConnectConfig) -> Option<&'static dyn Dialect> {
        let scheme = config.scheme.as_ref().and_then(|text| self.field(text));
        let scheme_span = config.scheme.as_ref().map(|text| text.0.span);
        let written = config.dsn.as_ref().map(|dsn| &dsn.0.0);
        let dialect = match written.filter(|text| !text.text.is_empty()) {
            Some(written) => self.dsn(written, scheme.as_deref().zip(scheme_span)),
            None => match scheme.zip(scheme_span) {
                Some((scheme, span)) => self.dialect(&scheme, span),
                None if config.scheme.as_ref().is_some_and(|s| !s.0.text.is_empty()) => None,
                None => self.no_scheme(),
            },
        };
        if self.is_connection_string {
            self.check_alone(config);
        }
        self.fields(config, dialect);
        dialect
    }

    /// A connection string cannot stand beside fields, nor name one database of several.
    fn check_alone(&mut self, config: &SqlConnectConfig) {
        let fields = [
            ("host", &config.host),
            ("port", &config.port),
            ("database", &config.database),
            ("user", &config.user),
        ];
        let fields = fields
            .into_iter()
            .filter_map(|(name, text)| Some((name, text.as_ref()?.0.span)));
        let password = config
            .password
            .as_ref()
            .map(|text| ("password", text.0.span));
        let params = config
            .params
            .iter()
            .next()
            .map(|(key, _)| ("params", key.span));
        let databases = config
            .databases
            .as_ref()
            .map(|_| ("databases", place(config)));
        for (name, span) in fields.chain(password).chain(params).chain(databases) {
            let at = self.cx.at(span);
            let message = format!("`{name}` cannot stand beside a connection string");
            self.cx.note(
                Diagnostic::error("conflicting-fields", at, message)
                    .help("put it into the DSN, or write fields only"),
            );
        }
    }

    fn no_scheme<T>(&mut self) -> Option<T> {
        let at = self.cx.at(self.target.span);
        self.cx.note(
            Diagnostic::error(
                "missing-scheme",
                at,
                "`connect` does not say which database system it is",
            )
            .help(format!("write `scheme:` with one of {}", schemes())),
        );
        None
    }

    /// Each structured field beats its part of the DSN.
    fn fields(&mut self, config: &SqlConnectConfig, dialect: Option<&'static dyn Dialect>) {
        if let Some(host) = config.host.as_ref().and_then(|text| self.field(text)) {
            self.target.host = Some(unbracketed(&host).to_owned());
        }
        if let Some(text) = &config.port
            && let Some(port) = self.field(text)
        {
            self.target.port = self.port(&port, text.0.span).or(self.target.port);
            let is_file = dialect.is_some_and(|dialect| dialect.is_file());
            if self.target.host.is_none() && self.complete && !is_file && !self.is_connection_string
            {
                let at = self.cx.at(text.0.span);
                self.cx.note(
                    Diagnostic::error("port-without-host", at, "`port` is written, but no host")
                        .help("add `host:`"),
                );
            }
        }
        if let Some(database) = config.database.as_ref().and_then(|text| self.field(text)) {
            let is_path = dialect.is_some_and(|dialect| dialect.names_paths());
            let name = match is_path {
                true => database.as_str(),
                false => database.strip_prefix('/').unwrap_or(&database),
            };
            self.target.database = Some(name.to_owned());
        }
        if let Some(user) = config.user.as_ref().and_then(|text| self.field(text)) {
            self.target.user = Some(user);
        }
        if let Some(text) = &config.password {
            match self.cx.secret(text) {
                Some(password) if !password.expose_secret().is_empty() => {
                    self.target.password = Some(password);
                }
                Some(_) => {}
                None => self.complete = false,
            }
        }
        for (key, text) in config.params.iter() {
            let name = Text {
                text: key.text.clone(),
                span: key.span,
            };
            let (name, value) = (self.cx.interpolate(&name), self.cx.env(text));
            match name.zip(value) {
                Some((name, value)) => self.param(name, value, key.span),
                None => self.complete = false,
            }
        }
        if let Some(name) = dialect.and_then(|dialect| dialect.database_param()) {
            self.database_param(name, config.database.is_some());
        }
        if let Some(dialect) = dialect
            && !dialect.names_paths()
        {
            self.check_host(config);
        }
    }

    /// Where a parameter names the database, the path of the DSN names an instance of the server.
    /// The structured field beats the parameter.
    fn database_param(&mut self, name: &str, is_structured: bool) {
        let params = &mut self.target.params;
        let Some(index) = params
            .iter()
            .position(|p| p.name.eq_ignore_ascii_case(name))
        else {
            return;
        };
        let param = params.remove(index);
        if is_structured {
            return;
        }
        if let Some(instance) = self.target.database.replace(param.value) {
            self.param("instance".to_owned(), instance, param.span);
        }
    }

    /// A DSN says where the database is even without a host; fields alone do not.
    fn check_host(&mut self, config: &SqlConnectConfig) {
        let elsewhere = |name: &str| ["host", "hostaddr", "socket"].contains(&name);
        let written =
            |text: &Option<EnvText>| text.as_ref().is_some_and(|text| !text.0.text.is_empty());
        let params = &self.target.params;
        if config.dsn.is_none()
            && !written(&config.host)
            && !written(&config.port)
            && !params.iter().any(|param| elsewhere(&param.name))
        {
            let message = "no host is written: `localhost` is taken";
            let span = self.target.span;
            self.cx
                .warning("missing-host", span, message, "add `host:`");
        }
    }

    /// The value of a field; `None` when it is empty, which means "not written", or unknown.
    fn field(&mut self, text: &EnvText) -> Option<String> {
        let value = self.cx.env(text);
        self.complete &= value.is_some();
        value.filter(|value| !value.is_empty())
    }

    /// Sets a parameter; it replaces one of the same name.
    pub fn param(&mut self, name: String, value: String, span: Span) {
        self.target
            .params
            .retain(|param| !param.name.eq_ignore_ascii_case(&name));
        self.target.params.push(Param { name, value, span });
    }

    /// The dialect of a scheme. Notes one that does not exist.
    pub fn dialect(&mut self, scheme: &str, span: Span) -> Option<&'static dyn Dialect> {
        let all = dialect::all();
        if let Some(found) = all.iter().find(|dialect| dialect.scheme() == scheme) {
            return Some(*found);
        }
        let lower = scheme.to_lowercase();
        let meant = all.iter().find(|dialect| {
            dialect.scheme() == lower || dialect.other_names().contains(&lower.as_str())
        });
        let meant = meant.map(|dialect| dialect.scheme());
        let near = || diagnostic::nearest(&lower, all.iter().map(|dialect| dialect.scheme()));
        let meant = meant.or_else(near);
        let help = match meant {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => format!("this version reads {}", schemes()),
        };
        let at = self.cx.at(span);
        // In a URL the scheme is a part of the scalar; what a variable holds cannot be changed here.
        let written = at.file.text().get(span.start..span.end);
        let quotes = written.filter(|written| written.trim_matches(['"', '\'']) == scheme);
        let fix = meant
            .zip(quotes)
            .map(|(meant, written)| Edit::replace(span, written.replace(scheme, meant)));
        let message = format!("there is no database scheme `{scheme}`");
        let unknown = Diagnostic::error("unknown-scheme", at, message).help(help);
        self.cx.note(unknown.fix_if(fix));
        // The rest of the file is checked as if it were written so.
        all.into_iter()
            .find(|dialect| Some(dialect.scheme()) == meant)
    }

    /// A port as a number. Notes what is none.
    pub fn port(&mut self, text: &str, span: Span) -> Option<u16> {
        let port = text.parse().ok().filter(|port| *port > 0);
        if port.is_none() {
            let message = "the port is no number between 1 and 65535";
            let at = self.cx.at(span);
            let wrong = Diagnostic::error("bad-port", at, message);
            self.cx
                .note(wrong.help("write the number alone, for example `port: 5432`"));
        }
        port
    }
}

/// A host without the brackets of an IPv6 address.
pub fn unbracketed(host: &str) -> &str {
    host.strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'))
        .unwrap_or(host)
}

/// Every scheme, as a sentence lists them.
pub fn schemes() -> String {
    let schemes: Vec<_> = dialect::all().iter().map(|d| d.scheme()).collect();
    list(&schemes)
}

#[cfg(test)]
#[path = "target_tests.rs"]
mod tests;
