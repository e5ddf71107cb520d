//! What of a system is synced, as the command line says it.

use clap::Args;

use crate::model::{ResourceId, ResourceTypeId};
use crate::sync::{Concurrency, Phase, Scope};

/// What to sync; everything unless something is said.
#[derive(Debug, Args)]
#[command(next_help_heading = "What to sync")]
pub(super) struct ScopeArgs {
    /// List these types only, with what is held on their resources. The types that their resources
    /// live in are listed as well, without what is held on them.
    #[arg(long, value_name = "TYPE", value_delimiter = ',')]
    resource_types: Vec<String>,
    /// Look for this resource only, with what is held on it and the resources that live in it; may
    /// be given several times.
    #[arg(long = "resource", value_name = "TYPE/ID", value_parser = resource)]
    resources: Vec<ResourceId>,
    /// Leave entitlements out.
    #[arg(long)]
    skip_entitlements: bool,
    /// Leave grants out.
    #[arg(long)]
    skip_grants: bool,
}

impl ScopeArgs {
    /// The scope that the arguments say.
    pub fn scope(&self) -> Scope {
        Scope {
            types: self
                .resource_types
                .iter()
                .map(ResourceTypeId::new)
                .collect(),
            resources: self.resources.clone(),
            skip_entitlements: self.skip_entitlements,
            skip_grants: self.skip_grants,
        }
    }
}

pub(super) fn resource(text: &str) -> Result<ResourceId, String> {
    match text.split_once('/') {
        Some((of, id)) if !of.is_empty() && !id.is_empty() => Ok(ResourceId::new(of, id)),
        _ => Err("write the type and the id, for example `team/42`".to_owned()),
    }
}

/// The most listings side by side.
const MOST: usize = 256;

/// `4`, or with words on single phases: `4,grants=16`.
pub(super) fn concurrency(text: &str) -> Result<Concurrency, String> {
    let number = |text: &str| {
        let number = text.parse().ok();
        number
            .filter(|number| (1..=MOST).contains(number))
            .ok_or_else(|| format!("`{text}` is no number from 1 to {MOST}"))
    };
    let mut concurrency = Concurrency::of(4);
    for part in text.split(',') {
        let Some((name, listings)) = part.split_once('=') else {
            concurrency.usual = number(part)?;
            continue;
        };
        let phases = [Phase::Resources, Phase::Entitlements, Phase::Grants];
        let phase = phases.into_iter().find(|phase| phase.as_str() == name);
        let phase = phase.ok_or_else(|| {
            format!("there is no phase `{name}` to limit; there are `resources`, `entitlements`, `grants`")
        })?;
        concurrency.phases.push((phase, number(listings)?));
    }
    Ok(concurrency)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn concurrency_is_a_number_and_numbers_of_phases() {
        assert_eq!(concurrency("8"), Ok(Concurrency::of(8)));
        let mixed = concurrency("2,grants=16,resources=1").unwrap();
        assert_eq!((mixed.usual, mixed.most()), (2, 16));
        for wrong in ["0", "257", "", "grants=0", "users=4", "x"] {
            assert!(concurrency(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_resource_has_a_type_and_an_id_of_any_form() {
        assert_eq!(resource("team/a/b"), Ok(ResourceId::new("team", "a/b")));
        for wrong in ["team", "team/", "/a"] {
            assert!(resource(wrong).is_err(), "{wrong}");
        }
    }
}
