//! Actions: what they take, what they do, what they answer.

mod fixtures;
mod outstanding;

use rolecall::provision::{RunOptions, Verdict, invoke};
use serde_json::json;

use super::{Interrupted, plan_of};
use crate::http::server::{Exchange, Server};

/// Nothing tells whether an action was done, so one that a killed run left open is not sent again,
/// until somebody says so.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_killed_run_left_open_is_not_sent_again() {
    let exchange = Exchange::plain("POST /lock/ada", 204);
    let server = Server::start(vec![exchange]);
    let base = format!("http://{}", server.address());
    let plan = plan_of(
        "app_name: Acme
connect: {base_url: '${BASE}'}
resource_types:
  user: {name: User, static_resources: [{id: ada}]}
actions:
  lock:
    name: Lock
    arguments: {id: {type: string, required: true}}
    request: {method: POST, url: 'tmpl:/lock/{{ .input.id }}'}
",
        &[("BASE", &base)],
    );
    let given = |id: &str| serde_json::Map::from_iter([("id".to_owned(), json!(id))]);
    let lock = invoke(&plan, "lock", &given("ada")).expect("it is offered");
    let other = invoke(&plan, "lock", &given("bob")).expect("it is offered");
    assert_ne!(lock.prepared.key(), other.prepared.key());
    let first = lock.run(&mut Interrupted, RunOptions::default()).await;
    let first = first.expect("nothing is written").outcome;
    assert_eq!(first.verdict, Verdict::Unclear, "{first:#?}");
    let answer = first.result.expect("it answers");
    assert_eq!(answer["success"], false);
    let error = answer["error"].as_str().expect("says why");
    assert!(error.contains("`--again` sends it once more"), "{error}");
    let options = RunOptions { again: true };
    let again = lock.run(&mut Interrupted, options).await;
    let again = again.expect("nothing is written").outcome;
    assert_eq!(again.verdict, Verdict::Made, "{again:#?}");
    assert_eq!(server.finish(), Vec::<String>::new());
}
