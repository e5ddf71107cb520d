//! The system that a file describes, by its dialect.

use std::sync::Arc;

use crate::config::connect::ConnectConfig;
use crate::config::decode::Named;
use crate::config::http::PaginationConfig;
use crate::config::resource_type::ScopeWord;
use crate::config::scalar::{ExprText, SqlText};
use crate::config::{CompileContext, ConnectorConfig};
use crate::expr::Variables;
use crate::source::http::{HttpListing, HttpSource};
use crate::source::sql::{Column, SqlListing, SqlSource};
use crate::source::{Fetch, Source};

/// The system as the file's dialect reaches it.
pub(super) enum Connection {
    Sql(Arc<SqlSource>),
    Http(Arc<HttpSource>),
}

impl Connection {
    pub(super) fn compile(config: &ConnectorConfig, cx: &mut CompileContext) -> Option<Self> {
        match config.connect.as_ref()? {
            ConnectConfig::Sql(connect) => SqlSource::compile(connect, cx).map(Connection::Sql),
            ConnectConfig::Http(connect) => {
                HttpSource::compile(connect, config, cx).map(Connection::Http)
            }
        }
    }

    pub(super) fn source(&self) -> Arc<dyn Source> {
        match self {
            Connection::Sql(source) => source.clone(),
            Connection::Http(source) => source.clone(),
        }
    }

    pub(super) fn sql(&self) -> Option<&Arc<SqlSource>> {
        match self {
            Connection::Sql(source) => Some(source),
            Connection::Http(_) => None,
        }
    }

    pub(super) fn http(&self) -> Option<&Arc<HttpSource>> {
        match self {
            Connection::Http(source) => Some(source),
            Connection::Sql(_) => None,
        }
    }

    #[expect(clippy::too_many_arguments, reason = "one per field of a SQL step")]
    pub(super) fn sql_listing(
        &self,
        query: &SqlText,
        vars: &Named<ExprText>,
        pagination: Option<&PaginationConfig>,
        scope: Option<ScopeWord>,
        variables: Variables,
        resource_type: Option<&str>,
        cx: &mut CompileContext,
    ) -> Option<Box<dyn Fetch>> {
        let Connection::Sql(source) = self else {
            return None;
        };
        source.listing(
            SqlListing {
                query,
                vars,
                pagination,
                scope,
                variables,
                resource_type,
            },
            cx,
        )
    }

    pub(super) fn http_listing(
        &self,
        listing: HttpListing<'_>,
        cx: &mut CompileContext,
    ) -> Option<Box<dyn Fetch>> {
        let Connection::Http(source) = self else {
            return None;
        };
        source.listing(listing, cx)
    }

    /// The columns that a query selects, where they can be told without running it.
    pub(super) fn selected(&self, query: &str) -> Option<Vec<Column>> {
        match self {
            Connection::Sql(source) => source.selected(query),
            Connection::Http(_) => None,
        }
    }
}
