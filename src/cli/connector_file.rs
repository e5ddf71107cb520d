//! A connector file → its plan, with everything that is wrong with it told.

use std::io::stderr;
use std::path::Path;
use std::sync::OnceLock;
use std::time::Duration;

use super::report;
use crate::config::{self, Environment};
use crate::diagnostic::{self, Severity};
use crate::plan::{self, Check, Plan, Purpose};

/// How long an API may be silent where the connector file does not say it; not set: as is usual.
static SILENCE: OnceLock<Duration> = OnceLock::new();

/// Lets APIs be silent for so long, from now on, where the connector file does not say it.
pub(super) fn allow_silence(time: Duration) {
    let _ = SILENCE.set(time);
}

/// Compiles a file that is going to be run. `None` when it has mistakes, which are told then.
pub(super) fn plan_of(
    file: &Path,
    environment: &dyn Environment,
    strict: bool,
    purpose: Purpose,
) -> std::io::Result<Option<Plan>> {
    let how = Check {
        environment,
        unset_variable: Severity::Error,
        strict,
        purpose,
    };
    let (plan, found) = plan::check(config::load(file), how);
    report::diagnostics(&found, report::colour_on_stderr(), &mut stderr().lock())?;
    debug_assert!(
        plan.is_some() || diagnostic::has_errors(&found),
        "a file without mistakes has a plan"
    );
    if let (Some(http), Some(time)) = (plan.as_ref().and_then(|it| it.source.http()), SILENCE.get())
    {
        http.allow_silence(*time);
    }
    Ok(plan)
}
