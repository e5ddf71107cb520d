//! An editor, as far as the server can tell: it starts the program and speaks the protocol.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use serde_json::{Value, json};

/// Long enough for a machine that does much else.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running server.
pub struct Editor {
    process: Child,
    input: Option<ChildStdin>,
    messages: Receiver<Value>,
    /// What the server told without being asked.
    told: VecDeque<Value>,
    next: i64,
    version: i64,
}

impl Editor {
    /// Starts the server in a folder and greets it.
    pub fn start(folder: &Path) -> Self {
        Self::greeting(folder, json!({}))
    }

    /// Starts the server with options of the editor.
    pub fn greeting(folder: &Path, options: Value) -> Self {
        let mut process = crate::program()
            .arg("lsp")
            .current_dir(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .expect("the program starts");
        let input = process.stdin.take();
        let output = process.stdout.take().expect("it was asked for");
        let (sender, messages) = channel();
        std::thread::spawn(move || {
            let mut output = BufReader::new(output);
            while let Some(message) = read(&mut output) {
                if sender.send(message).is_err() {
                    break;
                }
            }
        });
        let mut editor = Self {
            process,
            input,
            messages,
            told: VecDeque::new(),
            next: 0,
            version: 0,
        };
        let greeting = json!({
            "processId": null,
            "rootUri": null,
            "capabilities": {},
            "initializationOptions": options,
        });
        editor.ask("initialize", greeting);
        editor.tell("initialized", json!({}));
        editor
    }

    /// Tells the server something.
    pub fn tell(&mut self, method: &str, parameters: Value) {
        self.send(&json!({"jsonrpc": "2.0", "method": method, "params": parameters}));
    }

    fn send(&mut self, message: &Value) {
        let text = message.to_string();
        let input = self.input.as_mut().expect("the server is running");
        write!(input, "Content-Length: {}\r\n\r\n{text}", text.len()).expect("the server reads");
        input.flush().expect("the server reads");
    }

    /// Asks the server, and waits for the whole of its answer.
    pub fn asked(&mut self, method: &str, parameters: Value) -> Value {
        self.next += 1;
        let id = self.next;
        self.send(&json!({"jsonrpc": "2.0", "id": id, "method": method, "params": parameters}));
        loop {
            let message = self.messages.recv_timeout(PATIENCE).expect("an answer");
            if message["id"] == json!(id) {
                return message;
            }
            self.told.push_back(message);
        }
    }

    /// Asks the server, which must not refuse.
    pub fn ask(&mut self, method: &str, parameters: Value) -> Value {
        let answer = self.asked(method, parameters);
        assert!(answer.get("error").is_none(), "{method}: {answer}");
        answer["result"].clone()
    }

    /// What the server tells next by a method.
    pub fn hear(&mut self, method: &str) -> Value {
        loop {
            let message = match self.told.pop_front() {
                Some(message) => message,
                None => self.messages.recv_timeout(PATIENCE).expect("a message"),
            };
            if message["method"] == method {
                return message["params"].clone();
            }
        }
    }

    /// Opens a file, and returns what is wrong with it.
    pub fn open(&mut self, path: &Path, text: &str) -> Vec<Value> {
        self.version += 1;
        let document = json!({
            "uri": uri(path),
            "languageId": "yaml",
            "version": self.version,
            "text": text,
        });
        self.tell("textDocument/didOpen", json!({"textDocument": document}));
        self.diagnostics()
    }

    /// Types something.
    pub fn change(&mut self, path: &Path, changes: Value) {
        self.version += 1;
        let document = json!({"uri": uri(path), "version": self.version});
        let changed = json!({"textDocument": document, "contentChanges": changes});
        self.tell("textDocument/didChange", changed);
    }

    /// What is wrong with the newest text.
    pub fn diagnostics(&mut self) -> Vec<Value> {
        loop {
            let told = self.hear("textDocument/publishDiagnostics");
            if told["version"] == json!(self.version) {
                return told["diagnostics"].as_array().cloned().unwrap_or_default();
            }
        }
    }

    /// The version of the newest text.
    pub fn version(&self) -> i64 {
        self.version
    }

    /// Ends the server as the protocol wants it.
    pub fn end(mut self) {
        self.ask("shutdown", Value::Null);
        self.tell("exit", Value::Null);
        self.input = None;
        let ended = self.process.wait().expect("the program ends");
        assert!(ended.success(), "{ended}");
    }
}

impl Drop for Editor {
    /// A test that failed leaves nothing running.
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn read(output: &mut impl BufRead) -> Option<Value> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        if output.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let line = line.trim_end();
        if line.is_empty() {
            break;
        }
        if let Some(value) = line.strip_prefix("Content-Length: ") {
            length = value.parse().ok()?;
        }
    }
    let mut body = vec![0; length];
    output.read_exact(&mut body).ok()?;
    serde_json::from_slice(&body).ok()
}

/// The URI of a path.
pub fn uri(path: &Path) -> String {
    url::Url::from_file_path(path)
        .expect("a path from the root")
        .to_string()
}

/// The position of a byte, in UTF-16 units.
pub fn position(text: &str, at: usize) -> Value {
    let before = &text[..at];
    let line = before.matches('\n').count();
    let start = before.rfind('\n').map_or(0, |end| end + 1);
    json!({"line": line, "character": before[start..].encode_utf16().count()})
}
