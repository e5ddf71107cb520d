//! How auth kinds ask: for tokens, for sessions, for what they sign.

use std::time::SystemTime;

use async_trait::async_trait;
use secrecy::SecretString;

use super::exchange::Wire;
use crate::source::SourceError;
use crate::source::http::answer::received::Answer;
use crate::source::http::request::base::safe;
use crate::source::http::request::parts::RequestParts;
use crate::source::http::token::{Ask, Refused};

#[async_trait]
impl Ask for Wire<'_> {
    async fn ask(&self, request: RequestParts) -> Result<Answer, SourceError> {
        let answer = self.attempt(request).await;
        answer.map_err(|refused| refused.error)
    }

    async fn attempt(&self, request: RequestParts) -> Result<Answer, Refused> {
        let system = safe(&request.url);
        self.send(&request).await.map_err(|failure| {
            // Endpoints refuse a client with 400 as well as with 401.
            let refuses = failure
                .status
                .is_some_and(|status| status.is_client_error());
            let error = match failure.error {
                SourceError::Status {
                    status,
                    detail,
                    transient: false,
                    ..
                } if refuses => SourceError::Refused {
                    system,
                    reason: format!("{status}{detail}"),
                },
                SourceError::Refused { reason, .. } => SourceError::Refused { system, reason },
                error => error,
            };
            Refused {
                error,
                headers: *failure.headers,
            }
        })
    }

    fn learn(&self, secret: &SecretString) {
        self.redactor.learn(secret);
    }

    fn now(&self) -> SystemTime {
        self.source.clock.now()
    }

    fn nonce(&self) -> Result<String, SourceError> {
        self.source.clock.nonce()
    }
}
