//! What the interpreter says of a failure → a sentence.

use ::cel::ExecutionError;

/// What went wrong, without the values involved: those may be secret.
pub(super) fn sentence(error: &ExecutionError) -> String {
    match error {
        ExecutionError::NoSuchKey(key) => {
            format!("there is no field `{key}`; write `has(…)` to ask first")
        }
        ExecutionError::NoSuchOverload(overload) => {
            let name = overload
                .function()
                .trim_matches('_')
                .trim_start_matches('@');
            let types: Vec<String> = overload
                .argument_types()
                .iter()
                .map(|name| type_word(&name.to_string()).to_owned())
                .collect();
            format!(
                "`{name}` does not work on {}{}",
                types.join(" and "),
                type_hint(&types)
            )
        }
        ExecutionError::UndeclaredReference(name) => format!("`{name}` is not known here"),
        ExecutionError::FunctionError { function, message } => format!("`{function}`: {message}"),
        ExecutionError::UnexpectedType { got, want } => {
            // Some databases have numbers for truth values.
            let hint = match got.contains("int") && want.contains("bool") {
                true => "; compare it: `x != 0`",
                false => "",
            };
            format!("found {got} where {want} is needed{hint}")
        }
        ExecutionError::InvalidArgumentCount { expected, actual } => {
            format!("a function got {actual} arguments instead of {expected}")
        }
        ExecutionError::ValuesNotComparable(..) => "the two sides cannot be compared".to_owned(),
        ExecutionError::UnsupportedBinaryOperator(operator, left, right) => {
            let sign = match *operator {
                "add" => "+",
                "sub" => "-",
                "mul" => "*",
                "div" => "/",
                "rem" => "%",
                other => other,
            };
            let types = [left, right].map(|side| type_word(&side.type_of().to_string()).to_owned());
            format!(
                "`{sign}` does not work on {} and {}{}",
                types[0],
                types[1],
                type_hint(&types)
            )
        }
        ExecutionError::UnsupportedIndex(..) => "this value cannot be indexed like that".to_owned(),
        ExecutionError::DivisionByZero(_) | ExecutionError::RemainderByZero(_) => {
            "division by zero".to_owned()
        }
        ExecutionError::Overflow(..) => "the result does not fit its number type".to_owned(),
        ExecutionError::IndexOutOfBounds(_) => "the list has no item at this index".to_owned(),
        ExecutionError::DuplicateKey(_) => "a map has the same key twice".to_owned(),
        _ => "a value has the wrong type".to_owned(),
    }
}

fn type_word(name: &str) -> &str {
    name.strip_suffix("_type").unwrap_or(name)
}

/// The way out, for the two kinds of value that surprise people.
fn type_hint(types: &[String]) -> &'static str {
    let has = |name: &str| types.iter().any(|found| found == name);
    match (has("null"), has("bytes")) {
        (true, _) => "; ask first: `x != null ? … : …`",
        (_, true) => "; `string(…)` turns bytes into text",
        _ => "",
    }
}
