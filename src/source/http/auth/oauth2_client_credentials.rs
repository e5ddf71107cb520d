//! `type: oauth2_client_credentials`: a token for the program itself (RFC 6749, section 4.4).

use async_trait::async_trait;
use secrecy::SecretString;

use super::Authenticate;
use crate::config::CompileContext;
use crate::config::connect::AuthFamily;
use crate::config::decode::{Named, section};
use crate::config::kind::{Kind, KindConfig};
use crate::config::scalar::{EnvText, SecretText, Text};
use crate::source::SourceError;
use crate::source::http::token::oauth2::{self, Client, ClientAuthStyle, ClientConfig};
use crate::source::http::token::{Ask, FetchToken, Kept, Token};

inventory::submit! { Kind::<AuthFamily>::of::<ClientCredentialsConfig>("oauth2_client_credentials") }

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
        pub client_secret: SecretText,
        /// What the token is for: words with blanks between them.
        pub scope: Option<Text>,
        /// The same as a list.
        pub scopes: Vec<Text>,
        /// Renews the token so many seconds before it ends. Not written: 60.
        pub token_expiry_padding: Option<u32>,
        /// `basic` sends id and secret in the `Authorization` header, `body` in the form. Not
        /// written: `basic`.
        pub client_auth_style: Option<ClientAuthStyle>,
        /// Further fields of the form, for example `audience`.
        pub additional_form_data: Named<EnvText>,
        /// Further headers of the request.
        pub additional_headers: Named<EnvText>,
    }
}

impl KindConfig<AuthFamily> for ClientCredentialsConfig {
    fn compile(&self, cx: &mut CompileContext) -> Option<Box<dyn Authenticate>> {
        let client = Client::compile(
            &ClientConfig {
                kind: "oauth2_client_credentials",
                token_url: self.token_url.as_ref(),
                issuer: self.issuer.as_ref(),
                id: &self.client_id,
                secret: Some(&self.client_secret),
                style: self.client_auth_style,
                form: &self.additional_form_data,
                headers: &self.additional_headers,
            },
            cx,
        )?;
        let scope = oauth2::scope(self.scope.as_ref(), &self.scopes);
        Some(Box::new(Kept::new(
            ClientCredentials { client, scope },
            self.token_expiry_padding,
        )))
    }
}

#[derive(Debug)]
struct ClientCredentials {
    client: Client,
    scope: Option<String>,
}

#[async_trait]
impl FetchToken for ClientCredentials {
    async fn fetch(&self, via: &dyn Ask) -> Result<Token, SourceError> {
        let mut grant = vec![("grant_type", "client_credentials")];
        grant.extend(self.scope.as_deref().map(|scope| ("scope", scope)));
        self.client.request(&grant, via).await
    }

    fn secrets(&self) -> Vec<SecretString> {
        self.client.secrets()
    }
}
