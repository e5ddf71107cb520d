//! `request`, `response` and `pagination` of one listing → its pages.

use std::sync::Arc;

use async_trait::async_trait;

use super::base::safe;
use super::conditions::Conditions;
use super::decoder::{DecodeBody, JsonDecoder};
use super::detail::Detail;
use super::error_rules::ErrorRules;
use super::exchange::{Failure, Wire};
use super::pagination::{Paginate, Place, Turn, Unpaged, Verdict};
use super::reading::{Reader, TakeItems};
use super::redact::Redactor;
use super::request::{Purpose, RequestTemplate};
use super::response::ItemsRule;
use super::shape::Shaper;
use super::source::HttpSource;
use crate::config::CompileContext;
use crate::config::http::{PaginationConfig, RequestConfig, ResponseConfig};
use crate::diagnostic::Location;
use crate::expr::{Inputs, Value, Variables};
use crate::source::{Fetch, Page, PageToken, PartialReason, SourceError, TakePages};

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
        let request = RequestTemplate::compile(
            listing.request,
            &self.base,
            listing.variables,
            Purpose::Listing,
            cx,
        );
        let items = ItemsRule::compile(listing.response, listing.per_resource, cx);
        let decoder = match &listing.response.decoder {
            Some(decoder) => decoder.compile(cx),
            None => Some(Box::new(JsonDecoder) as Box<dyn DecodeBody>),
        };
        cx.reads_response = false;
        let detail = listing.response.detail.as_ref();
        let detail = detail.map(|detail| Detail::compile(detail, self, listing.item_variables, cx));
        let detail_reads_answer = cx.reads_response;
        let pagination = match listing.pagination.or(self.pagination.as_ref()) {
            Some(PaginationConfig::Http(block)) => block.compile(cx),
            // The reader takes the strategies of a file's own dialect only.
            Some(PaginationConfig::Sql(_)) | None => Some(Box::new(Unpaged) as Box<dyn Paginate>),
        };
        let rules = ErrorRules::compile(listing.request.error_handling.as_ref(), cx);
        let conditions = Conditions::compile(listing.request.error_handling.as_ref(), cx);
        let (request, items) = (request?, items?);
        let reader = Reader {
            whole: items.needs_whole() || detail_reads_answer,
            items,
            conditions: conditions.or(&self.conditions),
            decoder: decoder?,
        };
        Some(Box::new(Listing {
            rules: rules.or(&self.errors),
            at: cx.at(listing.request.url.0.span),
            source: self.clone(),
            redactor: self.redactor.with(request.secrets()),
            request,
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

#[derive(Debug)]
struct Listing {
    at: Location,
    source: Arc<HttpSource>,
    request: RequestTemplate,
    reader: Arc<Reader>,
    detail: Option<Detail>,
    rules: ErrorRules,
    /// Knows the secrets of the source and those of the request.
    redactor: Redactor,
    pagination: Box<dyn Paginate>,
    /// Whether records are mapped with the answer around them.
    shared: bool,
}

#[async_trait]
impl Fetch for Listing {
    async fn page(&self, inputs: &Inputs, token: Option<&PageToken>) -> Result<Page, SourceError> {
        let mut whole = WholePage::default();
        self.deliver(inputs, token, &mut whole).await?;
        Ok(whole.0)
    }

    async fn pages(
        &self,
        inputs: &Inputs,
        mut token: Option<PageToken>,
        to: &mut dyn TakePages,
    ) -> Result<(), SourceError> {
        while let Some(next) = self.deliver(inputs, token.as_ref(), to).await? {
            token = Some(next);
        }
        Ok(())
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
                || detail.is_some_and(|detail| detail.mentions(variable))
        })
    }
}

impl Listing {
    /// Asks for one page and hands it on, in parts when it is large. Returns where the next one is,
    /// where there is one and it is wanted.
    async fn deliver(
        &self,
        inputs: &Inputs,
        token: Option<&PageToken>,
        to: &mut dyn TakePages,
    ) -> Result<Option<PageToken>, SourceError> {
        let place = token.map(Place::read).transpose()?;
        let source = &self.source;
        let mut request = self.request.build(inputs, &source.base, &source.defaults)?;
        self.pagination.prepare(&mut request, place.as_ref())?;
        let wire = Wire {
            source,
            redactor: &self.redactor,
            rules: &self.rules,
        };
        let mut failed = 0;
        let read = loop {
            let incoming = match wire.open(&request, self.reader.whole).await {
                Ok(incoming) => incoming,
                Err(failure) => {
                    let page = match self.excused(place.as_ref(), &failure) {
                        Some(page) => page,
                        None => past_the_end(place.as_ref(), failure)?,
                    };
                    to.take(page).await;
                    return Ok(None);
                }
            };
            let mut parts = Parts {
                listing: self,
                inputs,
                token,
                shaper: self.reader.items.shape.of(None)?,
                to: &mut *to,
                delivered: false,
            };
            let read = self.reader.read(incoming, &wire, &mut parts).await;
            let (delivered, shaper) = (parts.delivered, parts.shaper);
            match read {
                Ok(Some(read)) => break (read, delivered.then_some(shaper)),
                Ok(None) => return Ok(None),
                Err(error) => {
                    failed += 1;
                    let wait = source.retry.wait(failed, error.retry_after());
                    let Some(wait) = wait.filter(|_| error.is_transient()) else {
                        return Err(error);
                    };
                    tracing::info!(reason = %error, attempt = failed, "asking again");
                    if delivered {
                        to.again(true).await;
                    }
                    source.clock.sleep(wait).await;
                }
            }
        };
        let (read, shaper) = read;
        let turn = Turn {
            place: place.as_ref(),
            asked: &request.url,
            count: read.count,
            fingerprint: &|| read.fingerprint,
            answer: &read.answer,
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
        let mut page = Page {
            next: verdict.next.map(|place| place.write()),
            partial: verdict.partial.into_iter().chain(read.reasons).collect(),
            ..Page::default()
        };
        if !verdict.repeated {
            let mut shaper = match shaper {
                Some(shaper) => shaper,
                None => self.reader.items.shape.of(Some(&read.answer.body))?,
            };
            page.records = shaper.records(read.items)?;
        }
        if self.shared || self.reader.whole {
            let mut answer = read.answer;
            self.reader.items.forget_last(&mut answer.body);
            page.shared = answer.shared();
        }
        if self.detail.is_some() {
            let mut inputs = inputs.clone();
            for (name, value) in page.shared.iter() {
                inputs.set(name, value.clone());
            }
            let records = std::mem::take(&mut page.records);
            self.complete(&mut page, records, &inputs).await?;
        }
        tracing::debug!(
            url = safe(&request.url),
            records = page.records.len(),
            last = page.next.is_none(),
            "page"
        );
        let next = page.next.clone();
        let wanted = to.take(page).await;
        Ok(next.filter(|_| wanted))
    }

    /// Puts records into a page, completed where the file asks for it.
    async fn complete(
        &self,
        page: &mut Page,
        records: Vec<Value>,
        inputs: &Inputs,
    ) -> Result<(), SourceError> {
        page.records = match &self.detail {
            None => records,
            Some(detail) => {
                let (records, reasons) = detail.complete(records, &self.source, inputs).await?;
                page.partial.extend(reasons);
                records
            }
        };
        Ok(())
    }

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

/// Hands parts of a large answer on while it comes.
struct Parts<'p> {
    listing: &'p Listing,
    inputs: &'p Inputs,
    /// The page that they are parts of.
    token: Option<&'p PageToken>,
    shaper: Shaper<'p>,
    to: &'p mut dyn TakePages,
    delivered: bool,
}

#[async_trait]
impl TakeItems for Parts<'_> {
    async fn take(&mut self, items: Vec<Value>) -> Result<bool, SourceError> {
        let mut page = Page {
            next: self.token.cloned(),
            more: true,
            ..Page::default()
        };
        let records = self.shaper.records(items)?;
        self.listing
            .complete(&mut page, records, self.inputs)
            .await?;
        self.delivered = true;
        Ok(self.to.take(page).await)
    }
}

/// Puts the parts of one page together.
#[derive(Default)]
struct WholePage(Page);

#[async_trait]
impl TakePages for WholePage {
    async fn take(&mut self, page: Page) -> bool {
        let before = std::mem::replace(&mut self.0, page);
        self.0.records.splice(0..0, before.records);
        self.0.partial.splice(0..0, before.partial);
        true
    }

    async fn again(&mut self, _: bool) {
        self.0 = Page::default();
    }
}
