//! Everything that the platform answers on its one port.

use axum::Router;
use axum::routing::post;
use tonic::service::Routes;

use super::{Platform, token_endpoint};
use crate::proto::connectorapi::baton::v1::baton_service_server::BatonServiceServer;

impl Platform {
    /// The token endpoint and the service, for HTTP/1.1 and HTTP/2.
    pub fn router(&self) -> Router {
        let platform = self.clone();
        let service = BatonServiceServer::with_interceptor(self.clone(), move |request| {
            platform.authenticate(request)
        });
        let token = post(token_endpoint::token).with_state(self.clone());
        Routes::new(service)
            .into_axum_router()
            .route("/auth/v1/token", token)
    }
}
