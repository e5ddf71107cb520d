//! `account_provisioning` and `credential_rotation` of a type → how its accounts are made, and how
//! they get new passwords.

use std::collections::BTreeSet;

use super::credential::{Credential, credentials};
use super::lint::not_yet;
use super::listing::TypeCompiler;
use super::statements::{Statements, needs};
use super::variables::{ACCOUNT, ROTATION};
use crate::config::account::{AccountFieldConfig, AccountFieldType, AccountStatementsConfig};
use crate::config::scalar::Text;
use crate::config::{CompileContext, ConnectorConfig, Dialect};
use crate::diagnostic::{Diagnostic, Span, list};
use crate::source::sql::{Known, SqlStatement};

/// How accounts of a type are made.
#[derive(Debug)]
pub struct AccountPlan {
    /// What whoever asks for one fills in.
    pub fields: Vec<AccountField>,
    /// How it gets its password; the preferred way first.
    pub credentials: Vec<Credential>,
    /// Finds the account, before and after.
    pub find: SqlStatement,
    /// Creates it.
    pub create: Vec<SqlStatement>,
    /// Whether `create` is one transaction.
    pub in_transaction: bool,
}

/// A field of the form for an account.
#[derive(Debug)]
pub struct AccountField {
    /// Its name, also in queries.
    pub name: String,
    /// What to fill in; may be empty.
    pub description: String,
    /// The kind of value.
    pub field_type: AccountFieldType,
    /// What the form shows while the field is empty; may be empty.
    pub placeholder: String,
    /// Whether it must be filled in.
    pub required: bool,
}

/// How an account gets a new password.
#[derive(Debug)]
pub struct RotationPlan {
    /// Where the password comes from; the preferred way first.
    pub credentials: Vec<Credential>,
    /// Changes it.
    pub update: Vec<SqlStatement>,
    /// Whether `update` is one transaction.
    pub in_transaction: bool,
}

/// One type of a connector holds its accounts: notes the second type that says how to make some.
pub(super) fn only_one_type(config: &ConnectorConfig, cx: &mut CompileContext) {
    let accounts = config
        .resource_types
        .iter()
        .filter_map(|(key, config)| Some((&key.text, config.account_provisioning.as_ref()?.span)));
    let rotations = config
        .resource_types
        .iter()
        .filter_map(|(key, config)| Some((&key.text, config.credential_rotation.as_ref()?.span)));
    for (section, found) in [
        ("account_provisioning", accounts.collect::<Vec<_>>()),
        ("credential_rotation", rotations.collect()),
    ] {
        for (_, span) in found.iter().skip(1) {
            let message = format!(
                "`{}` has `{section}` already: one type of a connector can have it",
                found[0].0
            );
            cx.warning(
                "no-effect",
                *span,
                message,
                "keep it on the type that holds the accounts",
            );
        }
    }
}

impl TypeCompiler<'_, '_> {
    /// False, with a note, for a section of databases in the file of an API.
    pub(super) fn runs_queries(&mut self, section: &str, span: Span) -> bool {
        if self.cx.dialect == Dialect::Http {
            self.cx.warning(
                "wrong-dialect",
                span,
                format!("`{section}` belongs to files about databases: it is ignored here"),
                "remove it",
            );
            return false;
        }
        not_yet(section, span, self.cx);
        true
    }

    /// Compiles how accounts of the type are made. `None` when that is not written or a mistake was
    /// noted.
    pub(super) fn account(&mut self) -> Option<AccountPlan> {
        let config = self.config.account_provisioning.as_ref()?;
        if !self.runs_queries("account_provisioning", config.span) {
            return None;
        }
        let path = format!("resource_types.{}.account_provisioning", self.key.text);
        if self.config.static_resources.is_some() {
            self.cx.error::<()>(
                "conflicting-fields",
                config.span,
                format!(
                    "accounts of `{}` cannot be created: its resources are written in the file",
                    self.key.text
                ),
            );
        }
        let names = field_names(&config.schema, self.cx);
        let fields = config.schema.iter().map(|config| field(config, self.cx));
        let fields: Vec<_> = fields.collect();
        let fields: Option<Vec<_>> = fields.into_iter().collect();
        let values: Vec<String> = names.iter().cloned().chain(["password".into()]).collect();
        let known = Known {
            values: &values,
            members: Some(("input", &names)),
            ..Known::variables(ACCOUNT)
        };
        let credentials = credentials(config.credentials.as_ref(), &path, config.span, self.cx);
        let find = match config.validate.as_ref() {
            Some(validate) => match &validate.query {
                Some(query) => {
                    let mut statements =
                        Statements::of(self.connection, &validate.vars, known, self.cx);
                    let find = statements.one(query);
                    statements.finish();
                    find
                }
                None => {
                    let path = format!("{path}.validate");
                    needs(&path, "query", config.span, FIND, self.cx)
                }
            },
            None => needs(&path, "validate", config.span, FIND, self.cx),
        };
        let create = match config.create.as_ref() {
            Some(create) => {
                let path = format!("{path}.create");
                self.changes(create, &path, config.span, known, credentials.as_deref())
            }
            None => needs(&path, "create", config.span, CREATE, self.cx),
        };
        Some(AccountPlan {
            fields: fields?,
            credentials: credentials?,
            find: find?,
            create: create?,
            in_transaction: !config.create.as_ref()?.no_transaction,
        })
    }

    /// Compiles how accounts of the type get new passwords. `None` when that is not written or a
    /// mistake was noted.
    pub(super) fn rotation(&mut self) -> Option<RotationPlan> {
        let config = self.config.credential_rotation.as_ref()?;
        if !self.runs_queries("credential_rotation", config.span) {
            return None;
        }
        let path = format!("resource_types.{}.credential_rotation", self.key.text);
        let values = ["resource_id".to_owned(), "password".to_owned()];
        let known = Known {
            values: &values,
            ..Known::variables(ROTATION)
        };
        let credentials = credentials(config.credentials.as_ref(), &path, config.span, self.cx);
        let update = match config.update.as_ref() {
            Some(update) => {
                let path = format!("{path}.update");
                self.changes(update, &path, config.span, known, credentials.as_deref())
            }
            None => needs(&path, "update", config.span, UPDATE, self.cx),
        };
        Some(RotationPlan {
            credentials: credentials?,
            update: update?,
            in_transaction: !config.update.as_ref()?.no_transaction,
        })
    }

    /// The queries that create an account or change its password.
    fn changes(
        &mut self,
        config: &AccountStatementsConfig,
        path: &str,
        span: Span,
        known: Known<'_>,
        credentials: Option<&[Credential]>,
    ) -> Option<Vec<SqlStatement>> {
        let Some(first) = config.queries.first() else {
            let help = if path.ends_with("update") {
                UPDATE
            } else {
                CREATE
            };
            return needs(path, "queries", span, help, self.cx);
        };
        let mut statements = Statements::of(self.connection, &config.vars, known, self.cx);
        let compiled = statements.all(&config.queries);
        statements.finish();
        let compiled = compiled?;
        let takes_password = compiled
            .iter()
            .any(|found| found.uses_value("password") || found.uses_value("credentials"));
        let has_none = credentials.map(|ways| ways == [Credential::NoPassword]);
        match (takes_password, has_none) {
            (true, Some(true)) => self.cx.warning(
                "conflicting-fields",
                first.0.span,
                "the queries take `password`, but `credentials` has `no_password` only: it is null",
                "offer `random_password: {}`, or leave the password out",
            ),
            (false, Some(false)) => self.cx.warning(
                "unused-password",
                first.0.span,
                format!("a password is made, but `{path}` never sets it"),
                "take `?<password>` into a query, or offer `no_password: {}` only",
            ),
            _ => {}
        }
        Some(compiled)
    }
}

const FIND: &str = "write the query that finds the account, before it is created and after: `validate: {query: …}`";
const CREATE: &str = "write the statements that create the account: `create: {queries: […]}`";
const UPDATE: &str = "write the statements that set the password: `update: {queries: […]}`";

/// The names of the fields, each once.
fn field_names(schema: &[AccountFieldConfig], cx: &mut CompileContext) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let mut names = Vec::new();
    for field in schema {
        let name = &field.name;
        if name.text.is_empty() {
            cx.error::<()>(
                "missing-field",
                name.span,
                "a field of `schema` has no name",
            );
        } else if !seen.insert(name.text.to_lowercase()) {
            let message = format!("the field `{}` is written twice", name.text);
            cx.error::<()>("duplicate-id", name.span, message);
        } else {
            names.push(name.text.clone());
        }
    }
    names
}

fn field(config: &AccountFieldConfig, cx: &mut CompileContext) -> Option<AccountField> {
    if config.r#type.is_none() {
        let at = cx.at(config.name.span);
        let message = format!("the field `{}` needs `type`", config.name.text);
        cx.note(
            Diagnostic::error("missing-field", at, message)
                .help(format!("write one of {}", list(AccountFieldType::WORDS))),
        );
    }
    let text = |text: &Option<Text>| {
        text.as_ref()
            .map(|text| text.text.clone())
            .unwrap_or_default()
    };
    Some(AccountField {
        name: config.name.text.clone(),
        description: text(&config.description),
        // A word that is no type was noted.
        field_type: config.r#type.as_ref()?.0?,
        placeholder: text(&config.placeholder),
        required: config.required,
    })
}
