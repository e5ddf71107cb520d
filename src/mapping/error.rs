//! What a record can do to a mapping.

use crate::expr::EvalError;

/// A record that cannot be mapped. Names the field and the expression; the caller adds the system,
/// the resource type and which record it was.
#[derive(Debug, thiserror::Error)]
pub enum MappingError {
    /// An expression failed.
    #[error("`{field}`")]
    Expression {
        /// The field of the mapping, as the YAML names it.
        field: &'static str,
        /// The expression and what went wrong.
        #[source]
        source: EvalError,
    },
    /// A field that identifies something came out empty.
    #[error("`{field}: {expression}` is empty for this record")]
    Empty {
        /// The field of the mapping, as the YAML names it.
        field: &'static str,
        /// The expression as written.
        expression: String,
    },
    /// An id that the protocol does not allow.
    #[error("`{field}` is {length} bytes long: ids may have at most 1024")]
    TooLong {
        /// The field of the mapping, as the YAML names it.
        field: &'static str,
        /// Length of the id in bytes.
        length: usize,
    },
    /// A value outside of what its field can hold.
    #[error("`{field}: {expression}` {problem}")]
    BadValue {
        /// The field of the mapping, as the YAML names it.
        field: &'static str,
        /// The expression as written.
        expression: String,
        /// What is wrong with the value, without the value.
        problem: String,
    },
}

impl MappingError {
    pub(super) fn expression(field: &'static str) -> impl FnOnce(EvalError) -> Self {
        move |source| MappingError::Expression { field, source }
    }
}

/// What was odd about a record that could still be mapped: `(code, sentence)`.
#[derive(Debug, Default)]
pub struct Remarks(Vec<(&'static str, String)>);

impl Remarks {
    /// Notes an oddity under a stable code.
    pub fn add(&mut self, code: &'static str, message: impl Into<String>) {
        self.0.push((code, message.into()));
    }

    /// Takes everything noted.
    pub fn into_vec(self) -> Vec<(&'static str, String)> {
        self.0
    }
}
