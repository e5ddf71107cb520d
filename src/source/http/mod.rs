//! REST APIs: requests → pages of JSON items.

pub mod auth;
pub mod pagination;

mod answer;
mod base;
mod change;
mod clock;
mod defaults;
mod error_rules;
mod exchange;
mod listing;
mod parts;
mod paths;
mod redact;
mod request;
mod response;
mod retry;
mod source;
mod texts;
mod tls;
mod token;

pub use answer::Answer;
pub use change::HttpChange;
pub use clock::{Clock, SystemClock};
pub use listing::HttpListing;
pub use parts::RequestParts;
pub use source::HttpSource;
pub use token::Ask;
