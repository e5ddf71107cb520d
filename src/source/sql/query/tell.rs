//! A statement that was run → what whoever writes the connector is told of it.

use super::super::statement::{Binding, Statement};
use super::SqlQuery;
use crate::expr::Value;
use crate::source::{Asked, PageToken, Told};

impl SqlQuery {
    /// What was asked of a database and came. `looped`: why paging was stopped, where it was.
    pub(super) fn told(
        &self,
        statement: &Statement<'_>,
        database: &str,
        count: usize,
        next: Option<&PageToken>,
        looped: Option<&str>,
    ) -> Told {
        let size = self.paging.as_deref().map(|paging| paging.page_size());
        let because = match (size, next, looped) {
            (_, _, Some(reason)) => reason.to_owned(),
            (None, ..) => "the query is not paged".to_owned(),
            (Some(size), Some(_), None) if count > size => {
                format!("there is a row behind the {size} of the page")
            }
            (Some(_), Some(_), None) => "the next database follows".to_owned(),
            (Some(size), None, None) => {
                format!("no row is behind the {count} of the page, which may have {size}")
            }
        };
        Told {
            asked: Asked::Statement {
                database: self.source.is_multiple().then(|| database.to_owned()),
                sql: statement.sql(|index| self.source.dialect.mark(index)),
                values: values(statement),
            },
            count,
            size: size.and_then(|size| u64::try_from(size).ok()),
            answer: None,
            next: next.map(|token| token.as_str().to_owned()),
            probe: false,
            because,
        }
    }
}

/// Names of placeholders and what they are bound to, each once.
fn values(statement: &Statement<'_>) -> Vec<(String, Value)> {
    let mut values: Vec<(String, Value)> = Vec::new();
    for parameter in &statement.parameters {
        let value = match &parameter.binding {
            Binding::Value(value) | Binding::Key(value) => value.clone(),
            Binding::Least => Value::Text("(the least there is)".to_owned()),
        };
        if !values.iter().any(|(name, _)| *name == parameter.name) {
            values.push((parameter.name.clone(), value));
        }
    }
    values
}
