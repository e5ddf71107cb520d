//! A plan → the same plan with one listing left, which reads what a test gives.

use std::sync::Arc;

use super::given::{self, GivenRecords};
use super::stand_in::StandIns;
use super::suite::Connector;
use crate::config::connect::ConnectConfig;
use crate::config::decode::Named;
use crate::config::test::{TestConfig, TestedListing};
use crate::config::{Dialect, Environment, Loaded};
use crate::diagnostic::{Diagnostic, Severity};
use crate::plan::{self, Check, Plan, Purpose, ResourcesPlan, TypePlan};
use crate::source::http::Replay;

/// What a test runs.
pub(super) struct Narrowed {
    pub plan: Plan,
    /// Answers in place of an API.
    pub replay: Option<Arc<Replay>>,
}

/// Compiles a connector for a test, or for no test in particular.
pub(super) fn compiled(
    connector: &Connector<'_>,
    test: Option<&TestConfig>,
    replay: Option<&Replay>,
) -> (Option<Plan>, Vec<Diagnostic>) {
    let mut config = connector.config.clone();
    config.tests = None;
    let keeps_credentials = test.is_some_and(|test| test.given.recording.is_some());
    if let Some(ConnectConfig::Http(connect)) = &mut config.connect
        && !keeps_credentials
    {
        // Who asks is not what is tested: no key has to be there, and no token is asked for.
        connect.auth = None;
        connect.tls = None;
    }
    let none = Named::default();
    let given = test.map_or(&none, |test| &test.given.variables);
    let stand_ins = StandIns::of(connector.config, given);
    let loaded = Loaded {
        file: connector.file.clone(),
        config: Some((connector.dialect, config)),
        diagnostics: Vec::new(),
        failed: connector.failed.to_vec(),
        places: connector.places.to_vec(),
    };
    let check = |environment: &dyn Environment| {
        let how = Check {
            environment,
            unset_variable: Severity::Warning,
            strict: false,
            purpose: Purpose::Sync,
        };
        plan::check(loaded, how)
    };
    match replay {
        Some(replay) => check(&replay.environment(&Given(given))),
        None => check(&stand_ins),
    }
}

/// The variables that a test gives, and no others.
struct Given<'g>(&'g Named<crate::config::scalar::Text>);

impl Environment for Given<'_> {
    fn get(&self, name: &str) -> Option<String> {
        self.0.get(name).map(|text| text.text.clone())
    }
}

/// The plan of a test. An error is a sentence about what is given.
pub(super) fn narrow(connector: &Connector<'_>, test: &TestConfig) -> Result<Narrowed, String> {
    let replay = replay(connector, test)?;
    let recording = replay.as_deref().filter(|_| test.given.recording.is_some());
    let (plan, found) = compiled(connector, Some(test), recording);
    let Some(mut plan) = plan else {
        let mut errors = found.iter().filter(|it| it.severity == Severity::Error);
        let error = errors.next().map_or("", |error| error.message.as_str());
        return Err(format!(
            "the connector cannot be run with the variables of this test: {error}"
        ));
    };
    let records = test.given.records.as_deref();
    for of_type in &mut plan.types {
        if of_type.resource_type.id.as_str() == test.resource_type.text {
            keep_tested(of_type, test);
            if let Some(records) = records {
                give(of_type, test.listing, records, connector.dialect);
            }
        } else {
            keep_nothing(of_type);
        }
    }
    put_subjects(&mut plan, test);
    if let (Some(http), Some(replay)) = (plan.source.http(), &replay) {
        http.replay(replay);
    }
    Ok(Narrowed { plan, replay })
}

fn replay(connector: &Connector<'_>, test: &TestConfig) -> Result<Option<Arc<Replay>>, String> {
    if let Some(exchanges) = &test.given.exchanges {
        return Ok(Some(given::replay(exchanges)));
    }
    let Some(recording) = &test.given.recording else {
        return Ok(None);
    };
    let folder = connector.file.path().parent();
    let folder = folder.map_or(recording.text.clone().into(), |it| it.join(&recording.text));
    Replay::open(&folder).map(Some)
}

fn keep_nothing(of_type: &mut TypePlan) {
    of_type.resources = ResourcesPlan::Written(Vec::new());
    of_type.static_entitlements.clear();
    of_type.entitlements.clear();
    of_type.grants.clear();
}

/// Leaves the listing that is tested, and nothing else.
fn keep_tested(of_type: &mut TypePlan, test: &TestConfig) {
    // `check_tests` has seen to it that there is such an entry.
    let entry = test.entry.get() as usize - 1;
    let listing = test.listing;
    if listing != TestedListing::List {
        of_type.resources = ResourcesPlan::Written(Vec::new());
    }
    if listing != TestedListing::StaticEntitlements {
        of_type.static_entitlements.clear();
    }
    keep_entry(
        &mut of_type.entitlements,
        listing == TestedListing::Entitlements,
        entry,
    );
    keep_entry(&mut of_type.grants, listing == TestedListing::Grants, entry);
}

fn keep_entry<T>(entries: &mut Vec<T>, wanted: bool, entry: usize) {
    let mut index = 0;
    entries.retain(|_| {
        index += 1;
        wanted && index - 1 == entry
    });
}

/// Puts records in the place of what the listing would bring.
fn give(
    of_type: &mut TypePlan,
    listing: TestedListing,
    records: &[crate::config::test::Data],
    dialect: Dialect,
) {
    let fetch = match listing {
        TestedListing::List => match &mut of_type.resources {
            ResourcesPlan::Listed { fetch, .. } => Some(fetch),
            ResourcesPlan::Written(_) => None,
        },
        TestedListing::Entitlements => of_type.entitlements.first_mut().map(|it| &mut it.fetch),
        TestedListing::Grants => of_type.grants.first_mut().map(|it| &mut it.fetch),
        TestedListing::StaticEntitlements => None,
    };
    if let Some(fetch) = fetch {
        *fetch = GivenRecords::instead_of(fetch.as_ref(), records, dialect);
    }
}

/// Puts the resources in that the listing runs for.
fn put_subjects(plan: &mut Plan, test: &TestConfig) {
    let tested = |of_type: &TypePlan| of_type.resource_type.id.as_str() == test.resource_type.text;
    let Some(index) = plan.types.iter().position(tested) else {
        return;
    };
    let parent_type = plan.types[index].parent.clone();
    let parent_index = parent_type.and_then(|parent| {
        let mut types = plan.types.iter();
        types.position(|of_type| of_type.resource_type.id == parent)
    });
    let parent = test.given.parent_resource.as_ref().zip(parent_index);
    let parent = parent.map(|(given, index)| {
        let parent = given::resource(given, &plan.types[index], None);
        let id = parent.id.clone();
        plan.types[index].resources = ResourcesPlan::Written(vec![parent]);
        id
    });
    let of_type = &plan.types[index];
    let subjects = test.given.resource.0.iter();
    let subjects: Vec<_> = subjects
        .map(|given| given::resource(given, of_type, parent.as_ref()))
        .collect();
    if test.listing != TestedListing::List {
        plan.types[index].resources = ResourcesPlan::Written(subjects);
    }
}
