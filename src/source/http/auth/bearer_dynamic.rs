//! `type: bearer_dynamic`: a token from the login endpoint of an API.

use async_trait::async_trait;
use reqwest::Method;
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value as Json;
use url::{Url, form_urlencoded};

use super::Authenticate;
use crate::config::CompileContext;
use crate::config::connect::AuthFamily;
use crate::config::decode::{closed_set, section};
use crate::config::kind::{Kind, KindConfig};
use crate::config::scalar::PathText;
use crate::config::scalar::{EnvText, SecretText, Text};
use crate::source::SourceError;
use crate::source::http::base::safe;
use crate::source::http::parts::RequestParts;
use crate::source::http::paths::JsonPath;
use crate::source::http::token::{Ask, FetchToken, Kept, Token, ending, jwt, oauth2};

inventory::submit! { Kind::<AuthFamily>::of::<BearerDynamicConfig>("bearer_dynamic") }

section! {
    /// Sends a user's name and password to a login endpoint, and the token that it answers as
    /// `Authorization: Bearer <token>`. It is renewed before it ends, and once when the API refuses
    /// it.
    pub struct BearerDynamicConfig {
        /// The login endpoint.
        pub token_url: EnvText,
        /// The user's name.
        pub username: EnvText,
        /// The user's password, for example `${ACME_PASSWORD}`.
        pub password: SecretText,
        /// Where the token is in the answer, for example `data.token`.
        pub token_field: PathText,
        /// Where the answer says when the token ends: seconds from then, seconds or milliseconds
        /// since 1970, or a date. Not written: what a JSON Web Token says itself; other tokens are
        /// used until the API refuses them.
        pub expiry_field: Option<PathText>,
        /// Renews the token so many seconds before it ends. Not written: 60.
        pub token_expiry_padding: Option<u32>,
        /// How name and password are sent: `json` or `form`. Not written: `json`. An addition of
        /// rolecall.
        pub body_format: Option<LoginFormat>,
        /// The field of the name. Not written: `username`. An addition of rolecall.
        pub username_field: Option<Text>,
        /// The field of the password. Not written: `password`. An addition of rolecall.
        pub password_field: Option<Text>,
    }
}

closed_set! {
    /// How a login is sent.
    pub enum LoginFormat {
        /// As a JSON object.
        Json = "json",
        /// As an HTML form is.
        Form = "form",
    }
}

impl KindConfig<AuthFamily> for BearerDynamicConfig {
    fn compile(&self, cx: &mut CompileContext) -> Option<Box<dyn Authenticate>> {
        let url = oauth2::url(&self.token_url, cx);
        let (username, password) = (cx.env(&self.username), cx.secret(&self.password));
        let token = JsonPath::compile(&self.token_field, cx);
        let expiry = self.expiry_field.as_ref();
        let expiry = expiry.map(|path| JsonPath::compile(path, cx));
        let name = |field: &Option<Text>, otherwise: &str| {
            let field = field.as_ref().map(|field| field.text.as_str());
            field.unwrap_or(otherwise).to_owned()
        };
        let login = Login {
            url: url?,
            format: self.body_format.unwrap_or(LoginFormat::Json),
            username: (name(&self.username_field, "username"), username?),
            password: (name(&self.password_field, "password"), password?),
            token: token?,
            expiry: match expiry {
                Some(path) => Some(path?),
                None => None,
            },
        };
        Some(Box::new(Kept::new(login, self.token_expiry_padding)))
    }
}

#[derive(Debug)]
struct Login {
    url: Url,
    format: LoginFormat,
    username: (String, String),
    password: (String, SecretString),
    token: JsonPath,
    expiry: Option<JsonPath>,
}

impl Login {
    fn request(&self) -> RequestParts {
        let mut request = RequestParts::new(Method::POST, self.url.clone());
        request.anonymous = true;
        let fields = [
            (self.username.0.as_str(), self.username.1.as_str()),
            (self.password.0.as_str(), self.password.1.expose_secret()),
        ];
        let (content_type, body) = match self.format {
            LoginFormat::Json => {
                let fields = fields.map(|(name, value)| (name.to_owned(), Json::from(value)));
                let body = Json::Object(fields.into_iter().collect());
                ("application/json", body.to_string())
            }
            LoginFormat::Form => {
                let mut form = form_urlencoded::Serializer::new(String::new());
                form.extend_pairs(fields);
                ("application/x-www-form-urlencoded", form.finish())
            }
        };
        request
            .headers
            .insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        request
            .headers
            .insert(ACCEPT, HeaderValue::from_static("application/json"));
        request.body = Some(body);
        request
    }
}

#[async_trait]
impl FetchToken for Login {
    async fn fetch(&self, via: &dyn Ask) -> Result<Token, SourceError> {
        let answer = via.ask(self.request()).await?;
        let found = self.token.first(&answer.body).and_then(Json::as_str);
        let Some(token) = found.filter(|token| !token.is_empty()) else {
            return Err(SourceError::Unreadable {
                url: safe(&answer.url),
                expected: "an answer with a token",
                reason: format!("there is no text at `token_field: {}`", self.token.text()),
            });
        };
        let said = self.expiry.as_ref();
        let said = said.and_then(|path| path.first(&answer.body).cloned());
        let said = said.or_else(|| jwt::expiry(token));
        Ok(Token {
            ends: said.and_then(|said| ending(&said, via.now())),
            value: SecretString::from(token),
        })
    }

    fn secrets(&self) -> Vec<SecretString> {
        vec![self.password.1.clone()]
    }
}
