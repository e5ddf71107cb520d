//! Logs: level, form and places.

use super::super::flags::{LogFlags, LogFormat};
use super::words::Words;

/// Says how messages are logged. A level that is none is `info`, as it is for those connectors.
pub(super) fn say(flags: &LogFlags, terminal: bool, words: &mut Words) {
    let level = flags.log_level.to_ascii_lowercase();
    let level = match level.as_str() {
        "debug" | "warn" | "error" => level.as_str(),
        "dpanic" | "panic" | "fatal" => "error",
        _ => "info",
    };
    let format = match (flags.log_format, terminal) {
        (Some(LogFormat::Console), _) | (None, true) => "text",
        (Some(LogFormat::Json), _) | (None, false) => "flat",
    };
    words.value("--log-level", level);
    words.value("--log-format", format);
    words.each("--log-path", &flags.log_path);
}
