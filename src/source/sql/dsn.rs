//! A DSN → its parts. It is split first and filled in part by part after that, so that the value
//! of a variable may hold any character.

use std::ops::Range;

use percent_encoding::percent_decode_str;
use secrecy::SecretString;

use super::dialect::Dialect;
use super::target::{Reader, schemes, unbracketed};
use crate::config::interpolate::{Piece, mentions_variable, pieces};
use crate::config::scalar::Text;
use crate::diagnostic::{Diagnostic, Span};

/// A DSN: text of the file, or the whole value of one variable, which is taken as it is.
#[derive(Clone, Copy)]
pub(super) struct Dsn<'t> {
    /// What is read.
    pub text: &'t str,
    /// Where it is written.
    pub written: &'t Text,
    /// Whether it is the value of a variable.
    pub verbatim: bool,
}

impl Reader<'_, '_> {
    /// Reads a DSN into the target. Returns its dialect, when it is known.
    pub fn dsn(
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
        if let Some(found) = self.connection_string(dsn, scheme) {
            return found;
        }
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
        let is_file = dialect.is_some_and(|dialect| dialect.is_file());
        if !is_file && splits_its_password(&dsn.text[rest..]) {
            self.split_password(dsn);
            return dialect;
        }
        match is_file {
            true => self.target.database = self.part(dsn, body).filter(|path| !path.is_empty()),
            false => self.address(dsn, body),
        }
        if let Some(query) = query {
            self.query(dsn, query + 1..end);
        }
        dialect
    }

    /// Hides a password that the file holds, and says so.
    pub(super) fn plain_secret(&mut self, dsn: Dsn<'_>, range: Range<usize>) {
        let span = self.span(dsn, range);
        self.cx.at(span).file.mask(span);
        self.cx.warning(
            "plain-secret",
            span,
            "a secret is written here as plain text",
            "write `${NAME}` and keep the value in the environment",
        );
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

    /// Nobody can tell where the password ends, so no part of the DSN is shown.
    fn split_password(&mut self, dsn: Dsn<'_>) {
        self.complete = false;
        let at = self.cx.at(dsn.written.span);
        at.file.mask(dsn.written.span);
        self.cx.note(
            Diagnostic::error(
                "bad-dsn",
                at,
                "the password in the DSN seems to hold `/`, `?` or `#`, at which a URL splits",
            )
            .help("write it beside the DSN, where it may hold anything: `password: ${NAME}`"),
        );
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
            self.plain_secret(dsn, password.clone());
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
    pub(super) fn fill(
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

    /// Where a part of the DSN is written.
    pub(super) fn span(&self, dsn: Dsn<'_>, range: Range<usize>) -> Span {
        match dsn.verbatim {
            true => dsn.written.span,
            false => self.cx.locate(dsn.written, range),
        }
    }
}

/// True when what ends the host stands inside of the password: then the `@` after it comes too late,
/// and a piece of the password is where the port should be.
fn splits_its_password(address: &str) -> bool {
    let end = address.find(['/', '?', '#']).unwrap_or(address.len());
    let (authority, rest) = address.split_at(end);
    let host = authority.rsplit('@').next().unwrap_or(authority);
    let port = host.rsplit_once(':').map(|(_, port)| port);
    let no_port = |port: &str| {
        !port.contains("${") && !port.contains(']') && !port.bytes().all(|b| b.is_ascii_digit())
    };
    let path = rest.split(['?', '#']).next().unwrap_or(rest);
    let at_in_path = !authority.contains('@') && port.is_some() && path.contains('@');
    (port.is_some_and(no_port) && rest.contains('@')) || at_in_path
}

fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}
