//! One page of one listing, mapped and ready to be stored.

use std::hash::{DefaultHasher, Hasher};
use std::sync::Arc;

use super::report::Findings;
use super::scope::Reach;
use super::shared::KnownResources;
use super::step::Step;
use super::store::Store;
use super::{Became, ListingAt, PageFacts, PageMapped, RecordAt, SyncError, SyncSink, Watcher};
use crate::causes::in_one_line;
use crate::config::tolerance::ToleranceAction;
use crate::expr::{Inputs, Scope, Value};
use crate::mapping::{MappedGrant, MappingError, Remarks, ResourceKey, resource_value, skips};
use crate::model::Resource;
use crate::plan::{Plan, ResourcesPlan, TypePlan};
use crate::source::{Fetch, Page, PageToken};

/// What one page came to.
#[derive(Debug, Default)]
pub(super) struct MappedPage {
    pub facts: PageFacts,
    pub findings: Findings,
    pub next: Option<PageToken>,
    /// True when more of the same answer follows: `next` is where that answer begins.
    pub more: bool,
    /// Hash of the records; 0 for a part of an answer.
    pub fingerprint: u64,
    /// How many records there were.
    pub records: usize,
    /// How many of them could not be mapped.
    pub failed_records: u64,
    /// True when the system does not know the resource that the listing runs for.
    pub not_found: bool,
}

impl MappedPage {
    /// A page that is all there is.
    fn whole(facts: PageFacts) -> Self {
        Self {
            facts,
            ..Self::default()
        }
    }

    /// The page as a watcher sees it.
    pub fn watched(&self) -> PageMapped<'_> {
        PageMapped {
            facts: &self.facts,
            findings: &self.findings,
            goes_on: !self.is_last(),
            more: self.more,
        }
    }

    /// True when the listing ends with this page.
    pub fn is_last(&self) -> bool {
        self.next.is_none() && !self.more
    }
}

/// The resource a listing runs for, with the resource it lives in.
#[derive(Debug, Clone)]
pub(super) struct Subject {
    pub resource: Arc<Resource>,
    pub parent: Option<Resource>,
}

/// Maps the pages of one listing.
pub(super) struct Mapper<'m, S> {
    pub plan: &'m Plan,
    /// What is asked for.
    pub reach: &'m Reach,
    pub step: Step,
    /// `None` for a listing that runs once.
    pub subject: Option<&'m Subject>,
    /// Where a listing that runs once for all resources of a type finds them.
    pub store: &'m Store<S>,
    /// Resources that such a listing has met.
    pub known: KnownResources,
    /// Who looks on.
    pub watched: Option<(&'m dyn Watcher, ListingAt<'m>)>,
}

impl<S: SyncSink + 'static> Mapper<'_, S> {
    /// What brings the pages; `None` for a step that asks nobody.
    pub fn fetch(&self) -> Option<&dyn Fetch> {
        let found = self.found()?;
        match self.step {
            Step::Resources { .. } => match &found.resources {
                ResourcesPlan::Listed { fetch, .. } => Some(fetch.as_ref()),
                ResourcesPlan::Written(_) => None,
            },
            Step::Entitlements { entry, .. } => Some(found.entitlements[entry].fetch.as_ref()),
            Step::Grants { entry, .. } => Some(found.grants[entry].fetch.as_ref()),
            Step::ResourceTypes | Step::StaticEntitlements { .. } => None,
        }
    }

    /// What a step stores that asks nobody.
    pub fn written(&self) -> Result<MappedPage, SyncError> {
        let mut facts = PageFacts::default();
        match (self.step, self.found(), self.subject) {
            (Step::ResourceTypes, ..) => {
                facts.resource_types = self
                    .plan
                    .types
                    .iter()
                    .map(|found| found.resource_type.clone())
                    .collect();
            }
            (Step::Resources { .. }, Some(found), _) => {
                if let ResourcesPlan::Written(resources) = &found.resources {
                    let kept = resources.iter().filter(|it| self.reach.keeps(it));
                    facts.resources.extend(kept.cloned());
                }
            }
            (_, Some(found), Some(subject)) => {
                return self.static_entitlements(found, subject);
            }
            _ => {}
        }
        Ok(MappedPage::whole(facts))
    }

    fn static_entitlements(
        &self,
        found: &TypePlan,
        subject: &Subject,
    ) -> Result<MappedPage, SyncError> {
        let inputs = self.inputs_for(subject);
        let scope = Scope::new(&inputs, None);
        let mut mapped = MappedPage {
            records: 1,
            ..MappedPage::default()
        };
        for template in &found.static_entitlements {
            match template.apply(&subject.resource, &scope) {
                Ok(entitlement) => mapped.facts.entitlements.push(entitlement),
                Err(source) => {
                    let record = format!("`{}` for `{}`", template.local_id(), subject.resource.id);
                    self.tolerate(record, source, &mut mapped)?;
                }
            }
        }
        Ok(mapped)
    }

    /// Notes a record that cannot be mapped, or gives up, as the connector file has it.
    pub(super) fn tolerate(
        &self,
        record: String,
        source: MappingError,
        mapped: &mut MappedPage,
    ) -> Result<(), SyncError> {
        let error = self.mapping_error(record, source);
        let partial = match self.plan.tolerance.records {
            ToleranceAction::Fail => return Err(error),
            ToleranceAction::Warn => true,
            ToleranceAction::Ignore => false,
        };
        mapped.failed_records += 1;
        mapped
            .findings
            .add("record-failed", partial, in_one_line(&error));
        Ok(())
    }

    /// The variables of the listing itself, before there is a record.
    pub fn inputs(&self) -> Inputs {
        match (self.step, self.subject) {
            (Step::Resources { .. }, Some(parent)) => self
                .plan
                .inputs
                .clone()
                .with("parent_resource", resource_value(&parent.resource)),
            (_, Some(subject)) => self.inputs_for(subject),
            (_, None) => self.plan.inputs.clone(),
        }
    }

    pub(super) fn inputs_for(&self, subject: &Subject) -> Inputs {
        let mut inputs = self
            .plan
            .inputs
            .clone()
            .with("resource", resource_value(&subject.resource));
        if let Some(parent) = &subject.parent {
            inputs.set("parent_resource", resource_value(parent));
        }
        inputs
    }

    /// Maps the records of a page.
    pub async fn map(&self, page: Page) -> Result<MappedPage, SyncError> {
        let mut mapped = MappedPage {
            more: page.more,
            records: page.records.len(),
            fingerprint: match page.more {
                // Nobody compares parts of an answer.
                true => 0,
                false => fingerprint(&page.records),
            },
            ..MappedPage::default()
        };
        for reason in &page.partial {
            mapped.findings.add(
                reason.code,
                true,
                format!("{}: {}", self.describe(), reason.message),
            );
        }
        if self.is_shared() {
            self.map_shared(&page, &mut mapped).await?;
        } else {
            let mut inputs = self.inputs();
            inputs.extend(&page.shared);
            for (index, record) in page.records.iter().enumerate() {
                let scope = Scope::new(&inputs, Some(record));
                for mapping in 0..self.mappings() {
                    self.record(index, record, &scope, self.subject, mapping, &mut mapped)?;
                }
            }
        }
        mapped.facts.resources.retain(|it| self.reach.keeps(it));
        mapped.next = page.next;
        Ok(mapped)
    }

    /// True for entitlements and grants that are listed once for all resources of a type.
    fn is_shared(&self) -> bool {
        self.subject.is_none()
            && matches!(self.step, Step::Entitlements { .. } | Step::Grants { .. })
    }

    /// How many mappings each record goes through.
    pub(super) fn mappings(&self) -> usize {
        match (self.step, self.found()) {
            (Step::Entitlements { entry, .. }, Some(found)) => {
                found.entitlements[entry].mappings.len()
            }
            (Step::Grants { entry, .. }, Some(found)) => found.grants[entry].mappings.len(),
            _ => 1,
        }
    }

    /// How a mapping tells which resource a record belongs to.
    pub(super) fn resource_key(&self, mapping: usize) -> Option<&ResourceKey> {
        match (self.step, self.found()?) {
            (Step::Entitlements { entry, .. }, found) => {
                found.entitlements[entry].mappings[mapping].resource_key()
            }
            (Step::Grants { entry, .. }, found) => {
                found.grants[entry].mappings[mapping].resource_key()
            }
            _ => None,
        }
    }

    /// True when the listing or the mapping skips a record, as far as that is known before its
    /// resource is.
    pub(super) fn surely_skips(&self, mapping: usize, scope: &Scope<'_>) -> bool {
        let skipped = |skip_if| skips("skip_if", skip_if, scope).unwrap_or(false);
        match (self.step, self.found()) {
            (Step::Entitlements { entry, .. }, Some(found)) => {
                let listing = &found.entitlements[entry];
                skipped(listing.skip_if.as_ref()) || listing.mappings[mapping].surely_skips(scope)
            }
            (Step::Grants { entry, .. }, Some(found)) => {
                let listing = &found.grants[entry];
                skipped(listing.skip_if.as_ref()) || listing.mappings[mapping].surely_skips(scope)
            }
            _ => false,
        }
    }

    /// Maps one record with one mapping, for one resource.
    pub(super) fn record(
        &self,
        index: usize,
        record: &Value,
        scope: &Scope<'_>,
        subject: Option<&Subject>,
        mapping: usize,
        mapped: &mut MappedPage,
    ) -> Result<(), SyncError> {
        let mut remarks = Remarks::default();
        let rows = mapped.facts.len();
        let applied = self.apply(scope, subject, mapping, &mut mapped.facts, &mut remarks);
        if let Some((watcher, at)) = &self.watched {
            let is_new = mapped.facts.len() > rows;
            let became = match &applied {
                Ok(()) => Became::last_of(&mapped.facts, is_new, self.step),
                Err(error) => Became::Failed(error),
            };
            let record = RecordAt {
                index,
                mapping,
                record,
                about: subject.map(|subject| subject.resource.as_ref()),
            };
            watcher.record(at, &record, &became);
        }
        if let Err(source) = applied {
            return self.tolerate(name_record(index, record), source, mapped);
        }
        for (code, message) in remarks.into_vec() {
            mapped.findings.add(code, false, message);
        }
        Ok(())
    }

    fn apply(
        &self,
        scope: &Scope<'_>,
        subject: Option<&Subject>,
        mapping: usize,
        facts: &mut PageFacts,
        remarks: &mut Remarks,
    ) -> Result<(), MappingError> {
        let Some(found) = self.found() else {
            return Ok(());
        };
        match (self.step, subject) {
            (Step::Resources { .. }, parent) => {
                let ResourcesPlan::Listed { skip_if, .. } = &found.resources else {
                    return Ok(());
                };
                if skips("skip_if", skip_if.as_ref(), scope)? {
                    return Ok(());
                }
                let parent = parent.map(|parent| &parent.resource.id);
                facts
                    .resources
                    .extend(found.resource(scope, parent, remarks)?);
            }
            (Step::Entitlements { entry, .. }, Some(subject)) => {
                let listing = &found.entitlements[entry];
                if !skips("skip_if", listing.skip_if.as_ref(), scope)? {
                    let mapping = &listing.mappings[mapping];
                    facts
                        .entitlements
                        .extend(mapping.apply(&subject.resource, scope, remarks)?);
                }
            }
            (Step::Grants { entry, .. }, Some(subject)) => {
                let listing = &found.grants[entry];
                if !skips("skip_if", listing.skip_if.as_ref(), scope)?
                    && let MappedGrant::Grant(grant) =
                        listing.mappings[mapping].apply(&subject.resource, scope, remarks)?
                {
                    facts.grants.push(*grant);
                }
            }
            _ => {}
        }
        Ok(())
    }

    pub(super) fn found(&self) -> Option<&TypePlan> {
        self.step.type_index().map(|index| &self.plan.types[index])
    }

    fn mapping_error(&self, record: String, source: MappingError) -> SyncError {
        SyncError::Mapping {
            system: self.plan.app_name.clone(),
            listing: self.describe(),
            at: self
                .fetch()
                .and_then(|fetch| fetch.place().map(ToString::to_string)),
            record,
            source: Box::new(source),
        }
    }

    /// What is being listed, for messages.
    pub fn describe(&self) -> String {
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

fn fingerprint(records: &[Value]) -> u64 {
    let mut hasher = DefaultHasher::new();
    records
        .iter()
        .for_each(|record| record.hash_into(&mut hasher));
    hasher.finish() | 1
}
