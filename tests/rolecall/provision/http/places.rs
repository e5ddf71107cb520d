//! No value leaves its place in a request: what is sent is parsed by others, and is what it would be
//! for any harmless value.

use std::sync::LazyLock;

use proptest::prelude::*;
use quick_xml::events::Event;
use rolecall::plan::Plan;
use rolecall::provision::{Sent, grant};
use rolecall::source::http::RequestView;
use serde_json::json;
use url::Url;

use super::{holding, plan_of};

const CONNECTOR: &str = r#"
connect: {base_url: "https://acme.test/api"}
resource_types:
  team:
    list:
      request: {url: /teams}
      response: {resource_mapping: {id: "cel:item.id", display_name: "cel:item.name"}}
    static_entitlements:
      - id: path
        provisioning: {grant: {request: {method: DELETE, url: "tmpl:/teams/{{ .principal.id }}/members/7"}}}
      - id: end
        provisioning: {grant: {request: {method: DELETE, url: "tmpl:/teams/{{ .principal.id }}"}}}
      - id: query
        provisioning:
          grant:
            request:
              method: POST
              url: "tmpl:/teams?in={{ .principal.id }}&x=1"
              query_params: {who: "tmpl:{{ .principal.id }}", by: "cel:principal.id", z: "2"}
      - id: header
        provisioning: {grant: {request: {method: POST, url: /x, headers: {X-Who: "tmpl:{{ .principal.id }}"}}}}
      - id: json
        provisioning:
          grant:
            request:
              method: POST
              url: /x
              body: 'tmpl:{"who": "{{ .principal.id }}", "in": ["a {{ .principal.id }} b", {{ .principal.id }}], "z": 1}'
      - id: tree
        provisioning:
          grant:
            request: {method: POST, url: /x, body: {who: "tmpl:{{ .principal.id }}", in: ["cel:principal.id", {a: "tmpl:a {{ .principal.id }}"}], z: 1}}
      - id: form
        provisioning: {grant: {request: {method: POST, url: /x, form: {who: "tmpl:{{ .principal.id }}", by: "cel:principal.id", z: "1"}}}}
      - id: form_text
        provisioning:
          grant:
            request:
              method: POST
              url: /x
              headers: {Content-Type: application/x-www-form-urlencoded}
              body: "tmpl:who={{ .principal.id }}&z=1"
      - id: xml
        provisioning:
          grant:
            request:
              method: POST
              url: /x
              headers: {Content-Type: text/xml}
              body: "tmpl:<add by=\"{{ .principal.id }}\"><who>{{ .principal.id }}</who></add>"
      - id: graphql
        provisioning:
          grant:
            request:
              url: /graphql
              graphql:
                query: 'tmpl:mutation { add(who: "{{ .principal.id }}") { ok } }'
                variables: {who: "tmpl:{{ .principal.id }}"}
"#;

static RUNTIME: LazyLock<tokio::runtime::Runtime> =
    LazyLock::new(|| tokio::runtime::Runtime::new().expect("threads"));

static PLAN: LazyLock<Plan> = LazyLock::new(|| plan_of(CONNECTOR, &[]));

/// What is sent for a value in one of the places, or why nothing is.
fn sent(place: &str, value: &str) -> Result<RequestView, String> {
    let prepared = grant(&PLAN, holding(place, ("team", "1"), ("user", value)));
    let prepared = prepared.expect("it can be asked for");
    let plan = RUNTIME.block_on(prepared.plan());
    let plan = plan.map_err(|error| error.to_string())?;
    match plan.into_iter().next().expect("a step").sent {
        Sent::Request(view) => Ok(view),
        other => panic!("{other:?}"),
    }
}

fn url(place: &str, value: &str) -> Result<Url, String> {
    let view = sent(place, value)?;
    Ok(Url::parse(&view.url).expect("a URL"))
}

fn body(place: &str, value: &str) -> String {
    let view = sent(place, value).expect("a value that any body can have");
    view.body.expect("a body")
}

fn decoded(segment: &str) -> String {
    let decoded = percent_encoding::percent_decode_str(segment).decode_utf8();
    decoded.expect("text").into_owned()
}

fn in_a_path(place: &str, value: &str, around: (&[&str], &[&str])) -> Result<(), TestCaseError> {
    match url(place, value) {
        Ok(url) => {
            let segments: Vec<_> = url.path_segments().expect("a path").map(decoded).collect();
            let expected = [around.0, &[value], around.1].concat();
            prop_assert_eq!(segments, expected);
            prop_assert_eq!((url.host_str(), url.query()), (Some("acme.test"), None));
        }
        Err(_) => prop_assert!(matches!(value, "" | "." | ".."), "{:?} is refused", value),
    }
    Ok(())
}

fn in_a_query(value: &str) -> Result<(), TestCaseError> {
    let url = url("query", value).expect("any value can be in a query");
    let pairs: Vec<_> = url.query_pairs().into_owned().collect();
    let expected = [
        ("in", value),
        ("x", "1"),
        ("who", value),
        ("by", value),
        ("z", "2"),
    ];
    let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
    prop_assert_eq!(pairs, Vec::from(expected));
    prop_assert_eq!(url.path(), "/api/teams");
    Ok(())
}

fn in_a_header(value: &str) -> Result<(), TestCaseError> {
    // RFC 9110, 5.5: what a header cannot have.
    let forbidden = value.chars().any(|c| c.is_ascii_control() && c != '\t');
    match sent("header", value) {
        Ok(view) => {
            prop_assert!(!forbidden, "{:?} is sent", value);
            let found = view.headers.iter().filter(|(name, _)| name == "x-who");
            let found: Vec<_> = found.map(|(_, value)| value.as_str()).collect();
            prop_assert_eq!(found, [value]);
            prop_assert_eq!(view.headers.len(), 2);
        }
        Err(error) => {
            prop_assert!(forbidden, "{:?} is refused: {}", value, error);
            prop_assert!(
                error.contains("line break or another control character"),
                "{}",
                error
            );
        }
    }
    Ok(())
}

fn in_json(value: &str) -> Result<(), TestCaseError> {
    let read = |place| serde_json::from_str::<serde_json::Value>(&body(place, value));
    let text = read("json").expect("JSON");
    prop_assert_eq!(
        text,
        json!({"who": value, "in": [format!("a {value} b"), value], "z": 1})
    );
    let tree = read("tree").expect("JSON");
    let expected = json!({"who": value, "in": [value, {"a": format!("a {value}")}], "z": 1});
    prop_assert_eq!(tree, expected);
    Ok(())
}

fn in_a_form(value: &str) -> Result<(), TestCaseError> {
    let read = |place| {
        let body = body(place, value);
        let pairs = url::form_urlencoded::parse(body.as_bytes());
        pairs.into_owned().collect::<Vec<_>>()
    };
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let expected = [pair("who", value), pair("by", value), pair("z", "1")];
    prop_assert_eq!(read("form"), expected);
    prop_assert_eq!(read("form_text"), [pair("who", value), pair("z", "1")]);
    Ok(())
}

/// Elements, their attributes and texts.
fn events(xml: &str) -> Vec<String> {
    let mut reader = quick_xml::Reader::from_str(xml);
    let (mut events, mut text) = (Vec::new(), String::new());
    loop {
        let event = reader.read_event().expect("XML");
        if !matches!(event, Event::Text(_) | Event::GeneralRef(_)) && !text.is_empty() {
            events.push(format!("text {}", std::mem::take(&mut text)));
        }
        match event {
            Event::Start(start) => {
                let attributes = start.attributes().map(|attribute| {
                    let attribute = attribute.expect("an attribute");
                    let value = quick_xml::escape::unescape(&attribute.value).expect("a value");
                    format!("{}={value}", attribute.key.as_ref())
                });
                let attributes: Vec<_> = attributes.collect();
                events.push(format!("<{} {attributes:?}", start.name().as_ref()));
            }
            Event::Text(part) => text.push_str(&part),
            Event::GeneralRef(name) => {
                let name = format!("&{};", &*name);
                text.push_str(&quick_xml::escape::unescape(&name).expect("a character"));
            }
            Event::End(_) => events.push(">".to_owned()),
            Event::Eof => return events,
            other => panic!("{other:?}"),
        }
    }
}

fn in_xml(value: &str) -> Result<(), TestCaseError> {
    let found = events(&body("xml", value));
    // XML has no way to write most control characters, and readers change line ends.
    let kept = !value
        .chars()
        .any(|c| c.is_control() || "\u{fffe}\u{ffff}".contains(c));
    if kept && !value.is_empty() {
        let attribute = vec![format!("by={value}")];
        let text = format!("text {value}");
        let expected = [format!("<add {attribute:?}"), "<who []".to_owned(), text];
        prop_assert_eq!(&found[..3], expected);
    }
    let shape: Vec<_> = found.iter().map(|event| event.chars().next()).collect();
    let shape: String = shape.into_iter().flatten().filter(|c| *c != 't').collect();
    prop_assert_eq!(shape, "<<>>");
    prop_assert_eq!(found[0].matches("by=").count() >= 1, true);
    Ok(())
}

fn in_graphql(value: &str) -> Result<(), TestCaseError> {
    let read: serde_json::Value = serde_json::from_str(&body("graphql", value)).expect("JSON");
    prop_assert_eq!(&read["variables"], &json!({ "who": value }));
    let query = read["query"].as_str().expect("a query");
    let inner = query.strip_prefix("mutation { add(who: ");
    let inner = inner.and_then(|rest| rest.strip_suffix(") { ok } }"));
    // A string of GraphQL is written as one of JSON.
    let string: String = serde_json::from_str(inner.expect("one argument")).expect("a string");
    prop_assert_eq!(string, value);
    Ok(())
}

fn everywhere(value: &str) -> Result<(), TestCaseError> {
    in_a_path("path", value, (&["api", "teams"], &["members", "7"]))?;
    in_a_path("end", value, (&["api", "teams"], &[]))?;
    in_a_query(value)?;
    in_a_header(value)?;
    in_json(value)?;
    in_a_form(value)?;
    in_xml(value)?;
    in_graphql(value)
}

#[test]
fn values_that_are_known_to_break_out_stay_in_their_places() {
    let values = [
        "ada",
        "",
        ".",
        "..",
        "../admin",
        "a/b",
        "%2e%2e",
        "%2F",
        "a?b#c&d=e",
        "a b+c",
        "é/ü",
        "\"}, {\"x\": \"",
        "\\",
        "\\\"",
        "a\r\nX-Admin: true",
        "a\u{0}b",
        "{{ .vars }}",
        "${HOME}",
        "<who>",
        "]]>",
        "&amp;",
        "&#60;",
        "'; DROP",
        "\") { ok } other(who: \"",
        "\"\"\"",
        "\u{2028}",
        "\u{feff}",
        "\u{1f600}",
        "a;b",
        "http://evil.test/",
        "//evil.test",
        "@evil.test",
    ];
    for value in values {
        if let Err(error) = everywhere(value) {
            panic!("{value:?}: {error}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]
    #[test]
    fn no_value_leaves_its_place(value in "[/?#&=%.;:@+ \\\\\"'<>{}()$`a0é\u{0}-\u{1f}]{0,10}|\\PC{0,10}") {
        everywhere(&value)?;
    }
}
