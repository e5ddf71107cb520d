//! Grants: principals and entitlements that the file names, and full ids of others.

use super::TypeLint;
use crate::config::Dialect;
use crate::config::mapping::GrantMappingConfig;
use crate::config::resource_type::ResourceTypeConfig;
use crate::config::scalar::Text;
use crate::diagnostic::{Diagnostic, Severity, list, nearest};
use crate::expr::possible_texts;

impl TypeLint<'_, '_> {
    /// Literal principal types and entitlement ids lead somewhere.
    pub(super) fn grants(&mut self) {
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
        let expandable = expandable.filter(|_| here);
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
