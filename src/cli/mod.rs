//! Command lines → the modules that do what they say.

pub mod inspect;
