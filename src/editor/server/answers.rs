//! Requests → answers, one by one.

use lsp_server::{Message, Notification, RequestId, Response};
use lsp_types::notification::{Notification as _, ShowMessage};
use lsp_types::request::{self, Request as _};
use lsp_types::{
    CodeActionParams, CompletionList, CompletionParams, CompletionResponse,
    DocumentFormattingParams, DocumentHighlight, DocumentHighlightParams, DocumentSymbolParams,
    DocumentSymbolResponse, ExecuteCommandParams, GotoDefinitionParams, GotoDefinitionResponse,
    HoverParams, Location, MessageType, PrepareRenameResponse, ReferenceParams, RenameParams,
    ShowMessageParams, TextDocumentPositionParams, TextEdit, Uri,
};
use serde_json::Value;

use super::{Open, Server};
use crate::diagnostic::{Edit, SourceFile, Span};
use crate::editor::actions::PREVIEW;
use crate::editor::completion::{self, complete};
use crate::editor::file::{Kind, Listing};
use crate::editor::hover::{self, hover};
use crate::editor::names::{Mention, mention_at, mentions};
use crate::editor::{actions, look, symbols};
use crate::rewrite::{Untidy, tidy};

/// An answer, or why there is none.
type Answer = Result<Value, String>;

/// What a request asks for.
fn parameters<T: serde::de::DeserializeOwned>(asked: Value) -> Result<T, String> {
    serde_json::from_value(asked).map_err(|error| format!("the request cannot be read: {error}"))
}

fn answer(value: impl serde::Serialize) -> Answer {
    serde_json::to_value(value).map_err(|error| error.to_string())
}

impl Server {
    /// `None` for a request that is answered later.
    pub(super) fn answer(&self, request: lsp_server::Request) -> Result<Option<Value>, String> {
        let asked = request.params;
        let answered = match request.method.as_str() {
            request::Completion::METHOD => {
                let at = parameters::<CompletionParams>(asked)?.text_document_position;
                self.completion(&at)
            }
            request::HoverRequest::METHOD => {
                let at = parameters::<HoverParams>(asked)?.text_document_position_params;
                self.hover(&at)
            }
            request::GotoDefinition::METHOD => {
                let at = parameters::<GotoDefinitionParams>(asked)?.text_document_position_params;
                let found = self.mentioned(&at, |mention| mention.is_definition);
                answer((!found.is_empty()).then_some(GotoDefinitionResponse::Array(found)))
            }
            request::References::METHOD => {
                let asked = parameters::<ReferenceParams>(asked)?;
                let all = asked.context.include_declaration;
                let found = self.mentioned(&asked.text_document_position, |mention| {
                    all || !mention.is_definition
                });
                answer(found)
            }
            request::DocumentHighlightRequest::METHOD => {
                let asked = parameters::<DocumentHighlightParams>(asked)?;
                let found = self.mentioned(&asked.text_document_position_params, |_| true);
                let shown = found.into_iter().map(|at| DocumentHighlight {
                    range: at.range,
                    kind: None,
                });
                answer(shown.collect::<Vec<_>>())
            }
            request::PrepareRenameRequest::METHOD => {
                let at = parameters::<TextDocumentPositionParams>(asked)?;
                self.prepare_rename(&at)
            }
            request::Rename::METHOD => self.rename(&parameters::<RenameParams>(asked)?),
            request::DocumentSymbolRequest::METHOD => {
                let asked = parameters::<DocumentSymbolParams>(asked)?;
                let open = self.open.get(&asked.text_document.uri);
                let found = open.map(|open| symbols::symbols(&open.file));
                answer(found.map(DocumentSymbolResponse::Nested))
            }
            request::Formatting::METHOD => {
                let asked = parameters::<DocumentFormattingParams>(asked)?;
                self.formatted(&asked.text_document.uri)
            }
            request::CodeActionRequest::METHOD => {
                self.code_actions(&parameters::<CodeActionParams>(asked)?)
            }
            request::ExecuteCommand::METHOD => {
                let asked = parameters::<ExecuteCommandParams>(asked)?;
                return self.command(request.id, asked);
            }
            method => Err(format!("there is no `{method}` here")),
        };
        answered.map(Some)
    }

    /// The open file that a position is in, and its byte.
    fn place(&self, at: &TextDocumentPositionParams) -> Option<(&Open, usize)> {
        let open = self.open.get(&at.text_document.uri)?;
        Some((open, open.file.lines.offset(at.position)))
    }

    fn completion(&self, at: &TextDocumentPositionParams) -> Answer {
        let Some((open, offset)) = self.place(at) else {
            return Ok(Value::Null);
        };
        let remembered = self.checker.checked(&at.text_document.uri).known;
        let items = complete(&completion::Wanted {
            file: &open.file,
            at: offset,
            previews: &self.previews,
            remembered: &remembered,
        });
        // What is offered depends on what is written: `.` begins a column, `'` a text.
        answer(CompletionResponse::List(CompletionList {
            is_incomplete: false,
            items,
        }))
    }

    fn hover(&self, at: &TextDocumentPositionParams) -> Answer {
        let Some((open, offset)) = self.place(at) else {
            return Ok(Value::Null);
        };
        let checked = self.checker.checked(&at.text_document.uri);
        answer(hover(&hover::Wanted {
            file: &open.file,
            at: offset,
            previews: &self.previews,
            diagnostics: &checked.diagnostics,
        }))
    }

    /// The places of the name at a position.
    fn mentioned(
        &self,
        at: &TextDocumentPositionParams,
        is_wanted: impl Fn(&Mention) -> bool,
    ) -> Vec<Location> {
        let Some((open, offset)) = self.place(at) else {
            return Vec::new();
        };
        let all = mentions(&open.file);
        let Some(meant) = mention_at(&all, offset) else {
            return Vec::new();
        };
        let same = all
            .iter()
            .filter(|other| other.name == meant.name && is_wanted(other));
        let uri: &Uri = &at.text_document.uri;
        let mut found: Vec<Location> = same
            .map(|mention| Location::new(uri.clone(), open.file.lines.range(mention.span)))
            .collect();
        found.sort_by_key(|at| at.range.start);
        found.dedup();
        found
    }

    fn prepare_rename(&self, at: &TextDocumentPositionParams) -> Answer {
        let Some((open, offset)) = self.place(at) else {
            return Ok(Value::Null);
        };
        let all = mentions(&open.file);
        let meant = mention_at(&all, offset).filter(|meant| {
            let mut same = all.iter().filter(|other| other.name == meant.name);
            same.any(|other| other.is_definition)
        });
        answer(meant.map(|meant| PrepareRenameResponse::Range(open.file.lines.range(meant.span))))
    }

    fn rename(&self, asked: &RenameParams) -> Answer {
        let at = &asked.text_document_position;
        let Some((open, offset)) = self.place(at) else {
            return Ok(Value::Null);
        };
        let new = &asked.new_name;
        let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
        if new.is_empty() || !new.chars().all(is_name) {
            return Err("a name has letters, digits and underscores".to_owned());
        }
        let all = mentions(&open.file);
        let Some(meant) = mention_at(&all, offset) else {
            return Err("there is nothing here that has a name".to_owned());
        };
        let mut same: Vec<_> = all
            .iter()
            .filter(|other| other.name == meant.name)
            .collect();
        same.sort_by_key(|mention| mention.span);
        same.dedup_by_key(|mention| mention.span);
        let edits: Vec<Edit> = same
            .into_iter()
            .map(|mention| Edit::replace(mention.span, new.clone()))
            .collect();
        answer(actions::workspace_edit(
            &at.text_document.uri,
            &open.file,
            &edits,
        ))
    }

    /// The text as `rolecall fmt` writes it.
    fn formatted(&self, uri: &Uri) -> Answer {
        let Some(open) = self.open.get(uri) else {
            return Ok(Value::Null);
        };
        let file = &open.file;
        if file.kind == Kind::Other {
            return Ok(Value::Null);
        }
        let source = SourceFile::new(&file.path, file.text());
        let tidied = match tidy(&source) {
            Ok(tidied) => tidied,
            Err(Untidy::NotYaml(_)) => return Err("the file is no YAML as it is".to_owned()),
            Err(Untidy::Unsafe) => {
                return Err("the file would say something else if it were tidied".to_owned());
            }
        };
        let edits: Vec<TextEdit> = match tidied == file.text() {
            true => Vec::new(),
            false => vec![TextEdit {
                range: file.lines.range(Span::new(0, file.text().len())),
                new_text: tidied,
            }],
        };
        answer(edits)
    }

    fn code_actions(&self, asked: &CodeActionParams) -> Answer {
        let uri = &asked.text_document.uri;
        let Some(open) = self.open.get(uri) else {
            return Ok(Value::Null);
        };
        let checked = self.checker.checked(uri);
        // A fix is for the text that was checked.
        let is_current = checked.version == open.version;
        let diagnostics = match is_current {
            true => checked.diagnostics.as_slice(),
            false => &[],
        };
        let range = open.file.lines.span(asked.range);
        let explained_at = self.explained_at.as_deref();
        answer(actions::actions(
            uri,
            &open.file,
            diagnostics,
            range,
            explained_at,
        ))
    }

    /// Looks at the system; the answer follows when it is there.
    fn command(&self, id: RequestId, asked: ExecuteCommandParams) -> Result<Option<Value>, String> {
        if asked.command != PREVIEW {
            return Err(format!("there is no command `{}`", asked.command));
        }
        let mut arguments = asked.arguments.into_iter();
        let mut next = || arguments.next().unwrap_or_default();
        let uri: Uri = parameters(next())?;
        let listing: Listing = parameters(next())?;
        let open = self.open.get(&uri).ok_or("the file is not open")?;
        let sender = self.connection.sender.clone();
        let done = move |looked: Result<String, String>| {
            let (typ, message) = match &looked {
                Ok(message) => (MessageType::INFO, message.clone()),
                Err(message) => (MessageType::ERROR, message.clone()),
            };
            let method = ShowMessage::METHOD.to_owned();
            let told = Notification::new(method, ShowMessageParams { typ, message });
            let response = match looked {
                Ok(message) => Response::new_ok(id, message),
                // It was told already: an editor would tell it twice.
                Err(_) => Response::new_ok(id, Value::Null),
            };
            // Nobody listens any more when the server ends.
            let _ = sender.send(Message::Notification(told));
            let _ = sender.send(Message::Response(response));
        };
        look::start(open.file.clone(), listing, self.previews.clone(), done)
            .map_err(|error| error.to_string())?;
        Ok(None)
    }
}
