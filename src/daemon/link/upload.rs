//! `UploadAsset`: a file → the platform, in parts, with its checksum at the end.

use std::pin::pin;

use futures::stream;
use sha2::{Digest as _, Sha256};
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};
use tonic::{Code, Request};

use super::call::Link;
use super::error::RpcError;
use super::grpc::Ended;
use super::parcel::{Parcel, ParcelError};
use crate::proto::connectorapi::baton::v1::BatonServiceUploadAssetRequest;
use crate::proto::connectorapi::baton::v1::baton_service_upload_asset_request::{
    Msg, UploadData, UploadEof, UploadMetadata,
};
use crate::protocol::UPLOAD_CHUNK;
use crate::source::Backoff;

const METHOD: &str = "UploadAsset";

impl Link {
    /// Uploads a file for a task, also while it is still being written. Where that fails for a
    /// reason that may pass, it begins again, several times; the file is read again, and nothing is
    /// synced again.
    ///
    /// A file that is not finished is broken off, so that the platform never takes a part for all.
    pub async fn upload(&self, task_id: &str, parcel: &Parcel) -> Result<(), RpcError> {
        let limits = self.limits();
        let backoff = Backoff {
            attempts: limits.uploads,
            initial: limits.upload_wait,
            longest: limits.upload_wait * 60,
        };
        let mut failed = 0;
        let mut token_refused = false;
        loop {
            let error = match self.upload_once(task_id, parcel).await {
                Ok(()) => return Ok(()),
                Err(Broken::Parcel(error)) => return Err(error),
                Err(Broken::Call(error)) => error,
            };
            // The token that was refused is forgotten by now.
            if error.code == Code::Unauthenticated && !token_refused {
                token_refused = true;
                continue;
            }
            failed += 1;
            let Some(wait) = backoff.wait(failed).filter(|_| error.is_transient()) else {
                return Err(error);
            };
            let wait = wait.max(error.retry_after.unwrap_or_default());
            let wait_ms = wait.as_millis();
            tracing::warn!(task_id, reason = %error, attempt = failed, wait_ms, "the upload begins again");
            sleep(wait).await;
        }
    }

    async fn upload_once(&self, task_id: &str, parcel: &Parcel) -> Result<(), Broken> {
        let token = self.token().await?;
        let (to, messages) = mpsc::channel(1);
        let messages = stream::unfold(messages, async |mut messages| {
            Some((messages.recv().await?, messages))
        });
        let mut request = Request::new(messages);
        let ended = Ended::default();
        request.extensions_mut().insert(ended.clone());
        token.put_on(&mut request);
        let (mut service, number) = self.service();
        let mut answer = pin!(service.upload_asset(request));
        let mut send = pin!(self.send(task_id, parcel, number, to, &ended));
        let answered = tokio::select! {
            biased;
            sent = &mut send => {
                sent?;
                let keep = self.limits().keep;
                match timeout(keep, answer).await {
                    Ok(answered) => answered,
                    Err(_) => return Err(self.silent(number, METHOD, keep).into()),
                }
            }
            early = &mut answer => match early {
                Ok(_) => {
                    let message = format!("`{}` ends an upload before all of it was sent", self.place());
                    return Err(RpcError::new(Code::Unknown, message).into());
                }
                refused => refused,
            },
        };
        match answered {
            Ok(_) => Ok(()),
            Err(status) => {
                let error = self.failed(&status, METHOD);
                if error.code == Code::Unauthenticated {
                    self.refuse(&token).await;
                }
                Err(error.into())
            }
        }
    }

    /// Hands over message after message. Returns when all of them were taken, or when nobody takes
    /// them any more: then the answer says why.
    async fn send(
        &self,
        task_id: &str,
        parcel: &Parcel,
        number: u64,
        to: mpsc::Sender<BatonServiceUploadAssetRequest>,
        ended: &Ended,
    ) -> Result<(), Broken> {
        let stall = self.limits().stall;
        let send = async |msg: Msg| {
            let message = BatonServiceUploadAssetRequest { msg: Some(msg) };
            match timeout(stall, to.send(message)).await {
                Ok(sent) => Ok(sent.is_ok()),
                Err(_) => Err(self.silent(number, METHOD, stall)),
            }
        };
        let mut going = send(Msg::Metadata(UploadMetadata {
            host_id: self.host_id().to_owned(),
            task_id: task_id.to_owned(),
            annotations: Vec::new(),
        }))
        .await?;
        let mut reading = parcel.read();
        let mut checksum = Sha256::new();
        while going {
            let data = reading.next(UPLOAD_CHUNK).await?;
            if data.is_empty() {
                let sha256_checksum = checksum.finalize().to_vec();
                send(Msg::Eof(UploadEof {
                    sha256_checksum,
                    annotations: Vec::new(),
                }))
                .await?;
                ended.set();
                return Ok(());
            }
            checksum.update(&data);
            going = send(Msg::Data(UploadData { data })).await?;
        }
        // The answer is on its way.
        sleep(self.limits().keep).await;
        Err(self.silent(number, METHOD, self.limits().keep).into())
    }
}

/// Why an upload ended before its end.
enum Broken {
    /// There is nothing to upload.
    Parcel(RpcError),
    /// The platform, or the way to it.
    Call(RpcError),
}

impl From<RpcError> for Broken {
    fn from(error: RpcError) -> Self {
        Broken::Call(error)
    }
}

impl From<ParcelError> for Broken {
    fn from(error: ParcelError) -> Self {
        let source = std::error::Error::source(&error).map(|source| format!(": {source}"));
        let message = format!("{error}{}", source.unwrap_or_default());
        Broken::Parcel(RpcError::new(Code::Aborted, message))
    }
}
