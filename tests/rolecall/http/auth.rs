//! What proof of identity leaves behind: sessions that are ended, tokens that are kept.

use std::collections::HashMap;
use std::sync::Arc;

use rolecall::expr::Inputs;
use rolecall::source::Source as _;
use serde_json::{Value as Json, json};

use super::case::{self, TestClock};
use super::server::{Exchange, Server};

/// Lists the users of a connector with this `auth` once, and ends the run.
async fn run(auth: &str, exchanges: &[Json], more: &[(&str, &str)]) -> Result<usize, String> {
    let exchange =
        |json: &Json| -> Exchange { serde_json::from_value(json.clone()).expect("an exchange") };
    let server = Server::start(exchanges.iter().map(exchange).collect());
    let yaml = format!(
        "connect: {{base_url: '${{BASE}}/api', auth: {auth}}}\nresource_types: {{user: {{list: {{request: {{url: /users}}, response: {{items_path: users}}}}}}}}\n"
    );
    let mut environment: HashMap<_, _> = case::environment(&server);
    let more = more
        .iter()
        .map(|(name, value)| (name.to_string(), value.to_string()));
    environment.extend(more);
    let (both, found) = case::both(&yaml, environment, Arc::new(TestClock::default()), false);
    let (source, listing) = both.unwrap_or_else(|| panic!("{found:?}"));
    let page = listing.page(&Inputs::new(), None).await;
    source.close().await;
    assert_eq!(server.finish(), Vec::<String>::new());
    page.map(|page| page.records.len())
        .map_err(|error| error.to_string())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_is_ended_with_the_run() {
    let auth = "{type: bearer_dynamic, token_url: '${BASE}/session', username: ada, password: '${SECRET}', token_field: $, header: X-Session, logout_url: '${BASE}/session', logout_method: DELETE}";
    let exchanges = [
        json!({ "ask": "POST /session", "json": "s3ssion" }),
        json!({ "ask": "GET /api/users", "json": { "users": [{}] } }),
        json!({ "ask": "DELETE /session", "with": { "x-session": "s3ssion" }, "answer": 204 }),
    ];
    assert_eq!(run(auth, &exchanges, &[]).await, Ok(1));
    let auth = "{type: cookie_session, login_url: '${BASE}/login', username: ada, password: '${SECRET}', logout_url: '${BASE}/logout'}";
    let exchanges = [
        json!({ "ask": "POST /login", "headers": { "set-cookie": "SID=c00kie; Secure" } }),
        json!({ "ask": "GET /api/users", "json": { "users": [{}] } }),
        // What was read stands, whatever comes of logging out.
        json!({ "ask": "POST /logout", "with": { "cookie": "SID=c00kie" }, "answer": 404 }),
    ];
    assert_eq!(run(auth, &exchanges, &[]).await, Ok(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_token_that_is_replaced_is_kept_for_the_next_run() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("acme.token");
    let auth = "{type: oauth2_refresh_token, token_url: '${BASE}/token', client_id: ada, client_auth_style: body, refresh_token: '${FIRST}', token_file: '${FILE}'}";
    let shown = file.to_string_lossy();
    let more = [("FIRST", "first-one"), ("FILE", shown.as_ref())];
    for (spent, next) in [("first-one", "second-one"), ("second-one", "third-one")] {
        let exchanges = [
            json!({ "ask": "POST /token", "sent": format!("grant_type=refresh_token&refresh_token={spent}&client_id=ada"), "json": { "access_token": "t0k3n", "refresh_token": next } }),
            json!({ "ask": "GET /api/users", "json": { "users": [{}] } }),
        ];
        assert_eq!(run(auth, &exchanges, &more).await, Ok(1));
        let kept = std::fs::read_to_string(&file).expect("is kept");
        assert_eq!(kept.trim(), next);
    }
    // A refusal leaves what is kept as it is.
    let refused = json!({ "ask": "POST /token", "answer": 400, "json": { "error": "invalid_grant", "error_description": "third-one is spent" } });
    let error = run(auth, &[refused], &more).await.expect_err("is refused");
    assert!(
        error.contains("refuses the credentials: 400 Bad Request: … is spent"),
        "{error}"
    );
    assert_eq!(
        std::fs::read_to_string(&file).expect("is kept").trim(),
        "third-one"
    );
}

/// Signatures depend on the port: those of published examples are checked beside the code.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_signing_kind_knows_is_not_repeated() {
    for auth in [
        "{type: aws_sigv4, region: us-east-1, service: iam, access_key_id: ada, secret_access_key: '${SECRET}', session_token: '${SECRET}'}",
        "{type: oauth1, consumer_key: ada, consumer_secret: '${SECRET}', token: '${SECRET}', token_secret: '${SECRET}', realm: acme}",
    ] {
        let refused = json!({ "ask": "GET /api/users", "answer": 401, "json": { "message": "no s3cr3t/v4lue= here" } });
        let error = run(auth, &[refused], &[]).await.expect_err("is refused");
        assert!(error.ends_with("401 Unauthorized: no … here"), "{error}");
    }
}

/// The blocks of the documentation, each with what stands around it in a file.
fn documented() -> Vec<String> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/authentication.md");
    let page = std::fs::read_to_string(path).expect("the page");
    let blocks = page.split("```yaml\n").skip(1);
    blocks
        .map(|rest| rest.split("```").next().expect("a block").replace('\n', "\n  "))
        .map(|block| {
            format!("connect:\n  base_url: https://api.acme.test\n  {block}\nresource_types: {{user: {{name: User, list: {{request: {{url: /users}}, response: {{items_path: users}}}}}}}}\n")
        })
        .collect()
}

/// What is documented can be written, and every kind is documented.
#[test]
fn the_documented_blocks_are_good() {
    use rolecall::config::connect::AuthFamily;
    use rolecall::config::kind::Family as _;
    use rolecall::diagnostic::{Severity, SourceFile};

    let blocks = documented();
    for kind in AuthFamily::kinds() {
        let written = format!("type: {}", kind.name);
        let whole = |block: &String| {
            let after = block.split(&written).nth(1);
            after.is_some_and(|after| !after.starts_with(|c: char| c.is_alphanumeric() || c == '_'))
        };
        assert!(
            blocks.iter().any(whole),
            "`{}` is not documented",
            kind.name
        );
    }
    for block in blocks {
        let loaded = rolecall::config::load_text(SourceFile::new("acme.yaml", block.clone()));
        let config = loaded.config.map(|(_, config)| config);
        let mut found = loaded.diagnostics;
        if let Some(config) = config
            && let Some(rolecall::config::connect::ConnectConfig::Http(connect)) = &config.connect
        {
            let environment = HashMap::<String, String>::new();
            let mut cx = rolecall::config::CompileContext::new(
                loaded.file,
                rolecall::config::Dialect::Http,
                &environment,
                Severity::Warning,
            );
            rolecall::source::http::HttpSource::compile(connect, &config, &mut cx);
            found.append(&mut cx.diagnostics);
        }
        // This machine has neither the variables nor the files.
        found.retain(|found| !["unset-variable", "bad-key"].contains(&found.code));
        assert!(found.is_empty(), "{block}\n{found:?}");
    }
}
