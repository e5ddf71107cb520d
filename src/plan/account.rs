//! `account_provisioning` and `credential_rotation` of a type → how its accounts are made, and how
//! they get new passwords.

use std::collections::BTreeSet;

use super::lint::not_yet;
use super::listing::TypeCompiler;
use super::statements::{Statements, missing};
use super::variables::{ACCOUNT, ROTATION};
use crate::config::account::{
    AccountFieldConfig, AccountFieldType, AccountStatementsConfig, CredentialsConfig,
    RandomPasswordConfig,
};
use crate::config::decode::Placed;
use crate::config::{CompileContext, ConnectorConfig, Dialect};
use crate::diagnostic::{Diagnostic, Span};
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

/// A way to get a password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Credential {
    /// There is none.
    None,
    /// A new one is made, with at least so many of these characters each.
    Random(Vec<(String, u32)>),
    /// One is handed over encrypted.
    Encrypted,
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
            fields: config.schema.iter().map(field).collect(),
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
        let has_none = credentials.map(|ways| ways == [Credential::None]);
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

fn needs<T>(path: &str, field: &str, span: Span, help: &str, cx: &mut CompileContext) -> Option<T> {
    let error = |at, message| Diagnostic::error("missing-field", at, message);
    missing(path, field, span, error, help, cx);
    None
}

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

fn field(config: &AccountFieldConfig) -> AccountField {
    let text = |text: &Option<crate::config::scalar::Text>| {
        text.as_ref()
            .map(|text| text.text.clone())
            .unwrap_or_default()
    };
    AccountField {
        name: config.name.text.clone(),
        description: text(&config.description),
        field_type: config.r#type,
        placeholder: text(&config.placeholder),
        required: config.required,
    }
}

/// The ways to get a password, the preferred one first; then none, random, encrypted.
fn credentials(
    config: Option<&CredentialsConfig>,
    path: &str,
    span: Span,
    cx: &mut CompileContext,
) -> Option<Vec<Credential>> {
    const HELP: &str = "write `no_password: {}`, `random_password: {}` or `encrypted_password: {}`";
    let Some(config) = config else {
        return needs(path, "credentials", span, HELP, cx);
    };
    let mut ways = Vec::new();
    if let Some(way) = &config.no_password {
        ways.push((Credential::None, way.preferred, way.span));
    }
    if let Some(way) = &config.random_password {
        lengths(way, cx);
        let constraints = way.constraints.iter();
        let constraints = constraints.map(|constraint| {
            if constraint.char_set.text.is_empty() {
                let at = cx.at(constraint.char_set.span);
                let message = "`char_set` has no characters";
                cx.note(
                    Diagnostic::error("missing-field", at, message)
                        .help("write the characters, for example `0123456789`"),
                );
            }
            (constraint.char_set.text.clone(), constraint.min_count.get())
        });
        ways.push((
            Credential::Random(constraints.collect()),
            way.preferred,
            way.span,
        ));
    }
    if let Some(way) = &config.encrypted_password {
        ways.push((Credential::Encrypted, way.preferred, way.span));
    }
    let failed = ["no_password", "random_password", "encrypted_password"]
        .iter()
        .any(|way| cx.is_failed(&format!("{path}.credentials.{way}")));
    if ways.is_empty() && !failed {
        let at = cx.at(span);
        let message = format!("`{path}.credentials` offers no way to get a password");
        cx.note(Diagnostic::error("missing-field", at, message).help(HELP));
        return None;
    }
    let preferred: Vec<Span> = ways
        .iter()
        .filter(|(_, preferred, _)| *preferred)
        .map(|(_, _, span)| *span)
        .collect();
    if let [_, second, ..] = preferred.as_slice() {
        let at = cx.at(*second);
        cx.note(
            Diagnostic::error(
                "conflicting-fields",
                at,
                "two ways to get a password are `preferred`",
            )
            .help("prefer one of them"),
        );
    }
    // Stable: the ways that are not preferred keep their order.
    ways.sort_by_key(|(_, preferred, _)| !preferred);
    Some(ways.into_iter().map(|(way, _, _)| way).collect())
}

/// Fields of the past: whoever asks for a password says how long it is.
fn lengths(config: &Placed<RandomPasswordConfig>, cx: &mut CompileContext) {
    if let (Some(least), Some(most)) = (&config.min_length, &config.max_length)
        && least.value > most.value
    {
        let at = cx.at(least.span);
        let message = format!(
            "`min_length` is {}, more than the {} of `max_length`",
            least.value, most.value
        );
        cx.note(Diagnostic::error("conflicting-fields", at, message).help("remove both"));
        return;
    }
    let written = [
        (
            "min_length",
            config.min_length.as_ref().map(|field| field.span),
        ),
        (
            "max_length",
            config.max_length.as_ref().map(|field| field.span),
        ),
        (
            "disallowed_characters",
            config
                .disallowed_characters
                .as_ref()
                .map(|field| field.span),
        ),
    ];
    let mut written = written
        .into_iter()
        .filter_map(|(field, span)| Some((field, span?)));
    if let Some((field, span)) = written.next() {
        cx.warning(
            "deprecated",
            span,
            format!("`{field}` has no effect: whoever asks for a password says how long it is"),
            "remove it; `constraints` says which characters it must hold",
        );
    }
}
