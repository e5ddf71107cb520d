//! What orchestrators ask a daemon: does it live, does it take tasks, does its system answer; and its
//! numbers.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Json, Router};
use chrono::{SecondsFormat, Utc};
use serde_json::{Value, json};
use tokio::sync::Mutex;

use super::doing::{Doing, Standing};
use crate::causes::in_one_line;
use crate::plan::Plan;
use crate::source::Meter;

/// How long the system may take to answer.
const CHECK: Duration = Duration::from_secs(30);
/// How long an answer of the system counts: whoever asks often does not burden it.
const COUNTS: Duration = Duration::from_secs(10);

/// What is told.
#[derive(Clone)]
pub struct Health {
    /// The connector.
    pub plan: Arc<Plan>,
    /// What the daemon does.
    pub doing: Arc<Doing>,
    /// What the system was asked.
    pub meter: Arc<Meter>,
    checked: Arc<Mutex<Option<Checked>>>,
}

/// What the system said last.
struct Checked {
    at: Instant,
    problem: Option<String>,
}

impl Health {
    /// Tells how a daemon of this connector does.
    pub fn new(plan: Arc<Plan>, doing: Arc<Doing>, meter: Arc<Meter>) -> Self {
        Self {
            plan,
            doing,
            meter,
            checked: Arc::default(),
        }
    }

    /// `/health`, `/ready`, `/live` and `/metrics`.
    pub fn router(self) -> Router {
        Router::new()
            .route("/health", get(health))
            .route("/ready", get(ready))
            .route("/live", get(live))
            .route("/metrics", get(metrics))
            .with_state(self)
    }

    /// What is wrong with the system; one question at a time.
    async fn problem(&self) -> Option<String> {
        let mut checked = self.checked.lock().await;
        if let Some(last) = checked.as_ref().filter(|last| last.at.elapsed() < COUNTS) {
            return last.problem.clone();
        }
        let asked = tokio::time::timeout(CHECK, self.plan.source.check()).await;
        let problem = match asked {
            Ok(Ok(())) => None,
            Ok(Err(error)) => Some(in_one_line(&error)),
            Err(_) => Some(format!("no answer within {} s", CHECK.as_secs())),
        };
        *checked = Some(Checked {
            at: Instant::now(),
            problem: problem.clone(),
        });
        problem
    }
}

async fn health(State(health): State<Health>) -> impl IntoResponse {
    match health.problem().await {
        None => told(StatusCode::OK, "healthy", None),
        Some(problem) => told(
            StatusCode::SERVICE_UNAVAILABLE,
            "unhealthy",
            Some(json!({ "validation_error": problem })),
        ),
    }
}

async fn ready(State(health): State<Health>) -> impl IntoResponse {
    match health.doing.standing() {
        Standing::Ready => told(StatusCode::OK, "ready", None),
        Standing::NotReady(why) => told(
            StatusCode::SERVICE_UNAVAILABLE,
            "not_ready",
            Some(json!({ "error": why })),
        ),
    }
}

async fn live() -> impl IntoResponse {
    told(StatusCode::OK, "alive", None)
}

async fn metrics(State(health): State<Health>) -> impl IntoResponse {
    let text = health.doing.metrics(&health.plan.app_name, &health.meter);
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text)
}

fn told(code: StatusCode, status: &str, details: Option<Value>) -> (StatusCode, Json<Value>) {
    let mut body = json!({
        "status": status,
        "timestamp": Utc::now().to_rfc3339_opts(SecondsFormat::Secs, true),
    });
    if let Some(details) = details {
        body["details"] = details;
    }
    (code, Json(body))
}
