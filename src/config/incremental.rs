//! `incremental_sync` and `get`: how changes are listed, and how one resource is fetched.

use super::decode::{Named, section};
use super::http::{PaginationConfig, RequestConfig};
use super::scalar::{DurationText, ExprText, PathText, SqlText, Text};

section! {
    /// How changes are listed, for the whole connector.
    pub struct IncrementalSyncConfig {
        /// How far back the first listing of changes looks. Not written: `3h`.
        pub default_lookback: Option<DurationText>,
    }
}

section! {
    /// How the resources of a type that changed since a moment are listed.
    pub struct ResourceChangesConfig {
        /// SQL with placeholders; `?<since>` is the moment.
        pub query: SqlText,
        /// The column that holds the moment of a change, by which the next listing goes on.
        pub cursor_column: Text,
        /// Id of the resource that a row is about. Not written: `list.map.id`.
        pub resource_id: Option<ExprText>,
        /// Values for the query's placeholders, by name.
        pub vars: Named<ExprText>,
        /// How the listing is paged.
        pub pagination: Option<PaginationConfig>,
    }
}

section! {
    /// How one resource is fetched.
    pub struct GetConfig {
        /// SQL with placeholders; `?<id>` is the id of the resource. `list.map` says what the row
        /// becomes.
        pub query: Option<SqlText>,
        /// Values for the query's placeholders, by name.
        pub vars: Named<ExprText>,
        /// The request, for an API; in its templates `id` is the id of the resource. The list's
        /// mapping says what the answer becomes; 404 and 410 mean that there is none. An addition of
        /// rolecall.
        pub request: Option<RequestConfig>,
        /// Path of the resource in the answer. Not written: the whole answer. An addition of
        /// rolecall.
        pub item_path: Option<PathText>,
    }
}

section! {
    /// How grants that came or went since a moment are listed. The `map` of the entry says what a
    /// row becomes.
    pub struct GrantChangesConfig {
        /// Id of the resource that a row is about.
        pub resource_id: ExprText,
        /// SQL that lists what was granted; `?<since>` is the moment.
        pub changes_query: SqlText,
        /// The column of `changes_query` that holds the moment of a change.
        pub changes_cursor_column: Text,
        /// SQL that lists what was revoked; `?<since>` is the moment.
        pub revokes_query: Option<SqlText>,
        /// The column of `revokes_query` that holds the moment of a change.
        pub revokes_cursor_column: Option<Text>,
        /// Values for the placeholders of both queries, by name.
        pub vars: Named<ExprText>,
        /// How both listings are paged.
        pub pagination: Option<PaginationConfig>,
    }
}
