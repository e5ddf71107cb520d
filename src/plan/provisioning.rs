//! `provisioning` of a type's entitlements → how they are granted and revoked.

use super::granting::{self, ProvisioningPlan};
use super::listing::TypeCompiler;
use crate::config::decode::Placed;
use crate::config::provisioning::ProvisioningConfig;
use crate::diagnostic::Span;

/// How the entitlements of a type are granted and revoked.
#[derive(Debug, Default)]
pub struct TypeProvisioning {
    /// Of static entitlements, by their ids.
    pub statics: Vec<(String, ProvisioningPlan)>,
    /// Of listed entitlements: only the id of one is known when it is granted, not which mapping it
    /// came from, so there is one way for all.
    pub listed: Option<ProvisioningPlan>,
}

impl TypeCompiler<'_, '_> {
    /// Compiles the provisioning of every entitlement of the type.
    pub(super) fn provisioning(&mut self) -> TypeProvisioning {
        let config = self.config;
        let mut compiled = TypeProvisioning::default();
        let statics = config.static_entitlements.iter().flatten();
        for (index, entry) in statics.enumerate() {
            if let Some(provisioning) = &entry.provisioning {
                let path = format!(
                    "resource_types.{}.static_entitlements[{index}]",
                    self.key.text
                );
                let plan = self.entitlement(provisioning, entry.immutable, &path);
                compiled
                    .statics
                    .extend(plan.map(|plan| (entry.id.text.clone(), plan)));
            }
        }
        let mut first: Option<Span> = None;
        for entry in &config.entitlements.0 {
            let path = format!("resource_types.{}.entitlements", self.key.text);
            let mapped = entry.map.iter().flat_map(|map| &map.0);
            let mapped = mapped.map(|mapping| ("map", mapping));
            let responses = entry.response.iter();
            let responses = responses.flat_map(|response| &response.entitlement_mapping.0);
            let responses = responses.map(|mapping| ("response.entitlement_mapping", mapping));
            for (field, mapping) in mapped.chain(responses) {
                let Some(provisioning) = &mapping.provisioning else {
                    continue;
                };
                let span = provisioning.span;
                // Several mappings may refer to the same text by an alias.
                match first {
                    Some(first) if first == span => continue,
                    Some(_) => self.cx.warning(
                        "no-effect",
                        span,
                        "an earlier mapping of the type has `provisioning`: that one is used for all listed entitlements",
                        "write it once; `entitlement.ID` in `vars` tells the entitlements apart",
                    ),
                    None => {}
                }
                let path = format!("{path}.{field}");
                let plan = self.entitlement(provisioning, mapping.immutable, &path);
                if first.replace(span).is_none() {
                    compiled.listed = plan;
                }
            }
        }
        compiled
    }

    fn entitlement(
        &mut self,
        config: &Placed<ProvisioningConfig>,
        immutable: bool,
        path: &str,
    ) -> Option<ProvisioningPlan> {
        if immutable {
            self.cx.warning(
                "conflicting-fields",
                config.span,
                "an entitlement that is `immutable` is neither granted nor revoked",
                "remove `immutable` or `provisioning`",
            );
        }
        granting::compile(
            config,
            &format!("{path}.provisioning"),
            self.connection,
            self.cx,
        )
    }
}
