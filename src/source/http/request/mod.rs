//! What an API is asked: `request`, what every request carries, and what is asked before → one
//! request in parts.

pub(super) mod base;
pub(super) mod body;
pub(super) mod defaults;
pub(super) mod kept;
pub(super) mod parts;
pub(super) mod pre_requests;
pub(super) mod template;
pub(super) mod texts;

pub use parts::RequestParts;
