//! What a task says of a password → how it comes about, and who gets to read it.

use super::Connector;
use super::failure::{asked, malformed};
use super::message::sealed;
use crate::daemon::Failure;
use crate::proto::connector::v2 as proto;
use crate::provision::{HandOver, PasswordWish, Recipient};
use proto::credential_options::Options;
use proto::encryption_config::Config;

/// How the password comes about, and who gets to read it.
pub(super) fn credential(
    connector: &Connector,
    options: Option<&proto::CredentialOptions>,
    configs: &[proto::EncryptionConfig],
) -> Result<(PasswordWish, HandOver), Failure> {
    let wish = wish(connector, options)?;
    if matches!(wish, PasswordWish::Given(_)) && !configs.is_empty() {
        return Err(malformed(
            "the task hands over a password and asks for it encrypted: whoever chose it knows it",
        ));
    }
    let recipients = configs.iter().map(recipient);
    let hand_over = HandOver {
        recipients: recipients.collect::<Result<_, _>>()?,
        to: None,
    };
    Ok((wish, hand_over))
}

fn wish(
    connector: &Connector,
    options: Option<&proto::CredentialOptions>,
) -> Result<PasswordWish, Failure> {
    let Some(options) = options else {
        return Ok(PasswordWish::Preferred);
    };
    if options.force_change_at_next_login {
        tracing::warn!(
            "the task wants the password to be changed at the next login, which connector files have no word for"
        );
    }
    Ok(match &options.options {
        None => PasswordWish::Preferred,
        Some(Options::NoPassword(_)) => PasswordWish::NoPassword,
        Some(Options::RandomPassword(random)) => PasswordWish::Random {
            length: length(random.length)?,
            constraints: random
                .constraints
                .iter()
                .map(|of| (of.char_set.clone(), of.min_count))
                .collect(),
        },
        Some(Options::Sso(_)) => {
            return Err(Failure::lasting(
                tonic::Code::Unimplemented,
                "single sign-on in place of a password is not possible: connector files have no word for it",
            ));
        }
        // An empty list says nothing.
        Some(Options::EncryptedPassword(given)) if given.encrypted_passwords.is_empty() => {
            PasswordWish::Preferred
        }
        Some(Options::EncryptedPassword(given)) => {
            let key = connector.client_secret.as_ref().ok_or_else(|| {
                malformed("the password is encrypted, and this connector has no client secret")
            })?;
            let handed_over: Vec<_> = given.encrypted_passwords.iter().map(sealed).collect();
            PasswordWish::Given(key.open(&handed_over).map_err(|error| asked(&error))?)
        }
    })
}

/// The length that a task asks for; 0: none.
fn length(length: i64) -> Result<Option<u32>, Failure> {
    match length {
        0 => Ok(None),
        length => u32::try_from(length)
            .map(Some)
            .map_err(|_| malformed(format!("a password cannot have {length} characters"))),
    }
}

fn recipient(config: &proto::EncryptionConfig) -> Result<Recipient, Failure> {
    let named = Some(config.provider.trim()).filter(|name| !name.is_empty());
    let key = match &config.config {
        Some(Config::JwkPublicKeyConfig(jwk)) => std::str::from_utf8(&jwk.pub_key)
            .map_err(|_| malformed("the public key of a recipient is no text"))?,
        Some(Config::AgeRecipientConfig(age)) => &age.recipient,
        None => return Err(malformed("a recipient of the password has no public key")),
    };
    Recipient::parse(named, key).map_err(|error| malformed(error.to_string()))
}
