//! Values by name: those of the protocol ⇄ JSON.

use prost_types::value::Kind;
use prost_types::{ListValue, Struct, Value};
use serde_json::{Map as JsonMap, Number, Value as Json};

/// Values of the protocol → JSON. The protocol has one kind of number: whole ones are integers.
pub fn json(values: &Struct) -> JsonMap<String, Json> {
    let fields = values.fields.iter();
    fields
        .map(|(name, value)| (name.clone(), json_value(value)))
        .collect()
}

fn json_value(value: &Value) -> Json {
    match &value.kind {
        None | Some(Kind::NullValue(_)) => Json::Null,
        Some(Kind::BoolValue(value)) => Json::Bool(*value),
        Some(Kind::NumberValue(number)) => json_number(*number),
        Some(Kind::StringValue(text)) => Json::String(text.clone()),
        Some(Kind::ListValue(list)) => list.values.iter().map(json_value).collect(),
        Some(Kind::StructValue(fields)) => Json::Object(json(fields)),
    }
}

fn json_number(number: f64) -> Json {
    let is_exact = number.fract() == 0.0 && number.abs() < 9_007_199_254_740_992.0;
    match is_exact {
        true => Json::from(number as i64),
        false => Number::from_f64(number).map_or(Json::Null, Json::Number),
    }
}

/// JSON → values of the protocol.
pub fn values(json: &JsonMap<String, Json>) -> Struct {
    let fields = json.iter();
    Struct {
        fields: fields
            .map(|(name, value)| (name.clone(), value_of(value)))
            .collect(),
    }
}

fn value_of(json: &Json) -> Value {
    let kind = match json {
        Json::Null => Kind::NullValue(0),
        Json::Bool(value) => Kind::BoolValue(*value),
        Json::Number(number) => match number.as_f64() {
            Some(number) => Kind::NumberValue(number),
            None => Kind::StringValue(number.to_string()),
        },
        Json::String(text) => Kind::StringValue(text.clone()),
        Json::Array(items) => Kind::ListValue(ListValue {
            values: items.iter().map(value_of).collect(),
        }),
        Json::Object(fields) => Kind::StructValue(values(fields)),
    };
    Value { kind: Some(kind) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_come_back_as_they_went_and_whole_numbers_are_whole() {
        let given = json!({
            "text": "a", "yes": true, "nothing": null, "whole": 7, "half": 0.5, "large": -9_007_199_254_740_991_i64,
            "list": [1, "b", []], "map": {"inner": {"n": 2}},
        });
        let given = given.as_object().expect("an object");
        assert_eq!(json(&values(given)), *given);
        let number = |number| Value {
            kind: Some(Kind::NumberValue(number)),
        };
        assert_eq!(json_value(&number(12.0)), json!(12));
        assert_eq!(json_value(&number(f64::NAN)), Json::Null);
        assert_eq!(json_value(&number(1e300)), json!(1e300));
    }
}
