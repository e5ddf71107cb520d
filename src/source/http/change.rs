//! `request` of a grant or a revoke → a request that changes the system.

use super::request::pre_requests::{PreRequests, check_names};
use super::request::template::{Purpose, RequestTemplate};
use super::source::HttpSource;
use crate::config::CompileContext;
use crate::config::http::RequestConfig;
use crate::expr::Variables;

/// A compiled request that changes something.
#[derive(Debug)]
pub struct HttpChange {
    request: RequestTemplate,
    before: PreRequests,
}

impl HttpSource {
    /// Compiles a request that changes something. Every mistake in it is noted.
    pub fn change(
        &self,
        request: &RequestConfig,
        variables: Variables,
        cx: &mut CompileContext,
    ) -> Option<HttpChange> {
        let mut known = self.common.known();
        let pre = &request.pre_requests;
        let before = PreRequests::compile(pre, &known, &self.base, &self.conditions, variables, cx);
        let compiled =
            RequestTemplate::compile(request, &self.base, variables, Purpose::Change, cx)?;
        known.extend(pre.iter().map(|(name, _)| name.text.as_str()));
        check_names(&compiled, request, &known, cx);
        Some(HttpChange {
            request: compiled,
            before: before?,
        })
    }
}

impl HttpChange {
    /// Whether the request depends on a variable.
    pub fn mentions(&self, variable: &str) -> bool {
        self.request.mentions(variable) || self.before.mentions(variable)
    }
}
