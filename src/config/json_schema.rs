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

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    /// The fields below a schema: their place, and what is known of each.
    fn fields<'s>(place: &str, schema: &'s Value, found: &mut Vec<(String, &'s Value)>) {
        match schema {
            Value::Object(entries) => {
                for (key, value) in entries {
                    let inside = format!("{place}/{key}");
                    match (key.as_str(), value) {
                        ("properties", Value::Object(properties)) => {
                            for (name, field) in properties {
                                let place = format!("{inside}/{name}");
                                fields(&place, field, found);
                                found.push((place, field));
                            }
                        }
                        _ => fields(&inside, value, found),
                    }
                }
            }
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    fields(&format!("{place}/{index}"), item, found);
                }
            }
            _ => {}
        }
    }

    #[test]
    fn editors_can_describe_every_field_and_every_word() {
        let schema: Value = serde_json::from_str(&json_schema()).expect("JSON");
        let mut found = Vec::new();
        fields("", &schema, &mut found);
        assert!(found.len() > 300, "{}", found.len());
        let is_silent = |field: &&(String, &Value)| {
            let description = field.1.get("description").and_then(Value::as_str);
            description.is_none_or(|text| text.trim().is_empty())
        };
        let silent: Vec<_> = found.iter().filter(is_silent).map(|it| &it.0).collect();
        assert_eq!(
            silent,
            Vec::<&String>::new(),
            "fields without a description"
        );
        let definitions = schema["$defs"].as_object().expect("definitions");
        for (name, definition) in definitions {
            let Some(words) = definition.get("enum").and_then(Value::as_array) else {
                continue;
            };
            let docs = definition["enumDescriptions"].as_array();
            assert_eq!(docs.map(Vec::len), Some(words.len()), "{name}");
        }
    }

    #[test]
    fn examples_come_from_the_documentation() {
        let schema: Value = serde_json::from_str(&json_schema()).expect("JSON");
        let connect = &schema["$defs"]["HttpConnectConfig"]["properties"];
        assert_eq!(
            connect["base_url"]["examples"],
            serde_json::json!(["https://api.example.com/v1"])
        );
        let mut found = Vec::new();
        fields("", &schema, &mut found);
        let with_examples = found
            .iter()
            .filter(|(_, field)| field.get("examples").is_some());
        assert!(with_examples.count() > 30);
    }
}
