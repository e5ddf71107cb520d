//! Permissions and tags of a real RabbitMQ, changed and then read by its own API. Its names need
//! percent-encoding wherever they stand.

use std::path::Path;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::{Client, Method, StatusCode};
use rolecall::plan::Plan;
use rolecall::provision::{Holding, Verdict, grant, revoke};
use serde_json::{Value as Json, json};

use super::super::{holding, plan_in, run};
use crate::servers;

/// Names that would lead elsewhere, were they not encoded.
const NAMES: &[&str] = &[
    "plain",
    "a/b",
    "100%",
    "%2F",
    "a b",
    "é ü 漢",
    "a..b",
    "...",
    "x?y#z&w",
    "q\"uo'te",
    "a+b;c=d@e",
];

struct Broker {
    client: Client,
    base: String,
    user: String,
    password: String,
}

impl Broker {
    /// Asks for a path of the API.
    async fn ask(&self, method: Method, path: &[&str], body: Option<Json>) -> (StatusCode, Json) {
        let mut url = format!("{}/api", self.base);
        for segment in path {
            url.push('/');
            url.extend(utf8_percent_encode(segment, NON_ALPHANUMERIC));
        }
        let mut request = self.client.request(method, url);
        request = request.basic_auth(&self.user, Some(&self.password));
        if let Some(body) = body {
            request = request.json(&body);
        }
        let answer = request.send().await.expect("RabbitMQ answers");
        (answer.status(), answer.json().await.unwrap_or_default())
    }

    async fn make(&self, path: &[&str], body: Json) {
        let (status, said) = self.ask(Method::PUT, path, Some(body)).await;
        assert!(status.is_success(), "{path:?}: {status} {said}");
    }

    async fn permissions(&self, vhost: &str, user: &str) -> Option<[String; 3]> {
        let (status, said) = self
            .ask(Method::GET, &["permissions", vhost, user], None)
            .await;
        let pattern = |name: &str| said[name].as_str().expect("a pattern").to_owned();
        (status == StatusCode::OK).then(|| ["configure", "write", "read"].map(pattern))
    }
}

async fn verdict_of(plan: &Plan, deed: &str, holding: Holding) -> Verdict {
    let prepared = match deed {
        "grant" => grant(plan, holding),
        _ => revoke(plan, holding),
    };
    let finished = run(&prepared.expect("the file says how")).await;
    if !finished.outcome.verdict.is_so() {
        panic!("{:#?}", finished.outcome);
    }
    finished.outcome.verdict
}

#[tokio::test(flavor = "multi_thread")]
async fn permissions_and_tags_are_changed_whatever_the_names() {
    let Some((base, user, password)) = servers::rabbitmq() else {
        return;
    };
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("configs/examples/rabbitmq.yaml");
    let text = std::fs::read_to_string(&file).expect("the example");
    let variables = [
        ("RABBITMQ_URL", &*base),
        ("RABBITMQ_USER", &*user),
        ("RABBITMQ_PASSWORD", &*password),
    ];
    let plan = plan_in(&file, &text, &variables);
    let broker = Broker {
        client: Client::new(),
        base: base.clone(),
        user: user.clone(),
        password: password.clone(),
    };
    for name in NAMES {
        let (vhost, user) = (format!("change {name}"), format!("changed {name}"));
        broker.make(&["vhosts", &vhost], json!({})).await;
        let account = json!({"password": "pw", "tags": ["monitoring"]});
        broker.make(&["users", &user], account).await;
        let held = |local| holding(local, ("vhost", &vhost), ("user", &user));
        assert_eq!(broker.permissions(&vhost, &user).await, None, "{name}");

        assert_eq!(
            verdict_of(&plan, "revoke", held("write")).await,
            Verdict::AlreadySo
        );
        assert_eq!(broker.permissions(&vhost, &user).await, None, "{name}");
        assert_eq!(
            verdict_of(&plan, "grant", held("write")).await,
            Verdict::Made
        );
        let patterns = ["^$", ".*", "^$"].map(str::to_owned);
        assert_eq!(
            broker.permissions(&vhost, &user).await,
            Some(patterns.clone()),
            "{name}"
        );
        assert_eq!(
            verdict_of(&plan, "grant", held("write")).await,
            Verdict::AlreadySo
        );
        assert_eq!(
            verdict_of(&plan, "grant", held("read")).await,
            Verdict::Made
        );
        assert_eq!(
            verdict_of(&plan, "revoke", held("write")).await,
            Verdict::Made
        );
        let patterns = ["^$", "^$", ".*"].map(str::to_owned);
        assert_eq!(
            broker.permissions(&vhost, &user).await,
            Some(patterns),
            "{name}"
        );

        let tagged = || holding("assigned", ("tag", "policymaker"), ("user", &user));
        let (_, before) = broker.ask(Method::GET, &["users", &user], None).await;
        for (deed, tags, verdict) in [
            ("grant", &["monitoring", "policymaker"][..], Verdict::Made),
            ("grant", &["monitoring", "policymaker"], Verdict::AlreadySo),
            ("revoke", &["monitoring"], Verdict::Made),
            ("revoke", &["monitoring"], Verdict::AlreadySo),
        ] {
            assert_eq!(verdict_of(&plan, deed, tagged()).await, verdict, "{name}");
            let (_, after) = broker.ask(Method::GET, &["users", &user], None).await;
            assert_eq!(after["tags"], json!(tags), "{name}");
            assert_eq!(after["password_hash"], before["password_hash"], "{name}");
        }
        let plan_of_it = grant(&plan, tagged()).expect("the file says how");
        let shown = plan_of_it.plan().await.expect("it can be shown");
        let shown = serde_json::to_string(&shown).expect("plain data");
        let hash = before["password_hash"].as_str().expect("a hash");
        assert!(
            shown.contains("password_hash") && !shown.contains(hash),
            "{shown}"
        );

        for path in [["vhosts", &vhost], ["users", &user]] {
            let (status, _) = broker.ask(Method::DELETE, &path, None).await;
            assert_eq!(status, StatusCode::NO_CONTENT);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_given_what_they_cannot_have() {
    let Some((base, user, password)) = servers::rabbitmq() else {
        return;
    };
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("configs/examples/rabbitmq.yaml");
    let text = std::fs::read_to_string(&file).expect("the example");
    let variables = [
        ("RABBITMQ_URL", &*base),
        ("RABBITMQ_USER", &*user),
        ("RABBITMQ_PASSWORD", &*password),
    ];
    let plan = plan_in(&file, &text, &variables);
    for (vhost, user) in [
        ("no such vhost", &*user),
        ("/", "no such user"),
        ("..", &*user),
    ] {
        let prepared = grant(&plan, holding("read", ("vhost", vhost), ("user", user)));
        let finished = run(&prepared.expect("the file says how")).await;
        assert_eq!(
            finished.outcome.verdict,
            Verdict::Failed,
            "{:#?}",
            finished.outcome
        );
    }
}
