//! The connection to something that is no platform, or one that is not well: each has a message of
//! its own, and the right class.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use axum::Router;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use prost::{Message as _, Name as _};
use rolecall::daemon::{Limits, Link, LinkSettings, RpcError};
use rolecall::proto::google::rpc::{RetryInfo, Status as Details};
use secrecy::SecretString;
use tonic::{Code, Status};

use super::scripted::{Platform, fixture, limits, secret, serve, settings};

/// What a failed call is, in one line.
fn shown(error: &RpcError, port: u16) -> String {
    let lasting = if error.is_transient() {
        ""
    } else {
        ", lasting"
    };
    let wait = error.retry_after.map(|wait| format!(", after {wait:?}"));
    let message = error.message.replace(&format!(":{port}"), ":PORT");
    let (code, wait) = (error.code, wait.unwrap_or_default());
    format!("{code:?}{lasting}{wait}: {message}")
}

async fn told(settings: LinkSettings, port: u16) -> String {
    let link = Link::new(settings).expect("good settings");
    match link.get_task().await {
        Ok(_) => "is answered".to_owned(),
        Err(error) => shown(&error, port),
    }
}

fn to(port: u16) -> LinkSettings {
    settings(port, secret().1)
}

#[test]
fn settings_that_reach_nothing_are_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let empty = folder.path().join("empty.pem");
    std::fs::write(&empty, "hunter2").expect("is written");
    let absent = folder.path().join("absent.pem");
    let good = || to(443);
    let tests = [
        LinkSettings {
            client_secret: SecretString::from("hunter2"),
            ..good()
        },
        LinkSettings {
            host: Some("https://acme.example".to_owned()),
            ..good()
        },
        LinkSettings {
            host: Some(String::new()),
            ..good()
        },
        LinkSettings {
            host_id: Some(String::new()),
            ..good()
        },
        LinkSettings {
            host_id: Some("x".repeat(257)),
            ..good()
        },
        LinkSettings {
            ca_file: Some(absent),
            ..good()
        },
        LinkSettings {
            ca_file: Some(empty),
            ..good()
        },
        LinkSettings {
            ca_file: Some(fixture("server.key")),
            ..good()
        },
    ];
    let problems = tests.map(|settings| {
        assert!(!format!("{settings:?}").contains("hunter2"), "no secret");
        let error = Link::new(settings).expect_err("cannot be used").to_string();
        let error = error.replace(&*folder.path().to_string_lossy(), "FOLDER");
        error.replace(&*fixture("").to_string_lossy(), "FIXTURES/")
    });
    insta::assert_snapshot!(problems.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_platform_that_cannot_be_reached_is_told_with_the_way_out() {
    let platform = Platform::start();
    let port = platform.port();
    let free = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let closed = free.local_addr().expect("an address").port();
    drop(free);
    let plain = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let plain_port = plain.local_addr().expect("an address").port();
    tokio::spawn(async move {
        plain.set_nonblocking(true).expect("can be");
        let plain = tokio::net::TcpListener::from_std(plain).expect("a listener");
        axum::serve(plain, Router::new()).await.ok();
    });
    let at = |host: &str| LinkSettings {
        host: Some(host.to_owned()),
        ..platform.settings()
    };
    let with = |ca_file: Option<&str>| LinkSettings {
        ca_file: ca_file.map(fixture),
        ..platform.settings()
    };
    let lines = [
        told(with(Some("other-ca.pem")), port).await,
        told(with(None), port).await,
        told(at(&format!("localhost:{port}")), port).await,
        told(to(plain_port), plain_port).await,
        told(to(closed), closed).await,
        told(at("no-such-host.invalid"), port).await,
    ];
    // How a resolver says it is its own business.
    let lines = lines.map(|line| match line.split_once("is the host right? (") {
        Some((known, _)) => format!("{known}is the host right? (…)"),
        None => line,
    });
    insta::assert_snapshot!(lines.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_token_endpoint_may_answer() {
    let html = |status: StatusCode| {
        let page = "<html>Please sign in, hunter2</html>";
        (
            status,
            [(header::CONTENT_TYPE, "text/html; charset=utf-8")],
            page,
        )
            .into_response()
    };
    let json = |status: u16, text: &'static str| {
        let status = StatusCode::from_u16(status).expect("a status");
        (status, [(header::CONTENT_TYPE, "application/json")], text).into_response()
    };
    let after = |status: StatusCode, wait: &'static str| {
        (status, [(header::RETRY_AFTER, wait)], "").into_response()
    };
    let tests: Vec<(&str, Response)> = vec![
        ("page", html(StatusCode::OK)),
        ("page 404", html(StatusCode::NOT_FOUND)),
        ("page 503", html(StatusCode::SERVICE_UNAVAILABLE)),
        ("no token", json(200, "{\"token_type\": \"bearer\"}")),
        ("empty token", json(200, "{\"access_token\": \"\"}")),
        ("number", json(200, "{\"access_token\": 7}")),
        ("list", json(200, "[]")),
        ("nothing", json(200, "")),
        (
            "bad token",
            json(200, "{\"access_token\": \"a\\nhunter2\"}"),
        ),
        ("not ASCII", json(200, "{\"access_token\": \"hünter2\"}")),
        ("too long", "x".repeat(1 << 20).into_response()),
        ("400", json(400, "{\"error\": \"invalid_request\"}")),
        ("401", StatusCode::UNAUTHORIZED.into_response()),
        ("403", html(StatusCode::FORBIDDEN)),
        (
            "302",
            (
                StatusCode::FOUND,
                [(header::LOCATION, "https://acme.example/")],
            )
                .into_response(),
        ),
        ("204", StatusCode::NO_CONTENT.into_response()),
        ("429", after(StatusCode::TOO_MANY_REQUESTS, "17")),
        ("503", after(StatusCode::SERVICE_UNAVAILABLE, "2.5")),
        ("500", StatusCode::INTERNAL_SERVER_ERROR.into_response()),
    ];
    let platform = Platform::start();
    let mut lines = Vec::new();
    for (name, answer) in tests {
        platform.token_answers(move || answer);
        let line = told(platform.settings(), platform.port()).await;
        assert!(!line.contains("hunter2"), "{line}");
        lines.push(format!("{name}: {line}"));
    }
    insta::assert_snapshot!(lines.join("\n"));
    assert!(platform.seen().calls.is_empty(), "no call without a token");
    platform.link().get_task().await.expect("all is well again");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_repeats_the_assertion_does_not_get_it_into_a_message() {
    let router = Router::new().fallback(post(async |form: String| {
        let mut pairs = url::form_urlencoded::parse(form.as_bytes());
        let assertion = pairs
            .find(|(name, _)| name == "client_assertion")
            .expect("is sent")
            .1;
        let said = format!("`{assertion}` is bad");
        let answer = serde_json::json!({"error": "invalid_client", "error_description": said});
        (StatusCode::UNAUTHORIZED, axum::Json(answer))
    }));
    let port = serve(router, &["h2", "http/1.1"]);
    let line = told(to(port), port).await;
    insta::assert_snapshot!(line, @"Unauthenticated, lasting: `127.0.0.1:PORT` refuses the client id or its secret; both must be of this platform, and still in use (status 401: `…` is bad)");
}

/// A platform that gives tokens, and answers every call like this.
fn answering(answer: impl Fn() -> Response + Clone + Send + Sync + 'static) -> u16 {
    let token = serde_json::json!({"access_token": "hunter2", "expires_in": 3600});
    let token = post(async move || axum::Json(token));
    let router = Router::new().route("/auth/v1/token", token);
    let router = router.fallback(async move || answer());
    serve(router, &["h2", "http/1.1"])
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_that_are_none_of_grpc_are_told_as_such() {
    let page = |status: u16| {
        let status = StatusCode::from_u16(status).expect("a status");
        let page = "<html>hunter2</html>";
        (
            status,
            [(header::CONTENT_TYPE, "text/html; charset=utf-8")],
            page,
        )
            .into_response()
    };
    let grpc =
        |body: &'static [u8]| ([(header::CONTENT_TYPE, "application/grpc")], body).into_response();
    let mut lines = Vec::new();
    for status in [200, 302, 401, 403, 404, 429, 500, 502, 503] {
        let port = answering(move || page(status));
        lines.push(told(to(port), port).await);
    }
    let port =
        answering(|| (StatusCode::TOO_MANY_REQUESTS, [(header::RETRY_AFTER, "7")]).into_response());
    lines.push(told(to(port), port).await);
    let garbage: [&'static [u8]; 5] = [
        b"",
        b"<html>",
        // A message that is said to be longer than it is.
        b"\0\0\0\0\x09abc",
        // A whole message that is none: a field with a wire type that there is none of.
        b"\0\0\0\0\x02\x0f\x0f",
        // One of 4 GiB.
        b"\0\xff\xff\xff\xff",
    ];
    for body in garbage {
        let port = answering(move || grpc(body));
        lines.push(told(to(port), port).await);
    }
    let lines: Vec<_> = lines
        .into_iter()
        .map(|line| {
            assert!(!line.contains("hunter2"), "{line}");
            line
        })
        .collect();
    insta::assert_snapshot!(lines.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_has_no_http_2_is_told_as_such() {
    let router = Router::new().fallback(async || {
        axum::Json(serde_json::json!({"access_token": "hunter2", "expires_in": 3600}))
    });
    let port = serve(router, &["http/1.1"]);
    insta::assert_snapshot!(told(to(port), port).await, @"Unavailable: `127.0.0.1:PORT` cannot be reached: it speaks no HTTP/2, which gRPC needs: is it the host of the platform, and is nothing between?");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_platform_says_when_it_may_be_asked_again() {
    let platform = Platform::start();
    platform.lifetime(Some(3600));
    let link = platform.link();
    let info = RetryInfo {
        retry_delay: Some(prost_types::Duration {
            seconds: 3,
            nanos: 500_000_000,
        }),
    };
    let details = Details {
        code: Code::ResourceExhausted.into(),
        message: String::new(),
        details: vec![prost_types::Any {
            type_url: RetryInfo::type_url(),
            value: info.encode_to_vec(),
        }],
    };
    let details = details.encode_to_vec();
    platform.answers(Err(Status::with_details(
        Code::ResourceExhausted,
        "too many\ncalls",
        details.into(),
    )));
    let error = link.get_task().await.expect_err("too many");
    insta::assert_snapshot!(shown(&error, platform.port()), @"ResourceExhausted, after 3.5s: `127.0.0.1:PORT` answers `GetTask` with `ResourceExhausted`: too many calls");
    let mut status = Status::unavailable("");
    status
        .metadata_mut()
        .insert("retry-after", "4".parse().expect("text"));
    platform.answers(Err(status));
    let error = link.get_task().await.expect_err("away");
    insta::assert_snapshot!(shown(&error, platform.port()), @"Unavailable, after 4s: `127.0.0.1:PORT` answers `GetTask` with `Unavailable`");
    platform.answers(Err(Status::failed_precondition("é".repeat(5000))));
    let error = link.get_task().await.expect_err("long");
    assert!(error.message.chars().count() < 2200 && !error.is_transient());
    link.get_task().await.expect("is answered");
}

/// A server that takes connections and never says anything.
fn silent() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("an address").port();
    // It ends with the process.
    std::thread::spawn(move || {
        let mut kept = Vec::new();
        for stream in listener.incoming().flatten() {
            kept.push(stream);
        }
    });
    port
}

#[tokio::test(flavor = "multi_thread")]
async fn silence_has_a_limit_everywhere() {
    let short = Limits {
        connect: Duration::from_millis(300),
        answer: Duration::from_millis(300),
        ..limits()
    };
    let begun = Instant::now();
    let port = silent();
    let settings = LinkSettings {
        limits: short,
        ..to(port)
    };
    insta::assert_snapshot!(told(settings, port).await, @"Unavailable: `127.0.0.1:PORT` cannot be reached: no connection in time: is the host right, and does a firewall let this machine through?");

    let platform = Platform::start();
    platform.lifetime(Some(3600));
    platform.token_answers(|| {
        std::thread::sleep(Duration::from_secs(1));
        StatusCode::OK.into_response()
    });
    let settings = LinkSettings {
        limits: short,
        ..platform.settings()
    };
    insta::assert_snapshot!(told(settings, platform.port()).await, @"DeadlineExceeded: `127.0.0.1:PORT` gives no token within 0.3s");
    let settings = LinkSettings {
        limits: short,
        ..platform.settings()
    };
    let link = Link::new(settings).expect("good settings");
    link.heartbeat("x").await.expect("is answered");
    platform.pause(Duration::from_secs(3600));
    let error = link.heartbeat("x").await.expect_err("no answer");
    insta::assert_snapshot!(shown(&error, platform.port()), @"DeadlineExceeded: `127.0.0.1:PORT` does not answer `Heartbeat` within 0.3s");
    platform.pause(Duration::ZERO);
    link.heartbeat("x").await.expect("by another connection");
    assert!(
        begun.elapsed() < Duration::from_secs(5),
        "{:?}",
        begun.elapsed()
    );
    assert_eq!(platform.seen().tokens, 1);
}
