//! Who looks on while expressions are evaluated.

use super::{EvalError, Expression, Scope, Value};

/// Hears of every expression that is evaluated: what shows the way of a record, and what counts which
/// expressions a test has reached. It is one of the [`Inputs`](super::Inputs), so it hears of all that
/// is made from them. Values may be secret to whoever they are shown to: a watch decides.
pub trait Watch: Send + Sync {
    /// An expression had this value on these variables. Called where it was evaluated, so briefly.
    fn evaluated(
        &self,
        expression: &Expression,
        scope: &Scope<'_>,
        value: Result<&Value, &EvalError>,
    );
}
