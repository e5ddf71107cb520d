//! `type: oauth2_password`: a token for a user name and a password (RFC 6749, section 4.3).

use async_trait::async_trait;
use secrecy::{ExposeSecret, SecretString};

use super::Authenticate;
use crate::config::CompileContext;
use crate::config::connect::AuthFamily;
use crate::config::decode::{Named, section};
use crate::config::kind::{Kind, KindConfig};
use crate::config::scalar::{EnvText, PathText, SecretText, Text};
use crate::source::SourceError;
use crate::source::http::token::oauth2::{self, Client, ClientAuthStyle, ClientConfig};
use crate::source::http::token::{Ask, FetchToken, Kept, Token};

inventory::submit! { Kind::<AuthFamily>::of::<PasswordConfig>("oauth2_password") }

section! {
    /// Asks a token endpoint for a token with a user's name and password, and sends it as
    /// `Authorization: Bearer <token>`. It is renewed before it ends, and once when the API refuses
    /// it.
    pub struct PasswordConfig {
        /// The token endpoint.
        pub token_url: Option<EnvText>,
        /// The issuer, whose OpenID configuration names the token endpoint. Instead of `token_url`.
        pub issuer: Option<EnvText>,
        /// The client's id.
        pub client_id: EnvText,
        /// The client's secret. Public clients have none.
        pub client_secret: Option<SecretText>,
        /// The user's name.
        pub username: EnvText,
        /// The user's password, for example `${ACME_PASSWORD}`.
        pub password: SecretText,
        /// What the token is for: words with blanks between them.
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
        /// place of that of `base_url`. An addition of rolecall.
        pub base_url_field: Option<PathText>,
    }
}

impl KindConfig<AuthFamily> for PasswordConfig {
    fn compile(&self, cx: &mut CompileContext) -> Option<Box<dyn Authenticate>> {
        let client = Client::compile(
            &ClientConfig {
                kind: "oauth2_password",
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
        oauth2::without_key(self.client_auth_style, self.client_id.0.span, cx)?;
        let (username, password) = (cx.env(&self.username), cx.secret(&self.password));
        Some(Box::new(Kept::new(
            Password {
                client: client?,
                username: username?,
                password: password?,
                scope: oauth2::scope(self.scope.as_ref(), &self.scopes),
            },
            self.token_expiry_padding,
        )))
    }
}

#[derive(Debug)]
struct Password {
    client: Client,
    username: String,
    password: SecretString,
    scope: Option<String>,
}

#[async_trait]
impl FetchToken for Password {
    async fn fetch(&self, via: &dyn Ask) -> Result<Token, SourceError> {
        let mut grant = vec![
            ("grant_type", "password"),
            ("username", &self.username),
            ("password", self.password.expose_secret()),
        ];
        grant.extend(self.scope.as_deref().map(|scope| ("scope", scope)));
        self.client.request(&grant, via).await
    }

    fn secrets(&self) -> Vec<SecretString> {
        let mut secrets = self.client.secrets();
        secrets.push(self.password.clone());
        secrets
    }

    fn tells_base(&self) -> bool {
        self.client.base.is_some()
    }
}
