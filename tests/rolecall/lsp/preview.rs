//! A look at the system, when somebody asks for one.

use std::path::Path;

use serde_json::{Value, json};

use super::client::{Editor, position, uri};

#[test]
fn a_preview_is_asked_for_and_then_shown_where_it_helps() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("configs/examples/acme.yaml");
    let text = std::fs::read_to_string(&path).expect("text");
    let mut editor = Editor::start(path.parent().expect("a folder"));
    editor.open(&path, &text);
    let place = text.find("kind == 'service'").expect("an expression");
    let asked = |extra: Value| {
        let mut asked = json!({
            "textDocument": {"uri": uri(&path)},
            "position": position(&text, place),
        });
        asked["context"] = extra;
        asked
    };
    let before = editor.ask("textDocument/hover", asked(Value::Null));
    assert_eq!(
        before["contents"]["value"],
        "column `kind`, selected by the query"
    );
    let range = json!({"start": position(&text, place), "end": position(&text, place)});
    let actions = editor.ask(
        "textDocument/codeAction",
        json!({
            "textDocument": {"uri": uri(&path)},
            "range": range,
            "context": {"diagnostics": []},
        }),
    );
    let action = &actions[0];
    assert_eq!(
        action["title"],
        "preview `user.list`: ask the system for its first records"
    );
    let command = json!({"command": action["command"], "arguments": action["arguments"]});
    let answer = editor.ask("workspace/executeCommand", command);
    assert_eq!(
        answer,
        "`user.list` brought 5 records: hover over an expression to see what it makes of them"
    );
    let told = editor.hear("window/showMessage");
    assert_eq!(told["message"], answer);
    let after = editor.ask("textDocument/hover", asked(Value::Null));
    let after = after["contents"]["value"].as_str().expect("text");
    assert!(
        after.starts_with("column `kind`, selected by the query\n\n- `'"),
        "{after}"
    );
    // Between two words of the expression, what it comes to.
    let between = text.find("== 'service'").expect("an expression");
    let whole = json!({
        "textDocument": {"uri": uri(&path)},
        "position": position(&text, between + 1),
    });
    let made = editor.ask("textDocument/hover", whole);
    assert_eq!(
        made["contents"]["value"],
        "in the last preview\n\n- `'human'`"
    );
    editor.end();
}

#[test]
fn a_preview_that_cannot_be_had_says_why() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("acme.yaml");
    let text = "connect: {dsn: \"sqlite:nowhere.db\"}\nresource_types:\n  user:\n    list:\n      query: SELECT id FROM users\n      map: {id: .id, display_name: .id}\n";
    let mut editor = Editor::start(folder.path());
    editor.open(&path, text);
    let listing = json!({"resource_type": "user", "section": "list", "entry": 0});
    let command = json!({"command": "rolecall.preview", "arguments": [uri(&path), listing]});
    assert_eq!(editor.ask("workspace/executeCommand", command), Value::Null);
    let told = editor.hear("window/showMessage");
    assert_eq!(told["type"], 1, "{told}");
    let message = told["message"].as_str().expect("text");
    assert!(
        message.starts_with("the preview of `user.list` failed: "),
        "{message}"
    );
    let refused = editor.asked(
        "workspace/executeCommand",
        json!({"command": "rm", "arguments": []}),
    );
    assert_eq!(refused["error"]["message"], "there is no command `rm`");
    editor.end();
}
