//! `ConnectorConfig` → `schema/connector.schema.json`, for editors.

use schemars::generate::SchemaSettings;

use super::ConnectorConfig;

/// The JSON Schema of connector files, draft 2020-12, indented, ending with a newline.
pub fn json_schema() -> String {
    let generator = SchemaSettings::draft2020_12().into_generator();
    let mut schema = generator.into_root_schema_for::<ConnectorConfig>();
    schema.insert("title".into(), "rolecall connector".into());
    let json = serde_json::to_string_pretty(&schema).expect("a schema is JSON");
    format!("{json}\n")
}
