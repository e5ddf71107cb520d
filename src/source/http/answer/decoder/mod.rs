//! What the bodies of answers are written in: one file per format. Bytes → items, and what is left
//! of the answer without them.

mod csv;
mod json;
mod ndjson;
mod xml;

pub(in crate::source::http) use json::{Json as JsonDecoder, malformed};

use std::io::Read;

use serde_json::Value as Json;

use super::body::Body;
use super::item_sink::ItemSink;
use super::items::ItemsRule;
use crate::config::http::DecoderFamily;
use crate::config::kind::{Family, Kind, registered};

crate::family!(DecoderFamily);

impl Family for DecoderFamily {
    const NAME: &'static str = "decoder";
    const TAG: &'static str = "type";
    const SHORT: bool = true;
    type Compiled = dyn DecodeBody;

    fn kinds() -> Vec<&'static Kind<Self>> {
        registered()
    }
}

/// Reads a body from its beginning to its end, once.
pub trait DecodeBody: Send + Sync + std::fmt::Debug {
    /// What bodies are, for messages: `JSON`.
    fn format(&self) -> &'static str;

    /// Hands the items on while they come, and returns what is left of the answer. Items that `to`
    /// was not given are still in what is left, where `items` finds them.
    fn read(
        &self,
        body: Body<'_>,
        items: &ItemsRule,
        to: &mut ItemSink<'_>,
    ) -> Result<Json, DecodeError>;
}

/// Why a body could not be read.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// The bytes are not what they should be.
    #[error("{0}")]
    Malformed(String),
    /// They end in the middle.
    #[error("it ends too early")]
    CutShort,
    /// Nobody wants more.
    #[error("nobody listens any more")]
    Unwanted,
}

/// Reads everything into memory, where nothing else will do. The reader has a limit of its own.
fn held(mut body: Box<dyn Read + '_>) -> Result<Vec<u8>, DecodeError> {
    let mut bytes = Vec::new();
    body.read_to_end(&mut bytes).map_err(broken)?;
    Ok(bytes)
}

/// What a reader says went wrong. Why a connection broke, it has told whoever made it.
fn broken(error: std::io::Error) -> DecodeError {
    match error.kind() {
        std::io::ErrorKind::UnexpectedEof => DecodeError::CutShort,
        _ => DecodeError::Malformed(error.to_string()),
    }
}
