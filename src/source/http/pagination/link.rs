//! `strategy: link`: each answer carries the URL of the next page, in its body or in a header.

use std::num::NonZeroU32;

use reqwest::Method;
use reqwest::header::{HeaderMap, LINK};
use url::Url;

use super::counted::PAGE_SIZE;
use super::{Paginate, Place, Turn, Verdict, mark};
use crate::config::CompileContext;
use crate::config::decode::section;
use crate::config::http::HttpPaginationFamily;
use crate::config::kind::{Kind, KindConfig};
use crate::config::scalar::{PathText, Text};
use crate::source::SourceError;
use crate::source::http::base::safe;
use crate::source::http::paths::JsonPath;
use crate::source::http::request::RequestParts;

inventory::submit! { Kind::<HttpPaginationFamily>::of::<LinkConfig>("link") }

section! {
    /// Follows the URL of the next page, absolute or relative, which each answer carries.
    ///
    /// The listing ends when there is none. A link to another host is refused, so that credentials
    /// stay where they belong.
    pub struct LinkConfig {
        /// Path of the next page's URL in the answer, for example `links.next` or
        /// `@odata.nextLink`. Not written: the `Link` header with `rel="next"`.
        pub link_next_path | "next_link_path": Option<PathText>,
        /// Query parameter that carries `page_size` in the first request. Not written: no size is
        /// sent. An addition of rolecall.
        pub limit_param: Option<Text>,
        /// How many items a page has. Sent only with `limit_param`; not written: 100.
        pub page_size: Option<NonZeroU32>,
    }
}

impl KindConfig<HttpPaginationFamily> for LinkConfig {
    fn compile(&self, cx: &mut CompileContext) -> Option<Box<dyn Paginate>> {
        let path = match &self.link_next_path {
            Some(path) => Some(JsonPath::compile(path, cx)?),
            None => None,
        };
        let limit = self.limit_param.as_ref().map(|param| {
            (
                param.text.clone(),
                self.page_size.map_or(PAGE_SIZE, NonZeroU32::get),
            )
        });
        Some(Box::new(Link { path, limit }))
    }
}

#[derive(Debug)]
struct Link {
    path: Option<JsonPath>,
    limit: Option<(String, u32)>,
}

impl Paginate for Link {
    fn prepare(
        &self,
        request: &mut RequestParts,
        place: Option<&Place>,
    ) -> Result<(), SourceError> {
        match (place, &self.limit) {
            // The link says all: some APIs refuse the parameters of the first request beside it.
            (Some(place), _) => request.go_to(Url::parse(&place.at).map_err(|_| {
                SourceError::Invalid(
                    "the page token is not one of this listing; start the sync anew".to_owned(),
                )
            })?),
            (None, Some((param, size))) => request.set_query(param, &size.to_string()),
            (None, None) => {}
        }
        Ok(())
    }

    fn next(&self, turn: &Turn<'_>) -> Result<Verdict, SourceError> {
        let link = match &self.path {
            Some(path) => mark(path, "link_next_path", turn.answer)?,
            None => next_link(&turn.answer.headers),
        };
        let Some(link) = link else {
            return Ok(Verdict::end());
        };
        let url = turn.base.next_page(turn.asked, &link)?;
        let url = without(url, turn.secret_param);
        match Place::follow(turn.place, url.into()) {
            Some(place) => Ok(Verdict::go_on(place)),
            None => Err(SourceError::Loop {
                reason: format!(
                    "{} answered a link that it had answered before",
                    safe(turn.asked)
                ),
            }),
        }
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
