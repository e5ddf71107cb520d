//! `request`, `response` and `pagination` of one listing → its pages.

use std::borrow::Cow;
use std::sync::Arc;

use super::base::safe;
use super::error_rules::ErrorRules;
use super::exchange::{Failure, Wire};
use super::pagination::{Paginate, Place, Turn, Unpaged, Verdict};
use super::pre_requests::{self, Kept, PreRequests};
use super::redact::Redactor;
use super::request::{Purpose, RequestTemplate};
use super::response::ItemsRule;
use super::source::HttpSource;
use crate::config::CompileContext;
use crate::config::http::{PaginationConfig, RequestConfig, ResponseConfig};
use crate::expr::{Inputs, Map, Value, Variables};
use crate::source::{Fetch, Page, PageToken, PartialReason, SourceError};

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
        let variables =
            listing
                .variables
                .and(match (windows, pre.is_empty() && known.is_empty()) {
                    (true, true) => &["window"],
                    (true, false) => &["window", pre_requests::VARIABLE],
                    (false, true) => &[],
                    (false, false) => &[pre_requests::VARIABLE],
                });
        let before = PreRequests::compile(pre, &known, &self.base, variables, cx);
        let purpose = Purpose::Listing;
        let request = RequestTemplate::compile(listing.request, &self.base, variables, purpose, cx);
        known.extend(pre.iter().map(|(name, _)| name.text.as_str()));
        if let Some(request) = &request {
            pre_requests::check_names(request, listing.request, &known, cx);
        }
        let items = ItemsRule::compile(listing.response, listing.per_resource, cx);
        let pagination = match pagination {
            Some(PaginationConfig::Http(block)) => block.compile(cx),
            // The reader takes the strategies of a file's own dialect only.
            Some(PaginationConfig::Sql(_)) | None => Some(Box::new(Unpaged) as Box<dyn Paginate>),
        };
        let rules = ErrorRules::compile(listing.request.error_handling.as_ref(), cx);
        let (request, before) = (request?, before?);
        let secrets = request.secrets().chain(before.secrets());
        Some(Box::new(Listing {
            rules: rules.or(&self.errors),
            source: self.clone(),
            redactor: self.redactor.with(secrets),
            before: Kept::new(before),
            request,
            items: items?,
            pagination: pagination?,
        }))
    }
}

#[derive(Debug)]
struct Listing {
    source: Arc<HttpSource>,
    /// Requests made before the pages.
    before: Kept,
    request: RequestTemplate,
    items: ItemsRule,
    rules: ErrorRules,
    /// Knows the secrets of the source and those of the request.
    redactor: Redactor,
    pagination: Box<dyn Paginate>,
}

#[async_trait::async_trait]
impl Fetch for Listing {
    async fn page(&self, inputs: &Inputs, token: Option<&PageToken>) -> Result<Page, SourceError> {
        let source = &self.source;
        let place = match token {
            Some(token) => Some(Place::read(token)?),
            None => self.pagination.start(source.clock.now()),
        };
        let mut inputs = Cow::Borrowed(inputs);
        if let Some((name, value)) = self.pagination.variable(place.as_ref()) {
            inputs.to_mut().set(name, value);
        }
        let wire = Wire {
            source,
            redactor: &self.redactor,
            rules: &self.rules,
        };
        let before = self.before.answers(&wire, &inputs, token.is_none()).await?;
        if let Some(answers) = &before {
            let answers = Value::Map(Map::clone(answers));
            inputs.to_mut().set(pre_requests::VARIABLE, answers);
        }
        let mut request = self
            .request
            .build(&inputs, &source.base, &source.defaults)?;
        self.pagination.prepare(&mut request, place.as_ref())?;
        let mut answer = match wire.send(&request).await {
            Ok(answer) => answer,
            Err(failure) => match self.excused(place.as_ref(), &failure) {
                Some(page) => return Ok(page),
                None => return past_the_end(place.as_ref(), failure),
            },
        };
        let items = self.items.find(&answer)?;
        let turn = Turn {
            place: place.as_ref(),
            asked: &request.url,
            count: items.count(&answer.body),
            fingerprint: &|| items.fingerprint(&answer.body),
            answer: &answer,
            base: &source.base,
            secret_param: source.auth.query_param(),
        };
        let verdict = match self.pagination.next(&turn) {
            // Strategies that count notice a circle by a page that came twice, the others by a
            // place: then the page itself is new.
            Err(SourceError::Loop { reason }) => Verdict {
                partial: Some(PartialReason::paging_loop(reason)),
                repeated: place.as_ref().is_some_and(Place::counts),
                next: None,
            },
            verdict => verdict?,
        };
        let (mut records, reason) = items.take(&mut answer.body);
        if verdict.repeated {
            records.clear();
        }
        let mut shared = answer.shared();
        if let Some(answers) = before {
            if verdict.next.is_some() {
                self.before.keep(&inputs, &answers);
            }
            shared.set(pre_requests::VARIABLE, Value::Map(Map::clone(&answers)));
        }
        let page = Page {
            records,
            next: verdict.next.map(|place| place.write()),
            more: false,
            shared,
            partial: verdict.partial.into_iter().chain(reason).collect(),
        };
        tracing::debug!(
            url = safe(&request.url),
            records = page.records.len(),
            last = page.next.is_none(),
            "page"
        );
        Ok(page)
    }

    fn depends_on_resource(&self) -> bool {
        ["resource", "parent_resource"]
            .iter()
            .any(|subject| self.request.mentions(subject) || self.before.mentions(subject))
    }
}

impl Listing {
    /// The end of a listing whose failure the file excuses. It is complete only where the status says
    /// that there is nothing at all.
    fn excused(&self, place: Option<&Place>, failure: &Failure) -> Option<Page> {
        let status = failure.status?;
        let rule = self.rules.find(status).filter(|rule| rule.excuses())?;
        let complete = rule.means_nothing(status) && place.is_none_or(Place::is_probe);
        let reason = PartialReason {
            code: "error-excused",
            message: failure.error.to_string(),
        };
        Some(Page {
            partial: (!complete).then_some(reason).into_iter().collect(),
            ..Page::default()
        })
    }
}

/// Many APIs refuse a page behind the last one instead of answering with an empty list. Where the
/// page was only asked for to be sure, that is the end; elsewhere it most likely is.
fn past_the_end(place: Option<&Place>, failure: Failure) -> Result<Page, SourceError> {
    let refused = failure
        .status
        .is_some_and(|status| matches!(status.as_u16(), 400 | 404 | 416 | 422));
    match place {
        Some(place) if place.counts() && refused => Ok(Page {
            partial: match place.is_probe() {
                true => Vec::new(),
                false => vec![PartialReason {
                    code: "page-refused",
                    message: format!(
                        "{}; some APIs answer so behind the last page. Write `total_path`, so that the end is known",
                        failure.error
                    ),
                }],
            },
            ..Page::default()
        }),
        _ => Err(failure.error),
    }
}
