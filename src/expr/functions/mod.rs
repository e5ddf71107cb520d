//! The functions we add to CEL: one file per theme, each registering its own.

mod collections;
mod php;
mod standard;
mod strings;
mod time;
mod vendors;

pub use standard::{standard_functions, standard_methods};

use std::sync::{Arc, OnceLock};

use ::cel::common::types::DYN_TYPE;
use ::cel::common::value::CowVal;
use ::cel::{Env, ExecutionError, extensions};

use super::convert::{from_cel, to_static_val};
use super::typing::Kinds;
use super::{Kind, Value};

/// A function of ours, implemented by a type without values so that it has an address of its own.
pub(super) trait Function {
    /// The name in expressions.
    const NAME: &'static str;
    /// Names of the parameters, for the documentation; their number is the arity.
    const PARAMETERS: &'static [&'static str];
    /// What it does, for the documentation.
    const DOC: &'static str;
    /// The kinds of value that each parameter can be, as far as only some can.
    const TAKES: &'static [&'static [Kind]] = &[];
    /// The kind of its result, where it always is of one.
    const GIVES: Kind = Kind::Any;

    /// Computes the result. The error is a sentence without any argument's value.
    fn call(arguments: &[Value]) -> Result<Value, String>;
}

/// What can be read as text.
const TEXTUAL: &[Kind] = &[Kind::Text, Kind::Bytes];

/// A registered function.
pub(super) struct Registered {
    name: &'static str,
    parameters: &'static [&'static str],
    doc: &'static str,
    kinds: Kinds,
    call: ::cel::common::functions::Function,
}

impl Registered {
    pub(super) const fn of<F: Function>() -> Self {
        Self {
            name: F::NAME,
            parameters: F::PARAMETERS,
            doc: F::DOC,
            kinds: (F::TAKES, F::GIVES),
            call: adapt::<F>,
        }
    }
}

inventory::collect!(Registered);

fn adapt<'b, 'v, F: Function>(
    arguments: Vec<CowVal<'b, 'v>>,
) -> Result<CowVal<'b, 'v>, ExecutionError> {
    let values = arguments
        .iter()
        .map(|argument| from_cel(argument.as_ref()))
        .collect::<Result<Vec<Value>, _>>()?;
    let result =
        F::call(&values).map_err(|message| ExecutionError::function_error(F::NAME, message))?;
    Ok(CowVal::Owned(to_static_val(result)))
}

/// A function as `rolecall kinds` shows it.
#[derive(Debug, Clone, serde::Serialize)]
pub struct FunctionDoc {
    /// How it is called, for example `replace(text, changes)`.
    pub signature: String,
    /// What it does.
    pub description: String,
}

/// Every function of ours, sorted by name.
pub fn documented() -> Vec<FunctionDoc> {
    let mut functions: Vec<&Registered> = inventory::iter::<Registered>.into_iter().collect();
    functions.sort_by_key(|function| function.name);
    functions
        .into_iter()
        .map(|function| FunctionDoc {
            signature: format!("{}({})", function.name, function.parameters.join(", ")),
            description: function.doc.to_owned(),
        })
        .collect()
}

/// Names and arities of our functions.
pub(super) fn arities() -> impl Iterator<Item = (&'static str, usize)> {
    inventory::iter::<Registered>
        .into_iter()
        .map(|function| (function.name, function.parameters.len()))
}

/// What one of our functions takes and gives.
pub(super) fn kinds(name: &str) -> Option<Kinds> {
    let mut all = inventory::iter::<Registered>.into_iter();
    all.find(|function| function.name == name)
        .map(|function| function.kinds)
}

/// The one environment all expressions share: the standard library, the string, list, math and
/// base64 extensions, and our functions. Building it is slow, so it is built once.
pub(super) fn environment() -> Arc<Env> {
    static ENVIRONMENT: OnceLock<Arc<Env>> = OnceLock::new();
    ENVIRONMENT
        .get_or_init(|| {
            let mut env = Env::stdlib().with_optional_support(true);
            for extension in [extensions::strings, extensions::lists, extensions::math] {
                env.add_extension(extension)
                    .expect("extensions do not collide");
            }
            env.add_extension(extensions::encoders)
                .expect("extensions do not collide");
            for function in inventory::iter::<Registered> {
                let arguments = function.parameters.iter().map(|_| DYN_TYPE).collect();
                env.add_overload(function.name, function.name, arguments, function.call)
                    .expect("function names are unique");
            }
            Arc::new(env)
        })
        .clone()
}

/// The text of an argument, or a sentence that says which one is not text.
pub(super) fn text_argument(arguments: &[Value], index: usize) -> Result<&str, String> {
    match &arguments[index] {
        Value::Text(text) => Ok(text),
        Value::Bytes(bytes) => std::str::from_utf8(bytes)
            .map_err(|_| format!("argument {} is bytes that are not text", index + 1)),
        other => Err(format!(
            "argument {} is {}, but a string is needed",
            index + 1,
            other.type_name()
        )),
    }
}
