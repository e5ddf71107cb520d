//! `type: jwt_service_account`: a token for a signed statement (RFC 7523, section 2.1).

use async_trait::async_trait;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value as Json, json};
use url::{Url, form_urlencoded};

use super::Authenticate;
use crate::config::CompileContext;
use crate::config::connect::AuthFamily;
use crate::config::decode::{Named, section};
use crate::config::kind::{Kind, KindConfig};
use crate::config::scalar::{EnvText, PathText, SecretText, Text};
use crate::source::SourceError;
use crate::source::http::paths::JsonPath;
use crate::source::http::request::base::safe;
use crate::source::http::token::key::{Algorithm, KeyConfig, SigningKey, secret_file};
use crate::source::http::token::oauth2::{self, ASSERTION_LIFE, form_request, granted, seconds};
use crate::source::http::token::{Ask, FetchToken, Kept, Token, told_base};

const KIND: &str = "jwt_service_account";

inventory::submit! { Kind::<AuthFamily>::of::<ServiceAccountConfig>(KIND) }

section! {
    /// Signs a statement with the private key of a service account, and exchanges it for a token,
    /// which is sent as `Authorization: Bearer <token>`. Name the key file of the account, as
    /// Google gives it, or write out its fields. An addition of rolecall.
    pub struct ServiceAccountConfig {
        /// The key file of the account: JSON with `client_email`, `private_key`, `private_key_id` and
        /// `token_uri`.
        pub key_file: Option<EnvText>,
        /// The content of such a file instead, for example `${GOOGLE_CREDENTIALS}`.
        pub key: Option<SecretText>,
        /// Who signs: the account's mail address, or the id of a client. Not written: what the key
        /// file says.
        pub issuer | "client_email": Option<EnvText>,
        /// The account's private key: PEM text or a JWK. Not written: that of the key file.
        pub private_key: Option<SecretText>,
        /// The file of the private key instead.
        pub private_key_file: Option<EnvText>,
        /// The id of the key. Not written: what the key file says.
        pub key_id: Option<EnvText>,
        /// How the key signs: `RS256`, `RS384`, `RS512`, `PS256`, `ES256`, `ES384` or `EdDSA`. Not
        /// written: what is usual for the key.
        pub algorithm: Option<Algorithm>,
        /// The token endpoint. Not written: what the key file says.
        pub token_url: Option<EnvText>,
        /// The user the account acts for, for example an administrator. Not written: nobody, which
        /// some endpoints take for the account itself.
        pub subject: Option<EnvText>,
        /// Whom the statement is for. Not written: the token endpoint.
        pub audience: Option<EnvText>,
        /// What the token is for: words with blanks between them.
        pub scope: Option<Text>,
        /// The same as a list.
        pub scopes: Vec<Text>,
        /// Further claims of the statement.
        pub additional_claims: Named<EnvText>,
        /// Further fields of the form.
        pub additional_form_data: Named<EnvText>,
        /// Renews the token so many seconds before it ends. Not written: 60.
        pub token_expiry_padding: Option<u32>,
        /// Where the answer tells where the API lives, for example `instance_url`: its host takes the
        /// place of that of `base_url`.
        pub base_url_field: Option<PathText>,
    }
}

impl KindConfig<AuthFamily> for ServiceAccountConfig {
    fn compile(&self, cx: &mut CompileContext) -> Option<Box<dyn Authenticate>> {
        let file = self.file(cx);
        let issuer = self.issuer.as_ref().map(|text| cx.env(text));
        let url = self.token_url.as_ref().map(|url| oauth2::url(url, cx));
        let subject = self.subject.as_ref().map(|text| cx.env(text));
        let audience = self.audience.as_ref().map(|text| cx.env(text));
        let none = Named::default();
        let claims = oauth2::additional(&self.additional_claims, &none, cx);
        let form = oauth2::additional(&self.additional_form_data, &none, cx);
        let base = self.base_url_field.as_ref();
        let base = base.map(|path| JsonPath::compile(path, cx));
        let file = file?;
        let key = match &file {
            Some(file) if self.private_key.is_none() && self.private_key_file.is_none() => {
                file.key(self, cx)
            }
            file => KeyConfig {
                kind: KIND,
                key: self.private_key.as_ref(),
                file: self.private_key_file.as_ref(),
                id: self.key_id.as_ref(),
                algorithm: self.algorithm,
                span: file.as_ref().map_or(cx.block, |file| file.span),
            }
            .compile(cx),
        };
        let of_file = |field: &str| file.as_ref().and_then(|file| file.text(field));
        let url = match url {
            Some(url) => url,
            None => of_file("token_uri")
                .and_then(|url| Url::parse(url).ok())
                .or_else(|| {
                    let message = format!("auth kind `{KIND}` needs `token_url`");
                    cx.error("missing-field", cx.block, message)
                }),
        };
        let issuer = match issuer {
            Some(issuer) => issuer,
            None => of_file("client_email").map(str::to_owned).or_else(|| {
                let message = format!("auth kind `{KIND}` needs `issuer`, or `key_file`");
                cx.error("missing-field", cx.block, message)
            }),
        };
        let account = ServiceAccount {
            key: key?,
            url: url?,
            issuer: issuer?,
            subject: whole(subject)?,
            audience: whole(audience)?,
            scope: oauth2::scope(self.scope.as_ref(), &self.scopes),
            claims: claims?.0,
            form: form?.0,
            base: whole(base)?,
        };
        Some(Box::new(Kept::new(account, self.token_expiry_padding)))
    }
}

/// What is written and could be read, or not written; `None` when it is written and could not.
fn whole<T>(read: Option<Option<T>>) -> Option<Option<T>> {
    match read {
        Some(read) => read.map(Some),
        None => Some(None),
    }
}

/// A key file as Google gives it.
struct KeyFile {
    json: Json,
    span: crate::diagnostic::Span,
}

impl KeyFile {
    fn text(&self, field: &str) -> Option<&str> {
        self.json.get(field).and_then(Json::as_str)
    }

    fn key(&self, config: &ServiceAccountConfig, cx: &mut CompileContext) -> Option<SigningKey> {
        let id = config.key_id.as_ref().map(|id| cx.env(id));
        let id = whole(id)?.or_else(|| self.text("private_key_id").map(str::to_owned));
        let Some(key) = self.text("private_key") else {
            let help =
                "take the JSON key of a service account; that of a person has no private key";
            cx.lacking(
                "bad-key",
                self.span,
                "the key file has no `private_key`",
                help,
            );
            return None;
        };
        match SigningKey::read(key, config.algorithm, id) {
            Ok(key) => Some(key),
            Err((problem, help)) => {
                cx.lacking("bad-key", self.span, problem, help);
                None
            }
        }
    }
}

impl ServiceAccountConfig {
    /// The key file, where one is named. `None` when it cannot be read.
    fn file(&self, cx: &mut CompileContext) -> Option<Option<KeyFile>> {
        let (text, span) = match (&self.key_file, &self.key) {
            (Some(_), Some(key)) => {
                let message = "`key_file` names a file, and `key` is its content: keep one";
                return cx.error("conflicting-fields", key.0.span, message);
            }
            (Some(file), None) => (secret_file(file, "key_file", cx)?, file.0.span),
            (None, Some(key)) => (cx.secret(key)?.expose_secret().to_owned(), key.0.span),
            (None, None) => return Some(None),
        };
        match serde_json::from_str::<Json>(&text) {
            Ok(json) if json.is_object() => Some(Some(KeyFile { json, span })),
            _ => {
                let help = "take the JSON key of a service account; a key in PEM form belongs under `private_key`";
                cx.lacking("bad-key", span, "the key file is no JSON object", help);
                None
            }
        }
    }
}

#[derive(Debug)]
struct ServiceAccount {
    key: SigningKey,
    url: Url,
    issuer: String,
    subject: Option<String>,
    audience: Option<String>,
    scope: Option<String>,
    claims: Vec<(String, String)>,
    form: Vec<(String, String)>,
    base: Option<JsonPath>,
}

impl ServiceAccount {
    fn statement(&self, via: &dyn Ask) -> Result<String, SourceError> {
        let now = seconds(via.now());
        let mut claims = json!({
            "iss": self.issuer,
            "aud": self.audience.as_deref().unwrap_or(self.url.as_str()),
            "iat": now,
            "exp": now + ASSERTION_LIFE,
            "jti": via.nonce()?,
        });
        for (name, value) in [("sub", &self.subject), ("scope", &self.scope)] {
            if let Some(value) = value {
                claims[name] = value.as_str().into();
            }
        }
        for (name, value) in &self.claims {
            claims[name] = value.as_str().into();
        }
        self.key.token(&claims)
    }

    fn form(&self, statement: &str) -> String {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer");
        form.append_pair("assertion", statement);
        form.extend_pairs(&self.form);
        form.finish()
    }
}

#[async_trait]
impl FetchToken for ServiceAccount {
    async fn fetch(&self, via: &dyn Ask) -> Result<Token, SourceError> {
        let statement = self.statement(via)?;
        via.learn(&SecretString::from(statement.clone()));
        let form = self.form(&statement);
        let answer = via.ask(form_request(self.url.clone(), form)).await?;
        let mut token = granted(&answer.body, &safe(&answer.url), via.now())?;
        token.base = told_base(self.base.as_ref(), &answer)?;
        Ok(token)
    }

    fn secrets(&self) -> Vec<SecretString> {
        vec![self.key.secret()]
    }

    fn tells_base(&self) -> bool {
        self.base.is_some()
    }
}
