//! `tests` → what is wrong with them: they name listings that are there, and give what those need.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::order;
use crate::config::decode::Placed;
use crate::config::mapping::PurposeWord;
use crate::config::resource_type::{ResourceTypeConfig, TraitWord};
use crate::config::scalar::Text;
use crate::config::test::{ExchangeConfig, ExpectConfig, GivenConfig, TestConfig, TestedListing};
use crate::config::{ConnectorConfig, Dialect};
use crate::diagnostic::{Diagnostic, Location, SourceFile, Span, list, nearest};

/// Statuses of accounts and agents, as tests name them.
const STATUSES: &[&str] = &["enabled", "disabled", "deleted", "ready", "unspecified"];
/// Who is behind an account.
const ACCOUNT_TYPES: &[&str] = &["human", "service", "system", "unspecified"];
/// Sorts of credential.
const CREDENTIAL_TYPES: &[&str] = &[
    "static_secret",
    "asymmetric_key",
    "certificate",
    "unspecified",
];
/// Sorts of machine identity.
const NHI_TYPES: &[&str] = &[
    "app_registration",
    "assumable_role",
    "managed_identity",
    "unspecified",
];

/// Everything that is wrong with tests of a connector, which stand in `file`.
pub fn check_tests<'t>(
    (dialect, config): (Dialect, &ConnectorConfig),
    tests: impl IntoIterator<Item = &'t TestConfig>,
    file: &Arc<SourceFile>,
) -> Vec<Diagnostic> {
    let types: Vec<_> = config.resource_types.iter().collect();
    let parents = order::parents(&types);
    let mut check = TestsCheck {
        config,
        dialect,
        parents,
        file,
        found: Vec::new(),
    };
    let mut names = BTreeSet::new();
    for test in tests {
        if !names.insert(test.name.text.as_str()) {
            let message = format!("another test is called `{}` too", test.name.text);
            check.error("duplicate-id", test.name.span, message, "");
        }
        check.test(test);
    }
    check.found
}

struct TestsCheck<'c> {
    config: &'c ConnectorConfig,
    dialect: Dialect,
    parents: BTreeMap<&'c str, &'c str>,
    file: &'c Arc<SourceFile>,
    found: Vec<Diagnostic>,
}

impl TestsCheck<'_> {
    fn error(&mut self, code: &'static str, span: Span, message: String, help: &str) {
        let at = Location {
            file: self.file.clone(),
            span,
        };
        let diagnostic = Diagnostic::error(code, at, message);
        self.found.push(match help {
            "" => diagnostic,
            help => diagnostic.help(help),
        });
    }

    fn test(&mut self, test: &TestConfig) {
        self.expected(&test.expect, test.listing);
        self.given(&test.given);
        let name = &test.resource_type;
        let Some(of_type) = self.config.resource_types.get(&name.text) else {
            let types = self.config.resource_types.iter();
            let ids: Vec<&str> = types.map(|(key, _)| key.text.as_str()).collect();
            let help = match nearest(&name.text, ids.iter().copied()) {
                Some(close) => format!("did you mean `{close}`?"),
                None => format!("the types of this file are {}", list(&ids)),
            };
            let message = format!(
                "`resource_type` names `{}`, which is no resource type of the connector",
                name.text
            );
            self.error("unknown-type", name.span, message, &help);
            return;
        };
        if self.listing(test, of_type) {
            self.subject(test, of_type);
        }
    }

    /// Whether the type has the listing; that it has not is noted.
    fn listing(&mut self, test: &TestConfig, of_type: &ResourceTypeConfig) -> bool {
        let id = &test.resource_type.text;
        let (field, entries) = match test.listing {
            TestedListing::List => ("list", usize::from(of_type.list.is_some())),
            TestedListing::Entitlements => ("entitlements", of_type.entitlements.0.len()),
            TestedListing::Grants => ("grants", of_type.grants.0.len()),
            TestedListing::StaticEntitlements => (
                "static_entitlements",
                of_type.static_entitlements.iter().flatten().count(),
            ),
        };
        if entries == 0 {
            let message = format!("the resource type `{id}` has no `{field}` that could be tested");
            let has: Vec<_> = [
                ("list", of_type.list.is_some()),
                ("entitlements", !of_type.entitlements.0.is_empty()),
                ("grants", !of_type.grants.0.is_empty()),
                (
                    "static_entitlements",
                    of_type.static_entitlements.iter().flatten().count() > 0,
                ),
            ]
            .into_iter()
            .filter_map(|(field, there)| there.then_some(field))
            .collect();
            let help = match has.as_slice() {
                [] => String::new(),
                fields => format!("set `listing` to one of {}", list(fields)),
            };
            self.error("bad-test", test.resource_type.span, message, &help);
            return false;
        }
        let most = match test.listing {
            TestedListing::Entitlements | TestedListing::Grants => entries,
            TestedListing::List | TestedListing::StaticEntitlements => 1,
        };
        let entry = usize::try_from(test.entry.get()).unwrap_or(usize::MAX);
        if entry > most {
            let entries = match most {
                1 => "one entry".to_owned(),
                _ => format!("{most} entries"),
            };
            let message = format!("`{field}` of `{id}` has {entries}: `entry: {entry}` is none");
            self.error("bad-test", test.resource_type.span, message, "count from 1");
        }
        entry <= most
    }

    /// What the listing runs for is given.
    fn subject(&mut self, test: &TestConfig, of_type: &ResourceTypeConfig) {
        let (given, id) = (&test.given, test.resource_type.text.as_str());
        let parent = self.parents.get(id).copied();
        match (test.listing, parent) {
            (TestedListing::List, Some(parent)) if given.parent_resource.is_none() => {
                let message = format!(
                    "`{id}` is listed once per `{parent}`, so the test needs `given.parent_resource`"
                );
                let help = "write `parent_resource: {id: …}` below `given`";
                self.error("missing-field", given.span, message, help);
            }
            (TestedListing::List, _) => {
                if let Some(resource) = given.resource.0.first() {
                    let message = "`given.resource` is what entitlements and grants are listed for"
                        .to_owned();
                    let help = match parent {
                        Some(_) => "write `parent_resource`",
                        None => "remove it, or set `listing`",
                    };
                    self.error("no-effect", resource.id.span, message, help);
                }
            }
            _ if given.resource.0.is_empty() && !serves_all(test, of_type) => {
                let message = format!(
                    "this listing runs once per `{id}`, so the test needs `given.resource`"
                );
                let help = "write `resource: {id: …}` below `given`";
                self.error("missing-field", given.span, message, help);
            }
            _ => {}
        }
        if let (None, Some(resource)) = (parent, &given.parent_resource) {
            let message = format!("`{id}` has no parent type, so `given.parent_resource` is none");
            self.error("no-effect", resource.id.span, message, "remove it");
        }
        let origins = usize::from(given.records.is_some())
            + usize::from(given.exchanges.is_some())
            + usize::from(given.recording.is_some());
        match (test.listing, origins) {
            (TestedListing::StaticEntitlements, 0) | (_, 1) => {}
            (TestedListing::StaticEntitlements, _) => {
                let message = "static entitlements are made of the resource alone".to_owned();
                let help = "remove `records`, `exchanges` and `recording`";
                self.error("no-effect", given.span, message, help);
            }
            (_, 0) => {
                let message = "nothing is given that could be listed".to_owned();
                let help = match self.dialect {
                    Dialect::Sql => "write `records: […]` below `given`",
                    Dialect::Http => "write `records: […]` or `exchanges: […]` below `given`",
                };
                self.error("missing-field", given.span, message, help);
            }
            _ => {
                let message =
                    "`records`, `exchanges` and `recording` exclude each other".to_owned();
                self.error(
                    "conflicting-fields",
                    given.span,
                    message,
                    "keep one of them",
                );
            }
        }
    }

    fn given(&mut self, given: &GivenConfig) {
        let exchanges = given.exchanges.as_deref().unwrap_or_default();
        let of_api = exchanges.first().map(|first| ("exchanges", first.span));
        let of_api = of_api.or_else(|| {
            given
                .recording
                .as_ref()
                .map(|text| ("recording", text.span))
        });
        if let (Dialect::Sql, Some((field, span))) = (self.dialect, of_api) {
            let message = format!("`given.{field}` is for APIs, but `connect` reaches a database");
            self.error("wrong-dialect", span, message, "write `records` there");
            return;
        }
        for exchange in exchanges {
            self.exchange(exchange);
        }
    }

    fn exchange(&mut self, exchange: &Placed<ExchangeConfig>) {
        self.ask(&exchange.ask);
        let bodies = usize::from(exchange.json.is_some())
            + usize::from(exchange.text.is_some())
            + usize::from(exchange.base64.is_some());
        if bodies > 1 {
            let message = "the answer has several bodies".to_owned();
            let help = "keep one of `json`, `text` and `base64`";
            self.error("conflicting-fields", exchange.span, message, help);
        }
        if !(100..600).contains(&exchange.answer) {
            let message = format!("`answer: {}` is no status of HTTP", exchange.answer);
            self.error("bad-test", exchange.span, message, "write one such as 200");
        }
    }

    fn ask(&mut self, ask: &Text) {
        let is_request = ask.text.split_once(' ').is_some_and(|(method, target)| {
            !method.is_empty()
                && method.chars().all(|c| c.is_ascii_uppercase())
                && (target.starts_with('/') || target.contains("://"))
        });
        if !is_request {
            let message = format!("`{}` is no request: a method and a target", ask.text);
            let help = "write it as in `GET /v1/users?limit=2`";
            self.error("bad-test", ask.span, message, help);
        }
    }

    fn expected(&mut self, expect: &Placed<ExpectConfig>, listing: TestedListing) {
        let (resources, entitlements) = (&expect.resources, &expect.entitlements);
        let written = [
            ("resources", resources.is_some()),
            ("entitlements", entitlements.is_some()),
            ("grants", expect.grants.is_some()),
        ];
        let brings = match listing {
            TestedListing::List => "resources",
            TestedListing::Entitlements | TestedListing::StaticEntitlements => "entitlements",
            TestedListing::Grants => "grants",
        };
        for (field, _) in written.iter().filter(|(it, there)| *there && *it != brings) {
            let message = format!("this listing brings {brings}: it has no {field} to compare");
            let help = format!("write `{brings}`, or set `listing`");
            self.error("bad-test", expect.span, message, &help);
        }
        let facts = written.iter().any(|(_, there)| *there);
        let others = expect.requests.is_some() || expect.findings.is_some();
        match &expect.error {
            Some(error) if facts => {
                let message = format!("a listing that fails brings no {brings} to compare");
                let help = format!("remove `error`, or `{brings}`");
                self.error("conflicting-fields", error.span, message, &help);
            }
            None if !facts && !others => {
                let message = "nothing is expected, so the test cannot fail".to_owned();
                let help = format!("write `{brings}: […]` below `expect`");
                self.error("missing-field", expect.span, message, &help);
            }
            _ => {}
        }
        for ask in expect.requests.iter().flatten() {
            self.ask(ask);
        }
        for resource in resources.iter().flatten() {
            self.word("trait", resource.r#trait.as_ref(), TraitWord::WORDS);
            self.word("status", resource.status.as_ref(), STATUSES);
            let account_type = resource.account_type.as_ref();
            self.word("account_type", account_type, ACCOUNT_TYPES);
            let credential_type = resource.credential_type.as_ref();
            self.word("credential_type", credential_type, CREDENTIAL_TYPES);
            self.word("nhi_type", resource.nhi_type.as_ref(), NHI_TYPES);
        }
        let mut purposes = PurposeWord::WORDS.to_vec();
        purposes.push("unspecified");
        for entitlement in entitlements.iter().flatten() {
            self.word("purpose", entitlement.purpose.as_ref(), &purposes);
        }
    }

    /// A word that can never be found is a slip of the pen. Empty: there is nothing.
    fn word(&mut self, field: &str, written: Option<&Text>, words: &[&str]) {
        let Some(word) = written.filter(|it| !it.text.is_empty()) else {
            return;
        };
        if words.contains(&word.text.as_str()) {
            return;
        }
        let help = match nearest(&word.text, words.iter().copied()) {
            Some(close) => format!("did you mean `{close}`?"),
            None => format!("write one of {}", list(words)),
        };
        let message = format!("`{field}` is never `{}`", word.text);
        self.error("not-in-set", word.span, message, &help);
    }
}

/// True for a listing that serves all resources at once: its records name theirs.
fn serves_all(test: &TestConfig, of_type: &ResourceTypeConfig) -> bool {
    let entry = test.entry.get() as usize - 1;
    match test.listing {
        TestedListing::List | TestedListing::StaticEntitlements => false,
        TestedListing::Entitlements => of_type.entitlements.0.get(entry).is_some_and(|entry| {
            let mapped = entry.map.iter().flat_map(|map| &map.0);
            let responses = entry.response.iter();
            mapped
                .chain(responses.flat_map(|response| &response.entitlement_mapping.0))
                .any(|mapping| mapping.resource_id.is_some())
        }),
        TestedListing::Grants => of_type.grants.0.get(entry).is_some_and(|entry| {
            let mapped = entry.map.iter().flat_map(|map| &map.0);
            let responses = entry.response.iter();
            mapped
                .chain(responses.flat_map(|response| &response.grant_mapping.0))
                .any(|mapping| mapping.resource_id.is_some())
        }),
    }
}
