//! The columns that a mapping uses, against those that its query selects.

use super::listing::{Step, TypeCompiler};
use crate::config::scalar::Text;
use crate::diagnostic::{Diagnostic, Edit, Location, list, nearest};

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
    /// select, only where the query tells its columns by itself: a warning about a sound file is
    /// worse than none.
    pub(super) fn check_columns(&mut self, step: &Step) -> Vec<ColumnRead> {
        let used = std::mem::take(&mut self.cx.columns);
        let words = std::mem::take(&mut self.cx.words);
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
        self.columns_without_dot(words, &selected);
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
        reads
    }
    /// Warns of a word that stands for itself and has the name of a selected column.
    fn columns_without_dot(&mut self, words: Vec<(String, Text)>, selected: &[String]) {
        let statics = self.config.static_entitlements.iter().flatten();
        let statics: Vec<&str> = statics.map(|entry| entry.id.text.as_str()).collect();
        for (word, text) in words {
            let is_column = selected.iter().any(|name| name.eq_ignore_ascii_case(&word));
            if !is_column || statics.contains(&word.as_str()) {
                continue;
            }
            let at = self.cx.at(text.span);
            let message = format!("this is the text `{word}` itself, not the column");
            let fix = self.cx.rewrite(&text, &format!(".{word}"));
            self.cx.note(
                Diagnostic::warning("bare-word", at, message)
                    .help(format!("a column begins with a dot: `.{word}`"))
                    .fix_if(fix),
            );
        }
    }
}
