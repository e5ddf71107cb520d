//! A plain gRPC client that does what a test says, and nothing by itself.

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use rolecall::platform::Credentials;
use rolecall::proto::connector::v2::ConnectorMetadata;
use rolecall::proto::connectorapi::baton::v1::baton_service_client::BatonServiceClient;
use rolecall::proto::connectorapi::baton::v1::baton_service_finish_task_request::{
    Error, FinalState, Success,
};
use rolecall::proto::connectorapi::baton::v1::baton_service_hello_request::{BuildInfo, OsInfo};
use rolecall::proto::connectorapi::baton::v1::baton_service_upload_asset_request::{
    Msg, UploadData, UploadEof, UploadMetadata,
};
use rolecall::proto::connectorapi::baton::v1::{
    BatonServiceFinishTaskRequest, BatonServiceGetTaskRequest, BatonServiceGetTaskResponse,
    BatonServiceHeartbeatRequest, BatonServiceHelloRequest, BatonServiceUploadAssetRequest, Task,
};
use rolecall::proto::google::rpc::Status as RpcStatus;
use rolecall::protocol::{Assertion, ClientId, ClientKey};
use secrecy::ExposeSecret as _;
use serde_json::Value as Json;
use sha2::{Digest as _, Sha256};
use tonic::metadata::MetadataValue;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint};
use tonic::{Code, Request, Status};

use super::site::Site;

type Service = BatonServiceClient<InterceptedService<Channel, Bearer>>;

/// A host of a client, with a token.
pub struct Caller {
    pub service: Service,
    pub host: String,
    pub token: String,
}

/// Adds a token to each call.
#[derive(Clone)]
pub struct Bearer(String);

impl tonic::service::Interceptor for Bearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        let value = MetadataValue::try_from(&self.0).expect("a header");
        request.metadata_mut().insert("authorization", value);
        Ok(request)
    }
}

/// Where a platform is, and the authority that it is believed by.
pub struct Place {
    pub host: String,
    pub ca: PathBuf,
}

/// A channel to a platform that trusts its authority.
async fn channel(place: &Place) -> Channel {
    let ca = std::fs::read(&place.ca).expect("a certificate");
    let tls = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(ca));
    Endpoint::from_shared(format!("https://{}", place.host))
        .expect("an address")
        .tls_config(tls)
        .expect("TLS")
        .connect_timeout(Duration::from_secs(10))
        .connect()
        .await
        .expect("a platform that answers")
}

/// Posts a form to the token endpoint.
pub async fn ask_for_token(place: &Place, form: &[(&str, &str)]) -> (u16, Json) {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let ca = std::fs::read(&place.ca).expect("a certificate");
    let ca = reqwest::Certificate::from_pem(&ca).expect("a certificate");
    let client = reqwest::Client::builder()
        .tls_certs_only([ca])
        .no_proxy()
        .build()
        .expect("a client");
    let body = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(form)
        .finish();
    let answer = client
        .post(format!("https://{}/auth/v1/token", place.host))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(body)
        .send()
        .await
        .expect("an answer");
    let status = answer.status().as_u16();
    (status, answer.json().await.expect("JSON"))
}

/// The form that asks for a token with an assertion made at `now`.
pub fn assertion(credentials: &Credentials, now: SystemTime) -> Vec<(&'static str, String)> {
    let client = ClientId::parse(&credentials.client_id).expect("a client id");
    let key = ClientKey::parse(&credentials.client_secret).expect("a client secret");
    let signed = Assertion::sign(&client, &key, now);
    vec![
        ("client_id", credentials.client_id.clone()),
        ("grant_type", "client_credentials".to_owned()),
        (
            "client_assertion_type",
            "urn:ietf:params:oauth:client-assertion-type:jwt-bearer".to_owned(),
        ),
        ("client_assertion", signed.expose_secret().to_owned()),
    ]
}

/// A form as [`ask_for_token`] takes it.
pub fn pairs<'f>(form: &'f [(&'static str, String)]) -> Vec<(&'static str, &'f str)> {
    form.iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect()
}

impl Caller {
    /// Gets a token and connects.
    pub async fn connect(site: &Site, credentials: &Credentials, host: &str) -> Self {
        Self::connect_at(&site.place(), credentials, host, site.now().into()).await
    }

    /// The same, wherever the platform is.
    pub async fn connect_at(
        place: &Place,
        credentials: &Credentials,
        host: &str,
        now: SystemTime,
    ) -> Self {
        let form = assertion(credentials, now);
        let (status, answer) = ask_for_token(place, &pairs(&form)).await;
        assert_eq!(status, 200, "{answer}");
        let token = answer["access_token"].as_str().expect("a token");
        Self::with_token_at(place, token, host).await
    }

    /// Connects with a token.
    pub async fn with_token(site: &Site, token: &str, host: &str) -> Self {
        Self::with_token_at(&site.place(), token, host).await
    }

    async fn with_token_at(place: &Place, token: &str, host: &str) -> Self {
        let bearer = Bearer(format!("Bearer {token}"));
        Self {
            service: BatonServiceClient::with_interceptor(channel(place).await, bearer),
            host: host.to_owned(),
            token: token.to_owned(),
        }
    }

    /// Another host of the same client.
    pub fn on(&self, host: &str) -> Self {
        Self {
            service: self.service.clone(),
            host: host.to_owned(),
            token: self.token.clone(),
        }
    }

    pub async fn hello(&mut self, task_id: &str) -> Result<(), Status> {
        let request = hello(&self.host, task_id);
        self.service.hello(request).await.map(drop)
    }

    pub async fn asks(&mut self) -> Result<BatonServiceGetTaskResponse, Status> {
        let host_id = self.host.clone();
        let request = BatonServiceGetTaskRequest { host_id };
        Ok(self.service.get_task(request).await?.into_inner())
    }

    /// The next task, where there is one.
    pub async fn task(&mut self) -> Option<Task> {
        self.asks().await.expect("an answer").task
    }

    /// Whether it may go on with a task.
    pub async fn beats(&mut self, task_id: &str) -> Result<bool, Status> {
        let request = BatonServiceHeartbeatRequest {
            host_id: self.host.clone(),
            task_id: task_id.to_owned(),
            ..Default::default()
        };
        let answer = self.service.heartbeat(request).await?.into_inner();
        assert!(answer.next_heartbeat.is_some(), "it says when to beat");
        Ok(!answer.cancelled)
    }

    pub async fn succeeds(&mut self, task_id: &str) -> Result<(), Status> {
        let request = success(&self.host, task_id);
        self.service.finish_task(request).await.map(drop)
    }

    pub async fn fails(
        &mut self,
        task_id: &str,
        code: Code,
        non_retryable: bool,
    ) -> Result<(), Status> {
        let request = failure(&self.host, task_id, code, non_retryable);
        self.service.finish_task(request).await.map(drop)
    }

    /// Uploads a file in parts of `chunk` bytes.
    pub async fn uploads(
        &mut self,
        task_id: &str,
        file: &[u8],
        chunk: usize,
    ) -> Result<(), Status> {
        let mut parts = vec![metadata(&self.host, task_id)];
        parts.extend(file.chunks(chunk).map(data));
        parts.push(eof(&Sha256::digest(file)));
        self.sends(parts).await
    }

    /// Sends these parts of an upload.
    pub async fn sends(
        &mut self,
        parts: Vec<BatonServiceUploadAssetRequest>,
    ) -> Result<(), Status> {
        let parts = futures::stream::iter(parts);
        self.service.upload_asset(parts).await.map(drop)
    }
}

/// A hello as a connector sends it.
pub fn hello(host: &str, task_id: &str) -> BatonServiceHelloRequest {
    let text = |text: &str| text.to_owned();
    BatonServiceHelloRequest {
        host_id: text(host),
        task_id: text(task_id),
        build_info: Some(BuildInfo {
            lang_version: text("1.0"),
            package: text("test"),
            package_version: text("0.0.0"),
        }),
        os_info: Some(OsInfo {
            hostname: text("host"),
            os: text("linux"),
            platform: text("linux"),
            platform_version: text("1"),
            platform_family: text("linux"),
            kernel_version: text("1"),
            kernel_arch: text("x86_64"),
            virtualization_system: text("none"),
        }),
        connector_metadata: Some(ConnectorMetadata {
            display_name: text("Test"),
            ..Default::default()
        }),
        annotations: Vec::new(),
    }
}

pub fn success(host: &str, task_id: &str) -> BatonServiceFinishTaskRequest {
    BatonServiceFinishTaskRequest {
        host_id: host.to_owned(),
        task_id: task_id.to_owned(),
        status: None,
        final_state: Some(FinalState::Success(Success::default())),
    }
}

pub fn failure(
    host: &str,
    task_id: &str,
    code: Code,
    non_retryable: bool,
) -> BatonServiceFinishTaskRequest {
    BatonServiceFinishTaskRequest {
        host_id: host.to_owned(),
        task_id: task_id.to_owned(),
        status: Some(RpcStatus {
            code: code.into(),
            message: "it did not work".to_owned(),
            details: Vec::new(),
        }),
        final_state: Some(FinalState::Error(Error {
            non_retryable,
            ..Default::default()
        })),
    }
}

fn part(msg: Msg) -> BatonServiceUploadAssetRequest {
    BatonServiceUploadAssetRequest { msg: Some(msg) }
}

pub fn metadata(host: &str, task_id: &str) -> BatonServiceUploadAssetRequest {
    part(Msg::Metadata(UploadMetadata {
        host_id: host.to_owned(),
        task_id: task_id.to_owned(),
        annotations: Vec::new(),
    }))
}

pub fn data(data: &[u8]) -> BatonServiceUploadAssetRequest {
    let data = data.to_vec();
    part(Msg::Data(UploadData { data }))
}

pub fn eof(checksum: &[u8]) -> BatonServiceUploadAssetRequest {
    part(Msg::Eof(UploadEof {
        sha256_checksum: checksum.to_vec(),
        annotations: Vec::new(),
    }))
}
