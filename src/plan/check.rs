//! A file that was read → its plan, and everything an author should know about it.

use std::collections::HashMap;

use super::{Plan, compile};
use crate::config::decode::Placed;
use crate::config::{CompileContext, ConnectorConfig, Environment, Loaded};
use crate::diagnostic::{self, Diagnostic, Severity, Span};
use crate::expr::{Variables, with_room};

/// How a file is checked.
#[derive(Clone, Copy)]
pub struct Check<'e> {
    /// Where `${NAME}` is looked up.
    pub environment: &'e dyn Environment,
    /// How bad a variable without a value is: an error before a run, a warning where the file is
    /// only checked.
    pub unset_variable: Severity,
    /// Whether warnings count as errors.
    pub strict: bool,
    /// What the file is to be used for.
    pub purpose: Purpose,
}

/// What a file is to be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Listing what there is. Mistakes in the tests and the sections that say how the system is changed are
    /// warnings: other connectors of the language find them only when something is changed, and list
    /// all the same.
    Sync,
    /// Everything that is in it.
    Everything,
}

/// What compiling a file brings to light, whether it can run or not.
#[derive(Debug, Default)]
pub struct Survey {
    /// The plan, when the file can run.
    pub plan: Option<Plan>,
    /// Everything that was found, sorted.
    pub diagnostics: Vec<Diagnostic>,
    /// The scalars that may hold a program, and the variables that are known there.
    pub programs: Vec<(Span, Variables)>,
}

/// Compiles a file. Returns the plan, when the file can run, and everything that was found, sorted.
pub fn check(loaded: Loaded, how: Check<'_>) -> (Option<Plan>, Vec<Diagnostic>) {
    let survey = survey(loaded, how);
    (survey.plan, survey.diagnostics)
}

/// Compiles a file, and tells what an editor wants to know of it besides.
pub fn survey(loaded: Loaded, how: Check<'_>) -> Survey {
    let mut found = loaded.diagnostics;
    let mut plan = None;
    let mut programs = Vec::new();
    if let Some((dialect, config)) = &loaded.config {
        let mut cx = CompileContext::new(
            loaded.file.clone(),
            *dialect,
            how.environment,
            how.unset_variable,
        )
        .with_failed(&loaded.failed);
        if how.purpose == Purpose::Sync {
            cx.excused = excused(config, &loaded.places);
        }
        plan = with_room(|| compile(config, &loaded.file, &mut cx));
        found.append(&mut cx.diagnostics);
        programs = cx.programs;
    }
    if how.strict {
        for diagnostic in found
            .iter_mut()
            .filter(|found| found.severity == Severity::Warning)
        {
            diagnostic.severity = Severity::Error;
        }
    }
    diagnostic::hide_secrets(&mut found);
    diagnostic::sort(&mut found);
    if diagnostic::has_errors(&found) {
        plan = None;
    }
    Survey {
        plan,
        diagnostics: found,
        programs,
    }
}

/// The places whose mistakes a sync may pass over. What an alias shares with the rest of the file is
/// none of them: there, it is needed.
fn excused(config: &ConnectorConfig, places: &[Span]) -> Vec<Span> {
    let mut needed: HashMap<Span, usize> = HashMap::new();
    for place in places {
        *needed.entry(*place).or_default() += 1;
    }
    let sections = of_changes(config);
    for place in sections.iter().flat_map(|(_, places)| *places) {
        if let Some(count) = needed.get_mut(place) {
            *count = count.saturating_sub(1);
        }
    }
    let mut spans = Vec::new();
    for (itself, places) in sections {
        let is_own = |place: &&Span| needed.get(place).is_none_or(|count| *count == 0);
        if places.is_empty() || places.iter().any(|place| is_own(&place)) {
            spans.push(itself);
        }
        spans.extend(places.iter().filter(is_own));
    }
    spans
}

/// Where the sections stand that say how the system is changed, how changes are listed, or what is
/// tested.
fn of_changes(config: &ConnectorConfig) -> Vec<(Span, &[Span])> {
    fn places<T>(section: Option<&Placed<T>>) -> Option<(Span, &[Span])> {
        section.map(|section| (section.span, section.places.as_slice()))
    }
    let mut spans = Vec::from_iter(places(config.actions.as_ref()));
    spans.extend(places(config.incremental_sync.as_ref()));
    spans.extend(places(config.tests.as_ref()));
    for (_, of_type) in config.resource_types.iter() {
        spans.extend(places(of_type.account_provisioning.as_ref()));
        spans.extend(places(of_type.credential_rotation.as_ref()));
        spans.extend(places(of_type.create.as_ref()));
        spans.extend(places(of_type.delete.as_ref()));
        spans.extend(places(of_type.get.as_ref()));
        spans.extend(places(of_type.incremental_sync.as_ref()));
        let statics = of_type.static_entitlements.iter().flatten();
        spans.extend(statics.flat_map(|it| places(it.provisioning.as_ref())));
        for entry in &of_type.entitlements.0 {
            let mapped = entry.map.iter().flat_map(|map| &map.0);
            let responses = entry.response.iter();
            let in_responses = responses.flat_map(|response| &response.entitlement_mapping.0);
            let mappings = mapped.chain(in_responses);
            spans.extend(mappings.flat_map(|it| places(it.provisioning.as_ref())));
        }
        let changes = of_type.grants.0.iter();
        spans.extend(changes.flat_map(|it| places(it.incremental_sync.as_ref())));
    }
    spans
}
