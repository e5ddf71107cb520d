//! `type: bearer`: a token in the `Authorization` header.

use reqwest::header::AUTHORIZATION;
use secrecy::{ExposeSecret, SecretString};

use super::{Authenticate, composed, secret_header};
use crate::config::CompileContext;
use crate::config::connect::AuthFamily;
use crate::config::decode::section;
use crate::config::kind::{Kind, KindConfig};
use crate::config::scalar::SecretText;
use crate::source::SourceError;
use crate::source::http::request::parts::RequestParts;
use crate::source::http::token::Ask;

inventory::submit! { Kind::<AuthFamily>::of::<BearerConfig>("bearer") }

section! {
    /// Sends a token as `Authorization: Bearer <token>`.
    pub struct BearerConfig {
        /// The token, for example `${ACME_TOKEN}`.
        pub token: SecretText,
    }
}

impl KindConfig<AuthFamily> for BearerConfig {
    fn compile(&self, cx: &mut CompileContext) -> Option<Box<dyn Authenticate>> {
        let token = cx.secret(&self.token)?;
        Some(Box::new(Bearer { token }))
    }
}

#[derive(Debug)]
struct Bearer {
    token: SecretString,
}

#[async_trait::async_trait]
impl Authenticate for Bearer {
    async fn authenticate(
        &self,
        request: &mut RequestParts,
        _: &dyn Ask,
    ) -> Result<(), SourceError> {
        let header = composed("Bearer ", &self.token);
        let header = secret_header(header.expose_secret(), "auth.token")?;
        request.headers.insert(AUTHORIZATION, header);
        Ok(())
    }

    fn secrets(&self) -> Vec<SecretString> {
        vec![self.token.clone()]
    }
}
