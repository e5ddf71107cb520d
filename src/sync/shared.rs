//! Pages of a listing that runs once for all resources of a type: which resource a record belongs
//! to is read from the record where it says so, and tried for every resource where it does not.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex};

use super::page::{MappedPage, Mapper, Subject};
use super::{RowPosition, SinkError, SyncError, SyncSink};
use crate::expr::{Inputs, Scope};
use crate::mapping::{MappingError, ResourceKey};
use crate::model::{Resource, ResourceId, ResourceTypeId};
use crate::source::Page;

/// Resources read from the store at a time.
const RESOURCES: usize = 256;

/// Resources kept at hand from page to page.
const KNOWN: usize = 4096;

/// A resource that records name, and what expressions see of it.
pub(super) struct Known {
    subject: Subject,
    inputs: Inputs,
}

/// Resources by id.
pub(super) type KnownResources = Mutex<HashMap<String, Arc<Known>>>;

/// A record and a mapping, and the resource they are about.
struct Pair {
    record: usize,
    mapping: usize,
    about: About,
}

enum About {
    /// The resource of this id.
    One(String),
    /// Whichever resource the mapping's conditions let through.
    Any,
}

impl<S: SyncSink + 'static> Mapper<'_, S> {
    /// Maps the records of a page for all the resources of the type.
    pub(super) async fn map_shared(
        &self,
        page: &Page,
        mapped: &mut MappedPage,
    ) -> Result<(), SyncError> {
        let Some(found) = self.found() else {
            return Ok(());
        };
        let resource_type = found.resource_type.id.clone();
        let pairs = self.pairs(page, mapped)?;
        // What expressions see of a resource is put together once per page, not once per record.
        let named = self.named(page, &pairs, &resource_type).await?;
        for pair in &pairs {
            let About::One(id) = &pair.about else {
                continue;
            };
            match named.get(id).map(Arc::as_ref) {
                Some(Known { subject, .. }) if !self.reach.wants_access(&subject.resource.id) => {}
                Some(Known { subject, inputs }) => {
                    self.pair(page, pair, subject, inputs, mapped)?;
                }
                // Of a targeted sync, most resources are not there.
                None if self.reach.is_targeted() => {}
                None if self.says_so(pair.mapping) && !self.is_skipped(page, pair) => {
                    let resource = ResourceId {
                        resource_type: resource_type.clone(),
                        id: id.clone(),
                    };
                    let message = format!("{}: there is no resource `{resource}`", self.describe());
                    mapped.findings.add("unknown-resource", false, message);
                }
                None => {}
            }
        }
        let any: Vec<&Pair> = pairs
            .iter()
            .filter(|pair| matches!(pair.about, About::Any))
            .collect();
        let mut after = None;
        while !any.is_empty() {
            let subjects = self.subjects(&resource_type, after).await?;
            let wanted = subjects
                .iter()
                .filter(|(_, subject)| self.reach.wants_access(&subject.resource.id));
            for (_, subject) in wanted {
                let inputs = self.shared_inputs(page, subject);
                for pair in &any {
                    self.pair(page, pair, subject, &inputs, mapped)?;
                }
            }
            after = subjects.last().map(|(position, _)| *position);
            if subjects.len() < RESOURCES {
                break;
            }
        }
        Ok(())
    }

    /// Which resource each record is about, for each mapping.
    fn pairs(&self, page: &Page, mapped: &mut MappedPage) -> Result<Vec<Pair>, SyncError> {
        let mut inputs = self.inputs();
        inputs.extend(&page.shared);
        let mut pairs = Vec::new();
        for (record, value) in page.records.iter().enumerate() {
            let scope = Scope::new(&inputs, Some(value));
            for mapping in 0..self.mappings() {
                let about = match self.resource_key(mapping) {
                    None => About::Any,
                    // What cannot be evaluated alone is left to the condition as a whole, of which
                    // another part may decide.
                    Some(ResourceKey::Condition(key)) => match key.value(&scope) {
                        Ok(Some(id)) => About::One(id),
                        Ok(None) => continue,
                        Err(_) => About::Any,
                    },
                    Some(ResourceKey::Written(expression)) => match expression.text(&scope) {
                        Ok(Some(id)) if !id.is_empty() => About::One(id),
                        // What is skipped need not belong to anything.
                        _ if self.surely_skips(mapping, &scope) => continue,
                        Ok(_) => {
                            let message =
                                format!("{}: a record has no `resource_id`", self.describe());
                            mapped.findings.add("unknown-resource", false, message);
                            continue;
                        }
                        Err(source) => {
                            let source = MappingError::Expression {
                                field: "resource_id",
                                source,
                            };
                            self.tolerate((record + 1).to_string(), source, mapped)?;
                            continue;
                        }
                    },
                };
                pairs.push(Pair {
                    record,
                    mapping,
                    about,
                });
            }
        }
        Ok(pairs)
    }

    /// True when a record is skipped, whatever its resource is.
    fn is_skipped(&self, page: &Page, pair: &Pair) -> bool {
        let mut inputs = self.inputs();
        inputs.extend(&page.shared);
        let scope = Scope::new(&inputs, Some(&page.records[pair.record]));
        self.surely_skips(pair.mapping, &scope)
    }

    /// True when the mapping names the resource outright, so that one that is not there is odd.
    fn says_so(&self, mapping: usize) -> bool {
        self.resource_key(mapping)
            .is_some_and(ResourceKey::is_written)
    }

    fn pair(
        &self,
        page: &Page,
        pair: &Pair,
        subject: &Subject,
        inputs: &Inputs,
        mapped: &mut MappedPage,
    ) -> Result<(), SyncError> {
        let record = &page.records[pair.record];
        let scope = Scope::new(inputs, Some(record));
        self.record(
            pair.record,
            record,
            &scope,
            Some(subject),
            pair.mapping,
            mapped,
        )
    }

    fn shared_inputs(&self, page: &Page, subject: &Subject) -> Inputs {
        let mut inputs = self.inputs_for(subject);
        inputs.extend(&page.shared);
        inputs
    }

    /// The resources that records name, by id, with what expressions see of them. Those of the page
    /// before are at hand: listings are often in the order of the resource.
    async fn named(
        &self,
        page: &Page,
        pairs: &[Pair],
        resource_type: &ResourceTypeId,
    ) -> Result<HashMap<String, Arc<Known>>, SyncError> {
        let ids: BTreeSet<&str> = pairs
            .iter()
            .filter_map(|pair| match &pair.about {
                About::One(id) => Some(id.as_str()),
                About::Any => None,
            })
            .collect();
        let mut named = HashMap::with_capacity(ids.len());
        let mut unknown = Vec::new();
        {
            let known = self.known.lock().expect("nothing panics under this lock");
            for id in ids {
                match known.get(id) {
                    Some(found) => drop(named.insert(id.to_owned(), found.clone())),
                    None => unknown.push(id.to_owned()),
                }
            }
        }
        // The store may be busy with the page before: nothing to ask is nothing to wait for.
        if unknown.is_empty() {
            return Ok(named);
        }
        let resource_type = resource_type.clone();
        let read = self.store.read(move |sink| {
            let mut read = Vec::new();
            for id in unknown {
                let resource = ResourceId {
                    resource_type: resource_type.clone(),
                    id,
                };
                if let Some(found) = sink.resource(&resource)? {
                    read.push((resource.id, with_parent(found, sink)?));
                }
            }
            Ok(read)
        });
        let read = read.await?.into_iter().map(|(id, subject)| {
            let inputs = self.shared_inputs(page, &subject);
            (id, Arc::new(Known { subject, inputs }))
        });
        // What the page itself shares is another thing on the next one.
        let keep = page.shared.iter().next().is_none();
        let mut known = self.known.lock().expect("nothing panics under this lock");
        for (id, found) in read {
            if known.len() >= KNOWN {
                known.clear();
            }
            if keep {
                known.insert(id.clone(), found.clone());
            }
            named.insert(id, found);
        }
        Ok(named)
    }

    async fn subjects(
        &self,
        resource_type: &ResourceTypeId,
        after: Option<RowPosition>,
    ) -> Result<Vec<(RowPosition, Subject)>, SyncError> {
        let resource_type = resource_type.clone();
        let subjects = self.store.read(move |sink| {
            sink.resources_after(&resource_type, after, RESOURCES)?
                .into_iter()
                .map(|(position, resource)| Ok((position, with_parent(resource, sink)?)))
                .collect()
        });
        Ok(subjects.await?)
    }
}

/// A resource with the one it lives in.
pub(super) fn with_parent(resource: Resource, sink: &impl SyncSink) -> Result<Subject, SinkError> {
    let parent = match &resource.parent {
        Some(parent) => sink.resource(parent)?,
        None => None,
    };
    let resource = Arc::new(resource);
    Ok(Subject { resource, parent })
}
