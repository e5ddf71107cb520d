//! Mistakes and traps that show only when sections are read together.

use std::collections::BTreeSet;

use crate::config::mapping::GrantMappingConfig;
use crate::config::resource_type::ResourceTypeConfig;
use crate::config::scalar::Text;
use crate::config::{CompileContext, ConnectorConfig, Dialect, Key};
use crate::diagnostic::nearest;
use crate::diagnostic::{Diagnostic, Severity};

/// Notes every reference that leads nowhere and every trap that upstream falls into silently.
pub(super) fn check(config: &ConnectorConfig, cx: &mut CompileContext) {
    let ids: Vec<&str> = config
        .resource_types
        .iter()
        .map(|(key, _)| key.text.as_str())
        .collect();
    if let Some(version) = &config.version
        && version.text != "1"
    {
        cx.error::<()>(
            "not-in-set",
            version.span,
            format!("`version` cannot be `{}`: write `\"1\"`", version.text),
        );
    }
    for (key, type_config) in config.resource_types.iter() {
        let mut lint = TypeLint {
            key,
            config: type_config,
            ids: &ids,
            cx,
        };
        lint.references();
        lint.static_entitlements();
        lint.both_kinds_of_entitlements();
        lint.grants();
        lint.later_sections();
    }
    let later = [
        ("actions", &config.actions),
        ("incremental_sync", &config.incremental_sync),
        ("error_handling", &config.error_handling),
    ];
    for (name, node) in later {
        if let Some(node) = node {
            not_yet(name, node.0.span, cx);
        }
    }
}

fn not_yet(name: &str, span: crate::diagnostic::Span, cx: &mut CompileContext) {
    let at = cx.at(span);
    cx.note(Diagnostic::note(
        "not-yet",
        at,
        format!("`{name}` is not used by this version: it syncs only"),
    ));
}

struct TypeLint<'l, 'e> {
    key: &'l Key,
    config: &'l ResourceTypeConfig,
    ids: &'l [&'l str],
    cx: &'l mut CompileContext<'e>,
}

impl TypeLint<'_, '_> {
    /// `parent_type`, `depends_on`, `child_types` and `grantable_to` name types of the file.
    fn references(&mut self) {
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
        if self.cx.dialect == Dialect::Sql
            && let Some(parent) = &config.parent_type
        {
            let message =
                "`parent_type` has no effect in a SQL file: a query is not told the parent";
            self.cx.error::<()>("wrong-dialect", parent.span, message);
        }
    }

    fn resource_type(&mut self, field: &str, name: &Text, severity: Severity) {
        if self.ids.contains(&name.text.as_str()) {
            return;
        }
        let at = self.cx.at(name.span);
        let help = match nearest(&name.text, self.ids.iter().copied()) {
            Some(close) => format!("did you mean `{close}`?"),
            None => format!("the types of this file are `{}`", self.ids.join("`, `")),
        };
        let message = format!(
            "`{field}` names `{}`, which is no resource type of this file",
            name.text
        );
        let diagnostic = Diagnostic {
            severity,
            ..Diagnostic::error("unknown-type", at, message)
        };
        self.cx.note(diagnostic.help(help));
    }

    fn static_entitlements(&mut self) {
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

    /// The SQL connectors run no entitlements query once `static_entitlements` is written.
    fn both_kinds_of_entitlements(&mut self) {
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

    /// Literal principal types and entitlement ids lead somewhere.
    fn grants(&mut self) {
        let statics: Vec<&str> = self
            .config
            .static_entitlements
            .iter()
            .flatten()
            .map(|entry| entry.id.text.as_str())
            .collect();
        let only_static = self.config.entitlements.0.is_empty();
        for entry in &self.config.grants.0 {
            let mapped = entry.map.iter().flat_map(|map| &map.0);
            let responses = entry
                .response
                .iter()
                .flat_map(|response| &response.grant_mapping.0);
            for mapping in mapped.chain(responses) {
                self.grant(mapping, only_static.then_some(statics.as_slice()));
            }
        }
        if self.config.skip_entitlements_and_grants && !self.config.grants.0.is_empty() {
            self.cx.warning(
                "no-effect",
                self.key.span,
                format!(
                    "`{}` lists grants, but `skip_entitlements_and_grants` leaves them out",
                    self.key.text
                ),
                "remove one of the two",
            );
        }
    }

    fn grant(&mut self, mapping: &GrantMappingConfig, statics: Option<&[&str]>) {
        let principal_type = &mapping.principal_type.0;
        if !principal_type.text.contains(':') && !principal_type.text.is_empty() {
            self.resource_type("principal_type", principal_type, Severity::Error);
        }
        let id = &mapping.entitlement_id.0;
        let literal = match self.cx.dialect {
            Dialect::Sql => crate::config::compile::is_bare_word(&id.text),
            Dialect::Http => !id.text.starts_with("cel:") && !id.text.starts_with("tmpl:"),
        };
        if let Some(statics) = statics
            && literal
            && !statics.contains(&id.text.as_str())
        {
            let at = self.cx.at(id.span);
            let message = format!("`{}` has no entitlement `{}`", self.key.text, id.text);
            let help = match nearest(&id.text, statics.iter().copied()) {
                Some(close) => format!("did you mean `{close}`?"),
                None if statics.is_empty() => "declare it in `static_entitlements`".to_owned(),
                None => format!("its entitlements are `{}`", statics.join("`, `")),
            };
            self.cx
                .note(Diagnostic::error("unknown-entitlement", at, message).help(help));
        }
        if let Some(node) = &mapping.annotations {
            let at = self.cx.at(node.0.span);
            self.cx.note(Diagnostic::warning(
                "no-effect",
                at,
                "`annotations` of a grant have no effect",
            ));
        }
    }

    fn later_sections(&mut self) {
        let config = self.config;
        let later = [
            ("account_provisioning", &config.account_provisioning),
            ("credential_rotation", &config.credential_rotation),
            ("get", &config.get),
            ("incremental_sync", &config.incremental_sync),
        ];
        for (name, node) in later {
            if let Some(node) = node {
                not_yet(name, node.0.span, self.cx);
            }
        }
        let provisioning = config
            .static_entitlements
            .iter()
            .flatten()
            .filter_map(|entry| entry.provisioning.as_ref());
        for node in provisioning {
            not_yet("provisioning", node.0.span, self.cx);
        }
    }
}
