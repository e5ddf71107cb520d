//! REST APIs: requests → pages of JSON items.

pub mod auth;
pub mod pagination;
