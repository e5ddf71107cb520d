//! Listings of APIs, run against servers that answer from a script.

mod auth;
mod case;
mod server;
mod tls;

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use case::{Case, TestClock, fixtures};
use rolecall::source::http::Clock;
use server::{Exchange, Server};

#[tokio::test(flavor = "multi_thread")]
async fn every_fixture_yields_what_it_expects() {
    let cases = fixtures();
    assert!(cases.len() > 40, "only {} cases were found", cases.len());
    let mut failures = Vec::new();
    for folder in cases {
        let name = folder
            .file_name()
            .expect("a folder")
            .to_string_lossy()
            .into_owned();
        if let Err(problems) = Case::load(&folder).run().await {
            failures.push(format!("{name}:\n  {}", problems.join("\n  ")));
        }
    }
    assert!(
        failures.is_empty(),
        "{} cases fail\n{}",
        failures.len(),
        failures.join("\n")
    );
}

/// Checks a connector with this `auth` against a server that answers so to `HEAD` and `GET`.
async fn check(statuses: &[(&str, u16)]) -> (Result<(), String>, Vec<Duration>) {
    let exchanges = statuses
        .iter()
        .map(|(method, status)| Exchange::plain(&format!("{method} /api"), *status));
    let server = Server::start(exchanges.collect());
    let clock = Arc::new(TestClock::default());
    let yaml = "connect: {base_url: '${BASE}/api', auth: {type: bearer, token: '${SECRET}'}}\nresource_types: {}\n";
    let (source, _) = case::source(yaml, &server, clock.clone()).expect("compiles");
    let outcome = rolecall::source::Source::check(source.as_ref())
        .await
        .map_err(|error| error.to_string());
    rolecall::source::Source::close(source.as_ref()).await;
    assert_eq!(server.finish(), Vec::<String>::new(), "{statuses:?}");
    (outcome, clock.waits())
}

#[tokio::test(flavor = "multi_thread")]
async fn any_answer_of_the_api_itself_proves_that_it_is_there() {
    for status in [200, 204, 302, 401, 403, 404, 405] {
        assert_eq!(check(&[("HEAD", status)]).await.0, Ok(()), "{status}");
    }
    assert_eq!(check(&[("HEAD", 500), ("GET", 404)]).await.0, Ok(()));
    let (outcome, _) = check(&[("HEAD", 503), ("GET", 503)]).await;
    assert!(
        outcome
            .expect_err("is down")
            .contains("503 Service Unavailable")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_api_that_is_not_there_is_reported_after_some_tries() {
    let server = Server::start(Vec::new());
    let clock = Arc::new(TestClock::default());
    let yaml =
        "connect: {base_url: '${BASE}'}\nresource_types: {}\nhttp: {retry: {max_attempts: 3}}\n";
    let (source, _) = case::source(yaml, &server, clock.clone()).expect("compiles");
    let address = server.address();
    server.finish();
    let error = rolecall::source::Source::check(source.as_ref())
        .await
        .expect_err("nobody listens");
    assert_eq!(
        error.to_string(),
        format!("cannot reach {address}: connection refused")
    );
    assert!(error.is_transient());
    assert_eq!(clock.waits().len(), 2);
}

/// However many tasks wait for a token, one is fetched.
#[tokio::test(flavor = "multi_thread")]
async fn tasks_that_wait_for_a_token_share_it() {
    let yaml = "connect: {base_url: '${BASE}/api', auth: {type: oauth2_client_credentials, token_url: '${BASE}/token', client_id: ada, client_secret: '${SECRET}'}}\nresource_types: {user: {list: {request: {url: /users}, response: {items_path: users}}}}\n";
    let exchange = |json: serde_json::Value| -> Exchange {
        serde_json::from_value(json).expect("an exchange")
    };
    let mut exchanges = vec![exchange(serde_json::json!({
        "ask": "POST /token", "delay_ms": 100, "json": {"access_token": "t0k3n"}
    }))];
    for _ in 0..8 {
        exchanges.push(exchange(serde_json::json!({
            "ask": "GET /api/users", "with": {"authorization": "Bearer t0k3n"}, "json": {"users": []}
        })));
    }
    let server = Server::start(exchanges);
    let clock = Arc::new(TestClock::default());
    let (listing, found) = case::listing(yaml, &server, clock, false);
    let listing = listing.unwrap_or_else(|| panic!("{found:?}"));
    let inputs = rolecall::expr::Inputs::new();
    let pages = (0..8).map(|_| listing.page(&inputs, None));
    for page in futures::future::join_all(pages).await {
        page.expect("the API answers");
    }
    assert_eq!(server.finish(), Vec::<String>::new());
}

#[tokio::test]
async fn the_clock_of_the_machine_goes_on() {
    let clock = rolecall::source::http::SystemClock;
    let before = clock.now();
    clock.sleep(Duration::from_millis(5)).await;
    let passed = SystemTime::now()
        .duration_since(before)
        .expect("time goes on");
    assert!(passed >= Duration::from_millis(5), "{passed:?}");
}
