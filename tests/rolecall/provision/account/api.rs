//! Accounts and resources of APIs, against a server that answers from a script.
//!
//! A case is a folder of `tests/fixtures/provision/accounts-http`: `connector.yaml`, the
//! `exchanges.yaml` that must be made, no more and no fewer, `asked.yaml` with what is asked for, and
//! `outcome.snap` with what was going to be sent and what became of it. The files' only random
//! passwords are of one letter, so that a script can know them.

use std::path::Path;

use rolecall::plan::Plan;
use rolecall::provision::{
    AccountRequest, AskError, HandOver, Making, PasswordWish, create_account, create_resource,
    delete_resource, rotate_credential,
};
use serde_json::{Map, Value as Json, json};

use super::target;
use super::witness::Witness;
use crate::http::server::{Exchange, Server};
use crate::provision::plan_of;

/// The password that random ones come to.
const LETTERS: &str = "QQQQQQQQQQQQQQQQQQQQ";

/// The value of `${SECRET}`.
const SECRET: &str = "s3cr3t/v4lue=";

/// What is asked for: exactly one of these.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Asked {
    create_account: Option<Account>,
    create_resource: Option<NewResource>,
    rotate: Option<String>,
    delete: Option<String>,
}

#[derive(Debug, Default, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Account {
    input: Map<String, Json>,
    given: Option<String>,
    no_password: bool,
}

#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct NewResource {
    r#type: String,
    input: Map<String, Json>,
}

impl Asked {
    fn prepare<'p>(self, plan: &'p Plan, hand_over: HandOver) -> Result<Making<'p>, AskError> {
        let named = |name: &str| {
            let (resource_type, id) = name.split_once('/').expect("`type/id`");
            target(resource_type, id)
        };
        match self {
            Asked {
                create_account: Some(account),
                ..
            } => {
                let password = match (account.given, account.no_password) {
                    (Some(given), _) => PasswordWish::Given(given.into()),
                    (None, true) => PasswordWish::NoPassword,
                    (None, false) => PasswordWish::Random {
                        length: None,
                        constraints: Vec::new(),
                    },
                };
                let request = AccountRequest {
                    resource_type: None,
                    input: account.input,
                    password,
                    hand_over,
                };
                create_account(plan, request)
            }
            Asked {
                create_resource: Some(new),
                ..
            } => create_resource(plan, &new.r#type, &new.input),
            Asked {
                rotate: Some(name), ..
            } => rotate_credential(plan, named(&name), PasswordWish::Preferred, hand_over),
            Asked {
                delete: Some(name), ..
            } => delete_resource(plan, named(&name)),
            _ => panic!("nothing is asked for"),
        }
    }

    fn secrets(&self) -> Vec<String> {
        let given = self.create_account.as_ref();
        let given = given.and_then(|account| account.given.clone());
        let mut secrets = vec![LETTERS.to_owned(), SECRET.to_owned()];
        secrets.extend(given);
        secrets
    }
}

async fn run(folder: &Path) {
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).expect("a case has it");
    let server = Server::bind();
    let base = format!("http://{}", server.address());
    let exchanges: Vec<Exchange> = serde_yaml::from_str(&read("exchanges.yaml"))
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let server = server.script(exchanges);
    let asked: Asked = serde_yaml::from_str(&read("asked.yaml"))
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let plan = plan_of(
        &read("connector.yaml"),
        &[("BASE", &base), ("SECRET", SECRET)],
    );
    let witness = Witness::new();
    let secrets = asked.secrets();
    let making = asked
        .prepare(&plan, witness.to_file())
        .expect("it can be asked for");
    let made = witness.make(making).await;
    let password = made.password_file.map(|file| {
        let password = std::fs::read_to_string(&file).expect("it is there");
        std::fs::remove_file(file).expect("it is ours");
        password
    });
    assert!(!witness.password_file().exists(), "{}", folder.display());
    if let Some(password) = &password {
        assert_eq!(password, LETTERS, "{}", folder.display());
    }
    secrets
        .iter()
        .for_each(|secret| witness.has_not_seen(secret));
    let problems = server.finish();
    assert!(
        problems.is_empty(),
        "{}: {}",
        folder.display(),
        problems.join("\n")
    );
    let shown = json!({
        "sends": witness.last_intent(),
        "outcome": made.finished.outcome,
        "resource": made.resource.map(|found| format!("{}: {}", found.id, found.display_name)),
        "password_is_handed_over": password.is_some(),
    });
    let shown = serde_json::to_string_pretty(&shown).expect("plain data");
    let shown = shown
        .replace(&base, "BASE")
        .replace(&base["http://".len()..], "HOST");
    insta::with_settings!({
        snapshot_path => folder,
        prepend_module_to_snapshot => false,
        omit_expression => true,
    }, {
        insta::assert_snapshot!("outcome", shown);
    });
}

#[tokio::test]
async fn every_account_of_an_api_comes_to_what_its_case_says() {
    let folders = crate::fixtures("provision/accounts-http");
    assert!(folders.len() > 10, "{folders:?}");
    for folder in folders {
        run(&folder).await;
    }
}
