//! An answer as it comes in: its beginning, the rest of its body, or why it is none.

use reqwest::StatusCode;
use reqwest::header::{CONTENT_LENGTH, HeaderMap};
use tokio::sync::mpsc;
use url::Url;

use super::exchange::Wire;
use super::failure::Failure;
use super::limits::{self, Limit};
use super::retry::is_transient;
use super::transport::Broken;
use crate::source::SourceError;
use crate::source::http::answer::body::{LARGEST_HELD, too_large_to_hold};
use crate::source::http::answer::received::{self, Incoming};
use crate::source::http::request::base::{host, safe};
use crate::source::http::request::parts::RequestParts;

/// How much of an answer is read before anybody looks at it: most answers are smaller.
pub(super) const START: usize = 512 * 1024;

/// How much of a failed answer is read to find its reason.
const REASON_BYTES: usize = 64 * 1024;

/// How much of an answer is read.
#[derive(Clone, Copy)]
pub(in crate::source::http) struct Extent {
    /// At most about so many bytes before anybody looks at it.
    pub start: usize,
    /// All of it is going to be held.
    pub held: bool,
}

impl Wire<'_> {
    /// Hands the rest of a body on, chunk by chunk, with an empty one at its end.
    pub(in crate::source::http) async fn feed(
        &self,
        mut response: reqwest::Response,
        to: mpsc::Sender<Vec<u8>>,
    ) -> Result<(), SourceError> {
        let url = response.url().clone();
        let chunk = async |response: &mut reqwest::Response| {
            let chunk = response.chunk().await;
            chunk.map_err(|error| self.unreachable(&url, error))
        };
        while let Some(bytes) = chunk(&mut response).await? {
            // Empty ones would be the end. Nobody takes them when the answer cannot be read.
            if !bytes.is_empty() && to.send(bytes.into()).await.is_err() {
                return Ok(());
            }
        }
        let _ = to.send(Vec::new()).await;
        Ok(())
    }

    pub(super) async fn receive(
        &self,
        mut response: reqwest::Response,
        request: &RequestParts,
        extent: Extent,
    ) -> Result<Incoming, Failure> {
        let (status, headers, url) = (
            response.status(),
            response.headers().clone(),
            request.url.clone(),
        );
        if !status.is_success() {
            // A reason that cannot be read is no reason to hide the status.
            let read = self.body(&mut response, &url, REASON_BYTES).await;
            let bytes = read.map(|(bytes, _)| bytes).unwrap_or_default();
            let failure = self.refusal(status, &headers, request, &bytes);
            return Err(Failure {
                body: Some(bytes),
                ..failure
            });
        }
        if request.unread {
            return Ok(Incoming::unread(&response, &url));
        }
        let announced = headers
            .get(CONTENT_LENGTH)
            .and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
        if extent.held && announced > Some(LARGEST_HELD) {
            return Err(Failure::lost(too_large_to_hold(&url)));
        }
        let read = self.body(&mut response, &url, extent.start).await;
        let (start, ended) = read.map_err(Failure::lost)?;
        Ok(Incoming {
            status,
            headers,
            url,
            start,
            more: (!ended).then_some(response),
            unread: false,
        })
    }

    /// Reads the beginning of a body: chunks until there are `most` bytes. True when that is all.
    async fn body(
        &self,
        response: &mut reqwest::Response,
        url: &Url,
        most: usize,
    ) -> Result<(Vec<u8>, bool), SourceError> {
        let mut bytes = Vec::new();
        while let Some(chunk) = response
            .chunk()
            .await
            .map_err(|error| self.unreachable(url, error))?
        {
            bytes.extend_from_slice(&chunk);
            if bytes.len() >= most {
                return Ok((bytes, false));
            }
        }
        Ok((bytes, true))
    }

    fn refusal(
        &self,
        status: StatusCode,
        headers: &HeaderMap,
        request: &RequestParts,
        bytes: &[u8],
    ) -> Failure {
        let reason = received::reason(bytes, self.redactor);
        let limit = limits::reached(status, headers, bytes);
        let now = self.source.now();
        let retry_after = limits::retry_after(status, headers, limit, now);
        if let Some(wait) = retry_after {
            // Whoever else asks is told the same.
            self.source.limiter.pause(&host(&request.url), wait, now);
        }
        let mut detail = reason.as_ref().map(|reason| format!(": {reason}"));
        if limit == Some(Limit::Daily) {
            let told = detail.get_or_insert_default();
            told.truncate(told.trim_end_matches('.').len());
            told.push_str("; this is a limit for the day: run again when it is renewed");
        }
        let error = match status {
            StatusCode::UNAUTHORIZED => SourceError::Refused {
                system: host(&request.url),
                reason: reason.map_or(status.to_string(), |reason| format!("{status}: {reason}")),
            },
            status => SourceError::Status {
                method: request.method.to_string(),
                url: safe(&request.url),
                status: status.to_string(),
                detail: detail.unwrap_or_default(),
                transient: is_transient(status, limit),
                retry_after,
                by_rule: false,
            },
        };
        Failure {
            error,
            status: Some(status),
            sent: None,
            headers: Box::new(headers.clone()),
            body: None,
            arrived: true,
        }
    }

    /// A body that broke off, in our words.
    fn unreachable(&self, url: &Url, error: reqwest::Error) -> SourceError {
        self.broken(url, Broken::of(error))
    }

    pub(super) fn broken(&self, url: &Url, broken: Broken) -> SourceError {
        SourceError::Unreachable {
            system: host(url),
            reason: self.redactor.line(&broken.reason),
            transient: broken.transient,
        }
    }
}
