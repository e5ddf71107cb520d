//! Annotations this program does not interpret: kept byte for byte.

/// A protobuf `Any` found on an object: its type and its bytes, untouched.
///
/// Facts that rolecall understands (traits, exclusion groups, immutability …) are fields of the
/// objects themselves; everything else that a file holds is carried here, so that reading and
/// writing loses nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Annotation {
    /// The type URL, for example `type.googleapis.com/c1.connector.v2.ExternalLink`.
    pub type_url: String,
    /// The encoded message.
    pub value: Vec<u8>,
}
