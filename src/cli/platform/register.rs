//! `platform init`, `platform add-client` and `platform clients`.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use chrono::{SecondsFormat, Utc};
use clap::Args;
use secrecy::ExposeSecret as _;
use serde_json::{Value as Json, json};

use super::{Format, HomeArgs};
use crate::cli::terminal::printable;
use crate::cli::{Outcome, report};
use crate::platform::{Clients, Credentials, Home, PlatformError};
use crate::protocol;

/// A new platform.
#[derive(Debug, Args)]
pub(super) struct InitArgs {
    /// Where connectors are to reach it. Its certificate is for this host and for this machine.
    #[arg(long, value_name = "HOST:PORT", default_value = "localhost:7443")]
    host: String,
    /// The name of the first connector.
    #[arg(long, value_name = "NAME", default_value = "connector")]
    client: String,
    #[command(flatten)]
    told: ToldArgs,
}

/// A new connector.
#[derive(Debug, Args)]
pub(super) struct AddArgs {
    /// Its name: letters, digits, `.`, `_` and `-`.
    name: String,
    #[command(flatten)]
    told: ToldArgs,
}

/// How its secret is handed over, once.
#[derive(Debug, Args)]
struct ToldArgs {
    /// Write the client secret into this new file, which only its owner may read, instead of showing
    /// it.
    #[arg(long, value_name = "FILE")]
    secret_file: Option<PathBuf>,
    /// How to print what a connector needs.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// How connectors are listed.
#[derive(Debug, Args)]
pub(super) struct ListArgs {
    /// How to print them.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// Makes a platform.
pub(super) fn init(
    args: &InitArgs,
    home: &HomeArgs,
    out: &mut dyn Write,
) -> anyhow::Result<Outcome> {
    // Before there is anything: a mistake must not leave half a platform behind.
    Clients::check_name(&args.client)?;
    let now = Utc::now();
    args.told.hand_over(out, || {
        let home = Home::init(&home.dir, &args.host, now)?;
        let credentials = home.clients().add(&args.client, now)?;
        Ok((home, credentials))
    })
}

/// Registers a connector.
pub(super) fn add(args: &AddArgs, home: &HomeArgs, out: &mut dyn Write) -> anyhow::Result<Outcome> {
    args.told.hand_over(out, || {
        let home = home.open()?;
        let credentials = home.clients().add(&args.name, Utc::now())?;
        Ok((home, credentials))
    })
}

impl ToldArgs {
    /// Registers a connector when its secret can be handed over, and hands it over.
    fn hand_over(
        &self,
        out: &mut dyn Write,
        register: impl FnOnce() -> Result<(Home, Credentials), PlatformError>,
    ) -> anyhow::Result<Outcome> {
        let file = self
            .secret_file
            .as_deref()
            .map(|path| (path, new_file(path)));
        let file = match file {
            Some((path, Err(error))) => {
                let error = anyhow::Error::new(error)
                    .context(format!("cannot write the secret to `{}`", path.display()));
                eprintln!("{}", report::failure(&error));
                return Ok(Outcome::Wrong);
            }
            Some((path, Ok(file))) => Some((path, file)),
            None => None,
        };
        let registered = register();
        if let (Some((path, _)), Err(_)) = (&file, &registered) {
            // It is empty, and was not there before.
            std::fs::remove_file(path).ok();
        }
        let (home, credentials) = registered?;
        if let Some((path, mut file)) = file {
            let secret = credentials.client_secret.expose_secret();
            let written = writeln!(file, "{secret}").and_then(|()| file.sync_all());
            written.with_context(|| format!("cannot write the secret to `{}`", path.display()))?;
        }
        tell(&home, &credentials, self, out)
    }
}

fn tell(
    home: &Home,
    credentials: &Credentials,
    args: &ToldArgs,
    out: &mut dyn Write,
) -> anyhow::Result<Outcome> {
    let secret = credentials.client_secret.expose_secret();
    let ca = home.authority();
    if args.format == Format::Json {
        let mut told = json!({
            "client_id": credentials.client_id,
            "client_secret": secret,
            "platform": home.directory(),
            "platform_ca": ca,
        });
        if let (Some(path), Some(told)) = (&args.secret_file, told.as_object_mut()) {
            told.remove("client_secret");
            told.insert("client_secret_file".to_owned(), json!(path));
        }
        writeln!(out, "{}", serde_json::to_string_pretty(&told)?)?;
        return Ok(Outcome::Done);
    }
    writeln!(out, "client id      {}", credentials.client_id)?;
    let (shown, named) = match &args.secret_file {
        None => (
            secret.to_owned(),
            format!("ROLECALL_CLIENT_SECRET={}", quoted(secret)),
        ),
        Some(path) => {
            let path = path.display().to_string();
            (
                format!("in {path}"),
                format!("ROLECALL_CLIENT_SECRET_FILE={}", quoted(&path)),
            )
        }
    };
    writeln!(out, "client secret  {shown}")?;
    writeln!(out, "certificate    {}", ca.display())?;
    let dir = quoted(&home.directory().display().to_string());
    let name = quoted(credentials.client_id.split('@').next().unwrap_or_default());
    writeln!(
        out,
        "
The secret is told this once: the platform keeps the public key only.

Serve the platform:
  rolecall platform serve --dir {dir}

Run a connector against it:
  export ROLECALL_CLIENT_ID={}
  export {named}
  export ROLECALL_PLATFORM_CA={}
  rolecall daemon connector.yaml

Ask the connector for a sync:
  rolecall platform enqueue sync --dir {dir} --client {name} --wait",
        quoted(&credentials.client_id),
        quoted(&ca.display().to_string()),
    )?;
    Ok(Outcome::Done)
}

/// Lists the connectors.
pub(super) fn list(
    args: &ListArgs,
    home: &HomeArgs,
    out: &mut dyn Write,
) -> anyhow::Result<Outcome> {
    let clients = home.open()?.clients().all()?;
    let time = |at: chrono::DateTime<Utc>| at.to_rfc3339_opts(SecondsFormat::Secs, true);
    if args.format == Format::Json {
        let shown = clients.iter().map(|client| {
            json!({
                "client_id": client.id,
                "name": client.name,
                "created_at": time(client.created_at),
                "hello_at": client.hello_at.map(time),
                "hello": client.hello.as_ref().map(protocol::json::show),
            })
        });
        let shown = json!({ "clients": shown.collect::<Vec<Json>>() });
        writeln!(out, "{}", serde_json::to_string_pretty(&shown)?)?;
        return Ok(Outcome::Done);
    }
    for client in &clients {
        writeln!(out, "{}  {}", client.name, client.id)?;
        let (Some(hello), Some(at)) = (&client.hello, client.hello_at) else {
            writeln!(out, "  never seen")?;
            continue;
        };
        let about = hello.connector_metadata.as_ref();
        let name = about.map_or("", |about| about.display_name.as_str());
        let built = hello.build_info.as_ref();
        let built = built.map(|built| format!("{} {}", built.package, built.package_version));
        writeln!(
            out,
            "  {}, by {} on {}, said hello {}",
            printable(name),
            printable(&built.unwrap_or_default()),
            printable(&hello.host_id),
            time(at)
        )?;
    }
    Ok(Outcome::Done)
}

/// A new file that only its owner may read.
fn new_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true).mode(0o600).open(path)
}

/// A word as a shell reads it.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "@%+=:,./_-".contains(c);
    match !word.is_empty() && word.chars().all(plain) {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', r"'\''")),
    }
}
