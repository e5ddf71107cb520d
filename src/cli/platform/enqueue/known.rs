//! Where names are looked up: the last sync file that the connector uploaded, or another one.

use std::path::{Path, PathBuf};

use anyhow::anyhow;
use prost::Message;

use crate::c1z::message;
use crate::cli::change::{Stop, Synced};
use crate::model;
use crate::platform::{Client, Home, Queue, UploadKind};
use crate::proto::connector::v2::{Entitlement, Grant, Resource, ResourceId};

/// What is known of a connector's system.
pub(super) struct Known<'k> {
    home: &'k Home,
    queue: &'k Queue,
    client: &'k Client,
}

impl<'k> Known<'k> {
    pub fn new(home: &'k Home, queue: &'k Queue, client: &'k Client) -> Self {
        Self {
            home,
            queue,
            client,
        }
    }

    /// The sync file in which names are looked up.
    pub fn synced(&self, named: Option<&Path>) -> Result<Synced, Stop> {
        match named {
            Some(path) => Synced::open(path),
            None => Synced::open(&self.uploaded()?.ok_or_else(|| {
                let sentence = format!(
                    "`{}` has uploaded no sync file yet, in which names are looked up; `platform enqueue sync` asks for one, `--file` names another one",
                    self.client.name
                );
                Stop::Wrong(anyhow!(sentence))
            })?),
        }
    }

    /// A resource, with what a sync file knows of it where there is one.
    pub fn resource(&self, id: &model::ResourceId) -> Result<Resource, Stop> {
        let bare = Resource {
            id: Some(resource_id(id)),
            ..Resource::default()
        };
        let Some(path) = self.uploaded()? else {
            return Ok(bare);
        };
        match Synced::open(&path)?.resource("resource", id) {
            Ok(found) => as_sent(&message::resource::encode(&found)),
            // One that came to be since is there all the same.
            Err(Stop::Ask(_)) => Ok(bare),
            Err(stop) => Err(stop),
        }
    }

    fn uploaded(&self) -> Result<Option<PathBuf>, Stop> {
        let last = self.queue.last_sync(&self.client.id);
        let last = last.map_err(|error| Stop::Wrong(error.into()))?;
        let last = last.filter(|last| last.kind == UploadKind::Sync);
        Ok(last.map(|last| self.home.uploads().join(last.file)))
    }
}

/// The grant of an entitlement to somebody, each as a whole.
pub(super) fn whole_grant(synced: &Synced, grant: &model::Grant) -> Result<Grant, Stop> {
    let holding = synced.holding(grant.entitlement.as_str(), &grant.principal)?;
    let mut sent: Grant = as_sent(&message::grant::encode(grant))?;
    sent.entitlement = Some(entitlement(&holding.entitlement)?);
    sent.principal = Some(resource(&holding.principal)?);
    Ok(sent)
}

pub(super) fn entitlement(found: &model::Entitlement) -> Result<Entitlement, Stop> {
    as_sent(&message::entitlement::encode(found))
}

pub(super) fn resource(found: &model::Resource) -> Result<Resource, Stop> {
    as_sent(&message::resource::encode(found))
}

pub(super) fn resource_id(id: &model::ResourceId) -> ResourceId {
    ResourceId {
        resource_type: id.resource_type.to_string(),
        resource: id.id.clone(),
        ..ResourceId::default()
    }
}

fn as_sent<M: Message + Default>(bytes: &[u8]) -> Result<M, Stop> {
    M::decode(bytes).map_err(|error| Stop::Wrong(error.into()))
}
