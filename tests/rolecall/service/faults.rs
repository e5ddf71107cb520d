//! Platforms that refuse, stall and talk nonsense, by clocks that are wrong.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use chrono::{TimeDelta, Utc};
use rolecall::platform::{self, Event, system_clock};
use rolecall::proto::connectorapi::baton::v1::Task;

use super::site::Site;
use super::tasks;

/// What the first calls of a method are answered with instead.
#[derive(Clone, Default)]
struct Refusals(Arc<Mutex<HashMap<&'static str, Vec<Instead>>>>);

#[derive(Clone, Copy)]
enum Instead {
    /// A status, and when to ask again.
    Status(u16),
    /// A status of gRPC.
    Grpc(u16),
    /// What a proxy shows to people.
    Page,
    /// A part of the request arrives, and then the connection is gone.
    Break,
    /// It is done, and nobody hears of it.
    Lost,
}

impl Refusals {
    fn of(refusals: &[(&'static str, &[Instead])]) -> Self {
        let all = refusals.iter().map(|(path, instead)| {
            let mut instead = instead.to_vec();
            instead.reverse();
            (*path, instead)
        });
        Self(Arc::new(Mutex::new(all.collect())))
    }

    fn before(&self, router: Router) -> Router {
        router.layer(from_fn_with_state(self.clone(), refuse))
    }

    fn next(&self, path: &str) -> Option<Instead> {
        let mut all = self.0.lock().expect("no panic");
        let found = all.iter_mut().find(|(end, _)| path.ends_with(*end));
        found.and_then(|(_, instead)| instead.pop())
    }

    fn left(&self) -> usize {
        let all = self.0.lock().expect("no panic");
        all.values().map(Vec::len).sum()
    }
}

async fn refuse(State(refusals): State<Refusals>, request: Request, next: Next) -> Response {
    let Some(instead) = refusals.next(request.uri().path()) else {
        return next.run(request).await;
    };
    match instead {
        Instead::Status(status) => {
            let status = StatusCode::from_u16(status).expect("a status");
            (status, [(header::RETRY_AFTER, "1")]).into_response()
        }
        Instead::Grpc(code) => (
            [
                (header::CONTENT_TYPE, "application/grpc".to_owned()),
                (
                    header::HeaderName::from_static("grpc-status"),
                    code.to_string(),
                ),
            ],
            Body::empty(),
        )
            .into_response(),
        Instead::Page => (
            [(header::CONTENT_TYPE, "text/html")],
            "<h1>Welcome to the captive portal</h1>",
        )
            .into_response(),
        Instead::Lost => {
            next.run(request).await;
            StatusCode::BAD_GATEWAY.into_response()
        }
        Instead::Break => {
            let _ = axum::body::to_bytes(request.into_body(), 100_000).await;
            StatusCode::BAD_GATEWAY.into_response()
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_the_platform_answers_first_the_tasks_are_done() {
    use Instead::{Break, Grpc, Lost, Page, Status};
    let refusals = Refusals::of(&[
        ("/auth/v1/token", &[Status(429), Page]),
        ("/Hello", &[Status(401), Grpc(14)]),
        ("/GetTask", &[Status(429), Grpc(16), Page]),
        ("/Heartbeat", &[Grpc(16), Status(429)]),
        ("/UploadAsset", &[Break, Lost, Status(429), Grpc(16)]),
        (
            "/FinishTask",
            &[Status(503), Grpc(16), Grpc(14), Status(401)],
        ),
    ]);
    let mut site = Site::new(3_000, 2).await;
    site.serve_here(system_clock(), |router| refusals.before(router));
    site.start_daemon();
    let granted = site.ask(tasks::grant("t0", "p1"));
    let synced = site.ask(tasks::sync());
    for id in [&granted, &synced] {
        let task = site.end_of(id).await;
        assert_eq!(task.state, platform::State::Done, "{}", site.logs());
        assert_eq!(task.attempt, 1, "{}", site.logs());
        let history = site.queue.history(Some(id)).expect("a history");
        let ends = history.iter().filter(|entry| entry.event == Event::Done);
        assert_eq!(ends.count(), 1, "{history:?}");
    }
    assert_eq!(refusals.left(), 0);
    assert_eq!(site.log().get("grant t0 p1"), Some(&1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_wrong_by_five_minutes_does_not_matter() {
    for minutes in [-5, 5] {
        let mut site = Site::new(5, 2).await;
        let clock = Arc::new(move || Utc::now() + TimeDelta::minutes(minutes));
        let clock_of_layer = clock.clone();
        site.serve_here(clock, move |router| {
            // What stands before a platform goes by the same clock.
            router.layer(axum::middleware::map_response(
                move |mut response: Response| {
                    let now = clock_of_layer();
                    let date = now.format("%a, %d %b %Y %H:%M:%S GMT").to_string();
                    let date = date.parse().expect("a header");
                    response.headers_mut().insert(header::DATE, date);
                    async move { response }
                },
            ))
        });
        site.start_daemon();
        // What is due is due by the platform's clock.
        let id = site.ask_at(
            tasks::grant("t0", "p1"),
            Utc::now() + TimeDelta::minutes(-6),
        );
        let task = site.end_of(&id).await;
        assert_eq!(task.state, platform::State::Done, "{}", site.logs());
        assert_eq!(site.logs().matches("clock").count(), 1, "{}", site.logs());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_that_are_taken_back_are_renewed() {
    let mut site = Site::new(5, 2).await;
    let platform = site.serve_here(system_clock(), |router| router);
    site.start_daemon();
    for person in ["p1", "p2", "p3"] {
        let id = site.ask(tasks::grant("t0", person));
        assert_eq!(site.end_of(&id).await.state, platform::State::Done);
        platform.forget_tokens();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_that_is_cut_begins_again() {
    let mut site = Site::new(20_000, 2).await;
    site.serve_here(system_clock(), |router| router);
    site.start_daemon();
    let id = site.ask(tasks::sync());
    let folder = site.path("platform/uploads");
    let mut cuts = 0;
    while cuts < 3 {
        let parts = std::fs::read_dir(folder.join(&id)).into_iter().flatten();
        if parts.count() > 0 {
            site.proxy.cut();
            cuts += 1;
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
        if site.queue.task(&id).expect("it is there").state == platform::State::Done {
            break;
        }
    }
    assert!(cuts > 0, "it was never cut");
    let task = site.end_of(&id).await;
    assert_eq!(task.state, platform::State::Done, "{}", site.logs());
}

/// A kind that a newer protocol has.
#[tokio::test(flavor = "multi_thread")]
async fn a_task_of_an_unknown_kind_is_answered() {
    let mut site = Site::new(5, 2).await;
    site.serve_here(system_clock(), |router| router);
    site.start_daemon();
    let put = site
        .queue
        .put(&site.client, &Task::default(), Some(1), Utc::now());
    let task = site.end_of(&put.expect("a queue")).await;
    assert_eq!(task.state, platform::State::Failed);
    assert_eq!(task.code, Some(2), "{task:?}");
    let granted = site.ask(tasks::grant("t0", "p1"));
    assert_eq!(site.end_of(&granted).await.state, platform::State::Done);
}
