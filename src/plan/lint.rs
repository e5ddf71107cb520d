//! Mistakes and traps that show only when sections are read together.

use std::collections::BTreeSet;

use crate::config::mapping::GrantMappingConfig;
use crate::config::resource_type::ResourceTypeConfig;
use crate::config::scalar::Text;
use crate::config::{CompileContext, ConnectorConfig, Dialect, Key};
use crate::diagnostic::{Diagnostic, Severity, list, nearest};

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
        let message = format!("`version` cannot be `{}`", version.text);
        let fix = cx.rewrite(version, "1");
        let at = cx.at(version.span);
        let wrong = Diagnostic::error("not-in-set", at, message).help("write `version: \"1\"`");
        cx.note(wrong.fix_if(fix));
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
        lint.colons();
        lint.both_kinds_of_entitlements();
        lint.grants();
    }
    mixed_mappings(config, cx);
    if let Some(section) = &config.error_handling
        && cx.dialect == Dialect::Sql
    {
        let message =
            "`error_handling` is about the statuses of an API, and `connect` reaches a database";
        cx.warning("no-effect", section.span, message, "remove it");
    }
}

/// Under `map` bare text is an expression, under `response` it is literal: both in one file of an
/// API mislead.
fn mixed_mappings(config: &ConnectorConfig, cx: &mut CompileContext) {
    if cx.dialect != Dialect::Http {
        return;
    }
    let types = || config.resource_types.iter().map(|(_, config)| config);
    let lists = || types().filter_map(|config| config.list.as_ref());
    let entitlements = || types().flat_map(|config| &config.entitlements.0);
    let grants = || types().flat_map(|config| &config.grants.0);
    let mapped = lists()
        .filter_map(|list| list.map.as_ref()?.0.first())
        .map(|mapping| mapping.id.0.span)
        .chain(
            entitlements()
                .filter_map(|entry| entry.map.as_ref()?.0.first())
                .map(|mapping| mapping.id.0.span),
        )
        .chain(
            grants()
                .filter_map(|entry| entry.map.as_ref()?.0.first())
                .map(|mapping| mapping.principal_id.0.span),
        );
    let of_response = lists()
        .filter_map(|list| list.response.as_ref())
        .any(|response| response.resource_mapping.is_some())
        || entitlements()
            .filter_map(|entry| entry.response.as_ref())
            .any(|response| !response.entitlement_mapping.0.is_empty())
        || grants()
            .filter_map(|entry| entry.response.as_ref())
            .any(|response| !response.grant_mapping.0.is_empty());
    if let Some(span) = mapped.min_by_key(|span| span.start)
        && of_response
    {
        cx.warning(
            "mixed-mappings",
            span,
            "bare text is an expression under this `map`, but literal in the mappings of `response` elsewhere in the file",
            "move the mapping into `response`, with `cel:` before its expressions",
        );
    }
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

    /// Full ids are taken apart at their first two colons, so a type can have none, and a resource
    /// none that is granted or revoked.
    fn colons(&mut self) {
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
        for mapping in replacing(self.config) {
            let principal_type = &mapping.principal_type.0;
            if !is_program(&principal_type.text) && !principal_type.text.is_empty() {
                self.principal_type(principal_type);
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
        // A principal of another system may be of a type that this one does not have.
        let here = mapping.external_match.is_none();
        if here && !is_program(&principal_type.text) && !principal_type.text.is_empty() {
            self.principal_type(principal_type);
        }
        let id = &mapping.entitlement_id.0;
        let literal = match self.cx.dialect {
            Dialect::Sql => sql_literal(&id.text),
            Dialect::Http => (!is_program(&id.text)).then_some(id.text.as_str()),
        };
        if let Some(statics) = statics
            && let Some(literal) = literal
            && !statics.contains(&literal)
        {
            let at = self.cx.at(id.span);
            let message = format!("`{}` has no entitlement `{literal}`", self.key.text);
            let close = nearest(literal, statics.iter().copied());
            let help = match close {
                Some(close) => format!("did you mean `{close}`?"),
                None if statics.is_empty() => "declare it in `static_entitlements`".to_owned(),
                None => format!("its entitlements are {}", list(statics)),
            };
            let fix = close.and_then(|close| {
                let start = id.text.find(literal)?;
                self.cx.edit(id, start..start + literal.len(), close)
            });
            let unknown = Diagnostic::error("unknown-entitlement", at, message).help(help);
            self.cx.note(unknown.fix_if(fix));
        }
        let expandable = mapping.expandable.iter();
        for id in expandable.flat_map(|expandable| &expandable.entitlement_ids) {
            self.full_id(&id.0);
        }
        if let Some(id) = &mapping.entitlement_resource_id {
            self.cx.warning(
                "no-effect",
                id.0.span,
                "`entitlement_resource_id` belongs to `grant_replace`: it has no effect here",
                "write `resource_id` where one listing serves all resources, else remove it",
            );
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

    /// A principal type that is literal: in SQL files it always is.
    fn principal_type(&mut self, text: &Text) {
        let written = text.text.as_str();
        let bare = written.trim_matches(['\'', '"']);
        let mut fix = None;
        let help = if self.ids.contains(&written) {
            return;
        } else if self.ids.contains(&bare) {
            fix = self.cx.rewrite(text, bare);
            format!("it is literal and needs no quotes of its own: write `{bare}`")
        } else if crate::config::is_bare_word(written) {
            return self.resource_type("principal_type", text, Severity::Error);
        } else {
            match self.cx.dialect {
                Dialect::Sql => "it is literal: write one mapping for each type, with `skip_if`, or an expression after `cel:`".to_owned(),
                Dialect::Http => "it is literal: an expression begins with `cel:`".to_owned(),
            }
        };
        let at = self.cx.at(text.span);
        let message =
            format!("`principal_type` names `{written}`, which is no resource type of this file");
        let unknown = Diagnostic::error("unknown-type", at, message).help(help);
        self.cx.note(unknown.fix_if(fix));
    }

    /// `expandable.entitlement_ids` name entitlements of any resource, so by their full ids.
    fn full_id(&mut self, text: &Text) {
        let literal = match self.cx.dialect {
            Dialect::Sql => sql_literal(&text.text),
            Dialect::Http => (!is_program(&text.text)).then_some(text.text.as_str()),
        };
        if let Some(id) = literal
            && id.matches(':').count() < 2
        {
            self.cx.warning(
                "unknown-entitlement",
                text.span,
                format!("`{id}` is no full id of an entitlement: nothing is expanded"),
                "write type, resource and entitlement: `\"'group:' + string(.gid) + ':member'\"`",
            );
        }
    }
}

/// The mappings of grants that new ones replace.
fn replacing(config: &ResourceTypeConfig) -> impl Iterator<Item = &GrantMappingConfig> {
    let statics = config.static_entitlements.iter().flatten();
    let statics = statics.map(|entry| entry.provisioning.as_ref());
    let maps = config.entitlements.0.iter().flat_map(|entry| &entry.map);
    let listed = maps.flat_map(|map| &map.0);
    let listed = listed.map(|mapping| mapping.provisioning.as_ref());
    let grants = statics.chain(listed).flatten();
    let grants = grants.filter_map(|provisioning| provisioning.grant.as_ref());
    let replacing = grants.filter_map(|grant| grant.grant_replace.as_ref());
    replacing.flat_map(|replacing| &replacing.map.0)
}

/// True for text that is a program in both dialects.
fn is_program(text: &str) -> bool {
    text.starts_with("cel:") || text.starts_with("tmpl:")
}

/// The text that an expression of a SQL file is, when it is only that: `member` or `'member'`.
fn sql_literal(text: &str) -> Option<&str> {
    if crate::config::is_bare_word(text) {
        return Some(text);
    }
    ["'", "\""].iter().find_map(|quote| {
        let inside = text.strip_prefix(quote)?.strip_suffix(quote)?;
        (!inside.contains(['\'', '"', '\\'])).then_some(inside)
    })
}
