//! The complete example: every key of a SQL file that a sync knows, on real servers. Different
//! databases with the same company in them bring the same facts.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Output;

use crate::servers;
use crate::sql::harness::{Database, System};

fn fixture(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures/complete")
        .join(file)
}

const SYSTEMS: [(System, &str); 2] = [(System::Postgres, "postgres"), (System::Mysql, "mysql")];

fn rolecall(database: &Database, scheme: &str, arguments: &[&str]) -> Output {
    let url = &database.url;
    crate::program()
        .args(arguments)
        .current_dir(database.folder.path())
        .env("DB_SCHEME", scheme)
        .env("DB_HOST", url.host_str().expect("a host"))
        .env("DB_PORT", url.port().expect("a port").to_string())
        .env("DB_USER", url.username())
        .env("DB_PASSWORD", servers::password(url))
        .env("DB_NAME", &database.name)
        .output()
        .expect("the program runs")
}

/// Everything that the sync file says, sorted.
fn facts(database: &Database, scheme: &str) -> String {
    let mut facts = String::new();
    for what in ["resources", "entitlements", "grants"] {
        let listed = rolecall(
            database,
            scheme,
            &["inspect", "out.c1z", what, "--format", "json"],
        );
        let mut listed: serde_json::Value =
            serde_json::from_slice(&listed.stdout).expect("the output is JSON");
        let listed = listed[what].as_array_mut().expect("facts are a list");
        listed.sort_by_key(|fact| (fact["resource_type"].to_string(), fact["id"].to_string()));
        facts.push_str(&format!("# {what}: {}\n", listed.len()));
        for fact in listed {
            facts.push_str(&serde_json::to_string(fact).expect("it was JSON"));
            facts.push('\n');
        }
    }
    facts
}

#[tokio::test(flavor = "multi_thread")]
async fn the_complete_example_says_the_same_on_every_server() {
    for (system, name) in SYSTEMS {
        let seed = std::fs::read_to_string(fixture(&format!("{name}.sql"))).expect("a seed");
        let Some(database) = Database::create(system, &seed).await else {
            continue;
        };
        let connector = database.folder.path().join("connector.yaml");
        std::fs::copy(fixture(&format!("{name}.yaml")), connector).expect("a connector");
        let synced = rolecall(
            &database,
            name,
            &["sync", "connector.yaml", "-f", "out.c1z", "--strict"],
        );
        let said = crate::said(&synced);
        assert_eq!(synced.status.code(), Some(0), "{name}: {said}");
        insta::with_settings!({omit_expression => true}, {
            insta::assert_snapshot!("complete", format!("{said}{}", facts(&database, name)));
        });
    }
}

/// Sections of the schema that a file about a database has.
const SECTIONS: [&str; 19] = [
    "SqlConnectConfig",
    "DatabasesConfig",
    "ResourceTypeConfig",
    "ListConfig",
    "ResourceMappingConfig",
    "TraitsConfig",
    "UserTraitConfig",
    "ProfileTraitConfig",
    "AppTraitConfig",
    "SecretTraitConfig",
    "AgentTraitConfig",
    "NonHumanIdentityConfig",
    "StaticEntitlementConfig",
    "EntitlementsConfig",
    "EntitlementMappingConfig",
    "ExclusionGroupConfig",
    "GrantsConfig",
    "GrantMappingConfig",
    "ExpandableConfig",
];

/// Keys of those sections that are not for a sync of a database, or not beside the others.
const OTHERS: [&str; 26] = [
    // Of files about APIs.
    "request",
    "response",
    "user_traits",
    "group_traits",
    "role_traits",
    "app_traits",
    "email",
    "entitlement_name",
    "parent_id",
    "parent_type",
    "child_types",
    "depends_on",
    "static_resources",
    // Of what comes after a sync.
    "account_provisioning",
    "credential_rotation",
    "provisioning",
    "entitlement_resource_id",
    "incremental_sync",
    "create",
    "delete",
    "get",
    // Without effect.
    "annotations",
    // Instead of others that are there.
    "mapping",
    "static",
    "user",
    "scheme",
];

#[test]
fn the_complete_example_is_complete() {
    let schema = include_str!("../../schema/connector.schema.json");
    let schema: serde_json::Value = serde_json::from_str(schema).expect("the schema is JSON");
    for (_, name) in SYSTEMS {
        let text = std::fs::read_to_string(fixture(&format!("{name}.yaml"))).expect("an example");
        let mut missing = BTreeSet::new();
        for section in SECTIONS {
            let keys = schema["$defs"][section]["properties"].as_object();
            let keys = keys.unwrap_or_else(|| panic!("the schema has no {section}"));
            assert!(!keys.is_empty());
            missing.extend(
                keys.keys()
                    .filter(|key| !OTHERS.contains(&key.as_str()))
                    .filter(|key| {
                        !text.contains(&format!("{key}: ")) && !text.contains(&format!("{key}:\n"))
                    })
                    .map(|key| format!("{section}.{key}")),
            );
        }
        assert_eq!(missing, BTreeSet::new(), "{name}");
    }
}
