//! `type: api_key`: a key in a header of its own, or in the query.

use reqwest::header::HeaderName;
use secrecy::{ExposeSecret, SecretString};

use super::{Authenticate, composed, secret_header};
use crate::config::CompileContext;
use crate::config::connect::AuthFamily;
use crate::config::decode::section;
use crate::config::kind::{Kind, KindConfig};
use crate::config::scalar::{SecretText, Text};
use crate::diagnostic::Diagnostic;
use crate::source::SourceError;
use crate::source::http::request::parts::RequestParts;
use crate::source::http::token::Ask;

inventory::submit! { Kind::<AuthFamily>::of::<ApiKeyConfig>("api_key") }

section! {
    /// Sends a key in a header, or in the query where an API wants it there.
    pub struct ApiKeyConfig {
        /// The key, for example `${ACME_API_KEY}`.
        pub key: SecretText,
        /// The header that carries it. Not written, and no `query_param` either: `X-API-Key`.
        pub header: Option<Text>,
        /// What stands before the key, one space apart: `ApiKey` sends `ApiKey <key>`. Not
        /// written: the key alone.
        pub prefix: Option<Text>,
        /// The query parameter that carries the key instead of a header. Prefer a header: queries
        /// end up in the logs of servers. An addition of rolecall.
        pub query_param: Option<Text>,
    }
}

impl KindConfig<AuthFamily> for ApiKeyConfig {
    fn compile(&self, cx: &mut CompileContext) -> Option<Box<dyn Authenticate>> {
        let key = cx.secret(&self.key);
        let place = self.place(cx);
        let prefix = self
            .prefix
            .as_ref()
            .map_or("", |prefix| prefix.as_str().trim_end());
        let value = match prefix {
            "" => key?,
            prefix => composed(&format!("{prefix} "), &key?),
        };
        Some(Box::new(ApiKey {
            place: place?,
            value,
        }))
    }
}

impl ApiKeyConfig {
    fn place(&self, cx: &mut CompileContext) -> Option<Place> {
        match (&self.header, &self.query_param) {
            (Some(_), Some(query)) => {
                let at = cx.at(query.span);
                let message = "the key is sent in a header or in the query, not in both";
                cx.note(
                    Diagnostic::error("conflicting-fields", at, message)
                        .help("remove `header` or `query_param`"),
                );
                None
            }
            (None, Some(query)) => Some(Place::Query(query.text.clone())),
            (Some(header), None) => match HeaderName::from_bytes(header.text.as_bytes()) {
                Ok(name) => Some(Place::Header(name)),
                Err(_) => cx.error(
                    "bad-header",
                    header.span,
                    format!("`{}` is not the name of a header", header.text),
                ),
            },
            (None, None) => Some(Place::Header(HeaderName::from_static("x-api-key"))),
        }
    }
}

#[derive(Debug)]
enum Place {
    Header(HeaderName),
    Query(String),
}

#[derive(Debug)]
struct ApiKey {
    place: Place,
    /// With its prefix.
    value: SecretString,
}

#[async_trait::async_trait]
impl Authenticate for ApiKey {
    async fn authenticate(
        &self,
        request: &mut RequestParts,
        _: &dyn Ask,
    ) -> Result<(), SourceError> {
        match &self.place {
            Place::Query(name) => request.set_query(name, self.value.expose_secret()),
            Place::Header(name) => {
                let value = secret_header(self.value.expose_secret(), "auth.key")?;
                request.headers.insert(name.clone(), value);
            }
        }
        Ok(())
    }

    fn query_param(&self) -> Option<&str> {
        match &self.place {
            Place::Query(name) => Some(name),
            Place::Header(_) => None,
        }
    }

    fn secrets(&self) -> Vec<SecretString> {
        let value = self.value.expose_secret();
        let bare = value.rsplit(' ').next().unwrap_or(value);
        vec![self.value.clone(), SecretString::from(bare.to_owned())]
    }
}
