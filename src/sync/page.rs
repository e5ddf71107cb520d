//! One page of one listing: asked for, mapped, ready to be stored.

use std::hash::{DefaultHasher, Hash, Hasher};

use super::report::Findings;
use super::step::Step;
use super::{PageFacts, SyncError};
use crate::expr::{Expression, Inputs, Scope, Value};
use crate::mapping::{MappedGrant, MappingError, Remarks, resource_value};
use crate::model::{Resource, ResourceId};
use crate::plan::{Plan, ResourcesPlan, TypePlan};
use crate::source::{Fetch, Page, PageToken};

/// What one page came to.
#[derive(Debug, Default)]
pub(super) struct MappedPage {
    pub facts: PageFacts,
    pub findings: Findings,
    pub next: Option<PageToken>,
    /// Hash of the records; 0 for a page too small to be told from another by its content.
    pub fingerprint: u64,
}

/// The resource a listing runs for, with the resource it lives in.
#[derive(Debug, Clone)]
pub(super) struct Subject {
    pub resource: Resource,
    pub parent: Option<Resource>,
}

/// Records from which on two pages with the same content are one page that came twice: small pages
/// may well be equal.
const COMPARABLE: usize = 10;

/// Asks for a page and maps it.
pub(super) async fn page(
    plan: &Plan,
    step: Step,
    subject: Option<&Subject>,
    token: Option<&PageToken>,
) -> Result<MappedPage, SyncError> {
    match step {
        Step::ResourceTypes => Ok(MappedPage {
            facts: PageFacts {
                resource_types: plan
                    .types
                    .iter()
                    .map(|found| found.resource_type.clone())
                    .collect(),
                ..PageFacts::default()
            },
            ..MappedPage::default()
        }),
        Step::Resources { type_index } => {
            let found = &plan.types[type_index];
            match &found.resources {
                ResourcesPlan::Written(resources) => Ok(MappedPage {
                    facts: PageFacts {
                        resources: resources.clone(),
                        ..PageFacts::default()
                    },
                    ..MappedPage::default()
                }),
                ResourcesPlan::Listed { fetch, .. } => {
                    let listing = Listing {
                        plan,
                        step,
                        subject,
                        found,
                    };
                    listing.fetch(fetch.as_ref(), token).await
                }
            }
        }
        Step::StaticEntitlements { type_index } => {
            let subject = subject.expect("static entitlements run per resource");
            static_entitlements(plan, step, &plan.types[type_index], subject)
        }
        Step::Entitlements { type_index, entry } => {
            let found = &plan.types[type_index];
            let listing = Listing {
                plan,
                step,
                subject,
                found,
            };
            listing
                .fetch(found.entitlements[entry].fetch.as_ref(), token)
                .await
        }
        Step::Grants { type_index, entry } => {
            let found = &plan.types[type_index];
            let listing = Listing {
                plan,
                step,
                subject,
                found,
            };
            listing
                .fetch(found.grants[entry].fetch.as_ref(), token)
                .await
        }
    }
}

fn static_entitlements(
    plan: &Plan,
    step: Step,
    found: &TypePlan,
    subject: &Subject,
) -> Result<MappedPage, SyncError> {
    let inputs = resource_inputs(plan, subject);
    let scope = Scope::new(&inputs, None);
    let entitlements = found.static_entitlements.iter().map(|template| {
        template
            .apply(&subject.resource, &scope)
            .map_err(|source| SyncError::Mapping {
                system: plan.app_name.clone(),
                listing: step.describe(plan),
                record: format!("`{}` for `{}`", template.local_id(), subject.resource.id),
                source: Box::new(source),
            })
    });
    let entitlements = entitlements.collect::<Result<Vec<_>, _>>()?;
    Ok(MappedPage {
        facts: PageFacts {
            entitlements,
            ..PageFacts::default()
        },
        ..MappedPage::default()
    })
}

fn resource_inputs(plan: &Plan, subject: &Subject) -> Inputs {
    let mut inputs = plan
        .inputs
        .clone()
        .with("resource", resource_value(&subject.resource));
    if let Some(parent) = &subject.parent {
        inputs.set("parent_resource", resource_value(parent));
    }
    inputs
}

/// A listing in progress.
struct Listing<'l> {
    plan: &'l Plan,
    step: Step,
    subject: Option<&'l Subject>,
    found: &'l TypePlan,
}

impl Listing<'_> {
    async fn fetch(
        &self,
        fetch: &dyn Fetch,
        token: Option<&PageToken>,
    ) -> Result<MappedPage, SyncError> {
        let inputs = self.inputs();
        let page = fetch
            .page(&inputs, token)
            .await
            .map_err(|source| SyncError::Source {
                system: self.plan.app_name.clone(),
                listing: self.describe(),
                source: Box::new(source),
            })?;
        self.map(inputs, page)
    }

    /// The variables of the listing itself, before there is a record.
    fn inputs(&self) -> Inputs {
        match (self.step, self.subject) {
            (Step::Resources { .. }, Some(parent)) => self
                .plan
                .inputs
                .clone()
                .with("parent_resource", resource_value(&parent.resource)),
            (_, Some(subject)) => resource_inputs(self.plan, subject),
            (_, None) => self.plan.inputs.clone(),
        }
    }

    fn map(&self, mut inputs: Inputs, page: Page) -> Result<MappedPage, SyncError> {
        for (name, value) in page.shared.iter() {
            inputs.set(name, value.clone());
        }
        let mut mapped = MappedPage {
            next: page.next,
            ..MappedPage::default()
        };
        for reason in page.partial {
            mapped.findings.add(
                reason.code,
                true,
                format!("{}: {}", self.describe(), reason.message),
            );
        }
        let mut hasher = DefaultHasher::new();
        for (index, record) in page.records.iter().enumerate() {
            hash_value(record, &mut hasher);
            let mut remarks = Remarks::default();
            let scope = Scope::new(&inputs, Some(record));
            self.record(&scope, &mut mapped.facts, &mut remarks)
                .map_err(|source| SyncError::Mapping {
                    system: self.plan.app_name.clone(),
                    listing: self.describe(),
                    record: name_record(index, record),
                    source: Box::new(source),
                })?;
            for (code, message) in remarks.into_vec() {
                mapped.findings.add(code, false, message);
            }
        }
        if page.records.len() >= COMPARABLE {
            mapped.fingerprint = hasher.finish() | 1;
        }
        Ok(mapped)
    }

    fn record(
        &self,
        scope: &Scope<'_>,
        facts: &mut PageFacts,
        remarks: &mut Remarks,
    ) -> Result<(), MappingError> {
        match self.step {
            Step::ResourceTypes | Step::StaticEntitlements { .. } => {}
            Step::Resources { .. } => {
                let ResourcesPlan::Listed {
                    skip_if, mapping, ..
                } = &self.found.resources
                else {
                    return Ok(());
                };
                if skipped(skip_if.as_ref(), scope)? {
                    return Ok(());
                }
                let parent: Option<&ResourceId> = self.subject.map(|subject| &subject.resource.id);
                let mut resource =
                    mapping.apply(scope, parent, self.found.parent.as_ref(), remarks)?;
                resource.child_types.clone_from(&self.found.children);
                facts.resources.push(resource);
            }
            Step::Entitlements { entry, .. } => {
                let (Some(subject), listing) = (self.subject, &self.found.entitlements[entry])
                else {
                    return Ok(());
                };
                if skipped(listing.skip_if.as_ref(), scope)? {
                    return Ok(());
                }
                for mapping in &listing.mappings {
                    facts
                        .entitlements
                        .extend(mapping.apply(&subject.resource, scope, remarks)?);
                }
            }
            Step::Grants { entry, .. } => {
                let (Some(subject), listing) = (self.subject, &self.found.grants[entry]) else {
                    return Ok(());
                };
                if skipped(listing.skip_if.as_ref(), scope)? {
                    return Ok(());
                }
                for mapping in &listing.mappings {
                    if let MappedGrant::Grant(grant) =
                        mapping.apply(&subject.resource, scope, remarks)?
                    {
                        facts.grants.push(*grant);
                    }
                }
            }
        }
        Ok(())
    }

    fn describe(&self) -> String {
        match self.subject {
            Some(subject) => format!(
                "{} for `{}`",
                self.step.describe(self.plan),
                subject.resource.id
            ),
            None => self.step.describe(self.plan),
        }
    }
}

fn skipped(skip_if: Option<&Expression>, scope: &Scope<'_>) -> Result<bool, MappingError> {
    match skip_if {
        Some(skip_if) => skip_if
            .truth(scope)
            .map_err(|source| MappingError::Expression {
                field: "skip_if",
                source,
            }),
        None => Ok(false),
    }
}

/// A record by its place and, where it has one, its id.
fn name_record(index: usize, record: &Value) -> String {
    let id = ["id", "ID", "Id", "name", "key"]
        .iter()
        .find_map(|name| record.get(name));
    match id.and_then(|id| crate::expr::to_text(id).ok().flatten()) {
        Some(id) if id.len() <= 100 => format!("{} (`{id}`)", index + 1),
        _ => (index + 1).to_string(),
    }
}

fn hash_value(value: &Value, hasher: &mut DefaultHasher) {
    std::mem::discriminant(value).hash(hasher);
    match value {
        Value::Null => {}
        Value::Bool(value) => value.hash(hasher),
        Value::Int(value) => value.hash(hasher),
        Value::UInt(value) => value.hash(hasher),
        Value::Float(value) => value.to_bits().hash(hasher),
        Value::Text(text) => text.hash(hasher),
        Value::Bytes(bytes) => bytes.hash(hasher),
        Value::Timestamp(at) => at.hash(hasher),
        Value::Duration(duration) => duration.hash(hasher),
        Value::List(items) => items.iter().for_each(|item| hash_value(item, hasher)),
        Value::Map(map) => map.iter().for_each(|(name, value)| {
            name.hash(hasher);
            hash_value(value, hasher);
        }),
    }
}
