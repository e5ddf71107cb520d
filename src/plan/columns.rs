//! The columns that a mapping uses, against those that its query selects.

use super::listing::{Step, TypeCompiler};
use crate::config::scalar::Text;
use crate::diagnostic::{Diagnostic, Edit, Location, Span, list, nearest};
use crate::source::sql::Column;

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
        let names: Vec<&str> = selected.iter().map(|column| column.name.as_str()).collect();
        self.columns_without_dot(words, &names);
        for (name, span) in used {
            if names.contains(&name.as_str()) {
                continue;
            }
            let same = |column: &&Column| column.name.eq_ignore_ascii_case(&name);
            match selected.iter().find(same) {
                Some(column) if column.is_exact && column.name != name => {
                    self.column_of_another_case(&name, &column.name, span);
                    continue;
                }
                Some(_) => continue,
                None if name.eq_ignore_ascii_case(DATABASE) => continue,
                None => {}
            }
            let near = nearest(&name, names.iter().copied());
            let help = match near {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("select it; the query selects {}", list(&names)),
            };
            let message = format!("the query selects no column `{name}`");
            let at = self.cx.at(span);
            let fix = near.and_then(|near| rename(&at, &name, near));
            let diagnostic = Diagnostic::warning("unselected-column", at, message);
            self.cx.note(diagnostic.help(help).fix_if(fix));
        }
        reads
    }
    /// Warns of a column whose name the database writes in another case: names are looked up exactly.
    fn column_of_another_case(&mut self, name: &str, column: &str, span: Span) {
        let at = self.cx.at(span);
        let message = format!("the database calls this column `{column}`, not `{name}`");
        let fix = rename(&at, name, column);
        let help = format!("write `.{column}`, or name it in the query: `AS \"{name}\"`");
        self.cx.note(
            Diagnostic::warning("column-case", at, message)
                .help(help)
                .fix_if(fix),
        );
    }

    /// Warns of a word that stands for itself and has the name of a selected column.
    fn columns_without_dot(&mut self, words: Vec<(String, Text)>, selected: &[&str]) {
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

/// The change of the file that reads another column.
fn rename(at: &Location, name: &str, column: &str) -> Option<Edit> {
    let written = at.file.text().get(at.span.start..at.span.end)?;
    (written == format!(".{name}")).then(|| Edit::replace(at.span, format!(".{column}")))
}
