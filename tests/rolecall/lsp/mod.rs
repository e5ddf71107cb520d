//! The language server as editors meet it: a process that is spoken to over standard input and output.

mod client;
mod preview;
mod typing;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use client::{Editor, position, uri};

/// The files of `tests/fixtures/lsp/<area>`, sorted.
fn cases(area: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures/lsp")
        .join(area);
    let mut files: Vec<PathBuf> = std::fs::read_dir(&folder)
        .expect("a folder")
        .map(|entry| entry.expect("a file").path())
        .collect();
    files.sort();
    assert!(!files.is_empty(), "{area} has no cases");
    files
}

/// A text without its cursor marks, and where they stood.
fn marked(text: &str) -> (String, Vec<usize>) {
    let mut places = Vec::new();
    let mut plain = String::new();
    for part in text.split('│') {
        plain.push_str(part);
        places.push(plain.len());
    }
    places.pop();
    (plain, places)
}

/// Asks about each cursor of each file of an area, and keeps what the answers are as text.
fn ask_everywhere(area: &str, method: &str, shown: impl Fn(&str, &Value) -> String) {
    let files = cases(area);
    let mut editor = Editor::start(files[0].parent().expect("a folder"));
    for path in &files {
        let text = std::fs::read_to_string(path).expect("text");
        let (text, places) = marked(&text);
        assert!(!places.is_empty(), "{} has no cursor", path.display());
        editor.open(path, &text);
        let mut told = String::new();
        for place in places {
            let answer = editor.ask(
                method,
                json!({
                    "textDocument": {"uri": uri(path)},
                    "position": position(&text, place),
                    "context": {"includeDeclaration": true, "triggerKind": 1},
                }),
            );
            let start = text[..place].rfind('\n').map_or(0, |end| end + 1);
            let end = text[place..]
                .find('\n')
                .map_or(text.len(), |end| place + end);
            let (before, after) = (&text[start..place], &text[place..end]);
            writeln!(told, "{before}│{after}").expect("memory");
            writeln!(told, "{}\n", shown(&text, &answer)).expect("memory");
        }
        let name = path.file_stem().expect("a name").to_string_lossy();
        insta::assert_snapshot!(format!("{area}__{name}"), told);
    }
    editor.end();
}

/// What stands at a range of the protocol.
fn at<'t>(text: &'t str, range: &Value) -> (usize, &'t str) {
    let byte = |position: &Value| {
        let line = position["line"].as_u64().expect("a line") as usize;
        let units = position["character"].as_u64().expect("a character") as usize;
        let start: usize = text.split_inclusive('\n').take(line).map(str::len).sum();
        let mut seen = 0;
        let inside = text[start..].char_indices().find(|(_, character)| {
            let is_there = seen >= units;
            seen += character.len_utf16();
            is_there
        });
        start + inside.map_or(text.len() - start, |(at, _)| at)
    };
    let line = range["start"]["line"].as_u64().expect("a line") as usize + 1;
    (line, &text[byte(&range["start"])..byte(&range["end"])])
}

#[test]
fn completions_are_what_may_be_written_there() {
    ask_everywhere("completion", "textDocument/completion", |text, answer| {
        let mut items = answer["items"].as_array().expect("items").clone();
        items.sort_by_key(|item| item["sortText"].as_str().map(str::to_owned));
        let shown = items.iter().map(|item| {
            let label = item["label"].as_str().expect("a label");
            let detail = item["detail"]
                .as_str()
                .map_or(String::new(), |it| format!("  ({it})"));
            let doc = item["documentation"]["value"].as_str().unwrap_or_default();
            let doc = doc
                .lines()
                .next()
                .map_or(String::new(), |it| format!("  {it}"));
            let (_, over) = at(text, &item["textEdit"]["range"]);
            let new = item["textEdit"]["newText"].as_str().expect("text");
            let edit = match new == label && over.is_empty() {
                true => String::new(),
                false => format!("  [{over:?} → {new:?}]"),
            };
            format!("  {label}{detail}{edit}{doc}")
        });
        // Long lists, such as that of the functions, say little by their ends.
        let mut shown: Vec<String> = shown.collect();
        if shown.len() > 40 {
            let left = shown.len() - 40;
            shown.truncate(40);
            shown.push(format!("  … and {left} more"));
        }
        match shown.is_empty() {
            true => "  nothing".to_owned(),
            false => shown.join("\n"),
        }
    });
}

#[test]
fn hovers_say_what_stands_there() {
    ask_everywhere("hover", "textDocument/hover", |text, answer| {
        let Some(told) = answer["contents"]["value"].as_str() else {
            return "  nothing".to_owned();
        };
        let (_, of) = at(text, &answer["range"]);
        let lines: Vec<String> = told.lines().map(|line| format!("  {line}")).collect();
        format!("  {of:?}\n{}", lines.join("\n"))
    });
}

#[test]
fn definitions_and_references_are_found() {
    let shown = |text: &str, answer: &Value| {
        let found = answer.as_array().cloned().unwrap_or_default();
        let shown = found.iter().map(|found| {
            let (line, name) = at(text, &found["range"]);
            format!("  line {line}: {name}")
        });
        let shown: Vec<String> = shown.collect();
        match shown.is_empty() {
            true => "  nothing".to_owned(),
            false => shown.join("\n"),
        }
    };
    ask_everywhere("definition", "textDocument/definition", shown);
    ask_everywhere("references", "textDocument/references", shown);
}

#[test]
fn a_new_name_is_written_everywhere() {
    let path = &cases("rename")[0];
    let (text, places) = marked(&std::fs::read_to_string(path).expect("text"));
    let mut editor = Editor::start(path.parent().expect("a folder"));
    let before = editor.open(path, &text);
    assert_eq!(before, Vec::<Value>::new());
    let mut edited = text.clone();
    for (place, new) in places.into_iter().zip(["team", "team_id", "owner"]) {
        let asked = json!({
            "textDocument": {"uri": uri(path)},
            "position": position(&text, place),
            "newName": new,
        });
        let answer = editor.ask("textDocument/rename", asked);
        let edits = answer["changes"][uri(path)].as_array().expect("edits");
        assert!(edits.len() > 1, "{new}: {edits:?}");
        // Each by itself, on the text that is open.
        let renamed = applied(&text, edits);
        editor.change(path, json!([{"text": renamed}]));
        assert_eq!(editor.diagnostics(), before, "{new}: {renamed}");
        editor.change(path, json!([{"text": text}]));
        editor.diagnostics();
        edited = renamed;
    }
    insta::assert_snapshot!("renamed", edited);
    let refused = editor.asked(
        "textDocument/rename",
        json!({
            "textDocument": {"uri": uri(path)},
            "position": {"line": 1, "character": 2},
            "newName": "no good",
        }),
    );
    assert_eq!(
        refused["error"]["message"],
        "a name has letters, digits and underscores"
    );
    editor.end();
}

/// A text with edits of the protocol made.
fn applied(text: &str, edits: &[Value]) -> String {
    let mut places: Vec<(usize, &str, &str)> = edits
        .iter()
        .map(|edit| {
            let (_, old) = at(text, &edit["range"]);
            let start = old.as_ptr() as usize - text.as_ptr() as usize;
            (start, old, edit["newText"].as_str().expect("text"))
        })
        .collect();
    places.sort();
    let mut edited = text.to_owned();
    for (start, old, new) in places.into_iter().rev() {
        edited.replace_range(start..start + old.len(), new);
    }
    edited
}

#[test]
fn quick_fixes_put_mistakes_right() {
    for path in cases("actions") {
        let text = std::fs::read_to_string(&path).expect("text");
        let mut editor = Editor::start(path.parent().expect("a folder"));
        let found = editor.open(&path, &text);
        let mut told = String::new();
        for diagnostic in &found {
            let (line, of) = at(&text, &diagnostic["range"]);
            let code = diagnostic["code"].as_str().expect("a code");
            let message = diagnostic["message"].as_str().expect("a message");
            writeln!(told, "line {line}, {of:?}: {code}: {message}").expect("memory");
            let asked = json!({
                "textDocument": {"uri": uri(&path)},
                "range": diagnostic["range"],
                "context": {"diagnostics": [diagnostic]},
            });
            let actions = editor.ask("textDocument/codeAction", asked);
            for action in actions.as_array().expect("actions") {
                let title = action["title"].as_str().expect("a title");
                writeln!(told, "  {title}").expect("memory");
            }
        }
        // What is put right may bring to light what is wrong besides.
        let (mut fixed, mut rounds) = (text.clone(), 0);
        loop {
            let everything = json!({
                "textDocument": {"uri": uri(&path)},
                "range": {"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 0}},
                "context": {"diagnostics": []},
            });
            let actions = editor.ask("textDocument/codeAction", everything);
            let all = actions.as_array().expect("actions").iter();
            let mut all = all.filter(|action| action["kind"] == "source.fixAll");
            let all = all
                .next()
                .unwrap_or_else(|| panic!("nothing can be fixed: {fixed}"));
            let edits = all["edit"]["changes"][uri(&path)]
                .as_array()
                .expect("edits");
            fixed = applied(&fixed, edits);
            editor.change(&path, json!([{"text": fixed}]));
            rounds += 1;
            if editor.diagnostics().is_empty() || rounds > 3 {
                break;
            }
        }
        assert!(rounds <= 3, "{fixed}");
        writeln!(told, "\nafter {rounds} rounds:\n\n{fixed}").expect("memory");
        let name = path.file_stem().expect("a name").to_string_lossy();
        insta::assert_snapshot!(format!("actions__{name}"), told);
        editor.end();
    }
}

#[test]
fn a_file_is_tidied_as_the_formatter_does_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("acme.yaml");
    let text = "connect:   {dsn: \"sqlite:é🦀.db\"}   # where\nresource_types:\n    user:\n        name:   User\n";
    let mut editor = Editor::start(folder.path());
    editor.open(&path, text);
    let asked = json!({
        "textDocument": {"uri": uri(&path)},
        "options": {"tabSize": 2, "insertSpaces": true},
    });
    let edits = editor.ask("textDocument/formatting", asked.clone());
    let tidied = applied(text, edits.as_array().expect("edits"));
    std::fs::write(&path, text).expect("a file");
    let ran = crate::run(folder.path(), &["fmt", "acme.yaml"], &[]);
    assert!(ran.status.success(), "{}", crate::said(&ran));
    assert_eq!(tidied, std::fs::read_to_string(&path).expect("text"));
    assert_ne!(tidied, text);
    // What is tidy stays, and what is no YAML too.
    editor.change(&path, json!([{"text": tidied}]));
    assert_eq!(
        editor.ask("textDocument/formatting", asked.clone()),
        json!([])
    );
    editor.change(&path, json!([{"text": "connect: [\n"}]));
    let refused = editor.asked("textDocument/formatting", asked);
    assert_eq!(refused["error"]["message"], "the file is no YAML as it is");
    editor.end();
}

#[test]
fn a_file_is_shown_as_a_tree() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("configs/examples/acme.yaml");
    let text = std::fs::read_to_string(&path).expect("text");
    let mut editor = Editor::start(path.parent().expect("a folder"));
    assert_eq!(editor.open(&path, &text), Vec::<Value>::new());
    let asked = json!({"textDocument": {"uri": uri(&path)}});
    let symbols = editor.ask("textDocument/documentSymbol", asked);
    let mut told = String::new();
    tree(&symbols, 0, &mut told);
    insta::assert_snapshot!("symbols", told);
    editor.end();
}

fn tree(symbols: &Value, depth: usize, told: &mut String) {
    for symbol in symbols.as_array().into_iter().flatten() {
        let name = symbol["name"].as_str().expect("a name");
        let detail = symbol["detail"]
            .as_str()
            .map_or(String::new(), |it| format!("  ({it})"));
        let line = |end: &str| symbol["range"][end]["line"].as_u64().expect("a line") + 1;
        let lines = format!("{}–{}", line("start"), line("end"));
        writeln!(told, "{}{name}{detail}  {lines}", "  ".repeat(depth)).expect("memory");
        tree(&symbol["children"], depth + 1, told);
    }
}
