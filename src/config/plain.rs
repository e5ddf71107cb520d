//! YAML that is no connector: text → plain data, without positions.

use serde::de::DeserializeOwned;
use serde_yaml::{DuplicateKeyPolicy, Options};

/// Reads YAML that this program wrote, or a person after it.
pub(crate) fn read_plain<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    let mut options = Options::default();
    options.duplicate_keys = DuplicateKeyPolicy::Error;
    options.with_snippet = false;
    serde_yaml::from_str_with_options(text, options)
        .map_err(|error| error.without_snippet().to_string())
}

/// Reads YAML that strangers wrote, as large and as careless as it may be: of a key that stands twice
/// the last one counts.
pub(crate) fn read_plain_leniently(text: &str) -> Result<serde_json::Value, String> {
    let mut options = Options::default();
    options.duplicate_keys = DuplicateKeyPolicy::LastWins;
    options.with_snippet = false;
    serde_yaml::from_str_with_options(text, options)
        .map_err(|error| error.without_snippet().to_string())
}
