//! One page of a listing: asked for, read, and handed on.

use std::borrow::Cow;
use std::sync::Arc;

use async_trait::async_trait;

use super::answer::reading::{ReadAnswer, TakeItems};
use super::answer::shape::Shaper;
use super::listing::Listing;
use super::pagination::{Place, Turn, Verdict};
use super::request::base::safe;
use super::request::parts::RequestParts;
use super::request::pre_requests;
use super::view;
use super::wire::exchange::Wire;
use super::wire::failure::Failure;
use crate::expr::{Inputs, Map, Value};
use crate::source::{
    AnswerTold, Asked as AskedFor, Page, PageToken, PartialReason, SourceError, TakePages, Told,
};

/// How a page ended.
pub(super) enum Delivered {
    /// Another one follows.
    Next(PageToken),
    /// It was the last one. With the answers of the requests made before the listing.
    Done(Option<Arc<Map>>),
    /// Nobody wants more.
    Unwanted,
    /// The API no longer knows the place: the listing has to begin anew.
    Restart(SourceError),
}

/// What asking for a page came to.
enum Asked<'l> {
    /// An answer. With what shaped the parts of it that were handed on, where there were any.
    Read(Box<ReadAnswer>, Option<Shaper<'l>>),
    Ended(Delivered),
}

impl Listing {
    /// Asks for one page and hands it on, in parts when it is large.
    pub async fn deliver(
        &self,
        inputs: &Inputs,
        token: Option<&PageToken>,
        to: &mut dyn TakePages,
    ) -> Result<Delivered, SourceError> {
        let source = &self.source;
        let place = match token {
            Some(token) => Some(Place::read(token)?),
            None => self.pagination.start(source.clock.now()),
        };
        let mut inputs = Cow::Borrowed(inputs);
        if let Some((name, value)) = self.pagination.variable(place.as_ref()) {
            inputs.to_mut().set(name, value);
        }
        let wire = self.wire();
        let before = self.before.answers(&wire, &inputs, token.is_none()).await?;
        if let Some(answers) = &before {
            let answers = Value::Map(Map::clone(answers));
            inputs.to_mut().set(pre_requests::VARIABLE, answers);
        }
        let mut request = self
            .request
            .build(&inputs, &source.base, &source.defaults)?;
        self.pagination.prepare(&mut request, place.as_ref())?;
        request.once = place.is_some() && self.pagination.moves_on();
        // What jobs and scrolls brought cannot be gone on with by a later process, which begins
        // another one.
        let passes = self.before.is_job() || self.pagination.moves_on();
        let token = token.filter(|_| !passes);
        let asked = self
            .ask(&request, place.as_ref(), token, to, &before)
            .await?;
        let (read, shaper) = match asked {
            Asked::Read(read, shaper) => (*read, shaper),
            Asked::Ended(delivered) => return Ok(delivered),
        };
        let verdict = self.verdict(&request, place.as_ref(), &read)?;
        let told = source.tells().then(|| self.told(&request, &read, &verdict));
        let next = verdict.next.as_ref().map(Place::write);
        if verdict.repeated && shaper.is_some() {
            // Too late not to deliver them: they are told from those that come again.
            to.again(true).await;
        }
        if let Some(answers) = &before
            && next.is_some()
        {
            self.before.keep(&inputs, answers);
        }
        let mut page = self
            .page(read, verdict, shaper, before.as_deref(), &inputs)
            .await?;
        tracing::debug!(
            url = safe(&request.url),
            records = page.records.len(),
            last = page.next.is_none(),
            "page"
        );
        page.told = told.map(Box::new);
        if passes && page.next.take().is_some() {
            page.more = true;
        }
        let wanted = to.take(page).await;
        Ok(match next {
            _ if !wanted => Delivered::Unwanted,
            Some(next) => Delivered::Next(next),
            None => Delivered::Done(before),
        })
    }

    /// What is left of an answer, with the records that were not handed on yet.
    async fn page(
        &self,
        read: ReadAnswer,
        verdict: Verdict,
        shaper: Option<Shaper<'_>>,
        before: Option<&Map>,
        inputs: &Inputs,
    ) -> Result<Page, SourceError> {
        let mut page = Page {
            next: verdict.next.map(|place| place.write()),
            numbered: self.numbered(),
            partial: verdict.partial.into_iter().chain(read.reasons).collect(),
            ..Page::default()
        };
        if !verdict.repeated {
            let mut shaper = match shaper {
                Some(shaper) => shaper,
                None => self.reader.items.shape.of(Some(&read.answer.body))?,
            };
            page.records = shaper.records(read.items)?;
            if self.detail.is_some() && read.count > 0 {
                page.partial.extend(shaper.too_early());
            }
        }
        if self.shared || self.reader.whole {
            let mut answer = read.answer;
            self.reader.items.forget_last(&mut answer.body);
            page.shared = answer.shared();
        }
        if let Some(answers) = before {
            let answers = Value::Map(answers.clone());
            page.shared.set(pre_requests::VARIABLE, answers);
        }
        if let Some(detail) = &self.detail {
            let mut inputs = inputs.clone();
            inputs.extend(&page.shared);
            let records = std::mem::take(&mut page.records);
            let (records, reasons) = detail.complete(records, &self.source, &inputs).await?;
            page.records = records;
            page.partial.extend(reasons);
        }
        Ok(page)
    }

    /// What was asked and answered, for whoever writes the connector.
    fn told(&self, request: &RequestParts, read: &ReadAnswer, verdict: &Verdict) -> Told {
        let mut rest = read.answer.body.clone();
        self.reader.items.forget_last(&mut rest);
        let clean = |text: &str| self.redactor.whole(text);
        let next = verdict.next.as_ref();
        Told {
            asked: AskedFor::Request(view::shown(request, false, &self.redactor)),
            count: read.count,
            size: self.pagination.size(),
            answer: Some(AnswerTold {
                status: read.answer.status.as_u16(),
                headers: view::headers(&read.answer.headers, &self.redactor),
                rest: view::clean(rest, &self.redactor),
                items_path: self.reader.items.path().map(str::to_owned),
            }),
            next: next.map(|place| clean(place.shown())),
            probe: next.is_some_and(Place::is_probe),
            because: clean(&verdict.because),
        }
    }

    pub(super) fn wire(&self) -> Wire<'_> {
        Wire {
            source: &self.source,
            redactor: &self.redactor,
            rules: &self.rules,
        }
    }

    /// Whether a record that comes on two pages tells that records moved.
    fn numbered(&self) -> bool {
        self.pagination.by_number() && self.reader.items.is_plain()
    }

    /// Sends the request of a page until an answer was read to its end.
    async fn ask<'l>(
        &'l self,
        request: &RequestParts,
        place: Option<&Place>,
        token: Option<&PageToken>,
        to: &mut dyn TakePages,
        before: &Option<Arc<Map>>,
    ) -> Result<Asked<'l>, SourceError> {
        let wire = self.wire();
        let mut failed = 0;
        loop {
            let incoming = match wire.open(request, self.reader.whole).await {
                Ok(incoming) => incoming,
                Err(failure) => {
                    let restarts = |status| self.pagination.restarts(status);
                    let lost = request.once && failure.error.is_transient();
                    if lost || place.is_some() && failure.status.is_some_and(restarts) {
                        return Ok(Asked::Ended(Delivered::Restart(failure.error)));
                    }
                    let page = match self.excused(place, &failure) {
                        Some(page) => page,
                        None => past_the_end(place, failure)?,
                    };
                    let wanted = to.take(page).await;
                    return Ok(Asked::Ended(match wanted {
                        true => Delivered::Done(before.clone()),
                        false => Delivered::Unwanted,
                    }));
                }
            };
            let mut parts = Parts {
                token,
                shaper: self.reader.items.shape.of(None)?,
                before: before.as_deref(),
                numbered: self.numbered(),
                to: &mut *to,
                delivered: false,
            };
            let read = self.reader.read(incoming, &wire, &mut parts).await;
            let (delivered, shaper) = (parts.delivered, parts.shaper);
            let error = match read {
                Ok(Some(read)) => {
                    return Ok(Asked::Read(Box::new(read), delivered.then_some(shaper)));
                }
                Ok(None) => return Ok(Asked::Ended(Delivered::Unwanted)),
                Err(error) => error,
            };
            if request.once && error.is_transient() {
                return Ok(Asked::Ended(Delivered::Restart(error)));
            }
            self.source.wait_or_give_up(&mut failed, error).await?;
            if delivered {
                to.again(true).await;
            }
        }
    }

    /// Whether the listing goes on behind an answer.
    fn verdict(
        &self,
        request: &RequestParts,
        place: Option<&Place>,
        read: &ReadAnswer,
    ) -> Result<Verdict, SourceError> {
        let turn = Turn {
            place,
            asked: &request.url,
            count: read.count,
            fingerprint: &|| read.fingerprint(),
            answer: &read.answer,
            base: &self.source.base,
            secret_param: self.source.auth.query_param(),
        };
        match self.pagination.next(&turn) {
            // Strategies that count notice a circle by a page that came twice, the others by a
            // place: then the page itself is new.
            Err(SourceError::Loop { reason }) => Ok(Verdict {
                because: reason.clone(),
                partial: Some(PartialReason::paging_loop(reason)),
                repeated: place.is_some_and(Place::counts),
                next: None,
            }),
            verdict => verdict,
        }
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
struct Parts<'p, 'l> {
    /// The page that they are parts of.
    token: Option<&'p PageToken>,
    shaper: Shaper<'l>,
    /// The answers of the requests made before the listing.
    before: Option<&'p Map>,
    numbered: bool,
    to: &'p mut dyn TakePages,
    delivered: bool,
}

#[async_trait]
impl TakeItems for Parts<'_, '_> {
    async fn take(&mut self, items: Vec<Value>) -> Result<bool, SourceError> {
        let mut page = Page {
            next: self.token.cloned(),
            more: true,
            numbered: self.numbered,
            ..Page::default()
        };
        page.records = self.shaper.records(items)?;
        if let Some(answers) = self.before {
            let answers = Value::Map(answers.clone());
            page.shared.set(pre_requests::VARIABLE, answers);
        }
        self.delivered = true;
        Ok(self.to.take(page).await)
    }
}

/// Puts the parts of one page together.
#[derive(Default)]
pub(super) struct WholePage(pub Page);

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
