//! Arguments in, exit code out.

use std::process::ExitCode;

use clap::Parser;
use rolecall::cli::inspect::{self, InspectArgs};

#[derive(Parser)]
#[command(name = "rolecall", version)]
enum Cli {
    /// Show what a sync file holds.
    Inspect(InspectArgs),
}

fn main() -> ExitCode {
    let Cli::Inspect(args) = Cli::parse();
    match inspect::run(args, &mut std::io::stdout().lock()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
