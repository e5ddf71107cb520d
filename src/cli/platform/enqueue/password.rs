//! A password as a task asks for it, or hands it over.

use std::path::PathBuf;

use clap::Args;

use crate::cli::change::{Stop, WishArgs, password};
use crate::platform::Client;
use crate::proto::connector::v2::credential_options::{
    EncryptedPassword, NoPassword, Options, RandomPassword,
};
use crate::proto::connector::v2::encryption_config::{
    AgeRecipientConfig, Config, JwkPublicKeyConfig,
};
use crate::proto::connector::v2::{CredentialOptions, EncryptedData, EncryptionConfig};
use crate::protocol;
use crate::provision::{PasswordWish, Recipient};

/// How an account gets its password.
#[derive(Debug, Args)]
#[command(next_help_heading = "Password")]
pub(super) struct PasswordArgs {
    #[command(flatten)]
    wish: WishArgs,
    /// Hand over the password in this file, or on standard input with `-`, encrypted so that only the
    /// connector reads it.
    #[arg(long, value_name = "FILE", conflicts_with = "recipient")]
    password_file: Option<PathBuf>,
}

/// What a task says of it.
pub(super) struct Said {
    pub options: Option<CredentialOptions>,
    pub configs: Vec<EncryptionConfig>,
}

/// What a platform asks for where nobody says how long a password is.
const LENGTH: u32 = 20;

impl PasswordArgs {
    /// What the task for a client says.
    pub fn read(&self, client: &Client) -> Result<Said, Stop> {
        let options = match &self.password_file {
            Some(file) => {
                let password = password(file).map_err(Stop::Wrong)?;
                let sealed = Recipient::parse(None, &client.public_key)?.seal_password(&password);
                let sealed = sealed.map_err(|error| Stop::Wrong(error.into()))?;
                // What is sealed is shown by the names that the protocol has.
                let shown = serde_json::to_value(&sealed).map_err(|e| Stop::Wrong(e.into()))?;
                let sealed: EncryptedData = protocol::json::read(&shown)
                    .map_err(|reason| Stop::Wrong(anyhow::anyhow!(reason)))?;
                Some(Options::EncryptedPassword(EncryptedPassword {
                    encrypted_passwords: vec![sealed],
                }))
            }
            None => match self.wish.wish() {
                Some(PasswordWish::NoPassword) => Some(Options::NoPassword(NoPassword {})),
                Some(PasswordWish::Random { length, .. }) => {
                    Some(Options::RandomPassword(RandomPassword {
                        length: length.unwrap_or(LENGTH).into(),
                        constraints: Vec::new(),
                    }))
                }
                _ => None,
            },
        };
        let keys = self.wish.recipients().map_err(Stop::Wrong)?;
        let configs = keys.iter().map(|key| config(key));
        Ok(Said {
            options: options.map(|options| CredentialOptions {
                force_change_at_next_login: false,
                options: Some(options),
            }),
            configs: configs.collect::<Result<_, _>>()?,
        })
    }
}

fn config(key: &str) -> Result<EncryptionConfig, Stop> {
    let recipient = Recipient::parse(None, key)?;
    let config = match key.starts_with('{') {
        true => Config::JwkPublicKeyConfig(JwkPublicKeyConfig {
            pub_key: key.as_bytes().to_vec(),
        }),
        false => Config::AgeRecipientConfig(AgeRecipientConfig {
            recipient: key.to_owned(),
        }),
    };
    Ok(EncryptionConfig {
        principal: None,
        provider: String::new(),
        key_id: recipient.key_id(),
        config: Some(config),
    })
}
