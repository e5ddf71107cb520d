//! REST APIs: requests → pages of JSON items.

pub mod auth;
pub mod pagination;

mod answer;
mod base;
mod clock;
mod defaults;
mod exchange;
mod listing;
mod paths;
mod redact;
mod request;
mod response;
mod retry;
mod source;

pub use answer::Answer;
pub use clock::{Clock, SystemClock};
pub use listing::HttpListing;
pub use request::RequestParts;
pub use source::HttpSource;
