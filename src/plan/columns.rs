//! The columns that a mapping uses, against those that its query selects.

use super::listing::{Step, TypeCompiler};
use crate::diagnostic::{Location, list, nearest};

/// A column that a mapping reads, and where.
#[derive(Debug, Clone)]
pub struct ColumnRead {
    /// Its name.
    pub name: String,
    /// Where it is written.
    pub at: Location,
}

/// A column that every row has without being selected.
const DATABASE: &str = "database";

impl TypeCompiler<'_, '_> {
    /// The columns that the expressions compiled so far read. Warns of each that the query does not
    /// select. Only where the query tells
    /// its columns by itself: a warning about a sound file is worse than none.
    pub(super) fn check_columns(&mut self, step: &Step) -> Vec<ColumnRead> {
        let used = std::mem::take(&mut self.cx.columns);
        let reads = used.iter().map(|(name, span)| ColumnRead {
            name: name.clone(),
            at: self.cx.at(*span),
        });
        let reads = reads.collect();
        let selected = step
            .query
            .zip(self.connection)
            .and_then(|(query, connection)| connection.selected(&query.0.text));
        let Some(selected) = selected else {
            return reads;
        };
        let is_there = |name: &str| {
            let mut all = selected.iter().map(String::as_str).chain([DATABASE]);
            all.any(|known| known.eq_ignore_ascii_case(name))
        };
        for (name, span) in used {
            if is_there(&name) {
                continue;
            }
            let help = match nearest(&name, selected.iter().map(String::as_str)) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("select it; the query selects {}", list(&selected)),
            };
            let message = format!("the query selects no column `{name}`");
            self.cx.warning("unselected-column", span, message, &help);
        }
        reads
    }
}
