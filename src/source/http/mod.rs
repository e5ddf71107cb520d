//! REST APIs: requests → pages of JSON items.

pub mod auth;
pub mod pagination;

mod answer;
mod answered;
mod change;
mod delivery;
mod detail;
mod download;
mod find;
mod listing;
mod paths;
mod request;
mod source;
mod token;
mod view;
mod wire;

pub use answer::{Answer, Body, ItemSink, ItemsRule, decoder};
pub use answered::{Answered, Complaint, Unanswered, Written};
pub use change::HttpChange;
pub use download::download;
pub use find::{HttpFind, ItemPath};
pub use listing::HttpListing;
pub use request::RequestParts;
pub use source::HttpSource;
pub(crate) use source::install_tls;
pub use token::Ask;
pub(crate) use token::key::{Algorithm, SigningKey};
pub use view::{Asks, RequestView, View};
pub(crate) use wire::limits::asked as retry_after;
pub use wire::{Clock, Exchange, Recorder, Replay, SystemClock, same_request};
pub(crate) use wire::{TlsTrouble, told};
