//! Two systems on paper: what becomes of one that is synced beside the other.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rolecall::c1z::{
    self, Begin, C1z, C1zError, Compression, Derive, EntitlementFilter, External, GrantFilter,
    ReadLimits, WorkFile, message,
};
use rolecall::expansion::Noted;
use rolecall::model::*;
use rolecall::sync::{Derived, Matched, PageFacts, SyncSink};
use serde::Deserialize;

use crate::expansion::cases::{CaseGrant, resource as id};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    pub about: String,
    /// The other system.
    pub there: System,
    /// The one that is synced.
    pub here: System,
    /// Only holders of this entitlement.
    #[serde(default)]
    pub entitlement: Option<String>,
    #[serde(default)]
    pub traits: Option<Vec<String>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct System {
    /// Types with their traits; those of users and groups need not be written.
    types: BTreeMap<String, Vec<String>>,
    resources: Vec<CaseResource>,
    entitlements: Vec<String>,
    grants: Vec<MeantGrant>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CaseResource {
    id: String,
    #[serde(default)]
    emails: Vec<String>,
    #[serde(default)]
    profile: BTreeMap<String, String>,
    /// Names of annotations.
    #[serde(default)]
    says: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct MeantGrant {
    /// For whom the principal stands.
    #[serde(default)]
    means: Option<Meant>,
    #[serde(flatten)]
    grant: CaseGrant,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Meant {
    #[serde(default)]
    id: Option<String>,
    #[serde(default)]
    r#trait: Option<String>,
    #[serde(default)]
    key: Option<String>,
    #[serde(default)]
    value: Option<String>,
}

pub fn kind(name: &str) -> TraitKind {
    match name {
        "user" => TraitKind::User,
        "group" => TraitKind::Group,
        "app" => TraitKind::App,
        "role" => TraitKind::Role,
        _ => TraitKind::Other(77),
    }
}

impl Meant {
    fn fact(&self) -> ExternalMatch {
        let kind = kind(self.r#trait.as_deref().unwrap_or("user"));
        match (&self.id, &self.key, &self.value) {
            (Some(id), ..) => ExternalMatch::Id(id.clone()),
            (None, Some(key), Some(value)) => ExternalMatch::Attribute {
                kind,
                key: key.clone(),
                value: value.clone(),
            },
            _ => ExternalMatch::All(kind),
        }
    }
}

impl System {
    pub fn facts(&self) -> PageFacts {
        let mut types = self.types.clone();
        for resource in &self.resources {
            let of = id(&resource.id).resource_type.0;
            let plain = matches!(of.as_str(), "user" | "group").then(|| of.clone());
            types
                .entry(of)
                .or_insert_with(|| plain.into_iter().collect());
        }
        let resource_types = types.iter().map(|(of, traits)| ResourceType {
            id: ResourceTypeId::new(of),
            display_name: of.clone(),
            description: String::new(),
            traits: traits.iter().map(|it| kind(it)).collect(),
            skip_entitlements_and_grants: of == "silent",
            annotations: Vec::new(),
        });
        let resources: Vec<_> = self.resources.iter().map(|it| it.fact(&types)).collect();
        let on = |entitlement: &str| {
            let (on, _) = entitlement.rsplit_once(':').expect("it is on a resource");
            let listed = resources.iter().find(|it| it.id == id(on));
            let unlisted = || Resource::new(id(on), "not listed");
            listed.cloned().unwrap_or_else(unlisted)
        };
        let entitlements = self.entitlements.iter().map(|entitlement| Entitlement {
            id: EntitlementId(entitlement.clone()),
            resource: on(entitlement),
            display_name: String::new(),
            description: String::new(),
            purpose: Purpose::Assignment,
            slug: String::new(),
            grantable_to: Vec::new(),
            immutable: false,
            exclusion_group: None,
            annotations: Vec::new(),
        });
        let grants = self.grants.iter().map(|MeantGrant { means, grant }| {
            let entitlement = EntitlementId(grant.holds.clone());
            let principal = id(&grant.who);
            let usual = GrantId::of(&entitlement, &principal);
            let direct = || GrantSource { is_direct: true };
            Grant {
                id: grant.id.clone().map_or(usual, GrantId),
                entitlement,
                resource: Arc::new(on(&grant.holds)),
                principal,
                expansion: grant.expansion(),
                external_match: means.as_ref().map(Meant::fact),
                immutable: false,
                sources: grant.from.iter().map(|id| (id.clone(), direct())).collect(),
                annotations: vec![annotation("acme.Note")],
            }
        });
        PageFacts {
            resource_types: resource_types.collect(),
            entitlements: entitlements.collect(),
            grants: grants.collect(),
            resources,
        }
    }
}

fn annotation(name: &str) -> Annotation {
    Annotation {
        type_url: format!("type.googleapis.com/{name}"),
        value: Vec::new(),
    }
}

impl CaseResource {
    fn fact(&self, types: &BTreeMap<String, Vec<String>>) -> Resource {
        let id = id(&self.id);
        let profile: Profile = self
            .profile
            .iter()
            .map(|(key, value)| (key.clone(), ProfileValue::Text(value.clone())))
            .collect();
        let traits = types[id.resource_type.as_str()].iter().filter_map(|it| {
            let mut plain = ResourceTrait::plain(kind(it), profile.clone())?;
            if let ResourceTrait::User(user) = &mut plain {
                user.emails = self
                    .emails
                    .iter()
                    .map(|address| Email {
                        address: address.clone(),
                        is_primary: true,
                    })
                    .collect();
            }
            Some(plain)
        });
        Resource {
            traits: traits.collect(),
            annotations: self
                .says
                .iter()
                .map(|name| annotation(&format!("c1.connector.v2.{name}")))
                .collect(),
            ..Resource::new(id, format!("The {}", self.id))
        }
    }
}

pub fn begin(output: &Path, kind: SyncKind, derive: Derive) -> WorkFile {
    let begin = Begin {
        kind,
        fingerprint: "",
        now: chrono::Utc::now(),
        fresh: false,
    };
    let (work, _) = WorkFile::open(output, &begin).expect("the work file opens");
    work.deriving(derive)
}

pub fn seal(mut work: WorkFile, output: &Path) -> Derived {
    let settled = work.settle().expect("the run is settled");
    work.seal(chrono::Utc::now(), &rolecall::sync::RunRecord::default())
        .expect("the run is sealed");
    c1z::pack(work, output, Compression::Zstd).expect("the run is packed");
    settled.derived
}

impl Case {
    pub fn load(name: &str) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/fixtures/external")
            .join(name);
        let text = std::fs::read_to_string(folder.join("case.yaml")).expect("a case");
        serde_yaml::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// Writes the sync file of the other system, as the system itself is.
    pub fn write_there(&self, folder: &Path) -> PathBuf {
        let path = folder.join("there.c1z");
        let plain = Derive {
            expand: false,
            ..Derive::default()
        };
        let mut work = begin(&path, SyncKind::Full, plain);
        work.commit(&self.there.facts(), "the end")
            .expect("it is stored");
        seal(work, &path);
        path
    }

    pub fn external(&self, folder: &Path) -> Result<External, C1zError> {
        let path = self.write_there(folder);
        let traits = self.traits.clone();
        let traits = traits.unwrap_or_else(|| vec!["user".into(), "group".into()]);
        let traits: Vec<_> = traits.iter().map(|it| kind(it)).collect();
        let holders_of = self.entitlement.clone().map(EntitlementId);
        External::open(&path, ReadLimits::default(), holders_of, &traits)
    }

    /// Syncs this system beside the other one.
    pub fn sync(&self, folder: &Path) -> (Derived, PathBuf) {
        let output = folder.join("here.c1z");
        let derive = Derive {
            external: Some(self.external(folder).expect("the other file opens")),
            ..Derive::default()
        };
        let mut work = begin(&output, SyncKind::Full, derive);
        work.commit(&self.here.facts(), "the end")
            .expect("it is stored");
        (seal(work, &output), output)
    }
}

/// Everything a file holds, as the snapshots show it.
pub fn shown(file: &Path) -> String {
    let file = C1z::open(file, ReadLimits::default()).expect("the sync file opens");
    let sync = file.sync(None).expect("it holds a run");
    let mut lines = Vec::new();
    for of_type in sync.resource_types() {
        lines.push(format!("type        {}", of_type.expect("readable").id));
    }
    for resource in sync.resources(None) {
        let resource = resource.expect("readable");
        let copied = if is_marked(&resource) {
            " (copied)"
        } else {
            ""
        };
        lines.push(format!("resource    {}{copied}", resource.id));
    }
    for entitlement in sync.entitlements(&EntitlementFilter::default()) {
        let entitlement = entitlement.expect("readable");
        assert_eq!(entitlement.immutable, is_marked(&entitlement.resource));
        let copied = if entitlement.immutable {
            " (copied)"
        } else {
            ""
        };
        lines.push(format!("entitlement {}{copied}", entitlement.id));
    }
    for grant in sync.grants(&GrantFilter::default()) {
        lines.push(grant_line(&grant.expect("readable")));
    }
    lines.sort();
    lines.join("\n")
}

fn is_marked(resource: &Resource) -> bool {
    let mut annotations = resource.annotations.iter();
    annotations.any(|it| message::annotation_name(it) == "c1.connector.v2.BatonID")
}

fn grant_line(grant: &Grant) -> String {
    assert_eq!(grant.id, GrantId::of(&grant.entitlement, &grant.principal));
    let mut line = format!("grant       {} to {}", grant.entitlement, grant.principal);
    let copied = is_marked(&grant.resource);
    let derived = !grant.sources.is_empty();
    let mut words = Vec::new();
    words.extend(copied.then_some("copied"));
    words.extend(grant.immutable.then_some("immutable"));
    words.extend(grant.external_match.is_some().then_some("stand-in"));
    // What a connector says of a grant goes on to those who are meant.
    if !derived {
        assert_eq!(grant.annotations, [annotation("acme.Note")]);
    }
    if !words.is_empty() {
        write!(line, " ({})", words.join(", ")).expect("a String takes all");
    }
    if let Some(expansion) = &grant.expansion {
        let sources = expansion.entitlement_ids.join(", ");
        let shallow = if expansion.shallow { ", shallow" } else { "" };
        write!(line, "\n              brings {sources}{shallow}").expect("a String takes all");
    }
    for (source, how) in &grant.sources {
        let how = if how.is_direct { " directly" } else { "" };
        write!(line, "\n              from {source}{how}").expect("a String takes all");
    }
    line
}

/// What is told of the match, as the snapshots show it.
pub fn outcome(matched: &Matched) -> String {
    let Matched {
        principals,
        entitlements,
        grants,
        left_out,
        stand_ins,
        made,
        unmatched,
        clashes,
        without_members,
    } = matched;
    let mut text = format!(
        "copied: {principals} principals, {entitlements} entitlements, {grants} grants, {left_out} left out\n\
         {stand_ins} stand-ins, {made} grants made\n"
    );
    let mut noted = |what: &str, noted: &Noted| {
        if noted.count() > 0 {
            writeln!(text, "{what}: {}", noted.count()).expect("a String takes all");
        }
        for example in noted.examples() {
            writeln!(text, "    {example}").expect("a String takes all");
        }
    };
    noted("unmatched", unmatched);
    noted("clashes", clashes);
    noted("without members", without_members);
    text
}
