//! Listings of APIs, run against servers that answer from a script.

mod auth;
mod case;
mod killed;
mod lifecycle;
pub mod quirks;
mod scene;
pub mod server;
mod tape;
mod tls;
mod watched;
mod wire;

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use case::{Case, TestClock, fixtures};
use rolecall::expr::Value;
use rolecall::source::http::Clock;
use rolecall::source::{Page, TakePages};
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

fn exchange(ask: &str, json: serde_json::Value) -> Exchange {
    serde_json::from_value(serde_json::json!({ "ask": ask, "json": json })).expect("an exchange")
}

/// The pages of a listing share the answers of its pre-requests; another subject, and a listing that
/// goes on in a later process, ask anew.
#[tokio::test(flavor = "multi_thread")]
async fn pre_requests_are_made_once_per_listing() {
    use rolecall::expr::{Inputs, Value};
    use serde_json::json;

    let yaml = "connect: {base_url: '${BASE}/api'}\nresource_types: {user: {list: {request: {url: 'tmpl:/{{ .pre_requests.org.body.id }}/users', pre_requests: {org: {url: 'tmpl:/orgs/{{ .resource.id }}'}}}, response: {items_path: users}, pagination: {strategy: cursor, cursor_path: next}}}}\n";
    let server = Server::start(vec![
        exchange("GET /api/orgs/a", json!({"id": 1})),
        exchange("GET /api/1/users", json!({"users": [{}], "next": "x"})),
        exchange("GET /api/orgs/b", json!({"id": 2})),
        exchange("GET /api/2/users", json!({"users": [{}]})),
        exchange("GET /api/1/users?cursor=x", json!({"users": [{}]})),
        exchange("GET /api/orgs/a", json!({"id": 3})),
        exchange("GET /api/3/users?cursor=x", json!({"users": [{}]})),
    ]);
    let clock = Arc::new(TestClock::default());
    let compiled = || {
        case::listing(yaml, &server, clock.clone(), true)
            .0
            .expect("compiles")
    };
    let of = |id: &str| Inputs::new().with("resource", Value::from(json!({ "id": id })));
    let listing = compiled();
    let first = listing.page(&of("a"), None).await.expect("a page");
    let answers = first.shared.get("pre_requests").expect("are shared");
    let answers = serde_json::Value::from(answers);
    assert_eq!(answers["org"]["body"], json!({"id": 1}));
    assert_eq!(answers["org"]["status_code"], json!(200));
    listing.page(&of("b"), None).await.expect("a page");
    let next = first.next.expect("another page");
    listing.page(&of("a"), Some(&next)).await.expect("a page");
    let resumed = compiled();
    resumed.page(&of("a"), Some(&next)).await.expect("a page");
    assert!(listing.depends_on_resource());
    assert_eq!(server.finish(), Vec::<String>::new());
}

/// However many listings wait for them, the connector's pre-requests are made once.
#[tokio::test(flavor = "multi_thread")]
async fn pre_requests_of_the_connector_are_made_once() {
    use serde_json::json;

    let yaml = "connect: {base_url: '${BASE}/api', pre_requests: {org: {url: /org}}}\nresource_types: {user: {list: {request: {url: 'tmpl:/{{ .pre_requests.org.body.id }}/users'}, response: {items_path: users}}}}\n";
    let mut org = exchange("GET /api/org", json!({"id": 1}));
    org.delay_ms = 100;
    let users = exchange("GET /api/1/users", json!({"users": []}));
    let exchanges = std::iter::once(org).chain(vec![users; 8]);
    let server = Server::start(exchanges.collect());
    let clock = Arc::new(TestClock::default());
    let (listing, found) = case::listing(yaml, &server, clock, false);
    let listing = listing.unwrap_or_else(|| panic!("{found:?}"));
    let inputs = rolecall::expr::Inputs::new();
    let pages = (0..8).map(|_| listing.page(&inputs, None));
    for page in futures::future::join_all(pages).await {
        let page = page.expect("the API answers");
        assert!(page.shared.get("pre_requests").is_some());
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

/// A large answer comes in parts, none of them twice; one that breaks off is asked for again.
#[tokio::test(flavor = "multi_thread")]
async fn a_large_answer_is_handed_on_while_it_comes() {
    #[derive(Default)]
    struct Parts {
        pages: Vec<(usize, bool, Option<String>)>,
        ids: Vec<i64>,
        again: usize,
    }

    #[async_trait::async_trait]
    impl TakePages for Parts {
        async fn take(&mut self, page: Page) -> bool {
            let token = page.next.map(|token| token.as_str().to_owned());
            self.pages.push((page.records.len(), page.more, token));
            let id = |record: &Value| match record.get("id") {
                Some(Value::Int(id)) => *id,
                other => panic!("{other:?}"),
            };
            self.ids.extend(page.records.iter().map(id));
            true
        }

        async fn again(&mut self, whole: bool) {
            assert!(whole);
            self.again += 1;
            self.ids.clear();
        }
    }

    const ITEMS: i64 = 30_000;
    let users: Vec<_> = (0..ITEMS)
        .map(|id| serde_json::json!({"id": id, "name": "Ada Lovelace of the analytical engine", "tags": ["a", {"b": null}]}))
        .collect();
    let exchange = |cut: Option<usize>| -> Exchange {
        serde_json::from_value(serde_json::json!({
            "ask": "GET /api/users", "cut": cut, "json": {"meta": {"total": ITEMS}, "users": users, "next": null}
        }))
        .expect("an exchange")
    };
    let server = Server::start(vec![exchange(Some(2_000_000)), exchange(None)]);
    let yaml = "connect: {base_url: '${BASE}/api'}\nresource_types: {user: {list: {request: {url: /users}, response: {items_path: users}, pagination: {strategy: cursor, cursor_path: next}}}}\n";
    let (listing, found) = case::listing(yaml, &server, Arc::default(), false);
    let mut listing = listing.unwrap_or_else(|| panic!("{found:?}"));
    listing.share_answers(false);
    let mut parts = Parts::default();
    let inputs = rolecall::expr::Inputs::new();
    let pages = listing.pages(&inputs, None, &mut parts);
    pages.await.expect("the second answer is whole");
    assert_eq!(server.finish(), Vec::<String>::new());
    assert_eq!(parts.again, 1);
    assert_eq!(parts.ids, (0..ITEMS).collect::<Vec<_>>());
    let (last, before) = parts.pages.split_last().expect("pages");
    assert!(before.len() > 5, "{:?}", parts.pages);
    assert!(
        before
            .iter()
            .all(|(count, more, _)| *more && *count <= 1001)
    );
    assert!(!last.1 && last.2.is_none(), "{last:?}");
}

/// Reads a listing to its end, as a sync does.
async fn read_all(yaml: &str, server: &Server) -> (Vec<serde_json::Value>, usize) {
    #[derive(Default)]
    struct All(Vec<serde_json::Value>, usize);

    #[async_trait::async_trait]
    impl TakePages for All {
        async fn take(&mut self, page: Page) -> bool {
            self.0
                .extend(page.records.iter().map(serde_json::Value::from));
            true
        }

        async fn again(&mut self, _: bool) {
            self.1 += 1;
            self.0.clear();
        }
    }

    let (listing, found) = case::listing(yaml, server, Arc::default(), false);
    let listing = listing.unwrap_or_else(|| panic!("{found:?}"));
    let mut all = All::default();
    let inputs = rolecall::expr::Inputs::new();
    let pages = listing.pages(&inputs, None, &mut all).await;
    pages.unwrap_or_else(|error| panic!("{error}"));
    (all.0, all.1)
}

/// A cursor that expired on the way: the listing begins anew, and what had come is told apart.
#[tokio::test(flavor = "multi_thread")]
async fn a_listing_whose_cursor_expires_begins_anew() {
    let yaml = "connect: {base_url: '${BASE}/api'}\nresource_types: {user: {list: {request: {url: /users}, response: {items_path: users}, pagination: {strategy: cursor, cursor_path: next}}}}\n";
    let exchange = |json: serde_json::Value| -> Exchange {
        serde_json::from_value(json).expect("an exchange")
    };
    let server = Server::start(vec![
        exchange(
            serde_json::json!({"ask": "GET /api/users", "json": {"users": [1, 2], "next": "a"}}),
        ),
        exchange(serde_json::json!({"ask": "GET /api/users?cursor=a", "answer": 410})),
        exchange(
            serde_json::json!({"ask": "GET /api/users", "json": {"users": [1, 3], "next": "b"}}),
        ),
        exchange(
            serde_json::json!({"ask": "GET /api/users?cursor=b", "json": {"users": [4], "next": null}}),
        ),
    ]);
    let (records, again) = read_all(yaml, &server).await;
    assert_eq!(server.finish(), Vec::<String>::new());
    assert_eq!(
        (serde_json::json!(records), again),
        (serde_json::json!([1, 3, 4]), 1)
    );
}

/// What a job has made is taken away when the listing has come to its end, and a refusal of that
/// changes nothing.
#[tokio::test(flavor = "multi_thread")]
async fn requests_after_a_listing_are_made_once_at_its_end() {
    let yaml = r#"connect: {base_url: '${BASE}/api'}
resource_types:
  user:
    list:
      request:
        url: "tmpl:/jobs/{{ .pre_requests.job.body.id }}/results"
        pre_requests: {job: {method: POST, url: /jobs, until: "cel: response.body.done"}}
        after_requests: {gone: {method: DELETE, url: "tmpl:/jobs/{{ .pre_requests.job.body.id }}"}}
      response: {items_path: users}
      pagination: {strategy: cursor, cursor_path: next}
"#;
    let exchange = |json: serde_json::Value| -> Exchange {
        serde_json::from_value(json).expect("an exchange")
    };
    let server = Server::start(vec![
        exchange(serde_json::json!({"ask": "POST /api/jobs", "json": {"done": true, "id": 7}})),
        exchange(
            serde_json::json!({"ask": "GET /api/jobs/7/results", "json": {"users": [1], "next": "a"}}),
        ),
        exchange(
            serde_json::json!({"ask": "GET /api/jobs/7/results?cursor=a", "json": {"users": [2]}}),
        ),
        exchange(serde_json::json!({"ask": "DELETE /api/jobs/7", "answer": 403})),
    ]);
    let (records, again) = read_all(yaml, &server).await;
    assert_eq!(server.finish(), Vec::<String>::new());
    assert_eq!(
        (serde_json::json!(records), again),
        (serde_json::json!([1, 2]), 0)
    );
}
