//! How one thing is found: an account before and after it is made, a resource by its id, whether
//! somebody holds something.

use super::connection::Connection;
use crate::config::CompileContext;
use crate::config::http::RequestConfig;
use crate::config::scalar::PathText;
use crate::expr::{Inputs, Variables};
use crate::source::http::HttpFind;
use crate::source::sql::SqlStatement;
use crate::source::{FoundOne, SourceError};

/// Finds one thing.
#[derive(Debug)]
pub enum FindPlan {
    /// By a query: its first row.
    Sql(SqlStatement),
    /// By a request.
    Http(Box<HttpFind>),
}

impl FindPlan {
    /// Compiles a request that finds something. `None` when a mistake was noted.
    pub(super) fn by_request(
        request: &RequestConfig,
        item_path: Option<&PathText>,
        variables: Variables,
        connection: Option<&Connection>,
        cx: &mut CompileContext,
    ) -> Option<Self> {
        let source = connection?.http()?;
        let find = source.find(request, item_path, variables, cx)?;
        Some(FindPlan::Http(Box::new(find)))
    }

    /// Asks for it. `None` when there is no such thing.
    pub async fn ask(&self, inputs: &Inputs) -> Result<Option<FoundOne>, SourceError> {
        match self {
            FindPlan::Sql(query) => {
                let rows = query.rows(inputs).await?;
                Ok(rows.into_iter().next().map(|record| FoundOne {
                    record,
                    shared: Inputs::new(),
                }))
            }
            FindPlan::Http(find) => find.ask(inputs).await,
        }
    }

    /// Whether what is looked for depends on a variable.
    pub fn uses_value(&self, name: &str) -> bool {
        match self {
            FindPlan::Sql(query) => query.uses_value(name),
            FindPlan::Http(request) => request.mentions(name),
        }
    }
}
