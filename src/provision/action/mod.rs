//! Actions: an id and arguments → a prepared change, and what it answers.

mod answer;
mod arguments;
mod invoke;
mod outstanding;
mod schema;

pub use invoke::{Invocation, invoke};
pub use outstanding::{ActionState, ActionStatus, Actions};
pub use schema::{ActionSchema, ActionValueSchema, action_schemas};
