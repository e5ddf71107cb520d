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
