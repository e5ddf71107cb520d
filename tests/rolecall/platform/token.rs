//! The token endpoint, and whom it believes.

use std::fmt::Write as _;
use std::time::{Duration, SystemTime};

use super::caller::{ask_for_token, assertion, pairs};
use super::site::{Site, quick};

#[tokio::test(flavor = "multi_thread")]
async fn an_assertion_is_good_once_for_its_client_and_its_time() {
    let site = Site::start(quick()).await;
    let (acme, other) = (site.client("acme"), site.client("other"));
    let now = SystemTime::now();
    let ago = |seconds| now - Duration::from_secs(seconds);
    let good = assertion(&acme, now);
    let ask =
        async |form: &[(&'static str, String)]| ask_for_token(&site.place(), &pairs(form)).await;

    let (status, answer) = ask(&good).await;
    assert_eq!(status, 200);
    assert_eq!(answer["token_type"], "Bearer");
    assert_eq!(answer["expires_in"], 3600);

    let mut said = String::new();
    let with = |name: &str, value: &str| {
        let mut form = assertion(&acme, now);
        for field in &mut form {
            if field.0 == name {
                field.1 = value.to_owned();
            }
        }
        form
    };
    let of_other = {
        let mut form = assertion(&other, now);
        form[0].1.clone_from(&acme.client_id);
        form
    };
    let signed_elsewhere = {
        // The same client id, registered with another platform.
        let elsewhere = Site::start(quick()).await;
        let mut stranger = elsewhere.client("acme");
        stranger.client_id.clone_from(&acme.client_id);
        assertion(&stranger, now)
    };
    let tests = [
        ("a second time", good),
        ("six minutes old", assertion(&acme, ago(360))),
        (
            "from in six minutes",
            assertion(&acme, now + Duration::from_secs(360)),
        ),
        ("of another client", of_other),
        ("with another key", signed_elsewhere),
        (
            "of a client that is not registered",
            with("client_id", "x@localhost:1/rolecall"),
        ),
        ("with a client id that is none", with("client_id", "acme")),
        ("no assertion", with("client_assertion", "")),
        ("no token", with("client_assertion", "a.b.c")),
        ("another grant type", with("grant_type", "password")),
        (
            "another kind of assertion",
            with("client_assertion_type", "jwt"),
        ),
        ("nothing", Vec::new()),
    ];
    for (what, form) in tests {
        let (status, answer) = ask(&form).await;
        let [error, description] =
            ["error", "error_description"].map(|name| answer[name].as_str().unwrap_or_default());
        writeln!(said, "{what}: {status} {error}: {description}").expect("text");
    }
    // How far exactly depends on how fast this machine is.
    let seconds = regex::Regex::new(r"\b2\d\d seconds").expect("a pattern");
    let said = seconds.replace_all(&said, "N seconds");
    insta::assert_snapshot!("denials", said);

    // Clocks that are a little apart are no reason.
    for now in [ago(140), now + Duration::from_secs(140)] {
        assert_eq!(ask(&assertion(&acme, now)).await.0, 200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_form_is_told_so() {
    let site = Site::start(quick()).await;
    let _ = rustls::crypto::ring::default_provider().install_default();
    let ca = reqwest::Certificate::from_pem(&std::fs::read(site.ca()).expect("a file"));
    let client = reqwest::Client::builder()
        .tls_certs_only([ca.expect("a certificate")])
        .http1_only()
        .no_proxy()
        .build()
        .expect("a client");
    // Addresses of this machine are in the certificate as well.
    let port = site.host().rsplit_once(':').expect("a port").1.to_owned();
    let url = format!("https://127.0.0.1:{port}/auth/v1/token");
    let posted = client
        .post(&url)
        .body("{}")
        .send()
        .await
        .expect("an answer");
    assert_eq!(posted.status(), 400);
    let date = posted
        .headers()
        .get("date")
        .expect("connectors with a wrong clock read it");
    httpdate::parse_http_date(date.to_str().expect("text")).expect("a date");
    let text = posted.text().await.expect("text");
    assert!(text.contains("invalid_request"), "{text}");
    let got = client.get(&url).send().await.expect("an answer");
    assert_eq!(got.status(), 405);
}
