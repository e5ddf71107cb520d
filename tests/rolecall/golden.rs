//! A connector file of the Go implementation, unchanged, against the database it was written for:
//! the sync finds what the Go implementation found.

use std::sync::Arc;

use std::path::Path;
use std::process::Command;

use rolecall::c1z::{C1z, EntitlementFilter, GrantFilter, ReadLimits};
use rolecall::model::{Entitlement, Grant, Resource, ResourceType};
use sqlx::Connection as _;

use crate::servers;

/// Everything a file holds, sorted by id.
#[derive(Debug, PartialEq)]
struct Facts {
    resource_types: Vec<ResourceType>,
    resources: Vec<Resource>,
    entitlements: Vec<Entitlement>,
    grants: Vec<Grant>,
}

fn facts(file: &Path) -> Facts {
    let opened = C1z::open(file, ReadLimits::default()).expect("the sync file opens");
    let sync = opened.sync(None).expect("it holds a finished run");
    let mut facts = Facts {
        resource_types: sync
            .resource_types()
            .collect::<Result<_, _>>()
            .expect("readable"),
        resources: sync
            .resources(None)
            .collect::<Result<_, _>>()
            .expect("readable"),
        entitlements: sync
            .entitlements(&EntitlementFilter::default())
            .collect::<Result<_, _>>()
            .expect("readable"),
        grants: sync
            .grants(&GrantFilter::default())
            .collect::<Result<_, _>>()
            .expect("readable"),
    };
    facts.resource_types.sort_by(|a, b| a.id.cmp(&b.id));
    facts.resources.sort_by(|a, b| a.id.cmp(&b.id));
    facts.entitlements.sort_by(|a, b| a.id.cmp(&b.id));
    facts.grants.sort_by(|a, b| a.id.cmp(&b.id));
    facts
}

/// Takes away what is different on purpose: that implementation ignores `grantable_to` of static
/// entitlements and leaves an empty annotation on the resources inside grants.
fn without_known_differences(mut facts: Facts) -> Facts {
    for entitlement in &mut facts.entitlements {
        entitlement.grantable_to.clear();
    }
    for grant in &mut facts.grants {
        grant.annotations.clear();
        Arc::make_mut(&mut grant.resource).annotations.clear();
    }
    for traits in facts
        .resources
        .iter_mut()
        .chain(
            facts
                .entitlements
                .iter_mut()
                .map(|entitlement| &mut entitlement.resource),
        )
        .chain(
            facts
                .grants
                .iter_mut()
                .map(|grant| Arc::make_mut(&mut grant.resource)),
        )
        .flat_map(|resource| &mut resource.traits)
    {
        // Its writer stored attributes in random order.
        if let rolecall::model::ResourceTrait::User(user) = traits {
            user.profile.sort_keys();
        }
    }
    facts
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_the_go_implementation_finds_the_same() {
    let Some(url) = servers::mysql() else { return };
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let seed =
        std::fs::read_to_string(root.join("tests/fixtures/golden/seed.sql")).expect("the seed");
    let mut connection = sqlx::MySqlConnection::connect(url.as_str())
        .await
        .expect("the server answers");
    sqlx::raw_sql(sqlx::AssertSqlSafe(seed))
        .execute(&mut connection)
        .await
        .expect("the seed is valid");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let output = folder.path().join("out.c1z");
    let ran = Command::new(env!("CARGO_BIN_EXE_rolecall"))
        .arg("sync")
        .arg(root.join("tests/fixtures/golden/connector.yml"))
        .arg("-f")
        .arg(&output)
        .env("GOLDEN_DB_HOST", url.host_str().expect("a host"))
        .env("GOLDEN_DB_PORT", url.port().unwrap_or(3306).to_string())
        .env("GOLDEN_DB_USER", url.username())
        .env("GOLDEN_DB_PASS", servers::password(&url))
        .output()
        .expect("the program runs");
    let said = crate::said(&ran);
    assert_eq!(ran.status.code(), Some(0), "{said}");
    let ours = without_known_differences(facts(&output));
    let theirs = without_known_differences(facts(&root.join("tests/fixtures/c1z/golden-go.c1z")));
    assert_eq!(ours.resources.len(), 50);
    assert_eq!(ours.grants.len(), theirs.grants.len());
    assert_eq!(ours, theirs);
}
