//! What an API answers: the bytes of a body → items, shaped into records.

pub mod decoder;

pub(super) mod body;
pub(super) mod item_sink;
pub(super) mod items;
pub(super) mod lookup;
pub(super) mod reading;
pub(super) mod received;
pub(super) mod shape;
pub(super) mod unpack;

pub use body::Body;
pub use item_sink::ItemSink;
pub use items::ItemsRule;
pub use received::Answer;
