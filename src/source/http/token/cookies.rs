//! Cookies that an endpoint sets → the header that sends them back.
//!
//! They go to the API alone, as every credential does, so their domains and paths are not looked at.

use reqwest::header::{GetAll, HeaderValue};
use secrecy::SecretString;

use super::Ask;
use crate::source::SourceError;

/// Names and values, in the order in which they came.
#[derive(Default)]
pub struct Cookies(Vec<(String, String)>);

impl Cookies {
    /// Takes what an answer sets. An empty value takes a cookie back.
    pub fn take(&mut self, set: GetAll<'_, HeaderValue>, via: &dyn Ask) {
        for header in set {
            let text = String::from_utf8_lossy(header.as_bytes());
            let pair = text.split(';').next().unwrap_or_default();
            let Some((name, value)) = pair.split_once('=') else {
                continue;
            };
            let (name, value) = (name.trim(), value.trim());
            self.0.retain(|(known, _)| known != name);
            if !value.is_empty() {
                via.learn(&SecretString::from(value));
                self.0.push((name.to_owned(), value.to_owned()));
            }
        }
    }

    /// The value of the header `Cookie`; `None` without cookies.
    pub fn text(&self) -> Option<String> {
        let pairs = self.0.iter().map(|(name, value)| format!("{name}={value}"));
        let pairs: Vec<_> = pairs.collect();
        (!pairs.is_empty()).then(|| pairs.join("; "))
    }

    /// The header `Cookie`; `None` without cookies.
    pub fn header(&self) -> Result<Option<HeaderValue>, SourceError> {
        let Some(text) = self.text() else {
            return Ok(None);
        };
        let mut header = HeaderValue::from_str(&text).map_err(|_| {
            SourceError::Invalid("a cookie of the API cannot stand in a header".to_owned())
        })?;
        header.set_sensitive(true);
        Ok(Some(header))
    }
}
