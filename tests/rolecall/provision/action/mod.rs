//! Actions: what they take, what they do, what they answer.

mod fixtures;
mod outstanding;
