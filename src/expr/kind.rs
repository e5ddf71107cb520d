//! What kind of value an expression comes to, as far as that is known before it runs.

use std::fmt;

/// A kind of value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Whatever the record has there.
    Any,
    /// Nothing.
    Null,
    /// `true` or `false`.
    Truth,
    /// A number, whole or not.
    Number,
    /// Text.
    Text,
    /// Bytes.
    Bytes,
    /// A moment.
    Time,
    /// A length of time.
    Length,
    /// A list.
    List,
    /// A map.
    Map,
}

/// As sentences name it.
impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Kind::Any => "a value",
            Kind::Null => "null",
            Kind::Truth => "`true` or `false`",
            Kind::Number => "a number",
            Kind::Text => "text",
            Kind::Bytes => "bytes",
            Kind::Time => "a moment",
            Kind::Length => "a length of time",
            Kind::List => "a list",
            Kind::Map => "a map",
        })
    }
}

impl Kind {
    /// What both sides of a choice have in common.
    pub(super) fn or(self, other: Kind) -> Kind {
        if self == other { self } else { Kind::Any }
    }

    /// Whether a value of this kind may be one of another.
    pub(super) fn may_be(self, other: Kind) -> bool {
        self == other || self == Kind::Any || other == Kind::Any
    }

    /// Whether it may be one of several.
    pub(super) fn may_be_any(self, others: &[Kind]) -> bool {
        others.iter().any(|other| self.may_be(*other))
    }
}
