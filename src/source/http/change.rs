//! `request` of a grant or a revoke → a request that changes the system.

use super::request::{Purpose, RequestTemplate};
use super::source::HttpSource;
use crate::config::CompileContext;
use crate::config::http::RequestConfig;
use crate::expr::Variables;

/// A compiled request that changes something.
#[derive(Debug)]
pub struct HttpChange {
    request: RequestTemplate,
}

impl HttpSource {
    /// Compiles a request that changes something. Every mistake in it is noted.
    pub fn change(
        &self,
        request: &RequestConfig,
        variables: Variables,
        cx: &mut CompileContext,
    ) -> Option<HttpChange> {
        RequestTemplate::compile(request, &self.base, variables, Purpose::Change, cx)
            .map(|request| HttpChange { request })
    }
}

impl HttpChange {
    /// Whether the request depends on a variable.
    pub fn mentions(&self, variable: &str) -> bool {
        self.request.mentions(variable)
    }
}
