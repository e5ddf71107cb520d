//! Mistakes and traps that show only when sections are read together.

use std::collections::BTreeSet;

use crate::config::decode::Named;
use crate::config::mapping::GrantMappingConfig;
use crate::config::resource_type::ResourceTypeConfig;
use crate::config::scalar::Text;
use crate::config::{CompileContext, ConnectorConfig, Dialect, Key};
use crate::diagnostic::{Diagnostic, Severity, list, nearest};
use crate::expr::possible_texts;

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
            all: &config.resource_types,
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

/// Warns of `vars` of the file that nothing uses. One that is misspelt where it is used was told.
pub(super) fn vars(config: &ConnectorConfig, cx: &mut CompileContext) {
    let misspelt = |found: &Diagnostic| {
        found.code == "unknown-member" && found.message.starts_with("`vars` of the file")
    };
    if cx.diagnostics.iter().any(misspelt) {
        return;
    }
    let file = cx.file();
    let text = file.text();
    let word = |c: char| c.is_alphanumeric() || c == '_';
    for (key, _) in config.vars.iter() {
        let member = format!("vars.{}", key.text);
        let named = text.match_indices(&member).any(|(at, _)| {
            let after = &text[at + member.len()..];
            !after.starts_with(word)
        });
        if cx.dialect == Dialect::Sql {
            let message = "`vars` at the top of the file has no effect: queries take the `vars` of their own section";
            let help = "write it beside the query that uses it";
            return cx.warning("no-effect", key.span, message, help);
        }
        // `vars[…]`, `index .vars …` and `range .vars` may use any of them.
        let any = text.contains("vars[") || text.contains(".vars ") || text.contains(".vars}");
        if !named && !any {
            let message = format!("nothing uses `vars.{}`", key.text);
            let help =
                "write `cel:vars.name` or `{{ .vars.name }}` where it is needed, or remove it";
            cx.warning("unused-var", key.span, message, help);
        }
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
    all: &'l Named<ResourceTypeConfig>,
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
                let at = self.cx.at(child.span);
                let message = format!(
                    "`{}` is listed under `{}` already, which its `parent_type` names",
                    child.text, parent.text
                );
                let twice = Diagnostic::error("conflicting-fields", at, message);
                let help = "remove it here, or change its `parent_type`";
                self.cx.note(twice.help(help));
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
                self.cx.warning("duplicate-id", name.span, message, help);
            }
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
        if here {
            let ids = self.ids;
            self.choices("principal_type", "unknown-type", principal_type, ids);
        }
        let id = &mapping.entitlement_id.0;
        if let Some(statics) = statics {
            self.choices("entitlement_id", "unknown-entitlement", id, statics);
        }
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

    /// The sides of a choice, as far as they are texts, name something of the file.
    fn choices(&mut self, field: &str, code: &'static str, text: &Text, known: &[&str]) {
        let source = match (text.text.strip_prefix("cel:"), self.cx.dialect) {
            (Some(source), _) => source,
            (None, Dialect::Sql) if field == "entitlement_id" => text.text.as_str(),
            _ => return,
        };
        if !source.contains('?') {
            return;
        }
        for written in possible_texts(source) {
            if known.contains(&written.as_str()) {
                continue;
            }
            let quoted = ["'", "\""].iter().find_map(|quote| {
                let at = text.text.find(&format!("{quote}{written}{quote}"))?;
                Some(at + 1..at + 1 + written.len())
            });
            let meant = nearest(&written, known.iter().copied());
            let help = match meant {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => format!("there are {}", list(known)),
            };
            let fix = quoted
                .clone()
                .zip(meant)
                .and_then(|(range, meant)| self.cx.edit(text, range, meant));
            let span = quoted.map_or(text.span, |range| self.cx.locate(text, range));
            let at = self.cx.at(span);
            let message = match code {
                "unknown-type" => {
                    format!("`{field}` may be `{written}`, which is no resource type of this file")
                }
                _ => format!("`{}` has no entitlement `{written}`", self.key.text),
            };
            let unknown = Diagnostic::error(code, at, message).help(help);
            self.cx.note(unknown.fix_if(fix));
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
        let head = literal.or_else(|| leading_literal(&text.text));
        if let Some((kind, _)) = head.and_then(|head| head.split_once(':'))
            && !kind.is_empty()
            && !self.ids.contains(&kind)
        {
            let at = text.text.find(&format!("{kind}:")).unwrap_or_default();
            let range = at..at + kind.len();
            let meant = nearest(kind, self.ids.iter().copied());
            let help = match meant {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => format!("the types of this file are {}", list(self.ids)),
            };
            let fix = meant.and_then(|meant| self.cx.edit(text, range.clone(), meant));
            let at = self.cx.at(self.cx.locate(text, range));
            let message = format!(
                "this id begins with `{kind}`, which is no resource type of this file: nothing is expanded"
            );
            let unknown = Diagnostic::warning("unknown-type", at, message).help(help);
            self.cx.note(unknown.fix_if(fix));
            return;
        }
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

/// The text that an expression begins with: `'group:'` of `'group:' + string(.gid)`.
fn leading_literal(text: &str) -> Option<&str> {
    let text = text.strip_prefix("cel:").unwrap_or(text).trim_start();
    ["'", "\""].iter().find_map(|quote| {
        let (inside, rest) = text.strip_prefix(quote)?.split_once(quote)?;
        rest.trim_start().starts_with('+').then_some(inside)
    })
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
