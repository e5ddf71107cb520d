//! The YAML in pages of the documentation is a part of connectors that have no mistake.

use std::collections::HashMap;
use std::path::Path;

use rolecall::config;
use rolecall::diagnostic::{Severity, SourceFile};
use rolecall::plan::{self, Check};

/// The sections that a snippet of a listing leaves out.
const REST: &[(&str, &str)] = &[
    ("request", "request: {url: /members}"),
    ("response", "response: {items_path: members}"),
];

/// A connector around a snippet: its sections are those of a listing of grants, or `connect`.
fn connector(snippet: &str) -> String {
    let mut connect = "connect: {base_url: https://api.acme.test}\n".to_owned();
    let mut listing = String::new();
    match snippet.starts_with("connect:") {
        true => connect = snippet.to_owned(),
        false => listing.push_str(snippet),
    }
    for (section, written) in REST {
        if !listing
            .lines()
            .any(|line| line.starts_with(&format!("{section}:")))
        {
            listing.push_str(&format!("{written}\n"));
        }
    }
    let mapping = "  grant_mapping: {principal_id: cel:item.id, principal_type: group, entitlement_id: member}\n";
    let (items, path) = ("response:\n", "response: {");
    listing = match listing.contains(items) {
        true => listing.replace(items, &format!("{items}{mapping}")),
        false => listing.replace(path, &format!("{path}{}, ", mapping.trim())),
    };
    let listing: String = listing
        .lines()
        .map(|line| format!("      {line}\n"))
        .collect();
    format!(
        "app_name: acme\n{connect}resource_types:\n  group:\n    list:\n      request: {{url: /groups}}\n      response: {{items_path: groups, resource_mapping: {{id: cel:item.id, display_name: cel:item.id}}}}\n    static_entitlements: [{{id: member, display_name: Member, purpose: assignment, grantable_to: [group]}}]\n    grants:\n    -\n{listing}"
    )
}

fn snippets(page: &str) -> Vec<String> {
    let blocks = page.split("```yaml\n").skip(1);
    let blocks = blocks.map(|block| block.split("```").next().unwrap_or_default());
    blocks.map(str::to_owned).collect()
}

#[test]
fn snippets_of_the_documentation_have_no_mistakes() {
    let environment: HashMap<String, String> = HashMap::new();
    for (name, least) in [("paging", 15), ("requests", 9), ("responses", 10)] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("docs/{name}.md"));
        let page = std::fs::read_to_string(path).expect("the page is there");
        let snippets = snippets(&page);
        assert!(
            snippets.len() >= least,
            "{name} has {} snippets",
            snippets.len()
        );
        for snippet in snippets {
            let text = connector(&snippet);
            let how = Check {
                environment: &environment,
                unset_variable: Severity::Warning,
                strict: false,
                purpose: plan::Purpose::Everything,
            };
            let loaded = config::load_text(SourceFile::new("connector.yaml", text.as_str()));
            let (plan, found) = plan::check(loaded, how);
            let found: Vec<_> = found.iter().map(|found| &found.message).collect();
            assert!(
                plan.is_some() && found.is_empty(),
                "{name}: {found:?}\n{text}"
            );
        }
    }
}
