//! Samples of answers → a connector: what the records in them have in common.

mod draft;
mod shape;

pub use draft::draft;
pub use shape::shape;
