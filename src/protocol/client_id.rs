//! The name under which a connector is known to its platform, which says where that is.

use std::fmt;
use std::str::FromStr;

use http::uri::Authority;

/// A client id: `NAME@HOST/REST` or `NAME@HOST:PORT/REST`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ClientId {
    whole: String,
    /// Where the name ends.
    at: usize,
    authority: Authority,
}

/// Why a text is no client id. The text is not repeated: it may be the secret, by mistake.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the client id {0}; it reads `NAME@HOST/REST`, as the platform gave it out")]
pub struct ClientIdError(&'static str);

impl ClientId {
    /// Reads a client id.
    pub fn parse(text: &str) -> Result<Self, ClientIdError> {
        let whole = text.trim();
        if whole.is_empty() {
            return Err(ClientIdError("is empty"));
        }
        if whole.split(':').nth(2) == Some("v1") {
            return Err(ClientIdError("is a client secret"));
        }
        let (name, place) = whole.split_once('@').ok_or(ClientIdError("has no `@`"))?;
        if name.is_empty() {
            return Err(ClientIdError("has no name before its `@`"));
        }
        // It goes into a header, and so does what it is part of.
        if !whole.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(ClientIdError("has blanks or letters outside ASCII"));
        }
        let (host, _) = place
            .split_once('/')
            .ok_or(ClientIdError("has no `/` after its host"))?;
        Ok(Self {
            authority: authority(host).map_err(ClientIdError)?,
            at: name.len(),
            whole: whole.to_owned(),
        })
    }

    /// What stands before the `@`: a name for people.
    pub fn name(&self) -> &str {
        &self.whole[..self.at]
    }

    /// The host of the platform, without its port: whom assertions are for.
    pub fn host(&self) -> &str {
        self.authority.host()
    }

    /// The host of the platform, with its port where it has one of its own.
    pub fn authority(&self) -> &str {
        self.authority.as_str()
    }

    /// All of it: the client id of OAuth.
    pub fn as_str(&self) -> &str {
        &self.whole
    }
}

/// Reads `HOST` or `HOST:PORT`. Fails with what is wrong, as the end of a sentence.
pub fn authority(text: &str) -> Result<Authority, &'static str> {
    let read: Authority = text.parse().map_err(|_| "names no host")?;
    if read.host().is_empty() || text.contains('@') {
        return Err("names no host");
    }
    let port = text.strip_prefix(read.host()).unwrap_or_default();
    match port.strip_prefix(':').map(u16::from_str) {
        None if port.is_empty() => Ok(read),
        Some(Ok(1..)) => Ok(read),
        _ => Err("has a port that is no number from 1 to 65535"),
    }
}

impl fmt::Display for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.whole)
    }
}

impl FromStr for ClientId {
    type Err = ClientIdError;

    fn from_str(text: &str) -> Result<Self, ClientIdError> {
        Self::parse(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_id_says_where_the_platform_is() {
        let parts = |text: &str| {
            let id = ClientId::parse(text).expect("a client id");
            assert_eq!(id.as_str(), text.trim());
            [id.name(), id.host(), id.authority()].map(str::to_owned)
        };
        let tests = [
            (
                "bird@acme.example/x",
                ["bird", "acme.example", "acme.example"],
            ),
            (
                " bird@localhost:7443/ \n",
                ["bird", "localhost", "localhost:7443"],
            ),
            (
                "a:b@h.example:443/x/y@z",
                ["a:b", "h.example", "h.example:443"],
            ),
            ("bird@[::1]:7443/x", ["bird", "[::1]", "[::1]:7443"]),
            ("bird@127.0.0.1/x", ["bird", "127.0.0.1", "127.0.0.1"]),
        ];
        for (text, expected) in tests {
            assert_eq!(parts(text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_client_id_is_told_and_not_repeated() {
        let problems = [
            "",
            "hunter2",
            "secret-token:hunter2:v1:hunter2",
            "@hunter2/x",
            "hunter2@acme.example",
            "hunter2@/x",
            "hunter2@:443/x",
            "hunter2@a@b/x",
            "hunter2@acme.example:/x",
            "hunter2@acme.example:0/x",
            "hunter2@acme.example:65536/x",
            "hunter2@acme.example:port/x",
            "hunter2@https://acme.example/x",
            "hunter 2@acme.example/x",
            "hünter2@acme.example/x",
            "hunter2@acme_{}.example/x",
        ]
        .map(|text| ClientId::parse(text).expect_err(text).to_string());
        insta::assert_snapshot!(
            problems
                .map(|text| text
                    .split(';')
                    .next()
                    .map(str::to_owned)
                    .unwrap_or_default())
                .join("\n")
        );
    }
}
