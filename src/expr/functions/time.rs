//! Functions on time.

use super::{Function, Registered};
use crate::expr::{Kind, Value};

struct Now;

impl Function for Now {
    const NAME: &'static str = "now";
    const PARAMETERS: &'static [&'static str] = &[];
    const DOC: &'static str = "The current moment.";
    const GIVES: Kind = Kind::Time;

    fn call(_: &[Value]) -> Result<Value, String> {
        Ok(Value::Timestamp(chrono::Utc::now().fixed_offset()))
    }
}

inventory::submit! { Registered::of::<Now>() }
