//! `request`, `response` and `pagination` of one listing → its pages.

use std::sync::Arc;

use async_trait::async_trait;

use super::answer::decoder::{DecodeBody, JsonDecoder};
use super::answer::items::ItemsRule;
use super::answer::reading::Reader;
use super::delivery::{Delivered, WholePage};
use super::detail::Detail;
use super::pagination::{Paginate, Unpaged};
use super::request::kept::Kept;
use super::request::pre_requests::{self, PreRequests};
use super::request::template::{Purpose, RequestTemplate};
use super::source::HttpSource;
use super::wire::conditions::Conditions;
use super::wire::error_rules::ErrorRules;
use crate::config::CompileContext;
use crate::config::http::{PaginationConfig, RequestConfig, ResponseConfig};
use crate::diagnostic::Location;
use crate::expr::{Inputs, Variables};
use crate::source::redact::Redactor;
use crate::source::{Fetch, Page, PageToken, SourceError, TakePages};

/// How often a listing begins anew whose places went bad on the way.
const MOST_RESTARTS: u32 = 3;

/// A listing as it is written.
#[derive(Debug, Clone, Copy)]
pub struct HttpListing<'c> {
    /// What is asked.
    pub request: &'c RequestConfig,
    /// Where the items are in the answer.
    pub response: &'c ResponseConfig,
    /// How it is paged; `None` for the connector's own way.
    pub pagination: Option<&'c PaginationConfig>,
    /// The variables that its templates may use.
    pub variables: Variables,
    /// The variables that may be used once there is an item.
    pub item_variables: Variables,
    /// True when it runs once per resource or per parent.
    pub per_resource: bool,
}

impl HttpSource {
    /// Compiles a listing of the API. Every mistake in it is noted.
    pub fn listing(
        self: &Arc<Self>,
        listing: HttpListing<'_>,
        cx: &mut CompileContext,
    ) -> Option<Box<dyn Fetch>> {
        let pagination = listing.pagination.or(self.pagination.as_ref());
        let windows =
            matches!(pagination, Some(PaginationConfig::Http(block)) if block.kind == "window");
        let pre = &listing.request.pre_requests;
        let mut known = self.common.known();
        let asked_before: &[&str] = match pre.is_empty() && known.is_empty() {
            true => &[],
            false => &[pre_requests::VARIABLE],
        };
        let variables = listing.variables.and(match (windows, asked_before) {
            (true, []) => &["window"],
            (true, _) => &["window", pre_requests::VARIABLE],
            (false, []) => &[],
            (false, _) => &[pre_requests::VARIABLE],
        });
        let help = "write it in an entry of `pre_requests`";
        pre_requests::check_waits(listing.request, help, cx);
        let purpose = Purpose::Listing;
        let before = PreRequests::compile(
            pre,
            &known,
            &self.base,
            &self.conditions,
            variables,
            purpose,
            cx,
        );
        let request = RequestTemplate::compile(listing.request, &self.base, variables, purpose, cx);
        known.extend(pre.iter().map(|(name, _)| name.text.as_str()));
        if let Some(request) = &request {
            pre_requests::check_names(request, listing.request, &known, cx);
        }
        let after = &listing.request.after_requests;
        let after = PreRequests::compile_after(after, &known, &self.base, variables, cx);
        let items = ItemsRule::compile(listing.response, listing.per_resource, cx);
        let decoder = match &listing.response.decoder {
            Some(decoder) => decoder.compile(cx),
            None => Some(Box::new(JsonDecoder) as Box<dyn DecodeBody>),
        };
        let detail = listing.response.detail.as_ref();
        let batched = detail.is_some_and(|detail| detail.batch.is_some());
        let item_variables = listing.item_variables.and(match (batched, asked_before) {
            (true, []) => &["items"],
            (true, _) => &["items", pre_requests::VARIABLE],
            (false, []) => &[],
            (false, _) => &[pre_requests::VARIABLE],
        });
        let detail = detail.map(|detail| Detail::compile(detail, self, item_variables, cx));
        let pagination = match pagination {
            Some(PaginationConfig::Http(block)) => block.compile(cx),
            // The reader takes the strategies of a file's own dialect only.
            Some(PaginationConfig::Sql(_)) | None => Some(Box::new(Unpaged) as Box<dyn Paginate>),
        };
        let rules = ErrorRules::compile(listing.request.error_handling.as_ref(), cx);
        let conditions = Conditions::compile(listing.request.error_handling.as_ref(), cx);
        let (request, before, after, items) = (request?, before?, after?, items?);
        let secrets = request.secrets().chain(before.secrets());
        let redactor = self.redactor.with(secrets.chain(after.secrets()));
        let reader = Reader {
            // Requests for details wait until the answer was read: it holds one of the few slots.
            whole: items.needs_whole() || detail.is_some(),
            items,
            conditions: conditions.or(&self.conditions),
            decoder: decoder?,
        };
        Some(Box::new(Listing {
            rules: rules.or(&self.errors),
            at: cx.at(listing.request.url.0.span),
            source: self.clone(),
            redactor,
            before: Kept::new(before),
            request,
            after,
            reader: Arc::new(reader),
            detail: match detail {
                Some(detail) => Some(detail?),
                None => None,
            },
            shared: true,
            pagination: pagination?,
        }))
    }
}

/// A compiled listing.
#[derive(Debug)]
pub(super) struct Listing {
    at: Location,
    pub source: Arc<HttpSource>,
    /// Requests made before the pages.
    pub before: Kept,
    pub request: RequestTemplate,
    /// Requests made once the pages are there.
    after: PreRequests,
    pub reader: Arc<Reader>,
    pub detail: Option<Detail>,
    pub rules: ErrorRules,
    /// Knows the secrets of the source and those of the request.
    pub redactor: Redactor,
    pub pagination: Box<dyn Paginate>,
    /// Whether records are mapped with the answer around them.
    pub shared: bool,
}

#[async_trait]
impl Fetch for Listing {
    async fn page(&self, inputs: &Inputs, token: Option<&PageToken>) -> Result<Page, SourceError> {
        let mut whole = WholePage::default();
        match self.deliver(inputs, token, &mut whole).await? {
            Delivered::Restart(error) => Err(error),
            Delivered::Next(_) | Delivered::Done(_) | Delivered::Unwanted => Ok(whole.0),
        }
    }

    async fn pages(
        &self,
        inputs: &Inputs,
        mut token: Option<PageToken>,
        to: &mut dyn TakePages,
    ) -> Result<(), SourceError> {
        let mut restarts = 0;
        loop {
            token = match self.deliver(inputs, token.as_ref(), to).await? {
                Delivered::Next(next) => Some(next),
                Delivered::Done(answers) => {
                    self.after.run_after(self, inputs, answers).await;
                    return Ok(());
                }
                Delivered::Unwanted => return Ok(()),
                Delivered::Restart(error) if restarts == MOST_RESTARTS => return Err(error),
                Delivered::Restart(error) => {
                    restarts += 1;
                    tracing::info!(reason = %error, restarts, "the listing begins anew");
                    to.again(true).await;
                    None
                }
            };
        }
    }

    fn share_answers(&mut self, wanted: bool) {
        self.shared = wanted;
    }

    fn place(&self) -> Option<&Location> {
        Some(&self.at)
    }

    fn depends_on_resource(&self) -> bool {
        ["resource", "parent_resource"].iter().any(|variable| {
            let detail = self.detail.as_ref();
            self.request.mentions(variable)
                || self.before.mentions(variable)
                || self.after.mentions(variable)
                || detail.is_some_and(|detail| detail.mentions(variable))
        })
    }
}
