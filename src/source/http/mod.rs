//! REST APIs: requests → pages of JSON items.

pub mod auth;
pub mod pagination;

// placeholder until merged
use crate::config::CompileContext;
use crate::config::connect::HttpConnectConfig;
use crate::config::http::{HttpClientConfig, PaginationConfig, RequestConfig, ResponseConfig};
use crate::expr::Variables;
use crate::source::{Fetch, Source, SourceError};
use std::sync::Arc;
#[derive(Debug)]
pub struct HttpSource;
pub struct HttpListing<'c> {
    pub request: &'c RequestConfig,
    pub response: &'c ResponseConfig,
    pub pagination: Option<&'c PaginationConfig>,
    pub variables: Variables,
    pub per_resource: bool,
}
impl HttpSource {
    pub fn compile(
        _: &HttpConnectConfig,
        _: Option<&HttpClientConfig>,
        _: &mut CompileContext,
    ) -> Option<Arc<Self>> {
        None
    }
    pub fn listing(
        self: &Arc<Self>,
        _: HttpListing<'_>,
        _: &mut CompileContext,
    ) -> Option<Box<dyn Fetch>> {
        None
    }
}
#[async_trait::async_trait]
impl Source for HttpSource {
    async fn check(&self) -> Result<(), SourceError> {
        Ok(())
    }
    async fn close(&self) {}
}
