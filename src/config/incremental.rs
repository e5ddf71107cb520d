//! `incremental_sync` and `get`: how changes are listed, and how one resource is fetched.

use super::decode::{Named, section};
use super::http::{PaginationConfig, RequestConfig, ResponseConfig};
use super::scalar::{DurationText, ExprText, PathText, SqlText, Text};

section! {
    /// How changes are listed, for the whole connector.
    pub struct IncrementalSyncConfig {
        /// How far back the first listing of changes looks. Not written: `3h`.
        pub default_lookback: Option<DurationText>,
        /// How much of the time that was listed before each listing looks at again, for changes that
        /// show late: those of long transactions, or of a log that lags behind. What was told is not
        /// told again. Not written: none beyond the second in which the last change was, and the one
        /// before. An addition of rolecall.
        pub overlap: Option<DurationText>,
    }
}

section! {
    /// How the resources of a type that changed since a moment are listed.
    pub struct ResourceChangesConfig {
        /// SQL with placeholders; `?<since>` is the moment, `?<since_unix>` the same in seconds since
        /// 1970.
        pub query: Option<SqlText>,
        /// The column that holds the moment of a change, by which the next listing goes on. In the
        /// items of an API its path, for example `object.changed_at`.
        pub cursor_column: Text,
        /// Id of the resource that a row is about. Not written: `list.map.id`.
        pub resource_id: Option<ExprText>,
        /// The request, for an API, such as that of an audit log; its templates know `since`
        /// (`2026-01-02T03:04:05Z`) and `since_unix` (seconds since 1970). An addition of rolecall.
        pub request: Option<RequestConfig>,
        /// Where the items of the answer are, and which of them are left out (`skip_if`). An addition
        /// of rolecall.
        pub response: Option<ResponseConfig>,
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
    /// How grants that came or went since a moment are listed. The mapping of the entry says what a
    /// row becomes.
    pub struct GrantChangesConfig {
        /// Id of the resource that a row is about.
        pub resource_id: ExprText,
        /// SQL that lists what was granted; `?<since>` is the moment, `?<since_unix>` the same in
        /// seconds since 1970.
        pub changes_query: Option<SqlText>,
        /// The column of `changes_query` that holds the moment of a change. In the items of an API
        /// its path.
        pub changes_cursor_column: Text,
        /// SQL that lists what was revoked; `?<since>` is the moment.
        pub revokes_query: Option<SqlText>,
        /// The column of `revokes_query` that holds the moment of a change. In the items of an API
        /// its path.
        pub revokes_cursor_column: Option<Text>,
        /// The request that lists what was granted, for an API; its templates know `since` and
        /// `since_unix`. An addition of rolecall.
        pub changes_request: Option<RequestConfig>,
        /// Where the items of its answer are, which are left out (`skip_if`), and what each becomes
        /// (`grant_mapping`, over `item` and `resource`). Without a mapping: what the mapping of the
        /// entry says. An addition of rolecall.
        pub changes_response: Option<ResponseConfig>,
        /// The request that lists what was revoked, for an API. An addition of rolecall.
        pub revokes_request: Option<RequestConfig>,
        /// Where the items of its answer are, as in `changes_response`. An addition of rolecall.
        pub revokes_response: Option<ResponseConfig>,
        /// Values for the placeholders of both queries, by name.
        pub vars: Named<ExprText>,
        /// How both listings are paged.
        pub pagination: Option<PaginationConfig>,
    }
}
