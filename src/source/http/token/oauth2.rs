//! OAuth 2.0 token endpoints (RFC 6749): how a client proves who it is, and what is answered.

use std::sync::{Arc, OnceLock};
use std::time::SystemTime;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::Method;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value as Json, json};
use url::Url;
use url::form_urlencoded;

use super::dpop::Prover;
use super::key::{KeyConfig, SigningKey};
use super::{Ask, Token, ending, jwt, told_base};
use crate::config::decode::closed_set;
use crate::config::scalar::{EnvText, PathText, SecretText, Text};
use crate::config::{CompileContext, decode::Named};
use crate::diagnostic::{Diagnostic, Span};
use crate::source::SourceError;
use crate::source::http::answer::received::Answer;
use crate::source::http::paths::JsonPath;
use crate::source::http::request::base::safe;
use crate::source::http::request::parts::RequestParts;

closed_set! {
    /// How a client proves to a token endpoint who it is.
    pub enum ClientAuthStyle {
        /// With id and secret in the `Authorization` header.
        Basic = "basic",
        /// With id and secret in the form.
        Body = "body",
        /// With a token that the client's private key signs (RFC 7523). An addition of rolecall.
        PrivateKeyJwt = "private_key_jwt",
    }
}

/// Notes that a kind without a private key cannot prove itself by one.
pub fn without_key(
    style: Option<ClientAuthStyle>,
    at: Span,
    cx: &mut CompileContext,
) -> Option<()> {
    if style == Some(ClientAuthStyle::PrivateKeyJwt) {
        let message =
            "this auth kind has no `private_key`: write `client_auth_style: basic` or `body`";
        return cx.error("not-in-set", at, message);
    }
    Some(())
}

/// Where tokens are asked for.
#[derive(Debug)]
pub enum Endpoint {
    /// Here.
    Known(Url),
    /// Where the issuer says (OpenID Connect Discovery 1.0, section 4). Asked once.
    Discovered { issuer: Url, found: OnceLock<Url> },
}

/// A client of a token endpoint, with everything that each of its requests has in common.
#[derive(Debug)]
pub struct Client {
    pub endpoint: Endpoint,
    pub id: String,
    /// Public clients have none.
    pub secret: Option<SecretString>,
    pub style: ClientAuthStyle,
    /// What proves the client instead of a secret.
    pub key: Option<Key>,
    /// What tokens are bound to, where they are.
    pub prover: Option<Arc<Prover>>,
    /// Where the endpoint tells where the API lives.
    pub base: Option<JsonPath>,
    /// Further fields of the form.
    pub form: Vec<(String, String)>,
    /// Further headers.
    pub headers: HeaderMap,
}

/// The private key of a client, and whom its tokens are for.
#[derive(Debug)]
pub struct Key {
    signs: SigningKey,
    /// Not written: the token endpoint.
    audience: Option<String>,
}

/// What the files of all grants say of the client.
pub struct ClientConfig<'c> {
    /// The auth kind, for messages.
    pub kind: &'static str,
    pub token_url: Option<&'c EnvText>,
    pub issuer: Option<&'c EnvText>,
    pub id: &'c EnvText,
    pub secret: Option<&'c SecretText>,
    pub style: Option<ClientAuthStyle>,
    pub key: Option<KeyConfig<'c>>,
    pub audience: Option<&'c EnvText>,
    pub base: Option<&'c PathText>,
    pub form: &'c Named<EnvText>,
    pub headers: &'c Named<EnvText>,
}

impl Client {
    /// Compiles what a file says of the client. Every mistake is noted.
    pub fn compile(config: &ClientConfig<'_>, cx: &mut CompileContext) -> Option<Self> {
        let endpoint = endpoint(config.token_url, config.issuer, config.kind, cx);
        let id = cx.env(config.id);
        let secret = config.secret.map(|secret| cx.secret(secret));
        let additional = additional(config.form, config.headers, cx);
        let key = config.key.as_ref().map(|key| key.compile(cx));
        let audience = config.audience.map(|audience| cx.env(audience));
        let base = config.base.map(|path| JsonPath::compile(path, cx));
        let secret = match secret {
            Some(secret) => Some(secret?),
            None => None,
        };
        let (form, headers) = additional?;
        Some(Self {
            endpoint: endpoint?,
            id: id?,
            secret,
            style: config.style.unwrap_or(ClientAuthStyle::Basic),
            key: match key {
                Some(signs) => Some(Key {
                    signs: signs?,
                    audience: match audience {
                        Some(audience) => Some(audience?),
                        None => None,
                    },
                }),
                None => None,
            },
            prover: None,
            base: match base {
                Some(base) => Some(base?),
                None => None,
            },
            form,
            headers,
        })
    }

    /// Asks for a token with the fields of a grant.
    pub async fn request(
        &self,
        grant: &[(&str, &str)],
        via: &dyn Ask,
    ) -> Result<Token, SourceError> {
        self.answer(grant, via).await.map(|(token, _)| token)
    }

    /// The same, with the whole answer.
    pub async fn answer(
        &self,
        grant: &[(&str, &str)],
        via: &dyn Ask,
    ) -> Result<(Token, Answer), SourceError> {
        let url = self.url(via).await?;
        let asking = || self.asking(grant, url.clone(), via);
        let answer = match &self.prover {
            Some(prover) => prover.ask(asking, via).await?,
            None => via.ask(asking()?).await?,
        };
        let mut token = granted(&answer.body, &safe(&answer.url), via.now())?;
        self.check_bound(&answer)?;
        token.base = told_base(self.base.as_ref(), &answer)?;
        Ok((token, answer))
    }

    /// Tokens are bound to a key exactly when the file says so: others are not worth what they seem,
    /// or are not taken by the API.
    fn check_bound(&self, answer: &Answer) -> Result<(), SourceError> {
        let kind = answer.body.get("token_type").and_then(Json::as_str);
        let bound = kind.is_some_and(|kind| kind.eq_ignore_ascii_case("dpop"));
        let (expected, reason) = match (&self.prover, bound) {
            (Some(_), false) => (
                "a token that is bound to a key",
                "its `token_type` is not `DPoP`; leave `dpop` out if the API takes such tokens",
            ),
            (None, true) => (
                "a token that can be sent as it is",
                "its `token_type` is `DPoP`: write `dpop: true` beside `type: oauth2_client_credentials`",
            ),
            _ => return Ok(()),
        };
        Err(SourceError::Unreadable {
            url: safe(&answer.url),
            expected,
            reason: reason.to_owned(),
        })
    }

    fn asking(
        &self,
        grant: &[(&str, &str)],
        url: Url,
        via: &dyn Ask,
    ) -> Result<RequestParts, SourceError> {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.extend_pairs(grant);
        let mut headers = self.headers.clone();
        match (self.style, &self.secret, &self.key) {
            (_, _, Some(key)) => {
                let assertion = key.assertion(&self.id, &url, via)?;
                via.learn(&SecretString::from(assertion.clone()));
                form.append_pair("client_id", &self.id);
                form.append_pair("client_assertion_type", ASSERTION);
                form.append_pair("client_assertion", &assertion);
            }
            (ClientAuthStyle::Basic, Some(secret), None) => {
                headers.insert(AUTHORIZATION, basic(&self.id, secret));
            }
            (_, secret, None) => {
                form.append_pair("client_id", &self.id);
                if let Some(secret) = secret {
                    form.append_pair("client_secret", secret.expose_secret());
                }
            }
        }
        form.extend_pairs(&self.form);
        let mut request = form_request(url, form.finish());
        // What the file says of `Accept` loses: the answer is read as JSON.
        headers.extend(std::mem::take(&mut request.headers));
        request.headers = headers;
        Ok(request)
    }

    async fn url(&self, via: &dyn Ask) -> Result<Url, SourceError> {
        let (issuer, found) = match &self.endpoint {
            Endpoint::Known(url) => return Ok(url.clone()),
            Endpoint::Discovered { issuer, found } => (issuer, found),
        };
        if let Some(found) = found.get() {
            return Ok(found.clone());
        }
        let mut document = issuer.clone();
        let path = format!(
            "{}/.well-known/openid-configuration",
            issuer.path().trim_end_matches('/')
        );
        document.set_path(&path);
        let mut request = RequestParts::new(Method::GET, document);
        request.anonymous = true;
        let answer = via.ask(request).await?;
        let written = answer.body.get("token_endpoint").and_then(Json::as_str);
        let url = written.and_then(|written| answer.url.join(written).ok());
        // A secret must not leave by a weaker way than the issuer came.
        match url.filter(|url| url.scheme() == issuer.scheme() || url.scheme() == "https") {
            Some(url) => Ok(found.get_or_init(|| url).clone()),
            None => Err(SourceError::Unreadable {
                url: safe(&answer.url),
                expected: "an OpenID configuration with `token_endpoint`",
                reason: "write `token_url` instead of `issuer`".to_owned(),
            }),
        }
    }

    /// The client's secret, in each form it takes on the wire.
    pub fn secrets(&self) -> Vec<SecretString> {
        let key = self.key.iter().map(|key| key.signs.secret());
        let Some(secret) = &self.secret else {
            return key.collect();
        };
        let pair = SecretString::from(pair(&self.id, secret));
        [secret.clone(), pair].into_iter().chain(key).collect()
    }
}

/// The type of a client's proof by a token (RFC 7523, section 2.2).
const ASSERTION: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// How many seconds a token that proves something to the endpoint is good for.
pub const ASSERTION_LIFE: u64 = 180;

impl Key {
    fn assertion(&self, id: &str, url: &Url, via: &dyn Ask) -> Result<String, SourceError> {
        let now = seconds(via.now());
        self.signs.token(&json!({
            "iss": id,
            "sub": id,
            "aud": self.audience.as_deref().unwrap_or(url.as_str()),
            "jti": via.nonce()?,
            "iat": now,
            "exp": now + ASSERTION_LIFE,
        }))
    }
}

/// Seconds since 1970.
pub fn seconds(time: SystemTime) -> u64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH);
    since.unwrap_or_default().as_secs()
}

/// A form for an endpoint that answers JSON.
pub fn form_request(url: Url, form: String) -> RequestParts {
    let mut request = RequestParts::new(Method::POST, url);
    request.anonymous = true;
    request
        .headers
        .insert(ACCEPT, HeaderValue::from_static("application/json"));
    request.headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static("application/x-www-form-urlencoded"),
    );
    request.body = Some(form);
    request
}

/// Id and secret, encoded as forms are before they are joined (RFC 6749, section 2.3.1).
fn pair(id: &str, secret: &SecretString) -> String {
    let encode = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    STANDARD.encode(format!("{}:{}", encode(id), encode(secret.expose_secret())))
}

fn basic(id: &str, secret: &SecretString) -> HeaderValue {
    let mut header = HeaderValue::from_str(&format!("Basic {}", pair(id, secret)))
        .expect("base64 may stand in a header");
    header.set_sensitive(true);
    header
}

pub fn granted(body: &Json, url: &str, now: SystemTime) -> Result<Token, SourceError> {
    let text = |name: &str| body.get(name).and_then(Json::as_str);
    let Some(token) = text("access_token").filter(|token| !token.is_empty()) else {
        // Some endpoints answer 200 and say in the body that they refuse.
        return Err(match text("error") {
            Some(code) => SourceError::Refused {
                system: url.to_owned(),
                reason: text("error_description").unwrap_or(code).to_owned(),
            },
            None => SourceError::Unreadable {
                url: url.to_owned(),
                expected: "an answer with `access_token`",
                reason: "the field is not there; check `token_url`".to_owned(),
            },
        });
    };
    if let Some(kind @ ("mac" | "pop")) = text("token_type")
        .map(|kind| kind.to_ascii_lowercase())
        .as_deref()
    {
        return Err(SourceError::Unreadable {
            url: url.to_owned(),
            expected: "a token that can be sent as it is",
            reason: format!(
                "its `token_type` is `{kind}`, whose requests are signed in a way of their own"
            ),
        });
    }
    let ends = body
        .get("expires_in")
        .and_then(|said| ending(said, now))
        .or_else(|| ending(&jwt::expiry(token)?, now));
    Ok(Token {
        value: SecretString::from(token),
        ends,
        base: None,
    })
}

/// A URL of the file. `None` when a mistake was noted.
pub fn url(source: &EnvText, cx: &mut CompileContext) -> Option<Url> {
    let text = cx.env(source)?;
    let url = Url::parse(text.trim()).ok();
    let web = |url: &Url| matches!(url.scheme(), "http" | "https") && url.has_host();
    url.filter(web).or_else(|| {
        let at = cx.at(source.0.span);
        cx.note(
            Diagnostic::error("bad-url", at, "this is no URL of the web")
                .help("write it whole, as in `https://login.example.com/oauth2/token`"),
        );
        None
    })
}

/// `token_url`, or else `issuer`.
fn endpoint(
    token_url: Option<&EnvText>,
    issuer: Option<&EnvText>,
    kind: &str,
    cx: &mut CompileContext,
) -> Option<Endpoint> {
    match (token_url, issuer) {
        (Some(_), Some(issuer)) => cx.error(
            "conflicting-fields",
            issuer.0.span,
            "`issuer` finds the token endpoint, and `token_url` says where it is: keep one",
        ),
        (Some(token_url), None) => url(token_url, cx).map(Endpoint::Known),
        (None, Some(issuer)) => url(issuer, cx).map(|issuer| Endpoint::Discovered {
            issuer,
            found: OnceLock::new(),
        }),
        (None, None) => cx.error(
            "missing-field",
            Span::default(),
            format!("auth kind `{kind}` needs `token_url` or `issuer`"),
        ),
    }
}

/// Fields and headers that every request to the endpoint has besides.
pub fn additional(
    form: &Named<EnvText>,
    headers: &Named<EnvText>,
    cx: &mut CompileContext,
) -> Option<(Vec<(String, String)>, HeaderMap)> {
    let mut fields = Some(Vec::new());
    for (name, value) in form.iter() {
        match (cx.env(value), &mut fields) {
            (Some(value), Some(fields)) => fields.push((name.text.clone(), value)),
            _ => fields = None,
        }
    }
    let mut found = Some(HeaderMap::new());
    for (name, value) in headers.iter() {
        let value = cx.env(value);
        let parsed = (
            name.text.parse::<reqwest::header::HeaderName>().ok(),
            value.and_then(|value| HeaderValue::from_str(&value).ok()),
        );
        match (parsed, &mut found) {
            ((Some(name), Some(mut value)), Some(found)) => {
                value.set_sensitive(true);
                found.insert(name, value);
            }
            ((None, _), _) => {
                found = None;
                cx.error::<()>("bad-header", name.span, "this is not the name of a header");
            }
            _ => found = None,
        }
    }
    fields.zip(found)
}

/// `scope` and `scopes` as the one text that goes on the wire.
pub fn scope(scope: Option<&Text>, scopes: &[Text]) -> Option<String> {
    let words = scope.into_iter().chain(scopes);
    let words: Vec<&str> = words.map(|word| word.text.trim()).collect();
    let joined = words.join(" ");
    (!joined.trim().is_empty()).then_some(joined)
}
