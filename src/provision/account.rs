//! Creating an account: a filled-in form, a way to get a password → a change to make.

use secrecy::SecretString;
use serde_json::{Map as JsonMap, Value as Json};

use super::ask::AskError;
use super::form::filled_in;
use super::hand_over::HandOver;
use super::making::{Ingredients, Making};
use super::outcome::Subject;
use super::prepared::Deed;
use super::target::type_named;
use super::wish::{Password, PasswordWish};
use crate::config::names_secret;
use crate::expr::{Inputs, Map, Value, to_text};
use crate::model::TraitKind;
use crate::plan::{AccountPlan, Plan, TypePlan};

/// What somebody wants an account to be.
#[derive(Debug, Clone, Default)]
pub struct AccountRequest {
    /// Its type; `None`: the only one that has accounts, or the one of users.
    pub resource_type: Option<String>,
    /// The form, filled in: values of their kinds, or texts as a command line has them.
    pub input: JsonMap<String, Json>,
    /// How it gets its password.
    pub password: PasswordWish,
    /// Where a new password goes.
    pub hand_over: HandOver,
}

/// Prepares the creation of an account. Nothing is sent.
pub fn create_account(plan: &Plan, request: AccountRequest) -> Result<Making<'_>, AskError> {
    let (type_plan, account) = account_type(plan, request.resource_type.as_deref())?;
    let form = Filled::of(account, &request.input)?;
    let password = Password::choose(&account.credentials, request.password)?;
    let ingredients = Ingredients {
        plan,
        deed: Deed::Create,
        operation: "create-account",
        subject: form.subject(type_plan),
        change: &account.create,
        inputs: form.inputs(plan),
        secrets: form.secrets(),
        find: account.find.as_ref().map(|find| ("validate", find)),
    };
    Making::with_password(
        ingredients,
        Some((type_plan, &account.item)),
        password,
        "the password of a new account",
        request.hand_over,
    )
}

/// The type that accounts are made of, and how. `named`: the one that somebody wants; `None`: the only
/// one that has accounts, or the one of users.
pub fn account_type<'p>(
    plan: &'p Plan,
    named: Option<&str>,
) -> Result<(&'p TypePlan, &'p AccountPlan), AskError> {
    if let Some(named) = named {
        let found = type_named(plan, named)?;
        let account = found.account.as_ref();
        return account.map(|account| (found, account)).ok_or_else(|| {
            not_offered(
                format!("creating accounts of `{named}`"),
                format!("`resource_types.{named}` has no `account_provisioning`"),
            )
        });
    }
    let types = plan.types.iter();
    let with_accounts: Vec<_> = types
        .filter_map(|found| Some((found, found.account.as_ref()?)))
        .collect();
    let is_user =
        |(found, _): &&(&TypePlan, _)| found.resource_type.traits.contains(&TraitKind::User);
    match with_accounts.as_slice() {
        [] => Err(not_offered(
            "creating accounts".to_owned(),
            "no resource type of the connector file has `account_provisioning`".to_owned(),
        )),
        [only] => Ok(*only),
        several => several.iter().find(is_user).copied().ok_or_else(|| {
            AskError::Argument(format!(
                "several resource types have accounts; name one of {}",
                crate::diagnostic::list(
                    &several
                        .iter()
                        .map(|(found, _)| found.resource_type.id.as_str())
                        .collect::<Vec<_>>()
                )
            ))
        }),
    }
}

fn not_offered(what: String, reason: String) -> AskError {
    AskError::NotOffered { what, reason }
}

/// A form that was filled in.
pub(super) struct Filled<'p> {
    account: &'p AccountPlan,
    values: Map,
}

impl<'p> Filled<'p> {
    pub fn of(account: &'p AccountPlan, input: &JsonMap<String, Json>) -> Result<Self, AskError> {
        let values = filled_in(&account.fields, input)?;
        Ok(Self { account, values })
    }

    /// `input`, the fields by name, and a password that is null until there is one.
    pub fn inputs(&self, plan: &Plan) -> Inputs {
        let mut inputs = plan.inputs.clone();
        inputs.set("input", Value::Map(self.values.clone()));
        if !self.account.credentials.is_empty() {
            inputs.set("password", Value::Null);
            inputs.set("credentials", Value::Map(Map::new()));
        }
        // A field takes the place of a variable of its name; the fields of an API's form have no
        // names of their own.
        if matches!(self.account.create, crate::plan::ChangePlan::Sql(_)) {
            for field in &self.account.fields {
                let value = self.values.get(&field.name).cloned().unwrap_or_default();
                inputs.set(&field.name, value);
            }
        }
        inputs
    }

    /// Values of fields whose names say that they are secret.
    pub fn secrets(&self) -> Vec<SecretString> {
        let secret = self.values.iter().filter(|(name, _)| names_secret(name));
        secret
            .filter_map(|(_, value)| to_text(value).ok().flatten())
            .map(SecretString::from)
            .collect()
    }

    /// What tells one account to be from another: the form without what is secret.
    pub fn subject(&self, type_plan: &TypePlan) -> Subject {
        let shown = self.values.iter().map(|(name, value)| {
            let value = match names_secret(name) {
                true => Json::from("***"),
                false => Json::from(value),
            };
            (name.clone(), value)
        });
        let shown = Json::Object(shown.collect());
        Subject::from([
            ("resource_type", type_plan.resource_type.id.to_string()),
            ("input", shown.to_string()),
        ])
    }
}
