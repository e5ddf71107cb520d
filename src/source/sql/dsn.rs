//! `connect` → where to connect and as whom. A DSN is split first and filled in part by part after
//! that, so that the value of a variable may hold any character.

use std::ops::Range;

use percent_encoding::percent_decode_str;
use secrecy::{ExposeSecret, SecretString};

use super::dialect::{self, Dialect};
use crate::config::CompileContext;
use crate::config::connect::SqlConnectConfig;
use crate::config::interpolate::{Piece, mentions_variable, pieces};
use crate::config::scalar::{EnvText, Text};
use crate::diagnostic::list;
use crate::diagnostic::{Diagnostic, Span};

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

/// A DSN: text of the file, or the whole value of one variable, which is taken as it is.
#[derive(Clone, Copy)]
struct Dsn<'t> {
    text: &'t str,
    written: &'t Text,
    verbatim: bool,
}

struct Reader<'c, 'e> {
    cx: &'c mut CompileContext<'e>,
    complete: bool,
    target: Target,
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
        self.fields(config, dialect);
        dialect
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
            if self.target.host.is_none() && self.complete && !is_file {
                let at = self.cx.at(text.0.span);
                self.cx.note(
                    Diagnostic::error("port-without-host", at, "`port` is written, but no host")
                        .help("add `host:`"),
                );
            }
        }
        if let Some(database) = config.database.as_ref().and_then(|text| self.field(text)) {
            let is_file = dialect.is_some_and(|dialect| dialect.is_file());
            let name = match is_file {
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
    }

    /// The value of a field; `None` when it is empty, which means "not written", or unknown.
    fn field(&mut self, text: &EnvText) -> Option<String> {
        let value = self.cx.env(text);
        self.complete &= value.is_some();
        value.filter(|value| !value.is_empty())
    }

    fn param(&mut self, name: String, value: String, span: Span) {
        self.target
            .params
            .retain(|param| !param.name.eq_ignore_ascii_case(&name));
        self.target.params.push(Param { name, value, span });
    }

    fn dialect(&mut self, scheme: &str, span: Span) -> Option<&'static dyn Dialect> {
        let all = dialect::all();
        if let Some(found) = all.iter().find(|dialect| dialect.scheme() == scheme) {
            return Some(*found);
        }
        let lower = scheme.to_lowercase();
        let meant = all.iter().find(|dialect| {
            dialect.scheme() == lower || dialect.other_names().contains(&lower.as_str())
        });
        let help = match meant {
            Some(dialect) => format!("did you mean `{}`?", dialect.scheme()),
            None => format!("this version reads {}", schemes()),
        };
        let at = self.cx.at(span);
        let message = format!("there is no database scheme `{scheme}`");
        self.cx
            .note(Diagnostic::error("unknown-scheme", at, message).help(help));
        None
    }

    fn port(&mut self, text: &str, span: Span) -> Option<u16> {
        let port = text.parse().ok().filter(|port| *port > 0);
        if port.is_none() {
            let message = "the port is no number between 1 and 65535";
            self.cx.error::<()>("bad-port", span, message);
        }
        port
    }

    fn dsn(
        &mut self,
        written: &Text,
        scheme: Option<(&str, Span)>,
    ) -> Option<&'static dyn Dialect> {
        let alone = matches!(pieces(&written.text)[..], [Piece::Variable { .. }]);
        if !alone {
            let dsn = Dsn {
                text: &written.text,
                written,
                verbatim: false,
            };
            return self.split(dsn, scheme);
        }
        match self.cx.interpolate(written) {
            Some(value) => {
                let dsn = Dsn {
                    text: &value,
                    written,
                    verbatim: true,
                };
                self.split(dsn, scheme)
            }
            // Without its value, only a structured scheme tells the dialect.
            None => {
                self.complete = false;
                let (scheme, span) = scheme?;
                self.dialect(scheme, span)
            }
        }
    }

    fn split(
        &mut self,
        dsn: Dsn<'_>,
        scheme: Option<(&str, Span)>,
    ) -> Option<&'static dyn Dialect> {
        let colon = dsn.text.find(':');
        let head = colon.unwrap_or(0);
        let double_slash = dsn.text[head..].starts_with("://");
        let own = match (double_slash, colon) {
            (true, Some(colon)) => self.part(dsn, 0..colon),
            // The one form without slashes is that of a file.
            (false, Some(colon)) if dsn.text[..colon].starts_with("sqlite") => {
                Some(dsn.text[..colon].to_owned())
            }
            _ => return self.bad_dsn(dsn),
        };
        let span = self.span(dsn, 0..head);
        let (scheme, span) = match scheme {
            Some((scheme, span)) => (scheme.to_owned(), span),
            None => (own?, span),
        };
        let dialect = self.dialect(&scheme, span);
        let rest = head + if double_slash { 3 } else { 1 };
        let end = dsn
            .text
            .find('#')
            .filter(|at| *at >= rest)
            .unwrap_or(dsn.text.len());
        let query = dsn.text[rest..end].find('?').map(|at| rest + at);
        let body = rest..query.unwrap_or(end);
        match dialect.is_some_and(|dialect| dialect.is_file()) {
            true => self.target.database = self.part(dsn, body).filter(|path| !path.is_empty()),
            false => self.address(dsn, body),
        }
        if let Some(query) = query {
            self.query(dsn, query + 1..end);
        }
        dialect
    }

    fn bad_dsn<T>(&mut self, dsn: Dsn<'_>) -> Option<T> {
        // Nobody knows which part of it is the password.
        let at = self.cx.at(dsn.written.span);
        at.file.mask(dsn.written.span);
        self.cx.note(
            Diagnostic::error("bad-dsn", at, "the DSN is no URL such as `postgres://host/database`")
                .help(format!("begin it with one of {} and `://`; user and password may stand in `user:` and `password:` beside it", schemes())),
        );
        None
    }

    /// `user:password@host:port/database`.
    fn address(&mut self, dsn: Dsn<'_>, body: Range<usize>) {
        let slash = dsn.text[body.clone()].find('/').map(|at| body.start + at);
        let authority = body.start..slash.unwrap_or(body.end);
        let mut host = authority.clone();
        if let Some(at) = dsn.text[authority.clone()].rfind('@') {
            let at = authority.start + at;
            self.credentials(dsn, authority.start..at);
            host.start = at + 1;
        }
        let leading = self.host(dsn, host);
        let path = slash.and_then(|slash| self.part(dsn, slash + 1..body.end));
        let path = path.filter(|path| !path.is_empty());
        self.target.database = match (leading, path) {
            (Some(leading), Some(path)) => Some(format!("{leading}/{path}")),
            (leading, path) => leading.or(path),
        };
    }

    fn credentials(&mut self, dsn: Dsn<'_>, range: Range<usize>) {
        let text = &dsn.text[range.clone()];
        let Some(colon) = text.find(':') else {
            let Some(value) = self.part(dsn, range) else {
                return;
            };
            // One variable may hold both: `${CREDENTIALS}@`.
            let both = matches!(pieces(text)[..], [Piece::Variable { .. }]);
            match value.split_once(':').filter(|_| both) {
                Some((user, password)) => {
                    self.target.user = Some(user.to_owned());
                    self.target.password = Some(password.to_owned().into());
                }
                None => self.target.user = Some(value),
            }
            return;
        };
        let colon = range.start + colon;
        self.target.user = self.part(dsn, range.start..colon);
        let password = colon + 1..range.end;
        if !dsn.verbatim && !password.is_empty() && !mentions_variable(&dsn.text[password.clone()])
        {
            let span = self.span(dsn, password.clone());
            self.cx.at(span).file.mask(span);
            self.cx.warning(
                "plain-secret",
                span,
                "a secret is written here as plain text",
                "write `${NAME}` and keep the value in the environment",
            );
        }
        self.target.password = self.part(dsn, password).map(SecretString::from);
    }

    /// Host and port. Returns the path that a variable of the host brought along.
    fn host(&mut self, dsn: Dsn<'_>, range: Range<usize>) -> Option<String> {
        let text = &dsn.text[range.clone()];
        let name_end = match text.starts_with('[') {
            true => text.find(']').map_or(text.len(), |at| at + 1),
            false => text.find(':').unwrap_or(text.len()),
        };
        let name = range.start..range.start + name_end;
        let port = text[name_end..].strip_prefix(':');
        if let Some(port) = port.filter(|port| !port.is_empty()) {
            let port = range.end - port.len()..range.end;
            let span = self.span(dsn, port.clone());
            if let Some(port) = self.part(dsn, port) {
                self.target.port = self.port(&port, span);
            }
        }
        let span = self.span(dsn, name.clone());
        let value = self.part(dsn, name).filter(|value| !value.is_empty())?;
        let (host, path) = match value.split_once('/') {
            Some((host, path)) => (host, Some(path.to_owned())),
            None => (value.as_str(), None),
        };
        // A variable may hold `host:port`; more colons are those of an IPv6 address.
        let brackets_end = host.rfind(']').map_or(0, |at| at + 1);
        let host = match host[brackets_end..].split_once(':') {
            Some((_, port)) if !port.contains(':') => {
                if self.target.port.is_none() {
                    self.target.port = self.port(port, span);
                }
                &host[..host.len() - port.len() - 1]
            }
            _ => host,
        };
        self.target.host = Some(unbracketed(host).to_owned()).filter(|host| !host.is_empty());
        path.filter(|path| !path.is_empty())
    }

    fn query(&mut self, dsn: Dsn<'_>, range: Range<usize>) {
        let mut start = range.start;
        for pair in dsn.text[range].split('&') {
            let whole = start..start + pair.len();
            start = whole.end + 1;
            if pair.is_empty() {
                continue;
            }
            let equals = pair.find('=').map_or(whole.end, |at| whole.start + at);
            let span = self.span(dsn, whole.start..equals);
            let name = self.query_part(dsn, whole.start..equals);
            let value = self.query_part(dsn, (equals + 1).min(whole.end)..whole.end);
            if let Some((name, value)) = name.zip(value) {
                self.param(name, value, span);
            }
        }
    }

    fn part(&mut self, dsn: Dsn<'_>, range: Range<usize>) -> Option<String> {
        self.fill(dsn, range, decoded)
    }

    /// A name or value of the query string, where `+` is a space.
    fn query_part(&mut self, dsn: Dsn<'_>, range: Range<usize>) -> Option<String> {
        self.fill(dsn, range, |text| decoded(&text.replace('+', " ")))
    }

    /// A part of the DSN with its variables filled in. Only what the author wrote is decoded: the
    /// value of a variable is taken as it is.
    fn fill(
        &mut self,
        dsn: Dsn<'_>,
        range: Range<usize>,
        decode: impl Fn(&str) -> String,
    ) -> Option<String> {
        let text = &dsn.text[range.clone()];
        if dsn.verbatim {
            return Some(decode(text));
        }
        let mut filled = Some(String::new());
        for piece in pieces(text) {
            let value = match piece {
                Piece::Literal(literal) => Some(decode(literal)),
                Piece::Variable { range: inner, .. } => {
                    let whole = range.start + inner.start..range.start + inner.end;
                    let variable = Text {
                        text: text[inner].to_owned(),
                        span: self.span(dsn, whole),
                    };
                    self.cx.interpolate(&variable)
                }
            };
            match (&mut filled, value) {
                (Some(filled), Some(value)) => filled.push_str(&value),
                _ => filled = None,
            }
        }
        self.complete &= filled.is_some();
        filled
    }

    fn span(&self, dsn: Dsn<'_>, range: Range<usize>) -> Span {
        match dsn.verbatim {
            true => dsn.written.span,
            false => self.cx.locate(dsn.written, range),
        }
    }
}

fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

fn unbracketed(host: &str) -> &str {
    host.strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'))
        .unwrap_or(host)
}

fn schemes() -> String {
    let schemes: Vec<_> = dialect::all().iter().map(|d| d.scheme()).collect();
    list(&schemes)
}

#[cfg(test)]
#[path = "dsn_tests.rs"]
mod tests;
