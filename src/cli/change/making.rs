//! `rolecall create-account`, `rotate-credential`, `create-resource`, `delete-resource` and
//! `invoke-action`.

use std::io::Write;
use std::path::PathBuf;

use clap::Args;

use super::asked::{Asked, Named};
use super::credential::{Handed, PasswordArgs};
use super::said::SaidArgs;
use super::{ChangeArgs, Stop};
use crate::cli::{Outcome, scope};
use crate::model::ResourceId;

/// Which account.
#[derive(Debug, Args)]
pub(in crate::cli) struct CreateAccountArgs {
    /// The connector file.
    file: PathBuf,
    /// The resource type of the account, where several have accounts.
    #[arg(long = "type", value_name = "TYPE")]
    of: Option<String>,
    #[command(flatten)]
    said: SaidArgs,
    #[command(flatten)]
    password: PasswordArgs,
    #[command(flatten)]
    change: ChangeArgs,
}

/// Whose password.
#[derive(Debug, Args)]
pub(in crate::cli) struct RotateArgs {
    /// The connector file.
    file: PathBuf,
    /// The account.
    #[arg(value_name = "TYPE/ID", value_parser = scope::resource)]
    account: ResourceId,
    #[command(flatten)]
    known: KnownArgs,
    #[command(flatten)]
    password: PasswordArgs,
    #[command(flatten)]
    change: ChangeArgs,
}

/// Which resource is to come.
#[derive(Debug, Args)]
pub(in crate::cli) struct CreateResourceArgs {
    /// The connector file.
    file: PathBuf,
    /// The resource type.
    #[arg(value_name = "TYPE")]
    of: String,
    #[command(flatten)]
    said: SaidArgs,
    #[command(flatten)]
    change: ChangeArgs,
}

/// Which resource is to go.
#[derive(Debug, Args)]
pub(in crate::cli) struct DeleteArgs {
    /// The connector file.
    file: PathBuf,
    /// The resource.
    #[arg(value_name = "TYPE/ID", value_parser = scope::resource)]
    resource: ResourceId,
    #[command(flatten)]
    known: KnownArgs,
    #[command(flatten)]
    change: ChangeArgs,
}

/// Which action.
#[derive(Debug, Args)]
pub(in crate::cli) struct InvokeArgs {
    /// The connector file.
    file: PathBuf,
    /// The action, by its id in the file.
    action: String,
    #[command(flatten)]
    said: SaidArgs,
    #[command(flatten)]
    change: ChangeArgs,
}

/// Where more is known of a resource.
#[derive(Debug, Args)]
struct KnownArgs {
    /// A sync file that knows the resource: its name and attributes may be part of what is sent.
    #[arg(short = 'f', long = "file", value_name = "FILE.c1z")]
    from: Option<PathBuf>,
}

/// Creates an account.
pub(in crate::cli) fn create_account(
    args: &CreateAccountArgs,
    out: &mut dyn Write,
) -> anyhow::Result<Outcome> {
    let read = args.said.read();
    let read = read.and_then(|input| Ok((input, args.password.read()?)));
    let (input, (password, handed)) = match read {
        Ok(read) => read,
        Err(error) => return Ok(Stop::Wrong(error).tell()),
    };
    let of = args.of.clone();
    let asked = Asked::CreateAccount {
        of,
        input,
        password,
    };
    super::run(&asked, &args.file, &args.change, handed, out)
}

/// Gives an account a new password.
pub(in crate::cli) fn rotate(args: &RotateArgs, out: &mut dyn Write) -> anyhow::Result<Outcome> {
    let (password, handed) = match args.password.read() {
        Ok(read) => read,
        Err(error) => return Ok(Stop::Wrong(error).tell()),
    };
    let asked = Asked::RotateCredential {
        account: Named::of(&args.account, args.known.from.as_deref()),
        password,
    };
    super::run(&asked, &args.file, &args.change, handed, out)
}

/// Creates a resource.
pub(in crate::cli) fn create_resource(
    args: &CreateResourceArgs,
    out: &mut dyn Write,
) -> anyhow::Result<Outcome> {
    let input = match args.said.read() {
        Ok(input) => input,
        Err(error) => return Ok(Stop::Wrong(error).tell()),
    };
    let of = args.of.clone();
    let asked = Asked::CreateResource { of, input };
    super::run(&asked, &args.file, &args.change, Handed::default(), out)
}

/// Deletes a resource.
pub(in crate::cli) fn delete(args: &DeleteArgs, out: &mut dyn Write) -> anyhow::Result<Outcome> {
    let asked = Asked::DeleteResource(Named::of(&args.resource, args.known.from.as_deref()));
    super::run(&asked, &args.file, &args.change, Handed::default(), out)
}

/// Runs an action.
pub(in crate::cli) fn invoke(args: &InvokeArgs, out: &mut dyn Write) -> anyhow::Result<Outcome> {
    let arguments = match args.said.read() {
        Ok(arguments) => arguments,
        Err(error) => return Ok(Stop::Wrong(error).tell()),
    };
    let asked = Asked::InvokeAction {
        action: args.action.clone(),
        arguments,
    };
    super::run(&asked, &args.file, &args.change, Handed::default(), out)
}
