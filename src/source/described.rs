//! What a database says of a statement that it has looked at and not run.

/// What a statement would bring and takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Described {
    /// The database says it.
    Known {
        /// The columns of its rows; none for a statement that brings no rows.
        columns: Vec<Typed>,
        /// Its parameters, by the names of their placeholders, where the types are known.
        parameters: Vec<Typed>,
    },
    /// It cannot be said.
    Unknown {
        /// Why: a clause for people.
        reason: String,
    },
}

/// A column or a parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Typed {
    /// Its name.
    pub name: String,
    /// Its type in the words of the database.
    pub type_name: String,
}

impl Described {
    /// It cannot be said.
    pub(crate) fn not(reason: impl Into<String>) -> Self {
        Described::Unknown {
            reason: reason.into(),
        }
    }
}
