//! `type: hmac`: requests signed in the way of one API.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use chrono::format::{Item, StrftimeItems};
use chrono::{DateTime, Utc};
use reqwest::header::{CONTENT_TYPE, HeaderName};
use ring::{digest, hmac};
use secrecy::{ExposeSecret, SecretString};

use super::{Authenticate, secret_header};
use crate::config::CompileContext;
use crate::config::connect::AuthFamily;
use crate::config::decode::{Named, closed_set, section};
use crate::config::kind::{Kind, KindConfig};
use crate::config::scalar::{EnvText, SecretText, TemplateText, Text};
use crate::expr::{Escape, Expression, Inputs, Map, Value, Variables};
use crate::hex::hex;
use crate::source::SourceError;
use crate::source::http::request::base::host;
use crate::source::http::request::parts::RequestParts;
use crate::source::http::request::texts::{header_names, literal_or_program, render};
use crate::source::http::token::Ask;
use crate::source::http::token::oauth2::seconds;

inventory::submit! { Kind::<AuthFamily>::of::<HmacConfig>("hmac") }

section! {
    /// Signs each request with a shared secret, in the way of one API: what is signed and where the
    /// signature goes are templates. They know `request` with `method`, `host`, `path`, `query` as
    /// it is sent, `params` (the query, or a form, sorted and encoded), `body`, `body_hash` and
    /// `body_hash_base64` (of the same algorithm), `content_type`, `date`, `timestamp` (seconds since
    /// 1970), `timestamp_ms`, `nonce` and `key_id`. An addition of rolecall.
    pub struct HmacConfig {
        /// The name of the secret: an integration key or client token. Templates know it as
        /// `request.key_id`.
        pub key_id: Option<EnvText>,
        /// The shared secret, for example `${ACME_SIGNING_SECRET}`.
        pub secret: SecretText,
        /// How the secret is written: `text`, `hex` or `base64`. Not written: `text`.
        pub secret_encoding: Option<SecretEncoding>,
        /// `sha256`, `sha512`, `sha384` or `sha1`. Not written: `sha256`.
        pub algorithm: Option<HashAlgorithm>,
        /// What is signed, for example `cel: request.timestamp + request.method + request.path`.
        pub string_to_sign: TemplateText,
        /// Where the key is not the secret itself: the text that the secret signs, in base64, to
        /// make the key, for example `cel: request.date`.
        pub signing_key: Option<TemplateText>,
        /// How the signature is written: `hex`, `base64` or `base64url`. Not written: `hex`.
        pub encoding: Option<SignatureEncoding>,
        /// The headers that carry the signature and what belongs to it. Here the templates know
        /// `signature` and `string_to_sign` too, for example `X-Signature: "cel: signature"`.
        pub headers: Named<TemplateText>,
        /// How `request.date` is written, in the notation of `strftime`, in UTC. Not written:
        /// `%a, %d %b %Y %H:%M:%S GMT`.
        pub date_format: Option<Text>,
    }
}

closed_set! {
    /// How a shared secret is written.
    pub enum SecretEncoding {
        /// As it is.
        Text = "text",
        /// In hexadecimal digits.
        Hex = "hex",
        /// In base64.
        Base64 = "base64",
    }
}

closed_set! {
    /// The hash of a signature.
    pub enum HashAlgorithm {
        /// SHA-256.
        Sha256 = "sha256",
        /// SHA-512.
        Sha512 = "sha512",
        /// SHA-384.
        Sha384 = "sha384",
        /// SHA-1, where the API knows nothing better.
        Sha1 = "sha1",
    }
}

closed_set! {
    /// How a signature is written.
    pub enum SignatureEncoding {
        /// In hexadecimal digits.
        Hex = "hex",
        /// In base64.
        Base64 = "base64",
        /// In base64 for URLs, without padding.
        Base64Url = "base64url",
    }
}

const SIGNED: Variables = Variables::of(&["request"]);
const SENT: Variables = Variables::of(&["request", "signature", "string_to_sign"]);

impl KindConfig<AuthFamily> for HmacConfig {
    fn compile(&self, cx: &mut CompileContext) -> Option<Box<dyn Authenticate>> {
        let id = self.key_id.as_ref().map(|id| cx.env(id));
        let secret = cx.secret(&self.secret);
        let key = secret.as_ref().and_then(|secret| self.key(secret, cx));
        let said = literal_or_program(&self.string_to_sign, SIGNED, cx);
        let signing_key = self.signing_key.as_ref();
        let signing_key = signing_key.map(|text| literal_or_program(text, SIGNED, cx));
        let named = header_names(&self.headers, cx);
        let mut headers = Vec::new();
        for (name, text) in self.headers.iter() {
            let header = HeaderName::from_bytes(name.text.as_bytes()).ok();
            headers.push(header.zip(literal_or_program(text, SENT, cx)));
        }
        if headers.is_empty() {
            let message = "auth kind `hmac` needs `headers` that carry the signature";
            return cx.error("missing-field", cx.block, message);
        }
        let date_format = self.date_format(cx);
        Some(Box::new(Hmac {
            id: match id {
                Some(id) => id?,
                None => String::new(),
            },
            secret: secret?,
            key: key?,
            algorithm: self.algorithm.unwrap_or(HashAlgorithm::Sha256),
            encoding: self.encoding.unwrap_or(SignatureEncoding::Hex),
            said: said?,
            signing_key: match signing_key {
                Some(text) => Some(text?),
                None => None,
            },
            headers: headers
                .into_iter()
                .collect::<Option<_>>()
                .filter(|_| named)?,
            date_format: date_format?,
        }))
    }
}

impl HmacConfig {
    fn key(&self, secret: &SecretString, cx: &mut CompileContext) -> Option<SecretBytes> {
        let text = secret.expose_secret();
        let bytes = match self.secret_encoding.unwrap_or(SecretEncoding::Text) {
            SecretEncoding::Text => Some(text.as_bytes().to_vec()),
            SecretEncoding::Base64 => STANDARD.decode(text.trim()).ok(),
            SecretEncoding::Hex => unhex(text.trim()),
        };
        if bytes.is_none() {
            cx.lacking(
                "bad-key",
                self.secret.0.span,
                "the secret is not written as `secret_encoding` says",
                "look at what the API gave: `text` takes the secret as it is",
            );
        }
        bytes.map(SecretBytes)
    }

    fn date_format(&self, cx: &mut CompileContext) -> Option<String> {
        let Some(written) = &self.date_format else {
            return Some("%a, %d %b %Y %H:%M:%S GMT".to_owned());
        };
        match StrftimeItems::new(&written.text).any(|item| matches!(item, Item::Error)) {
            false => Some(written.text.clone()),
            true => {
                let message = format!("`{}` is no layout of a date", written.text);
                cx.error("bad-param", written.span, message)
            }
        }
    }
}

/// Bytes that are not shown.
struct SecretBytes(Vec<u8>);

impl std::fmt::Debug for SecretBytes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SecretBytes")
    }
}

#[derive(Debug)]
struct Hmac {
    id: String,
    secret: SecretString,
    key: SecretBytes,
    algorithm: HashAlgorithm,
    encoding: SignatureEncoding,
    said: Expression,
    signing_key: Option<Expression>,
    headers: Vec<(HeaderName, Expression)>,
    date_format: String,
}

impl Hmac {
    fn inputs(&self, request: &RequestParts, via: &dyn Ask) -> Result<Inputs, SourceError> {
        let now = via.now();
        let content_type = request.headers.get(CONTENT_TYPE);
        let content_type = content_type.and_then(|text| text.to_str().ok());
        let content_type = content_type.unwrap_or_default();
        let body = request.body.as_deref().unwrap_or_default();
        let query = request.query().join("&");
        let is_form = content_type.starts_with("application/x-www-form-urlencoded");
        let mut params: Vec<_> = if is_form { body } else { &query }
            .split('&')
            .filter(|piece| !piece.is_empty())
            .collect();
        params.sort_unstable();
        let hash = digest::digest(self.digest(), body.as_bytes());
        let date = DateTime::<Utc>::from(now).format(&self.date_format);
        let since = now.duration_since(std::time::SystemTime::UNIX_EPOCH);
        let fields = [
            ("method", request.method.to_string()),
            ("host", host(&request.url)),
            ("path", request.url.path().to_owned()),
            ("params", params.join("&")),
            ("query", query.clone()),
            ("body", body.to_owned()),
            ("body_hash", hex(hash.as_ref())),
            ("body_hash_base64", STANDARD.encode(hash)),
            ("content_type", content_type.to_owned()),
            ("date", date.to_string()),
            ("timestamp", seconds(now).to_string()),
            (
                "timestamp_ms",
                since.unwrap_or_default().as_millis().to_string(),
            ),
            ("nonce", via.nonce()?),
            ("key_id", self.id.clone()),
        ];
        let fields = fields.map(|(name, value)| (name.to_owned(), Value::Text(value)));
        Ok(Inputs::new().with("request", Value::Map(Map::from_iter(fields))))
    }

    fn sign(&self, key: &[u8], text: &str) -> hmac::Tag {
        let algorithm = match self.algorithm {
            HashAlgorithm::Sha256 => hmac::HMAC_SHA256,
            HashAlgorithm::Sha512 => hmac::HMAC_SHA512,
            HashAlgorithm::Sha384 => hmac::HMAC_SHA384,
            HashAlgorithm::Sha1 => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
        };
        hmac::sign(&hmac::Key::new(algorithm, key), text.as_bytes())
    }

    fn digest(&self) -> &'static digest::Algorithm {
        match self.algorithm {
            HashAlgorithm::Sha256 => &digest::SHA256,
            HashAlgorithm::Sha512 => &digest::SHA512,
            HashAlgorithm::Sha384 => &digest::SHA384,
            HashAlgorithm::Sha1 => &digest::SHA1_FOR_LEGACY_USE_ONLY,
        }
    }
}

#[async_trait::async_trait]
impl Authenticate for Hmac {
    async fn authenticate(
        &self,
        request: &mut RequestParts,
        via: &dyn Ask,
    ) -> Result<(), SourceError> {
        let mut inputs = self.inputs(request, via)?;
        let text = |program: &Expression, inputs: &Inputs| {
            render(program, inputs, Escape::None).map(Option::unwrap_or_default)
        };
        let said = text(&self.said, &inputs)?;
        let signed = match &self.signing_key {
            None => self.sign(&self.key.0, &said),
            Some(derived) => {
                let key = self.sign(&self.key.0, &text(derived, &inputs)?);
                self.sign(STANDARD.encode(key).as_bytes(), &said)
            }
        };
        let signature = match self.encoding {
            SignatureEncoding::Hex => hex(signed.as_ref()),
            SignatureEncoding::Base64 => STANDARD.encode(signed),
            SignatureEncoding::Base64Url => URL_SAFE_NO_PAD.encode(signed),
        };
        inputs.set("signature", Value::Text(signature));
        inputs.set("string_to_sign", Value::Text(said));
        for (name, value) in &self.headers {
            let value = secret_header(&text(value, &inputs)?, "auth.headers")?;
            request.headers.insert(name.clone(), value);
        }
        Ok(())
    }

    fn secrets(&self) -> Vec<SecretString> {
        vec![self.secret.clone()]
    }
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    if !text.is_ascii() || !text.len().is_multiple_of(2) {
        return None;
    }
    let digits = (0..text.len()).step_by(2);
    digits
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{CompileContext, Dialect, load_text};
    use crate::diagnostic::{Severity, SourceFile};
    use crate::source::http::Answer;
    use reqwest::Method;
    use reqwest::header::{AUTHORIZATION, HeaderValue};
    use std::collections::HashMap;
    use std::time::SystemTime;
    use url::Url;

    /// A moment, and nobody to ask.
    struct Moment;

    #[async_trait::async_trait]
    impl Ask for Moment {
        async fn ask(&self, _: RequestParts) -> Result<Answer, SourceError> {
            Err(SourceError::Invalid("nobody is asked".into()))
        }

        fn learn(&self, _: &SecretString) {}

        fn now(&self) -> SystemTime {
            SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_345_570_158)
        }

        fn nonce(&self) -> Result<String, SourceError> {
            Ok("once".into())
        }
    }

    /// The example of the documentation of Duo's Admin API.
    #[tokio::test]
    async fn the_example_of_an_admin_api_is_signed_as_published() {
        let yaml = r#"
connect:
  base_url: https://api-xxxxxxxx.duosecurity.com
  auth:
    type: hmac
    key_id: DIWJ8X6AEYOR5OMC6TQ1
    secret: ${SECRET}
    algorithm: sha1
    date_format: "%a, %d %b %Y %H:%M:%S -0000"
    string_to_sign: "tmpl:{{ .request.date }}\n{{ .request.method }}\n{{ .request.host }}\n{{ .request.path }}\n{{ .request.params }}"
    headers:
      Date: "tmpl:{{ .request.date }}"
      Authorization: "cel: 'Basic ' + base64.encode(bytes(request.key_id + ':' + signature))"
resource_types: {}
"#;
        let loaded = load_text(SourceFile::new("acme.yaml", yaml));
        let config = loaded.config.expect("is read").1;
        let Some(crate::config::connect::ConnectConfig::Http(connect)) = &config.connect else {
            panic!("the connector of an API");
        };
        let secret = "Zh5eGmUq9zpfQnyUIu5OL9iWoMMv5ZNmk3zLJ4Ep";
        let environment = HashMap::from([("SECRET".to_owned(), secret.to_owned())]);
        let mut cx = CompileContext::new(loaded.file, Dialect::Http, &environment, Severity::Error);
        let auth = connect.auth.as_ref().expect("is written").compile(&mut cx);
        let auth = auth.unwrap_or_else(|| panic!("{:?}", cx.diagnostics));
        let url = "https://api-xxxxxxxx.duosecurity.com/accounts/v1/account/list";
        let mut request = RequestParts::new(Method::POST, Url::parse(url).expect("a URL"));
        request.headers.insert(
            CONTENT_TYPE,
            HeaderValue::from_static("application/x-www-form-urlencoded"),
        );
        request.body = Some("username=root&realname=First%20Last".into());
        auth.authenticate(&mut request, &Moment)
            .await
            .expect("is signed");
        let signature = "DIWJ8X6AEYOR5OMC6TQ1:2d97d6166319781b5a3a07af39d366f491234edc";
        assert_eq!(
            request.headers[AUTHORIZATION],
            format!("Basic {}", STANDARD.encode(signature))
        );
        assert_eq!(request.headers["date"], "Tue, 21 Aug 2012 17:29:18 -0000");
    }
}
