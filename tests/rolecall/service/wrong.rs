//! What is wrong with the way to the platform: each has a message of its own, and the daemon stays up.

use std::time::{Duration, Instant};

use super::site::Site;

/// Runs the daemon with a command line that cannot work; returns what it says.
fn refused(site: &Site, id: &str, secret: &str, options: &[&str]) -> String {
    let mut arguments = vec!["daemon", "acme.yaml", "--client-id", id];
    arguments.extend(options);
    let variables = [("ROLECALL_CLIENT_SECRET", secret)];
    let ran = crate::run(site.folder.path(), &arguments, &variables);
    format!(
        "{}{}",
        ran.status,
        crate::said(&ran).replace(secret, "SECRET")
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_work_is_refused_before_anything_is_sent() {
    let site = Site::new(1, 1).await;
    let good = site.secret();
    let public = "secret-token:x:v1:eyJrdHkiOiJPS1AiLCJjcnYiOiJFZDI1NTE5IiwieCI6IjExcVlBWUt4Q3JmVlNfN1R5V1FIT2c3aGN2UGFwaU1scndJYWFQY0hVUm8ifQ";
    let cases = [
        ("no-at", "acme.example.com/x", good.as_str(), &[][..]),
        ("no-slash", "acme@acme.example.com", &good, &[]),
        ("no-host", "acme@/x", &good, &[]),
        ("not-a-secret", "acme@localhost/x", "opensesame", &[]),
        ("version", "acme@localhost/x", "secret-token:x:v2:e30", &[]),
        ("public-key", "acme@localhost/x", public, &[]),
        (
            "host",
            "acme@localhost/x",
            &good,
            &["--platform-host=https://localhost"],
        ),
        (
            "no-ca",
            "acme@localhost/x",
            &good,
            &["--platform-ca=nowhere.pem"],
        ),
        (
            "no-certificate",
            "acme@localhost/x",
            &good,
            &["--platform-ca=acme.yaml"],
        ),
        (
            "unknown-type",
            "acme@localhost/x",
            &good,
            &["--resource-types=persn"],
        ),
    ];
    for (name, id, secret, options) in cases {
        let said = refused(&site, id, secret, options);
        insta::with_settings!({ snapshot_suffix => name }, {
            insta::assert_snapshot!("refused", said);
        });
    }
}

/// What `/ready` says, once it says something about this.
async fn not_ready(site: &Site, port: u16, about: &str) -> String {
    // Another test may have done so.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let began = Instant::now();
    loop {
        let asked = reqwest::get(format!("http://127.0.0.1:{port}/ready")).await;
        if let Ok(answer) = asked {
            assert_eq!(answer.status(), 503);
            let body: serde_json::Value = answer.json().await.expect("JSON");
            assert_eq!(body["status"], "not_ready");
            let error = body["details"]["error"].as_str().unwrap_or_default();
            if error.contains(about) {
                return error.to_owned();
            }
        }
        assert!(
            began.elapsed() < Duration::from_secs(20),
            "nothing about `{about}`:\n{}",
            site.logs()
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_platform_that_is_not_there_yet_is_waited_for() {
    rustls::crypto::ring::default_provider()
        .install_default()
        .ok();
    let mut site = Site::new(5, 2).await;
    let port = super::site::free_port();
    site.options = vec![format!("--health=127.0.0.1:{port}")];
    site.start_daemon();
    not_ready(&site, port, "localhost").await;
    let live = reqwest::get(format!("http://127.0.0.1:{port}/live")).await;
    assert_eq!(live.expect("an answer").status(), 200);
    let health = reqwest::get(format!("http://127.0.0.1:{port}/health")).await;
    assert_eq!(
        health.expect("an answer").status(),
        200,
        "the system is there"
    );
    site.start_platform();
    let id = site.ask(super::tasks::grant("t0", "p1"));
    let task = site.end_of(&id).await;
    assert_eq!(
        task.state,
        rolecall::platform::State::Done,
        "{}",
        site.logs()
    );
    let ready = reqwest::get(format!("http://127.0.0.1:{port}/ready")).await;
    assert_eq!(ready.expect("an answer").status(), 200);
    let metrics = reqwest::get(format!("http://127.0.0.1:{port}/metrics")).await;
    let metrics = metrics.expect("an answer").text().await.expect("text");
    let counted = r#"rolecall_daemon_tasks_total{connector="Acme",kind="grant",code="OK"} 1"#;
    assert!(metrics.contains(counted), "{metrics}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_nobody_vouches_for_is_told() {
    let mut site = Site::new(5, 2).await;
    let port = super::site::free_port();
    site.start_platform();
    site.trusts_the_system_only();
    site.options = vec![format!("--health=127.0.0.1:{port}")];
    site.start_daemon();
    let said = not_ready(&site, port, "certificate").await;
    assert!(said.contains("--platform-ca"), "{said}");
}
