//! `strategy: offset`: each page skips the rows of those before it.

use super::{PageSize, Paginate, column};
use crate::config::CompileContext;
use crate::config::decode::section;
use crate::config::http::SqlPaginationFamily;
use crate::config::kind::{Kind, KindConfig};
use crate::config::scalar::Text;
use crate::expr::Value;
use crate::source::SourceError;
use crate::source::sql::statement::{Binding, Row};

inventory::submit! { Kind::<SqlPaginationFamily>::of::<OffsetConfig>("offset") }

section! {
    /// Skips the rows of the pages before: `… ORDER BY id LIMIT ?<limit> OFFSET ?<offset>`. Rows
    /// that come or go meanwhile shift the rest; `cursor` does not have that problem.
    struct OffsetConfig {
        /// A column that identifies a row. It must be in the result.
        primary_key: Option<Text>,
        /// Rows per page, 1 to 1000. Not written: 100.
        page_size: PageSize = PageSize::default(),
    }
}

impl KindConfig<SqlPaginationFamily> for OffsetConfig {
    fn compile(&self, cx: &mut CompileContext) -> Option<Box<dyn Paginate>> {
        Some(Box::new(Offset {
            primary_key: column(self.primary_key.as_ref()),
            page_size: self.page_size.compile(cx),
        }))
    }
}

#[derive(Debug)]
struct Offset {
    primary_key: Option<String>,
    page_size: usize,
}

impl Offset {
    fn skipped(place: Option<&str>) -> Result<i64, SourceError> {
        place.map_or(Ok(0), |place| {
            place.parse().map_err(|_| {
                SourceError::Invalid("the page token holds no offset; start the sync afresh".into())
            })
        })
    }
}

impl Paginate for Offset {
    fn placeholder(&self) -> &'static str {
        "offset"
    }

    fn page_size(&self) -> usize {
        self.page_size
    }

    fn primary_key(&self) -> Option<&str> {
        self.primary_key.as_deref()
    }

    fn binding(&self, place: Option<&str>) -> Result<Binding, SourceError> {
        Self::skipped(place).map(|skipped| Binding::Value(Value::Int(skipped)))
    }

    fn next(&self, place: Option<&str>, _last: &Row) -> Result<String, SourceError> {
        let size = i64::try_from(self.page_size).expect("it is at most 1000");
        Ok(Self::skipped(place)?.saturating_add(size).to_string())
    }
}
