//! The service that connectors call: what they ask → the queue, and its answers.

use std::time::Duration;

use tonic::{Request, Response, Status, Streaming};

use super::queue::Worker;
use super::{Platform, PlatformError, Refusal, check, receive};
use crate::proto::connectorapi::baton::v1::baton_service_server::BatonService;
use crate::proto::connectorapi::baton::v1::{
    BatonServiceFinishTaskRequest, BatonServiceFinishTaskResponse, BatonServiceGetTaskRequest,
    BatonServiceGetTaskResponse, BatonServiceGetTasksRequest, BatonServiceGetTasksResponse,
    BatonServiceHeartbeatRequest, BatonServiceHeartbeatResponse, BatonServiceHelloRequest,
    BatonServiceHelloResponse, BatonServiceUploadAssetRequest, BatonServiceUploadAssetResponse,
    StartDebuggingRequest, StartDebuggingResponse, Task,
};

/// Whose call it is: the client id that the access token is for.
#[derive(Debug, Clone)]
pub(super) struct Caller(pub String);

type Answer<T> = Result<Response<T>, Status>;

#[tonic::async_trait]
impl BatonService for Platform {
    async fn hello(
        &self,
        request: Request<BatonServiceHelloRequest>,
    ) -> Answer<BatonServiceHelloResponse> {
        let (caller, request) = taken_apart(request)?;
        check::hello(&request)?;
        let now = self.now();
        tracing::info!(
            client.id = caller,
            host.id = request.host_id,
            task.id = request.task_id,
            "a connector says hello"
        );
        self.blocking(move |platform| {
            platform.0.clients.said_hello(&caller, &request, now)?;
            if request.task_id.is_empty() {
                return Ok(());
            }
            let worker = Worker {
                client: &caller,
                host: &request.host_id,
            };
            platform.queue().finish_hello(worker, &request.task_id, now)
        })
        .await?;
        Ok(Response::new(BatonServiceHelloResponse::default()))
    }

    async fn get_task(
        &self,
        request: Request<BatonServiceGetTaskRequest>,
    ) -> Answer<BatonServiceGetTaskResponse> {
        let (caller, request) = taken_apart(request)?;
        check::host(&request.host_id)?;
        let mut taken = self.take(caller, request.host_id, 1, Vec::new()).await?;
        let task = taken.pop();
        Ok(Response::new(BatonServiceGetTaskResponse {
            next_poll: span(self.0.timing.next_poll(task.is_some())),
            next_heartbeat: span(self.0.timing.heartbeat()),
            task,
            annotations: Vec::new(),
        }))
    }

    async fn get_tasks(
        &self,
        request: Request<BatonServiceGetTasksRequest>,
    ) -> Answer<BatonServiceGetTasksResponse> {
        let (caller, request) = taken_apart(request)?;
        check::get_tasks(&request)?;
        let most = request.page_size as usize;
        let tasks = self
            .take(caller, request.host_id, most, request.known_task_ids)
            .await?;
        Ok(Response::new(BatonServiceGetTasksResponse {
            next_poll: span(self.0.timing.next_poll(!tasks.is_empty())),
            next_heartbeat: span(self.0.timing.heartbeat()),
            tasks,
            annotations: Vec::new(),
        }))
    }

    async fn heartbeat(
        &self,
        request: Request<BatonServiceHeartbeatRequest>,
    ) -> Answer<BatonServiceHeartbeatResponse> {
        let (caller, request) = taken_apart(request)?;
        check::heartbeat(&request)?;
        let now = self.now();
        let (cancelled, cancelled_task_ids) = self
            .blocking(move |platform| {
                let worker = Worker {
                    client: &caller,
                    host: &request.host_id,
                };
                let beat = |id: &str| platform.queue().heartbeat(worker, id, now);
                let goes_on = request.task_id.is_empty() || beat(&request.task_id)?;
                let mut stopped = Vec::new();
                for id in request.task_ids {
                    match beat(&id) {
                        Ok(true) => {}
                        // Of several, one that is not there must not keep the others from theirs.
                        Ok(false) | Err(Refusal::Unknown(_)) => stopped.push(id),
                        Err(refusal) => return Err(refusal),
                    }
                }
                Ok((!goes_on, stopped))
            })
            .await?;
        Ok(Response::new(BatonServiceHeartbeatResponse {
            next_heartbeat: span(self.0.timing.heartbeat()),
            cancelled,
            cancelled_task_ids,
            annotations: Vec::new(),
        }))
    }

    async fn finish_task(
        &self,
        request: Request<BatonServiceFinishTaskRequest>,
    ) -> Answer<BatonServiceFinishTaskResponse> {
        let (caller, request) = taken_apart(request)?;
        check::finish(&request)?;
        let now = self.now();
        self.blocking(move |platform| {
            let finished = platform.queue().finish(&request, &caller, now);
            let (task, host) = (&request.task_id, &request.host_id);
            match &finished {
                Ok(()) => {
                    tracing::info!(task.id = task, host.id = host, "a task was answered");
                }
                Err(refusal) => tracing::warn!(
                    task.id = task,
                    host.id = host,
                    reason = %refusal,
                    "an answer was refused"
                ),
            }
            finished
        })
        .await?;
        Ok(Response::new(BatonServiceFinishTaskResponse::default()))
    }

    async fn upload_asset(
        &self,
        request: Request<Streaming<BatonServiceUploadAssetRequest>>,
    ) -> Answer<BatonServiceUploadAssetResponse> {
        let (caller, parts) = taken_apart(request)?;
        receive::receive(self, &caller, parts).await?;
        Ok(Response::new(BatonServiceUploadAssetResponse::default()))
    }

    async fn start_debugging(
        &self,
        _: Request<StartDebuggingRequest>,
    ) -> Answer<StartDebuggingResponse> {
        Err(Status::unimplemented(
            "this platform starts no debugging: the field `debug` of a task does",
        ))
    }
}

impl Platform {
    async fn take(
        &self,
        client: String,
        host: String,
        most: usize,
        known: Vec<String>,
    ) -> Result<Vec<Task>, Status> {
        let now = self.now();
        self.blocking(move |platform| {
            let worker = Worker {
                client: &client,
                host: &host,
            };
            platform.queue().take(worker, most, &known, now)
        })
        .await
    }

    /// Does something that blocks beside what does not.
    pub(super) async fn blocking<T: Send + 'static>(
        &self,
        act: impl FnOnce(&Platform) -> Result<T, Refusal> + Send + 'static,
    ) -> Result<T, Status> {
        let platform = self.clone();
        let done = tokio::task::spawn_blocking(move || act(&platform)).await;
        let done = done.map_err(|_| Status::internal("the platform failed"))?;
        done.map_err(Status::from)
    }

    /// Whose call it is, by its access token.
    pub(super) fn authenticate(&self, mut request: Request<()>) -> Result<Request<()>, Status> {
        let denied = || Status::unauthenticated("the access token is missing, unknown or expired");
        let header = request.metadata().get("authorization").ok_or_else(denied)?;
        let header = header.to_str().map_err(|_| denied())?;
        let (kind, token) = header.split_once(' ').ok_or_else(denied)?;
        if !kind.eq_ignore_ascii_case("bearer") {
            return Err(denied());
        }
        let client = self.0.tokens.client(token, self.now().into());
        request
            .extensions_mut()
            .insert(Caller(client.ok_or_else(denied)?));
        Ok(request)
    }
}

fn taken_apart<T>(request: Request<T>) -> Result<(String, T), Status> {
    let caller = request.extensions().get::<Caller>();
    let caller = caller.ok_or_else(|| Status::unauthenticated("the access token is missing"))?;
    Ok((caller.0.clone(), request.into_inner()))
}

fn span(time: Duration) -> Option<prost_types::Duration> {
    prost_types::Duration::try_from(time).ok()
}

impl From<PlatformError> for Status {
    fn from(error: PlatformError) -> Self {
        Refusal::from(error).into()
    }
}
