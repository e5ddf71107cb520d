//! Requests as people write them → whether they mean the same one.

use percent_encoding::percent_decode_str;
use serde_json::Value as Json;

use super::asked::Asked;

/// Whether an exchange that somebody wrote answers a request.
pub(super) fn answers(written: &Asked, asked: &Asked) -> bool {
    let same_action = written.action.is_none() || written.action == asked.action;
    let same_body = match (&written.sent, &asked.sent) {
        (None, _) => true,
        (Some(written), Some(asked)) => same_body(written, asked),
        (Some(_), None) => false,
    };
    same_action && same_body && same_request(&written.ask, &asked.ask)
}

/// Whether two requests, each a method and a target, are the same: in any order of query parameters,
/// percent-encoded or not.
pub fn same_request(a: &str, b: &str) -> bool {
    a == b || taken_apart(a) == taken_apart(b)
}

fn taken_apart(ask: &str) -> (String, Vec<(String, String)>) {
    let (path, query) = ask.split_once('?').unwrap_or((ask, ""));
    let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    let mut pairs: Vec<_> = query
        .split('&')
        .filter(|piece| !piece.is_empty())
        .map(|piece| {
            let (name, value) = piece.split_once('=').unwrap_or((piece, ""));
            let plain = |text: &str| decoded(&text.replace('+', " "));
            (plain(name), plain(value))
        })
        .collect();
    pairs.sort();
    (decoded(path), pairs)
}

fn same_body(written: &str, asked: &str) -> bool {
    if written == asked {
        return true;
    }
    let json = |text: &str| serde_json::from_str::<Json>(text).ok();
    match (json(written), json(asked)) {
        (Some(written), Some(asked)) => written == asked,
        // A form.
        _ => taken_apart(&format!("?{written}")) == taken_apart(&format!("?{asked}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_the_same_however_they_are_written() {
        let cases = [
            ("GET /x?a=1&b=2", "GET /x?b=2&a=1", true),
            ("GET /x?f=a eq \"b\"", "GET /x?f=a%20eq%20%22b%22", true),
            ("GET /x?f=a eq b", "GET /x?f=a+eq+b", true),
            ("GET /x/a@b.c", "GET /x/a%40b.c", true),
            ("GET /x", "GET /x?", true),
            ("GET /x?a=1", "GET /x?a=2", false),
            ("GET /x?a=1", "GET /x?a=1&a=1", false),
            ("GET /x", "POST /x", false),
        ];
        for (a, b, same) in cases {
            assert_eq!(same_request(a, b), same, "{a} {b}");
        }
    }

    #[test]
    fn what_is_sent_counts_where_it_is_written() {
        let asked = |sent: Option<&str>| Asked {
            ask: "POST /x".to_owned(),
            sent: sent.map(str::to_owned),
            action: None,
        };
        let sent = asked(Some(r#"{"a": 1, "b": [2]}"#));
        assert!(answers(&asked(None), &sent));
        assert!(answers(&asked(Some(r#"{"b":[2],"a":1}"#)), &sent));
        assert!(!answers(&asked(Some(r#"{"a": 2}"#)), &sent));
        assert!(!answers(&sent, &asked(None)));
        assert!(answers(&asked(Some("a=1&b=%20")), &asked(Some("b=+&a=1"))));
    }
}
