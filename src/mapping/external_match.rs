//! A record → which principals of another system are meant.

use super::MappingError;
use super::field::{FieldContext, optional_text};
use super::words::trait_kind;
use crate::config::external_match::ExternalMatchConfig;
use crate::diagnostic::{Diagnostic, Span};
use crate::expr::{Expression, Scope};
use crate::model::{ExternalMatch, TraitKind};

/// How a record tells which principals of another system are meant.
#[derive(Debug, Clone)]
pub(super) enum ExternalMatchMapping {
    Id(Expression),
    Attribute {
        kind: TraitKind,
        key: Expression,
        value: Expression,
    },
    All(TraitKind),
}

impl ExternalMatchMapping {
    /// Compiles `external_match`, which stands at `at`. `None` when a mistake was noted.
    pub fn compile(
        config: &ExternalMatchConfig,
        at: Span,
        fields: &mut FieldContext,
    ) -> Option<Self> {
        let id = fields.optional(&config.id);
        let key = fields.optional(&config.key);
        let value = fields.optional(&config.value);
        let kind = match &config.r#trait {
            Some(word) => trait_kind(word.0?),
            None => TraitKind::User,
        };
        let others = config.r#trait.is_some() || config.key.is_some() || config.value.is_some();
        let (message, help) = match (&config.id, &config.key, &config.value) {
            (Some(_), ..) if others => (
                "`external_match` has `id` and other keys: an id says everything",
                "keep `id`, or `key` and `value`",
            ),
            (Some(_), ..) => return id.map(Self::Id),
            (None, Some(_), Some(_)) => {
                return Some(Self::Attribute {
                    kind,
                    key: key?,
                    value: value?,
                });
            }
            (None, None, None) if config.r#trait.is_some() => return Some(Self::All(kind)),
            (None, None, None) => (
                "`external_match` does not say who is meant",
                "write `id`, or `key` and `value`; `trait` alone means everybody with that trait",
            ),
            (None, ..) => (
                "`key` and `value` of `external_match` belong together",
                "`key` names an attribute, such as `email`; `value` is what it must be",
            ),
        };
        let at = fields.cx.at(at);
        fields
            .cx
            .note(Diagnostic::error("external-match", at, message).help(help));
        None
    }

    /// Who is meant by a record; `None` when it names nobody.
    pub fn apply(&self, scope: &Scope<'_>) -> Result<Option<ExternalMatch>, MappingError> {
        let text = |field, expression| {
            let text = optional_text(field, Some(expression), scope)?;
            Ok(text.filter(|text| !text.is_empty()))
        };
        Ok(match self {
            Self::Id(id) => text("external_match.id", id)?.map(ExternalMatch::Id),
            Self::All(kind) => Some(ExternalMatch::All(*kind)),
            Self::Attribute { kind, key, value } => {
                let key = text("external_match.key", key)?;
                let value = text("external_match.value", value)?;
                key.zip(value).map(|(key, value)| ExternalMatch::Attribute {
                    kind: *kind,
                    key,
                    value,
                })
            }
        })
    }
}
