//! A letter typed into a large file, over and over → how long until its diagnostics are there.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Instant;

use anyhow::{Context as _, bail};
use serde_json::{Value as Json, json};

use super::{RUNS, tell};

/// What is typed, letter by letter: a field that there is not.
const TYPED: &str = "    descripton: People who work here";

/// A client that knows as much of the protocol as is measured.
struct Client {
    server: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

/// Opens the file and types into its middle.
pub fn measure(program: &str, file: &Path) -> anyhow::Result<()> {
    let text = std::fs::read_to_string(file)?;
    let middle = text.lines().count() / 2;
    let lines = text.lines().enumerate().skip(middle);
    let names = lines.filter(|(_, line)| line.starts_with("    name: "));
    let line = names.map(|(at, _)| at + 1).next();
    let line = line.context("the file has no place to type at")?;
    let uri = format!("file://{}", std::fs::canonicalize(file)?.display());

    let mut client = Client::start(program)?;
    let capabilities = json!({"textDocument": {"publishDiagnostics": {"versionSupport": true}}});
    client.send(json!({"id": 1, "method": "initialize", "params": {"processId": null, "rootUri": null, "capabilities": capabilities}}))?;
    client.wait(|message| message["id"] == 1)?;
    client.send(json!({"method": "initialized", "params": {}}))?;
    client.send(
        json!({"method": "textDocument/didOpen", "params": {"textDocument": {
            "uri": uri, "languageId": "yaml", "version": 0, "text": text,
        }}}),
    )?;
    client.diagnostics(0)?;

    let mut times = Vec::new();
    for version in 1..=RUNS {
        let length = version % TYPED.len() + 1;
        let typed: String = TYPED.chars().take(length).collect();
        let mut lines: Vec<&str> = text.lines().collect();
        lines.insert(line, &typed);
        let begun = Instant::now();
        client.send(json!({"method": "textDocument/didChange", "params": {
            "textDocument": {"uri": uri, "version": version},
            "contentChanges": [{"text": lines.join("\n") + "\n"}],
        }}))?;
        client.diagnostics(version)?;
        times.push(begun.elapsed());
    }
    client.send(json!({"id": 2, "method": "shutdown"}))?;
    client.wait(|message| message["id"] == 2)?;
    client.send(json!({"method": "exit"}))?;
    client.server.wait()?;
    tell(times);
    Ok(())
}

impl Client {
    fn start(program: &str) -> anyhow::Result<Self> {
        let mut command = Command::new(program);
        command
            .arg("lsp")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        let mut server = command.spawn().context("starting the language server")?;
        let input = server.stdin.take().context("it has no input")?;
        let output = server.stdout.take().context("it has no output")?;
        Ok(Self {
            server,
            input,
            output: BufReader::new(output),
        })
    }

    fn send(&mut self, mut message: Json) -> anyhow::Result<()> {
        message["jsonrpc"] = "2.0".into();
        let message = message.to_string();
        write!(
            self.input,
            "Content-Length: {}\r\n\r\n{message}",
            message.len()
        )?;
        Ok(self.input.flush()?)
    }

    fn read(&mut self) -> anyhow::Result<Json> {
        let mut length = 0;
        loop {
            let mut header = String::new();
            if self.output.read_line(&mut header)? == 0 {
                bail!("the language server ended");
            }
            match header.trim().split_once(':') {
                Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                    length = value.trim().parse()?;
                }
                Some(_) => {}
                None => break,
            }
        }
        let mut message = vec![0; length];
        self.output.read_exact(&mut message)?;
        Ok(serde_json::from_slice(&message)?)
    }

    fn wait(&mut self, is_meant: impl Fn(&Json) -> bool) -> anyhow::Result<()> {
        while !is_meant(&self.read()?) {}
        Ok(())
    }

    /// Waits for what is said of a version of the file.
    fn diagnostics(&mut self, version: usize) -> anyhow::Result<()> {
        self.wait(|message| {
            message["method"] == "textDocument/publishDiagnostics"
                && message["params"]["version"] == version
        })
    }
}
