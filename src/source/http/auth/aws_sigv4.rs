//! `type: aws_sigv4`: requests signed as AWS wants them (Signature Version 4).

use std::time::SystemTime;

use chrono::{DateTime, Utc};
use percent_encoding::percent_decode_str;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderName, HeaderValue};
use ring::{digest, hmac};
use secrecy::{ExposeSecret, SecretString};

use super::{Authenticate, secret_header};
use crate::config::CompileContext;
use crate::config::connect::AuthFamily;
use crate::config::decode::section;
use crate::config::kind::{Kind, KindConfig};
use crate::config::scalar::{EnvText, SecretText};
use crate::hex::hex;
use crate::source::SourceError;
use crate::source::http::request::base::host;
use crate::source::http::request::parts::RequestParts;
use crate::source::http::token::Ask;

inventory::submit! { Kind::<AuthFamily>::of::<SigV4Config>("aws_sigv4") }

section! {
    /// Signs each request as AWS wants it: Signature Version 4. An addition of rolecall.
    pub struct SigV4Config {
        /// The region, for example `eu-central-1`; of global services such as IAM, `us-east-1`.
        pub region: EnvText,
        /// The name of the service as signatures have it, for example `iam` or `identitystore`.
        pub service: EnvText,
        /// The id of the access key.
        pub access_key_id: EnvText,
        /// The secret of the access key, for example `${AWS_SECRET_ACCESS_KEY}`.
        pub secret_access_key: SecretText,
        /// The token of temporary credentials, for example `${AWS_SESSION_TOKEN}`.
        pub session_token: Option<SecretText>,
    }
}

impl KindConfig<AuthFamily> for SigV4Config {
    fn compile(&self, cx: &mut CompileContext) -> Option<Box<dyn Authenticate>> {
        let (region, service) = (cx.env(&self.region), cx.env(&self.service));
        let (id, secret) = (
            cx.env(&self.access_key_id),
            cx.secret(&self.secret_access_key),
        );
        let session = self.session_token.as_ref().map(|token| cx.secret(token));
        Some(Box::new(SigV4 {
            region: region?,
            service: service?,
            id: id?,
            secret: secret?,
            // As everywhere, what is empty is not written.
            session: match session {
                Some(token) => Some(token?).filter(|token| !token.expose_secret().is_empty()),
                None => None,
            },
        }))
    }
}

#[derive(Debug)]
struct SigV4 {
    region: String,
    service: String,
    id: String,
    secret: SecretString,
    session: Option<SecretString>,
}

impl SigV4 {
    /// Adds date and signature.
    fn sign(&self, request: &mut RequestParts, now: SystemTime) -> Result<(), SourceError> {
        let now = DateTime::<Utc>::from(now);
        let (date, moment) = (
            now.format("%Y%m%d").to_string(),
            now.format("%Y%m%dT%H%M%SZ").to_string(),
        );
        let body = hash(request.body.as_deref().unwrap_or_default());
        let set = |request: &mut RequestParts, name: &'static str, value: &str| {
            let value = secret_header(value, "auth.session_token")?;
            request.headers.insert(HeaderName::from_static(name), value);
            Ok::<(), SourceError>(())
        };
        set(request, "x-amz-date", &moment)?;
        if let Some(token) = &self.session {
            set(request, "x-amz-security-token", token.expose_secret())?;
        }
        if self.service == "s3" {
            set(request, "x-amz-content-sha256", &body)?;
        }
        let mut headers = vec![("host".to_owned(), host(&request.url))];
        for (name, value) in &request.headers {
            if name == CONTENT_TYPE || name.as_str().starts_with("x-amz-") {
                headers.push((name.as_str().to_owned(), trimmed(value)));
            }
        }
        headers.sort();
        let names: Vec<_> = headers.iter().map(|(name, _)| name.as_str()).collect();
        let names = names.join(";");
        let lines: String = headers
            .iter()
            .map(|(name, value)| format!("{name}:{value}\n"))
            .collect();
        let canonical = format!(
            "{}\n{}\n{}\n{lines}\n{names}\n{body}",
            request.method,
            self.path(request.url.path()),
            query(request.query()),
        );
        let scope = format!("{date}/{}/{}/aws4_request", self.region, self.service);
        let said = format!("AWS4-HMAC-SHA256\n{moment}\n{scope}\n{}", hash(&canonical));
        let signature = hex(mac(&self.key(&date), &said).as_ref());
        let header = format!(
            "AWS4-HMAC-SHA256 Credential={}/{scope}, SignedHeaders={names}, Signature={signature}",
            self.id
        );
        let header = secret_header(&header, "auth.access_key_id")?;
        request.headers.insert(AUTHORIZATION, header);
        Ok(())
    }

    /// The key of a day.
    fn key(&self, date: &str) -> Vec<u8> {
        let first = format!("AWS4{}", self.secret.expose_secret());
        [date, &self.region, &self.service, "aws4_request"]
            .iter()
            .fold(first.into_bytes(), |key, part| {
                mac(&key, part).as_ref().to_vec()
            })
    }

    /// The path as it is signed: encoded once more, except for S3.
    fn path(&self, path: &str) -> String {
        let segments = path.split('/').map(|segment| match self.service.as_str() {
            "s3" => encode(&percent_decode_str(segment).collect::<Vec<u8>>()),
            _ => encode(segment.as_bytes()),
        });
        segments.collect::<Vec<_>>().join("/")
    }
}

/// The query as it is signed: each piece encoded in one way, and sorted.
fn query(pieces: &[String]) -> String {
    let same = |text: &str| encode(&percent_decode_str(text).collect::<Vec<u8>>());
    let mut pairs: Vec<_> = pieces
        .iter()
        .map(|piece| piece.split_once('=').unwrap_or((piece, "")))
        .map(|(name, value)| (same(name), same(value)))
        .collect();
    pairs.sort();
    let pairs: Vec<_> = pairs
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    pairs.join("&")
}

fn encode(bytes: &[u8]) -> String {
    bytes
        .iter()
        .map(
            |byte| match byte.is_ascii_alphanumeric() || b"-._~".contains(byte) {
                true => (*byte as char).to_string(),
                false => format!("%{byte:02X}"),
            },
        )
        .collect()
}

fn trimmed(value: &HeaderValue) -> String {
    let text = String::from_utf8_lossy(value.as_bytes());
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn hash(text: &str) -> String {
    hex(digest::digest(&digest::SHA256, text.as_bytes()).as_ref())
}

fn mac(key: &[u8], text: &str) -> hmac::Tag {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text.as_bytes())
}

#[async_trait::async_trait]
impl Authenticate for SigV4 {
    async fn authenticate(
        &self,
        request: &mut RequestParts,
        via: &dyn Ask,
    ) -> Result<(), SourceError> {
        self.sign(request, via.now())
    }

    fn secrets(&self) -> Vec<SecretString> {
        let session = self.session.iter().cloned();
        std::iter::once(self.secret.clone())
            .chain(session)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::Method;
    use std::time::Duration;
    use url::Url;

    /// Signs with the credentials of the examples that AWS publishes, at their moment.
    fn signature(service: &str, url: &str, content_type: Option<&'static str>) -> String {
        let signs = SigV4 {
            region: "us-east-1".into(),
            service: service.into(),
            id: "AKIDEXAMPLE".into(),
            secret: SecretString::from("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"),
            session: None,
        };
        let mut request = RequestParts::new(Method::GET, Url::parse(url).expect("a URL"));
        if let Some(text) = content_type {
            request
                .headers
                .insert(CONTENT_TYPE, HeaderValue::from_static(text));
        }
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_440_938_160);
        signs.sign(&mut request, now).expect("is signed");
        let header = request.headers[AUTHORIZATION].to_str().expect("text");
        header.rsplit('=').next().expect("a signature").to_owned()
    }

    #[test]
    fn the_published_examples_are_signed_as_published() {
        assert_eq!(
            signature("service", "https://example.amazonaws.com/", None),
            "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"
        );
        assert_eq!(
            signature(
                "iam",
                "https://iam.amazonaws.com/?Action=ListUsers&Version=2010-05-08",
                Some("application/x-www-form-urlencoded; charset=utf-8"),
            ),
            "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7"
        );
    }

    #[test]
    fn a_query_is_signed_encoded_once_and_sorted() {
        let pieces = ["b=2", "a=%2f+x", "a=!", "c"].map(str::to_owned);
        assert_eq!(query(&pieces), "a=%21&a=%2F%2Bx&b=2&c=");
    }
}
