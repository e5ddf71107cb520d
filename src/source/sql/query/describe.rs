//! A query that is not run → what the database says of it.

use super::super::pagination::Paginate;
use super::super::statement::{Binding, Fragment, Parameter, Statement};
use super::{Piece, SqlQuery};
use crate::expr::Value;
use crate::source::{Described, SourceError};

impl SqlQuery {
    /// What the first of its databases says of the query. Nothing is run, and no value is needed.
    pub(in crate::source::sql) async fn described(&self) -> Result<Described, SourceError> {
        let filled = self.pieces.iter().find_map(|piece| match piece {
            Piece::Slot { name, .. } if !piece.is_parameter() => Some(name),
            Piece::Slot { .. } | Piece::Sql(_) => None,
        });
        if let Some(name) = filled {
            return Ok(Described::not(format!(
                "`?<{name}>` is filled into its text, and the value is not known"
            )));
        }
        let Some(database) = self.databases().await?.first() else {
            return Ok(Described::not("there is no database"));
        };
        database.describe(&self.outline()).await
    }

    /// The statement, its parameters bound to nothing.
    fn outline(&self) -> Statement<'_> {
        let mut fragments = Vec::new();
        let mut parameters = Vec::new();
        for piece in &self.pieces {
            match piece {
                Piece::Sql(sql) => fragments.push(Fragment::Sql(sql.clone())),
                Piece::Slot { name, .. } => {
                    fragments.push(Fragment::Parameter);
                    parameters.push(Parameter {
                        name: name.clone(),
                        binding: Binding::Value(Value::Null),
                    });
                }
            }
        }
        Statement {
            fragments,
            parameters,
            max_rows: None,
            key: self.paging.as_deref().and_then(Paginate::primary_key),
            written: Some(&self.written),
        }
    }
}
