//! What somebody filled in → the values of a form's fields, checked all at once.

use serde_json::{Map as JsonMap, Value as Json};

use super::ask::AskError;
use crate::config::account::AccountFieldType;
use crate::diagnostic::{list, nearest};
use crate::expr::{Map, Value};
use crate::plan::AccountField;

/// The values of a form: fields without a value are left out, so that `has(input.name)` tells.
pub(super) fn filled_in(
    fields: &[AccountField],
    input: &JsonMap<String, Json>,
) -> Result<Map, AskError> {
    let mut problems = Vec::new();
    let names = || fields.iter().map(|field| field.name.as_str());
    for name in input.keys() {
        if !names().any(|known| known == name) {
            let hint = match (nearest(name, names()), fields) {
                (Some(meant), _) => format!("did you mean `{meant}`?"),
                (None, []) => "the form has no fields".to_owned(),
                (None, _) => format!("there are {}", list(&names().collect::<Vec<_>>())),
            };
            problems.push(format!("there is no field `{name}`; {hint}"));
        }
    }
    let mut values = Map::new();
    for field in fields {
        let value = match input.get(&field.name) {
            None | Some(Json::Null) => None,
            Some(written) => match of_kind(field.field_type, written) {
                Ok(value) => value.filter(|value| is_set(field, value)),
                Err(wanted) => {
                    // What was written may be secret: it is not repeated.
                    problems.push(format!("the field `{}` takes {wanted}", field.name));
                    continue;
                }
            },
        };
        match value {
            Some(value) => drop(values.insert(field.name.clone(), value)),
            None if field.required => {
                problems.push(format!("the field `{}` must be filled in", field.name));
            }
            // Whoever asks says yes or no: nothing is no.
            None if field.field_type == AccountFieldType::Boolean => {
                values.insert(field.name.clone(), Value::Bool(false));
            }
            None => {}
        }
    }
    match problems.as_slice() {
        [] => Ok(values),
        problems => Err(AskError::Argument(problems.join("; "))),
    }
}

/// Empty text is no value, and so is a zero that nobody needs: platforms send both for fields that
/// were left empty.
fn is_set(field: &AccountField, value: &Value) -> bool {
    match value {
        Value::Text(text) => !text.is_empty(),
        Value::Int(0) => field.required,
        _ => true,
    }
}

/// A value of a kind; `None` for an empty text. What is written on a command line is text, whatever
/// it stands for. Fails with what the kind takes.
fn of_kind(kind: AccountFieldType, written: &Json) -> Result<Option<Value>, &'static str> {
    if let Json::String(text) = written {
        return match (kind, text.trim()) {
            (AccountFieldType::String, _) => Ok(Some(Value::Text(text.clone()))),
            (_, "") => Ok(None),
            (_, text) => {
                let read = serde_json::from_str(text).unwrap_or(Json::Null);
                of_kind_itself(kind, &read).map(Some)
            }
        };
    }
    of_kind_itself(kind, written).map(Some)
}

fn of_kind_itself(kind: AccountFieldType, written: &Json) -> Result<Value, &'static str> {
    match (kind, written) {
        (AccountFieldType::String, Json::String(text)) => Ok(Value::Text(text.clone())),
        (AccountFieldType::String, _) => Err("a text"),
        (AccountFieldType::Boolean, Json::Bool(value)) => Ok(Value::Bool(*value)),
        (AccountFieldType::Boolean, _) => Err("`true` or `false`"),
        (AccountFieldType::Int, Json::Number(number)) => {
            whole(number).map(Value::Int).ok_or("a whole number")
        }
        (AccountFieldType::Int, _) => Err("a whole number"),
        (AccountFieldType::StringList, Json::Array(items)) if items.iter().all(Json::is_string) => {
            Ok(Value::from(written.clone()))
        }
        (AccountFieldType::StringList, _) => Err("a list of texts, for example `[\"a\", \"b\"]`"),
        (AccountFieldType::Map, Json::Object(_)) => Ok(Value::from(written.clone())),
        (AccountFieldType::Map, _) => Err("values by name, for example `{\"team\": \"a\"}`"),
    }
}

/// Platforms have one kind of number: `12.0` is whole.
fn whole(number: &serde_json::Number) -> Option<i64> {
    number.as_i64().or_else(|| {
        let number = number.as_f64()?;
        let exact = number.fract() == 0.0 && number.abs() < 9_007_199_254_740_992.0;
        exact.then_some(number as i64)
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn form() -> Vec<AccountField> {
        let field = |name: &str, field_type, required| AccountField {
            name: name.to_owned(),
            description: String::new(),
            field_type,
            placeholder: String::new(),
            required,
        };
        vec![
            field("login", AccountFieldType::String, true),
            field("email", AccountFieldType::String, false),
            field("level", AccountFieldType::Int, false),
            field("seat", AccountFieldType::Int, true),
            field("admin", AccountFieldType::Boolean, false),
            field("teams", AccountFieldType::StringList, false),
            field("tags", AccountFieldType::Map, false),
        ]
    }

    fn filled(input: Json) -> Result<Json, String> {
        let input = input.as_object().expect("a form is an object");
        let values = filled_in(&form(), input).map_err(|error| error.to_string())?;
        Ok(Json::from(&Value::Map(values)))
    }

    #[test]
    fn texts_of_a_command_line_and_values_of_a_platform_come_to_the_same() {
        let texts = filled(json!({
            "login": "ada", "level": "12", "seat": " 0 ", "admin": "true",
            "teams": "[\"a\", \"b\"]", "tags": "{\"k\": 1}",
        }));
        let values = filled(json!({
            "login": "ada", "level": 12.0, "seat": 0, "admin": true,
            "teams": ["a", "b"], "tags": {"k": 1},
        }));
        assert_eq!(texts, values);
        let expected = json!({
            "login": "ada", "level": 12, "seat": 0, "admin": true,
            "teams": ["a", "b"], "tags": {"k": 1},
        });
        assert_eq!(values, Ok(expected));
    }

    #[test]
    fn what_is_left_empty_is_not_there_but_for_a_no() {
        let empty = json!({
            "login": "007", "seat": 1, "email": "", "level": 0, "teams": "", "tags": null,
        });
        let expected = json!({"login": "007", "seat": 1, "admin": false});
        assert_eq!(filled(empty), Ok(expected.clone()));
        assert_eq!(filled(json!({"login": "007", "seat": "1"})), Ok(expected));
        // A list without items was filled in.
        let listed = filled(json!({"login": " ", "seat": 1, "teams": []})).expect("sound");
        assert_eq!(
            (&listed["teams"], &listed["login"]),
            (&json!([]), &json!(" "))
        );
    }

    #[test]
    fn every_mistake_of_a_form_is_told_at_once_and_no_value_is_repeated() {
        let problems = filled(json!({
            "login": 7, "emial": "hunter2", "level": "hunter2", "admin": 1, "teams": ["hunter2", 2],
            "tags": "hunter2", "whatever": "hunter2",
        }))
        .expect_err("nearly all of it is wrong");
        insta::assert_snapshot!(problems.replace("; ", "\n"), @r#"
        there is no field `emial`
        did you mean `email`?
        there is no field `whatever`
        there are `login`, `email`, `level`, `seat`, `admin`, `teams`, `tags`
        the field `login` takes a text
        the field `level` takes a whole number
        the field `seat` must be filled in
        the field `admin` takes `true` or `false`
        the field `teams` takes a list of texts, for example `["a", "b"]`
        the field `tags` takes values by name, for example `{"team": "a"}`
        "#);
        let of_none = filled_in(&[], json!({"x": 1}).as_object().expect("an object"));
        assert_eq!(
            of_none.expect_err("there is no field").to_string(),
            "there is no field `x`; the form has no fields"
        );
    }
}
