//! The sync of another system → its principals beside the facts of a run, and grants to them in the
//! place of grants to whoever they are there.

mod copy;
mod fold;
mod principals;
mod stand_ins;

use std::path::Path;

use prost::Name as _;
use rusqlite::Connection;

use super::failure::Failure;
use crate::c1z::message::annotation_name;
use crate::c1z::{C1zError, External};
use crate::model::{Annotation, Resource, SyncId};
use crate::proto::connector::v2 as proto;
use crate::sync::{Matched, PageFacts};

use copy::Copying;
use principals::Principals;

/// Copies the principals of another system, and grants them what stand-ins held for them.
pub(super) fn bring_in(
    external: &External,
    db: &Connection,
    path: &Path,
    run: &SyncId,
    now: &str,
) -> Result<Matched, C1zError> {
    let explain =
        |failure| Failure::explain("match the principals of another system", path)(failure);
    let mut matched = Matched::default();
    let wanted = stand_ins::set_aside(db).map_err(explain)?;
    let mut principals = Principals::of(wanted);
    let copying = Copying {
        db,
        run: &run.0,
        now,
        explain: &explain,
    };
    copying.copy(external, &mut principals, &mut matched)?;
    stand_ins::replace(db, &run.0, now, &principals, &mut matched).map_err(explain)?;
    Ok(matched)
}

/// Marks a resource as one of another system: the way of all Baton tools.
fn mark(resource: &mut Resource) {
    if !is_marked(resource) {
        resource.annotations.push(Annotation {
            type_url: proto::BatonId::type_url(),
            value: Vec::new(),
        });
    }
}

fn is_marked(resource: &Resource) -> bool {
    let name = proto::BatonId::full_name();
    let mut annotations = resource.annotations.iter();
    annotations.any(|it| annotation_name(it) == name)
}

/// A resource of a page that says of itself that it is one of another system. Nothing a connector
/// brings may: such resources are taken for principals that can be replaced.
pub(super) fn marked_in(page: &PageFacts) -> Option<&Resource> {
    let resources = page.resources.iter();
    let resources = resources.chain(page.entitlements.iter().map(|it| &it.resource));
    let mut resources = resources.chain(page.grants.iter().map(|it| &*it.resource));
    resources.find(|resource| is_marked(resource))
}
