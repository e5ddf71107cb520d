//! The flags of the Go connectors, under their names and variables.

use std::path::PathBuf;

use clap::{ArgGroup, Args};

/// What one invocation does; nothing of it: a sync.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("mode").multiple(false))]
pub(in crate::cli) struct Flags {
    /// The connector file.
    #[arg(long, value_name = "FILE", env = "BATON_CONFIG_PATH")]
    pub config_path: PathBuf,
    /// The sync file to write, or to look things up in.
    #[arg(short, long, env = "BATON_FILE", default_value = "sync.c1z")]
    pub file: PathBuf,
    /// Changes are allowed anyway by the flags that ask for one; accepted for old command lines.
    #[arg(short, long, env = "BATON_PROVISIONING")]
    pub provisioning: bool,

    /// Sync only these resources, as `bid:r:type/id`.
    #[arg(long, value_delimiter = ',', env = "BATON_SYNC_RESOURCES")]
    pub sync_resources: Vec<String>,
    /// Sync only these resource types.
    #[arg(long, value_delimiter = ',', env = "BATON_SYNC_RESOURCE_TYPES")]
    pub sync_resource_types: Vec<String>,
    /// Sync resources only.
    #[arg(long, env = "BATON_SKIP_ENTITLEMENTS_AND_GRANTS")]
    pub skip_entitlements_and_grants: bool,
    /// With `--sync-resources`: leave grants out.
    #[arg(long, env = "BATON_SKIP_GRANTS", requires = "sync_resources")]
    pub skip_grants: bool,
    /// A sync file with principals of another system.
    #[arg(long, env = "BATON_EXTERNAL_RESOURCE_C1Z")]
    pub external_resource_c1z: Option<PathBuf>,
    /// Only principals that hold this entitlement there.
    #[arg(
        long,
        env = "BATON_EXTERNAL_RESOURCE_ENTITLEMENT_ID_FILTER",
        requires = "external_resource_c1z"
    )]
    pub external_resource_entitlement_id_filter: Option<String>,

    /// The entitlement to grant.
    #[arg(long, env = "BATON_GRANT_ENTITLEMENT", group = "mode", requires_all = ["grant_principal", "grant_principal_type"])]
    pub grant_entitlement: Option<String>,
    /// Who gains it.
    #[arg(long, env = "BATON_GRANT_PRINCIPAL", requires = "grant_entitlement")]
    pub grant_principal: Option<String>,
    /// The resource type of who gains it.
    #[arg(
        long,
        env = "BATON_GRANT_PRINCIPAL_TYPE",
        requires = "grant_entitlement"
    )]
    pub grant_principal_type: Option<String>,
    /// The id of the grant to revoke.
    #[arg(long, env = "BATON_REVOKE_GRANT", group = "mode")]
    pub revoke_grant: Option<String>,

    /// The address of the account to create; enough on its own.
    #[arg(long, env = "BATON_CREATE_ACCOUNT_EMAIL", conflicts_with = "mode")]
    pub create_account_email: Option<String>,
    /// The login of the account to create.
    #[arg(long, env = "BATON_CREATE_ACCOUNT_LOGIN", conflicts_with = "mode")]
    pub create_account_login: Option<String>,
    /// The form of the account to create, as JSON.
    #[arg(long, env = "BATON_CREATE_ACCOUNT_PROFILE", conflicts_with = "mode")]
    pub create_account_profile: Option<String>,
    /// The resource type of the account.
    #[arg(long, env = "BATON_CREATE_ACCOUNT_RESOURCE_TYPE")]
    pub create_account_resource_type: Option<String>,
    /// Whom a new password is encrypted for: a JWK or an age recipient. An addition of rolecall.
    #[arg(long, env = "BATON_CREDENTIAL_RECIPIENT")]
    pub credential_recipient: Vec<String>,
    /// The new file for a new password, with mode 0600. An addition of rolecall.
    #[arg(long, env = "BATON_CREDENTIAL_FILE")]
    pub credential_file: Option<PathBuf>,

    /// The id of the resource to delete.
    #[arg(
        long,
        env = "BATON_DELETE_RESOURCE",
        group = "mode",
        requires = "delete_resource_type"
    )]
    pub delete_resource: Option<String>,
    /// Its type.
    #[arg(long, env = "BATON_DELETE_RESOURCE_TYPE", requires = "delete_resource")]
    pub delete_resource_type: Option<String>,
    /// The id of the account that gets a new password.
    #[arg(
        long,
        env = "BATON_ROTATE_CREDENTIALS",
        group = "mode",
        requires = "rotate_credentials_type"
    )]
    pub rotate_credentials: Option<String>,
    /// Its type.
    #[arg(
        long,
        env = "BATON_ROTATE_CREDENTIALS_TYPE",
        requires = "rotate_credentials"
    )]
    pub rotate_credentials_type: Option<String>,

    /// Print what changed, one event per line.
    #[arg(long, env = "BATON_EVENT_FEED", group = "mode", num_args = 0..=1, default_missing_value = "true", default_value = "false", action = clap::ArgAction::Set)]
    pub event_feed: bool,
    /// Which feed.
    #[arg(long, env = "BATON_EVENT_FEED_ID")]
    pub event_feed_id: Option<String>,
    /// Since when, in RFC 3339. Not written: the last 24 hours.
    #[arg(long, env = "BATON_EVENT_FEED_START_AT")]
    pub event_feed_start_at: Option<String>,
    /// Where an earlier listing ended.
    #[arg(long, env = "BATON_EVENT_FEED_CURSOR")]
    pub event_feed_cursor: Option<String>,

    /// The action to run.
    #[arg(long, env = "BATON_INVOKE_ACTION", group = "mode")]
    pub invoke_action: Option<String>,
    /// Its arguments, as a JSON object.
    #[arg(long, env = "BATON_INVOKE_ACTION_ARGS", default_value = "{}")]
    pub invoke_action_args: String,
    /// Print the actions that there are.
    #[arg(long, env = "BATON_LIST_ACTION_SCHEMAS", group = "mode")]
    pub list_action_schemas: bool,
}
