use proptest::prelude::*;

use super::{Outline, Place, Step};

/// A text with `│` where the cursor stands → what is written there.
fn at(marked: &str) -> String {
    let at = marked.find('│').expect("a cursor");
    let text = marked.replacen('│', "", 1);
    let outline = Outline::of(&text);
    let way = |of: Option<usize>| {
        let path = of.map(|of| outline.path(of)).unwrap_or_default();
        let steps = path.iter().map(|step| match step {
            Step::Key(key) => format!("/{key}"),
            Step::Item(number) => format!("/{number}"),
        });
        steps.collect::<String>()
    };
    match Place::find(&outline, &text, at) {
        Place::Key {
            parent,
            written,
            entry,
        } => {
            let colon = if entry.is_some() { ":" } else { "" };
            let written = &text[written.start..written.end];
            format!("key {written}{colon} of {}", way(parent))
        }
        Place::Value { entry, written } => {
            let written = &text[written.start..written.end];
            format!("value {written} of {}", way(Some(entry)))
        }
        Place::Nothing => "nothing".to_owned(),
    }
}

#[test]
fn the_cursor_is_found_in_blocks() {
    let cases = [
        ("│", "key  of "),
        ("a: 1\nb│", "key b of "),
        ("a: 1\nb│: 2", "key b: of "),
        ("a: │", "value  of /a"),
        ("a:│ x", "nothing"),
        ("a: x│y", "value xy of /a"),
        ("a:\n  b: 1\n  │", "key  of /a"),
        ("a:\n  b: 1\n│", "key  of "),
        ("a:\n  │", "key  of /a"),
        ("a:\n  b│\nc: 1", "key b of /a"),
        ("a:\n  b:\n    c: 1\n  │\nd: 2", "key  of /a"),
        ("a:\n  b:\n    c: 1\n    │\nd: 2", "key  of /a/b"),
        ("a:\n  - │", "value  of /a/0"),
        ("a:\n  - b: 1\n    │", "key  of /a/0"),
        ("a:\n  - b: 1\n  - c│: 2", "key c: of /a/1"),
        ("a:\n- b: 1\n- c: │2", "value 2 of /a/1/c"),
        ("a:\n- b: 1\nd: x\n│", "key  of "),
        ("a:\n  - id│", "value id of /a/0"),
        (
            "q: |\n  SELECT │1\n  FROM t\nb: 2",
            "value SELECT 1\n  FROM t of /q",
        ),
        ("q: |\n  SELECT 1\n  │", "value SELECT 1 of /q"),
        ("q: |\n  SELECT 1\n│", "key  of "),
        (
            "q: SELECT a\n  FROM │t\nb: 1",
            "value SELECT a\n  FROM t of /q",
        ),
        ("a: 'it''s │b'\nc: 1", "value 'it''s b' of /a"),
        ("a: \"x│\nb: 1", "value \"x of /a"),
        ("# a: │", "nothing"),
        ("a: 1 # b│", "nothing"),
        ("a: &n\n  b: │", "value  of /a/b"),
        ("a: !t 'x│'", "value 'x' of /a"),
    ];
    for (marked, expected) in cases {
        assert_eq!(at(marked), expected, "{marked}");
    }
}

#[test]
fn the_cursor_is_found_in_flows() {
    let cases = [
        ("a: {│}", "key  of /a"),
        ("a: {b: 1, │}", "key  of /a"),
        ("a: {b│: 1}", "key b: of /a"),
        ("a: {b│}", "key b: of /a"),
        ("a: {b: │}", "value  of /a/b"),
        ("a: {b: x│, c: 1}", "value x of /a/b"),
        ("a: {b: {c: │}}", "value  of /a/b/c"),
        ("a: [│]", "value  of /a"),
        ("a: [x, │]", "value  of /a"),
        ("a: [x, y│]", "value y of /a/1"),
        ("a: [x, │\nb: 1", "value  of /a"),
        ("a: {b: 1, │\nc: 1", "key  of /a"),
        ("a: {b: 1\nc: x│", "value x of /c"),
        ("- {a: 1}\n- {b│: 2}", "key b: of /1"),
        ("a: {b: 'x, y│'}", "value 'x, y' of /a/b"),
    ];
    for (marked, expected) in cases {
        assert_eq!(at(marked), expected, "{marked}");
    }
}

#[test]
fn examples_are_read_as_the_parser_reads_them() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("configs/examples");
    let mut files = 0;
    for file in std::fs::read_dir(folder).expect("examples") {
        let path = file.expect("an entry").path();
        if path.extension().is_none_or(|end| end != "yaml") {
            continue;
        }
        files += 1;
        let text = std::fs::read_to_string(&path).expect("text");
        let outline = Outline::of(&text);
        let file = crate::diagnostic::SourceFile::new(&path, text.clone());
        let tree = crate::config::parse_tree(&file, &mut Vec::new()).expect("YAML");
        let (mut parsed, mut found) = (Vec::new(), Vec::new());
        scalars(&tree, "", &mut parsed);
        for (index, entry) in outline.entries.iter().enumerate() {
            let steps = outline.path(index);
            let steps = steps.iter().map(|step| match step {
                Step::Key(key) => format!("/{key}"),
                Step::Item(number) => format!("/{number}"),
            });
            let way = steps.collect::<String>();
            match entry.style {
                // What it stands for is written elsewhere.
                super::Style::Alias => parsed.retain(|(other, _)| !other.starts_with(&way)),
                _ if entry.is_scalar() => found.push((way, entry.value.start)),
                _ => {}
            }
        }
        parsed.sort();
        found.sort();
        // What a merge key brings stands elsewhere, too.
        if text.contains("<<:") {
            parsed.retain(|scalar| found.contains(scalar));
        }
        assert_eq!(found, parsed, "{}", path.display());
    }
    assert!(files > 3);
}

fn scalars(node: &crate::config::Node, way: &str, found: &mut Vec<(String, usize)>) {
    use crate::config::NodeValue;
    match &node.value {
        NodeValue::Null => {}
        NodeValue::Scalar { .. } => found.push((way.to_owned(), node.span.start)),
        NodeValue::List(items) => {
            for (number, item) in items.iter().enumerate() {
                scalars(item, &format!("{way}/{number}"), found);
            }
        }
        NodeValue::Map(entries) => {
            for (key, value) in entries {
                scalars(value, &format!("{way}/{}", key.text), found);
            }
        }
    }
}

proptest! {
    #[test]
    fn no_text_is_too_strange(
        pieces in proptest::collection::vec(
            prop_oneof![
                "[ a-c:#'\"|>{}\\[\\],&*!\\-\n\r\t\\\\é🦀]{0,8}",
                Just("\n  - ".to_owned()),
                Just("key: |\n   ".to_owned()),
                Just("{a: [".to_owned()),
            ],
            0..20,
        ),
        at in 0usize..200,
    ) {
        let text = pieces.concat();
        let outline = Outline::of(&text);
        for entry in &outline.entries {
            for span in [entry.key, entry.value, entry.room] {
                prop_assert!(text.get(span.start..span.end).is_some(), "{text:?} {entry:?}");
            }
        }
        let mut at = at.min(text.len());
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        Place::find(&outline, &text, at);
    }
}
