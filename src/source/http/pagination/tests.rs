//! Every strategy against a list in memory: all items exactly once, and an end.

use std::collections::HashMap;

use percent_encoding::percent_decode_str;
use proptest::prelude::*;
use reqwest::Method;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde_json::json;

use super::*;
use crate::config::connect::ConnectConfig;
use crate::config::http::PaginationConfig;
use crate::config::{CompileContext, Dialect, load_text};
use crate::diagnostic::{Severity, SourceFile, has_errors};

/// What a listing came to.
#[derive(Debug, Default, PartialEq)]
struct Outcome {
    items: Vec<u64>,
    partial: Vec<&'static str>,
    requests: usize,
}

/// What the list in memory answers.
struct Reply {
    items: Vec<u64>,
    body: Json,
    headers: Vec<(&'static str, String)>,
}

impl Reply {
    fn of(items: Vec<u64>) -> Self {
        Self {
            items,
            body: json!({}),
            headers: Vec::new(),
        }
    }

    fn with(mut self, name: &str, value: impl Into<Json>) -> Self {
        self.body[name] = value.into();
        self
    }

    fn header(mut self, name: &'static str, value: impl ToString) -> Self {
        self.headers.push((name, value.to_string()));
        self
    }
}

/// A compiled `pagination`, and the base of its connector.
fn strategy(written: &str) -> (Box<dyn Paginate>, Base) {
    let yaml = format!(
        "app_name: t\nconnect: {{base_url: 'https://h/api', pagination: {{{written}}}}}\nresource_types: {{}}\n"
    );
    let loaded = load_text(SourceFile::new("t.yaml", yaml.as_str()));
    assert!(!has_errors(&loaded.diagnostics), "{:?}", loaded.diagnostics);
    let (_, config) = loaded.config.expect("a connector");
    let Some(ConnectConfig::Http(connect)) = &config.connect else {
        panic!("the connector of an API")
    };
    let nothing = HashMap::new();
    let mut cx = CompileContext::new(loaded.file, Dialect::Http, &nothing, Severity::Error);
    let Some(PaginationConfig::Http(block)) = &connect.pagination else {
        panic!("a strategy")
    };
    let compiled = block.compile(&mut cx);
    let base = Base::compile(&connect.base_url, &mut cx).expect("a base");
    (
        compiled.unwrap_or_else(|| panic!("{:?}", cx.diagnostics)),
        base,
    )
}

/// Lists to the end, every page from the token alone.
fn list(written: &str, mut server: impl FnMut(&RequestParts) -> Reply) -> Outcome {
    let mut outcome = Outcome::default();
    let mut token = None;
    loop {
        // Whatever is not in the token is lost.
        let (strategy, base) = strategy(written);
        let place = match &token {
            Some(token) => Some(Place::read(token).expect("reads its own tokens")),
            None => strategy.start(SystemTime::UNIX_EPOCH),
        };
        let url = Url::parse("https://h/api/users").expect("a URL");
        let mut request = RequestParts::new(Method::POST, url);
        strategy
            .prepare(&mut request, place.as_ref())
            .expect("can be asked");
        outcome.requests += 1;
        assert!(outcome.requests < 5000, "{written} has no end");
        let mut reply = server(&request);
        reply.body["items"] = reply.items.iter().map(|id| json!({ "id": id })).collect();
        let headers = reply.headers.iter().map(|(name, value)| {
            let value = HeaderValue::from_str(value).expect("a value");
            (HeaderName::from_static(name), value)
        });
        let answer = Answer {
            status: StatusCode::OK,
            headers: HeaderMap::from_iter(headers),
            url: request.url.clone(),
            body: reply.body,
        };
        let fingerprint = || {
            let all = reply.items.iter().zip(1..);
            all.fold(7, |sum: u64, (id, at)| {
                sum.wrapping_mul(31).wrapping_add(id * 1009 + at)
            })
        };
        let turn = Turn {
            place: place.as_ref(),
            asked: &request.url,
            count: reply.items.len(),
            fingerprint: &fingerprint,
            answer: &answer,
            base: &base,
            secret_param: None,
        };
        let verdict = match strategy.next(&turn) {
            Ok(verdict) => verdict,
            Err(SourceError::Loop { .. }) => {
                outcome.partial.push("paging-loop");
                return outcome;
            }
            Err(error) => panic!("{written}: {error}"),
        };
        if !verdict.repeated {
            outcome.items.extend(&reply.items);
        }
        outcome
            .partial
            .extend(verdict.partial.map(|reason| reason.code));
        match verdict.next {
            Some(next) => token = Some(next.write()),
            None => return outcome,
        }
    }
}

fn query(request: &RequestParts, name: &str) -> Option<String> {
    let url = request.full_url();
    let found = url.query_pairs().find(|(found, _)| found == name);
    found.map(|(_, value)| value.into_owned())
}

fn number(request: &RequestParts, name: &str) -> u64 {
    let text = query(request, name).unwrap_or_default();
    text.parse()
        .unwrap_or_else(|_| panic!("`{name}` is `{text}`"))
}

fn body(request: &RequestParts) -> Json {
    let text = request.body.as_deref().unwrap_or("{}");
    serde_json::from_str(text).expect("a JSON body")
}

/// The items from `start` on, at most `size` of them.
fn page(total: u64, start: u64, size: u64) -> Vec<u64> {
    (0..total)
        .skip(start as usize)
        .take(size as usize)
        .collect()
}

/// How a strategy is written, and how its API answers a list of `total` items when it brings at
/// most `cap` of them at once.
type Api = (&'static str, fn(&RequestParts, u64, u64) -> Reply);

/// Strategies that are told enough to find the end whatever the server's own page size is.
const APIS: &[Api] = &[
    (
        "strategy: offset, limit_param: limit, page_size: 7, total_path: total",
        |request, total, cap| {
            let size = number(request, "limit").min(cap);
            Reply::of(page(total, number(request, "offset"), size)).with("total", total)
        },
    ),
    (
        // A part of a list may be all of it.
        "strategy: window, format: number, from: 0, to: 2, pages: {strategy: offset, limit_param: limit, page_size: 7, until_empty: true}",
        |request, total, cap| {
            let size = number(request, "limit").min(cap);
            Reply::of(page(total, number(request, "offset"), size))
        },
    ),
    (
        "strategy: offset, limit_param: limit, page_size: 7, total_header: Content-Range",
        |request, total, cap| {
            let size = number(request, "limit").min(cap);
            Reply::of(page(total, number(request, "offset"), size))
                .header("content-range", format!("users 0-1/{total}"))
        },
    ),
    (
        "strategy: offset, offset_param: q.from, limit_param: q.size, page_size: 7, params_in: body, more_path: more",
        |request, total, cap| {
            let asked = body(request);
            let start = asked["q"]["from"].as_u64().expect("a number");
            let size = asked["q"]["size"].as_u64().expect("a number").min(cap);
            let items = page(total, start, size);
            let more = start + (items.len() as u64) < total;
            Reply::of(items).with("more", more)
        },
    ),
    (
        "strategy: offset, offset_start: 1, limit_param: limit, page_size: 7, until_empty: true",
        |request, total, cap| {
            let size = number(request, "limit").min(cap);
            Reply::of(page(total, number(request, "offset") - 1, size))
        },
    ),
    (
        "strategy: offset, offset_param: Range, params_in: header, page_size: 7, offset_value: 'tmpl:users {{ .number }}-{{ .end }}', total_header: Content-Range",
        |request, total, cap| {
            let range = request.headers["range"].to_str().expect("text");
            let (start, end) = range
                .strip_prefix("users ")
                .and_then(|range| range.split_once('-'))
                .expect("a range");
            let [start, end] = [start, end].map(|text| text.parse::<u64>().expect("a number"));
            assert_eq!(end - start, 6);
            Reply::of(page(total, start, cap.min(7))).header("content-range", format!("x/{total}"))
        },
    ),
    (
        "strategy: page, limit_param: limit, page_size: 7, total_pages_header: X-Total-Pages",
        |request, total, cap| {
            let size = number(request, "limit").min(cap);
            Reply::of(page(total, (number(request, "page") - 1) * size, size))
                .header("x-total-pages", total.div_ceil(size))
        },
    ),
    (
        "strategy: page, page_start: 0, limit_param: limit, page_size: 7, total_pages_path: pages",
        |request, total, cap| {
            let size = number(request, "limit").min(cap);
            Reply::of(page(total, number(request, "page") * size, size))
                .with("pages", total.div_ceil(size))
        },
    ),
    (
        "strategy: page, page_size: 7, page_param: Accept, params_in: header, page_value: 'tmpl:a/b; page={{ .number }}', until_empty: true",
        |request, total, cap| {
            let accept = request.headers["accept"].to_str().expect("text");
            let at: u64 = accept
                .trim_start_matches("a/b; page=")
                .parse()
                .expect("a page");
            Reply::of(page(total, (at - 1) * cap, cap))
        },
    ),
    ("strategy: scim, page_size: 7", |request, total, cap| {
        let size = number(request, "count").min(cap);
        Reply::of(page(total, number(request, "startIndex") - 1, size))
            .with("totalResults", total)
            .with("itemsPerPage", size)
    }),
    ("strategy: scim, page_size: 7", |request, total, cap| {
        // A server that names no total.
        let size = number(request, "count").min(cap);
        Reply::of(page(total, number(request, "startIndex") - 1, size))
    }),
    (
        "strategy: cursor, limit_param: limit, cursor_param: after, page_size: 7, cursor_path: next",
        |request, total, cap| {
            let start = query(request, "after").map_or(0, |at| at.parse().expect("ours"));
            let items = page(total, start, number(request, "limit").min(cap));
            let end = start + items.len() as u64;
            let next = if end < total {
                json!(end.to_string())
            } else {
                json!("")
            };
            Reply::of(items).with("next", next)
        },
    ),
    (
        "strategy: cursor, cursor_param: p.after, params_in: body, cursor_path: next, total_path: total",
        |request, total, cap| {
            // Numbers stay numbers, and later lists lists.
            let start = match &body(request)["p"]["after"] {
                Json::Null => 0,
                Json::Array(at) => at[0].as_u64().expect("a number"),
                at => at.as_u64().expect("a number"),
            };
            let items = page(total, start, cap);
            let end = start + items.len() as u64;
            let next = match end < total {
                true if end.is_multiple_of(2) => json!([end, "x"]),
                true => json!(end),
                false => json!([]),
            };
            Reply::of(items).with("next", next).with("total", total)
        },
    ),
    (
        "strategy: cursor, cursor_header: Sforce-Locator, cursor_param: locator, end_values: ['null']",
        |request, total, cap| {
            let start = query(request, "locator").map_or(0, |at| at.parse().expect("ours"));
            let items = page(total, start, cap);
            let end = start + items.len() as u64;
            let next = if end < total {
                end.to_string()
            } else {
                "null".to_owned()
            };
            Reply::of(items).header("sforce-locator", next)
        },
    ),
    (
        "strategy: cursor, cursor_param: X-After, params_in: header, cursor_path: next, end_path: done",
        |request, total, cap| {
            let start = request
                .headers
                .get("x-after")
                .map_or(0, |at| at.to_str().expect("text").parse().expect("ours"));
            let items = page(total, start, cap);
            let end = start + items.len() as u64;
            // There is always a cursor, for the next export.
            Reply::of(items)
                .with("next", end + 1000 * u64::from(end >= total))
                .with("done", end >= total)
        },
    ),
    (
        "strategy: cursor, cursor_param: starting_after, cursor_path: 'items[-1].id'",
        |request, total, cap| {
            let start = query(request, "starting_after");
            let start = start.map_or(0, |at| at.parse::<u64>().expect("ours") + 1);
            Reply::of(page(total, start, cap))
        },
    ),
    (
        "strategy: cursor, cursor_path: id, cursor_param: id, later_request: {method: GET, url: /scroll, body: 'tmpl:{\"scroll\": {{ .cursor }}}'}, more_path: more",
        |request, total, cap| {
            let start = match request.url.path() {
                "/api/users" => 0,
                "/api/scroll" => body(request)["scroll"].as_u64().expect("a number"),
                path => panic!("{path}"),
            };
            let items = page(total, start, cap);
            let end = start + items.len() as u64;
            Reply::of(items).with("id", end).with("more", end < total)
        },
    ),
    (
        "strategy: link, link_next_path: _links.next.href",
        |request, total, cap| {
            let start = query(request, "at").map_or(0, |at| at.parse().expect("ours"));
            let items = page(total, start, cap);
            let end = start + items.len() as u64;
            match end < total {
                true => Reply::of(items).with(
                    "_links",
                    json!({"next": {"href": format!("/api/users?at={end}")}}),
                ),
                false => Reply::of(items),
            }
        },
    ),
    (
        "strategy: link, link_header: X-Next, relative_to: base_url, total_header: X-Total",
        |request, total, cap| {
            let start = request
                .url
                .path()
                .trim_start_matches("/api/users")
                .trim_start_matches('/');
            let start = start.parse().unwrap_or(0);
            let items = page(total, start, cap);
            let end = start + items.len() as u64;
            let reply = Reply::of(items).header("x-total", total);
            match end < total {
                true => reply.header("x-next", format!("/users/{end}")),
                false => reply,
            }
        },
    ),
    (
        "strategy: graphql, page_info_path: data.users.pageInfo, size_variable: first, page_size: 7",
        |request, total, cap| {
            let asked = body(request);
            let start = asked["variables"]["after"].as_str();
            let start = start.map_or(0, |at| at.parse().expect("ours"));
            let size = asked["variables"]["first"].as_u64().expect("a number");
            let items = page(total, start, size.min(cap));
            let end = start + items.len() as u64;
            let info = json!({"hasNextPage": end < total, "endCursor": end.to_string()});
            Reply::of(items).with("data", json!({"users": {"pageInfo": info}}))
        },
    ),
];

fn assert_complete((written, api): &Api, total: u64, cap: u64) {
    let outcome = list(written, |request| api(request, total, cap));
    let all: Vec<u64> = (0..total).collect();
    assert_eq!(outcome.items, all, "{written} of {total} by {cap}");
    assert!(
        outcome.partial.is_empty(),
        "{written} of {total} by {cap}: {:?}",
        outcome.partial
    );
    // The cap is all that an API without a size of ours brings, and the last request may be empty.
    let most = total.div_ceil(cap.min(7)) + 2;
    assert!(
        outcome.requests as u64 <= most,
        "{written} of {total} by {cap}: {} requests",
        outcome.requests
    );
}

#[test]
fn every_strategy_ends_at_every_boundary() {
    for api in APIS {
        for total in [0, 1, 6, 7, 8, 13, 14, 15, 70] {
            assert_complete(api, total, 7);
            assert_complete(api, total, 3);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn every_strategy_lists_everything_once(total in 0u64..90, cap in 1u64..12, which in 0..APIS.len()) {
        assert_complete(&APIS[which], total, cap);
    }

    #[test]
    fn the_size_of_pages_alone_ends_a_listing(total in 0u64..60, size in 1u64..30) {
        let by_offset = format!("strategy: offset, limit_param: limit, page_size: {size}");
        let outcome = list(&by_offset, |request| {
            Reply::of(page(total, number(request, "offset"), number(request, "limit")))
        });
        prop_assert_eq!(&outcome.items, &(0..total).collect::<Vec<_>>());
        prop_assert!(outcome.partial.is_empty());
        let by_page = format!("strategy: page, limit_param: limit, page_size: {size}");
        let outcome = list(&by_page, |request| {
            let size = number(request, "limit");
            Reply::of(page(total, (number(request, "page") - 1) * size, size))
        });
        prop_assert_eq!(&outcome.items, &(0..total).collect::<Vec<_>>());
        prop_assert!(outcome.partial.is_empty());
    }

    /// Ids of any density, an API that brings `cap` of one search, by pages of any size.
    #[test]
    fn windows_bring_everything_once(
        ids in prop::collection::btree_set(0u64..500, 0..120),
        cap in 1u64..40, size in 1u64..12, step in 1u64..700, included in any::<bool>(),
    ) {
        let written = format!(
            "strategy: window, format: number, from: 0, to: 500, step: {step}, cap: {cap}, to_included: {included}, from_param: min, to_param: max, total_path: total, pages: {{strategy: offset, limit_param: limit, page_size: {size}, total_path: reachable}}"
        );
        let mut most = 0;
        let outcome = list(&written, |request| {
            let (from, to) = (number(request, "min"), number(request, "max"));
            let found: Vec<u64> = match included {
                true => ids.range(from..=to).copied().collect(),
                false => ids.range(from..to).copied().collect(),
            };
            most = most.max(found.len());
            let reachable = found.len().min(cap as usize);
            let (start, limit) = (number(request, "offset") as usize, number(request, "limit") as usize);
            let items = found[..reachable].iter().skip(start).take(limit).copied().collect();
            Reply::of(items).with("total", found.len()).with("reachable", reachable)
        });
        prop_assert_eq!(&outcome.items, &ids.iter().copied().collect::<Vec<_>>(), "{:?}", &outcome);
        prop_assert!(outcome.partial.is_empty(), "{:?}", outcome.partial);
    }

    /// Without a total, parts that were cut come again, but nothing is missing.
    #[test]
    fn windows_without_totals_miss_nothing(
        ids in prop::collection::btree_set(0u64..300, 0..80), cap in 2u64..20, size in 1u64..12,
    ) {
        let written = format!(
            "strategy: window, format: number, from: 0, to: 300, cap: {cap}, from_param: min, to_param: max, pages: {{strategy: cursor, cursor_path: next}}"
        );
        let outcome = list(&written, |request| {
            let found: Vec<u64> = ids.range(number(request, "min")..number(request, "max")).copied().collect();
            let reachable = found.len().min(cap as usize);
            let start = query(request, "cursor").map_or(0, |at| at.parse().expect("ours"));
            let items: Vec<_> = found[..reachable].iter().skip(start).take(size as usize).copied().collect();
            let end = start + items.len();
            let next = if end < reachable { json!(end) } else { Json::Null };
            Reply::of(items).with("next", next)
        });
        let mut items = outcome.items;
        items.sort_unstable();
        items.dedup();
        prop_assert_eq!(&items, &ids.iter().copied().collect::<Vec<_>>());
        prop_assert!(outcome.partial.is_empty(), "{:?}", outcome.partial);
    }
}

#[test]
fn a_whole_list_that_ignores_paging_is_complete() {
    for written in [
        "strategy: scim",
        "strategy: offset, limit_param: limit, until_empty: true",
        "strategy: page, limit_param: limit, page_size: 2",
    ] {
        let outcome = list(written, |_| Reply::of(vec![1, 2, 3]));
        assert_eq!(outcome.items, [1, 2, 3], "{written}");
        assert!(
            outcome.partial.is_empty(),
            "{written}: {:?}",
            outcome.partial
        );
    }
}

#[test]
fn a_ceiling_is_reached_and_not_passed() {
    let by_offset = "strategy: offset, limit_param: limit, page_size: 4, ceiling: 10";
    for (total, expected) in [(9, 9), (10, 10), (11, 10), (30, 10)] {
        let outcome = list(by_offset, |request| {
            let (start, size) = (number(request, "offset"), number(request, "limit"));
            assert!(start + size <= 10, "{start} and {size} reach beyond");
            Reply::of(page(total, start, size))
        });
        assert_eq!(outcome.items.len(), expected, "{total}");
        // Ten items may be all, but nobody knows.
        let partial: &[&str] = if total < 10 {
            &[]
        } else {
            &["ceiling-reached"]
        };
        assert_eq!(outcome.partial, partial, "{total}");
    }
    let by_page = "strategy: page, limit_param: n, page_size: 5, ceiling: 10, total_path: total";
    for (total, partial) in [(10, vec![]), (11, vec!["ceiling-reached"])] {
        let outcome = list(by_page, |request| {
            let size = number(request, "n");
            Reply::of(page(total, (number(request, "page") - 1) * size, size)).with("total", total)
        });
        assert_eq!((outcome.items.len(), outcome.partial), (10, partial));
        assert_eq!(outcome.requests, 2);
    }
}

#[test]
fn a_total_that_changes_is_told_once() {
    let written = "strategy: offset, limit_param: limit, page_size: 2, total_path: total";
    let outcome = list(written, |request| {
        let start = number(request, "offset");
        Reply::of(page(9, start, 2)).with("total", 9 - u64::from(start > 0) + u64::from(start > 3))
    });
    assert_eq!(outcome.items.len(), 9);
    assert_eq!(outcome.partial, ["total-changed"]);
}

#[test]
fn contradictions_make_a_listing_partial() {
    let more = "strategy: offset, limit_param: limit, page_size: 2, more_path: more";
    let outcome = list(more, |request| {
        Reply::of(page(4, number(request, "offset"), 2)).with("more", true)
    });
    assert_eq!(outcome.partial, ["more-without-items"]);
    let cursor = "strategy: cursor, cursor_path: next, more_path: more";
    let outcome = list(cursor, |_| Reply::of(vec![1]).with("more", true));
    assert_eq!(outcome.partial, ["cursor-missing"]);
    let link = "strategy: link, link_next_path: next, more_path: more";
    let outcome = list(link, |_| Reply::of(vec![1]).with("more", "true"));
    assert_eq!(outcome.partial, ["cursor-missing"]);
    let total = "strategy: cursor, cursor_path: next, total_header: X-Total";
    let outcome = list(total, |_| Reply::of(vec![1]).header("x-total", 2));
    assert_eq!(outcome.partial, ["ended-before-total"]);
    let graphql = "strategy: graphql, page_info_path: data.pageInfo";
    let outcome = list(graphql, |_| Reply::of(vec![1]));
    assert_eq!(outcome.partial, ["cursor-missing"]);
    let stuck = json!({"pageInfo": {"hasNextPage": true, "endCursor": null}});
    let outcome = list(graphql, |_| Reply::of(vec![1]).with("data", stuck.clone()));
    assert_eq!(outcome.partial, ["cursor-missing"]);
    let outcome = list(graphql, |_| Reply::of(vec![]).with("data", Json::Null));
    assert_eq!(outcome.partial, Vec::<&str>::new());
}

#[test]
fn every_strategy_notices_that_it_gets_nowhere() {
    let loops: &[(&str, usize)] = &[
        ("strategy: offset, limit_param: limit, page_size: 2", 2),
        ("strategy: page, limit_param: limit, page_size: 2", 2),
        ("strategy: offset, more_path: more", 2),
        ("strategy: scim, page_size: 2", 2),
        ("strategy: cursor, cursor_path: next", 2),
        (
            "strategy: cursor, cursor_header: X-Next, params_in: body",
            2,
        ),
        ("strategy: link, link_next_path: url", 2),
        ("strategy: graphql, page_info_path: info", 2),
        (
            "strategy: window, format: number, from: 0, to: 90, step: 10, from_param: min",
            3,
        ),
    ];
    for (written, requests) in loops {
        let outcome = list(written, |_| {
            let info = json!({"hasNextPage": true, "endCursor": "x"});
            Reply::of(vec![1, 2])
                .with("more", true)
                .with("next", "x")
                .with("url", "/api/users?at=x")
                .with("info", info)
                .header("x-next", "x")
        });
        assert_eq!(outcome.partial, ["paging-loop"], "{written}");
        assert_eq!(outcome.requests, *requests, "{written}");
    }
}

#[test]
fn a_part_that_cannot_be_split_makes_a_listing_partial() {
    let with_total = "strategy: window, format: number, from: 0, to: 4, cap: 2, total_path: total, from_param: min, to_param: max";
    let answer = |request: &RequestParts| {
        let (from, to) = (number(request, "min"), number(request, "max"));
        // Three items at the number 1, of which two can be reached.
        let found = if (from..to).contains(&1) { 3 } else { 0 };
        Reply::of((10..10 + found).take(2).collect()).with("total", found)
    };
    let outcome = list(with_total, answer);
    assert_eq!(outcome.items, [10, 11]);
    assert_eq!(outcome.partial, ["window-full"]);
    let without = with_total.replace("total_path: total, ", "");
    let outcome = list(&without, answer);
    assert_eq!(outcome.partial, ["window-full"]);
    assert_eq!(outcome.items, [10, 11]);
}

#[test]
fn windows_of_time_are_written_as_the_api_wants_them() {
    let asked = |written: &str| {
        let mut asked = Vec::new();
        list(written, |request| {
            let text = |name| query(request, name).unwrap_or_default();
            asked.push(format!("{}..{}", text("a"), text("b")));
            Reply::of(Vec::new())
        });
        asked
    };
    // The clock of these tests stands at the beginning of 1970.
    let params = "from_param: a, to_param: b";
    assert_eq!(
        asked(&format!(
            "strategy: window, from: '1969-12-31T23:59:00Z', step: 40s, {params}"
        )),
        [
            "1969-12-31T23:59:00Z..1969-12-31T23:59:40Z",
            "1969-12-31T23:59:40Z..1970-01-01T00:00:01Z"
        ]
    );
    assert_eq!(
        asked(&format!(
            "strategy: window, from: -3d, step: 2d, format: date, to_included: true, {params}"
        )),
        ["1969-12-29..1969-12-30", "1969-12-31..1970-01-01"]
    );
    assert_eq!(
        asked(&format!(
            "strategy: window, from: '1970-01-01', to: '1970-01-02', step: 1w, format: epoch_ms, {params}"
        )),
        ["0..86400000"]
    );
    let (strategy, _) = strategy("strategy: window, from: -1d, step: 1w, format: epoch_seconds");
    let place = strategy.start(SystemTime::UNIX_EPOCH);
    let (name, value) = strategy.variable(place.as_ref()).expect("a variable");
    assert_eq!(
        (name, Json::from(&value)),
        ("window", json!({"from": -86400, "to": 1}))
    );
}

#[test]
fn later_pages_keep_only_what_they_may() {
    let written = "strategy: cursor, cursor_path: next, cursor_param: page_info, limit_param: limit, later_query: only_cursor";
    let (strategy, _) = strategy(written);
    let url = Url::parse("https://h/users?status=active").expect("a URL");
    let mut request = RequestParts::new(Method::GET, url);
    strategy.prepare(&mut request, None).expect("can be asked");
    assert_eq!(request.full_url().query(), Some("status=active&limit=100"));
    let place = Place::follow(None, "a b".to_owned()).expect("a new place");
    strategy
        .prepare(&mut request, Some(&place))
        .expect("can be asked");
    let asked = request.full_url();
    let asked = percent_decode_str(asked.query().unwrap_or_default()).decode_utf8_lossy();
    assert_eq!(asked, "limit=100&page_info=a b");
    // A cursor may try to add a header of its own.
    let (strategy, _) =
        super::tests::strategy("strategy: cursor, cursor_path: next, params_in: header");
    let place = Place::follow(None, "a\r\nX-Evil: 1".to_owned()).expect("a new place");
    assert!(strategy.prepare(&mut request, Some(&place)).is_err());
}

#[test]
fn a_place_that_expired_begins_the_listing_anew() {
    let (strategy, _) = strategy("strategy: cursor, cursor_path: next, restart_on: [404]");
    assert!(strategy.restarts(StatusCode::GONE) && strategy.restarts(StatusCode::NOT_FOUND));
    assert!(!strategy.restarts(StatusCode::BAD_REQUEST));
    let (counted, _) = super::tests::strategy("strategy: offset");
    assert!(!counted.restarts(StatusCode::GONE));
}

#[test]
fn a_scroll_moves_on_under_one_cursor() {
    for total in [0, 1, 3, 7] {
        let mut start = 0;
        let scroll = "strategy: cursor, cursor_path: id, scroll: true, total_path: total";
        let outcome = list(scroll, |request| {
            let expected = (start > 0).then_some("same");
            assert_eq!(query(request, "cursor").as_deref(), expected);
            let items = page(total, start, 3);
            start += 3;
            Reply::of(items).with("id", "same").with("total", total)
        });
        assert_eq!(outcome.items, (0..total).collect::<Vec<_>>());
        assert!(outcome.partial.is_empty(), "{total}: {:?}", outcome.partial);
        assert_eq!(outcome.requests as u64, total.div_ceil(3) + 1);
    }
}

#[test]
fn a_scroll_that_does_not_move_or_ends_early_is_partial() {
    let stuck = list("strategy: cursor, cursor_path: id, scroll: true", |_| {
        Reply::of(page(9, 0, 3)).with("id", "same")
    });
    assert_eq!(stuck.partial, ["paging-loop"]);
    assert_eq!(stuck.requests, 2);
    let mut asked = 0;
    let scroll = "strategy: cursor, cursor_path: id, scroll: true, total_path: total";
    let short = list(scroll, |_| {
        asked += 3;
        Reply::of(page(3, asked - 3, 3))
            .with("id", "same")
            .with("total", 9)
    });
    assert_eq!(short.partial, ["ended-before-total"]);
    // Without `scroll`, the same cursor is a circle.
    let circle = list("strategy: cursor, cursor_path: id", |_| {
        Reply::of(page(9, 0, 3)).with("id", "same")
    });
    assert_eq!(circle.partial, ["paging-loop"]);
}
