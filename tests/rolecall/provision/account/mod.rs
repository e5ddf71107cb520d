//! Accounts, their passwords, and resources that come and go. Whatever is told of a change, and all
//! that it leaves, is searched for the password.

mod api;
mod databases;
mod killed;
mod logins;
mod rabbitmq;
mod types;
mod witness;

use rolecall::model::ResourceId;
use rolecall::provision::Target;
use serde_json::{Map, Value as Json};

/// A form that was filled in.
pub fn form(fields: Json) -> Map<String, Json> {
    match fields {
        Json::Object(fields) => fields,
        other => panic!("a form is an object, not {other}"),
    }
}

/// A resource of which only the id is known.
pub fn target(resource_type: &str, id: &str) -> Target {
    Target {
        id: ResourceId::new(resource_type, id),
        known: None,
    }
}
