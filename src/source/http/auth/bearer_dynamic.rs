//! `type: bearer_dynamic`: a token from the login endpoint of an API.

use async_trait::async_trait;
use reqwest::header::{AUTHORIZATION, HeaderName};
use secrecy::SecretString;
use serde_json::Value as Json;

use super::Authenticate;
use crate::config::CompileContext;
use crate::config::connect::AuthFamily;
use crate::config::decode::{Named, section};
use crate::config::kind::{Kind, KindConfig};
use crate::config::scalar::{EnvText, PathText, SecretText, Text};
use crate::diagnostic::Diagnostic;
use crate::source::SourceError;
use crate::source::http::answer::received::Answer;
use crate::source::http::paths::JsonPath;
use crate::source::http::request::base::safe;
use crate::source::http::request::parts::RequestParts;
use crate::source::http::token::login::{Login, LoginAuth, LoginConfig, LoginFormat, LogoutMethod};
use crate::source::http::token::{Ask, Carrier, FetchToken, Kept, Token, ending, jwt, told_base};

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
        /// Where the token is in the answer, for example `data.token`; `$` when the answer is the
        /// token itself.
        pub token_field: Option<PathText>,
        /// The header of the answer that holds the token, instead of `token_field`. An addition of
        /// rolecall.
        pub token_header: Option<Text>,
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
        /// Where name and password are: `body`, or `basic` for the `Authorization` header. Not
        /// written: `body`. An addition of rolecall.
        pub login_auth: Option<LoginAuth>,
        /// Further fields of the body. An addition of rolecall.
        pub additional_form_data: Named<EnvText>,
        /// Further headers of the login. An addition of rolecall.
        pub additional_headers: Named<EnvText>,
        /// The header that carries the token, for example `vmware-api-session-id`. Not written:
        /// `Authorization`. An addition of rolecall.
        pub header: Option<Text>,
        /// What stands before the token, one space apart; empty for the token alone. Not written:
        /// `Bearer` in `Authorization`, nothing in another header. An addition of rolecall.
        pub prefix: Option<Text>,
        /// Where to give the token back when the run is over: APIs bound the number of sessions. An
        /// addition of rolecall.
        pub logout_url: Option<EnvText>,
        /// The method of that: `POST`, `DELETE` or `GET`. Not written: `POST`. An addition of
        /// rolecall.
        pub logout_method: Option<LogoutMethod>,
        /// Where the answer tells where the API lives: its host takes the place of that of
        /// `base_url`. Only a URL with `https`, or of the host of `base_url`, is taken. An addition
        /// of rolecall.
        pub base_url_field: Option<PathText>,
    }
}

impl KindConfig<AuthFamily> for BearerDynamicConfig {
    fn compile(&self, cx: &mut CompileContext) -> Option<Box<dyn Authenticate>> {
        let login = Login::compile(
            &LoginConfig {
                url: &self.token_url,
                username: &self.username,
                password: &self.password,
                format: self.body_format,
                auth: self.login_auth,
                username_field: self.username_field.as_ref(),
                password_field: self.password_field.as_ref(),
                fields: &self.additional_form_data,
                headers: &self.additional_headers,
                logout_url: self.logout_url.as_ref(),
                logout_method: self.logout_method,
            },
            cx,
        );
        let place = self.place(cx);
        let carrier = self.carrier(cx);
        let expiry = self.expiry_field.as_ref();
        let expiry = expiry.map(|path| JsonPath::compile(path, cx));
        let base = self.base_url_field.as_ref();
        let base = base.map(|path| JsonPath::compile(path, cx));
        let session = Session {
            login: login?,
            place: place?,
            expiry: match expiry {
                Some(path) => Some(path?),
                None => None,
            },
            base: match base {
                Some(path) => Some(path?),
                None => None,
            },
        };
        let kept = Kept::new(session, self.token_expiry_padding);
        Some(Box::new(kept.carried(carrier?)))
    }
}

impl BearerDynamicConfig {
    fn place(&self, cx: &mut CompileContext) -> Option<Place> {
        match (&self.token_field, &self.token_header) {
            (Some(path), None) => JsonPath::compile(path, cx).map(Place::Body),
            (None, Some(name)) => header_name(name, cx).map(Place::Header),
            (Some(_), Some(header)) => cx.error(
                "conflicting-fields",
                header.span,
                "the token is in the body or in a header of the answer: keep `token_field` or `token_header`",
            ),
            (None, None) => {
                let at = cx.at(self.token_url.0.span);
                let message = "auth kind `bearer_dynamic` needs `token_field`";
                cx.note(
                    Diagnostic::error("missing-field", at, message).help(
                        "say where the token is in the answer: `token_field: data.token`, or `token_header` for a header of it",
                    ),
                );
                None
            }
        }
    }

    fn carrier(&self, cx: &mut CompileContext) -> Option<Carrier> {
        let header = match &self.header {
            Some(name) => header_name(name, cx)?,
            None => AUTHORIZATION,
        };
        let usual = if header == AUTHORIZATION {
            "Bearer"
        } else {
            ""
        };
        let prefix = self.prefix.as_ref().map_or(usual, Text::as_str).trim();
        Some(Carrier {
            header,
            prefix: match prefix {
                "" => String::new(),
                prefix => format!("{prefix} "),
            },
        })
    }
}

fn header_name(name: &Text, cx: &mut CompileContext) -> Option<HeaderName> {
    HeaderName::from_bytes(name.text.as_bytes())
        .ok()
        .or_else(|| {
            let message = format!("`{}` is not the name of a header", name.text);
            cx.error("bad-header", name.span, message)
        })
}

/// Where the token is in an answer.
#[derive(Debug)]
enum Place {
    Body(JsonPath),
    Header(HeaderName),
}

impl Place {
    fn request(&self, login: &Login) -> Result<RequestParts, SourceError> {
        let mut request = login.request()?;
        request.unread = matches!(self, Place::Header(_));
        Ok(request)
    }

    fn token<'a>(&self, answer: &'a Answer) -> Result<&'a str, SourceError> {
        let (found, written) = match self {
            Place::Body(path) => {
                let found = path.first(&answer.body).and_then(Json::as_str);
                (
                    found,
                    format!("there is no text at `token_field: {}`", path.text()),
                )
            }
            Place::Header(name) => {
                let found = answer.headers.get(name);
                let found = found.and_then(|value| value.to_str().ok());
                (found, format!("it has no header `{name}`"))
            }
        };
        found
            .filter(|token| !token.is_empty())
            .ok_or_else(|| SourceError::Unreadable {
                url: safe(&answer.url),
                expected: "an answer with a token",
                reason: written,
            })
    }
}

#[derive(Debug)]
struct Session {
    login: Login,
    place: Place,
    expiry: Option<JsonPath>,
    base: Option<JsonPath>,
}

#[async_trait]
impl FetchToken for Session {
    async fn fetch(&self, via: &dyn Ask) -> Result<Token, SourceError> {
        let answer = via.ask(self.place.request(&self.login)?).await?;
        let token = self.place.token(&answer)?;
        let said = self.expiry.as_ref();
        let said = said.and_then(|path| path.first(&answer.body).cloned());
        let said = said.or_else(|| jwt::expiry(token));
        Ok(Token {
            ends: said.and_then(|said| ending(&said, via.now())),
            value: SecretString::from(token),
            base: told_base(self.base.as_ref(), &answer)?,
        })
    }

    fn secrets(&self) -> Vec<SecretString> {
        self.login.secrets()
    }

    fn tells_base(&self) -> bool {
        self.base.is_some()
    }

    fn logout(&self) -> Option<RequestParts> {
        self.login.logout()
    }
}
