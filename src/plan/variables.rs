//! Which variables an expression may use where it stands.

use crate::config::Dialect;
use crate::expr::Variables;

const NONE: Variables = Variables::of(&[]);
const SQL_ROW: Variables = Variables::of(&["cols", "item"]);
const SQL_RESOURCE: Variables = Variables::of(&["resource"]);
const SQL_RESOURCE_ROW: Variables = Variables::of(&["cols", "item", "resource"]);
const HTTP_REQUEST: Variables = Variables::of(&["vars"]);
const HTTP_CHILD_REQUEST: Variables = Variables::of(&["parent_resource", "vars"]);
const HTTP_ITEM: Variables = Variables::of(&["item", "cols", "response", "headers", "vars"]);
const HTTP_CHILD_ITEM: Variables = Variables::of(&[
    "item",
    "cols",
    "response",
    "headers",
    "parent_resource",
    "vars",
]);
const HTTP_RESOURCE: Variables = Variables::of(&["resource", "vars"]);
const HTTP_CHILD_RESOURCE: Variables = Variables::of(&["resource", "parent_resource", "vars"]);
const HTTP_RESOURCE_ITEM: Variables =
    Variables::of(&["item", "cols", "resource", "response", "headers", "vars"]);
const HTTP_CHILD_RESOURCE_ITEM: Variables = Variables::of(&[
    "item",
    "cols",
    "resource",
    "parent_resource",
    "response",
    "headers",
    "vars",
]);

/// No variable at all.
pub(super) const NOTHING: Variables = NONE;
/// A row of a database.
pub(super) const ROW: Variables = SQL_ROW;
/// A row about a resource.
pub(super) const RESOURCE_ROW: Variables = SQL_RESOURCE_ROW;
/// Values of queries that grant and revoke.
pub(super) const PROVISIONING: Variables = Variables::of(&["principal", "resource", "entitlement"]);
/// Templates of requests that grant and revoke.
pub(super) const PROVISIONING_REQUEST: Variables = Variables::of(&[
    "principal",
    "resource",
    "entitlement",
    "pre_requests",
    "vars",
]);
/// What an API answered to a change, which conditions know besides what its request knows.
pub(super) const ANSWER: &[&str] = &["response", "headers"];
/// Values of queries that find and create accounts.
pub(super) const ACCOUNT: Variables = Variables::of(&["input", "credentials", "password"]);
/// Values of queries that change a password.
pub(super) const ROTATION: Variables =
    Variables::of(&["resource_id", "resource", "credentials", "password"]);
/// Values of queries that delete a resource.
pub(super) const DELETION: Variables = Variables::of(&["resource_id", "resource"]);
/// Values of queries of an action.
pub(super) const ACTION: Variables = Variables::of(&["input"]);
/// What an action answers.
pub(super) const RETURNS: Variables =
    Variables::of(&["input", "response", "headers", "row", "vars"]);
/// What templates of requests know besides the values above.
pub(super) const REQUEST: &[&str] = &["pre_requests", "vars"];
/// Templates of requests that fetch one resource.
pub(super) const GET_REQUEST: Variables = Variables::of(&["id", "pre_requests", "vars"]);

/// Templates of requests that list changes.
pub(super) const FEED_REQUEST: Variables =
    Variables::of(&["since", "since_unix", "pre_requests", "vars"]);
/// Items of listings of changes.
pub(super) const FEED_ITEM: Variables = Variables::of(&[
    "item",
    "cols",
    "response",
    "headers",
    "pre_requests",
    "vars",
]);
/// Items of listings of changes, once it is known which resource they are about.
pub(super) const FEED_RESOURCE_ITEM: Variables = Variables::of(&[
    "item",
    "cols",
    "resource",
    "response",
    "headers",
    "pre_requests",
    "vars",
]);

/// The variables of one resource type's sections.
pub(super) struct Scopes {
    /// Values and templates that ask for the resources.
    pub list: Variables,
    /// The mapping of a record to a resource.
    pub resource: Variables,
    /// Texts of static entitlements.
    pub template: Variables,
    /// Values and templates that ask for entitlements or grants.
    pub per_resource: Variables,
    /// The mapping of a record to an entitlement or a grant.
    pub record: Variables,
}

/// The variables of a type's sections; `has_parent` when it is listed once per resource of another.
pub(super) fn scopes(dialect: Dialect, has_parent: bool) -> Scopes {
    match (dialect, has_parent) {
        (Dialect::Sql, _) => Scopes {
            list: NONE,
            resource: SQL_ROW,
            template: SQL_RESOURCE,
            per_resource: SQL_RESOURCE,
            record: SQL_RESOURCE_ROW,
        },
        (Dialect::Http, false) => Scopes {
            list: HTTP_REQUEST,
            resource: HTTP_ITEM,
            template: HTTP_RESOURCE,
            per_resource: HTTP_RESOURCE,
            record: HTTP_RESOURCE_ITEM,
        },
        (Dialect::Http, true) => Scopes {
            list: HTTP_CHILD_REQUEST,
            resource: HTTP_CHILD_ITEM,
            template: HTTP_CHILD_RESOURCE,
            per_resource: HTTP_CHILD_RESOURCE,
            record: HTTP_CHILD_RESOURCE_ITEM,
        },
    }
}

/// A place of a connector file, with the variables of its expressions: for the documentation.
#[derive(Debug)]
pub struct DocumentedScope {
    /// The place, as the path of its section.
    pub place: &'static str,
    /// What stands there, in a few words.
    pub what: &'static str,
    /// The variables in files about databases; `None` where there is no such place.
    pub sql: Option<Variables>,
    /// The variables in files about APIs.
    pub http: Option<Variables>,
}

/// Every place with expressions of its own, in the order of a file.
pub fn documented_scopes() -> Vec<DocumentedScope> {
    let sql = scopes(Dialect::Sql, false);
    let http = scopes(Dialect::Http, true);
    let of = |place, what, sql, http| DocumentedScope {
        place,
        what,
        sql,
        http,
    };
    vec![
        of(
            "list",
            "values of the query, or the request",
            Some(sql.list),
            Some(http.list.and(&["pre_requests"])),
        ),
        of(
            "list",
            "the mapping of a record",
            Some(sql.resource),
            Some(http.resource.and(&["pre_requests"])),
        ),
        of(
            "static_entitlements",
            "texts",
            Some(sql.template),
            Some(http.template),
        ),
        of(
            "entitlements, grants",
            "values of the query, or the request",
            Some(sql.per_resource),
            Some(http.per_resource.and(&["pre_requests"])),
        ),
        of(
            "entitlements, grants",
            "the mapping of a record",
            Some(sql.record),
            Some(http.record.and(&["pre_requests"])),
        ),
        of(
            "provisioning",
            "values of queries, or requests",
            Some(PROVISIONING),
            Some(PROVISIONING_REQUEST),
        ),
        of(
            "provisioning",
            "conditions on the answer",
            None,
            Some(PROVISIONING_REQUEST.and(ANSWER)),
        ),
        of(
            "account_provisioning",
            "values of queries, or requests",
            Some(ACCOUNT),
            Some(ACCOUNT.and(REQUEST)),
        ),
        of(
            "create",
            "values of queries, or requests",
            Some(ACTION),
            Some(ACTION.and(REQUEST)),
        ),
        of(
            "credential_rotation",
            "values of queries, or requests",
            Some(ROTATION),
            Some(ROTATION.and(REQUEST)),
        ),
        of(
            "delete",
            "values of queries, or requests",
            Some(DELETION),
            Some(DELETION.and(REQUEST)),
        ),
        of(
            "actions",
            "values of queries, or requests",
            Some(ACTION),
            Some(ACTION.and(REQUEST)),
        ),
        of("actions", "`returns`", Some(RETURNS), Some(RETURNS)),
        of("get", "the request", None, Some(GET_REQUEST)),
        of("incremental_sync", "the request", None, Some(FEED_REQUEST)),
        of(
            "incremental_sync",
            "the mapping of a change",
            Some(ROW),
            Some(FEED_ITEM),
        ),
    ]
}
