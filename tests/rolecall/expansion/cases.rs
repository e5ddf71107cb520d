//! Cases on paper: a few grants, and what becomes of them.

use std::fmt::Write as _;
use std::path::Path;

use rolecall::expansion::{Expanded, Noted};
use rolecall::model::{GrantExpansion, ResourceId, ResourceTypeId};
use serde::Deserialize;

use super::memory::{Memory, Row};

/// What a `case.yaml` says.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// What the case is about.
    pub about: String,
    /// Ids of entitlements; the resource of each is all before its last colon.
    pub entitlements: Vec<String>,
    pub grants: Vec<CaseGrant>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CaseGrant {
    pub who: String,
    pub holds: String,
    /// The id, when it is not the usual one.
    #[serde(default)]
    pub id: Option<String>,
    /// The grant brings the holders of these.
    #[serde(default)]
    pub brings: Vec<String>,
    #[serde(default)]
    pub shallow: bool,
    #[serde(default)]
    pub types: Vec<String>,
    /// The grant was derived before, from these.
    #[serde(default)]
    pub from: Vec<String>,
}

pub fn resource(text: &str) -> ResourceId {
    let (of_type, id) = text
        .split_once(':')
        .expect("a resource is written `type:id`");
    ResourceId::new(of_type, id)
}

impl Case {
    pub fn load(folder: &Path) -> Self {
        let text = std::fs::read_to_string(folder.join("case.yaml")).expect("a case");
        serde_yaml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
    }

    pub fn memory(&self) -> Memory {
        let mut memory = Memory::default();
        for id in &self.entitlements {
            let (on, _) = id
                .rsplit_once(':')
                .expect("an entitlement is on a resource");
            memory.entitlements.insert(id.clone(), resource(on));
        }
        for grant in &self.grants {
            let row = memory.grant(&grant.holds, &resource(&grant.who));
            if let Some(id) = &grant.id {
                memory.rows[row].id.clone_from(id);
            }
            memory.rows[row].sources = grant.from.iter().map(|id| (id.clone(), true)).collect();
            if let Some(expansion) = grant.expansion() {
                memory.expansions.push((row, expansion));
            }
        }
        memory
    }
}

impl CaseGrant {
    pub fn expansion(&self) -> Option<GrantExpansion> {
        (!self.brings.is_empty()).then(|| GrantExpansion {
            entitlement_ids: self.brings.clone(),
            shallow: self.shallow,
            resource_type_ids: self.types.iter().map(ResourceTypeId::new).collect(),
        })
    }
}

/// A grant as the snapshots show it.
pub fn line(row: &Row) -> String {
    let what = if row.is_new { "made " } else { "there" };
    let mut line = format!("{what} {} holds {}", row.principal, row.entitlement);
    for (source, is_direct) in &row.sources {
        let how = if *is_direct { "directly" } else { "" };
        write!(line, "\n        from {source} {how}").expect("a String takes all");
    }
    line
}

/// What an expansion says of itself as the snapshots show it.
pub fn outcome(expanded: &Expanded) -> String {
    let Expanded {
        expandable,
        edges,
        created,
        widened,
        missing,
        mismatched,
        cycles,
        taken,
    } = expanded;
    let mut text =
        format!("expandable {expandable}, edges {edges}, created {created}, widened {widened}\n");
    let mut noted = |what: &str, noted: &Noted| {
        if noted.count() > 0 {
            writeln!(text, "{what}: {}", noted.count()).expect("a String takes all");
        }
        for example in noted.examples() {
            writeln!(text, "    {example}").expect("a String takes all");
        }
    };
    noted("missing", missing);
    noted("mismatched", mismatched);
    noted("cycles", cycles);
    noted("taken", taken);
    text
}

#[test]
fn every_case_comes_to_what_is_written() {
    for folder in crate::fixtures("expansion") {
        let case = Case::load(&folder);
        let mut memory = case.memory();
        let expanded = memory.expand();
        let mut shown = format!("{}\n{}\n", case.about.trim(), outcome(&expanded));
        for row in memory.sorted() {
            writeln!(shown, "{}", line(&row).trim_end()).expect("a String takes all");
        }
        let again = memory.expand();
        assert_eq!(
            (again.created, again.widened),
            (0, 0),
            "{}",
            folder.display()
        );
        insta::with_settings!({omit_expression => true, prepend_module_to_snapshot => false, snapshot_path => &folder}, {
            insta::assert_snapshot!("expected", shown);
        });
    }
}
