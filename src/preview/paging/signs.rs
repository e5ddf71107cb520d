//! An answer → what in it may say where the next page is, or that there is one.

use crate::expr::Value;
use crate::source::{AnswerTold, Asked, Told};

/// How deep an answer is looked into. Deeper down are things, not the way to more of them.
const DEPTH: usize = 4;

/// Names under which APIs put the next page, without their separators.
const NEXT: &[&str] = &[
    "next",
    "nextpage",
    "nextlink",
    "nexturl",
    "nexturi",
    "nexthref",
    "nextpageurl",
    "nextpagelink",
    "nextpageuri",
    "odatanextlink",
    "nextcursor",
    "nextpagetoken",
    "nexttoken",
    "nextmarker",
    "nextoffset",
    "nextstart",
    "nextcontinuationtoken",
    "nextpagecursor",
    "continuationtoken",
    "scrollid",
];

/// Names that may as well repeat where this page began.
const PLACES: &[&str] = &[
    "cursor",
    "marker",
    "bookmark",
    "after",
    "pagetoken",
    "endcursor",
];

const MORE: &[&str] = &[
    "hasmore",
    "hasnext",
    "hasnextpage",
    "hasmoreitems",
    "hasmorepages",
    "more",
    "moreavailable",
    "morepages",
    "istruncated",
    "truncated",
];

const LAST: &[&str] = &["islast", "islastpage", "lastpage", "last", "endofstream"];

const TOTALS: &[&str] = &[
    "total",
    "totalcount",
    "totalresults",
    "totalitems",
    "totalrecords",
    "totalelements",
    "totalsize",
    "totalhits",
    "recordstotal",
    "odatacount",
];

const PAGES: &[&str] = &["totalpages", "pagecount", "lastpage", "numpages", "pages"];

/// Names of what says which page this is, or where it begins.
const NUMBERS: &[&str] = &["page", "currentpage", "pagenumber", "pageno"];
const OFFSETS: &[&str] = &["offset", "start", "startat", "skip", "startindex"];

/// Something that an answer says about its list.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Sign {
    /// The URL of the next page.
    Link(String),
    /// What the next page is asked for with.
    Cursor(String),
    /// Whether there is more; the flag as it is written, and whether it says the opposite.
    More(bool, bool),
    /// How many items there are.
    Total(u64),
    /// How many pages there are.
    Pages(u64),
    /// The number of this page.
    Number,
    /// Where this page begins.
    Offset,
    /// The `pageInfo` of a GraphQL connection, and whether it says that there is more.
    PageInfo(bool),
}

/// A sign, and where it is.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Found {
    pub sign: Sign,
    /// A path in the body, or the name of a header.
    pub place: String,
    pub in_header: bool,
}

impl Found {
    /// True when it says that there is another page.
    pub fn says_more(&self, so_far: usize) -> bool {
        match &self.sign {
            Sign::Link(_) | Sign::Cursor(_) | Sign::More(true, _) | Sign::PageInfo(true) => true,
            Sign::Total(total) => *total > so_far as u64,
            _ => false,
        }
    }

    /// The place as a message names it.
    pub fn named(&self) -> String {
        match self.in_header {
            true => format!("the header `{}`", self.place),
            false => format!("`{}`", self.place),
        }
    }

    /// The last part of its place.
    pub fn key(&self) -> &str {
        self.place.rsplit('.').next().unwrap_or(&self.place)
    }
}

/// What an answer says about its list, in the order of the answer, headers first.
pub(super) fn signs(told: &Told) -> Vec<Found> {
    let Some(answer) = &told.answer else {
        return Vec::new();
    };
    let url = match &told.asked {
        Asked::Request(request) => request.url.as_str(),
        Asked::Statement { .. } => "",
    };
    let mut found = in_headers(answer);
    below(&answer.rest, "", DEPTH, url, &mut found);
    found
}

fn in_headers(answer: &AnswerTold) -> Vec<Found> {
    let mut found = Vec::new();
    for (name, value) in &answer.headers {
        let number = || {
            value
                .rsplit('/')
                .next()
                .and_then(|it| it.trim().parse().ok())
        };
        let sign = match name.to_ascii_lowercase().as_str() {
            "link" => next_of(value).map(Sign::Link),
            "x-total-count" | "x-total" | "total-count" | "content-range" => {
                number().map(Sign::Total)
            }
            "x-total-pages" => number().map(Sign::Pages),
            "x-next-page" | "x-next-cursor" | "x-next-token" | "x-continuation-token"
                if !value.trim().is_empty() =>
            {
                Some(Sign::Cursor(value.clone()))
            }
            _ => None,
        };
        found.extend(sign.map(|sign| Found {
            sign,
            place: name.clone(),
            in_header: true,
        }));
    }
    found
}

/// The target of `rel="next"` in a `Link` header.
fn next_of(value: &str) -> Option<String> {
    value.split(',').find_map(|link| {
        let (target, parameters) = link.split_once('>')?;
        let is_next = parameters.split(';').any(|parameter| {
            let parameter = parameter.trim().replace('"', "");
            parameter.eq_ignore_ascii_case("rel=next")
        });
        is_next.then(|| target.trim().trim_start_matches('<').to_owned())
    })
}

fn below(value: &Value, path: &str, depth: usize, url: &str, found: &mut Vec<Found>) {
    let Value::Map(fields) = value else { return };
    for (key, value) in fields {
        let place = match path {
            "" => key.clone(),
            path => format!("{path}.{key}"),
        };
        if let Some((sign, place)) = sign(key, value, &place, url) {
            found.push(Found {
                sign,
                place,
                in_header: false,
            });
        } else if depth > 1 {
            below(value, &place, depth - 1, url, found);
        }
    }
}

/// What a field says, with the place of what says it.
fn sign(key: &str, value: &Value, place: &str, url: &str) -> Option<(Sign, String)> {
    let name: String = key.chars().filter(char::is_ascii_alphanumeric).collect();
    let name = name.to_ascii_lowercase();
    let is = |names: &[&str]| names.contains(&name.as_str());
    let number = match value {
        Value::Int(number) => u64::try_from(*number).ok(),
        Value::UInt(number) => Some(*number),
        Value::Text(text) => text.parse().ok(),
        _ => None,
    };
    let at_place = |sign| Some((sign, place.to_owned()));
    match value {
        Value::Map(_) if name == "pageinfo" => match value.get("hasNextPage") {
            Some(Value::Bool(more)) => return at_place(Sign::PageInfo(*more)),
            _ if value.get("endCursor").is_some() => return at_place(Sign::PageInfo(false)),
            _ => {}
        },
        // `_links: {next: {href: …}}`.
        Value::Map(_) if is(NEXT) => {
            let inner = ["href", "url", "link"];
            let inner = inner.iter().find_map(|key| Some((key, value.get(key)?)));
            if let Some((key, Value::Text(link))) = inner
                && !link.is_empty()
            {
                return Some((Sign::Link(link.clone()), format!("{place}.{key}")));
            }
        }
        Value::Bool(flag) if is(MORE) => return at_place(Sign::More(*flag, false)),
        Value::Bool(flag) if is(LAST) => return at_place(Sign::More(!*flag, true)),
        Value::Text(text) if is(NEXT) && !text.is_empty() => {
            let is_link = text.contains("://") || text.starts_with(['/', '?']);
            return at_place(match is_link {
                true => Sign::Link(text.clone()),
                false => Sign::Cursor(text.clone()),
            });
        }
        Value::Text(text) if is(PLACES) && text.len() > 1 && !url.contains(text.as_str()) => {
            return at_place(Sign::Cursor(text.clone()));
        }
        Value::Int(_) | Value::UInt(_) if is(NEXT) => {
            return at_place(Sign::Cursor(number?.to_string()));
        }
        _ => {}
    }
    match number {
        Some(number) if is(TOTALS) => at_place(Sign::Total(number)),
        Some(number) if is(PAGES) => at_place(Sign::Pages(number)),
        Some(_) if is(NUMBERS) => at_place(Sign::Number),
        Some(_) if is(OFFSETS) => at_place(Sign::Offset),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn found(body: serde_json::Value) -> Vec<(String, Sign)> {
        let mut found = Vec::new();
        let url = "https://h/users?cursor=c1";
        below(&Value::from(body), "", DEPTH, url, &mut found);
        let found = found.into_iter().map(|it| (it.place, it.sign));
        found.collect()
    }

    #[test]
    fn the_ways_of_many_apis_are_known() {
        let of = |body| {
            let (place, sign) = found(body).into_iter().next().expect("a sign");
            (place, sign)
        };
        let link = |place: &str, to: &str| (place.to_owned(), Sign::Link(to.to_owned()));
        let cursor = |place: &str, at: &str| (place.to_owned(), Sign::Cursor(at.to_owned()));
        assert_eq!(
            of(json!({"@odata.nextLink": "https://h/users?$skiptoken=x"})),
            link("@odata.nextLink", "https://h/users?$skiptoken=x")
        );
        assert_eq!(
            of(json!({"_links": {"next": {"href": "/users?p=2"}}})),
            link("_links.next.href", "/users?p=2")
        );
        assert_eq!(
            of(json!({"response_metadata": {"next_cursor": "abc"}})),
            cursor("response_metadata.next_cursor", "abc")
        );
        assert_eq!(
            of(json!({"nextPageToken": "abc"})),
            cursor("nextPageToken", "abc")
        );
        assert_eq!(
            of(json!({"meta": {"next_page": 2}})),
            cursor("meta.next_page", "2")
        );
        assert_eq!(
            of(json!({"is_last": false})),
            ("is_last".to_owned(), Sign::More(true, true))
        );
        assert_eq!(
            of(json!({"data": {"users": {"pageInfo": {"hasNextPage": true}}}})),
            ("data.users.pageInfo".to_owned(), Sign::PageInfo(true))
        );
    }

    #[test]
    fn what_says_nothing_of_a_next_page_is_no_sign_of_one() {
        // Nothing follows; the cursor is the one that was asked with; items are not looked into.
        for body in [
            json!({"next": null, "next_cursor": ""}),
            json!({"cursor": "c1"}),
            json!({"users": [{"next": "https://h/x"}]}),
            json!({"name": "next"}),
        ] {
            assert_eq!(found(body.clone()), [], "{body}");
        }
    }

    #[test]
    fn a_link_header_has_a_next_page_among_others() {
        let value = r#"<https://h/u?page=1>; rel="prev", <https://h/u?page=3>; rel="next""#;
        assert_eq!(next_of(value).as_deref(), Some("https://h/u?page=3"));
        assert_eq!(next_of("<https://h/u>; rel=last"), None);
    }
}
