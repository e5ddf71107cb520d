//! `inspect … resources`.

use super::render::{Row, Screen};
use super::select::TypeArgs;
use super::view::ResourceView;
use crate::c1z::Sync;

/// Which resources to list.
#[derive(Debug, clap::Args)]
pub(super) struct ResourcesArgs {
    #[command(flatten)]
    of: TypeArgs,
}

pub(super) fn run(args: &ResourcesArgs, sync: &Sync, screen: &mut Screen) -> anyhow::Result<()> {
    let of = args.of.resource_type(sync)?;
    let views = sync
        .resources(of.as_ref())
        .map(|resource| Ok(ResourceView::from(&resource?)));
    screen.list(sync.run(), ("resource", "resources"), views)
}

impl Row for ResourceView {
    const TITLES: &'static [&'static str] = &["Type", "ID", "Name", "Description", "Parent"];

    fn cells(&self) -> Vec<String> {
        let name = if self.is_unlisted {
            "(not listed)"
        } else {
            &self.display_name
        };
        let parent = self.parent.as_ref();
        vec![
            self.resource_type.clone(),
            self.id.clone(),
            name.to_owned(),
            self.description.clone(),
            parent
                .map(|id| format!("{}:{}", id.resource_type, id.id))
                .unwrap_or_default(),
        ]
    }

    const NAMES: &'static [&'static str] = &[
        "resource_type",
        "id",
        "display_name",
        "description",
        "parent_resource_type",
        "parent_id",
        "login",
        "email",
        "status",
        "account_type",
    ];

    fn values(&self) -> Vec<String> {
        let parent = self.parent.as_ref();
        let user = self.user.as_ref();
        let primary = user.and_then(|user| {
            user.emails
                .iter()
                .find(|email| email.is_primary)
                .or(user.emails.first())
        });
        vec![
            self.resource_type.clone(),
            self.id.clone(),
            self.display_name.clone(),
            self.description.clone(),
            parent
                .map(|id| id.resource_type.clone())
                .unwrap_or_default(),
            parent.map(|id| id.id.clone()).unwrap_or_default(),
            user.map(|user| user.login.clone()).unwrap_or_default(),
            primary
                .map(|email| email.address.clone())
                .unwrap_or_default(),
            user.and_then(|user| user.status)
                .unwrap_or_default()
                .to_owned(),
            user.and_then(|user| user.account_type)
                .unwrap_or_default()
                .to_owned(),
        ]
    }
}
