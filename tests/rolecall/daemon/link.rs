//! The connection to a platform where all is well, and what it does about tokens.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use axum::http::StatusCode;
use axum::response::IntoResponse as _;
use futures::future::join_all;
use rolecall::daemon::{Answer, Link, LinkSettings};
use rolecall::proto::connector::v2::ConnectorMetadata;
use rolecall::source::http::Clock;
use tonic::{Code, Status};

use super::scripted::Platform;

const TASK: &str = "2abcdefghijklmnopqrstuvwxyz";

#[tokio::test(flavor = "multi_thread")]
async fn every_call_reaches_the_platform_with_a_token() {
    let platform = Platform::start();
    platform.lifetime(Some(3600));
    let link = platform.link();
    let metadata = ConnectorMetadata {
        display_name: "Acme".to_owned(),
        ..ConnectorMetadata::default()
    };
    link.hello("", &metadata).await.expect("is heard");
    let task = link.get_task().await.expect("is answered").task;
    assert_eq!(task.expect("a task").id, "perch", "the host id went along");
    let known = vec![TASK.to_owned()];
    let several = link.get_tasks(3, known.clone()).await.expect("is answered");
    assert_eq!(several.tasks.len(), 3);
    let most = link.get_tasks(1000, Vec::new()).await.expect("is answered");
    assert_eq!(most.tasks.len(), 100);
    link.get_tasks(1, known.clone()).await.expect("is answered");
    assert!(!link.heartbeat(TASK).await.expect("is answered").cancelled);
    assert!(
        link.heartbeat("cancelled")
            .await
            .expect("is answered")
            .cancelled
    );
    let request = Answer::done().request(link.host_id(), TASK);
    link.finish(&request).await.expect("is taken");

    let seen = platform.seen();
    assert_eq!(seen.tokens, 1, "one token for all of them");
    let methods = seen.calls.iter().map(|(method, authorization)| {
        assert_eq!(authorization, "Bearer token-1");
        *method
    });
    let methods: Vec<_> = methods.collect();
    insta::assert_snapshot!(methods.join(" "), @"Hello GetTask GetTasks GetTasks GetTasks Heartbeat Heartbeat FinishTask");
    assert_eq!(
        seen.user_agent,
        concat!("bird rolecall/", env!("CARGO_PKG_VERSION"))
    );
    assert_eq!(seen.known, known);
    assert_eq!(seen.finished, [request]);
    let hello = seen.hello.expect("came");
    assert_eq!((&*hello.host_id, &*hello.task_id), ("perch", ""));
    assert_eq!(hello.connector_metadata, Some(metadata));
    let os = hello.os_info.expect("is told");
    assert!(!os.hostname.is_empty() && !os.virtualization_system.is_empty());
    assert_eq!(hello.build_info.expect("is told").package, "rolecall");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_form_for_a_token_is_that_of_the_protocol() {
    let platform = Platform::start();
    platform.link().get_task().await.expect("is answered");
    let form = &platform.seen().forms[0];
    let pairs = url::form_urlencoded::parse(form.as_bytes()).map(|(name, value)| match &*name {
        "client_assertion" => format!("{name}: {} parts", value.split('.').count()),
        "client_id" => format!(
            "{name}: {}",
            value.replace(&platform.port().to_string(), "PORT")
        ),
        _ => format!("{name}: {value}"),
    });
    insta::assert_snapshot!(pairs.collect::<Vec<_>>().join("\n"), @"
    client_id: bird@127.0.0.1:PORT/acme
    grant_type: client_credentials
    client_assertion_type: urn:ietf:params:oauth:client-assertion-type:jwt-bearer
    client_assertion: 3 parts
    ");
}

#[tokio::test(flavor = "multi_thread")]
async fn many_calls_wait_for_one_token_and_for_one_refusal() {
    let platform = Platform::start();
    platform.lifetime(Some(u64::MAX));
    platform.token_pause(Duration::from_millis(500));
    platform.token_answers(|| StatusCode::SERVICE_UNAVAILABLE.into_response());
    let link = platform.link();
    let calls = async || join_all((0..20).map(|_| link.get_task())).await;
    for answer in calls().await {
        assert_eq!(answer.expect_err("no token").code, Code::Unavailable);
    }
    assert_eq!(
        platform.seen().forms.len(),
        1,
        "one request for all of them"
    );
    for answer in calls().await {
        answer.expect("there are tokens now");
    }
    assert_eq!(
        (platform.seen().forms.len(), platform.seen().tokens),
        (2, 1)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_renewed_before_it_ends() {
    let platform = Platform::start();
    let link = platform.link();
    // It is renewed ten seconds before its end.
    platform.lifetime(Some(13));
    link.get_task().await.expect("is answered");
    link.get_task().await.expect("is answered");
    assert_eq!(platform.seen().tokens, 1);
    tokio::time::sleep(Duration::from_millis(3100)).await;
    link.get_task().await.expect("is answered");
    assert_eq!(platform.seen().tokens, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_without_a_lifetime_are_good_for_one_call() {
    for lifetime in [None, Some(0)] {
        let platform = Platform::start();
        platform.lifetime(lifetime);
        let link = platform.link();
        for _ in 0..3 {
            link.get_task().await.expect("is answered");
        }
        assert_eq!(platform.seen().tokens, 3, "{lifetime:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_is_refused_in_the_middle_is_replaced_once() {
    let platform = Platform::start();
    platform.lifetime(Some(3600));
    let link = platform.link();
    link.get_task().await.expect("is answered");
    platform.answers(Err(Status::unauthenticated("it was revoked")));
    link.get_task().await.expect("with a new token");
    assert_eq!(platform.seen().tokens, 2);
    let tokens: Vec<_> = platform
        .seen()
        .calls
        .into_iter()
        .map(|(_, token)| token)
        .collect();
    assert_eq!(
        tokens,
        ["Bearer token-1", "Bearer token-1", "Bearer token-2"]
    );

    for _ in 0..2 {
        platform.answers(Err(Status::unauthenticated(
            "Bearer token-2 is bad, token-3 too",
        )));
    }
    let error = link.get_task().await.expect_err("never taken");
    assert_eq!(
        (error.code, error.is_transient()),
        (Code::Unauthenticated, false)
    );
    let message = error.message.replace(&platform.port().to_string(), "PORT");
    insta::assert_snapshot!(message, @"`127.0.0.1:PORT` answers `GetTask` with `Unauthenticated`: Bearer … is bad, … too");
}

#[tokio::test(flavor = "multi_thread")]
async fn many_calls_that_are_refused_share_the_new_token() {
    let platform = Platform::start();
    platform.lifetime(Some(3600));
    let link = platform.link();
    link.get_task().await.expect("is answered");
    platform.pause(Duration::from_millis(200));
    for _ in 0..10 {
        platform.answers(Err(Status::unauthenticated("it was revoked")));
    }
    for answer in join_all((0..10).map(|_| link.get_task())).await {
        answer.expect("with the new token");
    }
    assert_eq!(platform.seen().tokens, 2);
}

/// A clock that is wrong.
#[derive(Debug)]
pub struct Off {
    pub seconds: i64,
}

#[async_trait::async_trait]
impl Clock for Off {
    fn now(&self) -> SystemTime {
        let by = Duration::from_secs(self.seconds.unsigned_abs());
        match self.seconds < 0 {
            true => SystemTime::now() - by,
            false => SystemTime::now() + by,
        }
    }

    async fn sleep(&self, _: Duration) {}
}

fn with_clock(platform: &Platform, seconds: i64) -> Link {
    let settings = LinkSettings {
        clock: Arc::new(Off { seconds }),
        ..platform.settings()
    };
    Link::new(settings).expect("good settings")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_wrong_is_put_right_by_that_of_the_platform() {
    for seconds in [-300, 300, 86_400, -100, 100] {
        let platform = Platform::start();
        let link = with_clock(&platform, seconds);
        link.get_task().await.expect("is answered in the end");
        let first = platform.seen().forms.len();
        let expected = if seconds.abs() < 120 { 1 } else { 2 };
        assert_eq!(first, expected, "{seconds}");
        // Tokens are good for one call here: the next one needs one request only.
        link.get_task().await.expect("is answered");
        assert_eq!(platform.seen().forms.len(), expected + 1, "{seconds}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_clock_is_told_where_it_is_not_the_only_trouble() {
    let platform = Platform::start();
    let (_, other) = super::scripted::secret();
    let settings = LinkSettings {
        clock: Arc::new(Off { seconds: -300 }),
        client_secret: other,
        ..platform.settings()
    };
    let link = Link::new(settings).expect("good settings");
    let error = link.get_task().await.expect_err("another's secret");
    assert_eq!(
        (error.code, error.is_transient()),
        (Code::Unauthenticated, false)
    );
    let message = error.message.replace(&platform.port().to_string(), "PORT");
    let message = message
        .replace(" 299 seconds", " 300 seconds")
        .replace(" 301 seconds", " 300 seconds");
    insta::assert_snapshot!(message, @"`127.0.0.1:PORT` refuses the client id or its secret; both must be of this platform, and still in use (status 401: the assertion is not signed by the key of this client); besides, the clock of this machine is 300 seconds slow by that of the platform");
    assert_eq!(platform.seen().forms.len(), 2);
}
