//! What a test gives → what a listing reads: records in place of its pages, exchanges in place of the
//! network.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use indexmap::IndexMap;
use serde_json::Value as Json;

use crate::config::Dialect;
use crate::config::decode::Placed;
use crate::config::test::{Data, ExchangeConfig, GivenResourceConfig};
use crate::diagnostic::Location;
use crate::expr::{Inputs, Value};
use crate::model::{
    Email, Profile, ProfileValue, Resource, ResourceId, ResourceTrait, TraitKind, UserTrait,
};
use crate::plan::TypePlan;
use crate::source::http::{Exchange, Replay};
use crate::source::{Fetch, Page, PageToken, SourceError};

/// Where the clock of an API stands in tests: 2026-01-01T00:00:00Z.
const NOW: Duration = Duration::from_secs(1_767_225_600);

/// Records in place of the pages of a listing.
#[derive(Debug)]
pub(super) struct GivenRecords {
    records: Vec<Value>,
    depends_on_resource: bool,
    place: Option<Location>,
}

impl GivenRecords {
    /// Stands in for a listing, of which it keeps everything but its records.
    pub fn instead_of(listing: &dyn Fetch, records: &[Data], dialect: Dialect) -> Box<dyn Fetch> {
        let records = records.iter();
        Box::new(Self {
            records: records.map(|record| record.value(dialect)).collect(),
            depends_on_resource: listing.depends_on_resource(),
            place: listing.place().cloned(),
        })
    }
}

#[async_trait]
impl Fetch for GivenRecords {
    async fn page(&self, _: &Inputs, _: Option<&PageToken>) -> Result<Page, SourceError> {
        Ok(Page {
            records: self.records.clone(),
            ..Page::default()
        })
    }

    fn place(&self) -> Option<&Location> {
        self.place.as_ref()
    }

    fn depends_on_resource(&self) -> bool {
        self.depends_on_resource
    }
}

/// The exchanges of a test as a recording.
pub(super) fn replay(exchanges: &[Placed<ExchangeConfig>]) -> Arc<Replay> {
    let exchanges = exchanges.iter().map(|written| {
        let texts = |texts: &crate::config::decode::Named<crate::config::scalar::Text>| {
            let texts = texts.iter();
            texts
                .map(|(name, text)| (name.text.clone(), Json::from(text.as_str())))
                .collect::<IndexMap<_, _>>()
        };
        let headers = written.headers.iter().map(|(name, values)| {
            let values = values.0.iter().map(|value| Json::from(value.as_str()));
            (name.text.clone(), Json::Array(values.collect()))
        });
        Exchange {
            ask: written.ask.text.clone(),
            with: texts(&written.with),
            sent: written.sent.as_ref().map(|sent| match sent.json() {
                Json::String(text) => text,
                json => json.to_string(),
            }),
            answer: Some(written.answer),
            headers: headers.collect(),
            json: written.json.as_ref().map(Data::json),
            text: written.text.as_ref().map(|text| text.text.clone()),
            base64: written.base64.as_ref().map(|text| text.text.clone()),
            ..Exchange::default()
        }
    });
    Replay::of(exchanges.collect(), SystemTime::UNIX_EPOCH + NOW)
}

/// A resource of a type, with the traits that every resource of the type has.
pub(super) fn resource(
    given: &GivenResourceConfig,
    of_type: &TypePlan,
    parent: Option<&ResourceId>,
) -> Resource {
    let of_type = &of_type.resource_type;
    let name = given.display_name.as_ref().unwrap_or(&given.id);
    let id = ResourceId {
        resource_type: of_type.id.clone(),
        id: given.id.text.clone(),
    };
    let mut resource = Resource::new(id, &*name.text);
    resource.description = given
        .description
        .as_ref()
        .map_or(String::new(), |text| text.text.clone());
    resource.parent = parent.cloned();
    let profile = given.profile.iter();
    let profile: Profile = profile
        .map(|(name, value)| (name.text.clone(), ProfileValue::Text(value.text.clone())))
        .collect();
    let mut kinds = of_type.traits.clone();
    let is_account = given.email.is_some() || given.login.is_some();
    if is_account && !kinds.contains(&TraitKind::User) {
        kinds.insert(0, TraitKind::User);
    }
    resource.traits = kinds
        .into_iter()
        .filter_map(|kind| ResourceTrait::plain(kind, profile.clone()))
        .collect();
    for found in &mut resource.traits {
        if let ResourceTrait::User(user) = found {
            complete(user, given);
        }
    }
    if resource.traits.is_empty() {
        resource.profile = profile;
    }
    resource
}

fn complete(user: &mut UserTrait, given: &GivenResourceConfig) {
    user.emails.extend(given.email.as_ref().map(|email| Email {
        address: email.text.clone(),
        is_primary: true,
    }));
    if let Some(login) = &given.login {
        user.login.clone_from(&login.text);
    }
}
