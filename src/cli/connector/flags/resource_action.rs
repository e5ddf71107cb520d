//! Actions of resource types, which other connectors declare and pass over.

use clap::Args;

/// An action of a resource type runs, or is shown.
#[derive(Debug, Args)]
pub(in crate::cli::connector) struct ResourceActionFlags {
    /// Print the actions of resource types
    #[arg(long, hide = true)]
    pub list_resource_actions: bool,
    /// The action of a resource type to run
    #[arg(long, value_name = "NAME", hide = true)]
    pub invoke_resource_action: Option<String>,
    /// The resource type that it belongs to
    #[arg(long, value_name = "TYPE", hide = true)]
    pub invoke_resource_action_resource_type: Option<String>,
    /// Its arguments, as a JSON object
    #[arg(long, value_name = "JSON", default_value = "{}", hide = true)]
    pub invoke_resource_action_args: String,
}
