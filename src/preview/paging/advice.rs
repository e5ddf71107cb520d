//! What an answer says about its list → the paging that would read it, as the file would have it.

use super::signs::{Found, Sign};
use crate::source::{Asked, Told};

/// Parameters by which APIs take the size of a page.
const SIZES: &[&str] = &[
    "limit",
    "per_page",
    "page_size",
    "pagesize",
    "pageSize",
    "maxResults",
    "max_results",
    "size",
    "count",
    "$top",
    "top",
    "first",
    "results_per_page",
    "perPage",
];

/// The likeliest strategy, as YAML; `None` when nothing in the answer leads to one.
pub(super) fn advice(signs: &[Found], told: &Told) -> Option<String> {
    let by = |wanted: fn(&Sign) -> bool| signs.iter().find(|found| wanted(&found.sign));
    let place = |found: &Found| quoted(&found.place);
    let size = size(told);
    let (strategy, mut fields) = if let Some(info) = by(|it| matches!(it, Sign::PageInfo(_))) {
        ("graphql", vec![format!("page_info_path: {}", place(info))])
    } else if let Some(link) = by(|it| matches!(it, Sign::Link(_))) {
        match link.in_header {
            true => ("link", Vec::new()),
            false => ("link", vec![format!("link_next_path: {}", place(link))]),
        }
    } else if let Some(cursor) = by(|it| matches!(it, Sign::Cursor(_))) {
        let at = match cursor.in_header {
            true => "cursor_header",
            false => "cursor_path",
        };
        let mut fields = vec![format!("{at}: {}", place(cursor))];
        fields.push(format!(
            "cursor_param: {}",
            quoted(&parameter(cursor.key()))
        ));
        ("cursor", fields)
    } else {
        counted(signs, told)?
    };
    if let Some((name, number)) = size.filter(|_| !matches!(strategy, "scim" | "graphql")) {
        fields.push(format!("limit_param: {}", quoted(&name)));
        fields.push(format!("page_size: {number}"));
    }
    fields.insert(0, format!("strategy: {strategy}"));
    Some(format!("pagination: {{{}}}", fields.join(", ")))
}

/// A strategy that counts, where the answer counts too.
fn counted(signs: &[Found], told: &Told) -> Option<(&'static str, Vec<String>)> {
    let by = |wanted: fn(&Sign) -> bool| signs.iter().find(|found| wanted(&found.sign));
    let total = by(|it| matches!(it, Sign::Total(_)));
    let pages = by(|it| matches!(it, Sign::Pages(_)));
    let more = by(|it| matches!(it, Sign::More(_, false)));
    let offset = by(|it| *it == Sign::Offset);
    let scim = |found: &Found| found.key() == "totalResults";
    if total.is_some_and(scim) && offset.is_some_and(|it| it.key() == "startIndex") {
        return Some(("scim", Vec::new()));
    }
    if total.is_none() && pages.is_none() && more.is_none() {
        return None;
    }
    let mut fields = Vec::new();
    let mut add = |field: &str, found: Option<&Found>| {
        if let Some(found) = found {
            let field = match found.in_header {
                true => field.replace("_path", "_header"),
                false => field.to_owned(),
            };
            fields.push(format!("{field}: {}", quoted(&found.place)));
        }
    };
    let asked = match &told.asked {
        Asked::Request(request) => query(&request.url),
        Asked::Statement { .. } => Vec::new(),
    };
    let named = |names: &[&str]| {
        let mut asked = asked.iter().map(|(name, _)| name.clone());
        asked.find(|name| names.contains(&name.to_ascii_lowercase().as_str()))
    };
    let by_offset = named(&["offset", "start", "startat", "skip", "$skip"])
        .or_else(|| offset.map(|found| found.key().to_owned()));
    let by_page = named(&["page", "pagenumber", "page_number", "p"]);
    let strategy = match (by_page, by_offset, pages) {
        (None, Some(name), None) => {
            add("total_path", total);
            add("more_path", more);
            fields.push(format!("offset_param: {}", quoted(&name)));
            "offset"
        }
        (name, ..) => {
            add("total_path", total);
            add("total_pages_path", pages);
            add("more_path", more);
            if let Some(name) = name.filter(|name| name != "page") {
                fields.push(format!("page_param: {}", quoted(&name)));
            }
            "page"
        }
    };
    Some((strategy, fields))
}

/// The parameter of a request that is most likely to take what an answer has under this name.
fn parameter(key: &str) -> String {
    let plain: String = key.chars().filter(char::is_ascii_alphanumeric).collect();
    match plain.to_ascii_lowercase().as_str() {
        "next" | "xnextcursor" => "cursor".to_owned(),
        "endcursor" => "after".to_owned(),
        "nextpage" | "xnextpage" => "page".to_owned(),
        "nexttoken" => key.to_owned(),
        lower if lower.starts_with("next") => {
            let rest = key[4..].trim_start_matches(['_', '-']);
            let mut letters = rest.chars();
            let first = letters.next().map(|c| c.to_ascii_lowercase());
            first.into_iter().chain(letters).collect()
        }
        _ => key.to_owned(),
    }
}

/// The size of a page as the request has it.
fn size(told: &Told) -> Option<(String, u64)> {
    let Asked::Request(request) = &told.asked else {
        return None;
    };
    let pairs = query(&request.url);
    pairs.into_iter().find_map(|(name, value)| {
        let number = value.parse().ok().filter(|number| *number > 0)?;
        SIZES.contains(&name.as_str()).then_some((name, number))
    })
}

fn query(url: &str) -> Vec<(String, String)> {
    let Ok(url) = url::Url::parse(url) else {
        return Vec::new();
    };
    let pairs = url.query_pairs();
    pairs
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect()
}

/// A text as a flow mapping of YAML has it.
fn quoted(text: &str) -> String {
    let plain = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "_.-$".contains(c));
    match plain {
        true => text.to_owned(),
        false => format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_guessed_from_what_the_answer_calls_its_cursor() {
        for (key, guess) in [
            ("next_cursor", "cursor"),
            ("nextPageToken", "pageToken"),
            ("next_page_token", "page_token"),
            ("nextToken", "nextToken"),
            ("next", "cursor"),
            ("endCursor", "after"),
            ("next_page", "page"),
            ("nextOffset", "offset"),
            ("scroll_id", "scroll_id"),
        ] {
            assert_eq!(parameter(key), guess, "{key}");
        }
    }
}
