//! A task and what came of it, for people and for programs.

use std::io::Write;

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value as Json, json};
use tonic::Code;

use crate::cli::terminal::printable;
use crate::platform::{Home, PlatformError, Queue, State, TaskRecord};
use crate::proto::connectorapi::baton::v1::baton_service_finish_task_request::FinalState;
use crate::protocol;

/// A moment as it is shown.
pub(super) fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// What a listing says of a task.
pub(super) fn summary(record: &TaskRecord) -> Json {
    json!({
        "id": record.task.id,
        "kind": record.kind,
        "client_id": record.client,
        "state": record.state,
        "attempt": record.attempt,
        "attempts": record.attempts,
        "host_id": record.host,
        "leased_until": record.until.map(time),
        "cancel_asked": record.cancel,
        "created_at": time(record.created_at),
        "not_before": (record.state == State::Pending).then(|| time(record.not_before)),
        "ended_at": record.ended_at.map(time),
        "code": record.code.map(code),
        "message": record.message.as_ref().filter(|message| !message.is_empty()),
    })
}

/// All that is known of a task.
pub(super) fn whole(
    home: &Home,
    queue: &Queue,
    record: &TaskRecord,
) -> Result<Json, PlatformError> {
    let id = record.task.id.as_str();
    let uploads = queue.uploads(id)?;
    let uploads = uploads.iter().map(|upload| {
        json!({
            "file": home.uploads().join(&upload.file),
            "kind": upload.kind,
            "bytes": upload.bytes,
            "sha256": upload.sha256,
            "attempt": upload.attempt,
            "at": time(upload.at),
        })
    });
    let history = queue.history(Some(id))?;
    let history = history.iter().map(|entry| {
        json!({
            "at": time(entry.at),
            "event": entry.event,
            "attempt": entry.attempt,
            "host_id": entry.host,
            "note": entry.note,
        })
    });
    let mut shown = summary(record);
    shown["task"] = without_secrets(protocol::json::show(&record.task));
    shown["uploads"] = uploads.collect();
    shown["history"] = history.collect();
    if let Some(answer) = &record.answer {
        let (response, annotations) = match &answer.final_state {
            Some(FinalState::Success(done)) => (&done.response, &done.annotations),
            Some(FinalState::Error(failed)) => (&failed.response, &failed.annotations),
            None => (&None, &Vec::new()),
        };
        if let Some(response) = response {
            shown["response"] = protocol::json::show(response);
        }
        if !annotations.is_empty() {
            shown["annotations"] = annotations.iter().map(protocol::json::show).collect();
        }
        let details = answer.status.iter().flat_map(|status| &status.details);
        let details: Vec<_> = details.map(protocol::json::show).collect();
        if !details.is_empty() {
            shown["details"] = details.into();
        }
    }
    Ok(shown)
}

/// The same for people.
pub(super) fn write(
    home: &Home,
    queue: &Queue,
    record: &TaskRecord,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let shown = whole(home, queue, record)?;
    let id = &record.task.id;
    writeln!(out, "{id}  {}: {}", record.kind, state(record))?;
    if let Some(message) = record.message.as_ref().filter(|text| !text.is_empty()) {
        let code = record.code.map(code).unwrap_or_default();
        writeln!(out, "  {code}: {}", printable(message))?;
    }
    for entry in queue.history(Some(id))? {
        let mut line = format!("{}  {}", time(entry.at), entry.event.as_str());
        if entry.attempt > 0 {
            line.push_str(&format!(", attempt {}", entry.attempt));
        }
        if let Some(host) = &entry.host {
            line.push_str(&format!(", {host}"));
        }
        if let Some(note) = &entry.note {
            line.push_str(&format!(": {note}"));
        }
        writeln!(out, "  {}", printable(&line))?;
    }
    for upload in queue.uploads(id)? {
        let path = home.uploads().join(&upload.file);
        let path = path.display().to_string();
        writeln!(out, "  {} ({} bytes)", printable(&path), upload.bytes)?;
    }
    for name in ["response", "annotations", "details"] {
        if let Some(value) = shown.get(name) {
            writeln!(out, "{name}: {}", serde_json::to_string_pretty(value)?)?;
        }
    }
    Ok(())
}

/// Where a task stands, in words.
pub(super) fn state(record: &TaskRecord) -> String {
    let mut said = record.state.as_str().to_owned();
    match record.state {
        State::Pending if record.attempt > 0 => {
            said.push_str(&format!(" again after {} attempts", record.attempt));
        }
        State::Leased => {
            let host = record.host.as_deref().unwrap_or_default();
            said.push_str(&format!(" to {}", printable(host)));
            if record.cancel {
                said.push_str(", to be cancelled");
            }
        }
        _ => {}
    }
    said
}

/// `FAILED_PRECONDITION`, as documents of gRPC write codes.
pub(super) fn code(code: i32) -> String {
    let mut words = String::new();
    for sign in format!("{:?}", Code::from(code)).chars() {
        if sign.is_uppercase() && !words.is_empty() {
            words.push('_');
        }
        words.push(sign.to_ascii_uppercase());
    }
    words
}

/// Arguments and profiles may have what is secret by its name.
fn without_secrets(mut json: Json) -> Json {
    hide(&mut json);
    json
}

fn hide(json: &mut Json) {
    match json {
        Json::Object(fields) => {
            for (name, value) in fields {
                match value {
                    Json::String(text) if crate::config::names_secret(name) => {
                        "…".clone_into(text);
                    }
                    value => hide(value),
                }
            }
        }
        Json::Array(items) => items.iter_mut().for_each(hide),
        _ => {}
    }
}
