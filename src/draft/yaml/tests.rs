use std::sync::Arc;

use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::{Entry, Item, Section, document};
use crate::config::{Node, NodeValue, parse_tree, read_plain};
use crate::diagnostic::SourceFile;

fn tree(text: &str) -> Node {
    let file: Arc<SourceFile> = SourceFile::new("draft.yaml", text);
    let mut diagnostics = Vec::new();
    let node = parse_tree(&file, &mut diagnostics);
    let problem = diagnostics.first().map(|found| found.message.clone());
    assert_eq!(problem, None, "{text}");
    node.expect("it parses")
}

fn text_of(node: &Node) -> &str {
    match &node.value {
        NodeValue::Scalar { text, .. } => text,
        other => panic!("no scalar but {other:?}"),
    }
}

/// Text, and pieces of YAML in it.
fn any_text() -> impl Strategy<Value = String> {
    let pieces = prop_oneof![
        any::<char>().prop_map(String::from),
        "[ -~]{0,8}",
        prop::sample::select(vec![
            ": ",
            " #",
            "- ",
            "\n",
            "\r\n",
            "\t",
            "---",
            "...",
            "null",
            "~",
            "yes",
            "0x1F",
            ".5",
            "1e3",
            "'",
            "\"",
            "\\",
            "{{",
            "}}",
            "${HOME}",
            "&a",
            "*a",
            "<<",
            "|",
            ">",
            "%",
            "@",
            "`",
            "\u{85}",
            "\u{2028}",
            "\u{feff}",
            "\u{0}",
            "é",
            "日本",
            "😀",
            "cel:",
            "!!int ",
            "? ",
            "2024-01-01",
        ])
        .prop_map(String::from),
    ];
    prop::collection::vec(pieces, 0..8).prop_map(|pieces| pieces.concat())
}

fn any_data() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        any_text().prop_map(Json::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Json::from),
            prop::collection::btree_map(any_text(), inner, 0..4)
                .prop_map(|map| Json::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn every_text_reads_back_as_itself(text in any_text(), comment in any_text(), key in any_text()) {
        let inner = Section::new().with(&key, text.as_str());
        let mut section = Section::new();
        section.push(Entry::new("value", text.as_str()).above(comment.as_str()).beside(comment.as_str()).apart());
        section.push(Entry::new("inner", inner));
        section.push(Entry::new("list", vec![
            Item::new(text.as_str()).above(comment.as_str()).beside(comment.as_str()),
            Item::new(Section::new().with("a", text.as_str()).with("b", "last")).beside(comment.as_str()),
        ]));
        section.put("words", super::Yaml::Words(vec![text.clone(), "last".to_owned()]));
        let written = document(&[comment], &section);
        let root = tree(&written);
        prop_assert_eq!(root.as_map().map(<[_]>::len), Some(4));
        prop_assert_eq!(text_of(root.get("value").expect("value")), &text);
        let inner = root.get("inner").and_then(Node::as_map).expect("inner");
        prop_assert_eq!(&inner[0].0.text, &key);
        prop_assert_eq!(text_of(&inner[0].1), &text);
        let NodeValue::List(items) = &root.get("list").expect("list").value else { panic!("{written}") };
        prop_assert_eq!(text_of(&items[0]), &text);
        prop_assert_eq!(text_of(items[1].get("a").expect("a")), &text);
        prop_assert_eq!(text_of(items[1].get("b").expect("b")), "last");
        let NodeValue::List(words) = &root.get("words").expect("words").value else { panic!("{written}") };
        prop_assert_eq!(text_of(&words[0]), &text);
        prop_assert_eq!(words.len(), 2);
        // As other readers see it: still text, not a number or a date.
        let plain: Json = read_plain(&written).expect("plain");
        prop_assert_eq!(&plain["value"], &Json::from(text.as_str()));
    }

    #[test]
    fn data_reads_back_as_itself(data in any_data()) {
        let written = document(&[], &Section::new().with("data", data.clone()));
        let plain: Json = read_plain(&written).map_err(|error| TestCaseError::fail(format!("{error}\n{written}")))?;
        prop_assert_eq!(&plain["data"], &data, "{}", written);
    }
}

#[test]
fn a_document_reads_well() {
    let mut list = Section::new();
    list.push(Entry::new("id", ".id").beside("sure: the primary key"));
    list.put("status", ".status == 'a' ? 'enabled' : 'disabled'");
    let mut section = Section::new();
    section.push(Entry::new("version", "1"));
    section.push(
        Entry::new("query", "SELECT id\nFROM users\n")
            .above("A comment that is so long that it does not fit on a line of a hundred characters, and goes on below.")
            .apart(),
    );
    section.put("list", vec![Item::new(list).beside("why"), Item::new("x")]);
    section.put(
        "data",
        json!({"id": 1, "name": "Ada, L.", "nested": {"a": [true, null, "no"]}}),
    );
    section.put("empty", Section::new());
    let top = ["To do:\n  1. Something.\n  2. Something else.".to_owned()];
    let expected = r#"# To do:
#   1. Something.
#   2. Something else.
version: "1"

# A comment that is so long that it does not fit on a line of a hundred characters, and goes on
# below.
query: |
  SELECT id
  FROM users
list:
  - # why
    id: .id # sure: the primary key
    status: ".status == 'a' ? 'enabled' : 'disabled'"
  - x
data: {id: 1, name: "Ada, L.", nested: {a: [true, null, "no"]}}
empty: {}
"#;
    assert_eq!(document(&top, &section), expected);
}
