//! The plan file: what a dry run showed, for `rolecall apply`, which sends exactly that.

use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow, bail};
use serde::{Deserialize, Serialize};

use super::asked::Asked;
use crate::plan::Plan;
use crate::provision::PlannedStep;

/// Layout of the file. Another one is not understood.
const VERSION: u32 = 1;

/// A plan file.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct PlanFile {
    plan_version: u32,
    made_at: String,
    /// The connector file.
    pub connector: PathBuf,
    /// What the connector file said.
    fingerprint: String,
    /// What was asked for.
    pub asked: Asked,
    /// What is sent then.
    pub steps: Vec<PlannedStep>,
}

/// Writes a plan file. Only its owner may read it: it says a lot about people. One that is there
/// stays, because somebody may be about to apply it.
pub(super) fn write(
    path: &Path,
    connector: &Path,
    plan: &Plan,
    asked: &Asked,
    steps: &[PlannedStep],
) -> anyhow::Result<()> {
    if let Some(name) = asked.secret() {
        bail!("a plan holds no secret, and `{name}` seems to be one: make the change at once");
    }
    let written = PlanFile {
        plan_version: VERSION,
        made_at: chrono::Utc::now().to_rfc3339_opts(chrono::SecondsFormat::Secs, true),
        connector: connector.to_owned(),
        fingerprint: plan.fingerprint.clone(),
        asked: asked.clone(),
        steps: steps.to_vec(),
    };
    let text = serde_json::to_string_pretty(&written)? + "\n";
    let write = || {
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()
    };
    write().map_err(|error| {
        let about = format!("cannot write the plan `{}`", path.display());
        match error.kind() {
            io::ErrorKind::AlreadyExists => {
                anyhow!("it is there, and somebody may be about to apply it").context(about)
            }
            _ => anyhow!(error).context(about),
        }
    })
}

/// Reads a plan file.
pub(super) fn read(path: &Path) -> anyhow::Result<PlanFile> {
    let about = || format!("cannot read the plan `{}`", path.display());
    let text = std::fs::read_to_string(path).with_context(about)?;
    let version = serde_json::from_str::<serde_json::Value>(&text).ok();
    let version = version
        .as_ref()
        .and_then(|read| read.get("plan_version")?.as_u64());
    match version {
        Some(found) if found == u64::from(VERSION) => {}
        Some(found) => bail!(
            "the plan `{}` has the layout {found}, and this version reads {VERSION}: make it anew",
            path.display()
        ),
        None => bail!("`{}` is no plan: `--plan` writes one", path.display()),
    }
    serde_json::from_str(&text).with_context(about)
}

impl PlanFile {
    /// Checks that what would be sent now is what the plan has. Says what differs.
    pub fn check(&self, plan: &Plan, steps: &[PlannedStep]) -> anyhow::Result<()> {
        let anew = "; nothing was sent. Make the plan anew and look at it";
        if plan.fingerprint != self.fingerprint {
            bail!(
                "`{}` has changed since the plan was made{anew}",
                self.connector.display()
            );
        }
        let differs = steps
            .iter()
            .zip(&self.steps)
            .find(|(now, then)| now != then);
        match differs {
            Some((now, then)) => bail!(
                "step `{}` would not be what the plan has for `{}`{anew}",
                now.step,
                then.step
            ),
            None if steps.len() != self.steps.len() => bail!(
                "there would be {} steps, and the plan has {}{anew}",
                steps.len(),
                self.steps.len()
            ),
            None => Ok(()),
        }
    }
}
