//! What is wrong with paging, or may be: with what to write instead.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hasher};
use std::sync::LazyLock;

use regex::Regex;

use super::advice::advice;
use super::signs::{Found, Sign, signs};
use crate::preview::seen::{ListingSeen, PageSeen};
use crate::source::{Asked, Told};

/// Pages from so many records on are rarely full by chance.
const FULL: usize = 10;

/// Something about the paging of a listing that its author should look at.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Doubt {
    /// A stable name.
    pub code: &'static str,
    /// What was seen: a sentence in lower case.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

impl Doubt {
    fn new(code: &'static str, message: String) -> Self {
        Self {
            code,
            message,
            help: None,
        }
    }

    fn help(self, help: impl Into<String>) -> Self {
        Self {
            help: Some(help.into()),
            ..self
        }
    }
}

/// What the pages of a listing make one doubt.
pub fn doubts(listing: &ListingSeen) -> Vec<Doubt> {
    let pages: Vec<(&PageSeen, &Told)> = listing
        .pages
        .iter()
        .filter_map(|page| Some((page, page.told.as_ref()?)))
        .collect();
    let mut doubts = Vec::new();
    let Some((first, told)) = pages.first() else {
        return doubts;
    };
    doubts.extend(repeated(&pages));
    doubts.extend(drifting(&pages));
    doubts.extend(ended(&pages, told));
    doubts.extend(sizes(&pages, first, told));
    doubts.extend(limits(&pages, told));
    doubts
}

/// Records that came on several pages.
fn repeated(pages: &[(&PageSeen, &Told)]) -> Option<Doubt> {
    let mut on: HashMap<u64, usize> = HashMap::new();
    let mut again: Vec<(usize, usize, usize)> = Vec::new();
    for (number, (page, _)) in (1..).zip(pages) {
        let mut of_page: HashMap<usize, usize> = HashMap::new();
        for seen in &page.records {
            let mut hasher = DefaultHasher::new();
            seen.record.hash_into(&mut hasher);
            let before = *on.entry(hasher.finish()).or_insert(number);
            if before < number {
                *of_page.entry(before).or_default() += 1;
            }
        }
        let worst = of_page.into_iter().max_by_key(|(_, count)| *count);
        again.extend(worst.map(|(before, count)| (number, before, count)));
    }
    let (number, before, count) = *again.first()?;
    let page = pages[number - 1].0;
    let whole = count == page.records.len();
    let what = match whole {
        true => format!("page {number} brought the records of page {before} again"),
        false => format!(
            "{count} of the {} records of page {number} were on page {before} already",
            page.records.len()
        ),
    };
    let told = pages[number - 1].1;
    let doubt = Doubt::new("pages-overlap", what);
    Some(match (&told.asked, whole) {
        (Asked::Statement { .. }, _) => doubt.help(
            "order the query by a column that identifies a row, and compare that column with the placeholder",
        ),
        (_, true) => match advice(&signs(pages[0].1), pages[0].1) {
            Some(yaml) => doubt.help(format!(
                "the API does not read the parameter that asks for a page; its answers suggest `{yaml}`"
            )),
            None => doubt.help("the API does not read the parameter that asks for a page: look its name up"),
        },
        (_, false) => doubt.help(
            "ask for a stable order (a `sort` parameter, where the API has one); records move between pages while they are read",
        ),
    })
}

/// Totals that change from page to page.
fn drifting(pages: &[(&PageSeen, &Told)]) -> Option<Doubt> {
    let mut totals: Vec<(Found, u64, usize)> = Vec::new();
    for (number, (_, told)) in (1..).zip(pages) {
        for found in signs(told) {
            let Sign::Total(total) = found.sign else {
                continue;
            };
            match totals.iter().find(|(it, ..)| it.place == found.place) {
                None => totals.push((found, total, number)),
                Some((it, before, page)) if *before != total => {
                    let place = it.named();
                    let message =
                        format!("{place} is {before} on page {page} and {total} on page {number}");
                    return Some(Doubt::new("total-drifts", message).help(
                        "the list changed while it was read, or this is the number of records on the page: then it is no `total_path`",
                    ));
                }
                Some(_) => {}
            }
        }
    }
    None
}

/// A listing that ended although its last answer says, or suggests, that there is more.
fn ended(pages: &[(&PageSeen, &Told)], first: &Told) -> Option<Doubt> {
    let (last, told) = *pages.last()?;
    if told.next.is_some() || last.goes_on {
        return None;
    }
    let so_far: usize = pages.iter().map(|(_, told)| told.count).sum();
    let signs = signs(told);
    if let Some(found) = signs.iter().find(|found| found.says_more(so_far)) {
        let place = found.named();
        let message = match &found.sign {
            Sign::Total(total) => {
                format!("{place} says that there are {total} items, and {so_far} came")
            }
            Sign::Link(_) => format!("{place} leads to a next page, which nothing reads"),
            Sign::Cursor(_) => {
                format!("{place} looks like the place of a next page, which nothing reads")
            }
            _ => format!("{place} says that there is more, but paging stopped"),
        };
        let doubt = Doubt::new("next-page-unread", message);
        return Some(match advice(&signs, told) {
            Some(yaml) => doubt.help(format!("write `{yaml}`{}", guessed(&yaml))),
            None => {
                doubt.help("look up in the documentation of the API how its pages are asked for")
            }
        });
    }
    // What the answer says outright is believed.
    let says_end = signs.iter().any(|found| {
        matches!(
            found.sign,
            Sign::More(false, _) | Sign::Total(_) | Sign::PageInfo(false)
        )
    });
    if says_end || told.count < FULL || matches!(told.asked, Asked::Statement { .. }) {
        return None;
    }
    let size = told.size.map(|size| told.count as u64 >= size);
    let is_round = told.count.is_multiple_of(25) || told.count.is_multiple_of(10);
    let is_full = size.unwrap_or(is_round);
    let doubt = Doubt::new(
        "last-page-full",
        format!(
            "the last page has {} records, which is {}, and nothing in its answer leads to a next one",
            told.count,
            match size {
                Some(_) => "as many as were asked for",
                None => "a round number",
            }
        ),
    );
    is_full.then(|| match advice(&signs, first) {
        Some(yaml) => doubt.help(format!("if there are more, write `{yaml}`{}", guessed(&yaml))),
        None => doubt.help(
            "if there are more, look up how the API is asked for the next page: `pagination: {strategy: page}` asks for `page=2`, `{strategy: offset}` for an offset",
        ),
    })
}

fn guessed(yaml: &str) -> &'static str {
    match yaml.contains("_param:") {
        true => "; the names of parameters are guesses",
        false => "",
    }
}

/// Pages of another size than was asked for.
fn sizes(pages: &[(&PageSeen, &Told)], first: &PageSeen, told: &Told) -> Option<Doubt> {
    let size = told.size?;
    let count = told.count as u64;
    if matches!(told.asked, Asked::Statement { .. }) {
        return None;
    }
    if count > size {
        let message = format!("{size} records were asked for, and {count} came");
        return Some(Doubt::new("size-ignored", message).help(
            "the API does not read `limit_param`: look its name up, or leave `limit_param` and `page_size` out",
        ));
    }
    let full_pages = pages.iter().filter(|(page, _)| page.goes_on);
    let same = full_pages.clone().count() > 1
        && full_pages.clone().all(|(_, it)| it.count as u64 == count);
    if count < size && first.goes_on && same {
        let message = format!(
            "{size} records were asked for, and each page has {count}: so many is the most"
        );
        return Some(Doubt::new("size-capped", message).help(format!(
            "write `page_size: {count}`, so that short pages are told from full ones"
        )));
    }
    None
}

/// Queries whose LIMIT says nothing, or says too much.
fn limits(pages: &[(&PageSeen, &Told)], told: &Told) -> Option<Doubt> {
    static LIMIT: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?i)\b(?:limit|top|fetch\s+(?:first|next))\s*\(?\s*(\d+)\b")
            .expect("it is ours")
    });
    let Asked::Statement { sql, values, .. } = &told.asked else {
        return None;
    };
    let Some(size) = told.size else {
        let limit = LIMIT.captures(sql)?;
        let most: usize = limit[1].parse().ok()?;
        let written = limit[0].split_whitespace().collect::<Vec<_>>().join(" ");
        let (_, last) = pages.last()?;
        return (last.count >= most && most > 0).then(|| {
            Doubt::new(
                "limit-reached",
                format!("the query is not paged, has `{written}`, and {most} rows came"),
            )
            .help("leave it out, or page: `pagination: {strategy: offset, primary_key: id}` with `LIMIT ?<limit> OFFSET ?<offset>`")
        });
    };
    let limited = values
        .iter()
        .any(|(name, _)| name.eq_ignore_ascii_case("limit"));
    (!limited && told.next.is_some()).then(|| {
        Doubt::new(
            "limit-unused",
            format!("the query does not use `?<limit>`: for each page of {size} the database brings all rows that follow"),
        )
        .help("end it with `LIMIT ?<limit>`")
    })
}
