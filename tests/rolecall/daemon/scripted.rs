//! A platform that answers from a script: TLS, the token endpoint and the service on one port.

use std::collections::VecDeque;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, SystemTime};

use axum::Router;
use axum::body::Bytes;
use axum::response::{IntoResponse, Response as HttpResponse};
use axum::routing::post;
use axum_server::tls_rustls::{RustlsConfig, from_tcp_rustls};
use rolecall::daemon::{Limits, Link, LinkSettings};
use rolecall::proto::connectorapi::baton::v1::baton_service_server::{
    BatonService, BatonServiceServer,
};
use rolecall::proto::connectorapi::baton::v1::baton_service_upload_asset_request::Msg;
use rolecall::proto::connectorapi::baton::v1::*;
use rolecall::protocol::{Assertion, ClientId, ClientKey};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use secrecy::SecretString;
use tonic::service::Routes;
use tonic::{Request, Response, Status, Streaming};

/// How the token endpoint answers; the default is a good token, if the assertion is good.
pub type TokenAnswer = Box<dyn FnOnce() -> HttpResponse + Send>;

/// What the service answers to one call.
pub type Answer = Result<(), Status>;

/// A platform, and what it was sent. It ends with the test.
#[derive(Clone, Default)]
pub struct Platform(Arc<Inner>);

#[derive(Default)]
struct Inner {
    port: OnceLock<u16>,
    secret: OnceLock<SecretString>,
    /// The next answers of the token endpoint.
    tokens: Mutex<VecDeque<TokenAnswer>>,
    /// The next answers of the service; behind them it takes the token that came last.
    answers: Mutex<VecDeque<Answer>>,
    /// How long good tokens live, and how long an answer of the service takes.
    lifetime: Mutex<Option<u64>>,
    pause: Mutex<Duration>,
    seen: Mutex<Seen>,
}

/// What came.
#[derive(Default, Clone)]
pub struct Seen {
    /// The forms that the token endpoint got.
    pub forms: Vec<String>,
    /// How many tokens were given out.
    pub tokens: usize,
    /// Method and `authorization` of each call.
    pub calls: Vec<(&'static str, String)>,
    pub user_agent: String,
    pub hello: Option<BatonServiceHelloRequest>,
    pub finished: Vec<BatonServiceFinishTaskRequest>,
    pub known: Vec<String>,
    /// The messages of each upload, as far as it came; `None` behind them where it was broken off.
    pub uploads: Vec<Vec<Option<Msg>>>,
}

pub fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures/tls")
        .join(name)
}

/// TLS with a certificate for 127.0.0.1.
pub fn tls(protocols: &[&str]) -> Arc<rustls::ServerConfig> {
    let chain = CertificateDer::from_pem_file(fixture("server.pem")).expect("a certificate");
    let key = PrivateKeyDer::from_pem_file(fixture("server.key")).expect("a key");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![chain], key)
        .expect("they fit");
    config.alpn_protocols = protocols
        .iter()
        .map(|name| name.as_bytes().to_vec())
        .collect();
    Arc::new(config)
}

/// Serves a router over TLS on a port of its own.
pub fn serve(router: Router, protocols: &[&str]) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.set_nonblocking(true).expect("can be");
    let port = listener.local_addr().expect("an address").port();
    let config = RustlsConfig::from_config(tls(protocols));
    let server = from_tcp_rustls(listener, config).expect("a server");
    tokio::spawn(server.serve(router.into_make_service()));
    port
}

/// Short enough for tests, long enough for a busy machine.
pub fn limits() -> Limits {
    Limits {
        connect: Duration::from_secs(2),
        answer: Duration::from_secs(5),
        stall: Duration::from_secs(5),
        keep: Duration::from_secs(5),
        uploads: 3,
        upload_wait: Duration::from_millis(10),
    }
}

/// Settings for a platform at a port of this machine.
pub fn settings(port: u16, secret: SecretString) -> LinkSettings {
    let id = format!("bird@127.0.0.1:{port}/acme");
    LinkSettings {
        ca_file: Some(fixture("ca.pem")),
        host_id: Some("perch".to_owned()),
        limits: limits(),
        ..LinkSettings::new(ClientId::parse(&id).expect("a client id"), secret)
    }
}

/// A client secret, and the public part of its key.
pub fn secret() -> (String, SecretString) {
    let (key, secret) = ClientKey::generate("127.0.0.1");
    (key.public_jwk(), secret)
}

impl Platform {
    /// Begins to serve.
    pub fn start() -> Self {
        let platform = Self::default();
        let (jwk, secret) = secret();
        let _ = platform.0.secret.set(secret);
        let endpoint = platform.clone();
        let endpoint = post(async move |body: Bytes| endpoint.token(&jwk, &body));
        let router = Routes::new(BatonServiceServer::new(platform.clone()))
            .into_axum_router()
            .route("/auth/v1/token", endpoint);
        let _ = platform.0.port.set(serve(router, &["http/1.1", "h2"]));
        platform
    }

    pub fn port(&self) -> u16 {
        *self.0.port.get().expect("it was started")
    }

    pub fn settings(&self) -> LinkSettings {
        settings(self.port(), self.0.secret.get().expect("has one").clone())
    }

    pub fn link(&self) -> Link {
        Link::new(self.settings()).expect("good settings")
    }

    /// The next request for a token is answered so.
    pub fn token_answers(&self, answer: impl FnOnce() -> HttpResponse + Send + 'static) {
        let mut tokens = self.0.tokens.lock().expect("no panic");
        tokens.push_back(Box::new(answer));
    }

    /// The next call of the service is answered so.
    pub fn answers(&self, answer: Answer) {
        self.0.answers.lock().expect("no panic").push_back(answer);
    }

    /// Good tokens live so long; `None`: they do not say.
    pub fn lifetime(&self, seconds: Option<u64>) {
        *self.0.lifetime.lock().expect("no panic") = seconds;
    }

    /// Each answer of the service takes so long.
    pub fn pause(&self, pause: Duration) {
        *self.0.pause.lock().expect("no panic") = pause;
    }

    pub fn seen(&self) -> Seen {
        self.0.seen.lock().expect("no panic").clone()
    }

    /// The assertion of each request for a token has to be good now, by the clock of this machine.
    fn token(&self, jwk: &str, body: &[u8]) -> HttpResponse {
        let form = String::from_utf8_lossy(body).into_owned();
        self.0.seen.lock().expect("no panic").forms.push(form);
        let scripted = self.0.tokens.lock().expect("no panic").pop_front();
        if let Some(answer) = scripted {
            return answer();
        }
        let value = |name: &str| {
            let mut pairs = url::form_urlencoded::parse(body);
            let pair = pairs.find(|(key, _)| key == name);
            pair.map(|(_, value)| value.into_owned())
                .unwrap_or_default()
        };
        let client = ClientId::parse(&value("client_id")).expect("a client id");
        let (text, leeway) = (value("client_assertion"), Duration::from_secs(10));
        match Assertion::verify(&text, &client, jwk, SystemTime::now(), leeway) {
            Ok(_) => {
                let mut seen = self.0.seen.lock().expect("no panic");
                seen.tokens += 1;
                let lifetime = *self.0.lifetime.lock().expect("no panic");
                let mut answer = serde_json::json!({
                    "access_token": format!("token-{}", seen.tokens),
                    "token_type": "bearer",
                });
                if let Some(lifetime) = lifetime {
                    answer["expires_in"] = lifetime.into();
                }
                axum::Json(answer).into_response()
            }
            Err(error) => {
                let answer = serde_json::json!({
                    "error": "invalid_client",
                    "error_description": error.to_string(),
                });
                (axum::http::StatusCode::UNAUTHORIZED, axum::Json(answer)).into_response()
            }
        }
    }

    async fn called<T>(&self, method: &'static str, request: &Request<T>) -> Answer {
        let text = |name: &str| {
            let value = request.metadata().get(name);
            value
                .and_then(|value| value.to_str().ok())
                .unwrap_or_default()
                .to_owned()
        };
        let authorization = text("authorization");
        let newest = {
            let mut seen = self.0.seen.lock().expect("no panic");
            seen.user_agent = text("user-agent");
            seen.calls.push((method, authorization.clone()));
            format!("Bearer token-{}", seen.tokens)
        };
        let pause = *self.0.pause.lock().expect("no panic");
        tokio::time::sleep(pause).await;
        let scripted = self.0.answers.lock().expect("no panic").pop_front();
        match scripted {
            Some(answer) => answer,
            None if authorization == newest => Ok(()),
            None => Err(Status::unauthenticated(format!(
                "no such token: {authorization}"
            ))),
        }
    }
}

#[tonic::async_trait]
impl BatonService for Platform {
    async fn hello(
        &self,
        request: Request<BatonServiceHelloRequest>,
    ) -> Result<Response<BatonServiceHelloResponse>, Status> {
        self.called("Hello", &request).await?;
        self.0.seen.lock().expect("no panic").hello = Some(request.into_inner());
        Ok(Response::new(Default::default()))
    }

    async fn get_task(
        &self,
        request: Request<BatonServiceGetTaskRequest>,
    ) -> Result<Response<BatonServiceGetTaskResponse>, Status> {
        self.called("GetTask", &request).await?;
        Ok(Response::new(BatonServiceGetTaskResponse {
            task: Some(Task {
                id: request.into_inner().host_id,
                ..Task::default()
            }),
            ..BatonServiceGetTaskResponse::default()
        }))
    }

    async fn get_tasks(
        &self,
        request: Request<BatonServiceGetTasksRequest>,
    ) -> Result<Response<BatonServiceGetTasksResponse>, Status> {
        self.called("GetTasks", &request).await?;
        let request = request.into_inner();
        self.0.seen.lock().expect("no panic").known = request.known_task_ids;
        let tasks = vec![Task::default(); request.page_size as usize];
        Ok(Response::new(BatonServiceGetTasksResponse {
            tasks,
            ..BatonServiceGetTasksResponse::default()
        }))
    }

    async fn heartbeat(
        &self,
        request: Request<BatonServiceHeartbeatRequest>,
    ) -> Result<Response<BatonServiceHeartbeatResponse>, Status> {
        self.called("Heartbeat", &request).await?;
        Ok(Response::new(BatonServiceHeartbeatResponse {
            cancelled: request.into_inner().task_id == "cancelled",
            ..BatonServiceHeartbeatResponse::default()
        }))
    }

    async fn finish_task(
        &self,
        request: Request<BatonServiceFinishTaskRequest>,
    ) -> Result<Response<BatonServiceFinishTaskResponse>, Status> {
        self.called("FinishTask", &request).await?;
        let mut seen = self.0.seen.lock().expect("no panic");
        seen.finished.push(request.into_inner());
        Ok(Response::new(Default::default()))
    }

    async fn upload_asset(
        &self,
        request: Request<Streaming<BatonServiceUploadAssetRequest>>,
    ) -> Result<Response<BatonServiceUploadAssetResponse>, Status> {
        let number = {
            let mut seen = self.0.seen.lock().expect("no panic");
            seen.uploads.push(Vec::new());
            seen.uploads.len() - 1
        };
        let mut upload = Upload {
            platform: self,
            number,
            ended: false,
        };
        let answer = self.called("UploadAsset", &request).await;
        let mut messages = request.into_inner();
        if answer.is_err() {
            // In the middle, where the file has one.
            messages.message().await.ok();
            messages.message().await.ok();
            answer?;
        }
        while let Some(message) = messages.message().await? {
            upload.note(message.msg);
        }
        upload.ended = true;
        Ok(Response::new(Default::default()))
    }

    async fn start_debugging(
        &self,
        _: Request<StartDebuggingRequest>,
    ) -> Result<Response<StartDebuggingResponse>, Status> {
        Err(Status::unimplemented("not here"))
    }
}

/// An upload that comes. A stream that breaks off may end whoever reads it.
struct Upload<'p> {
    platform: &'p Platform,
    number: usize,
    ended: bool,
}

impl Upload<'_> {
    fn note(&self, msg: Option<Msg>) {
        let mut seen = self.platform.0.seen.lock().expect("no panic");
        seen.uploads[self.number].push(msg);
    }
}

impl Drop for Upload<'_> {
    fn drop(&mut self) {
        if !self.ended {
            self.note(None);
        }
    }
}
