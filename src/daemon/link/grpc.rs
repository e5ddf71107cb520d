//! The HTTP client as what gRPC goes through, and answers that are none of gRPC.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};

use futures::future::BoxFuture;
use futures::stream;
use reqwest::header::CONTENT_TYPE;
use reqwest::{Body, Client, Request, Response, StatusCode};
use tonic::codegen::{Body as _, Service};
use tonic::{Code, Status};

use super::error::RpcError;
use super::token::SharedClock;
use crate::source::http::retry_after;

/// Carries calls.
#[derive(Debug, Clone)]
pub(super) struct Grpc {
    pub client: Client,
    /// Where the platform is, for messages.
    pub place: Arc<str>,
    pub clock: SharedClock,
}

impl Service<http::Request<tonic::body::Body>> for Grpc {
    type Response = http::Response<Body>;
    type Error = RpcError;
    type Future = BoxFuture<'static, Result<http::Response<Body>, RpcError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), RpcError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<tonic::body::Body>) -> Self::Future {
        let this = self.clone();
        Box::pin(async move {
            let unreached = |error| RpcError::unreached(&this.place, error);
            let request = Request::try_from(self::request(request)).map_err(unreached)?;
            let response = this.client.execute(request).await.map_err(unreached)?;
            this.check(&response)?;
            Ok(response.into())
        })
    }
}

/// Goes with a request whose messages have an end of their own: until that was sent, the end of
/// its body is none, and the stream is broken off.
#[derive(Debug, Clone, Default)]
pub(super) struct Ended(Arc<AtomicBool>);

impl Ended {
    /// The last message was sent.
    pub fn set(&self) {
        self.0.store(true, Ordering::Release);
    }

    fn is_set(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

/// The request with a body that the client takes: what a request of gRPC sends has no trailers.
fn request(request: http::Request<tonic::body::Body>) -> http::Request<Body> {
    let ended = request.extensions().get::<Ended>().cloned();
    request.map(|body| {
        let mut body = Box::pin(body);
        let mut broken = false;
        let parts = stream::poll_fn(move |cx| {
            loop {
                let frame = ready!(body.as_mut().poll_frame(cx));
                let is_end = ended.as_ref().is_none_or(Ended::is_set);
                return Poll::Ready(match frame {
                    Some(Ok(frame)) => match frame.into_data() {
                        Ok(data) => Some(Ok(data)),
                        Err(_) => continue,
                    },
                    Some(Err(status)) => Some(Err(status)),
                    None if is_end || broken => None,
                    None => {
                        broken = true;
                        Some(Err(Status::cancelled("broken off")))
                    }
                });
            }
        });
        Body::wrap_stream(parts)
    })
}

impl Grpc {
    /// Refuses an answer that is none of gRPC: a page for people, of a gateway or of another host.
    fn check(&self, response: &Response) -> Result<(), RpcError> {
        let kind = response.headers().get(CONTENT_TYPE);
        let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        if kind.starts_with("application/grpc") {
            return Ok(());
        }
        let place = &self.place;
        let status = response.status();
        let (code, advice) = match status {
            StatusCode::UNAUTHORIZED => (Code::Unauthenticated, "it does not take the token"),
            StatusCode::FORBIDDEN => (
                Code::PermissionDenied,
                "something before the platform lets nobody through",
            ),
            StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED => {
                (Code::Unimplemented, "is it the host of the platform?")
            }
            StatusCode::TOO_MANY_REQUESTS => (Code::ResourceExhausted, "it is asked too often"),
            StatusCode::BAD_GATEWAY
            | StatusCode::SERVICE_UNAVAILABLE
            | StatusCode::GATEWAY_TIMEOUT => (Code::Unavailable, "the platform is away"),
            _ => (
                Code::Unknown,
                "is it the host of the platform, and is nothing between?",
            ),
        };
        let what = match kind.split(';').next().unwrap_or_default().trim() {
            "" => "nothing of gRPC".to_owned(),
            kind => format!(
                "`{}` instead of gRPC",
                kind.chars().take(80).collect::<String>()
            ),
        };
        let message = format!("`{place}` answers with {status} and {what}: {advice}");
        let wait = retry_after(response.headers(), self.clock.now());
        Err(RpcError::new(code, message).after(wait))
    }
}
