//! How queries are paged: one file per strategy.

mod cursor;
mod offset;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::statement::{Binding, Row};
use crate::config::CompileContext;
use crate::config::Node;
use crate::config::decode::{Decode, Decoder};
use crate::config::http::SqlPaginationFamily;
use crate::config::kind::{Block, Family, Kind, registered};
use crate::config::scalar::Text;
use crate::diagnostic::{Severity, Span};
use crate::source::SourceError;

crate::family!(SqlPaginationFamily);

impl Family for SqlPaginationFamily {
    const NAME: &'static str = "paging strategy";
    const TAG: &'static str = "strategy";
    // The reference ignores unknown keys here, so files that have some must run.
    const UNKNOWN_FIELD: Severity = Severity::Warning;
    type Compiled = dyn Paginate;

    fn kinds() -> Vec<&'static Kind<Self>> {
        registered()
    }
}

/// The placeholders that paging fills in: the page size, and the places of the strategies.
pub const PLACEHOLDERS: [&str; 3] = ["limit", "offset", "cursor"];

/// The column that the pages of a strategy go by, where it has one. Mistakes in it are noted where
/// the listing is compiled.
pub fn key_of(block: &Block<SqlPaginationFamily>, cx: &mut CompileContext) -> Option<String> {
    let before = cx.diagnostics.len();
    let paging = block.compile(cx);
    cx.diagnostics.truncate(before);
    paging?.primary_key().map(str::to_owned)
}

/// Binds the place of a page and finds the next one.
pub trait Paginate: Send + Sync + std::fmt::Debug {
    /// The placeholder that carries the place of a page.
    fn placeholder(&self) -> &'static str;

    /// Rows per page.
    fn page_size(&self) -> usize;

    /// The column that must be in the result.
    fn primary_key(&self) -> Option<&str>;

    /// The value of the placeholder for a page. `None` is the first one.
    fn binding(&self, place: Option<&str>) -> Result<Binding, SourceError>;

    /// The place of the page after the one at `place`, whose last row is `last`.
    fn next(&self, place: Option<&str>, last: &Row) -> Result<String, SourceError>;
}

const DEFAULT_PAGE_SIZE: i64 = 100;
const MAX_PAGE_SIZE: i64 = 1000;

/// Rows per page as written: 1 to 1000. Zero and less mean the default.
#[derive(Debug, Clone, Copy)]
pub(super) struct PageSize {
    written: i64,
    span: Option<Span>,
}

impl Default for PageSize {
    fn default() -> Self {
        Self {
            written: DEFAULT_PAGE_SIZE,
            span: None,
        }
    }
}

impl PageSize {
    /// The size in force. One that is out of bounds is noted.
    fn compile(self, cx: &mut CompileContext) -> usize {
        if let (MAX_PAGE_SIZE.., Some(span)) = (self.written - 1, self.span) {
            let message = format!(
                "a page has at most {MAX_PAGE_SIZE} rows, not {}: {MAX_PAGE_SIZE} is used",
                self.written
            );
            cx.warning("page-size", span, message, "");
        }
        let size = match self.written {
            ..=0 => DEFAULT_PAGE_SIZE,
            written => written.min(MAX_PAGE_SIZE),
        };
        usize::try_from(size).expect("it is between 1 and the maximum")
    }
}

impl Decode for PageSize {
    fn decode(node: &Node, decoder: &mut Decoder) -> Option<Self> {
        let written = i64::decode(node, decoder)?;
        Some(Self {
            written,
            span: Some(node.span),
        })
    }
}

impl JsonSchema for PageSize {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "SqlPageSize".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "integer", "minimum": 1, "maximum": MAX_PAGE_SIZE, "default": DEFAULT_PAGE_SIZE })
    }
}

/// The name of a column, when one is written.
fn column(text: Option<&Text>) -> Option<String> {
    text.map(|text| text.text.trim().to_owned())
        .filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_of_this_folder_is_registered() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/source/sql/pagination");
        let mut files: Vec<String> = std::fs::read_dir(folder)
            .expect("the folder is there")
            .filter_map(|entry| {
                let name = entry.expect("can be read").file_name();
                name.to_str()?.strip_suffix(".rs").map(str::to_owned)
            })
            .filter(|name| name != "mod")
            .collect();
        files.sort();
        let kinds = SqlPaginationFamily::kinds();
        let names: Vec<_> = kinds.iter().map(|kind| kind.name).collect();
        assert_eq!(files, names);
    }
}
