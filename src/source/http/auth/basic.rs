//! `type: basic`: user name and password in the `Authorization` header.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::AUTHORIZATION;
use secrecy::{ExposeSecret, SecretString};

use super::{Authenticate, composed, secret_header};
use crate::config::CompileContext;
use crate::config::connect::AuthFamily;
use crate::config::decode::section;
use crate::config::kind::{Kind, KindConfig};
use crate::config::scalar::{EnvText, SecretText};
use crate::diagnostic::Diagnostic;
use crate::source::SourceError;
use crate::source::http::request::parts::RequestParts;
use crate::source::http::token::Ask;

inventory::submit! { Kind::<AuthFamily>::of::<BasicConfig>("basic") }

section! {
    /// Sends user name and password as HTTP Basic authentication, in UTF-8.
    pub struct BasicConfig {
        /// The user name. It cannot hold a colon.
        pub username: EnvText,
        /// The password, for example `${ACME_PASSWORD}`. Some APIs want a token here, others leave
        /// it empty and take the token as user name.
        pub password: Option<SecretText>,
    }
}

impl KindConfig<AuthFamily> for BasicConfig {
    fn compile(&self, cx: &mut CompileContext) -> Option<Box<dyn Authenticate>> {
        let username = cx.env(&self.username);
        let password = match &self.password {
            Some(password) => cx.secret(password),
            None => Some(SecretString::default()),
        };
        let (username, password) = (username?, password?);
        if username.contains(':') {
            let at = cx.at(self.username.0.span);
            let message = "a user name of Basic authentication cannot hold a colon";
            cx.note(
                Diagnostic::error("bad-username", at, message)
                    .help("everything after the first colon would be taken for the password"),
            );
            return None;
        }
        let pair = format!("{username}:{}", password.expose_secret());
        Some(Box::new(Basic {
            // Where APIs take a token as user name, the name is the secret.
            username: SecretString::from(username),
            password,
            encoded: SecretString::from(STANDARD.encode(pair)),
        }))
    }
}

#[derive(Debug)]
struct Basic {
    username: SecretString,
    password: SecretString,
    encoded: SecretString,
}

#[async_trait::async_trait]
impl Authenticate for Basic {
    async fn authenticate(
        &self,
        request: &mut RequestParts,
        _: &dyn Ask,
    ) -> Result<(), SourceError> {
        let header = composed("Basic ", &self.encoded);
        let header = secret_header(header.expose_secret(), "auth.password")?;
        request.headers.insert(AUTHORIZATION, header);
        Ok(())
    }

    fn secrets(&self) -> Vec<SecretString> {
        let name = self
            .password
            .expose_secret()
            .is_empty()
            .then(|| self.username.clone());
        let others = [self.password.clone(), self.encoded.clone()];
        others.into_iter().chain(name).collect()
    }
}
