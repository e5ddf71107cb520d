//! `strategy: link`: each answer carries the URL of the next page, in its body or in a header.

use std::num::NonZeroU32;

use reqwest::header::{HeaderMap, HeaderName, LINK};
use reqwest::{Method, StatusCode};
use url::Url;

use super::counted::PAGE_SIZE;
use super::signals::{More, Total, ended_before, header_name, optional};
use super::{Paginate, Place, Turn, Verdict, expired, mark, not_ours};
use crate::config::CompileContext;
use crate::config::decode::{closed_set, section};
use crate::config::http::HttpPaginationFamily;
use crate::config::kind::{Kind, KindConfig};
use crate::config::scalar::{PathText, Text};
use crate::source::http::paths::JsonPath;
use crate::source::http::request::base::safe;
use crate::source::http::request::parts::RequestParts;
use crate::source::{PartialReason, SourceError};

inventory::submit! { Kind::<HttpPaginationFamily>::of::<LinkConfig>("link") }

section! {
    /// Follows the URL of the next page, absolute or relative, which each answer carries.
    ///
    /// The listing ends when there is none, and when `more_path` or `end_path` says so. A link to
    /// another host is refused, so that credentials stay where they belong.
    pub struct LinkConfig {
        /// Path of the next page's URL in the answer, for example `links.next` or
        /// `@odata.nextLink`. Not written: the `Link` header with `rel="next"`.
        pub link_next_path | "next_link_path": Option<PathText>,
        /// Query parameter that carries `page_size` in the first request. Not written: no size is
        /// sent. An addition of rolecall.
        pub limit_param: Option<Text>,
        /// How many items a page has. Sent only with `limit_param`; not written: 100.
        pub page_size: Option<NonZeroU32>,
        /// Header whose value is the URL of the next page, for example `X-Next-Page`. Not written:
        /// the `Link` header. An addition of rolecall.
        pub link_header: Option<Text>,
        /// What a relative link continues: `page` (when not written), the URL that was asked, or
        /// `base_url`. A link that begins with `/` starts at the root of the host where it continues
        /// the page. An addition of rolecall.
        pub relative_to: Option<RelativeTo>,
        /// Path of a truth value that says whether there are more pages. Where it is false the
        /// listing ends, whatever the link. An addition of rolecall.
        pub more_path: Option<PathText>,
        /// The opposite: path of a truth value that says that this is the last page, for example
        /// `end_of_stream`. An addition of rolecall.
        pub end_path: Option<PathText>,
        /// Path of the total number of items in the answer. A listing that ends before it is partial.
        /// An addition of rolecall.
        pub total_path: Option<PathText>,
        /// Header with the total number of items. An addition of rolecall.
        pub total_header: Option<Text>,
        /// Statuses that say that a link is no longer good, beside 410: the listing begins anew. An
        /// addition of rolecall.
        pub restart_on: Vec<u16>,
    }
}

closed_set! {
    /// What a relative link continues.
    pub enum RelativeTo {
        /// The URL that was asked.
        Page = "page",
        /// `base_url`.
        BaseUrl = "base_url",
    }
}

impl KindConfig<HttpPaginationFamily> for LinkConfig {
    fn compile(&self, cx: &mut CompileContext) -> Option<Box<dyn Paginate>> {
        let path = self.link_next_path.as_ref();
        let path = path.map(|path| JsonPath::compile(path, cx));
        let header = self.link_header.as_ref();
        let header = header.map(|header| header_name(header, cx));
        let limit = self.limit_param.as_ref().map(|param| {
            (
                param.text.clone(),
                self.page_size.map_or(PAGE_SIZE, NonZeroU32::get),
            )
        });
        let more = More::compile(self.more_path.as_ref(), self.end_path.as_ref(), cx);
        let total = Total::compile(self.total_path.as_ref(), self.total_header.as_ref(), cx);
        Some(Box::new(Link {
            path: optional(path)?,
            header: optional(header)?,
            limit,
            from_base: self.relative_to == Some(RelativeTo::BaseUrl),
            more: more?,
            total: total?,
            restart_on: self.restart_on.clone(),
        }))
    }
}

#[derive(Debug)]
struct Link {
    path: Option<JsonPath>,
    header: Option<HeaderName>,
    limit: Option<(String, u32)>,
    from_base: bool,
    more: More,
    total: Total,
    restart_on: Vec<u16>,
}

impl Paginate for Link {
    fn prepare(
        &self,
        request: &mut RequestParts,
        place: Option<&Place>,
    ) -> Result<(), SourceError> {
        match (place, &self.limit) {
            // The link says all: some APIs refuse the parameters of the first request beside it.
            (Some(place), _) => request.go_to(Url::parse(&place.at).map_err(|_| not_ours())?),
            (None, Some((param, size))) => request.set_query(param, &size.to_string()),
            (None, None) => {}
        }
        Ok(())
    }

    fn next(&self, turn: &Turn<'_>) -> Result<Verdict, SourceError> {
        let before = turn.place.map_or(0, |place| place.items);
        let items = before.saturating_add(turn.count as u64);
        let more = self.more.said(turn.answer);
        let link = match more {
            Some(false) => None,
            _ => self.link(turn)?,
        };
        let Some(link) = link else {
            let total = self.total.of(turn.answer);
            let partial = ended_before(total, items, turn.answer);
            return Ok(Verdict {
                partial: partial.or_else(|| (more == Some(true)).then(|| no_link(turn))),
                ..Verdict::end(match more {
                    Some(false) => "the answer says that there is no more".to_owned(),
                    _ => format!("{} has no next page", self.place()),
                })
            });
        };
        let relative = !link.contains("://") && !link.starts_with("//");
        let link = match self.from_base && relative {
            true => turn.base.join(&link).map(String::from).unwrap_or(link),
            false => link,
        };
        let url = turn.base.next_page(turn.asked, &link)?;
        let url = without(url, turn.secret_param);
        match Place::follow(turn.place, url.into()) {
            Some(place) => {
                let because = format!("{} leads to a next page", self.place());
                Ok(Verdict::go_on(Place { items, ..place }, because))
            }
            None => Err(SourceError::Loop {
                reason: format!(
                    "{} answered a link that it had answered before",
                    safe(turn.asked)
                ),
            }),
        }
    }

    fn restarts(&self, status: StatusCode) -> bool {
        expired(status, &self.restart_on)
    }

    fn size(&self) -> Option<u64> {
        self.limit.as_ref().map(|(_, size)| u64::from(*size))
    }
}

impl Link {
    /// Where the file says that the link is.
    fn place(&self) -> String {
        match (&self.path, &self.header) {
            (Some(path), _) => format!("`link_next_path: {}`", path.text()),
            (None, Some(header)) => format!("the header `{header}`"),
            (None, None) => "the header `Link`".to_owned(),
        }
    }

    fn link(&self, turn: &Turn<'_>) -> Result<Option<String>, SourceError> {
        let headers = &turn.answer.headers;
        match (&self.path, &self.header) {
            (Some(path), _) => {
                let found = mark(path, "link_next_path", turn.answer, false)?;
                Ok(found.map(|mark| mark.text))
            }
            (None, Some(name)) => {
                let value = headers.get(name).and_then(|value| value.to_str().ok());
                let value = value.map(str::trim).filter(|value| !value.is_empty());
                Ok(value.map(str::to_owned))
            }
            (None, None) => Ok(next_link(headers)),
        }
    }
}

fn no_link(turn: &Turn<'_>) -> PartialReason {
    PartialReason {
        code: "cursor-missing",
        message: format!(
            "a page of {} says that there is more, but it has no link to the next page; correct the place of the link",
            safe(turn.asked)
        ),
    }
}

/// The URL without a credential in its query: it is added anew to each request.
fn without(url: Url, secret: Option<&str>) -> Url {
    let Some(secret) = secret else { return url };
    let mut parts = RequestParts::new(Method::GET, url);
    parts.remove_query(secret);
    parts.full_url()
}

/// The target of `rel="next"` in the `Link` headers, as RFC 8288 writes them.
fn next_link(headers: &HeaderMap) -> Option<String> {
    headers
        .get_all(LINK)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .find_map(next_in)
}

fn next_in(header: &str) -> Option<String> {
    let mut rest = header;
    while let Some(start) = rest.find('<') {
        let end = start + rest[start..].find('>')?;
        let target = rest[start + 1..end].trim();
        let (is_next, after) = parameters(&rest[end + 1..]);
        if is_next && !target.is_empty() {
            return Some(target.to_owned());
        }
        rest = after;
    }
    None
}

/// Reads the parameters of one link: whether they say `next`, and what follows the link.
fn parameters(text: &str) -> (bool, &str) {
    let mut is_next = false;
    let mut rest = text.trim_start();
    while let Some(parameter) = rest.strip_prefix(';') {
        let parameter = parameter.trim_start();
        let end = parameter.find(['=', ';', ',']).unwrap_or(parameter.len());
        let name = parameter[..end].trim();
        rest = &parameter[end..];
        let Some(value) = rest.strip_prefix('=') else {
            continue;
        };
        let value = value.trim_start();
        let (value, after) = match value.strip_prefix('"') {
            Some(quoted) => {
                let end = quoted.find('"').unwrap_or(quoted.len());
                (&quoted[..end], quoted.get(end + 1..).unwrap_or_default())
            }
            None => value.split_at(value.find([';', ',']).unwrap_or(value.len())),
        };
        is_next |= name.eq_ignore_ascii_case("rel")
            && value
                .split_whitespace()
                .any(|rel| rel.eq_ignore_ascii_case("next"));
        rest = after.trim_start();
    }
    (is_next, rest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_next_link_is_found_however_it_is_written() {
        let cases = [
            (
                "<https://h/x?page=2>; rel=\"next\", <https://h/x?page=9>; rel=\"last\"",
                Some("https://h/x?page=2"),
            ),
            (
                "<https://h/a,b>; rel=prev, <https://h/c;d>; title=\"a, b; rel=next\"; REL=Next",
                Some("https://h/c;d"),
            ),
            ("</x>; rel=\"last next\"", Some("/x")),
            ("<https://h/x>; rel=\"last\"", None),
            ("<https://h/x>; title=\"<y>; rel=next\"", None),
            ("<https://h/x", None),
            ("", None),
        ];
        for (header, expected) in cases {
            assert_eq!(next_in(header).as_deref(), expected, "{header}");
        }
    }

    proptest! {
        #[test]
        fn hostile_headers_never_panic(header in "[<>;,=\" a-z]{0,24}") {
            next_in(&header);
        }
    }
}
