//! `type: oauth2_refresh_token`: tokens for a person who agreed once (RFC 6749, section 6).

use std::path::PathBuf;

use async_trait::async_trait;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value as Json;

use super::Authenticate;
use crate::config::CompileContext;
use crate::config::connect::AuthFamily;
use crate::config::decode::{Named, section};
use crate::config::kind::{Kind, KindConfig};
use crate::config::scalar::{EnvText, PathText, SecretText, Text};
use crate::source::SourceError;
use crate::source::http::token::oauth2::{self, Client, ClientAuthStyle, ClientConfig};
use crate::source::http::token::token_file::TokenFile;
use crate::source::http::token::{Ask, FetchToken, Kept, Token};

inventory::submit! { Kind::<AuthFamily>::of::<RefreshTokenConfig>("oauth2_refresh_token") }

section! {
    /// Asks a token endpoint for tokens with a refresh token, and sends them as `Authorization:
    /// Bearer <token>`. Where the endpoint gives a new refresh token each time, write `token_file`:
    /// the old one is worth nothing then. An addition of rolecall.
    pub struct RefreshTokenConfig {
        /// The token endpoint.
        pub token_url: Option<EnvText>,
        /// The issuer, whose OpenID configuration names the token endpoint. Instead of `token_url`.
        pub issuer: Option<EnvText>,
        /// The client's id.
        pub client_id: EnvText,
        /// The client's secret. Public clients have none.
        pub client_secret: Option<SecretText>,
        /// The first refresh token, for example `${ACME_REFRESH_TOKEN}`. Once `token_file` is there,
        /// what it holds is used instead.
        pub refresh_token: SecretText,
        /// The file in which the newest refresh token is kept, for example `acme.token`. It is made
        /// by the first run, readable by its owner only, and held by one run at a time, beside a
        /// file `acme.token.lock`. A relative path starts at the folder of the connector file.
        pub token_file: Option<EnvText>,
        /// What the token is for: words with blanks between them. Not written: what was agreed to.
        pub scope: Option<Text>,
        /// The same as a list.
        pub scopes: Vec<Text>,
        /// Renews the token so many seconds before it ends. Not written: 60.
        pub token_expiry_padding: Option<u32>,
        /// `basic` sends id and secret in the `Authorization` header, `body` in the form. Not
        /// written: `basic`.
        pub client_auth_style: Option<ClientAuthStyle>,
        /// Further fields of the form.
        pub additional_form_data: Named<EnvText>,
        /// Further headers of the request.
        pub additional_headers: Named<EnvText>,
        /// Where the answer tells where the API lives, for example `instance_url`: its host takes the
        /// place of that of `base_url`.
        pub base_url_field: Option<PathText>,
    }
}

impl KindConfig<AuthFamily> for RefreshTokenConfig {
    fn compile(&self, cx: &mut CompileContext) -> Option<Box<dyn Authenticate>> {
        oauth2::without_key(self.client_auth_style, self.client_id.0.span, cx)?;
        let client = Client::compile(
            &ClientConfig {
                kind: "oauth2_refresh_token",
                token_url: self.token_url.as_ref(),
                issuer: self.issuer.as_ref(),
                id: &self.client_id,
                secret: self.client_secret.as_ref(),
                style: self.client_auth_style,
                key: None,
                audience: None,
                base: self.base_url_field.as_ref(),
                form: &self.additional_form_data,
                headers: &self.additional_headers,
            },
            cx,
        );
        let first = cx.secret(&self.refresh_token);
        let file = self.token_file.as_ref().map(|file| cx.env(file));
        if file.is_none() {
            cx.warning(
                "no-token-file",
                self.refresh_token.0.span,
                "a new refresh token cannot be kept: there is no `token_file`",
                "write `token_file: acme.token`, unless the endpoint never gives another refresh token",
            );
        }
        let refresh = RefreshToken {
            client: client?,
            first: first?,
            newest: tokio::sync::Mutex::new(None),
            file: match file {
                Some(written) => Some(TokenFile::new(located(&written?, cx))),
                None => None,
            },
            scope: oauth2::scope(self.scope.as_ref(), &self.scopes),
        };
        Some(Box::new(Kept::new(refresh, self.token_expiry_padding)))
    }
}

fn located(written: &str, cx: &CompileContext) -> PathBuf {
    cx.folder().join(written)
}

#[derive(Debug)]
struct RefreshToken {
    client: Client,
    first: SecretString,
    /// The one that came last, where there is no file.
    newest: tokio::sync::Mutex<Option<SecretString>>,
    file: Option<TokenFile>,
    scope: Option<String>,
}

impl RefreshToken {
    /// Spends a refresh token. Returns the token, and the refresh token that replaces it, if any.
    async fn spend(
        &self,
        refresh: &SecretString,
        via: &dyn Ask,
    ) -> Result<(Token, Option<SecretString>), SourceError> {
        via.learn(refresh);
        let mut grant = vec![
            ("grant_type", "refresh_token"),
            ("refresh_token", refresh.expose_secret()),
        ];
        grant.extend(self.scope.as_deref().map(|scope| ("scope", scope)));
        let (token, answer) = self.client.answer(&grant, via).await?;
        let next = answer.body.get("refresh_token").and_then(Json::as_str);
        let next = next.filter(|next| !next.is_empty() && *next != refresh.expose_secret());
        let next = next.map(SecretString::from);
        if let Some(next) = &next {
            via.learn(next);
        }
        Ok((token, next))
    }
}

#[async_trait]
impl FetchToken for RefreshToken {
    async fn fetch(&self, via: &dyn Ask) -> Result<Token, SourceError> {
        let mut newest = self.newest.lock().await;
        if let Some(file) = &self.file {
            // Held until the new one is written: two runs must not spend the same token.
            let held = file.hold().await?;
            let refresh = held.read()?.unwrap_or_else(|| self.first.clone());
            let (token, next) = self.spend(&refresh, via).await?;
            held.write(next.as_ref().unwrap_or(&refresh))?;
            return Ok(token);
        }
        let refresh = newest.as_ref().unwrap_or(&self.first).clone();
        let (token, next) = self.spend(&refresh, via).await?;
        if let Some(next) = next {
            tracing::warn!(
                "the token endpoint gave a new refresh token, which is lost when this run ends: write `token_file`"
            );
            *newest = Some(next);
        }
        Ok(token)
    }

    fn secrets(&self) -> Vec<SecretString> {
        let mut secrets = self.client.secrets();
        secrets.push(self.first.clone());
        secrets
    }

    fn tells_base(&self) -> bool {
        self.client.base.is_some()
    }
}
