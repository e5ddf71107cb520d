//! `config`: how such a connector is configured, as JSON of the protocol's message.

use serde_json::{Value as Json, json};

use super::flags::Flags;
use crate::config;

/// What the connector is called where no file says it.
const UNNAMED: &str = "rolecall";

/// The fields that somebody fills in elsewhere than on a command line: the connector file. Everything
/// else such a connector needs stands in it.
pub(super) fn config(flags: &Flags) -> String {
    let name = flags.config_path.as_ref().and_then(|path| {
        let (_, config) = config::load(path).config?;
        config.app_name.map(|name| name.text)
    });
    let described: Json = json!({
        "fields": [{
            "name": "config-path",
            "displayName": "Connector file",
            "description": "The YAML file that describes the system and how it is read and changed",
            "isRequired": true,
            "stringField": {
                "type": "STRING_FIELD_TYPE_FILE_UPLOAD",
                "allowedExtensions": [".yaml", ".yml"],
            },
        }],
        "displayName": name.unwrap_or_else(|| UNNAMED.to_owned()),
    });
    serde_json::to_string_pretty(&described).unwrap_or_default()
}
