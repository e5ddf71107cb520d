//! What every request carries: `http.headers` and `connect.request_defaults`.

use reqwest::header::{HeaderName, HeaderValue};
use secrecy::{ExposeSecret, SecretString};

use super::parts::RequestParts;
use super::pre_requests;
use super::texts::{header_names, literal_or_program, render};
use crate::config::connect::RequestDefaultsConfig;
use crate::config::decode::Named;
use crate::config::http::HttpClientConfig;
use crate::config::interpolate::mentions_variable;
use crate::config::scalar::TemplateText;
use crate::config::{CompileContext, carries_secret};
use crate::expr::{Escape, Expression, Inputs, Variables};
use crate::source::SourceError;

/// Texts that are the same for every listing may only use the connector's own variables.
const VARIABLES: Variables = Variables::of(&["vars"]);

/// Headers and query parameters written in one place.
#[derive(Debug, Default, Clone)]
pub(in crate::source::http) struct Carried {
    headers: Vec<(HeaderName, Field)>,
    query: Vec<(String, Field)>,
}

/// One value by name.
#[derive(Debug, Clone)]
pub(in crate::source::http) enum Field {
    Open(Expression),
    /// Filled in from the environment.
    Secret(SecretString),
}

impl Field {
    pub(in crate::source::http) fn program(&self) -> Option<&Expression> {
        match self {
            Field::Open(value) => Some(value),
            Field::Secret(_) => None,
        }
    }

    pub(in crate::source::http) fn secret(&self) -> Option<SecretString> {
        match self {
            Field::Secret(secret) => Some(secret.clone()),
            Field::Open(_) => None,
        }
    }

    /// The value as the file has it.
    pub(in crate::source::http) fn written(&self) -> String {
        match self {
            Field::Open(value) => value.source().to_owned(),
            Field::Secret(_) => "***".to_owned(),
        }
    }

    pub(in crate::source::http) fn text(
        &self,
        inputs: &Inputs,
    ) -> Result<Option<String>, SourceError> {
        match self {
            Field::Open(value) => Ok(render(value, inputs, Escape::None)?),
            Field::Secret(secret) => Ok(Some(secret.expose_secret().to_owned())),
        }
    }
}

impl Carried {
    /// The values that are programs.
    pub(in crate::source::http) fn programs(&self) -> impl Iterator<Item = &Expression> {
        let fields = self.headers.iter().map(|(_, field)| field);
        let fields = fields.chain(self.query.iter().map(|(_, field)| field));
        fields.filter_map(Field::program)
    }

    /// The same without the values that depend on a variable.
    fn without(&self, variable: &str) -> Self {
        let independent = |field: &Field| {
            let program = field.program();
            program.is_none_or(|value| !value.mentions(variable))
        };
        let mut kept = self.clone();
        kept.headers.retain(|(_, field)| independent(field));
        kept.query.retain(|(_, field)| independent(field));
        kept
    }

    pub(in crate::source::http) fn compile(
        headers: &Named<TemplateText>,
        query: &Named<TemplateText>,
        variables: Variables,
        cx: &mut CompileContext,
    ) -> Option<Self> {
        let names_are_good = header_names(headers, cx);
        let headers: Vec<_> = fields(headers, variables, cx);
        let query: Vec<_> = fields(query, variables, cx);
        if !names_are_good {
            return None;
        }
        let headers = headers.into_iter().map(|(name, field)| {
            let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
            Some((name, field?))
        });
        let headers = headers.collect::<Option<_>>()?;
        let query = query
            .into_iter()
            .map(|(name, field)| Some((name, field?)))
            .collect::<Option<_>>()?;
        Some(Self { headers, query })
    }

    /// Adds the query parameters. `gently`: only those that the URL does not set itself.
    pub(in crate::source::http) fn apply_query(
        &self,
        parts: &mut RequestParts,
        inputs: &Inputs,
        gently: bool,
    ) -> Result<(), SourceError> {
        for (name, field) in &self.query {
            if gently && parts.has_query(name) {
                continue;
            }
            if let Some(value) = field.text(inputs)? {
                parts.set_query(name, &value);
            }
        }
        Ok(())
    }

    /// Adds the headers, replacing those of the same name.
    pub(in crate::source::http) fn apply_headers(
        &self,
        parts: &mut RequestParts,
        inputs: &Inputs,
    ) -> Result<(), SourceError> {
        for (name, field) in &self.headers {
            let Some(text) = field.text(inputs)? else {
                continue;
            };
            let mut value = HeaderValue::from_bytes(text.as_bytes()).map_err(|_| {
                SourceError::Invalid(format!(
                    "the value of the header `{name}` has a line break or another control character"
                ))
            })?;
            value.set_sensitive(matches!(field, Field::Secret(_)));
            parts.headers.insert(name.clone(), value);
        }
        Ok(())
    }

    /// The query parameters as the file has them.
    pub(in crate::source::http) fn written_query(&self) -> Vec<(String, String)> {
        let written = self.query.iter();
        let written = written.map(|(name, field)| (name.clone(), field.written()));
        written.collect()
    }

    /// The headers as the file has them.
    pub(in crate::source::http) fn written_headers(&self) -> Vec<(String, String)> {
        let written = self.headers.iter();
        let written = written.map(|(name, field)| (name.to_string(), field.written()));
        written.collect()
    }

    pub(in crate::source::http) fn has_header(&self, name: &HeaderName) -> bool {
        self.headers.iter().any(|(found, _)| found == name)
    }

    /// Values that came from the environment.
    pub(in crate::source::http) fn secrets(&self) -> impl Iterator<Item = SecretString> {
        let fields = self.headers.iter().map(|(_, field)| field);
        let fields = fields.chain(self.query.iter().map(|(_, field)| field));
        fields.filter_map(Field::secret)
    }
}

/// Compiles values by name. Those that hold a value of the environment are secrets.
pub(in crate::source::http) fn fields(
    named: &Named<TemplateText>,
    variables: Variables,
    cx: &mut CompileContext,
) -> Vec<(String, Option<Field>)> {
    let compiled = named.iter().map(|(name, source)| {
        let secret = mentions_variable(&source.0.text);
        if carries_secret(&name.text) {
            cx.plain_secret(&source.0);
        }
        let value = literal_or_program(source, variables, cx).map(|value| match value.literal() {
            Some(text) if secret => Field::Secret(SecretString::from(text)),
            _ => Field::Open(value),
        });
        (name.text.clone(), value)
    });
    compiled.collect()
}

/// What every request carries. A request's own fields win over `request_defaults`, and those over
/// `http.headers`.
#[derive(Debug, Default)]
pub(in crate::source::http) struct Defaults {
    pub client_headers: Carried,
    pub carried: Carried,
    /// Of requests with a body.
    pub content_type: Option<HeaderValue>,
}

impl Defaults {
    pub(in crate::source::http) fn compile(
        defaults: Option<&RequestDefaultsConfig>,
        client: Option<&HttpClientConfig>,
        pre_requests: bool,
        cx: &mut CompileContext,
    ) -> Option<Self> {
        let variables = match pre_requests {
            true => VARIABLES.and(&[pre_requests::VARIABLE]),
            false => VARIABLES,
        };
        let client_headers = match client {
            Some(client) => Carried::compile(&client.headers, &Named::default(), variables, cx),
            None => Some(Carried::default()),
        };
        let Some(defaults) = defaults else {
            return Some(Self {
                client_headers: client_headers?,
                ..Self::default()
            });
        };
        let carried = Carried::compile(&defaults.headers, &defaults.query_params, variables, cx);
        let content_type = match &defaults.content_type {
            Some(text) => match HeaderValue::from_str(text.as_str()) {
                Ok(value) => Some(Some(value)),
                Err(_) => cx.error(
                    "bad-header",
                    text.span,
                    format!("`{}` cannot be a `Content-Type`", text.text),
                ),
            },
            None => Some(None),
        };
        Some(Self {
            client_headers: client_headers?,
            carried: carried?,
            content_type: content_type?,
        })
    }

    /// The same without what depends on a variable.
    pub(in crate::source::http) fn without(&self, variable: &str) -> Self {
        Self {
            client_headers: self.client_headers.without(variable),
            carried: self.carried.without(variable),
            content_type: self.content_type.clone(),
        }
    }

    /// Values that came from the environment.
    pub(in crate::source::http) fn secrets(&self) -> impl Iterator<Item = SecretString> {
        self.client_headers.secrets().chain(self.carried.secrets())
    }
}
