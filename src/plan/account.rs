//! `account_provisioning` and `credential_rotation` of a type → how its accounts are made, and how
//! they get new passwords.

use std::collections::BTreeSet;

use super::change::{ChangePlan, queries, requests};
use super::credential::{Credential, credentials};
use super::find::FindPlan;
use super::listing::TypeCompiler;
use super::side::Side;
use super::statements::{Statements, needs};
use super::variables::{ACCOUNT, ACTION, DELETION, REQUEST, ROTATION};
use crate::config::account::{
    AccountFieldConfig, AccountFieldType, AccountQueryConfig, StatementsConfig,
};
use crate::config::decode::Named;
use crate::config::scalar::{ExprText, PathText, Text};
use crate::config::{CompileContext, ConnectorConfig, Dialect};
use crate::diagnostic::{Diagnostic, Span, list};
use crate::source::http::ItemPath;
use crate::source::sql::Known;

/// How accounts of a type are made, or resources that are none.
#[derive(Debug)]
pub struct AccountPlan {
    /// What whoever asks for one fills in.
    pub fields: Vec<AccountField>,
    /// How it gets its password; the preferred way first. Empty for resources that have none.
    pub credentials: Vec<Credential>,
    /// Finds it, before and after; `None`: the answer to the request that makes it says what it is.
    pub find: Option<FindPlan>,
    /// Creates it.
    pub create: ChangePlan,
    /// Where it is in the answer, when nothing finds it.
    pub item: ItemPath,
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
    pub update: ChangePlan,
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
    /// Compiles how accounts of the type are made. `None` when that is not written or a mistake was
    /// noted.
    pub(super) fn account(&mut self) -> Option<AccountPlan> {
        let config = self.config.account_provisioning.as_ref()?;
        let path = format!("resource_types.{}.account_provisioning", self.key.text);
        let credentials = credentials(config.credentials.as_ref(), &path, config.span, self.cx);
        let form = Form {
            what: "accounts",
            schema: &config.schema,
            validate: config.validate.as_ref(),
            create: config.create.as_ref(),
            span: config.span,
            path,
        };
        self.made(&form, Some(credentials))
    }

    /// Compiles how resources of the type are made that are no accounts.
    pub(super) fn creation(&mut self) -> Option<AccountPlan> {
        let config = self.config.create.as_ref()?;
        let form = Form {
            what: "resources",
            schema: &config.schema,
            validate: config.validate.as_ref(),
            create: config.create.as_ref(),
            span: config.span,
            path: format!("resource_types.{}.create", self.key.text),
        };
        self.made(&form, None)
    }

    fn made(
        &mut self,
        form: &Form<'_>,
        credentials: Option<Option<Vec<Credential>>>,
    ) -> Option<AccountPlan> {
        let (path, span) = (&form.path, form.span);
        if self.config.static_resources.is_some() {
            let message = format!(
                "{} of `{}` cannot be created: its resources are written in the file",
                form.what, self.key.text
            );
            self.cx.error::<()>("conflicting-fields", span, message);
        }
        let names = field_names(form.schema, self.cx);
        if let Some(Some(ways)) = &credentials
            && ways.iter().any(|way| *way != Credential::NoPassword)
        {
            self.no_field_of_a_password(form.schema);
        }
        let fields = form.schema.iter().map(|config| field(config, self.cx));
        let fields: Vec<_> = fields.collect();
        let fields: Option<Vec<_>> = fields.into_iter().collect();
        let password = credentials.is_some().then(|| "password".to_owned());
        let values: Vec<String> = names.iter().cloned().chain(password).collect();
        let variables = match credentials {
            Some(_) => ACCOUNT,
            None => ACTION,
        };
        let known = Known {
            values: &values,
            members: Some(("input", &names)),
            ..Known::variables(variables)
        };
        let find = match form.validate {
            Some(validate) => self.finding(validate, &format!("{path}.validate"), span, known),
            // The answer to a request says what was made; that of a statement does not.
            None if self.cx.dialect == Dialect::Http => Some(None),
            None => needs(path, "validate", span, FIND, self.cx),
        };
        let item = form.create.and_then(|create| create.item_path.as_ref());
        if form.validate.is_some() || self.cx.dialect == Dialect::Sql {
            self.finds_nothing(item);
        }
        let item = ItemPath::compile(item, self.cx);
        let create = match form.create {
            Some(create) => {
                let side = Side::statements(create, &format!("{path}.create"), span);
                let plan = self.changes(&side, &create.vars, known, CREATE);
                if let (Some(plan), Some(ways)) = (&plan, &credentials) {
                    self.takes_password(plan, ways.as_deref(), &side);
                }
                plan
            }
            None => needs(path, "create", span, CREATE, self.cx),
        };
        Some(AccountPlan {
            fields: fields?,
            credentials: credentials.unwrap_or(Some(Vec::new()))?,
            find: find?,
            create: create?,
            item: item?,
        })
    }

    /// Notes a field that a password takes the place of.
    fn no_field_of_a_password(&mut self, schema: &[AccountFieldConfig]) {
        let mut fields = schema.iter().map(|field| &field.name);
        if let Some(name) = fields.find(|name| name.text.eq_ignore_ascii_case("password")) {
            let message = "the password of `credentials` takes the place of this field";
            let help = "offer `no_password: {}` only, or choose another name";
            self.cx.warning("reserved-var", name.span, message, help);
        }
    }

    /// Notes the path of something that is not looked for in the answer.
    fn finds_nothing(&mut self, item_path: Option<&PathText>) {
        if let Some(path) = item_path {
            self.cx.warning(
                "no-effect",
                path.0.span,
                "`item_path` has no effect here: nothing is looked for in the answer",
                "remove it; `create` has it where there is no `validate`",
            );
        }
    }

    /// What finds an account or a resource by what the form says.
    fn finding(
        &mut self,
        config: &AccountQueryConfig,
        path: &str,
        span: Span,
        known: Known<'_>,
    ) -> Option<Option<FindPlan>> {
        match (self.cx.dialect, &config.query, &config.request) {
            (Dialect::Sql, Some(query), _) => {
                let mut statements = Statements::of(self.connection, &config.vars, known, self.cx);
                let find = statements.one(query);
                statements.finish();
                find.map(|find| Some(FindPlan::Sql(find)))
            }
            (Dialect::Http, _, Some(request)) => {
                let variables = known.variables.and(REQUEST);
                let path = config.item_path.as_ref();
                FindPlan::by_request(request, path, variables, self.connection, self.cx).map(Some)
            }
            (Dialect::Sql, None, _) => needs(path, "query", span, FIND, self.cx),
            (Dialect::Http, _, None) => {
                const HELP: &str = "write the request that finds it: `request: {url: …}`";
                needs(path, "request", span, HELP, self.cx)
            }
        }
    }

    /// Compiles how accounts of the type get new passwords. `None` when that is not written or a
    /// mistake was noted.
    pub(super) fn rotation(&mut self) -> Option<RotationPlan> {
        let config = self.config.credential_rotation.as_ref()?;
        let path = format!("resource_types.{}.credential_rotation", self.key.text);
        let values = ["resource_id".to_owned(), "password".to_owned()];
        let known = Known {
            values: &values,
            ..Known::variables(ROTATION)
        };
        let credentials = credentials(config.credentials.as_ref(), &path, config.span, self.cx);
        let update = match config.update.as_ref() {
            Some(update) => {
                self.finds_nothing(update.item_path.as_ref());
                let side = Side::statements(update, &format!("{path}.update"), config.span);
                let plan = self.changes(&side, &update.vars, known, UPDATE);
                if let Some(plan) = &plan {
                    self.takes_password(plan, credentials.as_deref(), &side);
                }
                plan
            }
            None => needs(&path, "update", config.span, UPDATE, self.cx),
        };
        Some(RotationPlan {
            credentials: credentials?,
            update: update?,
        })
    }

    /// Compiles how a resource of the type is deleted. `None` when that is not written or a mistake
    /// was noted.
    pub(super) fn deletion(&mut self) -> Option<ChangePlan> {
        let config = self.config.delete.as_ref()?;
        let path = format!("resource_types.{}.delete", self.key.text);
        let values = ["resource_id".to_owned()];
        let known = Known {
            values: &values,
            ..Known::variables(DELETION)
        };
        self.finds_nothing(config.item_path.as_ref());
        let side = Side::statements(config, &path, config.span);
        let plan = self.changes(&side, &config.vars, known, DELETE)?;
        if !["resource_id", "resource", "pre_requests"]
            .iter()
            .any(|name| plan.uses_value(name))
        {
            let message =
                format!("`{path}` does not say which resource: it deletes the same for all");
            return self.cx.error("names-nobody", side.place(), message);
        }
        Some(plan)
    }

    /// The queries or requests of a change with values of its own.
    fn changes(
        &mut self,
        side: &Side<'_>,
        vars: &Named<ExprText>,
        known: Known<'_>,
        help: &str,
    ) -> Option<ChangePlan> {
        side.check_dialect(self.cx);
        if self.cx.dialect == Dialect::Http {
            if side.request.is_none() && side.requests.is_empty() {
                return match side.queries_field() {
                    Some(_) => None,
                    None => needs(&side.path, "request", side.span, help, self.cx),
                };
            }
            let variables = known.variables.and(REQUEST);
            let plan = requests(side, variables, self.connection, self.cx)?;
            return Some(ChangePlan::Http(Box::new(plan)));
        }
        if side.queries.is_empty() {
            return match side.request {
                Some(_) => None,
                None => needs(&side.path, "queries", side.span, help, self.cx),
            };
        }
        let mut statements = Statements::of(self.connection, vars, known, self.cx);
        let plan = queries(side, self.connection, &mut statements);
        statements.finish();
        Some(ChangePlan::Sql(Box::new(plan?)))
    }

    /// Notes a password that is made for nothing, or taken where there is none.
    fn takes_password(
        &mut self,
        plan: &ChangePlan,
        credentials: Option<&[Credential]>,
        side: &Side<'_>,
    ) {
        let (path, span) = (&side.path, side.place());
        let takes = plan.uses_value("password") || plan.uses_value("credentials");
        let has_none = credentials.map(|ways| ways == [Credential::NoPassword]);
        match (takes, has_none) {
            (true, Some(true)) => self.cx.warning(
                "conflicting-fields",
                span,
                format!("`{path}` takes `password`, but `credentials` has `no_password` only: it is null"),
                "offer `random_password: {}`, or leave the password out",
            ),
            (false, Some(false)) => self.cx.warning(
                "unused-password",
                span,
                format!("a password is made, but `{path}` never sets it"),
                "take `?<password>` into a query or `{{ .password }}` into a request, or offer `no_password: {}` only",
            ),
            _ => {}
        }
    }
}

/// What is created, as it is written.
struct Form<'c> {
    what: &'static str,
    schema: &'c [AccountFieldConfig],
    validate: Option<&'c AccountQueryConfig>,
    create: Option<&'c StatementsConfig>,
    span: Span,
    path: String,
}

const FIND: &str = "write the query that finds the account, before it is created and after: `validate: {query: …}`";
const CREATE: &str = "write the statements that create the account: `create: {queries: […]}`";
const DELETE: &str =
    "write the statements or the request that deletes it: `queries: […]` or `request: {…}`";
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
