//! Changes of a system: made, refused, repeated, lost and found.

mod account;
mod action;
mod capabilities;
pub mod commands;
mod drop_in;
mod events;
mod http;
mod making;
mod sql;

use std::collections::HashMap;
use std::path::Path;

use rolecall::config;
use rolecall::diagnostic::{Severity, SourceFile};
use rolecall::model::{Entitlement, EntitlementId, Purpose, Resource, ResourceId};
use rolecall::plan::{self, Check, Plan};
use rolecall::provision::{
    Finished, Holding, Intent, Journal, NoJournal, Prepared, RunOptions, Unfinished,
};

/// The plan of a connector without mistakes. `variables` are its environment.
pub fn plan_of(text: &str, variables: &[(&str, &str)]) -> Plan {
    plan_in(Path::new("connector.yaml"), text, variables)
}

/// The same as if it stood in a file, which relative paths begin at.
pub fn plan_in(file: &Path, text: &str, variables: &[(&str, &str)]) -> Plan {
    let environment: HashMap<String, String> = variables
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    let how = Check {
        environment: &environment,
        unset_variable: Severity::Error,
        strict: false,
        purpose: plan::Purpose::Everything,
    };
    let source = SourceFile::new(file.display().to_string(), text.to_owned());
    let (plan, found) = plan::check(config::load_text(source), how);
    plan.unwrap_or_else(|| panic!("{found:#?}"))
}

/// `principal` holding the static entitlement `local` of `resource`; both are `(type, id)`.
pub fn holding(local: &str, resource: (&str, &str), principal: (&str, &str)) -> Holding {
    let resource = Resource::new(ResourceId::new(resource.0, resource.1), resource.1);
    Holding {
        entitlement: Entitlement {
            id: EntitlementId::on(&resource.id, local),
            resource,
            display_name: local.to_owned(),
            description: String::new(),
            purpose: Purpose::Assignment,
            slug: local.to_owned(),
            grantable_to: Vec::new(),
            immutable: false,
            exclusion_group: None,
            annotations: Vec::new(),
        },
        principal: Resource::new(ResourceId::new(principal.0, principal.1), principal.1),
    }
}

/// Makes a change without an audit file.
pub async fn run(prepared: &Prepared<'_>) -> Finished {
    prepared
        .run(&mut NoJournal, RunOptions::default())
        .await
        .expect("nothing is written that could fail")
}

/// A journal that knows of an earlier run without an outcome.
pub struct Interrupted;

impl Journal for Interrupted {
    fn unfinished(&mut self, _: &str) -> std::io::Result<Option<Unfinished>> {
        Ok(Some(Unfinished {
            at: "2026-01-01T00:00:00.000Z".to_owned(),
        }))
    }

    fn intent(&mut self, _: &Intent<'_>) -> std::io::Result<String> {
        Ok(String::new())
    }

    fn outcome(&mut self, _: &str, _: &rolecall::provision::Outcome) -> std::io::Result<()> {
        Ok(())
    }
}
