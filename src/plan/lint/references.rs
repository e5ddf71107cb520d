//! Names of resource types: `parent_type`, `child_types`, `depends_on`, `grantable_to`.

use std::collections::BTreeSet;

use super::TypeLint;
use crate::config::Dialect;
use crate::config::scalar::Text;
use crate::diagnostic::{Diagnostic, Severity, list, nearest};

impl TypeLint<'_, '_> {
    /// `parent_type`, `depends_on`, `child_types` and `grantable_to` name types of the file.
    pub(super) fn references(&mut self) {
        let config = self.config;
        for (field, name) in config
            .parent_type
            .iter()
            .map(|name| ("parent_type", name))
            .chain(config.depends_on.iter().map(|name| ("depends_on", name)))
            .chain(config.child_types.iter().map(|name| ("child_types", name)))
        {
            self.resource_type(field, name, Severity::Error);
        }
        let statics = config
            .static_entitlements
            .iter()
            .flatten()
            .flat_map(|entry| &entry.grantable_to);
        let listed = config.entitlements.0.iter().flat_map(|entry| {
            let mapped = entry.map.iter().flat_map(|map| &map.0);
            let responses = entry
                .response
                .iter()
                .flat_map(|response| &response.entitlement_mapping.0);
            mapped
                .chain(responses)
                .flat_map(|mapping| &mapping.grantable_to)
        });
        for name in statics.chain(listed) {
            // The reference drops unknown ones silently, so files that have some must run.
            self.resource_type("grantable_to", name, Severity::Warning);
        }
        self.family();
        if self.cx.dialect == Dialect::Sql
            && let Some(parent) = &config.parent_type
        {
            let message =
                "`parent_type` has no effect in a SQL file: a query is not told the parent";
            self.cx.error::<()>("wrong-dialect", parent.span, message);
        }
    }

    /// A type is listed under one other, and names nothing twice.
    fn family(&mut self) {
        for child in &self.config.child_types {
            let types = self.all.iter();
            let config = types
                .filter(|(key, _)| key.text == child.text)
                .map(|(_, config)| config);
            for parent in config.filter_map(|config| config.parent_type.as_ref()) {
                if parent.text == self.key.text || !self.ids.contains(&parent.text.as_str()) {
                    continue;
                }
                let message = format!(
                    "`{}` is listed under `{}`, which its `parent_type` names: this has no effect",
                    child.text, parent.text
                );
                let help = "remove it here, or change its `parent_type`";
                self.cx.warning("no-effect", child.span, message, help);
            }
        }
        let config = self.config;
        for (field, names) in [
            ("child_types", &config.child_types),
            ("depends_on", &config.depends_on),
        ] {
            let mut seen = BTreeSet::new();
            for name in names.iter().filter(|name| !seen.insert(&name.text)) {
                let message = format!("`{field}` names `{}` twice", name.text);
                let help = "remove one of the two";
                self.cx.warning("no-effect", name.span, message, help);
            }
        }
    }

    pub(super) fn resource_type(&mut self, field: &str, name: &Text, severity: Severity) {
        if self.ids.contains(&name.text.as_str()) {
            return;
        }
        let at = self.cx.at(name.span);
        let close = nearest(&name.text, self.ids.iter().copied());
        let help = match close {
            Some(close) => format!("did you mean `{close}`?"),
            None => format!("the types of this file are {}", list(self.ids)),
        };
        let fix = close.and_then(|close| self.cx.rewrite(name, close));
        let message = format!(
            "`{field}` names `{}`, which is no resource type of this file",
            name.text
        );
        let diagnostic = Diagnostic {
            severity,
            ..Diagnostic::error("unknown-type", at, message)
        };
        self.cx.note(diagnostic.help(help).fix_if(fix));
    }
}
