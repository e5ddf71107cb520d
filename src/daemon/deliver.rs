//! Files of tasks → the platform.

use std::path::Path;

use async_trait::async_trait;
use tonic::Code;

use super::Failure;
use super::link::{Link, Parcel, RpcError};
use super::task::Deliver;

#[async_trait]
impl Deliver for Link {
    async fn deliver(&self, task_id: &str, file: &Path) -> Result<(), Failure> {
        let parcel = Parcel::file(file).map_err(|error| {
            let message = format!("the sync file cannot be read: {error}");
            Failure::retryable(Code::Internal, message)
        })?;
        let refused = |error: RpcError| {
            let message = format!("the sync file could not be uploaded: {error}");
            Failure::retryable(error.code, message)
        };
        self.upload(task_id, &parcel).await.map_err(refused)
    }
}
