//! `rolecall grant` and `rolecall revoke`: somebody gains or loses an entitlement.

use std::io::Write;
use std::path::PathBuf;

use clap::Args;

use super::ChangeArgs;
use super::asked::{Asked, Held};
use super::credential::Handed;
use crate::cli::{Outcome, scope};
use crate::model::ResourceId;

/// Who gains what.
#[derive(Debug, Args)]
pub(in crate::cli) struct GrantArgs {
    /// The connector file.
    file: PathBuf,
    /// The id of the entitlement, as `rolecall inspect … entitlements` shows it.
    entitlement: String,
    /// Who gains it.
    #[arg(value_name = "TYPE/ID", value_parser = scope::resource)]
    principal: ResourceId,
    #[command(flatten)]
    from: FromArgs,
    #[command(flatten)]
    change: ChangeArgs,
}

/// Who loses what.
#[derive(Debug, Args)]
pub(in crate::cli) struct RevokeArgs {
    /// The connector file.
    file: PathBuf,
    /// The id of the entitlement, as `rolecall inspect … entitlements` shows it.
    #[arg(required_unless_present = "grant", requires = "principal")]
    entitlement: Option<String>,
    /// Who loses it.
    #[arg(value_name = "TYPE/ID", value_parser = scope::resource)]
    principal: Option<ResourceId>,
    /// The id of the grant, instead of entitlement and principal.
    #[arg(long, value_name = "ID", conflicts_with_all = ["entitlement", "principal"])]
    grant: Option<String>,
    #[command(flatten)]
    from: FromArgs,
    #[command(flatten)]
    change: ChangeArgs,
}

/// Where names are looked up.
#[derive(Debug, Args)]
struct FromArgs {
    /// The sync file that knows the entitlement and the principal.
    #[arg(
        short = 'f',
        long = "file",
        value_name = "FILE.c1z",
        default_value = "sync.c1z"
    )]
    from: PathBuf,
}

/// Grants.
pub(in crate::cli) fn grant(args: &GrantArgs, out: &mut dyn Write) -> anyhow::Result<Outcome> {
    let asked = Asked::Grant(Held {
        from: args.from.from.clone(),
        entitlement: Some(args.entitlement.clone()),
        principal: Some((&args.principal).into()),
        grant: None,
    });
    super::run(&asked, &args.file, &args.change, Handed::default(), out)
}

/// Revokes.
pub(in crate::cli) fn revoke(args: &RevokeArgs, out: &mut dyn Write) -> anyhow::Result<Outcome> {
    let asked = Asked::Revoke(Held {
        from: args.from.from.clone(),
        entitlement: args.entitlement.clone(),
        principal: args.principal.as_ref().map(Into::into),
        grant: args.grant.clone(),
    });
    super::run(&asked, &args.file, &args.change, Handed::default(), out)
}
