//! `decoder: csv`: rows of text, the first one with the names of the columns.

use serde_json::{Map, Value as Json};

use super::{Body, DecodeBody, DecodeError, broken};
use crate::config::CompileContext;
use crate::config::decode::section;
use crate::config::http::DecoderFamily;
use crate::config::kind::{Kind, KindConfig};
use crate::config::scalar::Text;
use crate::diagnostic::Diagnostic;
use crate::source::http::answer::item_sink::ItemSink;
use crate::source::http::answer::items::ItemsRule;

inventory::submit! { Kind::<DecoderFamily>::of::<CsvConfig>("csv") }

section! {
    /// Rows of values (RFC 4180), each an item: an object with the names of the columns, whose values
    /// are text. The first row has the names, unless `columns` of the response does. A byte order mark
    /// is passed over; a row with fewer or more values than there are names is a mistake.
    pub struct CsvConfig {
        /// What stands between values, for example `;`, or `\t` for a tab. Not written: `,`.
        pub delimiter: Option<Text>,
        /// So many lines before the first row are passed over. Not written: 0.
        pub skip_lines: Option<u32>,
    }
}

impl KindConfig<DecoderFamily> for CsvConfig {
    fn compile(&self, cx: &mut CompileContext) -> Option<Box<dyn DecodeBody>> {
        let delimiter = match &self.delimiter {
            None => b',',
            Some(text) => match text.text.as_bytes() {
                b"\\t" => b'\t',
                [one] if one.is_ascii() => *one,
                _ => {
                    let at = cx.at(text.span);
                    let message = format!("`{}` is not one character", text.text);
                    cx.note(
                        Diagnostic::error("not-in-set", at, message)
                            .help("write one of `,`, `;`, `|`, `\\t`"),
                    );
                    return None;
                }
            },
        };
        Some(Box::new(Csv {
            delimiter,
            skip_lines: self.skip_lines.unwrap_or_default(),
        }))
    }
}

#[derive(Debug)]
struct Csv {
    delimiter: u8,
    skip_lines: u32,
}

impl DecodeBody for Csv {
    fn format(&self) -> &'static str {
        "CSV"
    }

    fn read(
        &self,
        body: Body<'_>,
        items: &ItemsRule,
        to: &mut ItemSink<'_>,
    ) -> Result<Json, DecodeError> {
        let mut lines = std::io::BufReader::new(body.reader());
        for _ in 0..self.skip_lines {
            std::io::BufRead::skip_until(&mut lines, b'\n').map_err(broken)?;
        }
        let written = items.columns();
        // The reader passes over a byte order mark itself.
        let mut rows = csv::ReaderBuilder::new()
            .delimiter(self.delimiter)
            .has_headers(written.is_none())
            .from_reader(lines);
        let names: Vec<String> = match written {
            Some(names) => names.to_vec(),
            None => {
                let header = rows.headers().map_err(malformed)?;
                header.iter().map(|name| name.trim().to_owned()).collect()
            }
        };
        if names.iter().any(|name| name.starts_with('<')) {
            let reason = "it begins like HTML or XML; a login page may have come instead";
            return Err(DecodeError::Malformed(reason.to_owned()));
        }
        to.begin();
        let mut row = csv::StringRecord::new();
        while rows.read_record(&mut row).map_err(malformed)? {
            if row.len() != names.len() {
                return Err(DecodeError::Malformed(format!(
                    "line {} has {} values, but there are {} columns",
                    row.position().map_or(0, csv::Position::line),
                    row.len(),
                    names.len()
                )));
            }
            let values = row.iter().map(Json::from);
            let item: Map<_, _> = names.iter().cloned().zip(values).collect();
            to.push(Json::Object(item))?;
        }
        Ok(Json::Null)
    }
}

fn malformed(error: csv::Error) -> DecodeError {
    let line = error.position().map_or(0, csv::Position::line);
    match error.into_kind() {
        csv::ErrorKind::Io(error) => broken(error),
        csv::ErrorKind::Utf8 { .. } => {
            DecodeError::Malformed(format!("line {line} has bytes that are no UTF-8"))
        }
        csv::ErrorKind::UnequalLengths {
            expected_len, len, ..
        } => DecodeError::Malformed(format!(
            "line {line} has {len} values, but there are {expected_len} columns"
        )),
        _ => DecodeError::Malformed(format!("line {line} cannot be read")),
    }
}
