//! Mistakes and traps that show only when sections are read together.

mod entitlements;
mod file;
mod grants;
mod references;

use crate::config::decode::Named;
use crate::config::resource_type::ResourceTypeConfig;
use crate::config::{CompileContext, ConnectorConfig, Dialect, Key};
use crate::diagnostic::Diagnostic;

pub(super) use file::unused_vars;

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
    file::mixed_mappings(config, cx);
    if let Some(section) = &config.error_handling
        && cx.dialect == Dialect::Sql
    {
        let message =
            "`error_handling` is about the statuses of an API, and `connect` reaches a database";
        cx.warning("no-effect", section.span, message, "remove it");
    }
}

/// The checks of one type.
struct TypeLint<'l, 'e> {
    key: &'l Key,
    config: &'l ResourceTypeConfig,
    ids: &'l [&'l str],
    all: &'l Named<ResourceTypeConfig>,
    cx: &'l mut CompileContext<'e>,
}
