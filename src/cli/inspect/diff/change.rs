//! A row that differs → the change it stands for, in the words of the field.

use serde::Serialize;
use serde_json::{Value, json};

use super::fields::{self, ChangedField};
use crate::c1z::Sync;
use crate::c1z::diff::{Difference, Facts};
use crate::cli::inspect::grants;
use crate::cli::inspect::names::Names;
use crate::cli::inspect::view::{EntitlementView, GrantView, ResourceView};
use crate::model::ResourceType;

/// What happened to something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Happened {
    Added,
    Removed,
    Changed,
}

/// One change: what happened, and to what. What was changed or added is shown as it is now.
#[derive(Serialize)]
pub(super) struct Change {
    pub change: Happened,
    #[serde(flatten)]
    pub what: What,
    /// The fields that differ, when something was changed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<ChangedField>,
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum What {
    ResourceType(Value),
    Resource(Box<ResourceView>),
    Entitlement(Box<EntitlementView>),
    Grant(Box<GrantView>),
}

impl What {
    pub fn facts(&self) -> Facts {
        match self {
            What::ResourceType(_) => Facts::ResourceTypes,
            What::Resource(_) => Facts::Resources,
            What::Entitlement(_) => Facts::Entitlements,
            What::Grant(_) => Facts::Grants,
        }
    }
}

/// Two runs, and the names of what they hold.
pub(super) struct Changes<'s> {
    from: Reader<'s>,
    to: Reader<'s>,
}

impl<'s> Changes<'s> {
    pub fn between(from: &'s Sync<'s>, to: &'s Sync<'s>) -> Self {
        let [from, to] = [from, to].map(|sync| Reader {
            sync,
            names: Names::of(sync),
        });
        Self { from, to }
    }

    /// The change that a difference stands for. `None` when nothing that is told differs.
    pub fn of(&self, facts: Facts, difference: Difference) -> anyhow::Result<Option<Change>> {
        let (change, what, fields) = match difference {
            Difference::Added(row) => (Happened::Added, self.to.read(facts, row)?.1, Vec::new()),
            Difference::Removed(row) => {
                (Happened::Removed, self.from.read(facts, row)?.1, Vec::new())
            }
            Difference::Changed(old, new) => {
                let (before, _) = self.from.read(facts, old)?;
                let (after, what) = self.to.read(facts, new)?;
                let fields = fields::changed(before, after);
                if fields.is_empty() {
                    return Ok(None);
                }
                (Happened::Changed, what, fields)
            }
        };
        Ok(Some(Change {
            change,
            what,
            fields,
        }))
    }
}

struct Reader<'s> {
    sync: &'s Sync<'s>,
    names: Names<'s>,
}

impl Reader<'_> {
    /// The fields of what is in a row, and what to show of it.
    fn read(&self, facts: Facts, row: i64) -> anyhow::Result<(Value, What)> {
        Ok(match facts {
            Facts::ResourceTypes => {
                let it = self.sync.resource_type_at(row)?;
                (
                    fields::of_resource_type(&it),
                    What::ResourceType(type_view(&it)),
                )
            }
            Facts::Resources => {
                let it = self.sync.resource_at(row)?;
                let view = ResourceView::from(&it);
                (fields::of_resource(&it), What::Resource(Box::new(view)))
            }
            Facts::Entitlements => {
                let it = self.sync.entitlement_at(row)?;
                let view = EntitlementView::from(&it);
                (
                    fields::of_entitlement(&it),
                    What::Entitlement(Box::new(view)),
                )
            }
            Facts::Grants => {
                let it = self.sync.grant_at(row)?;
                let view = grants::view(&it, &self.names)?;
                (fields::of_grant(&it), What::Grant(Box::new(view)))
            }
        })
    }
}

fn type_view(of: &ResourceType) -> Value {
    json!({ "id": of.id.0, "display_name": of.display_name })
}
