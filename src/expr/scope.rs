//! The variables of one record, shared by all the expressions that are evaluated on it.

use std::cell::OnceCell;

use ::cel::Context;

use super::{Inputs, Value, functions};

/// Variables ready for evaluation. The interpreter's form of them is made when the first expression
/// needs it, and then serves all others: make a scope per record, not per expression.
pub struct Scope<'v> {
    inputs: &'v Inputs,
    record: Option<&'v Value>,
    context: OnceCell<Context<'v, 'v>>,
}

impl<'v> Scope<'v> {
    /// Binds the inputs. `record` is what SQL files call `cols` and HTTP files `item`: it is bound
    /// under both names.
    pub fn new(inputs: &'v Inputs, record: Option<&'v Value>) -> Self {
        Self {
            inputs,
            record,
            context: OnceCell::new(),
        }
    }

    /// The variables other than the record.
    pub fn inputs(&self) -> &Inputs {
        self.inputs
    }

    /// The record.
    pub fn record(&self) -> Option<&'v Value> {
        self.record
    }

    pub(super) fn context(&self) -> &Context<'v, 'v> {
        self.context.get_or_init(|| {
            let mut context = Context::with_env(functions::environment());
            for (name, value) in self.inputs.iter() {
                context.add_variable_as_val(name, value.to_val());
            }
            if let Some(record) = self.record {
                let value = record.to_val();
                context.add_variable_as_val("item", value.clone());
                context.add_variable_as_val("cols", value);
            }
            context
        })
    }
}

impl std::fmt::Debug for Scope<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Scope")
            .field("inputs", &self.inputs)
            .finish_non_exhaustive()
    }
}
