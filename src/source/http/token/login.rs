//! Login endpoints of APIs: a user's name and password → a request.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::Method;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value as Json;
use url::{Url, form_urlencoded};

use super::oauth2;
use crate::config::CompileContext;
use crate::config::decode::{Named, closed_set};
use crate::config::scalar::{EnvText, SecretText, Text};
use crate::source::SourceError;
use crate::source::http::auth::secret_header;
use crate::source::http::request::parts::RequestParts;

closed_set! {
    /// How a login is sent.
    pub enum LoginFormat {
        /// As a JSON object.
        Json = "json",
        /// As an HTML form is.
        Form = "form",
    }
}

closed_set! {
    /// Where name and password of a login are.
    pub enum LoginAuth {
        /// In the body.
        Body = "body",
        /// In the `Authorization` header, as HTTP Basic authentication.
        Basic = "basic",
    }
}

closed_set! {
    /// How a session is ended.
    pub enum LogoutMethod {
        /// With `POST`.
        Post = "POST",
        /// With `DELETE`.
        Delete = "DELETE",
        /// With `GET`.
        Get = "GET",
    }
}

/// What a file says of a login.
pub struct LoginConfig<'c> {
    pub url: &'c EnvText,
    pub username: &'c EnvText,
    pub password: &'c SecretText,
    pub format: Option<LoginFormat>,
    pub auth: Option<LoginAuth>,
    pub username_field: Option<&'c Text>,
    pub password_field: Option<&'c Text>,
    pub fields: &'c Named<EnvText>,
    pub headers: &'c Named<EnvText>,
    pub logout_url: Option<&'c EnvText>,
    pub logout_method: Option<LogoutMethod>,
}

/// How to log in, and out again.
#[derive(Debug)]
pub struct Login {
    url: Url,
    format: LoginFormat,
    auth: LoginAuth,
    /// Fields of the body: name and value.
    username: (String, String),
    password: (String, SecretString),
    fields: Vec<(String, String)>,
    headers: HeaderMap,
    logout: Option<(Method, Url)>,
}

impl Login {
    /// Compiles what a file says of a login. Every mistake is noted.
    pub fn compile(config: &LoginConfig<'_>, cx: &mut CompileContext) -> Option<Self> {
        let url = oauth2::url(config.url, cx);
        let (username, password) = (cx.env(config.username), cx.secret(config.password));
        let additional = oauth2::additional(config.fields, config.headers, cx);
        let logout = config.logout_url.map(|url| oauth2::url(url, cx));
        let name = |field: Option<&Text>, otherwise: &str| {
            field.map_or(otherwise, Text::as_str).to_owned()
        };
        let method = match config.logout_method.unwrap_or(LogoutMethod::Post) {
            LogoutMethod::Post => Method::POST,
            LogoutMethod::Delete => Method::DELETE,
            LogoutMethod::Get => Method::GET,
        };
        let (fields, headers) = additional?;
        Some(Self {
            url: url?,
            format: config.format.unwrap_or(LoginFormat::Json),
            auth: config.auth.unwrap_or(LoginAuth::Body),
            username: (name(config.username_field, "username"), username?),
            password: (name(config.password_field, "password"), password?),
            fields,
            headers,
            logout: match logout {
                Some(url) => Some((method, url?)),
                None => None,
            },
        })
    }

    /// The login endpoint.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// The request that logs in.
    pub fn request(&self) -> Result<RequestParts, SourceError> {
        let mut request = RequestParts::new(Method::POST, self.url.clone());
        request.anonymous = true;
        request
            .headers
            .insert(ACCEPT, HeaderValue::from_static("application/json"));
        request.headers.extend(self.headers.clone());
        let mut fields = Vec::new();
        match self.auth {
            LoginAuth::Basic => {
                let header = format!("Basic {}", self.pair());
                let header = secret_header(&header, "password")?;
                request.headers.insert(AUTHORIZATION, header);
            }
            LoginAuth::Body => {
                fields.push((self.username.0.as_str(), self.username.1.as_str()));
                fields.push((self.password.0.as_str(), self.password.1.expose_secret()));
            }
        }
        let further = self.fields.iter();
        fields.extend(further.map(|(name, value)| (name.as_str(), value.as_str())));
        if fields.is_empty() {
            return Ok(request);
        }
        let (content_type, body) = match self.format {
            LoginFormat::Json => {
                let fields = fields
                    .into_iter()
                    .map(|(name, value)| (name.to_owned(), Json::from(value)));
                let body = Json::Object(fields.collect());
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
        request.body = Some(body);
        Ok(request)
    }

    /// The request that logs out, without its session.
    pub fn logout(&self) -> Option<RequestParts> {
        let (method, url) = self.logout.as_ref()?;
        let mut request = RequestParts::new(method.clone(), url.clone());
        request.anonymous = true;
        request.unread = true;
        Some(request)
    }

    fn pair(&self) -> String {
        let password = self.password.1.expose_secret();
        STANDARD.encode(format!("{}:{password}", self.username.1))
    }

    /// Every secret that logging in puts on the wire.
    pub fn secrets(&self) -> Vec<SecretString> {
        vec![self.password.1.clone(), SecretString::from(self.pair())]
    }
}
