//! Files of tasks → the platform.

use async_trait::async_trait;

use super::Failure;
use super::link::{Link, Parcel, RpcError};
use super::task::Deliver;

#[async_trait]
impl Deliver for Link {
    async fn deliver(&self, task_id: &str, parcel: &Parcel) -> Result<(), Failure> {
        let refused = |error: RpcError| {
            let message = format!("the sync file could not be uploaded: {error}");
            Failure::retryable(error.code, message)
        };
        self.upload(task_id, parcel).await.map_err(refused)
    }
}
