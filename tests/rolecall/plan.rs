//! Sections that change a system → what they compile to.

use std::collections::HashMap;
use std::time::Duration;

use rolecall::config;
use rolecall::diagnostic::{Severity, SourceFile};
use rolecall::expr::Value;
use rolecall::plan::{
    self, ActionPlan, ChangePlan, Check, Credential, Plan, SqlChangePlan, TypePlan,
};

/// The plan of a fixture that has no mistakes.
fn plan(case: &str) -> Plan {
    let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .join(format!("tests/fixtures/diagnostics/{case}/connector.yaml"));
    let text = std::fs::read_to_string(file).expect("the file is text");
    let environment: HashMap<String, String> = HashMap::new();
    let how = Check {
        environment: &environment,
        unset_variable: Severity::Error,
        strict: true,
        purpose: rolecall::plan::Purpose::Everything,
    };
    let loaded = config::load_text(SourceFile::new("connector.yaml", text));
    let (plan, found) = plan::check(loaded, how);
    plan.unwrap_or_else(|| panic!("{found:?}"))
}

fn type_of<'p>(plan: &'p Plan, id: &str) -> &'p TypePlan {
    let found = plan
        .types
        .iter()
        .find(|found| found.resource_type.id.as_str() == id);
    found.expect("the type is in the plan")
}

fn action<'p>(plan: &'p Plan, id: &str) -> &'p ActionPlan {
    let found = plan.actions.iter().find(|action| action.id == id);
    found.expect("the action is in the plan")
}

fn sql(change: &Option<ChangePlan>) -> &SqlChangePlan {
    statements(change.as_ref().expect("there is a change"))
}

fn statements(change: &ChangePlan) -> &SqlChangePlan {
    match change {
        ChangePlan::Sql(change) => change,
        other => panic!("no change by queries: {other:?}"),
    }
}

#[test]
fn what_grants_and_revokes_is_in_the_plan() {
    let plan = plan("every-section");
    let provisioning = &type_of(&plan, "group").provisioning;
    let [(id, member)] = provisioning.statics.as_slice() else {
        panic!("one static entitlement is provisioned");
    };
    assert_eq!(id, "member");
    assert!(provisioning.listed.is_none());
    let grant = sql(&member.grant);
    assert_eq!((grant.validations.len(), grant.statements.len()), (1, 2));
    assert!(grant.in_transaction && grant.principal_exists.is_none());
    let rejection = grant.rejection.as_ref().expect("`reject_if` is written");
    assert!(rejection.reason.is_some());
    let replacement = grant.replacement.as_ref();
    let replacement = replacement.expect("`grant_replace` is written");
    assert_eq!(replacement.mappings.len(), 1);
    assert!(grant.statements[0].uses_value("principal"));
    assert!(grant.statements[0].uses_value("entitlement"));
    assert!(!grant.statements[1].uses_value("principal"));
    let revoke = sql(&member.revoke);
    assert!(!revoke.in_transaction && revoke.principal_exists.is_some());
    let app = &type_of(&plan, "app").provisioning;
    let listed = app.listed.as_ref().expect("listed ones are provisioned");
    assert_eq!(sql(&listed.revoke).statements.len(), 1);
}

#[test]
fn how_accounts_are_made_is_in_the_plan() {
    let plan = plan("every-section");
    let account = type_of(&plan, "account");
    let made = account.account.as_ref().expect("accounts can be made");
    let names: Vec<_> = made
        .fields
        .iter()
        .map(|field| field.name.as_str())
        .collect();
    assert_eq!(
        names,
        ["login", "employee_id", "groups", "remote", "attributes"]
    );
    assert!(made.fields[0].required && !made.fields[1].required);
    // The preferred way first, whatever the order in the file.
    assert_eq!(
        made.credentials,
        [
            Credential::Random(vec![
                ("0123456789".to_owned(), 2),
                ("abcdefghijklmnopqrstuvwxyz".to_owned(), 8)
            ]),
            Credential::NoPassword,
            Credential::Encrypted
        ]
    );
    // `who: login` takes the field itself.
    let find = made.find.as_ref().expect("`validate` is written");
    assert!(find.uses_value("login") && !find.uses_value("input"));
    let create = statements(&made.create);
    assert!(create.statements[0].uses_value("password"));
    assert!(create.statements[0].uses_value("input"));
    assert!(!create.statements[1].uses_value("password") && !create.in_transaction);
    let rotation = account.rotation.as_ref().expect("passwords can be changed");
    let update = &statements(&rotation.update).statements[0];
    assert!(update.uses_value("resource_id") && update.uses_value("password"));
}

#[test]
fn actions_and_changes_are_in_the_plan() {
    let plan = plan("every-section");
    assert_eq!(plan.lookback.first, Duration::from_secs(12 * 3600));
    let lock = action(&plan, "lock_account");
    assert_eq!(lock.kinds, ["account", "account_disable"]);
    let locking = statements(&lock.change);
    assert!(locking.in_transaction && locking.statements.len() == 1);
    let defaults: Vec<_> = lock
        .arguments
        .iter()
        .map(|argument| argument.default.clone())
        .collect();
    let text = |text: &str| Value::from(text);
    assert_eq!(
        defaults,
        [
            None,
            Some(text("left the company")),
            Some(Value::Bool(true)),
            Some(Value::Int(30)),
            Some(Value::List(vec![
                text("ada@acme.test"),
                text("grace@acme.test")
            ])),
            Some(Value::Map(
                [("source".to_owned(), text("rolecall"))]
                    .into_iter()
                    .collect()
            )),
        ]
    );
    assert_eq!(
        statements(&action(&plan, "move_home").change)
            .statements
            .len(),
        2
    );
    let account = type_of(&plan, "account");
    let changes = account.changes.as_ref().expect("changes are listed");
    assert_eq!(changes.cursor_column, "changed_at");
    assert!(account.get.as_ref().is_some_and(|get| get.uses_value("id")));
    let grants = &type_of(&plan, "group").grants[0];
    let changes = grants.changes.as_ref().expect("changes are listed");
    assert!(changes.revoked.is_some());
}

#[test]
fn requests_that_grant_are_in_the_plan() {
    let plan = plan("every-section-of-an-api");
    let (_, member) = &type_of(&plan, "group").provisioning.statics[0];
    let Some(ChangePlan::Http(grant)) = &member.grant else {
        panic!("no change by a request: {:?}", member.grant);
    };
    let grant = &grant.steps[0];
    assert!(grant.success.is_some() && grant.request.mentions("pre_requests"));
    let Some(ChangePlan::Http(revoke)) = &member.revoke else {
        panic!("no change by a request: {:?}", member.revoke);
    };
    let revoke = &revoke.steps[0];
    assert!(revoke.success.is_none() && revoke.request.mentions("principal"));
    let ChangePlan::Http(lock) = &action(&plan, "lock_account").change else {
        panic!("an action of an API makes requests");
    };
    assert_eq!(lock.steps.len(), 1);
}
