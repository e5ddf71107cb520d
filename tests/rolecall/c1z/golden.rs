//! A file of the Go implementation, beside what its own tools print of it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use rolecall::c1z::{C1z, Compression, EntitlementFilter, GrantFilter, Sync, message};
use rolecall::model::{Entitlement, Grant, Resource, ResourceId, ResourceType};
use rolecall::sync::PageFacts;
use tempfile::TempDir;

use super::files;
use super::protobuf_json::{self as json, Object};

fn facts() -> Object {
    let text = fs::read_to_string(files::golden().with_extension("json")).unwrap();
    let mut facts = Object::of("facts", serde_json::from_str(&text).unwrap());
    facts.text("produced_by");
    facts
}

fn collect<T>(listing: impl Iterator<Item = Result<T, rolecall::c1z::C1zError>>) -> Vec<T> {
    listing.map(Result::unwrap).collect()
}

struct Facts {
    resource_types: Vec<ResourceType>,
    resources: Vec<Resource>,
    entitlements: Vec<Entitlement>,
    grants: Vec<Grant>,
}

fn read(sync: &Sync) -> Facts {
    Facts {
        resource_types: collect(sync.resource_types()),
        resources: collect(sync.resources(None)),
        entitlements: collect(sync.entitlements(&EntitlementFilter::default())),
        grants: collect(sync.grants(&GrantFilter::default())),
    }
}

fn resource_type_of<'a>(facts: &'a Facts, id: &ResourceId) -> &'a ResourceType {
    facts
        .resource_types
        .iter()
        .find(|it| it.id == id.resource_type)
        .unwrap()
}

#[test]
fn every_fact_of_the_other_implementation_is_read() {
    let file = files::open(&files::golden()).unwrap();
    let sync = file.sync(None).unwrap();
    let ours = read(&sync);
    let mut theirs = facts();

    listing(&mut theirs, "resource_types", "resourceTypes", |mut row| {
        let resource_type = json::resource_type(row.object("resourceType").unwrap());
        row.end();
        resource_type
    })
    .iter()
    .zip_eq(&ours.resource_types);
    let resources = listing(&mut theirs, "resources", "resources", |row| {
        listed(row, &ours)
    });
    resources.iter().zip_eq(&ours.resources);
    let entitlements = listing(&mut theirs, "entitlements", "entitlements", |mut row| {
        let entitlement = json::entitlement(row.object("entitlement").unwrap());
        assert_eq!(listed(row, &ours), entitlement.resource);
        entitlement
    });
    entitlements.iter().zip_eq(&ours.entitlements);
    let grants = listing(&mut theirs, "grants", "grants", |mut row| {
        let grant = json::grant(row.object("grant").unwrap());
        let entitlement = json::entitlement(row.object("entitlement").unwrap());
        assert_eq!(
            sync.entitlement(&grant.entitlement).unwrap().unwrap(),
            entitlement
        );
        let principal = json::resource(row.object("principal").unwrap());
        assert_eq!(sync.resource(&grant.principal).unwrap().unwrap(), principal);
        assert_eq!(listed(row, &ours), entitlement.resource);
        grant
    });
    grants.iter().zip_eq(&ours.grants);

    let principals = listing(&mut theirs, "principals", "resources", |row| {
        listed(row, &ours)
    });
    let mut holders: Vec<&ResourceId> = Vec::new();
    for grant in &ours.grants {
        if !holders.contains(&&grant.principal) {
            holders.push(&grant.principal);
        }
    }
    assert_eq!(
        principals.iter().map(|it| &it.id).collect::<Vec<_>>(),
        holders
    );

    runs_and_numbers(&mut theirs, &file, &sync);
    access(&mut theirs, &sync);
    theirs.end();
}

/// Compares two listings, naming the first row that differs.
trait ZipEq<'a, T: 'a> {
    fn zip_eq(self, other: &'a [T]);
}

impl<'a, T: PartialEq + std::fmt::Debug + 'a, I: ExactSizeIterator<Item = &'a T>> ZipEq<'a, T>
    for I
{
    fn zip_eq(self, other: &'a [T]) {
        assert_eq!(self.len(), other.len());
        for (theirs, ours) in self.zip(other) {
            assert_eq!(theirs, ours);
        }
    }
}

fn listing<T>(theirs: &mut Object, section: &str, key: &str, row: impl Fn(Object) -> T) -> Vec<T> {
    let mut section = theirs.object(section).unwrap();
    let rows = section.objects(key).into_iter().map(row).collect();
    section.end();
    rows
}

/// A resource with its type beside it.
fn listed(mut row: Object, ours: &Facts) -> Resource {
    let resource = json::resource(row.object("resource").unwrap());
    let resource_type = json::resource_type(row.object("resourceType").unwrap());
    assert_eq!(resource_type_of(ours, &resource.id), &resource_type);
    row.end();
    resource
}

fn runs_and_numbers(theirs: &mut Object, file: &C1z, sync: &Sync) {
    let mut counts = theirs.object("counts").unwrap();
    let mut count = |key| counts.take(key).unwrap().as_u64().unwrap();
    let stats = sync.stats().unwrap();
    assert_eq!(count("resource_types"), stats.resource_types);
    assert_eq!(count("resources"), stats.resources);
    assert_eq!(count("entitlements"), stats.entitlements);
    assert_eq!(count("grants"), stats.grants);
    assert_eq!(count("principals"), 42);
    counts.end();

    let runs = file.runs().unwrap();
    let mut syncs = theirs.object("syncs").unwrap();
    let listed = syncs.objects("syncs");
    syncs.end();
    let mut detail = theirs.object("stats").unwrap();
    let mut numbers = detail.object("stats").unwrap();
    assert_eq!(listed.len(), runs.len());
    for (mut json, run) in listed
        .into_iter()
        .chain([detail])
        .zip(runs.iter().chain(&runs))
    {
        assert_eq!(json.text("id"), run.id.0);
        assert_eq!(json.instant("startedAt"), run.started_at);
        assert_eq!(Some(json.instant("endedAt")), run.ended_at);
        assert_eq!(json.text("syncToken"), run.token);
        assert_eq!(json.text("syncType"), run.kind.as_str());
        json.end();
    }

    assert_eq!(numbers.number("resourceTypes"), stats.resource_types);
    assert_eq!(numbers.number("resources"), stats.resources);
    assert_eq!(numbers.number("entitlements"), stats.entitlements);
    assert_eq!(numbers.number("grants"), stats.grants);
    for (key, ours) in [
        ("resourcesByResourceType", &stats.resources_by_resource_type),
        (
            "entitlementsByResourceType",
            &stats.entitlements_by_resource_type,
        ),
        ("grantsByResourceType", &stats.grants_by_resource_type),
    ] {
        let mut json = numbers.object(key).unwrap();
        let theirs: BTreeMap<_, _> = json
            .keys()
            .into_iter()
            .map(|of| (of.clone(), json.number(&of)))
            .collect();
        assert_eq!(&theirs, ours, "{key}");
    }
    numbers.end();
}

fn access(theirs: &mut Object, sync: &Sync) {
    let mut access = theirs.object("access").unwrap();
    for key in access.keys() {
        let mut json = access.object(&key).unwrap();
        let principal = json::resource(json.object("principal").unwrap());
        assert_eq!(principal.id.to_string(), key);
        let mut held = BTreeSet::new();
        for mut on in json.objects("access") {
            let resource = json::resource(on.object("resource").unwrap());
            json::resource_type(on.object("resourceType").unwrap());
            for entitlement in on.objects("entitlements") {
                let entitlement = json::entitlement(entitlement);
                assert_eq!(entitlement.resource, resource);
                held.insert(entitlement.id);
            }
            on.end();
        }
        json.end();
        let filter = GrantFilter {
            principal: Some(&principal.id),
            ..GrantFilter::default()
        };
        let ours: BTreeSet<_> = collect(sync.grants(&filter))
            .into_iter()
            .map(|grant| grant.entitlement)
            .collect();
        assert_eq!(held, ours, "{key}");
    }
}

type Recode = fn(&[u8]) -> Vec<u8>;

#[test]
fn its_blobs_come_out_of_the_model_byte_for_byte() {
    let unpacked = files::unpack(&files::golden());
    let recode: [(&str, Recode); 4] = [
        ("v1_resource_types", |data| {
            message::resource_type::encode(&message::resource_type::decode(data).unwrap())
        }),
        ("v1_resources", |data| {
            message::resource::encode(&message::resource::decode(data).unwrap())
        }),
        ("v1_entitlements", |data| {
            message::entitlement::encode(&message::entitlement::decode(data).unwrap())
        }),
        ("v1_grants", |data| {
            message::grant::encode(&message::grant::decode(data).unwrap())
        }),
    ];
    let mut compared = 0;
    for (table, recode) in recode {
        for (id, data) in blobs(&unpacked.db, table) {
            assert!(recode(&data) == data, "{table} {id}");
            compared += 1;
        }
    }
    assert_eq!(compared, 3 + 50 + 16 + 94);
}

fn blobs(db: &rusqlite::Connection, table: &str) -> Vec<(String, Vec<u8>)> {
    db.prepare(&format!(
        "select external_id, data from {table} order by id"
    ))
    .unwrap()
    .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
    .unwrap()
    .map(Result::unwrap)
    .map(|(id, data)| (id, with_sorted_profile(data)))
    .collect()
}

/// The old Go writer left the two attributes of a user in any order; ours are sorted.
fn with_sorted_profile(mut data: Vec<u8>) -> Vec<u8> {
    let entry = |key: &[u8]| {
        let key_at = data.windows(key.len()).position(|window| window == key)?;
        let start = key_at - 2;
        Some(start..start + 2 + usize::from(data[start + 1]))
    };
    if let (Some(username), Some(department)) = (entry(b"\n\x08username"), entry(b"\n\ndepartment"))
        && username.end == department.start
    {
        data[username.start..department.end].rotate_left(username.len());
    }
    data
}

#[test]
fn written_again_it_holds_the_same() {
    let golden = files::open(&files::golden()).unwrap();
    let theirs = read(&golden.sync(None).unwrap());
    let page = PageFacts {
        resource_types: theirs.resource_types.clone(),
        resources: theirs.resources.clone(),
        entitlements: theirs.entitlements.clone(),
        grants: theirs.grants.clone(),
    };
    let directory = TempDir::new().unwrap();
    let output = directory.path().join("again.c1z");
    files::write(&output, &[page], Compression::Zstd);

    let again = files::open(&output).unwrap();
    let sync = again.sync(None).unwrap();
    let ours = read(&sync);
    theirs.resource_types.iter().zip_eq(&ours.resource_types);
    theirs.resources.iter().zip_eq(&ours.resources);
    theirs.entitlements.iter().zip_eq(&ours.entitlements);
    theirs.grants.iter().zip_eq(&ours.grants);
    assert_eq!(
        sync.stats().unwrap(),
        golden.sync(None).unwrap().stats().unwrap()
    );

    let (theirs, ours) = (files::unpack(&files::golden()), files::unpack(&output));
    for table in [
        "v1_resource_types",
        "v1_resources",
        "v1_entitlements",
        "v1_grants",
    ] {
        assert!(
            blobs(&theirs.db, table) == blobs(&ours.db, table),
            "{table}"
        );
    }
}
