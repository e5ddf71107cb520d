//! `type: oauth2_client_credentials`: a token for the program itself (RFC 6749, section 4.4).

use std::sync::Arc;

use async_trait::async_trait;
use secrecy::SecretString;

use super::Authenticate;
use crate::config::CompileContext;
use crate::config::connect::AuthFamily;
use crate::config::decode::{Named, section};
use crate::config::kind::{Kind, KindConfig};
use crate::config::scalar::{EnvText, PathText, SecretText, Text};
use crate::source::SourceError;
use crate::source::http::token::dpop::{Bound, Prover};
use crate::source::http::token::key::{Algorithm, KeyConfig};
use crate::source::http::token::oauth2::{self, Client, ClientAuthStyle, ClientConfig};
use crate::source::http::token::{Ask, FetchToken, Kept, Token};

const KIND: &str = "oauth2_client_credentials";

inventory::submit! { Kind::<AuthFamily>::of::<ClientCredentialsConfig>(KIND) }

section! {
    /// Asks a token endpoint for a token with the client's own id and secret, and sends it as
    /// `Authorization: Bearer <token>`. It is renewed before it ends, and once when the API refuses
    /// it.
    pub struct ClientCredentialsConfig {
        /// The token endpoint.
        pub token_url: Option<EnvText>,
        /// The issuer, whose OpenID configuration names the token endpoint. Instead of `token_url`.
        pub issuer: Option<EnvText>,
        /// The client's id.
        pub client_id: EnvText,
        /// The client's secret, for example `${ACME_CLIENT_SECRET}`.
        pub client_secret: Option<SecretText>,
        /// What the token is for: words with blanks between them.
        pub scope: Option<Text>,
        /// The same as a list.
        pub scopes: Vec<Text>,
        /// Renews the token so many seconds before it ends. Not written: 60.
        pub token_expiry_padding: Option<u32>,
        /// `basic` sends id and secret in the `Authorization` header, `body` in the form.
        /// `private_key_jwt`, an addition of rolecall, sends a token that `private_key` signs. Not
        /// written: `basic`, or `private_key_jwt` where there is a key.
        pub client_auth_style: Option<ClientAuthStyle>,
        /// Further fields of the form, for example `audience`.
        pub additional_form_data: Named<EnvText>,
        /// Further headers of the request.
        pub additional_headers: Named<EnvText>,
        /// The `grant_type` of the form, for endpoints with a grant of their own, for example
        /// `account_credentials`. Not written: `client_credentials`. An addition of rolecall.
        pub grant_type: Option<Text>,
        /// The private key of `private_key_jwt`: PEM text or a JWK, for example
        /// `${ACME_PRIVATE_KEY}`. An addition of rolecall.
        pub private_key: Option<SecretText>,
        /// The file of the private key instead. An addition of rolecall.
        pub private_key_file: Option<EnvText>,
        /// The id under which the endpoint knows the key. Not written: the `kid` of a JWK. An
        /// addition of rolecall.
        pub key_id: Option<EnvText>,
        /// How the key signs: `RS256`, `RS384`, `RS512`, `PS256`, `ES256`, `ES384` or `EdDSA`. Not
        /// written: what is usual for the key. An addition of rolecall.
        pub algorithm: Option<Algorithm>,
        /// Whom the signed token is for. Not written: the token endpoint. An addition of rolecall.
        pub assertion_audience: Option<EnvText>,
        /// Binds tokens to a key that is made for the run, and proves with every request to have it, as
        /// RFC 9449 (DPoP) wants it: a token that was stolen is worth nothing. Not written: `false`.
        /// An addition of rolecall.
        pub dpop: bool = false,
        /// Where the answer tells where the API lives, for example `instance_url`: its host takes the
        /// place of that of `base_url`. Only a URL with `https`, or of the host of `base_url`, is
        /// taken. An addition of rolecall.
        pub base_url_field: Option<PathText>,
    }
}

impl KindConfig<AuthFamily> for ClientCredentialsConfig {
    fn compile(&self, cx: &mut CompileContext) -> Option<Box<dyn Authenticate>> {
        let key = self.key(cx)?;
        let mut client = Client::compile(
            &ClientConfig {
                kind: KIND,
                token_url: self.token_url.as_ref(),
                issuer: self.issuer.as_ref(),
                id: &self.client_id,
                secret: self.client_secret.as_ref(),
                style: self.client_auth_style,
                key,
                audience: self.assertion_audience.as_ref(),
                base: self.base_url_field.as_ref(),
                form: &self.additional_form_data,
                headers: &self.additional_headers,
            },
            cx,
        )?;
        let grant = self.grant_type.as_ref();
        let grant = grant.map_or("client_credentials", Text::as_str).to_owned();
        let scope = oauth2::scope(self.scope.as_ref(), &self.scopes);
        let prover = self.dpop.then(|| Arc::new(Prover::default()));
        client.prover.clone_from(&prover);
        let fetch = ClientCredentials {
            client,
            grant,
            scope,
        };
        let kept = Kept::new(fetch, self.token_expiry_padding);
        Some(match prover {
            Some(prover) => Box::new(Bound::new(kept, prover)),
            None => Box::new(kept),
        })
    }
}

impl ClientCredentialsConfig {
    /// The key that proves the client, where it is one and no secret. `None` when what is written
    /// contradicts itself.
    fn key(&self, cx: &mut CompileContext) -> Option<Option<KeyConfig<'_>>> {
        let written = [
            self.private_key.as_ref().map(|key| key.0.span),
            self.private_key_file.as_ref().map(|file| file.0.span),
        ];
        let written = written.into_iter().flatten().next();
        let by_key = match self.client_auth_style {
            Some(style) => style == ClientAuthStyle::PrivateKeyJwt,
            None => written.is_some(),
        };
        match (by_key, written, &self.client_secret) {
            (true, _, None) => Some(Some(KeyConfig {
                kind: KIND,
                key: self.private_key.as_ref(),
                file: self.private_key_file.as_ref(),
                id: self.key_id.as_ref(),
                algorithm: self.algorithm,
                span: self.client_id.0.span,
            })),
            (false, None, Some(_)) => Some(None),
            (true, _, Some(secret)) => cx.error(
                "conflicting-fields",
                secret.0.span,
                "the client is proved by its private key: `client_secret` is not sent; remove it",
            ),
            (false, Some(span), _) => cx.error(
                "conflicting-fields",
                span,
                "a private key is used only with `client_auth_style: private_key_jwt`",
            ),
            (false, None, None) => cx.error(
                "missing-field",
                self.client_id.0.span,
                format!("auth kind `{KIND}` needs `client_secret`, or `private_key`"),
            ),
        }
    }
}

#[derive(Debug)]
struct ClientCredentials {
    client: Client,
    grant: String,
    scope: Option<String>,
}

#[async_trait]
impl FetchToken for ClientCredentials {
    async fn fetch(&self, via: &dyn Ask) -> Result<Token, SourceError> {
        let mut grant = vec![("grant_type", self.grant.as_str())];
        grant.extend(self.scope.as_deref().map(|scope| ("scope", scope)));
        self.client.request(&grant, via).await
    }

    fn secrets(&self) -> Vec<SecretString> {
        self.client.secrets()
    }

    fn tells_base(&self) -> bool {
        self.client.base.is_some()
    }
}
