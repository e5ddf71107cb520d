//! Databases: queries → pages of rows.

pub mod pagination;

// placeholder until merged
use crate::config::CompileContext;
use crate::config::connect::SqlConnectConfig;
use crate::config::decode::Named;
use crate::config::http::PaginationConfig;
use crate::config::resource_type::ScopeWord;
use crate::config::scalar::{ExprText, SqlText};
use crate::expr::Variables;
use crate::source::{Fetch, Source, SourceError};
use std::sync::Arc;
#[derive(Debug)]
pub struct SqlSource;
pub struct SqlListing<'c> {
    pub query: &'c SqlText,
    pub vars: &'c Named<ExprText>,
    pub pagination: Option<&'c PaginationConfig>,
    pub scope: Option<ScopeWord>,
    pub variables: Variables,
    pub resource_type: Option<&'c str>,
}
impl SqlSource {
    pub fn compile(_: &SqlConnectConfig, _: &mut CompileContext) -> Option<Arc<Self>> {
        None
    }
    pub fn listing(
        self: &Arc<Self>,
        _: SqlListing<'_>,
        _: &mut CompileContext,
    ) -> Option<Box<dyn Fetch>> {
        None
    }
}
#[async_trait::async_trait]
impl Source for SqlSource {
    async fn check(&self) -> Result<(), SourceError> {
        Ok(())
    }
    async fn close(&self) {}
}
#[derive(Debug, serde::Serialize)]
pub struct DialectDoc {
    pub scheme: &'static str,
    pub description: String,
}
pub fn documented_dialects() -> Vec<DialectDoc> {
    Vec::new()
}
