//! `--external`: the sync of another system, whose principals hold what this one grants.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::{Args, ValueEnum};

use crate::c1z::{External, ReadLimits, resolve_output};
use crate::model::{EntitlementId, TraitKind};

/// Which principals of which other system.
#[derive(Debug, Args)]
pub(super) struct ExternalArgs {
    /// A sync file of another system, such as a directory: grants with `external_match` go to those
    /// of its principals for whom they are meant.
    #[arg(long, value_name = "FILE.c1z")]
    external: Option<PathBuf>,
    /// Only principals that hold this entitlement there.
    #[arg(long, value_name = "ID", requires = "external")]
    external_entitlement: Option<String>,
    /// What counts as a principal there.
    #[arg(
        long,
        value_name = "TRAIT,…",
        value_enum,
        value_delimiter = ',',
        default_values_t = [Trait::User, Trait::Group],
        requires = "external"
    )]
    external_traits: Vec<Trait>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Trait {
    #[value(alias = "TRAIT_USER")]
    User,
    #[value(alias = "TRAIT_GROUP")]
    Group,
    #[value(alias = "TRAIT_ROLE")]
    Role,
    #[value(alias = "TRAIT_APP")]
    App,
    #[value(alias = "TRAIT_SECRET")]
    Secret,
    #[value(alias = "TRAIT_AGENT")]
    Agent,
}

impl Trait {
    fn kind(self) -> TraitKind {
        match self {
            Trait::User => TraitKind::User,
            Trait::Group => TraitKind::Group,
            Trait::Role => TraitKind::Role,
            Trait::App => TraitKind::App,
            Trait::Secret => TraitKind::Secret,
            Trait::Agent => TraitKind::Agent,
        }
    }
}

impl ExternalArgs {
    /// Opens the file, so that nothing is asked of the system before it is known to be usable.
    pub fn open(&self, output: &Path) -> anyhow::Result<Option<External>> {
        let Some(path) = &self.external else {
            return Ok(None);
        };
        if path.exists() && resolve_output(path) == resolve_output(output) {
            bail!("`{}` is the output of this sync itself", path.display());
        }
        let traits: Vec<_> = self.external_traits.iter().map(|it| it.kind()).collect();
        let holders_of = self.external_entitlement.clone().map(EntitlementId);
        let opened = External::open(path, ReadLimits::default(), holders_of, &traits);
        opened
            .map(Some)
            .context("cannot use the file of `--external`")
    }
}
