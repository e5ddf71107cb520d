//! A folder with one file per table, in place when all of them are whole.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use serde::Serialize;
use serde_json::{Value, json};
use tempfile::NamedTempFile;

use super::Tables;
use crate::cli::terminal::inert;

/// Tells an export from a folder of somebody else, and what it is an export of.
const ABOUT: &str = "export.json";
/// The names of tables, with which the files of an export begin.
const TABLES: [&str; 5] = [
    "resource_types",
    "resources",
    "entitlements",
    "grants",
    "profiles",
];

/// A folder that is being filled.
pub(super) struct Folder {
    path: PathBuf,
    /// True while it is there for nothing: it was made here, and nothing is in its place yet.
    is_new: bool,
    /// Files that are whole, with their names and how many rows they have.
    written: Vec<(NamedTempFile, String, u64)>,
    open: Option<Open>,
}

/// The file that is being written.
struct Open {
    rows: Rows,
    name: String,
    count: u64,
}

enum Rows {
    Csv(Box<csv::Writer<NamedTempFile>>),
    Lines(BufWriter<NamedTempFile>),
}

impl Folder {
    /// Takes a folder, making it if it is not there. Files of an earlier export may be replaced,
    /// those of anybody else only with `force`.
    pub fn create(path: &Path, force: bool) -> anyhow::Result<Self> {
        if path.exists() && !path.is_dir() {
            bail!(
                "`{}` is a file: name a folder, or a file that ends in `.xlsx`",
                path.display()
            );
        }
        let is_new = !path.exists();
        if is_new {
            fs::create_dir(path).with_context(|| format!("cannot make `{}`", path.display()))?;
        }
        if !force && !is_ours(path) {
            let foreign = file_names().find(|name| path.join(name).exists());
            if let Some(name) = foreign {
                bail!(
                    "`{}` is there and no export wrote it: name another folder, or say `--force`",
                    path.join(name).display()
                );
            }
        }
        Ok(Self {
            path: path.into(),
            is_new,
            written: Vec::new(),
            open: None,
        })
    }

    /// Begins a file of JSON Lines.
    pub fn begin_lines(&mut self, table: &str) -> anyhow::Result<()> {
        let rows = Rows::Lines(BufWriter::with_capacity(1 << 16, temporary(&self.path)?));
        self.open(format!("{table}.jsonl"), rows);
        Ok(())
    }

    /// Adds a line to it.
    pub fn line(&mut self, value: &impl Serialize) -> anyhow::Result<()> {
        if let Some(Open {
            rows: Rows::Lines(file),
            count,
            ..
        }) = &mut self.open
        {
            let line = serde_json::to_string(value)?;
            writeln!(file, "{line}").with_context(|| cannot_write(&self.path))?;
            *count += 1;
        }
        Ok(())
    }

    /// Puts every file in its place, and says what they are an export of. What an earlier export
    /// left in another form goes: it would be taken for a part of this one.
    pub fn finish(mut self, mut about: Value) -> anyhow::Result<()> {
        let path = self.path.clone();
        let put = |file: NamedTempFile, name: &str| -> anyhow::Result<()> {
            file.as_file()
                .sync_all()
                .with_context(|| cannot_write(&path))?;
            file.persist(path.join(name))
                .with_context(|| cannot_write(&path))?;
            Ok(())
        };
        let files: Vec<_> = self
            .written
            .iter()
            .map(|(_, name, rows)| json!({ "name": name, "rows": rows }))
            .collect();
        let written: Vec<_> = self
            .written
            .iter()
            .map(|(_, name, _)| name.clone())
            .collect();
        let was_ours = is_ours(&path);
        self.is_new = false;
        for (file, name, _) in self.written.drain(..) {
            put(file, &name)?;
        }
        for name in file_names().filter(|name| was_ours && !written.contains(name)) {
            match fs::remove_file(path.join(&name)) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(error).with_context(|| cannot_write(&path));
                }
                _ => {}
            }
        }
        about["rolecall_export"] = json!(1);
        about["files"] = json!(files);
        let mut file = temporary(&path)?;
        let text = serde_json::to_string_pretty(&about)?;
        writeln!(file, "{text}").with_context(|| cannot_write(&path))?;
        put(file, ABOUT)
    }

    fn open(&mut self, name: String, rows: Rows) {
        let count = 0;
        self.open = Some(Open { rows, name, count });
    }

    /// Writes a row with nothing in it that a spreadsheet would run.
    fn record(&mut self, values: Vec<String>) -> anyhow::Result<()> {
        if let Some(Open {
            rows: Rows::Csv(csv),
            ..
        }) = &mut self.open
        {
            let written = csv.write_record(values.into_iter().map(inert));
            written.with_context(|| cannot_write(&self.path))?;
        }
        Ok(())
    }
}

impl Drop for Folder {
    /// An export that failed leaves no empty folder behind.
    fn drop(&mut self) {
        self.open = None;
        self.written.clear();
        if self.is_new {
            let _ = fs::remove_dir(&self.path);
        }
    }
}

impl Tables for Folder {
    fn begin(&mut self, table: &'static str, columns: &[String]) -> anyhow::Result<()> {
        let csv = csv::Writer::from_writer(temporary(&self.path)?);
        self.open(format!("{table}.csv"), Rows::Csv(Box::new(csv)));
        self.record(columns.to_vec())
    }

    fn row(&mut self, values: Vec<String>) -> anyhow::Result<()> {
        self.record(values)?;
        if let Some(open) = &mut self.open {
            open.count += 1;
        }
        Ok(())
    }

    fn end(&mut self) -> anyhow::Result<()> {
        let Some(Open { rows, name, count }) = self.open.take() else {
            return Ok(());
        };
        let file = match rows {
            Rows::Csv(csv) => csv.into_inner().map_err(|error| error.into_error()),
            Rows::Lines(file) => file.into_inner().map_err(|error| error.into_error()),
        };
        let file = file.with_context(|| cannot_write(&self.path))?;
        self.written.push((file, name, count));
        Ok(())
    }
}

fn cannot_write(path: &Path) -> String {
    format!("cannot write in `{}`", path.display())
}

/// A file beside its later place, with the rights that a new file has.
pub(super) fn temporary(directory: &Path) -> anyhow::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".rolecall-").suffix(".tmp");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder
        .tempfile_in(directory)
        .with_context(|| cannot_write(directory))
}

fn file_names() -> impl Iterator<Item = String> {
    let of = |table: &'static str| ["csv", "jsonl"].map(|ending| format!("{table}.{ending}"));
    TABLES.into_iter().flat_map(of)
}

/// True for a folder in which an export stands.
fn is_ours(path: &Path) -> bool {
    let about = File::open(path.join(ABOUT)).map_err(anyhow::Error::from);
    let about = about.and_then(|file| Ok(serde_json::from_reader::<_, Value>(file)?));
    about.is_ok_and(|about| about["rolecall_export"] == 1)
}
