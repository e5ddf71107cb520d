//! A record → the free-form attributes of a resource.

use crate::config::Wanted;
use crate::config::decode::Named;
use crate::config::scalar::ExprText;
use crate::expr::{Expression, Scope};
use crate::mapping::MappingError;
use crate::mapping::field::FieldContext;
use crate::model::{Profile, ProfileValue};

#[derive(Debug, Clone)]
pub(in crate::mapping) struct ProfileMapping(pub(super) Vec<(String, Expression)>);

impl ProfileMapping {
    pub(super) fn compile(config: &Named<ExprText>, fields: &mut FieldContext) -> Self {
        let compiled = config.iter().filter_map(|(name, source)| {
            Some((name.text.clone(), fields.compile(Wanted::Text, source)?))
        });
        Self(compiled.collect())
    }

    /// Every attribute as text; null ones are absent.
    pub(super) fn apply(&self, scope: &Scope<'_>) -> Result<Profile, MappingError> {
        let mut profile = Profile::new();
        for (name, expression) in &self.0 {
            let text = expression
                .text(scope)
                .map_err(MappingError::expression("profile"))?;
            if let Some(text) = text {
                profile.insert(name.clone(), ProfileValue::Text(text));
            }
        }
        Ok(profile)
    }
}
