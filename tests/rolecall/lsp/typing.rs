//! Somebody types.

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::client::{Editor, position, uri};

fn acme() -> (std::path::PathBuf, String) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("configs/examples/acme.yaml");
    let text = std::fs::read_to_string(&path).expect("text");
    (path, text)
}

#[test]
fn the_newest_text_is_the_one_that_is_checked() {
    let (path, text) = acme();
    let mut editor = Editor::start(path.parent().expect("a folder"));
    assert_eq!(editor.open(&path, &text), Vec::<Value>::new());
    let at = position(&text, text.find("display_name").expect("a key"));
    let first = editor.version();
    // Faster than anybody: each key pressed before the last one was looked at.
    for letter in ["x", "y", "z"] {
        let range = json!({"start": at, "end": at});
        editor.change(&path, json!([{"range": range, "text": letter}]));
    }
    let mut told = Vec::new();
    loop {
        let params = editor.hear("textDocument/publishDiagnostics");
        told.push(params["version"].as_i64().expect("a version"));
        if told.last() == Some(&editor.version()) {
            let codes: Vec<&str> = params["diagnostics"]
                .as_array()
                .expect("diagnostics")
                .iter()
                .map(|it| it["code"].as_str().expect("a code"))
                .collect();
            assert_eq!(codes, ["unknown-field"]);
            break;
        }
    }
    assert!(
        told.is_sorted() && told.iter().all(|version| *version > first),
        "{told:?}"
    );
    editor.end();
}

#[test]
fn codes_lead_to_their_explanation_when_the_editor_says_where() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("acme.yaml");
    let options = json!({"explainedAt": "https://docs.example/diagnostics#"});
    let mut editor = Editor::greeting(folder.path(), options);
    let found = editor.open(&path, "connect: {dsn: \"sqlite:a.db\", prot: 1}\n");
    let unknown = found.iter().find(|it| it["code"] == "unknown-field");
    assert_eq!(
        unknown.expect("a misspelt key")["codeDescription"]["href"],
        "https://docs.example/diagnostics#unknown-field"
    );
    editor.tell(
        "textDocument/didClose",
        json!({"textDocument": {"uri": uri(&path)}}),
    );
    let told = editor.hear("textDocument/publishDiagnostics");
    assert_eq!(
        told["diagnostics"],
        json!([]),
        "a closed file has no mistakes"
    );
    editor.end();
}

#[test]
fn other_files_are_left_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut editor = Editor::start(folder.path());
    for (name, text) in [
        (
            "compose.yaml",
            "version: '3'\nservices: {web: {image: x}}\n",
        ),
        ("empty.yaml", ""),
        ("list.yaml", "- a\n- b\n"),
    ] {
        let found = editor.open(&folder.path().join(name), text);
        assert_eq!(found, Vec::<Value>::new(), "{name}");
    }
    let tests = folder.path().join("acme.tests.yaml");
    let found = editor.open(
        &tests,
        "- {name: a, resource_type: user, given: {}, expct: {}}\n",
    );
    let codes: Vec<_> = found.iter().map(|it| it["code"].clone()).collect();
    assert!(codes.contains(&json!("unknown-field")), "{found:?}");
    editor.end();
}

#[test]
fn requests_that_cannot_be_read_are_answered() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut editor = Editor::start(folder.path());
    for (method, parameters) in [
        ("textDocument/completion", json!({"position": "here"})),
        ("textDocument/unheardOf", json!({})),
        ("textDocument/rename", Value::Null),
    ] {
        let answer = editor.asked(method, parameters);
        assert!(answer["error"]["message"].is_string(), "{method}: {answer}");
    }
    // Of a file that is not open, nothing is known.
    let nowhere = json!({
        "textDocument": {"uri": uri(&folder.path().join("b.yaml"))},
        "position": {"line": 3, "character": 1},
    });
    for method in [
        "textDocument/completion",
        "textDocument/hover",
        "textDocument/definition",
    ] {
        assert_eq!(editor.ask(method, nowhere.clone()), Value::Null, "{method}");
    }
    editor.tell("textDocument/didChange", json!({"nonsense": true}));
    editor.tell("$/cancelRequest", json!({"id": 1}));
    editor.end();
}

/// Numbers that look like chance and are the same on every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % end.max(1)
    }
}

const TYPED: &[&str] = &[
    "",
    "x",
    ":",
    " ",
    "\n",
    "\r\n",
    "  ",
    "- ",
    "{",
    "}",
    "[",
    "]",
    "'",
    "\"",
    "|",
    "|\n",
    "?<",
    ">",
    "cel:",
    "tmpl:{{ .",
    "🦀",
    "é",
    "*a",
    "&a",
    "<<: *a",
    "#",
    "\t",
    ".",
    "resource.",
    "connect:",
    "\u{0}",
];

#[test]
fn random_edits_never_end_the_server_and_texts_stay_the_same_on_both_sides() {
    let (path, original) = acme();
    let folder = path.parent().expect("a folder");
    let mut editor = Editor::start(folder);
    let mut text = format!("# 🦀 é\r\n{original}");
    editor.open(&path, &text);
    let mut dice = Dice(8);
    for step in 0..250 {
        let mut place = || {
            let mut at = dice.below(text.len() + 1);
            while !text.is_char_boundary(at) {
                at -= 1;
            }
            // Between the two characters of a line end there is no position.
            match text[..at].ends_with('\r') && text[at..].starts_with('\n') {
                true => at - 1,
                false => at,
            }
        };
        let from = place();
        let far = place();
        let near = match text[from..].char_indices().nth(3) {
            Some((length, _)) if text.as_bytes()[from + length - 1] != b'\r' => from + length,
            _ => from,
        };
        let to = match step % 25 {
            0 => far.max(from),
            _ => near,
        };
        let typed = TYPED[dice.below(TYPED.len())];
        let range = json!({"start": position(&text, from), "end": position(&text, to)});
        editor.change(&path, json!([{"range": range, "text": typed}]));
        text.replace_range(from..to, typed);
        let at = json!({
            "textDocument": {"uri": uri(&path)},
            "position": position(&text, from + typed.len()),
        });
        let method = match step % 5 {
            0 => "textDocument/hover",
            1 => "textDocument/definition",
            2 => "textDocument/documentSymbol",
            _ => "textDocument/completion",
        };
        editor.ask(method, at);
    }
    editor.diagnostics();
    let symbols = |editor: &mut Editor, path: &Path| {
        let asked = json!({"textDocument": {"uri": uri(path)}});
        editor.ask("textDocument/documentSymbol", asked)
    };
    let edited = symbols(&mut editor, &path);
    let copy = folder.join("copy.yaml");
    editor.open(&copy, &text);
    assert_eq!(edited, symbols(&mut editor, &copy), "{text}");
    // And it still works.
    editor.change(&path, json!([{"text": original}]));
    assert_eq!(editor.diagnostics(), Vec::<Value>::new());
    editor.end();
}

#[test]
fn a_keystroke_is_answered_soon() {
    let (path, text) = acme();
    let mut editor = Editor::start(path.parent().expect("a folder"));
    editor.open(&path, &text);
    let at = position(&text, text.find("display_name").expect("a key"));
    let range = json!({"start": at, "end": at});
    let begun = Instant::now();
    editor.change(&path, json!([{"range": range, "text": "x"}]));
    editor.diagnostics();
    // How soon is measured by `scripts/bench`; here, that nothing waits for a clock.
    assert!(begun.elapsed() < Duration::from_secs(5));
    editor.end();
}
