//! `rolecall init SOURCE`: a connector file to begin with.

use std::ffi::OsStr;
use std::io::{Read as _, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow};
use clap::Args;
use url::Url;

use super::{Outcome, report, whole_file};
use crate::config::interpolate::{self, Piece};
use crate::config::{Environment as _, ProcessEnvironment};
use crate::draft::{self, Draft, DraftError, Wish};
use crate::source::http::download;

/// What to begin with, and where to write it.
#[derive(Debug, Args)]
pub(crate) struct InitArgs {
    /// An OpenAPI or Swagger document, a sample of an API's answer (JSON, YAML, CSV), both as a file,
    /// a URL or `-` for standard input; or a database: `postgres://…`, `mysql://…`, `sqlite:FILE`.
    /// `${NAME}` is filled in from the environment, so that a password needs not be written here.
    source: String,
    /// The file to write. Not written: standard output.
    #[arg(long, value_name = "FILE")]
    to: Option<PathBuf>,
    /// Replace the file if it is there.
    #[arg(long, requires = "to")]
    force: bool,
    /// Only these types, for example `users,groups`; also those that a draft does not take by itself.
    #[arg(long, value_delimiter = ',', value_name = "TYPES")]
    only: Vec<String>,
    /// The system's name, which also begins the names of variables. Not written: what the source says.
    #[arg(long)]
    name: Option<String>,
    /// Of a sample: the URL that it is the answer of.
    #[arg(long)]
    url: Option<String>,
}

/// Writes the draft.
pub(crate) fn run(args: &InitArgs, out: &mut dyn Write) -> anyhow::Result<Outcome> {
    if let Some(to) = &args.to
        && to.exists()
        && !args.force
    {
        let error = anyhow!("`{}` is there already; `--force` replaces it", to.display());
        eprintln!("{}", report::failure(&error));
        return Ok(Outcome::Wrong);
    }
    let draft = match read(args) {
        Ok(draft) => draft,
        Err(error) => {
            eprintln!("{}", report::failure(&error));
            return Ok(match error.downcast_ref() {
                Some(DraftError::Source(_)) => Outcome::Failed,
                _ => Outcome::Wrong,
            });
        }
    };
    let text = draft::render(&draft);
    match &args.to {
        None => out.write_all(text.as_bytes())?,
        Some(to) => {
            whole_file::replace(to, text.as_bytes())
                .with_context(|| format!("cannot write `{}`", to.display()))?;
        }
    }
    tell(args, &draft);
    Ok(Outcome::Done)
}

/// What was drafted, and what to do next.
fn tell(args: &InitArgs, draft: &Draft) {
    let types: Vec<&str> = draft.types.iter().map(|each| each.id.as_str()).collect();
    let file = args
        .to
        .as_ref()
        .map_or_else(|| "FILE".to_owned(), |to| to.display().to_string());
    eprintln!(
        "drafted {}: {}",
        report::counted(types.len() as u64, "resource type"),
        types.join(", ")
    );
    eprintln!("next: read the list at the top of the file, then");
    eprintln!("  rolecall validate {file}");
    eprintln!("  rolecall test {file}");
    if let Some(first) = types.first() {
        eprintln!("  rolecall preview {file} {first}");
    }
}

fn read(args: &InitArgs) -> anyhow::Result<Draft> {
    let wish = Wish {
        name: args.name.clone(),
        only: args
            .only
            .iter()
            .map(|only| only.trim().to_owned())
            .filter(|only| !only.is_empty())
            .collect(),
        url: args.url.clone(),
    };
    let source = named_by_variable(&args.source)?;
    if draft::is_dsn(&source) {
        return catalog(&beside(&source, args.to.as_deref()), &wish);
    }
    if source.starts_with("http://") || source.starts_with("https://") {
        let url = Url::parse(&source).with_context(|| "the source is no URL".to_owned())?;
        let bytes = runtime()?
            .block_on(download(&url))
            .map_err(DraftError::from)?;
        return Ok(draft::from_bytes(&bytes, &source, &wish)?);
    }
    if source == "-" {
        let mut bytes = Vec::new();
        std::io::stdin()
            .read_to_end(&mut bytes)
            .context("reading standard input")?;
        return Ok(draft::from_bytes(&bytes, "standard input", &wish)?);
    }
    if let Some((scheme, _)) = source.split_once("://") {
        return Err(anyhow!(
            "nothing is known of `{scheme}://`: write a file, a URL with `https`, or a database such as `postgres://…`"
        ));
    }
    let bytes = std::fs::read(&source).with_context(|| format!("cannot read `{source}`"))?;
    if bytes.starts_with(b"SQLite format 3\0") {
        return catalog(
            &beside(&format!("sqlite:{source}"), args.to.as_deref()),
            &wish,
        );
    }
    Ok(draft::from_bytes(&bytes, &source, &wish)?)
}

fn catalog(dsn: &str, wish: &Wish) -> anyhow::Result<Draft> {
    Ok(runtime()?.block_on(draft::from_catalog(dsn, wish))?)
}

fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?)
}

/// A source that is one variable is what that holds. Variables within a DSN stay: they are filled in
/// where it is read, and their names are kept.
fn named_by_variable(source: &str) -> anyhow::Result<String> {
    match interpolate::pieces(source).as_slice() {
        [Piece::Variable { name, .. }] => {
            let value = ProcessEnvironment.get(name);
            value.with_context(|| format!("the environment variable `{name}` is not set"))
        }
        _ => Ok(source.to_owned()),
    }
}

/// A database file is found from the folder of the connector file: a relative path is made whole where
/// that is another one.
fn beside(dsn: &str, to: Option<&Path>) -> String {
    let Some(path) = dsn.strip_prefix("sqlite:") else {
        return dsn.to_owned();
    };
    let is_elsewhere = to
        .and_then(Path::parent)
        .is_some_and(|folder| folder.as_os_str() != OsStr::new("") && folder != Path::new("."));
    let path = Path::new(path.strip_prefix("//").unwrap_or(path));
    match std::path::absolute(path) {
        Ok(whole) if is_elsewhere && path.is_relative() => format!("sqlite:{}", whole.display()),
        _ => dsn.to_owned(),
    }
}
