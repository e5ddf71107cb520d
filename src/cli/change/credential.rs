//! How a password comes about, and where a new one goes.

use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow, bail};
use clap::Args;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use super::Stop;
use crate::provision::{PasswordWish, SecretSink};

/// How an account gets its password.
#[derive(Debug, Args)]
#[command(next_help_heading = "Password")]
pub(super) struct PasswordArgs {
    #[command(flatten)]
    wish: WishArgs,
    #[command(flatten)]
    handed: HandedArgs,
}

/// How a password comes about, and who may read a new one.
#[derive(Debug, Args)]
#[command(next_help_heading = "Password")]
pub(in crate::cli) struct WishArgs {
    /// `none`, `random` or `random:LENGTH`. Not written: the way that the connector file prefers.
    #[arg(long, value_name = "WAY", value_parser = way, conflicts_with = "password_file")]
    password: Option<Way>,
    /// Encrypt a new password for this key, an age recipient or a JSON Web Key; `@FILE` reads it.
    #[arg(long, value_name = "KEY")]
    recipient: Vec<String>,
}

/// Passwords themselves, which stay out of plan files.
#[derive(Debug, Args)]
#[command(next_help_heading = "Password")]
pub(super) struct HandedArgs {
    /// Take the password from this file, or from standard input with `-`.
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// Write a new password into this new file, which only its owner may read.
    #[arg(long, value_name = "FILE")]
    secret_file: Option<PathBuf>,
    /// Show a new password on the terminal.
    #[arg(long, conflicts_with = "secret_file")]
    show_secret: bool,
}

/// How a password comes about, without the password: what a plan file keeps of it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Password {
    #[serde(default)]
    way: Way,
    /// Public keys that a new one is encrypted for.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub recipients: Vec<String>,
}

/// A way to get a password.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::cli) enum Way {
    #[default]
    Preferred,
    None,
    Random {
        length: Option<u32>,
    },
    Given,
}

/// What is handed over with a change, and stays out of plan files.
#[derive(Debug, Clone, Default)]
pub(super) struct Handed {
    /// Where a new password goes as it is.
    pub to: Option<SecretSink>,
    /// A password that was chosen elsewhere.
    password: Option<SecretString>,
}

impl PasswordArgs {
    /// What a plan file keeps of it, and what it does not.
    pub fn read(&self) -> anyhow::Result<(Password, Handed)> {
        let recipients = self.wish.recipients()?;
        let handed = self.handed.read()?;
        let way = match handed.password {
            Some(_) => Way::Given,
            None => self.wish.password.unwrap_or_default(),
        };
        Ok((Password { way, recipients }, handed))
    }
}

impl WishArgs {
    /// The keys of those who may read a new password.
    pub fn recipients(&self) -> anyhow::Result<Vec<String>> {
        let keys = self.recipient.iter();
        keys.map(|key| match key.strip_prefix('@') {
            Some(file) => fs::read_to_string(file)
                .map(|key| key.trim().to_owned())
                .with_context(|| format!("cannot read the key in `{file}`")),
            None => Ok(key.clone()),
        })
        .collect()
    }

    /// How the password comes about, unless one is handed over.
    pub fn wish(&self) -> Option<PasswordWish> {
        self.password.unwrap_or_default().wish(None)
    }
}

impl Way {
    /// `None` when the password should be handed over and is not.
    fn wish(self, given: Option<SecretString>) -> Option<PasswordWish> {
        Some(match self {
            Way::Preferred => PasswordWish::Preferred,
            Way::None => PasswordWish::NoPassword,
            Way::Random { length } => PasswordWish::Random {
                length,
                constraints: Vec::new(),
            },
            Way::Given => PasswordWish::Given(given?),
        })
    }
}

impl HandedArgs {
    /// Reads the password, where there is one.
    pub fn read(&self) -> anyhow::Result<Handed> {
        let file = self.secret_file.clone().map(SecretSink::File);
        Ok(Handed {
            to: file.or(self.show_secret.then_some(SecretSink::Terminal)),
            password: self.password_file.as_deref().map(password).transpose()?,
        })
    }
}

impl Handed {
    /// For a change that is only shown: no password is made, so none can be lost.
    pub fn only_to_show(mut self) -> Self {
        self.to.get_or_insert(SecretSink::Terminal);
        self
    }
}

impl Password {
    /// How the password comes about. Fails when it should be handed over and is not.
    pub fn wish(&self, handed: &Handed) -> Result<PasswordWish, Stop> {
        self.way.wish(handed.password.clone()).ok_or_else(|| {
            Stop::Wrong(anyhow!(
                "the password is missing: `--password-file` reads it"
            ))
        })
    }
}

/// The password in a file: all of it but the end of its line.
pub(in crate::cli) fn password(file: &Path) -> anyhow::Result<SecretString> {
    let mut text = String::new();
    let read = match file.to_str() {
        Some("-") => io::stdin().read_to_string(&mut text),
        _ => fs::File::open(file).and_then(|mut file| file.read_to_string(&mut text)),
    };
    read.with_context(|| format!("cannot read the password in `{}`", file.display()))?;
    let password = text.strip_suffix('\n').unwrap_or(&text);
    let password = password.strip_suffix('\r').unwrap_or(password);
    if password.is_empty() {
        bail!("the password in `{}` is empty", file.display());
    }
    Ok(SecretString::from(password))
}

fn way(text: &str) -> Result<Way, String> {
    match (text, text.strip_prefix("random:")) {
        ("none", _) => Ok(Way::None),
        ("random", _) => Ok(Way::Random { length: None }),
        (_, Some(length)) => match length.parse() {
            Ok(length) => Ok(Way::Random {
                length: Some(length),
            }),
            Err(_) => Err(format!("`{length}` is no length")),
        },
        _ => Err("write `none`, `random` or `random:LENGTH`".to_owned()),
    }
}
