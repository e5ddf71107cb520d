//! `type: cookie_session`: a login that answers with cookies.

use async_trait::async_trait;
use reqwest::header::{COOKIE, SET_COOKIE};
use secrecy::SecretString;
use url::Url;

use super::Authenticate;
use crate::config::CompileContext;
use crate::config::connect::AuthFamily;
use crate::config::decode::{Named, section};
use crate::config::kind::{Kind, KindConfig};
use crate::config::scalar::{EnvText, SecretText, Text};
use crate::source::SourceError;
use crate::source::http::request::base::safe;
use crate::source::http::request::parts::RequestParts;
use crate::source::http::token::cookies::Cookies;
use crate::source::http::token::login::{Login, LoginAuth, LoginConfig, LoginFormat, LogoutMethod};
use crate::source::http::token::{Ask, Carrier, FetchToken, Kept, Token, oauth2};

inventory::submit! { Kind::<AuthFamily>::of::<CookieSessionConfig>("cookie_session") }

section! {
    /// Sends a user's name and password to a login endpoint, and the cookies that it sets with every
    /// request. It logs in once more when the API refuses them or redirects to its login page. An
    /// addition of rolecall.
    pub struct CookieSessionConfig {
        /// The login endpoint.
        pub login_url: EnvText,
        /// The user's name.
        pub username: EnvText,
        /// The user's password, for example `${ACME_PASSWORD}`.
        pub password: SecretText,
        /// How name and password are sent: `json` or `form`. Not written: `json`.
        pub body_format: Option<LoginFormat>,
        /// The field of the name. Not written: `username`.
        pub username_field: Option<Text>,
        /// The field of the password. Not written: `password`.
        pub password_field: Option<Text>,
        /// Where name and password are: `body`, or `basic` for the `Authorization` header. Not
        /// written: `body`.
        pub login_auth: Option<LoginAuth>,
        /// Further fields of the body, for example `CompanyDB`.
        pub additional_form_data: Named<EnvText>,
        /// Further headers of the login.
        pub additional_headers: Named<EnvText>,
        /// The page to which the API redirects those who are not logged in. Not written: `login_url`.
        pub login_page: Option<EnvText>,
        /// Where to log out when the run is over: APIs bound the number of sessions.
        pub logout_url: Option<EnvText>,
        /// The method of that: `POST`, `DELETE` or `GET`. Not written: `POST`.
        pub logout_method: Option<LogoutMethod>,
    }
}

impl KindConfig<AuthFamily> for CookieSessionConfig {
    fn compile(&self, cx: &mut CompileContext) -> Option<Box<dyn Authenticate>> {
        let page = self.login_page.as_ref().map(|page| oauth2::url(page, cx));
        let login = Login::compile(
            &LoginConfig {
                url: &self.login_url,
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
        )?;
        let session = CookieSession {
            page: match page {
                Some(page) => page?,
                None => login.url().clone(),
            },
            login,
        };
        Some(Box::new(Kept::new(session, None).carried(Carrier {
            header: COOKIE,
            prefix: String::new(),
        })))
    }
}

#[derive(Debug)]
struct CookieSession {
    login: Login,
    page: Url,
}

#[async_trait]
impl FetchToken for CookieSession {
    async fn fetch(&self, via: &dyn Ask) -> Result<Token, SourceError> {
        let mut request = self.login.request()?;
        request.unread = true;
        let answer = via.ask(request).await?;
        let mut cookies = Cookies::default();
        cookies.take(answer.headers.get_all(SET_COOKIE), via);
        let value = cookies.text().ok_or_else(|| SourceError::Unreadable {
            url: safe(&answer.url),
            expected: "a login with cookies",
            reason: "it sets none; check `login_url`, and the names of the fields".to_owned(),
        })?;
        Ok(Token {
            value: SecretString::from(value),
            // Sessions do not say when they end.
            ends: None,
            base: None,
        })
    }

    fn secrets(&self) -> Vec<SecretString> {
        self.login.secrets()
    }

    fn is_login(&self, target: &Url) -> bool {
        target.origin() == self.page.origin() && target.path() == self.page.path()
    }

    fn logout(&self) -> Option<RequestParts> {
        self.login.logout()
    }
}
