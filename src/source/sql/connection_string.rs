//! A connection string, as ODBC drivers and Db2 take it → its parts.

use std::ops::Range;

use secrecy::SecretString;

use super::dialect::Dialect;
use super::dsn::Dsn;
use super::odbc::{split, unbraced};
use super::target::Reader;
use crate::config::interpolate::{Piece, mentions_variable, pieces};
use crate::diagnostic::Span;

impl Reader<'_, '_> {
    /// `KEYWORD=value;KEYWORD=value` as ODBC and Db2 write it, after `odbc:` or with a scheme that is
    /// read so; Db2's own is known by its words. `None` when the DSN is something else.
    pub(super) fn connection_string(
        &mut self,
        dsn: Dsn<'_>,
        scheme: Option<(&str, Span)>,
    ) -> Option<Option<&'static dyn Dialect>> {
        let start = match dsn.text.get(..5) {
            Some(prefix) if prefix.eq_ignore_ascii_case("odbc:") => 5,
            _ => 0,
        };
        if dsn.text[start..].starts_with("//") {
            return None;
        }
        self.mask_passwords(dsn);
        let shift = |range: Range<usize>| range.start + start..range.end + start;
        let pairs: Vec<_> = split(&dsn.text[start..])?
            .into_iter()
            .map(|(name, value)| (shift(name), shift(value)))
            .collect();
        let has = |word: &str| {
            let mut names = pairs.iter().map(|(name, _)| dsn.text[name.clone()].trim());
            names.any(|name| name.eq_ignore_ascii_case(word))
        };
        let (name, span) = match scheme {
            Some(scheme) => scheme,
            None if start > 0 => ("odbc", self.span(dsn, 0..start - 1)),
            None if has("HOSTNAME") && has("DATABASE") => ("db2", dsn.written.span),
            None => return None,
        };
        let dialect = self.dialect(name, span);
        if dialect.is_some_and(|dialect| !dialect.takes_connection_strings()) {
            return None;
        }
        self.is_connection_string = true;
        for (name, value) in pairs {
            self.keyword(dsn, name, value, dialect);
        }
        Some(dialect)
    }

    /// Hides what may be a password, also where a brace out of place makes it part of something else.
    fn mask_passwords(&mut self, dsn: Dsn<'_>) {
        let lower = dsn.text.to_ascii_lowercase();
        for word in ["pwd=", "password="] {
            for (at, _) in lower.match_indices(word) {
                let start = at + word.len();
                let length = lower[start..].find(';').unwrap_or(lower.len() - start);
                if !mentions_variable(&dsn.text[start..start + length]) {
                    let span = self.span(dsn, start..start + length);
                    self.cx.at(span).file.mask(span);
                }
            }
        }
    }

    fn keyword(
        &mut self,
        dsn: Dsn<'_>,
        name: Range<usize>,
        value: Range<usize>,
        dialect: Option<&'static dyn Dialect>,
    ) {
        let span = self.span(dsn, name.clone());
        let name = dsn.text[name].trim().to_owned();
        let braces = unbraced(&dsn.text[value.clone()]);
        let braced = braces.is_some_and(|inside| !inside.is_empty())
            && !matches!(
                pieces(&dsn.text[value.clone()])[..],
                [Piece::Variable { .. }]
            );
        let inside = match braced {
            true => value.start + 1..value.end - 1,
            false => value,
        };
        let secret = ["pwd", "password"].contains(&name.to_lowercase().as_str());
        if secret && !dsn.verbatim && !mentions_variable(&dsn.text[inside.clone()]) {
            self.plain_secret(dsn, inside.clone());
        }
        let value = self.fill(dsn, inside, |text| match braced {
            true => text.replace("}}", "}"),
            false => text.to_owned(),
        });
        let Some(value) = value else {
            return;
        };
        // A driver that we know nothing of may have other words for its host.
        let is_known = dialect.is_some_and(|dialect| dialect.scheme() != "odbc");
        match name.to_lowercase().as_str() {
            "uid" | "user" => self.target.user = Some(value),
            "pwd" | "password" => self.target.password = Some(SecretString::from(value)),
            "hostname" if is_known => self.target.host = Some(value),
            "port" if is_known => self.target.port = self.port(&value, span),
            "database" => self.target.database = Some(value),
            // What it is anyway.
            "protocol" if is_known && value.eq_ignore_ascii_case("tcpip") => {}
            _ => self.param(name, value, span),
        }
    }
}
