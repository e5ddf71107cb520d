//! An XLSX file with one sheet per table, or several where a table has more rows than a sheet.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use chrono::SecondsFormat;
use rust_xlsxwriter::{Format, Workbook as Book, Worksheet};

use super::Tables;
use super::folder::temporary;
use crate::model::SyncRun;
use crate::sync::RecordedVerdict;

/// How many columns a sheet has at most.
pub(super) const MAX_COLUMNS: usize = 16_384;
/// How many rows a sheet has at most, the one with the titles included.
const MAX_ROWS: u32 = 1_048_576;
/// How many characters a cell has at most, in UTF-16.
const MAX_CELL: usize = 32_767;

/// A workbook that is being filled. Rows that are written are on the disk, not in memory.
pub(super) struct Workbook {
    path: PathBuf,
    book: Book,
    table: &'static str,
    columns: Vec<String>,
    /// Where the next row goes.
    row: u32,
    sheets_of_table: u32,
    max_rows: u32,
    cut: u64,
}

impl Workbook {
    /// Takes a name for the file. One that is there is replaced only with `force`.
    pub fn create(path: &Path, force: bool, run: &SyncRun) -> anyhow::Result<Self> {
        if path.is_dir() {
            bail!("`{}` is a folder: XLSX is one file", path.display());
        }
        if path.exists() && !(force && path.is_file()) {
            bail!(
                "`{}` is there: name another file, or say `--force`",
                path.display()
            );
        }
        let mut workbook = Self {
            path: path.into(),
            book: Book::new(),
            table: "",
            columns: Vec::new(),
            row: 0,
            sheets_of_table: 0,
            max_rows: MAX_ROWS,
            cut: 0,
        };
        workbook.about(run)?;
        Ok(workbook)
    }

    /// Puts the file in place. Returns how many cells were cut.
    pub fn finish(mut self) -> anyhow::Result<u64> {
        let directory = match self.path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        let mut file = temporary(directory)?;
        let cannot_write = || format!("cannot write `{}`", self.path.display());
        self.book
            .save_to_writer(&mut file)
            .with_context(cannot_write)?;
        file.as_file().sync_all().with_context(cannot_write)?;
        file.persist(&self.path).with_context(cannot_write)?;
        Ok(self.cut)
    }

    /// What the workbook is an export of.
    fn about(&mut self, run: &SyncRun) -> anyhow::Result<()> {
        let instant =
            |at: chrono::DateTime<chrono::Utc>| at.to_rfc3339_opts(SecondsFormat::Secs, true);
        self.begin("sync", &["field".to_owned(), "value".to_owned()])?;
        let ended = run
            .ended_at
            .map_or_else(|| "not finished".to_owned(), instant);
        let mut rows = vec![
            ["id", &run.id.0].map(str::to_owned),
            ["kind", run.kind.as_str()].map(str::to_owned),
            ["started".to_owned(), instant(run.started_at)],
            ["ended".to_owned(), ended],
        ];
        if let Some(doubts) = RecordedVerdict::partial(&run.token) {
            rows.push(["PARTIAL", "something may be missing"].map(str::to_owned));
            for (code, found) in doubts.rolecall.findings.iter().filter(|(_, it)| it.partial) {
                rows.push([code.to_owned(), format!("{} ×", found.count)]);
            }
        }
        rows.into_iter().try_for_each(|row| self.row(row.into()))?;
        self.end()
    }

    fn begin_sheet(&mut self) -> anyhow::Result<()> {
        self.sheets_of_table += 1;
        let name = match self.sheets_of_table {
            1 => self.table.to_owned(),
            number => format!("{} {number}", self.table),
        };
        let bold = Format::new().set_bold();
        let sheet = self.book.add_worksheet_with_constant_memory()?;
        sheet.set_name(name)?.set_freeze_panes(1, 0)?;
        for (at, column) in (0..).zip(&self.columns) {
            sheet.write_string_with_format(0, at, column.as_str(), &bold)?;
        }
        self.row = 1;
        Ok(())
    }

    fn sheet(&mut self) -> anyhow::Result<&mut Worksheet> {
        let last = self.book.worksheets().len() - 1;
        Ok(self.book.worksheet_from_index(last)?)
    }
}

impl Tables for Workbook {
    fn begin(&mut self, table: &'static str, columns: &[String]) -> anyhow::Result<()> {
        self.table = table;
        self.columns = columns.to_vec();
        self.sheets_of_table = 0;
        self.begin_sheet()
    }

    fn row(&mut self, values: Vec<String>) -> anyhow::Result<()> {
        if self.row >= self.max_rows {
            self.begin_sheet()?;
        }
        let (row, mut cut) = (self.row, 0);
        let sheet = self.sheet()?;
        for (at, value) in (0..).zip(&values) {
            // As text, whatever it looks like: nothing in it is calculated.
            let shown = fitting(value);
            cut += u64::from(shown.len() < value.len());
            if !shown.is_empty() {
                sheet.write_string(row, at, shown)?;
            }
        }
        self.row += 1;
        self.cut += cut;
        Ok(())
    }

    fn end(&mut self) -> anyhow::Result<()> {
        Ok(())
    }
}

/// As much of a value as a cell holds.
fn fitting(value: &str) -> &str {
    if value.len() <= MAX_CELL {
        return value;
    }
    let mut length = 0;
    let end = value.char_indices().find(|(_, c)| {
        length += c.len_utf16();
        length > MAX_CELL
    });
    end.map_or(value, |(at, _)| &value[..at])
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use chrono::Utc;

    use super::*;
    use crate::model::{SyncId, SyncKind};

    fn run() -> SyncRun {
        SyncRun {
            id: SyncId("run".into()),
            kind: SyncKind::Full,
            started_at: Utc::now(),
            ended_at: None,
            parent: None,
            token: String::new(),
        }
    }

    fn part(path: &Path, name: &str) -> String {
        let mut archive = zip::ZipArchive::new(std::fs::File::open(path).unwrap()).unwrap();
        let mut text = String::new();
        archive
            .by_name(name)
            .unwrap()
            .read_to_string(&mut text)
            .unwrap();
        text
    }

    #[test]
    fn a_table_goes_on_in_another_sheet() {
        let directory = tempfile::TempDir::new().unwrap();
        let path = directory.path().join("o.xlsx");
        let mut book = Workbook::create(&path, false, &run()).unwrap();
        book.max_rows = 3;
        for (table, rows) in [("resources", 5), ("grants", 4), ("profiles", 0)] {
            book.begin(table, &["id".to_owned()]).unwrap();
            for row in 0..rows {
                book.row(vec![format!("{table} {row}")]).unwrap();
            }
            book.end().unwrap();
        }
        assert_eq!(book.finish().unwrap(), 0);
        let sheets = part(&path, "xl/workbook.xml");
        let names = sheets.split("sheet name=\"").skip(1);
        let names: Vec<_> = names.filter_map(|rest| rest.split('"').next()).collect();
        let expected = [
            "sync",
            "resources",
            "resources 2",
            "resources 3",
            "grants",
            "grants 2",
            "profiles",
        ];
        assert_eq!(names, expected);
        let third = part(&path, "xl/worksheets/sheet4.xml");
        assert!(
            third.contains(">id<") && third.contains(">resources 4<"),
            "{third}"
        );
        assert!(!third.contains(">resources 3<"), "{third}");
    }

    #[test]
    fn a_cell_that_is_too_long_is_cut_between_characters() {
        assert_eq!(fitting("ada"), "ada");
        let wide = "é".repeat(32_767);
        assert_eq!(fitting(&wide), wide);
        assert_eq!(fitting(&format!("{wide}x")), wide);
        let pairs = "👩".repeat(20_000);
        assert_eq!(fitting(&pairs).chars().count(), 32_767 / 2);
    }
}
