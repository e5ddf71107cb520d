//! What systems call their things → what those are: the nouns of types, the roles of fields.

mod expression;
mod fields;
mod noun;
mod person;
mod sample;
mod shape;
mod status;
mod sure;
mod words;

pub use expression::{Language, Reading, cel_text};
pub use fields::{Found, Mapped, map};
pub use noun::{Noun, noun};
pub use sample::text_of;
pub use shape::{Field, Kind, Shape};
pub use sure::{Guess, Sure};
pub use words::{identifier, joined, singular, title, variable, words};
