//! Functions on JSON and on values that may be missing.

use super::{Function, Registered, text_argument};
use crate::expr::Value;

struct Get;

impl Function for Get {
    const NAME: &'static str = "get";
    const PARAMETERS: &'static [&'static str] = &["value", "default"];
    const DOC: &'static str = "The value, or the default when it is null.";

    fn call(arguments: &[Value]) -> Result<Value, String> {
        Ok(match &arguments[0] {
            Value::Null => arguments[1].clone(),
            value => value.clone(),
        })
    }
}

inventory::submit! { Registered::of::<Get>() }

struct ParseJson;

impl Function for ParseJson {
    const NAME: &'static str = "parse_json";
    const PARAMETERS: &'static [&'static str] = &["text"];
    const DOC: &'static str = "The value that the JSON text describes.";

    fn call(arguments: &[Value]) -> Result<Value, String> {
        let text = text_argument(arguments, 0)?;
        serde_json::from_str::<serde_json::Value>(text)
            .map(Value::from)
            .map_err(|error| {
                format!(
                    "argument 1 is not JSON (line {}, column {})",
                    error.line(),
                    error.column()
                )
            })
    }
}

inventory::submit! { Registered::of::<ParseJson>() }

struct JsonPath;

impl Function for JsonPath {
    const NAME: &'static str = "json_path";
    const PARAMETERS: &'static [&'static str] = &["value", "path"];
    const DOC: &'static str = "What stands at a dotted path such as `owner.emails.0`, in a value or in JSON text; null when nothing does.";

    fn call(arguments: &[Value]) -> Result<Value, String> {
        let path = text_argument(arguments, 1)?;
        let parsed;
        let root = match &arguments[0] {
            Value::Text(_) => {
                parsed = ParseJson::call(&arguments[..1])?;
                &parsed
            }
            value => value,
        };
        let keys = path
            .trim_start_matches('$')
            .split('.')
            .filter(|key| !key.is_empty());
        let found = keys.into_iter().try_fold(root, |value, key| match value {
            Value::Map(map) => map.get(key),
            Value::List(items) => items.get(key.parse::<usize>().ok()?),
            _ => None,
        });
        Ok(found.cloned().unwrap_or_default())
    }
}

inventory::submit! { Registered::of::<JsonPath>() }
