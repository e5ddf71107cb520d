//! `printf`: the verbs that requests need, checked before anything is rendered where possible.

use std::borrow::Cow;

use super::functions::text;
use crate::expr::Value;

enum Part<'f> {
    Text(&'f str),
    Verb(char),
}

fn parts(format: &str) -> Result<Vec<Part<'_>>, String> {
    let mut parts = Vec::new();
    let mut rest = format;
    while let Some(at) = rest.find('%') {
        parts.push(Part::Text(&rest[..at]));
        let after = &rest[at + 1..];
        let verb = after.chars().next();
        match verb {
            Some('%') => parts.push(Part::Text("%")),
            Some(verb @ ('s' | 'd' | 'q' | 'v')) => parts.push(Part::Verb(verb)),
            Some(other) => return Err(format!("`printf` does not know `%{other}`")),
            None => return Err("the format of `printf` ends with a lone `%`".to_owned()),
        }
        rest = &after[1..];
    }
    parts.push(Part::Text(rest));
    Ok(parts)
}

/// Checks a format that is known before rendering against the number of its arguments.
pub(super) fn check(format: &str, arguments: usize) -> Result<(), String> {
    let verbs = parts(format)?
        .iter()
        .filter(|part| matches!(part, Part::Verb(_)))
        .count();
    match verbs == arguments {
        true => Ok(()),
        false => Err(format!(
            "this format has {verbs} verbs for {arguments} values"
        )),
    }
}

pub(super) fn printf(arguments: &[Cow<'_, Value>]) -> Result<Value, String> {
    let format = text(&arguments[0])?;
    check(&format, arguments.len() - 1)?;
    let mut values = arguments[1..].iter();
    let mut out = String::new();
    for part in parts(&format)? {
        let verb = match part {
            Part::Text(text) => {
                out.push_str(text);
                continue;
            }
            Part::Verb(verb) => verb,
        };
        let Some(value) = values.next() else { break };
        match (verb, value.as_ref()) {
            ('d', Value::Int(_) | Value::UInt(_)) | ('s' | 'v', _) => out.push_str(&text(value)?),
            ('d', other) => {
                return Err(format!("`%d` needs an integer, not {}", other.type_name()));
            }
            (_, value) => out.push_str(&serde_json::Value::from(text(value)?).to_string()),
        }
    }
    Ok(Value::Text(out))
}
