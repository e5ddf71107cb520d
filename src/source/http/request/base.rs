//! `base_url`: where paths start, and which URLs are the API's own.

use std::sync::{Arc, PoisonError, RwLock};

use url::Url;

use super::parts::RequestParts;
use crate::config::CompileContext;
use crate::config::scalar::EnvText;
use crate::diagnostic::Diagnostic;
use crate::source::SourceError;

/// The compiled `base_url`.
#[derive(Debug, Clone)]
pub(in crate::source::http) struct Base {
    url: Url,
    /// Where the API said it lives, since it did.
    learned: Arc<RwLock<Option<Url>>>,
}

impl Base {
    /// Compiles `base_url`; a mistake is noted. Where a variable of it is not set, which was
    /// noted too, the rest is still checked against a host that cannot exist.
    pub(in crate::source::http) fn compile(
        source: &EnvText,
        cx: &mut CompileContext,
    ) -> Option<Self> {
        let Some(text) = cx.env(source) else {
            return Some(Self {
                url: Url::parse("https://unset.invalid/").expect("a URL"),
                learned: Arc::default(),
            });
        };
        let mut problem = |message: &str, help: &str| {
            let at = cx.at(source.0.span);
            cx.note(Diagnostic::error("bad-url", at, message).help(help));
            None
        };
        let example = "write it as `https://api.example.com/v1`";
        let url = match Url::parse(text.trim()) {
            Ok(url) => url,
            Err(url::ParseError::RelativeUrlWithoutBase) => {
                return problem("`base_url` has no scheme", example);
            }
            Err(error) => return problem(&format!("`base_url` is not a URL: {error}"), example),
        };
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
            return problem(
                "`base_url` is not the URL of an API: only `http` and `https` are",
                example,
            );
        }
        if !url.username().is_empty() || url.password().is_some() {
            return problem(
                "`base_url` holds credentials",
                "write them under `auth`: `{type: basic, username: …, password: …}`",
            );
        }
        if url.query().is_some() {
            return problem(
                "`base_url` has a query",
                "write it under `request_defaults.query_params`",
            );
        }
        Some(Self {
            url,
            learned: Arc::default(),
        })
    }

    pub(in crate::source::http) fn url(&self) -> &Url {
        &self.url
    }

    /// The URL of a request: a path continues that of `base_url`, a URL is used as it is. What is
    /// percent-encoded stays so.
    pub(in crate::source::http) fn join(&self, written: &str) -> Result<Url, String> {
        let written = written.trim();
        let lower = written.get(..8).unwrap_or(written).to_ascii_lowercase();
        let url = if lower.starts_with("http://") || lower.starts_with("https://") {
            Url::parse(written)
        } else {
            let base = self.url.as_str().trim_end_matches('/');
            match written.trim_start_matches('/') {
                "" => Url::parse(self.url.as_str()),
                rest if rest.starts_with('?') => Url::parse(&format!("{base}{rest}")),
                rest => Url::parse(&format!("{base}/{rest}")),
            }
        };
        let url = url.map_err(|error| error.to_string())?;
        match url.username().is_empty() && url.password().is_none() {
            true => Ok(url),
            false => Err("it holds credentials".to_owned()),
        }
    }

    /// True when credentials may be sent to a URL.
    pub(in crate::source::http) fn is_own(&self, url: &Url) -> bool {
        let learned = self.learned();
        is_trusted(&self.url, url) || learned.is_some_and(|learned| is_trusted(&learned, url))
    }

    fn learned(&self) -> Option<Url> {
        let learned = self.learned.read();
        learned.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// From now on the API lives at `learned`, as it said itself. Credentials go there, so it may
    /// not be reached by a weaker way.
    pub(in crate::source::http) fn move_to(&self, learned: Url) -> Result<(), SourceError> {
        let secure = learned.scheme() == "https" || learned.host() == self.url.host();
        let plain = learned.username().is_empty() && learned.password().is_none();
        if !secure || !plain || !learned.has_host() {
            return Err(SourceError::Invalid(format!(
                "the API says that it lives at {}: credentials go only to a URL with `https` and without a password",
                safe(&learned)
            )));
        }
        *self.learned.write().unwrap_or_else(PoisonError::into_inner) = Some(learned);
        Ok(())
    }

    /// Sends a request for `base_url` to where the API lives. Its path is kept, unless what was
    /// learned has one, which then takes the place of that of `base_url`.
    pub(in crate::source::http) fn lead(&self, request: &mut RequestParts) {
        let Some(learned) = self.learned() else {
            return;
        };
        let start = learned.path().trim_end_matches('/');
        let path = request.url.path();
        let rest = path.strip_prefix(start);
        let is_there = learned.origin() == request.url.origin()
            && rest
                .is_some_and(|rest| rest.is_empty() || start.is_empty() || rest.starts_with('/'));
        if is_there || !is_trusted(&self.url, &request.url) {
            return;
        }
        let path = match start {
            "" => path.to_owned(),
            start => {
                let own = self.url.path().trim_end_matches('/');
                format!("{start}{}", path.strip_prefix(own).unwrap_or(path))
            }
        };
        request.url = learned;
        request.url.set_query(None);
        request.url.set_fragment(None);
        request.url.set_path(&path);
    }

    /// The URL that an answer from `asked` calls the next page. A link to another host is refused:
    /// with credentials it would leak them, without it would most likely fail. APIs behind a proxy
    /// that ends TLS often write `http` for their own `https`: that is put right.
    pub(in crate::source::http) fn next_page(
        &self,
        asked: &Url,
        link: &str,
    ) -> Result<Url, SourceError> {
        let invalid = |message: String| SourceError::Invalid(message);
        let mut url = asked
            .join(link.trim())
            .map_err(|error| invalid(format!("the link to the next page is not a URL: {error}")))?;
        let same_host = url.host() == asked.host();
        if same_host && url.scheme() == "http" && asked.scheme() == "https" && url.port().is_none()
        {
            // Cannot fail: both schemes are special.
            let _ = url.set_scheme("https");
            let _ = url.set_port(asked.port());
        }
        match is_trusted(asked, &url) || self.is_own(&url) {
            true if url.username().is_empty() && url.password().is_none() => Ok(url),
            true => Err(invalid(
                "the link to the next page holds credentials".to_owned(),
            )),
            false => Err(invalid(format!(
                "the next page of {} lies on another host, {}: it is not asked, because credentials could leak there",
                safe(asked),
                host(&url)
            ))),
        }
    }
}

/// True when what `asked` may know, `target` may know too: same scheme, host and port, or the same
/// host over TLS where it was asked without.
pub(in crate::source::http) fn is_trusted(asked: &Url, target: &Url) -> bool {
    let secured = asked.host() == target.host()
        && (asked.scheme(), target.scheme()) == ("http", "https")
        && (asked.port(), target.port()) == (None, None);
    secured || asked.origin() == target.origin()
}

/// Scheme, host and path: what messages and logs may show of a URL.
pub(in crate::source::http) fn safe(url: &Url) -> String {
    format!("{}://{}{}", url.scheme(), host(url), url.path())
}

/// Host and port.
pub(in crate::source::http) fn host(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base(url: &str) -> Base {
        Base {
            url: Url::parse(url).expect("a URL"),
            learned: Arc::default(),
        }
    }

    #[test]
    fn paths_continue_the_base_and_keep_their_encoding() {
        let cases = [
            ("https://h/api/", "/vhosts", "https://h/api/vhosts"),
            (
                "https://h/api",
                "vhosts/%2F/queues",
                "https://h/api/vhosts/%2F/queues",
            ),
            (
                "https://h",
                "users?a=%2Fx&b=c%20d",
                "https://h/users?a=%2Fx&b=c%20d",
            ),
            ("https://h/api/", "", "https://h/api/"),
            ("https://h/api", "?a=1", "https://h/api?a=1"),
            ("https://h/api", "HTTPS://other/x", "https://other/x"),
            ("https://h/api", "/users/a:b@c", "https://h/api/users/a:b@c"),
        ];
        for (start, written, expected) in cases {
            assert_eq!(base(start).join(written).expect(written).as_str(), expected);
        }
        assert!(base("https://h").join("https://u:p@h/x").is_err());
    }

    #[test]
    fn requests_are_led_to_where_the_api_says_it_lives() {
        let led = |learned: &str, asked: &str| {
            let base = base("https://login.h/api");
            let url = Url::parse(learned).expect("a URL");
            base.move_to(url).expect("may be believed");
            let asked = Url::parse(asked).expect("a URL");
            let mut request = RequestParts::new(reqwest::Method::GET, asked);
            base.lead(&mut request);
            assert!(base.is_own(&request.url) || request.url.host_str() == Some("other"));
            request.full_url().to_string()
        };
        let cases = [
            (
                "https://eu.h",
                "https://login.h/api/users?a=%2F",
                "https://eu.h/api/users?a=%2F",
            ),
            (
                "https://eu.h/v2/acme/",
                "https://login.h/api/users",
                "https://eu.h/v2/acme/users",
            ),
            (
                "https://login.h/acme",
                "https://login.h/api/users",
                "https://login.h/acme/users",
            ),
            // What was led there, or is a link from there, stays as it is.
            (
                "https://login.h/acme",
                "https://login.h/acme/users",
                "https://login.h/acme/users",
            ),
            (
                "https://eu.h",
                "https://eu.h/api/users",
                "https://eu.h/api/users",
            ),
            (
                "https://eu.h",
                "https://other/api/users",
                "https://other/api/users",
            ),
        ];
        for (learned, asked, expected) in cases {
            assert_eq!(led(learned, asked), expected, "{learned} {asked}");
        }
        for weaker in ["http://eu.h/", "https://u:p@eu.h/", "data:x"] {
            let url = Url::parse(weaker).expect("a URL");
            assert!(base("https://login.h").move_to(url).is_err(), "{weaker}");
        }
    }

    #[test]
    fn credentials_go_to_the_same_host_and_never_to_a_weaker_connection() {
        let own =
            |start: &str, target: &str| base(start).is_own(&Url::parse(target).expect("a URL"));
        assert!(own("https://h/api", "https://h:443/other"));
        assert!(own("http://h/api", "https://h/api"));
        for target in [
            "http://h/",
            "https://h:8443/",
            "https://sub.h/",
            "https://h.evil/",
        ] {
            assert!(!own("https://h/api", target), "{target}");
        }
        assert!(!own("http://h:8080/", "https://h/"));
        assert!(!own("http://h/", "https://h:8443/"));
    }

    #[test]
    fn the_next_page_stays_on_the_host() {
        let base = base("https://h/api");
        let asked = Url::parse("https://h/api/users?page=1").expect("a URL");
        let next = |link: &str| base.next_page(&asked, link).map(String::from);
        assert_eq!(
            next("?page=2").expect("same host"),
            "https://h/api/users?page=2"
        );
        assert_eq!(next("/v2/x").expect("same host"), "https://h/v2/x");
        assert_eq!(
            next("http://h/api/users?page=2").expect("put right"),
            "https://h/api/users?page=2"
        );
        for link in [
            "https://evil/x",
            "https://h:8443/x",
            "http://h:81/x",
            "//evil/x",
            "https://u:p@h/x",
            "ftp://h/x",
        ] {
            let message = next(link).expect_err(link).to_string();
            assert!(!message.contains("page=1"), "{message}");
        }
    }
}
