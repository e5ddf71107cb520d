//! `tolerance`: how much may go wrong before a sync gives up.

use super::decode::{closed_set, section};

section! {
    /// How much may go wrong before a sync gives up. An addition of rolecall.
    pub struct ToleranceConfig {
        /// What is done about a record that cannot be mapped, for example because an expression
        /// fails on it. Not written: `warn`.
        pub records: Option<ToleranceAction>,
        /// What is done when a listing for one resource is answered with 404 or 410: the resource
        /// was listed, and now the system says that it is not there. A rule for the status in
        /// `error_handling` comes first. Not written: `warn`.
        pub not_found: Option<ToleranceAction>,
        /// How many warnings the sync goes on with, whatever their share: with one more, it fails if
        /// their share is too large as well. Records and listings are counted each for themselves.
        pub warnings: u32 = 10,
        /// The share of warnings that the sync goes on with, in percent of the records or of the
        /// listings so far.
        pub percent: u32 = 10,
    }
}

closed_set! {
    /// What is done about something that went wrong in one place.
    pub enum ToleranceAction {
        /// The sync fails. What was found so far is kept, and the next run goes on from there.
        Fail = "fail",
        /// It is counted, shown with examples, and makes the sync *partial*; too many fail it.
        Warn = "warn",
        /// It is counted and shown, and the sync may be complete all the same.
        Ignore = "ignore",
    }
}
