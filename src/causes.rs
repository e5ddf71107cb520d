//! An error and what caused it, as one text.

use std::error::Error;

/// The error and its causes, in one line. Wrappers that only pass their cause on say the same thing
/// twice: once is enough.
pub(crate) fn in_one_line(error: &dyn Error) -> String {
    let mut texts = vec![error.to_string()];
    let mut cause = error.source();
    while let Some(error) = cause {
        texts.push(error.to_string());
        cause = error.source();
    }
    texts.dedup();
    texts.join(": ")
}
