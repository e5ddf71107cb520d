//! One change: who holds what, what is gone, what is done.

use clap::Args;

/// Somebody gains or loses something.
#[derive(Debug, Args)]
pub(in crate::cli::connector) struct HoldingFlags {
    /// The entitlement to grant
    #[arg(long, value_name = "ID", hide = true)]
    pub grant_entitlement: Option<String>,
    /// Who gains it
    #[arg(long, value_name = "ID", hide = true)]
    pub grant_principal: Option<String>,
    /// The resource type of who gains it
    #[arg(long, value_name = "TYPE", hide = true)]
    pub grant_principal_type: Option<String>,
    /// The id of the grant to revoke
    #[arg(long, value_name = "ID", hide = true)]
    pub revoke_grant: Option<String>,
}

/// A resource goes.
#[derive(Debug, Args)]
pub(in crate::cli::connector) struct DeletionFlags {
    /// The id of the resource to delete
    #[arg(long, value_name = "ID", hide = true)]
    pub delete_resource: Option<String>,
    /// Its type
    #[arg(long, value_name = "TYPE", hide = true)]
    pub delete_resource_type: Option<String>,
}

/// An action runs, or is shown.
#[derive(Debug, Args)]
pub(in crate::cli::connector) struct ActionFlags {
    /// The action to run
    #[arg(long, value_name = "NAME", hide = true)]
    pub invoke_action: Option<String>,
    /// Its arguments, as a JSON object
    #[arg(long, value_name = "JSON", default_value = "{}", hide = true)]
    pub invoke_action_args: String,
    /// The resource type that it belongs to
    #[arg(long, value_name = "TYPE", hide = true)]
    pub invoke_action_resource_type: Option<String>,
    /// Print the actions that there are
    #[arg(long, hide = true)]
    pub list_action_schemas: bool,
    /// Only those of this resource type
    #[arg(long, value_name = "TYPE", hide = true)]
    pub list_action_schemas_resource_type: Option<String>,
}
