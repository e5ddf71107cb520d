//! Small conversions of text.

/// Text without its percent-encoding, where it is text then.
pub(super) fn decoded(text: &str) -> String {
    percent_encoding::percent_decode_str(text)
        .decode_utf8_lossy()
        .into_owned()
}
