//! Entitlements of a type: ids that stand twice or cannot be taken apart, two kinds that exclude each
//! other elsewhere.

use std::collections::BTreeSet;

use super::TypeLint;
use crate::config::Dialect;

impl TypeLint<'_, '_> {
    pub(super) fn static_entitlements(&mut self) {
        let mut seen = BTreeSet::new();
        for entry in self.config.static_entitlements.iter().flatten() {
            if !seen.insert(entry.id.text.as_str()) {
                let message = format!(
                    "the static entitlement `{}` is written twice",
                    entry.id.text
                );
                self.cx.error::<()>("duplicate-id", entry.id.span, message);
            }
        }
    }

    /// Full ids are taken apart at their first two colons, so a type can have none, and a resource
    /// none that is granted or revoked.
    pub(super) fn colons(&mut self) {
        let key = self.key;
        if key.text.contains(':') {
            self.cx.warning(
                "ambiguous-id",
                key.span,
                format!("the resource type `{}` has a colon in its id: full ids such as `type:resource:entitlement` cannot be told apart", key.text),
                "choose an id without colons",
            );
        }
        let statics = self.config.static_entitlements.iter().flatten();
        let mut provisioned = statics.clone().filter(|entry| entry.provisioning.is_some());
        let resources = self.config.static_resources.iter().flatten();
        let resources = resources.map(|resource| &resource.id);
        let ids = match provisioned.clone().next() {
            Some(_) => resources.collect(),
            None => Vec::new(),
        };
        let ids = ids
            .into_iter()
            .chain(provisioned.by_ref().map(|entry| &entry.id));
        for id in ids.filter(|id| id.text.contains(':')) {
            self.cx.warning(
                "ambiguous-id",
                id.span,
                format!("`{}` has a colon in its id: what is granted or revoked is found by full ids such as `type:resource:entitlement`", id.text),
                "choose an id without colons",
            );
        }
    }

    /// The SQL connectors run no entitlements query once `static_entitlements` is written.
    pub(super) fn both_kinds_of_entitlements(&mut self) {
        let both =
            self.config.static_entitlements.is_some() && !self.config.entitlements.0.is_empty();
        if both && self.cx.dialect == Dialect::Sql {
            self.cx.warning(
                "both-entitlements",
                self.key.span,
                format!("`{}` has static and listed entitlements: rolecall syncs both, baton-sql only the static ones", self.key.text),
                "",
            );
        }
    }
}
