//! A URL → what is there: a description that anybody may read, asked for without credentials.

use std::time::Duration;

use reqwest::header::ACCEPT;
use url::Url;

use super::request::base::{host, safe};
use super::source::install_tls;
use crate::source::SourceError;

/// How long it may take.
const TIMEOUT: Duration = Duration::from_secs(60);

/// How large it may be.
const LARGEST: usize = 64 << 20;

/// Brings what is at a URL.
pub async fn download(url: &Url) -> Result<Vec<u8>, SourceError> {
    install_tls();
    let unreachable = |error: reqwest::Error| SourceError::Unreachable {
        system: host(url),
        transient: error.is_timeout() || error.is_connect(),
        reason: crate::causes::in_one_line(&error.without_url()),
    };
    let client = reqwest::Client::builder()
        .user_agent(concat!("rolecall/", env!("CARGO_PKG_VERSION")))
        .timeout(TIMEOUT)
        .build()
        .map_err(unreachable)?;
    let request = client
        .get(url.clone())
        .header(ACCEPT, "application/json, application/yaml, */*");
    let mut response = request.send().await.map_err(unreachable)?;
    if !response.status().is_success() {
        return Err(SourceError::Status {
            method: "GET".to_owned(),
            url: safe(url),
            status: response.status().to_string(),
            detail: String::new(),
            transient: response.status().is_server_error(),
            retry_after: None,
            by_rule: false,
        });
    }
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(unreachable)? {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > LARGEST {
            return Err(SourceError::Unreadable {
                url: safe(url),
                expected: "a description",
                reason: format!("it has more than {} MB", LARGEST >> 20),
            });
        }
    }
    Ok(bytes)
}
