//! `decoder: ndjson`: one JSON value per line, each an item.

use std::io::{BufRead, BufReader};

use serde_json::Value as Json;

use super::{Body, DecodeBody, DecodeError, broken};
use crate::config::CompileContext;
use crate::config::decode::section;
use crate::config::http::DecoderFamily;
use crate::config::kind::{Kind, KindConfig};
use crate::source::http::answer::item_sink::ItemSink;
use crate::source::http::answer::items::ItemsRule;

inventory::submit! { Kind::<DecoderFamily>::of::<NdjsonConfig>("ndjson") }

section! {
    /// One JSON value per line, also called JSON Lines: each line is an item. Empty lines are passed
    /// over. There is no `items_path`.
    pub struct NdjsonConfig {}
}

impl KindConfig<DecoderFamily> for NdjsonConfig {
    fn compile(&self, _: &mut CompileContext) -> Option<Box<dyn DecodeBody>> {
        Some(Box::new(Ndjson))
    }
}

#[derive(Debug)]
struct Ndjson;

impl DecodeBody for Ndjson {
    fn format(&self) -> &'static str {
        "lines of JSON"
    }

    fn read(
        &self,
        body: Body<'_>,
        _: &ItemsRule,
        to: &mut ItemSink<'_>,
    ) -> Result<Json, DecodeError> {
        let mut lines = BufReader::new(body.reader());
        let mut line = Vec::new();
        to.begin();
        for number in 1.. {
            line.clear();
            if lines.read_until(b'\n', &mut line).map_err(broken)? == 0 {
                break;
            }
            let text = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&line);
            if text.trim_ascii().is_empty() {
                continue;
            }
            let item = serde_json::from_slice(text).map_err(|error| {
                let place = format!("line {number} column {}", error.column());
                DecodeError::Malformed(match error.is_eof() {
                    true => format!("{place} ends too early to be JSON"),
                    false => format!("{place} stops being JSON"),
                })
            })?;
            to.push(item)?;
        }
        Ok(Json::Null)
    }
}
