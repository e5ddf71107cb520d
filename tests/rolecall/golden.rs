//! A connector file of the Go implementation, unchanged, against the database it was written for:
//! the sync finds what the Go implementation found.

use std::path::Path;
use std::sync::Arc;

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

/// Something that is different on purpose.
struct Difference {
    /// Where the reference documents it as a defect of the Go implementation.
    section: &'static str,
    /// What is different.
    what: &'static str,
    /// In how many facts of this system.
    facts: usize,
    /// Makes both alike in this respect only; returns in how many facts they were not.
    even_out: fn(ours: &mut Facts, theirs: &mut Facts) -> usize,
}

/// All there are: apart from these, the two files say the same.
const DIFFERENCES: [Difference; 2] = [
    Difference {
        section: "config-language 10.1",
        what: "`grantable_to` of a static entitlement is ignored there",
        facts: 16,
        even_out: |ours, theirs| {
            let mut uneven = 0;
            for (ours, theirs) in ours.entitlements.iter_mut().zip(&theirs.entitlements) {
                assert!(theirs.grantable_to.is_empty() && !ours.grantable_to.is_empty());
                uneven += usize::from(ours.grantable_to != theirs.grantable_to);
                ours.grantable_to.clear();
            }
            uneven
        },
    },
    Difference {
        section: "c1z-format 7, messages in practice",
        what: "the resource inside a grant has an annotation there that says nothing",
        facts: 94,
        even_out: |ours, theirs| {
            let mut uneven = 0;
            for (ours, theirs) in ours.grants.iter_mut().zip(&mut theirs.grants) {
                assert_eq!(ours.annotations, theirs.annotations);
                assert!(ours.resource.annotations.is_empty());
                uneven += usize::from(!theirs.resource.annotations.is_empty());
                Arc::make_mut(&mut theirs.resource).annotations.clear();
            }
            uneven
        },
    },
];

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
    let ran = crate::program()
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
    let mut ours = facts(&output);
    let mut theirs = facts(&root.join("tests/fixtures/c1z/golden-go.c1z"));
    assert_eq!(ours.resources.len(), 50);
    assert_eq!(ours.entitlements.len(), theirs.entitlements.len());
    assert_eq!(ours.grants.len(), theirs.grants.len());
    for difference in &DIFFERENCES {
        let uneven = (difference.even_out)(&mut ours, &mut theirs);
        let Difference { section, what, .. } = difference;
        assert_eq!(uneven, difference.facts, "{section}: {what}");
    }
    assert_eq!(ours, theirs);
}
