//! `type: oauth1`: requests signed with a consumer's and a token's secret (RFC 5849).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE};
use ring::hmac;
use secrecy::{ExposeSecret, SecretString};
use url::form_urlencoded;

use super::{Authenticate, secret_header};
use crate::config::CompileContext;
use crate::config::connect::AuthFamily;
use crate::config::decode::{closed_set, section};
use crate::config::kind::{Kind, KindConfig};
use crate::config::scalar::{EnvText, SecretText};
use crate::expr::percent_encode;
use crate::source::SourceError;
use crate::source::http::request::base::host;
use crate::source::http::request::parts::RequestParts;
use crate::source::http::token::Ask;
use crate::source::http::token::oauth2::seconds;

inventory::submit! { Kind::<AuthFamily>::of::<OAuth1Config>("oauth1") }

section! {
    /// Signs each request with the secrets of a consumer and of a token, as OAuth 1.0 has it: token
    /// based authentication of NetSuite, for example. An addition of rolecall.
    pub struct OAuth1Config {
        /// The consumer's key.
        pub consumer_key: EnvText,
        /// The consumer's secret, for example `${ACME_CONSUMER_SECRET}`.
        pub consumer_secret: SecretText,
        /// The token. Not written: the consumer signs for itself.
        pub token: Option<SecretText>,
        /// The token's secret.
        pub token_secret: Option<SecretText>,
        /// The realm, where the API wants one: of NetSuite, the account's id.
        pub realm: Option<EnvText>,
        /// `HMAC-SHA256` or `HMAC-SHA1`. Not written: `HMAC-SHA256`.
        pub signature_method: Option<SignatureMethod>,
    }
}

closed_set! {
    /// How a request is signed.
    pub enum SignatureMethod {
        /// With SHA-256.
        HmacSha256 = "HMAC-SHA256",
        /// With SHA-1, where the API knows nothing better.
        HmacSha1 = "HMAC-SHA1",
    }
}

impl KindConfig<AuthFamily> for OAuth1Config {
    fn compile(&self, cx: &mut CompileContext) -> Option<Box<dyn Authenticate>> {
        let (key, secret) = (cx.env(&self.consumer_key), cx.secret(&self.consumer_secret));
        let token = self.token.as_ref().map(|token| cx.secret(token));
        let token_secret = self.token_secret.as_ref().map(|secret| cx.secret(secret));
        let realm = self.realm.as_ref().map(|realm| cx.env(realm));
        let token = match (token, token_secret) {
            (None, None) => None,
            (Some(token), Some(secret)) => Some((token?, secret?)),
            _ => {
                let message = "`token` and `token_secret` go together";
                return cx.error("missing-field", cx.block, message);
            }
        };
        Some(Box::new(OAuth1 {
            key: key?,
            secret: secret?,
            token,
            realm: match realm {
                Some(realm) => Some(realm?),
                None => None,
            },
            method: self.signature_method.unwrap_or(SignatureMethod::HmacSha256),
        }))
    }
}

#[derive(Debug)]
struct OAuth1 {
    key: String,
    secret: SecretString,
    token: Option<(SecretString, SecretString)>,
    realm: Option<String>,
    method: SignatureMethod,
}

impl OAuth1 {
    /// The header of a request.
    fn header(&self, request: &RequestParts, timestamp: u64, nonce: &str) -> String {
        let mut own = vec![
            ("oauth_consumer_key", self.key.clone()),
            ("oauth_nonce", nonce.to_owned()),
            (
                "oauth_signature_method",
                SignatureMethod::WORDS[self.method as usize].to_owned(),
            ),
            ("oauth_timestamp", timestamp.to_string()),
            ("oauth_version", "1.0".to_owned()),
        ];
        if let Some((token, _)) = &self.token {
            own.push(("oauth_token", token.expose_secret().to_owned()));
        }
        let signature = self.signature(request, &own);
        own.push(("oauth_signature", signature));
        let realm = self.realm.as_ref();
        let realm = realm.map(|realm| format!("realm=\"{}\"", realm.replace('"', "\\\"")));
        let own = own
            .iter()
            .map(|(name, value)| format!("{name}=\"{}\"", percent_encode(value)));
        let all: Vec<_> = realm.into_iter().chain(own).collect();
        format!("OAuth {}", all.join(", "))
    }

    fn signature(&self, request: &RequestParts, own: &[(&str, String)]) -> String {
        let mut pairs: Vec<(String, String)> = own
            .iter()
            .map(|(name, value)| (percent_encode(name), percent_encode(value)))
            .collect();
        let query = request.query().join("&");
        let form = request.headers.get(CONTENT_TYPE);
        let form = form.and_then(|text| text.to_str().ok());
        let form = form.filter(|text| text.starts_with("application/x-www-form-urlencoded"));
        let body = form.and(request.body.as_deref()).unwrap_or_default();
        for text in [query.as_str(), body] {
            let given = form_urlencoded::parse(text.as_bytes());
            pairs
                .extend(given.map(|(name, value)| (percent_encode(&name), percent_encode(&value))));
        }
        pairs.sort();
        let pairs: Vec<_> = pairs
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let place = format!(
            "{}://{}{}",
            request.url.scheme(),
            host(&request.url),
            request.url.path()
        );
        let said = [request.method.as_str(), &place, &pairs.join("&")].map(percent_encode);
        let token_secret = self.token.as_ref();
        let token_secret = token_secret.map_or("", |(_, secret)| secret.expose_secret());
        let key = [self.secret.expose_secret(), token_secret].map(percent_encode);
        let algorithm = match self.method {
            SignatureMethod::HmacSha256 => hmac::HMAC_SHA256,
            SignatureMethod::HmacSha1 => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
        };
        let key = hmac::Key::new(algorithm, key.join("&").as_bytes());
        STANDARD.encode(hmac::sign(&key, said.join("&").as_bytes()))
    }
}

#[async_trait::async_trait]
impl Authenticate for OAuth1 {
    async fn authenticate(
        &self,
        request: &mut RequestParts,
        via: &dyn Ask,
    ) -> Result<(), SourceError> {
        let header = self.header(request, seconds(via.now()), &via.nonce()?);
        let header = secret_header(&header, "auth.token")?;
        request.headers.insert(AUTHORIZATION, header);
        Ok(())
    }

    fn secrets(&self) -> Vec<SecretString> {
        let token = self.token.iter();
        let token = token.flat_map(|(token, secret)| [token.clone(), secret.clone()]);
        std::iter::once(self.secret.clone()).chain(token).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::Method;
    use reqwest::header::HeaderValue;
    use url::Url;

    #[test]
    fn the_published_example_is_signed_as_published() {
        let signs = OAuth1 {
            key: "xvz1evFS4wEEPTGEFPHBog".into(),
            secret: SecretString::from("kAcSOqF21Fu85e7zjz7ZN2U4ZRhfV3WpwPAoE3Z7kBw"),
            token: Some((
                SecretString::from("370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb"),
                SecretString::from("LswwdoUaIvS8ltyTt5jkRh4J50vUPVVHtR2YPi5kE"),
            )),
            realm: None,
            method: SignatureMethod::HmacSha1,
        };
        let url = "https://api.twitter.com/1.1/statuses/update.json?include_entities=true";
        let mut request = RequestParts::new(Method::POST, Url::parse(url).expect("a URL"));
        request.headers.insert(
            CONTENT_TYPE,
            HeaderValue::from_static("application/x-www-form-urlencoded"),
        );
        request.body = Some(
            "status=Hello%20Ladies%20%2b%20Gentlemen%2c%20a%20signed%20OAuth%20request%21".into(),
        );
        let nonce = "kYjzVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZeNu2VS4cg";
        let header = signs.header(&request, 1_318_622_958, nonce);
        assert!(
            header.contains("oauth_signature=\"hCtSmYh%2BiHYCEqBWrE7C7hYmtUk%3D\""),
            "{header}"
        );
    }
}
