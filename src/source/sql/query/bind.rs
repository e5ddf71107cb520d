//! The pieces of a query and the values of its placeholders → a statement.

use super::super::pagination::Paginate;
use super::super::placeholder::Form;
use super::super::statement::{Binding, Fragment, Parameter, Statement};
use super::{Piece, Slot, SqlQuery};
use crate::expr::{Inputs, Scope, Value, to_text};
use crate::source::SourceError;

impl SqlQuery {
    /// The statement of the page that begins at `place`.
    pub(in crate::source::sql) fn bind(
        &self,
        inputs: &Inputs,
        place: Option<&str>,
    ) -> Result<Statement<'_>, SourceError> {
        let vars = self.values(inputs)?;
        let mut fragments = Vec::new();
        let mut parameters = Vec::new();
        for piece in &self.pieces {
            let (name, form, slot) = match piece {
                Piece::Sql(sql) => {
                    fragments.push(Fragment::Sql(sql.clone()));
                    continue;
                }
                Piece::Slot { name, form, slot } => (name, *form, slot),
            };
            let binding = self.value(slot, &vars, inputs, place)?;
            if piece.is_parameter() {
                fragments.push(Fragment::Parameter);
                parameters.push(Parameter {
                    name: name.clone(),
                    binding,
                });
            } else {
                fragments.push(self.inline(name, form, binding)?);
            }
        }
        let paging = self.paging.as_deref();
        Ok(Statement {
            fragments,
            parameters,
            max_rows: paging.map(|paging| paging.page_size() + 1),
            key: paging.and_then(Paginate::primary_key),
            written: Some(&self.written),
        })
    }

    /// The values of the vars that the query uses.
    fn values(&self, inputs: &Inputs) -> Result<Vec<(&str, Value)>, SourceError> {
        let scope = Scope::new(inputs, None);
        let used = |name: &str| {
            self.pieces.iter().any(
                |piece| matches!(piece, Piece::Slot { slot: Slot::Var(used), .. } if used == name),
            )
        };
        self.vars
            .iter()
            .filter(|(name, _)| used(name))
            .map(|(name, expression)| Ok((name.as_str(), expression.value(&scope)?)))
            .collect()
    }

    fn value(
        &self,
        slot: &Slot,
        vars: &[(&str, Value)],
        inputs: &Inputs,
        place: Option<&str>,
    ) -> Result<Binding, SourceError> {
        let paging = || {
            self.paging
                .as_deref()
                .expect("placeholders of paging are compiled only with paging")
        };
        Ok(match slot {
            Slot::Limit => {
                let limit = i64::try_from(paging().page_size() + 1).expect("a page is small");
                Binding::Value(Value::Int(limit))
            }
            Slot::Place => paging().binding(place)?,
            Slot::Var(name) => {
                let found = vars.iter().find(|(var, _)| var == name);
                let (_, value) = found.expect("each var of a slot was evaluated");
                Binding::Value(value.clone())
            }
            // What may be left out and was, such as a field of a form, is null.
            Slot::Input(name) => Binding::Value(inputs.get(name).cloned().unwrap_or(Value::Null)),
            Slot::ResourceId => {
                let resource = inputs.get("resource");
                let id = resource.and_then(|found| found.get("ID").or_else(|| found.get("id")));
                Binding::Value(id.cloned().ok_or_else(|| {
                    SourceError::Invalid("there is no current resource to take the id of".into())
                })?)
            }
        })
    }

    /// A value written into the SQL, filtered so that it stays one word or one identifier.
    fn inline(&self, name: &str, form: Form, binding: Binding) -> Result<Fragment, SourceError> {
        let text = match &binding {
            Binding::Value(value) | Binding::Key(value) => to_text(value)
                .map_err(|message| SourceError::Invalid(format!("`?<{name}>`: {message}")))?,
            Binding::Least => None,
        };
        let text = text.unwrap_or_default();
        let word = |c: &char| c.is_ascii_alphanumeric() || *c == '_';
        let inlined = match form {
            Form::Identifier => {
                if text.is_empty() || text.contains('\0') {
                    return Err(SourceError::Invalid(format!(
                        "`?<{name}|identifier>` is no identifier: it is empty or holds a zero byte"
                    )));
                }
                let dialect = self.source.dialect;
                if let Some(longest) = dialect.longest_identifier()
                    && text.len() > longest
                {
                    return Err(SourceError::Invalid(format!(
                        "`?<{name}|identifier>` has {} bytes, and the database keeps {longest} of them: it would name something else",
                        text.len()
                    )));
                }
                let quoted = dialect.quote_identifier(&text);
                return Ok(Fragment::Identifier { name: text, quoted });
            }
            Form::Keyword => {
                let kept: String = text.chars().filter(|c| word(c) || *c == ' ').collect();
                kept.split(' ')
                    .filter(|part| !part.is_empty())
                    .collect::<Vec<_>>()
                    .join(" ")
            }
            Form::Unquoted | Form::Parameter => text.chars().filter(word).collect(),
        };
        Ok(Fragment::Sql(inlined))
    }
}
