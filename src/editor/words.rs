//! The variables of programs, and what is in them, in words.

use crate::expr::{
    FunctionDoc, documented_functions, documented_template_functions, members_of,
    standard_functions, standard_methods,
};

/// What a variable is.
pub(super) fn variable(name: &str) -> Option<&'static str> {
    Some(match name {
        "cols" | "item" => "The record: a row of the query, or an item of the answer.",
        "resource" => "The resource that the listing or the change is about.",
        "parent_resource" => "The resource that this one is listed under.",
        "principal" => "Who is granted, or loses, the entitlement.",
        "entitlement" => "The entitlement that is granted or revoked.",
        "response" => "The answer of the API: its `body`, `headers` and `status_code`.",
        "headers" => "The headers of the answer, by name in lower case.",
        "vars" => "The texts that the file has under `vars`.",
        "pre_requests" => {
            "The answers of the requests before this one, by name: `pre_requests.x.body`."
        }
        "input" => "What whoever asked has filled in, by name.",
        "credentials" => "How the account gets its password.",
        "password" => "The password.",
        "resource_id" => "The id of the resource.",
        "id" => "The id of the resource that is fetched.",
        "row" => "The first row that the last statement brought.",
        "since" => "The moment since which changes are listed.",
        "since_unix" => "The moment since which changes are listed, in seconds since 1970.",
        "items" => "The items that are asked for at once.",
        _ => return None,
    })
}

/// What a member of a well-known variable is.
pub(super) fn member(name: &str) -> &'static str {
    match name {
        "ID" | "id" => "Its id in the system.",
        "Type" | "type" | "ResourceTypeID" | "resource_type" => "Its resource type.",
        "DisplayName" | "display_name" => "The name shown to people.",
        "Description" | "description" => "A sentence about it.",
        "profile" => "Its attributes, by name.",
        "traits" => "What it is besides: `traits.user.email` and others.",
        "slug" => "The short name of the permission.",
        _ => "",
    }
}

/// The members of a well-known variable, in one spelling.
pub(super) fn members(variable: &str) -> Vec<&'static str> {
    let members = members_of(variable).unwrap_or_default().iter().copied();
    members
        .filter(|name| !name.starts_with(char::is_uppercase) && *name != "resource_type")
        .collect()
}

/// The functions of expressions: ours, then those of CEL.
pub(super) fn functions() -> Vec<FunctionDoc> {
    let mut functions = documented_functions();
    functions.extend(standard_functions());
    functions
}

/// What can be called on a value.
pub(super) fn methods() -> Vec<FunctionDoc> {
    standard_methods()
}

/// The functions of templates.
pub(super) fn template_functions() -> Vec<FunctionDoc> {
    documented_template_functions()
}

/// The name in a signature.
pub(super) fn name_of(function: &FunctionDoc) -> &str {
    function.signature.split('(').next().unwrap_or_default()
}

/// A function as a hover shows it.
pub(super) fn shown(function: &FunctionDoc) -> String {
    format!("`{}`\n\n{}", function.signature, function.description)
}

/// The placeholders that paging fills in, and what they are.
pub(super) const PAGING: &[(&str, &str)] = &[
    (
        "limit",
        "The number of rows of a page, as `pagination` says.",
    ),
    (
        "offset",
        "How many rows were read before this page (`strategy: offset`).",
    ),
    (
        "cursor",
        "The last `primary_key` of the page before (`strategy: cursor`).",
    ),
];

/// How a placeholder may be written into the query, where it cannot be a parameter.
pub(super) const OPTIONS: &[(&str, &str)] = &[
    ("identifier", "As a quoted name of a table or a column."),
    (
        "keyword",
        "As letters, digits, underscores and single spaces.",
    ),
    ("unquoted", "As letters, digits and underscores."),
];
