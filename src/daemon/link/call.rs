//! The calls of a platform's service.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use tokio::time::timeout;
use tonic::{Code, Request, Response, Status};

use super::client::Clients;
use super::error::RpcError;
use super::grpc::Grpc;
use super::settings::{Limits, LinkError, LinkSettings};
use super::token::{Token, Tokens};
use crate::daemon::host::{build_info, os_info};
use crate::host_name::host_name;
use crate::proto::connector::v2::ConnectorMetadata;
use crate::proto::connectorapi::baton::v1::baton_service_client::BatonServiceClient;
use crate::proto::connectorapi::baton::v1::{
    BatonServiceFinishTaskRequest, BatonServiceGetTaskRequest, BatonServiceGetTaskResponse,
    BatonServiceGetTasksRequest, BatonServiceGetTasksResponse, BatonServiceHeartbeatRequest,
    BatonServiceHeartbeatResponse, BatonServiceHelloRequest,
};
use crate::protocol::{ClientKey, authority};

/// The largest answer that is read: a hundred tasks with everything they may hold.
const LARGEST_ANSWER: usize = 16 << 20;

/// The most tasks that are asked for at once.
const MOST_TASKS: u32 = 100;

/// What a platform offers, with the token on each call.
pub(super) type Service = BatonServiceClient<Grpc>;

/// A platform, reached as one of its clients. Cheap to clone: all clones share the connection and
/// the token.
#[derive(Clone)]
pub struct Link(Arc<Shared>);

struct Shared {
    /// Where the platform is: `HOST` or `HOST:PORT`.
    place: Arc<str>,
    host_id: String,
    limits: Limits,
    tokens: Tokens,
    clients: Clients,
    wire: RwLock<Wire>,
}

/// The connection in use.
#[derive(Clone)]
struct Wire {
    grpc: Grpc,
    /// How many there were before.
    number: u64,
}

impl Link {
    /// Gets ready to reach a platform. Nothing is sent yet.
    pub fn new(settings: LinkSettings) -> Result<Self, LinkError> {
        let key = ClientKey::parse(&settings.client_secret)?;
        let place: Arc<str> = match &settings.host {
            Some(host) => authority(host.trim())
                .map_err(LinkError::Host)?
                .as_str()
                .into(),
            None => settings.client_id.authority().into(),
        };
        let host_id = settings.host_id.clone().or_else(host_name);
        let host_id = host_id.unwrap_or_else(|| "rolecall".to_owned());
        let length = host_id.chars().count();
        if !(1..=256).contains(&length) {
            return Err(LinkError::HostId(length));
        }
        let clients = Clients::new(&settings)?;
        let tokens = Tokens::new(&settings, key, clients.token()?, place.clone());
        let grpc = Grpc {
            client: clients.grpc()?,
            place: place.clone(),
            clock: tokens.clock.clone(),
        };
        Ok(Self(Arc::new(Shared {
            place,
            host_id,
            limits: settings.limits,
            tokens,
            clients,
            wire: RwLock::new(Wire { grpc, number: 0 }),
        })))
    }

    /// How this process calls itself in every request.
    pub fn host_id(&self) -> &str {
        &self.0.host_id
    }

    /// Where the platform is: `HOST` or `HOST:PORT`.
    pub fn place(&self) -> &str {
        &self.0.place
    }

    /// Tells the platform who is there. `task_id` is empty but for the answer to a hello task.
    pub async fn hello(&self, task_id: &str, metadata: &ConnectorMetadata) -> Result<(), RpcError> {
        let request = BatonServiceHelloRequest {
            host_id: self.0.host_id.clone(),
            task_id: task_id.to_owned(),
            build_info: Some(build_info()),
            os_info: Some(os_info()),
            connector_metadata: Some(metadata.clone()),
            annotations: Vec::new(),
        };
        let limit = self.0.limits.answer;
        self.call("Hello", limit, request, |mut service, request| async move {
            service.hello(request).await
        })
        .await
        .map(drop)
    }

    /// Asks for a task.
    pub async fn get_task(&self) -> Result<BatonServiceGetTaskResponse, RpcError> {
        let request = BatonServiceGetTaskRequest {
            host_id: self.0.host_id.clone(),
        };
        // A platform may hold the answer back until there is a task.
        let limit = self.0.limits.answer * 2;
        self.call(
            "GetTask",
            limit,
            request,
            |mut service, request| async move { service.get_task(request).await },
        )
        .await
    }

    /// Asks for several tasks, but not for those that are known already.
    pub async fn get_tasks(
        &self,
        page_size: u32,
        known: Vec<String>,
    ) -> Result<BatonServiceGetTasksResponse, RpcError> {
        let request = BatonServiceGetTasksRequest {
            host_id: self.0.host_id.clone(),
            page_size: page_size.clamp(1, MOST_TASKS),
            known_task_ids: known,
            annotations: Vec::new(),
        };
        let limit = self.0.limits.answer * 2;
        self.call(
            "GetTasks",
            limit,
            request,
            |mut service, request| async move { service.get_tasks(request).await },
        )
        .await
    }

    /// Says that a task is still being worked on, and hears whether it is still wanted.
    pub async fn heartbeat(
        &self,
        task_id: &str,
    ) -> Result<BatonServiceHeartbeatResponse, RpcError> {
        let request = BatonServiceHeartbeatRequest {
            host_id: self.0.host_id.clone(),
            task_id: task_id.to_owned(),
            ..BatonServiceHeartbeatRequest::default()
        };
        let limit = self.0.limits.answer;
        self.call(
            "Heartbeat",
            limit,
            request,
            |mut service, request| async move { service.heartbeat(request).await },
        )
        .await
    }

    /// Hands over what a task came to.
    pub async fn finish(&self, request: &BatonServiceFinishTaskRequest) -> Result<(), RpcError> {
        let limit = self.0.limits.answer;
        let request = request.clone();
        self.call(
            "FinishTask",
            limit,
            request,
            |mut service, request| async move { service.finish_task(request).await },
        )
        .await
        .map(drop)
    }

    /// Makes a call. Where the platform does not take the token, it is made once more with a new
    /// one.
    async fn call<Q, A, F>(
        &self,
        method: &'static str,
        limit: Duration,
        request: Q,
        send: impl Fn(Service, Request<Q>) -> F,
    ) -> Result<A, RpcError>
    where
        Q: Clone,
        F: Future<Output = Result<Response<A>, Status>>,
    {
        let token = self.token().await?;
        let first = self.once(method, limit, &token, request.clone(), &send);
        match first.await {
            Err(error) if error.code == Code::Unauthenticated => {
                self.refuse(&token).await;
                let token = self.token().await?;
                self.once(method, limit, &token, request, &send).await
            }
            answer => answer,
        }
    }

    async fn once<Q, A, F>(
        &self,
        method: &'static str,
        limit: Duration,
        token: &Token,
        request: Q,
        send: impl Fn(Service, Request<Q>) -> F,
    ) -> Result<A, RpcError>
    where
        F: Future<Output = Result<Response<A>, Status>>,
    {
        let mut request = Request::new(request);
        request.set_timeout(limit);
        token.put_on(&mut request);
        let (service, number) = self.service();
        match timeout(limit, send(service, request)).await {
            Ok(Ok(response)) => Ok(response.into_inner()),
            Ok(Err(status)) => Err(self.failed(&status, method)),
            Err(_) => Err(self.silent(number, method, limit)),
        }
    }

    /// A token that is good as far as is known.
    pub(super) async fn token(&self) -> Result<Token, RpcError> {
        self.0.tokens.get().await
    }

    /// The platform does not take this token any more.
    pub(super) async fn refuse(&self, token: &Token) {
        self.0.tokens.refuse(token).await;
    }

    /// The service through the connection in use, and the number of that.
    pub(super) fn service(&self) -> (Service, u64) {
        let wire = self.0.wire.read().unwrap_or_else(PoisonError::into_inner);
        let origin = format!("https://{}", self.0.place);
        let origin = origin.parse().expect("it was read as an authority");
        let service = BatonServiceClient::with_origin(wire.grpc.clone(), origin);
        let service = service.max_decoding_message_size(LARGEST_ANSWER);
        (service, wire.number)
    }

    pub(super) fn limits(&self) -> &Limits {
        &self.0.limits
    }

    /// Why a call was not answered as it should.
    pub(super) fn failed(&self, status: &Status, method: &str) -> RpcError {
        let tokens = &self.0.tokens;
        let clean = |text: &str| tokens.clean(text);
        RpcError::of(status, method, &self.0.place, tokens.clock.now(), clean)
    }

    /// A call was not answered at all. The connection may be dead, so that the next call gets
    /// another one; those that use it still may go on.
    pub(super) fn silent(&self, number: u64, method: &str, limit: Duration) -> RpcError {
        let mut wire = self.0.wire.write().unwrap_or_else(PoisonError::into_inner);
        if wire.number == number
            && let Ok(client) = self.0.clients.grpc()
        {
            wire.grpc.client = client;
            wire.number += 1;
        }
        let place = &self.0.place;
        let seconds = limit.as_secs_f64();
        let message = format!("`{place}` does not answer `{method}` within {seconds}s");
        RpcError::new(Code::DeadlineExceeded, message)
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Link({})", self.0.place)
    }
}
