//! Expressions, templates, statements, paths and texts of every kind, made from their grammars and then
//! disturbed: whatever is written, it is told or it runs.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::BoxedStrategy;
use proptest::test_runner::TestRunner;
use rolecall::config::scalar::{ExprText, Text};
use rolecall::config::{Bare, CompileContext, Dialect};
use rolecall::diagnostic::{Severity, SourceFile, Span};
use rolecall::expr::{
    Expression, Inputs, Map, Scope, Value, Variables, documented_functions,
    documented_template_functions, to_bool, to_text,
};
use rolecall::source::sql::documented_dialects;

use super::mutation::{some_by_chance, spoiled};
use super::{judge, random_runner, runner};

/// Names that expressions may know, and some that they do not.
const NAMES: &[&str] = &[
    "item",
    "cols",
    "resource",
    "parent_resource",
    "principal",
    "vars",
    "x",
    "name",
    "null",
    "true",
    "in",
    ".name",
    ".id",
    ".a.b",
    "._",
    ".5",
    "é",
    "headers",
    "response",
    "_",
];

const SCALARS: &[&str] = &[
    "0",
    "1",
    "-1",
    "1u",
    "9223372036854775807",
    "9223372036854775808",
    "-9223372036854775808",
    "1e400",
    "0x7f",
    "1.5",
    ".5",
    "''",
    "'a'",
    "\"b\"",
    "'''c'''",
    "b'\\xff'",
    "r'\\'",
    "'\\u00e9'",
    "'\\'",
    "true",
    "null",
    "[]",
    "{}",
    "timestamp('2024-01-01T00:00:00Z')",
    "duration('1h')",
    "duration('-9999999999h')",
];

const OPERATORS: &[&str] = &[
    " + ", " - ", " * ", " / ", " % ", " == ", " != ", " < ", " >= ", " && ", " || ", " in ", "+",
    ".", "?.", " = ",
];

fn function_names() -> Vec<String> {
    let own = documented_functions().into_iter().map(|it| it.signature);
    let mut names: Vec<String> = own
        .map(|signature| signature.split('(').next().unwrap_or_default().to_owned())
        .collect();
    let of_cel = [
        "size",
        "has",
        "string",
        "int",
        "double",
        "uint",
        "bytes",
        "contains",
        "startsWith",
        "matches",
        "split",
        "join",
        "replace",
        "substring",
        "charAt",
        "format",
        "timestamp",
        "duration",
        "getFullYear",
        "math.greatest",
        "base64.decode",
        "type",
        "dyn",
        "no_such_function",
    ];
    names.extend(of_cel.map(str::to_owned));
    names
}

/// Text of an expression: mostly well-formed, not always meaningful.
fn cel() -> BoxedStrategy<String> {
    let names = function_names();
    let leaf = prop_oneof![
        select(NAMES).prop_map(str::to_owned),
        select(SCALARS).prop_map(str::to_owned),
    ];
    leaf.prop_recursive(6, 64, 4, move |inner| {
        let names = names.clone();
        prop_oneof![
            3 => (inner.clone(), select(OPERATORS), inner.clone()).prop_map(|(a, o, b)| format!("{a}{o}{b}")),
            1 => (inner.clone(), inner.clone(), inner.clone()).prop_map(|(a, b, c)| format!("{a} ? {b} : {c}")),
            1 => (inner.clone(), select(NAMES)).prop_map(|(a, name)| format!("{a}.{name}")),
            1 => (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("{a}[{b}]")),
            2 => (select(names.clone()), vec(inner.clone(), 0..4)).prop_map(|(f, args)| format!("{f}({})", args.join(", "))),
            2 => (inner.clone(), select(names), vec(inner.clone(), 0..3)).prop_map(|(a, f, args)| format!("{a}.{f}({})", args.join(", "))),
            1 => (inner.clone(), select(vec!["all", "exists", "exists_one", "map", "filter"]), inner.clone())
                .prop_map(|(a, f, b)| format!("{a}.{f}(v, {b})")),
            1 => inner.clone().prop_map(|a| format!("has({a})")),
            1 => inner.clone().prop_map(|a| format!("!({a})")),
            1 => inner.clone().prop_map(|a| format!("-{a}")),
            1 => vec(inner.clone(), 0..3).prop_map(|items| format!("[{}]", items.join(", "))),
            1 => (inner.clone(), inner).prop_map(|(a, b)| format!("{{{a}: {b}}}")),
        ]
    })
    .boxed()
}

fn template() -> BoxedStrategy<String> {
    let functions: Vec<String> = documented_template_functions()
        .into_iter()
        .map(|it| {
            it.signature
                .split([' ', '('])
                .next()
                .unwrap_or_default()
                .to_owned()
        })
        .collect();
    let operand = select(vec![
        ".",
        ".item.name",
        ".resource.id",
        "$",
        "$x",
        "$x.a",
        "\"a\"",
        "`b`",
        "'c'",
        "1",
        "-1.5",
        "1e9",
        "true",
        "nil",
        ".a.b.c",
        "(",
        ")",
        "$x := .item",
        ".[0]",
    ]);
    let call = (select(functions), vec(operand.clone(), 0..3))
        .prop_map(|(function, operands)| format!("{function} {}", operands.join(" ")));
    let pipe = vec(prop_oneof![operand.prop_map(str::to_owned), call], 1..3)
        .prop_map(|parts| parts.join(" | "));
    let opened = select(vec!["{{", "{{ ", "{{- ", "{{/*", "{", "{{{"]);
    let closed = select(vec!["}}", " }}", " -}}", "*/}}", "}", ""]);
    let action = (opened, pipe.clone(), closed).prop_map(|(o, p, c)| format!("{o}{p}{c}"));
    let text = select(vec![
        "",
        " ",
        "/users/",
        "?a=b&c=",
        "{\"a\": \"",
        "\"}",
        "<a>",
        "\n",
        "é",
        "%",
        "}}",
    ]);
    let leaf = prop_oneof![1 => text.prop_map(str::to_owned), 2 => action];
    leaf.prop_recursive(4, 32, 3, move |inner| {
        let block = select(vec![
            "if",
            "range",
            "with",
            "define",
            "block",
            "range $i, $v :=",
            "else if",
        ]);
        prop_oneof![
            vec(inner.clone(), 1..4).prop_map(|parts| parts.concat()),
            (block, pipe.clone(), inner.clone(), inner).prop_map(|(b, p, yes, no)| format!(
                "{{{{ {b} {p} }}}}{yes}{{{{ else }}}}{no}{{{{ end }}}}"
            )),
        ]
    })
    .boxed()
}

/// Pieces of statements of every dialect, put together.
fn sql() -> BoxedStrategy<String> {
    let words = select(vec![
        "SELECT",
        "select",
        "FROM",
        "WHERE",
        "ORDER BY",
        "id",
        "name",
        "p.id",
        "*",
        "COUNT(*)",
        "AS n",
        "JOIN t ON",
        "LIMIT",
        "OFFSET",
        "UNION ALL",
        "INSERT INTO t VALUES",
        "UPDATE t SET",
        "DELETE FROM",
        "WITH x AS",
        "CALL f",
        "BEGIN",
        "END",
        "DECLARE",
        "(",
        ")",
        ",",
        ";",
        "=",
        "1",
        "'a'",
        "'",
        "''",
        "\"",
        "\"q\"",
        "`",
        "`b`",
        "[",
        "[c]",
        "]]",
        "$$",
        "$t$",
        "$1",
        ":p",
        "@v",
        "@@x",
        "?",
        "??",
        "::int",
        "--",
        "-- c\n",
        "--c\n",
        "#",
        "# c\n",
        "/*",
        "*/",
        "/* c */",
        "/*! x */",
        "/*+ h */",
        "E'\\'",
        "e'a\\'b'",
        "N'x'",
        "q'[a]'",
        "Q'{",
        "x'00'",
        "\\",
        "\\'",
        "?<cursor>",
        "?<limit>",
        "?<offset>",
        "?<id>",
        "?<x|unquoted>",
        "?<x|identifier>",
        "?<x|keyword>",
        "?<x|no>",
        "?<",
        "?<>",
        "?<a b>",
        "?<é>",
        "?<?<id>>",
        "\0",
        "é",
        "\u{2019}",
        "\n",
        "\t",
    ]);
    let gap = select(vec![" ", "", "\n"]);
    vec((words, gap), 1..24)
        .prop_map(|parts| {
            parts
                .into_iter()
                .flat_map(|(word, gap)| [word, gap])
                .collect()
        })
        .boxed()
}

/// Paths into answers, DSNs, URLs, times: small languages.
fn small() -> BoxedStrategy<String> {
    let pieces = select(vec![
        "$",
        "@",
        ".",
        "..",
        "[",
        "]",
        "*",
        "'",
        "\"",
        "?(",
        ")",
        "a",
        "b-c",
        "0",
        "-1",
        ":",
        ",",
        "==",
        "&&",
        "é",
        " ",
        "postgres",
        "mysql",
        "sqlite",
        "sqlserver",
        "oracle",
        "http",
        "https",
        "://",
        "//",
        "/",
        "@",
        "?",
        "=",
        "&",
        "#",
        "%",
        "%41",
        "%zz",
        "host",
        "[::1]",
        "5432",
        "99999",
        ";",
        "Driver={x}",
        "{",
        "}",
        "${X}",
        "${",
        "1h",
        "30s",
        "ms",
        "1.5",
        "9999999999999999999",
        "-",
        "+",
        "cel:",
        "tmpl:",
        "{{ .x }}",
    ]);
    vec(pieces, 0..12).prop_map(|parts| parts.concat()).boxed()
}

/// The text with characters put in, and some taken out.
fn disturbed(texts: BoxedStrategy<String>) -> BoxedStrategy<String> {
    let noise = vec(
        (any::<prop::sample::Index>(), any::<char>(), 0..3usize),
        0..3,
    );
    let disturbed = (texts.clone(), noise).prop_map(|(text, noise)| {
        let mut letters: Vec<char> = text.chars().collect();
        for (at, letter, removed) in noise {
            let at = at.index(letters.len() + 1);
            let end = (at + removed).min(letters.len());
            letters.splice(at..end, [letter]);
        }
        letters.into_iter().collect()
    });
    prop_oneof![2 => texts, 1 => disturbed].boxed()
}

/// The text as a scalar of YAML.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// The text in every place of a file about a database that takes an expression.
fn in_fields(text: &str) -> String {
    let text = quoted(text);
    format!(
        "app_name: A\nconnect: {{dsn: 'sqlite:a.db'}}\nresource_types:\n  u:\n    list:\n      query: SELECT id, name, a FROM t\n      map: {{id: {text}, display_name: {text}, skip_if: {text}, traits: {{user: {{emails: [{text}], status: {text}, profile: {{k: {text}}}}}}}}}\n    static_entitlements: [{{id: m, display_name: {text}, grantable_to: [u]}}]\n    grants:\n      - query: SELECT b FROM t WHERE x = ?<x>\n        vars: {{x: {text}}}\n        map: [{{principal_id: {text}, principal_type: u, entitlement_id: m, skip_if: {text}}}]\n"
    )
}

/// The text in every place of a file about an API that takes one.
fn in_requests(text: &str) -> String {
    let text = quoted(text);
    format!(
        "app_name: A\nconnect: {{base_url: {text}, request_defaults: {{headers: {{X-A: {text}}}}}}}\nresource_types:\n  u:\n    list:\n      request: {{url: {text}, query_params: {{q: {text}}}, body: {text}}}\n      pagination: {{strategy: cursor, cursor_param: c, cursor_path: {text}}}\n      response: {{items_path: {text}, resource_mapping: {{id: {text}, display_name: {text}}}}}\n"
    )
}

/// The text as a query, paged and bare, and as what changes something.
fn in_queries(scheme: &str, text: &str) -> String {
    let text = quoted(text);
    format!(
        "app_name: A\nconnect: {{scheme: {scheme}, host: h, database: d}}\nresource_types:\n  u:\n    list:\n      query: {text}\n      pagination: {{strategy: cursor, primary_key: id}}\n      map: {{id: .id, display_name: .name}}\n    static_entitlements:\n      - id: m\n        display_name: \"'M'\"\n        grantable_to: [u]\n        provisioning: {{vars: {{x: principal.ID}}, grant: {{queries: [{text}]}}, revoke: {{queries: [{text}]}}}}\n    grants:\n      - query: {text}\n        vars: {{id: resource.ID, x: resource.ID}}\n        map: [{{principal_id: .id, principal_type: u, entitlement_id: m}}]\n"
    )
}

fn statements() -> impl Strategy<Value = String> {
    let dialects: Vec<&str> = documented_dialects().iter().map(|it| it.scheme).collect();
    (select(dialects), disturbed(sql())).prop_map(|(scheme, text)| in_queries(scheme, &text))
}

/// Files of every kind.
fn files() -> BoxedStrategy<String> {
    let of_apis = |texts: BoxedStrategy<String>, start: &'static str| {
        disturbed(texts).prop_map(move |text| in_requests(&format!("{start}{text}")))
    };
    prop_oneof![
        disturbed(cel()).prop_map(|text| in_fields(&text)),
        of_apis(cel(), "cel:"),
        of_apis(template(), "tmpl:"),
        of_apis(small(), ""),
        disturbed(small()).prop_map(|text| in_fields(&text)),
        disturbed(small()).prop_map(|text| {
            format!(
                "app_name: A\nconnect: {{dsn: {}}}\nresource_types: {{}}\n",
                quoted(&text)
            )
        }),
        statements(),
        ".{0,120}",
    ]
    .boxed()
}

/// An expression, compiled as a file of the dialect has it; `None` when it has mistakes.
fn compile(text: &str, dialect: Dialect) -> Option<Expression> {
    let environment: HashMap<String, String> = HashMap::new();
    let file = SourceFile::new("connector.yaml", text);
    let mut cx = CompileContext::new(file, dialect, &environment, Severity::Error);
    let written = ExprText(Text {
        text: text.to_owned(),
        span: Span::new(0, text.len()),
    });
    let variables = Variables::of(&["item", "cols", "resource", "principal", "vars", "x", "name"]);
    cx.expression(&written, Bare::Literal, variables)
}

/// A value or an error, never a panic; and what it comes to does not change.
fn evaluates(text: &str, dialect: Dialect) -> Result<(), TestCaseError> {
    let Some(expression) = compile(text, dialect) else {
        return Ok(());
    };
    let record = serde_json::json!({
        "id": 7, "name": "Ada", "a": {"b": [1, "x", null, {"c": 1.5}]}, "_": "", "5": true, "é": [],
    });
    let record = Value::from(record);
    let resource: Map = [("ID", "g1"), ("id", "g1"), ("DisplayName", "Staff")]
        .map(|(name, text)| (name.to_owned(), Value::from(text)))
        .into_iter()
        .collect();
    let mut inputs = Inputs::new().with("resource", Value::Map(resource));
    for name in ["item", "cols", "x"] {
        inputs.set(name, record.clone());
    }
    let scope = Scope::new(&inputs, Some(&record));
    let shown = |value: Result<Value, _>| match value {
        Ok(value) => {
            let _ = (to_text(&value), to_bool(&value));
            format!("{value:?}")
        }
        Err(error) => format!("{error:?}"),
    };
    let first = shown(expression.value(&scope));
    // What asks for the time or for chance has another value each time.
    if !text.contains("now") && !text.contains("random") && !text.contains("uuid") {
        let again = shown(expression.value(&Scope::new(&inputs, Some(&record))));
        prop_assert_eq!(first, again, "{}", text);
    }
    Ok(())
}

fn expressions() -> BoxedStrategy<(String, Dialect)> {
    prop_oneof![
        disturbed(cel()).prop_map(|text| (text, Dialect::Sql)),
        disturbed(template()).prop_map(|text| (format!("tmpl:{text}"), Dialect::Http)),
        disturbed(small()).prop_map(|text| (text, Dialect::Sql)),
    ]
    .boxed()
}

fn evaluate_some(mut runner: TestRunner) {
    let ran = runner.run(&expressions(), |(text, dialect)| evaluates(&text, dialect));
    ran.unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn whatever_is_written_is_told_or_runs() {
    let ran = runner(600).run(&files(), |text| {
        judge(&text)
            .map_err(|problem| TestCaseError::fail(format!("{problem}\n--- of ---\n{text}")))
    });
    ran.unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn whatever_compiles_has_a_value_or_an_error() {
    evaluate_some(runner(1_500));
}

/// Deeper than any author goes, in each language that nests: told, and no end of the program.
#[test]
fn what_nests_too_deep_is_told() {
    let deep = 20_000;
    let nested = |open: &str, middle: &str, close: &str| {
        [open.repeat(deep), middle.to_owned(), close.repeat(deep)].concat()
    };
    let mut files = vec![
        nested("[", "", "]"),
        nested("{a: ", "1", "}"),
        nested("- ", "1", ""),
        (0..2_000)
            .map(|depth| format!("{}a:\n", " ".repeat(depth)))
            .collect(),
    ];
    for text in [
        nested("(", "1", ")"),
        nested("[", "1", "]"),
        nested("!", "true", ""),
        nested("-", "1", ""),
        nested("size(", "1", ")"),
        nested("1 + ", "1", ""),
        nested("true ? 1 : ", "1", ""),
        nested(".a", "", ""),
        nested("a[", "0", "]"),
    ] {
        files.push(in_fields(&text));
        files.push(in_requests(&format!("cel:{text}")));
    }
    files.push(in_requests(&format!(
        "tmpl:{}",
        nested("{{ if true }}", "a", "{{ end }}")
    )));
    files.push(in_requests(&format!(
        "tmpl:{{{{ {} }}}}",
        nested("(", "1", ")")
    )));
    files.push(in_requests(&nested("$[?(", "@.a", ")]")));
    files.push(in_requests(&format!("${}", nested("[0]", "", ""))));
    files.push(in_queries(
        "postgres",
        &format!("SELECT {}", nested("(", "1", ")")),
    ));
    files.push(in_queries("postgres", &nested("/*", " ", "*/")));
    files.push(in_queries("oracle", &nested("BEGIN ", " ", "END; ")));
    for file in files {
        judge(&file).unwrap_or_else(|problem| {
            let start: String = file.chars().take(400).collect();
            panic!(
                "{}\n--- of ---\n{start}",
                problem.chars().take(2_000).collect::<String>()
            )
        });
    }
}

/// `scripts/chaos --fuzz SECONDS`: all of it, with other inputs each time, for so long.
#[test]
#[ignore = "takes as long as it is told"]
fn for_as_long_as_wanted() {
    let wanted = std::env::var("ROLECALL_FUZZ_SECONDS").unwrap_or_default();
    let seconds = wanted.parse().expect("ROLECALL_FUZZ_SECONDS is a number");
    let end = Instant::now() + Duration::from_secs(seconds);
    let mut tried = 0;
    let (spoiled, files) = (spoiled(), files());
    while Instant::now() < end {
        some_by_chance(&spoiled, 100);
        some_by_chance(&files, 200);
        evaluate_some(random_runner(500));
        tried += 800;
    }
    println!("{tried} inputs, each told or run");
}
