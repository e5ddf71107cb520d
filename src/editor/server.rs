//! Messages of an editor → answers: the loop of the language server.

mod answers;
mod capabilities;

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;

use lsp_server::{Connection, ErrorCode, Message, Notification, ProtocolError, Request, Response};
use lsp_types::notification::{self, Notification as _};
use lsp_types::{
    DidChangeTextDocumentParams, DidCloseTextDocumentParams, DidOpenTextDocumentParams,
    InitializeParams, PublishDiagnosticsParams, Uri,
};
use serde::de::DeserializeOwned;

use super::actions;
use super::checker::Checker;
use super::file::File;
use super::records::Previews;
use super::text::Lines;

/// Why the server ended before its time.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// The editor does not speak the protocol.
    #[error("the editor does not keep to the language server protocol")]
    Protocol(#[from] ProtocolError),
    /// Standard input or output, or no thread.
    #[error("the connection to the editor failed")]
    Io(#[from] std::io::Error),
}

/// Serves the editor on the other side of standard input and output, until it says that it is over.
pub fn serve() -> Result<(), ServerError> {
    let (connection, threads) = Connection::stdio();
    serve_on(connection)?;
    threads.join()?;
    Ok(())
}

fn serve_on(connection: Connection) -> Result<(), ServerError> {
    let capabilities =
        serde_json::to_value(capabilities::capabilities()).expect("capabilities are plain data");
    let asked = match connection.initialize(capabilities) {
        Ok(asked) => asked,
        // It was closed before anything was said.
        Err(error) if error.channel_is_disconnected() => return Ok(()),
        Err(error) => return Err(error.into()),
    };
    let asked: InitializeParams = serde_json::from_value(asked).unwrap_or_default();
    let options = asked.initialization_options.unwrap_or_default();
    let explained_at = options.get("explainedAt").and_then(|at| at.as_str());
    let explained_at: Option<Arc<str>> = explained_at.map(Arc::from);
    let checker = {
        let (sender, explained_at) = (connection.sender.clone(), explained_at.clone());
        Checker::start(move |uri, version, file, diagnostics| {
            let shown = diagnostics.iter();
            let shown = shown.map(|found| actions::shown(file, found, explained_at.as_deref()));
            let told = PublishDiagnosticsParams::new(uri.clone(), shown.collect(), Some(version));
            let method = notification::PublishDiagnostics::METHOD.to_owned();
            // Nobody listens any more when the server ends.
            let _ = sender.send(Message::Notification(Notification::new(method, told)));
        })?
    };
    let mut server = Server {
        connection,
        checker,
        explained_at,
        previews: Arc::default(),
        open: HashMap::new(),
    };
    server.run()
}

/// A file that is open.
struct Open {
    version: i32,
    file: Arc<File>,
}

struct Server {
    connection: Connection,
    checker: Checker,
    /// Where codes are explained, when the editor was told.
    explained_at: Option<Arc<str>>,
    previews: Arc<Previews>,
    open: HashMap<Uri, Open>,
}

impl Server {
    fn run(&mut self) -> Result<(), ServerError> {
        while let Ok(message) = self.connection.receiver.recv() {
            match message {
                Message::Request(request) => {
                    if self.connection.handle_shutdown(&request)? {
                        break;
                    }
                    self.request(request);
                }
                Message::Notification(told) => self.told(told),
                // What we ask the editor for needs no answer.
                Message::Response(_) => {}
            }
        }
        Ok(())
    }

    fn request(&mut self, request: Request) {
        let (id, method) = (request.id.clone(), request.method.clone());
        // A mistake of ours in one state of a file that is being typed must not end the server.
        let answered = catch_unwind(AssertUnwindSafe(|| self.answer(request)));
        let response = match answered {
            Ok(Ok(Some(value))) => Response::new_ok(id, value),
            Ok(Ok(None)) => return,
            Ok(Err(message)) => Response::new_err(id, ErrorCode::RequestFailed as i32, message),
            Err(_) => {
                let message = format!("`{method}` could not be answered");
                Response::new_err(id, ErrorCode::InternalError as i32, message)
            }
        };
        self.send(Message::Response(response));
    }

    fn send(&self, message: Message) {
        // The loop ends by itself when nobody listens any more.
        let _ = self.connection.sender.send(message);
    }

    fn told(&mut self, told: Notification) {
        match told.method.as_str() {
            notification::DidOpenTextDocument::METHOD => {
                if let Some(opened) = read::<DidOpenTextDocumentParams>(told.params) {
                    let document = opened.text_document;
                    let lines = Lines::new(document.text);
                    self.keep(document.uri, document.version, lines, true);
                }
            }
            notification::DidChangeTextDocument::METHOD => {
                if let Some(changed) = read::<DidChangeTextDocumentParams>(told.params) {
                    let document = changed.text_document;
                    let Some(open) = self.open.get(&document.uri) else {
                        return;
                    };
                    let lines = changed
                        .content_changes
                        .into_iter()
                        .fold(open.file.lines.clone(), |lines, change| {
                            lines.changed(change)
                        });
                    self.keep(document.uri, document.version, lines, false);
                }
            }
            notification::DidCloseTextDocument::METHOD => {
                if let Some(closed) = read::<DidCloseTextDocumentParams>(told.params) {
                    let uri = closed.text_document.uri;
                    self.open.remove(&uri);
                    self.checker.closed(&uri);
                    let nothing = PublishDiagnosticsParams::new(uri, Vec::new(), None);
                    let method = notification::PublishDiagnostics::METHOD.to_owned();
                    self.send(Message::Notification(Notification::new(method, nothing)));
                }
            }
            _ => {}
        }
    }

    fn keep(&mut self, uri: Uri, version: i32, lines: Lines, is_new: bool) {
        let file = Arc::new(File::new(path_of(&uri), lines));
        let open = Open {
            version,
            file: file.clone(),
        };
        self.open.insert(uri.clone(), open);
        self.checker.changed(uri, version, file, is_new);
    }
}

/// The parameters of a message; nothing, when they are of another shape.
fn read<T: DeserializeOwned>(parameters: serde_json::Value) -> Option<T> {
    serde_json::from_value(parameters).ok()
}

/// The path of a file: URI; of any other, its text, which is as good a name.
fn path_of(uri: &Uri) -> PathBuf {
    let parsed = url::Url::parse(uri.as_str()).ok();
    let path = parsed.and_then(|url| url.to_file_path().ok());
    path.unwrap_or_else(|| PathBuf::from(uri.as_str()))
}
