//! REST APIs: requests → pages of JSON items.

pub mod auth;
pub mod decoder;
pub mod pagination;

mod answer;
mod answer_body;
mod base;
mod body;
mod change;
mod clock;
mod conditions;
mod defaults;
mod delivery;
mod detail;
mod error_rules;
mod exchange;
mod item_sink;
mod limiter;
mod limits;
mod listing;
mod lookup;
mod parts;
mod paths;
mod pre_requests;
mod reading;
mod redact;
mod request;
mod response;
mod retry;
mod shape;
mod source;
mod texts;
mod token;
mod transport;
mod unpack;

pub use answer::Answer;
pub use answer_body::Body;
pub use change::HttpChange;
pub use clock::{Clock, SystemClock};
pub use item_sink::ItemSink;
pub use listing::HttpListing;
pub use parts::RequestParts;
pub use response::ItemsRule;
pub use source::HttpSource;
pub use token::Ask;
pub use transport::{Recorder, Replay};
