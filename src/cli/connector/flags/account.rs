//! Accounts and their passwords.

use std::path::PathBuf;

use clap::Args;

/// An account comes to be.
#[derive(Debug, Args)]
pub(in crate::cli::connector) struct AccountFlags {
    /// The address of the account to create; enough on its own
    #[arg(long, value_name = "ADDRESS", hide = true)]
    pub create_account_email: Option<String>,
    /// The login of the account to create
    #[arg(long, value_name = "LOGIN", hide = true)]
    pub create_account_login: Option<String>,
    /// The form of the account to create, as JSON
    #[arg(long, value_name = "JSON", hide = true)]
    pub create_account_profile: Option<String>,
    /// The resource type of the account
    #[arg(long, value_name = "TYPE", hide = true)]
    pub create_account_resource_type: Option<String>,
    /// Whom a new password is encrypted for, a JWK or an age recipient; an addition of rolecall
    #[arg(long, value_name = "KEY")]
    pub credential_recipient: Vec<String>,
    /// The new file for a new password, with mode 0600; an addition of rolecall
    #[arg(long, value_name = "FILE")]
    pub credential_file: Option<PathBuf>,
}

/// An account gets a new password.
#[derive(Debug, Args)]
pub(in crate::cli::connector) struct RotationFlags {
    /// The id of the account that gets a new password
    #[arg(long, value_name = "ID", hide = true)]
    pub rotate_credentials: Option<String>,
    /// Its type
    #[arg(long, value_name = "TYPE", hide = true)]
    pub rotate_credentials_type: Option<String>,
}
