//! The columns that a mapping uses, against those that its query selects.

use super::listing::{Step, TypeCompiler};
use crate::diagnostic::{Diagnostic, Edit, list, nearest};

/// A column that every row has without being selected.
const DATABASE: &str = "database";

impl TypeCompiler<'_, '_> {
    /// Warns of each column of a mapping that its query does not select. Only where the query tells
    /// its columns by itself: a warning about a sound file is worse than none.
    pub(super) fn check_columns(&mut self, step: &Step) {
        let used = std::mem::take(&mut self.cx.columns);
        let selected = step
            .query
            .zip(self.connection)
            .and_then(|(query, connection)| connection.selected(&query.0.text));
        let Some(selected) = selected else { return };
        let is_there = |name: &str| {
            let mut all = selected.iter().map(String::as_str).chain([DATABASE]);
            all.any(|known| known.eq_ignore_ascii_case(name))
        };
        for (name, span) in used {
            if is_there(&name) {
                continue;
            }
            let near = nearest(&name, selected.iter().map(String::as_str));
            let help = match near {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("select it; the query selects {}", list(&selected)),
            };
            let message = format!("the query selects no column `{name}`");
            let at = self.cx.at(span);
            let written = &at.file.text()[span.start..span.end];
            let fix = near.filter(|_| written == format!(".{name}"));
            let fix = fix.map(|near| Edit::replace(span, format!(".{near}")));
            let diagnostic = Diagnostic::warning("unselected-column", at, message);
            self.cx.note(diagnostic.help(help).fix_if(fix));
        }
    }
}
