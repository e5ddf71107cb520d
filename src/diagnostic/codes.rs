//! Every code, with what it means: stable names that tools may rely on.

/// A code with its meaning, for `docs/diagnostics.md`.
pub struct Code {
    /// The stable name.
    pub name: &'static str,
    /// What it means and what to do, in a sentence or two.
    pub meaning: &'static str,
}

const fn code(name: &'static str, meaning: &'static str) -> Code {
    Code { name, meaning }
}

/// Codes of connector files: what `validate` and `sync` report before anything runs.
pub const DIAGNOSTICS: &[Code] = &[
    code(
        "aggregate-without-group",
        "A query counts or sums rows and takes a column beside it, without GROUP BY.",
    ),
    code(
        "ambiguous-id",
        "An id holds a colon where full ids are taken apart at colons: `type:resource:entitlement`.",
    ),
    code(
        "bad-bound",
        "A bound of a `window`, or the length of its parts, cannot be read.",
    ),
    code(
        "bad-dsn",
        "The DSN is neither a URL such as `postgres://host/database` nor a connection string of ODBC or Db2.",
    ),
    code(
        "bad-duration",
        "A length of time is a number with a unit: `30s`, `1m30s`, `500ms`, `1h`.",
    ),
    code("bad-header", "The name is not the name of an HTTP header."),
    code(
        "bad-key",
        "A private key, a certificate or a file of them cannot be used: it is not there, of another form, or does not fit.",
    ),
    code(
        "bad-param",
        "A parameter of the connection has a value that it cannot have, or says again what a field says.",
    ),
    code(
        "bad-path",
        "The path into an answer is neither dotted keys nor JSONPath.",
    ),
    code("bad-pattern", "The pattern is no regular expression."),
    code(
        "bad-placeholder",
        "A placeholder is `?<name>` or `?<name|option>`, with letters, digits and underscores.",
    ),
    code("bad-port", "A port is a number from 1 to 65535."),
    code("bad-url", "`base_url`, or a URL of a request, is no URL."),
    code(
        "bad-test",
        "A test asks for a listing that the type does not have, or expects what the listing cannot bring.",
    ),
    code(
        "bad-username",
        "A user name for basic auth cannot hold a colon.",
    ),
    code(
        "bare-word",
        "A single word stands for itself, and a column of the query has the same name: the text lands in the data, not the column.",
    ),
    code(
        "both-entitlements",
        "A SQL type has static and listed entitlements. rolecall syncs both; baton-sql leaves the listed ones out without a word.",
    ),
    code(
        "cel-syntax",
        "The text is no CEL expression. Plain text in a SQL file needs quotes of its own: `\"'Full access'\"`.",
    ),
    code(
        "changes-may-be-lost",
        "The pages of a listing of changes go by something that changes while they are read: a change may be on none of them.",
    ),
    code(
        "column-case",
        "A mapping writes the name of a column in another case than the database does. Names are looked up exactly as the database writes them.",
    ),
    code(
        "conflicting-fields",
        "Two fields say different things about the same matter. Keep one.",
    ),
    code(
        "constant-id",
        "The id is the same for every record, so that all of them would be one resource.",
    ),
    code(
        "deprecated",
        "The field is of the past: it is read and does nothing.",
    ),
    code(
        "duplicate-id",
        "Two entitlements of a type, or two fields of a form, have the same id.",
    ),
    code(
        "duplicate-key",
        "A mapping has the same key twice. YAML forbids it, and one of the two would be lost.",
    ),
    code(
        "empty-expression",
        "An entry of a list is empty and is left out.",
    ),
    code("empty-query", "The query is empty."),
    code("empty-var", "A variable of a query has no value."),
    code(
        "external-match",
        "`external_match` finds principals of another system by `id`, by `key` and `value`, or all of a `trait`.",
    ),
    code(
        "has-column",
        "`has(.name)` works here, and baton-sql refuses it: `has(cols.name)` works in both.",
    ),
    code(
        "ignored-param",
        "A parameter of the connection has no meaning here and is left out.",
    ),
    code(
        "implicit-placeholder",
        "A placeholder that can only mean the current resource is bound to its id. baton-sql refuses it: write it into `vars`.",
    ),
    code(
        "inert-placeholder",
        "A placeholder stands inside a literal, a quoted name or a comment, where it is plain text. baton-sql replaces it even there.",
    ),
    code(
        "insecure-tls",
        "The certificate of an API is not checked, so nothing proves who answers.",
    ),
    code(
        "literal-program",
        "Literal text that looks like an expression or a template. In files about APIs, `cel:` begins an expression and `tmpl:` a template; without them the text itself lands in the data.",
    ),
    code(
        "literal-variable",
        "`$NAME` and `${NAME:-default}` are literal text. `${NAME}` alone is filled in from the environment, and only in `connect` and in literal texts of requests.",
    ),
    code(
        "missing-field",
        "A field that is needed is not written, or is empty.",
    ),
    code(
        "missing-host",
        "`connect` has fields, but no host: the database is looked for on this machine.",
    ),
    code(
        "missing-pagination",
        "The query pages, but there is no `pagination` that says how.",
    ),
    code(
        "missing-placeholder",
        "A query lacks the placeholder that makes it what it is: `?<since>` where changes are listed, `?<id>` where one resource is fetched.",
    ),
    code(
        "missing-scheme",
        "`connect` does not say which database system it is.",
    ),
    code(
        "mixed-dialects",
        "`connect` describes a database and an API. One file describes one system.",
    ),
    code(
        "mixed-mappings",
        "A file about an API has mappings under `map` and under `response`: the same bare text is an expression in one and literal in the other.",
    ),
    code(
        "names-nobody",
        "What grants or revokes an entitlement does not mention the principal.",
    ),
    code(
        "no-database-file",
        "A SQLite connection names a file. There is no database in memory to read.",
    ),
    code(
        "no-effect",
        "The field is read and does nothing here. The help says what does.",
    ),
    code(
        "no-token-file",
        "A refresh token is used, and there is no file that keeps a new one: where the endpoint gives another each time, the next run is refused.",
    ),
    code(
        "not-in-set",
        "The value is none of those the field can have.",
    ),
    code("not-utf8", "The file is not UTF-8 text."),
    code(
        "null-comparison",
        "`= NULL` is true of nothing in SQL, not even of NULL. `IS NULL` asks for it.",
    ),
    code(
        "page-size",
        "A page has 1 to 1000 rows. Other sizes are corrected.",
    ),
    code(
        "placeholder-name",
        "The name of a placeholder is a word of SQL, which makes the query hard to read.",
    ),
    code(
        "plain-secret",
        "A secret is written into the file. Write `${NAME}` and keep the value in the environment.",
    ),
    code("port-without-host", "A port is written, but no host."),
    code(
        "reserved-var",
        "The name of a variable is taken: by paging, or by `since` and `id` where changes are listed and single resources fetched.",
    ),
    code("several-statements", "A query is one statement."),
    code(
        "sql-syntax",
        "The SQL has a slip that no database takes: a keyword misspelt, a comma missing or too many, a bracket not closed.",
    ),
    code("template-syntax", "The text after `tmpl:` is no template."),
    code(
        "test-failed",
        "What comes of a listing is not what a test of the connector expects. `rolecall test` says so.",
    ),
    code(
        "two-traits",
        "A resource has one trait. With two, baton-sql advertises both and fails on the second.",
    ),
    code(
        "type-cycle",
        "Resource types wait for each other through `parent_type`, `child_types` or `depends_on`.",
    ),
    code(
        "unbound-parameter",
        "`$1` and the like are not bound. Name the value in `vars` and write `?<name>`.",
    ),
    code(
        "unclosed-sql",
        "A literal, a quoted name or a comment does not end.",
    ),
    code(
        "unjoined-table",
        "A table is joined without ON: each row would meet each row of the other.",
    ),
    code(
        "unknown-entitlement",
        "A grant names an entitlement that its resource type does not have.",
    ),
    code(
        "unknown-field",
        "The section has no such field. In most places it is ignored, as upstream ignores it; in `auth` and in `pagination` of APIs it is an error.",
    ),
    code(
        "unknown-function",
        "There is no such function. `rolecall kinds functions` lists ours, besides those of CEL.",
    ),
    code(
        "unknown-kind",
        "There is no such kind. `rolecall kinds` lists them.",
    ),
    code(
        "unknown-member",
        "`resource`, `parent_resource`, `principal`, `entitlement` or `input` has no such field.",
    ),
    code(
        "unknown-placeholder",
        "A placeholder names nothing in `vars`, and no value that is there, such as a field of a form.",
    ),
    code(
        "unknown-placeholder-option",
        "The option of a placeholder is `unquoted`, `identifier` or `keyword`.",
    ),
    code(
        "unknown-purpose",
        "An entitlement's purpose is `assignment`, `permission` or `ownership`.",
    ),
    code(
        "unknown-scheme",
        "There is no such database system here. `rolecall kinds dialects` lists them.",
    ),
    code("unknown-type", "The name is no resource type of this file."),
    code(
        "unknown-variable",
        "No such variable is known where the expression stands.",
    ),
    code(
        "unknown-word",
        "A status or a kind is written that the protocol does not know. It would be left unspecified, or left out.",
    ),
    code(
        "unordered-pages",
        "A query is paged without ORDER BY, or by cursor without ordering by its key: pages may skip or repeat rows.",
    ),
    code(
        "unpaged-query",
        "`pagination` is written, but the query has none of its placeholders: it runs once and brings all rows.",
    ),
    code("unreadable-file", "The file cannot be read."),
    code(
        "unsafe-method",
        "A listing is asked for with a method that may change the system. It is not tried again when it fails.",
    ),
    code(
        "unselected-column",
        "A mapping uses a column that its query does not select. Told where the query names its columns: without `*`, and with a name for each expression.",
    ),
    code(
        "unset-variable",
        "An environment variable has no value. An error before a sync, a warning in `validate`.",
    ),
    code(
        "unused-password",
        "A password is made, but no query takes it: nobody could sign in with it.",
    ),
    code("unused-var", "A variable of a query is not used by it."),
    code(
        "wrong-arguments",
        "A function is called with too many or too few arguments, or as a method.",
    ),
    code(
        "wrong-dialect",
        "The field belongs to the other kind of connector: queries to databases, requests to APIs.",
    ),
    code(
        "wrong-kind",
        "A value is of another kind than the field or the operation needs: a list where text belongs, for example.",
    ),
    code(
        "wrong-pagination",
        "The query uses the placeholder of another paging strategy than `pagination` names.",
    ),
    code(
        "wrong-type",
        "The value has the wrong shape: text where a list belongs, for example.",
    ),
    code("yaml-syntax", "The file is not YAML."),
];

/// Codes of a sync: what its summary reports. Those marked *partial* make the exit code 3.
pub const FINDINGS: &[Code] = &[
    code("bad-date", "A date could not be read and is left out."),
    code(
        "ceiling-reached",
        "*Partial.* The API can reach no more items of this listing than `ceiling` says. List in parts.",
    ),
    code(
        "cursor-missing",
        "*Partial.* There should be another page, but nothing is where the answer should name it.",
    ),
    code(
        "duplicate-id",
        "Several records have the same id. The last one wins; of one resource under two parents, the one under the parent whose id sorts last.",
    ),
    code(
        "empty-display-name",
        "A resource has no name to show: its id is shown.",
    ),
    code(
        "ended-before-total",
        "*Partial.* The API named a total, and the pages ended before it.",
    ),
    code(
        "error-excused",
        "*Partial.* A request failed, and `error_handling` says that the sync goes on without it.",
    ),
    code(
        "external-clash",
        "*Partial.* A principal of the other system, or something on it, has the id of something in this one. It is not copied, so that nobody is taken for somebody else; give the resource types of the two systems different ids.",
    ),
    code(
        "external-unmatched",
        "Grants are meant for a principal of the other system that is not there, or for one of several. They are left out.",
    ),
    code(
        "external-without-members",
        "Grants bring the members of a principal of the other system, which has no entitlement of that name. The principal holds them, its members do not.",
    ),
    code(
        "foreign-source",
        "Grants bring the holders of an entitlement that is on another resource than their principal. Nobody gets anything by them: write the entitlement of the group that is the principal.",
    ),
    code(
        "id-taken",
        "*Partial.* Ids are joined without escaping, and a grant that follows from others would have the id of another one. It is left out.",
    ),
    code(
        "items-missing",
        "*Partial.* The path of the items matched nothing in the answer for one resource. If the API leaves empty lists out, write `items_missing: empty`.",
    ),
    code(
        "membership-cycle",
        "Groups are in each other. Whoever is in one is in all of them, as far as the grants between them say.",
    ),
    code(
        "missing-target",
        "*Partial.* A resource that the command line names was not listed.",
    ),
    code(
        "missing-entitlement",
        "Grants name an entitlement that was not listed. They are kept.",
    ),
    code(
        "missing-parent",
        "Resources live in a resource that was not listed. They are kept.",
    ),
    code(
        "missing-principal",
        "Grants name a principal that was not listed. They are kept.",
    ),
    code(
        "missing-source",
        "Grants bring the holders of an entitlement that was not listed, or are on one that was not. They are kept, and bring nobody.",
    ),
    code(
        "more-without-items",
        "*Partial.* The API said that there is more, but brought an empty page.",
    ),
    code(
        "no-principal",
        "A record of a grant names nobody and is left out.",
    ),
    code(
        "not-found",
        "*Partial.* A listing for one resource was answered with 404 or 410 although the resource was listed. `tolerance` decides what that means and how often it may happen.",
    ),
    code(
        "page-refused",
        "*Partial.* The API refused a page after full ones; some answer so behind the last page.",
    ),
    code(
        "pages-overlap",
        "*Partial.* Pages are asked for by number, and a record was on two of them: the list changed while it was read, or its order is not stable, so another record may have been on no page. Ask for a sorted list, or run again.",
    ),
    code(
        "paging-loop",
        "*Partial.* Paging came back to where it had been. What was listed until then is kept.",
    ),
    code(
        "record-failed",
        "*Partial.* Records could not be mapped and are left out. `tolerance` decides what that means and how many there may be.",
    ),
    code(
        "total-changed",
        "*Partial.* The API counted differently while the list was read, so items may have moved between pages. Run again.",
    ),
    code(
        "unknown-resource",
        "Records of a listing with `resource_id` name a resource that was not listed, or none. They are left out.",
    ),
    code(
        "unknown-word",
        "A status or a kind is a word that the protocol does not know. Map it to one it knows.",
    ),
    code(
        "window-full",
        "*Partial.* A part of the list has more results than the API brings, and cannot be split any more.",
    ),
];

/// Codes of what only the system can tell: what `validate --online` reports.
pub const ONLINE: &[Code] = &[
    code(
        "always-null",
        "An expression is null or empty for every record that was looked at: most likely the value is in another field. `rolecall preview --raw` shows the records.",
    ),
    code(
        "column-not-there",
        "The database says which columns a query brings, and the mapping reads one that is not among them. A sync fails at the first row.",
    ),
    code(
        "credentials-refused",
        "The system does not accept the credentials, or does not allow them to list this.",
    ),
    code(
        "expression-failed",
        "An expression failed for records that were looked at. `tolerance` decides what a sync does with such records.",
    ),
    code(
        "field-never-there",
        "No record that was looked at has a field that the mapping reads. Some APIs leave out what is empty; otherwise the name is another one.",
    ),
    code(
        "listing-failed",
        "A listing was called once, as a sync would, and failed.",
    ),
    code(
        "not-reached",
        "The system did not answer, so nothing else could be asked.",
    ),
    code(
        "nothing-listed",
        "A listing brought no records, so nothing says whether its mapping fits.",
    ),
    code(
        "paging-doubtful",
        "The first page of a listing says, or suggests, that there are more pages than paging would ask for. `rolecall preview --pages 3` shows what it does.",
    ),
    code(
        "query-refused",
        "The database was asked to look at a statement, and does not understand it or does not allow it. Nothing was run.",
    ),
];
