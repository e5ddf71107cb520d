//! What is common to all changes of a system: sequences of requests, waiting, reading back.

use std::num::NonZeroU32;

use super::decode::{Named, section};
use super::http::RequestConfig;
use super::scalar::{DurationText, ExprText, SqlText};

section! {
    /// What changes something: statements of a database or requests to an API.
    pub struct ChangeConfig {
        /// Queries that must each bring a row before anything is changed. Outside of `provisioning` an
        /// addition of rolecall.
        pub validation_queries: Vec<SqlText>,
        /// The statements, SQL with placeholders `?<name>`, run in order. None of them may change more
        /// than one row.
        pub queries: Vec<SqlText>,
        /// Runs the queries without a transaction around them.
        pub no_transaction: bool = false,
        /// How many rows one of the statements may change. Not written: 1; a statement that changes
        /// more fails, and the transaction is rolled back. An addition of rolecall.
        pub max_affected_rows: Option<NonZeroU32>,
        /// The request, for an API. Its templates know what the expressions of this place know, and
        /// `pre_requests`. Outside of `provisioning` an addition of rolecall.
        pub request: Option<RequestConfig>,
        /// True when the answer to the request says that it worked, for example
        /// `cel:response.status_code == 201`. Not written: any status from 200 to 299. Outside of
        /// `provisioning` an addition of rolecall.
        pub success_condition: Option<ExprText>,
        /// True when the answer says that nothing was left to do, for example
        /// `cel:response.status_code == 409`. An addition of rolecall.
        pub already_condition: Option<ExprText>,
        /// How a job is waited for that the answer only promises. An addition of rolecall.
        pub wait: Option<Box<WaitConfig>>,
        /// Several requests, in order, by name, instead of `request`. An addition of rolecall.
        pub requests: Named<ChangeRequestConfig>,
    }
}

section! {
    /// One request of a sequence that changes an API. An addition of rolecall.
    pub struct ChangeRequestConfig {
        /// The request. Its templates know the answers of those before it as
        /// `.responses.<name>.body`, `.headers` and `.status_code`; where a job was waited for, that
        /// is the last answer to the job's request.
        pub request: RequestConfig,
        /// True when the answer says that it worked. Not written: any status from 200 to 299.
        pub success_condition: Option<ExprText>,
        /// True when the answer says that nothing was left to do, for example
        /// `cel:response.status_code == 409`.
        pub already_condition: Option<ExprText>,
        /// How a job is waited for that the answer only promises.
        pub wait: Option<Box<WaitConfig>>,
    }
}

section! {
    /// How a job is waited for that the answer to a change only promises. An addition of rolecall.
    pub struct WaitConfig {
        /// The request that looks at the job, made again and again. In its templates `response` is
        /// the answer to the change: `tmpl:/jobs/{{ .response.body.job_id }}`.
        pub request: RequestConfig,
        /// True of the answer when the job has come to its end, well or not, for example
        /// `cel:response.body.state != 'running'`.
        pub until: ExprText,
        /// Waits only where this is true of the answer to the change, for example
        /// `cel:response.status_code == 202`. Not written: always. What `success_condition` and
        /// `already_condition` look at is the last answer to the job's request, where there was one.
        pub r#if: Option<ExprText>,
        /// The wait before each attempt. Not written: `2s`.
        pub every: Option<DurationText>,
        /// After so long nobody waits any more: whether the change was made is not known then. Not
        /// written: `10m`.
        pub at_most: Option<DurationText>,
    }
}

section! {
    /// How the system is asked whether a principal holds the entitlement. Not written: the `grants`
    /// of the resource are listed, as a sync does. An addition of rolecall.
    pub struct ReadBackConfig {
        /// SQL with the placeholders of `vars`: a row means that the principal holds it.
        pub query: Option<SqlText>,
        /// The request, with the variables of `grant` and `revoke`.
        pub request: Option<RequestConfig>,
        /// True of the answer when the principal holds it, for example
        /// `cel:principal.id in response.body.members`. Not written: any status from 200 to 299; 404
        /// and 410 mean that it does not.
        pub holds_if: Option<ExprText>,
        /// Asks before each change, too: what is so already is not sent, and neither is anything where
        /// that cannot be found out. Not written: asks before requests that mean a new thing each
        /// time they are sent (`POST`, `PATCH`), and sends them where it cannot be found out.
        pub before: Option<bool>,
        /// Asks after each change, too, until the system shows it.
        pub after: bool = false,
        /// The wait before each further attempt. Not written: `1s`.
        pub every: Option<DurationText>,
        /// How long the system may take to show a change. Not written: `30s`.
        pub at_most: Option<DurationText>,
    }
}
