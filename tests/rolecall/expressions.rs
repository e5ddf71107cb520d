//! Expressions of SQL files → the values and texts that the language promises.

use std::collections::HashMap;

use rolecall::config::scalar::{ExprText, Text};
use rolecall::config::{Bare, CompileContext, Dialect};
use rolecall::diagnostic::{Severity, SourceFile, Span};
use rolecall::expr::{Expression, Inputs, Map, Scope, Value, Variables, to_bool, to_text};

/// A field of a SQL file, compiled; the message when it has a mistake.
fn compile(source: &str) -> Result<Expression, String> {
    let environment: HashMap<String, String> = HashMap::new();
    let file = SourceFile::new("connector.yaml", source);
    let mut cx = CompileContext::new(file, Dialect::Sql, &environment, Severity::Error);
    let text = ExprText(Text {
        text: source.to_owned(),
        span: Span::new(0, source.len()),
    });
    let variables = Variables::of(&["cols", "item", "resource"]);
    cx.expression(&text, Bare::Cel, variables).ok_or_else(|| {
        let found = cx.diagnostics.first();
        found.map_or("not set".to_owned(), |found| {
            format!("{}: {}", found.code, found.message)
        })
    })
}

fn evaluate(source: &str) -> Result<Value, String> {
    let fields = |fields: &[(&str, Value)]| -> Value {
        let named = fields
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone()));
        Value::Map(named.collect::<Map>())
    };
    let at = chrono::DateTime::parse_from_rfc3339("2024-05-06T09:08:09.12+02:00").expect("a date");
    let row = fields(&[
        ("a", "xAy".into()),
        ("b", "Bee".into()),
        ("role", "x".into()),
        ("s", "x.A".into()),
        ("t", Value::Bool(true)),
        ("i", Value::Int(36)),
        ("u", Value::UInt(u64::MAX)),
        ("f", Value::Float(1.5)),
        ("whole", Value::Float(3.0)),
        ("huge", Value::Float(1e21)),
        ("n", Value::Null),
        ("bytes", Value::Bytes(b"abc".to_vec())),
        ("noise", Value::Bytes(vec![0xff])),
        ("decimal", "10.50".into()),
        ("ts", Value::Timestamp(at)),
        ("hour", Value::Duration(chrono::TimeDelta::hours(1))),
        ("lst", Value::List(vec!["p".into(), "q".into()])),
        ("m", fields(&[("k", "v".into())])),
        ("5", "five".into()),
        ("col", Value::Int(7)),
        ("x", Value::Int(3)),
        ("col-x", "hyphen".into()),
        ("col x", "space".into()),
        ("name", "Ann".into()),
    ]);
    let profile = fields(&[("area", "north".into())]);
    let resource = fields(&[
        ("ID", "gr1".into()),
        ("DisplayName", "Group".into()),
        ("profile", profile),
    ]);
    let inputs = Inputs::new().with("resource", resource);
    compile(source)?
        .value(&Scope::new(&inputs, Some(&row)))
        .map_err(|error| error.message)
}

/// What comes of a source, as JSON; a mistake is text that begins with `!`.
fn shown(source: &str) -> String {
    match evaluate(source) {
        Ok(value) => serde_json::Value::from(&value).to_string(),
        Err(message) => format!("! {message}"),
    }
}

#[track_caller]
fn assert_rows(rows: &[(&str, &str)]) {
    let wrong: Vec<String> = rows
        .iter()
        .filter(|(source, expected)| shown(source) != *expected)
        .map(|(source, expected)| format!("{source}\n   is {}\n  not {expected}", shown(source)))
        .collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn the_leading_dot_is_a_column_and_a_word_is_itself() {
    assert_rows(&[
        ("member", "\"member\""),
        ("active", "\"active\""),
        ("null", "\"null\""),
        ("resource", "\"resource\""),
        ("password", "\"password\""),
        ("true", "true"),
        ("false", "false"),
        (" active ", "! unknown-variable: `active` is not known here"),
        ("active\n", "! unknown-variable: `active` is not known here"),
        (".role == 'x'", "true"),
        ("!.t", "false"),
        ("-.i", "-36"),
        ("(.a)", "\"xAy\""),
        ("[.a]", "[\"xAy\"]"),
        (".a+.b", "\"xAyBee\""),
        (".a\n+ .b", "\"xAyBee\""),
        (".m.k", "\"v\""),
        (".ts.getFullYear()", "2024"),
        (".s.contains('x')", "true"),
        ("cols.s.startsWith('A')", "false"),
        ("resource.ID.contains('r')", "true"),
        ("resource.profile.area", "\"north\""),
        (".lst[0]", "\"p\""),
        (".m['k']", "\"v\""),
        ("string(.a).startsWith('x')", "true"),
        ("cols['a'].size()", "3"),
        ("'abc'.size()", "3"),
        ("[1].map(v, v + 1)", "[2]"),
        ("('a' + .b).size()", "4"),
        ("{'a':1}.a", "1"),
        (".5", "\"five\""),
        ("size(.5)", "4"),
        ("1.5", "1.5"),
        ("'user@corp.com'", "\"user@corp.com\""),
        ("'Mr.Smith'", "\"Mr.Smith\""),
        ("'file.txt'", "\"file.txt\""),
        ("'https://e.com/'", "\"https://e.com/\""),
        ("'Mr. Smith'", "\"Mr. Smith\""),
        ("'a .s b'", "\"a .s b\""),
        ("'.s'", "\".s\""),
        ("'(.a)'", "\"(.a)\""),
        ("'a/.b'", "\"a/.b\""),
        ("'v1 .2'", "\"v1 .2\""),
        ("\"x .name y\"", "\"x .name y\""),
        (".col-x", "! unknown-variable: `x` is not known here"),
        (".col-.x", "4"),
        ("cols['col-x']", "\"hyphen\""),
        ("cols[\"col x\"]", "\"space\""),
        ("has(.a)", "true"),
        ("has(cols.zzz)", "false"),
        (".a // note", "\"xAy\""),
        ("cel:.a", "\"xAy\""),
        ("cel:resource.ID", "\"gr1\""),
        (
            "cel:member",
            "! unknown-variable: `member` is not known here",
        ),
        ("", "! not set"),
        ("'v' in .m", "false"),
        ("'q' in .lst", "true"),
        (".t ? .a : .b", "\"xAy\""),
        (
            ".i ? 'a' : 'b'",
            "! found int where bool is needed; compare it: `x != 0`",
        ),
        ("1 == 1.0 && 2 > 1.5", "true"),
        (
            "resource.Name",
            "! unknown-member: `resource` has no field `Name`",
        ),
        ("nope.x", "! unknown-variable: `nope` is not known here"),
    ]);
}

/// How a result becomes the text of a mapping.
#[test]
fn results_become_text() {
    let text = |source: &str| match evaluate(source).and_then(|value| to_text(&value)) {
        Ok(Some(text)) => text,
        Ok(None) => "absent".to_owned(),
        Err(message) => format!("! {message}"),
    };
    for (source, expected) in [
        (".a", "xAy"),
        (".i", "36"),
        (".u", "18446744073709551615"),
        (".bytes", "abc"),
        (".noise", "! the result is bytes that are not UTF-8 text"),
        (".n", "absent"),
        (".t", "true"),
        (".f", "1.5"),
        (".whole", "3"),
        (".decimal", "10.50"),
        (".ts", "2024-05-06T07:08:09.120Z"),
        (".hour", "1h0m0s"),
        (".lst", "! the result is a list, but text is needed"),
        (".m", "! the result is a map, but text is needed"),
    ] {
        assert_eq!(text(source), expected, "{source}");
    }
}

#[test]
fn string_turns_values_to_text() {
    assert_rows(&[
        ("string(.a)", "\"xAy\""),
        ("string(.i)", "\"36\""),
        ("string(.u)", "\"18446744073709551615\""),
        ("string(.f)", "\"1.5\""),
        ("string(.whole)", "\"3\""),
        ("string(.huge)", "\"1000000000000000000000\""),
        ("string(.t)", "\"true\""),
        ("string(.bytes)", "\"abc\""),
        ("string(.hour)", "\"3600s\""),
        (".n != null ? string(.n) : ''", "\"\""),
        ("string(.decimal)", "\"10.50\""),
    ]);
    let null = shown("string(.n)");
    assert!(
        null.starts_with("! `string` does not work on null"),
        "{null}"
    );
    let noise = shown("string(.noise)");
    assert!(noise.starts_with("! "), "{noise}");
    let moment = shown("string(.ts)");
    assert!(moment.starts_with("\"2024-05-06T0"), "{moment}");
}

#[test]
fn results_become_truth_values() {
    let truth = |source: &str| evaluate(source).and_then(|value| to_bool(&value));
    for source in [
        ".t", ".i", "-1", "1", "'1'", "t", "T", "TRUE", "true", "True", ".u",
    ] {
        assert_eq!(truth(source), Ok(true), "{source}");
    }
    for source in ["!.t", "0", "'0'", "f", "F", "FALSE", "false", "False"] {
        assert_eq!(truth(source), Ok(false), "{source}");
    }
    for source in ["yes", "''", ".n", ".f", ".lst", ".m", ".ts"] {
        assert!(truth(source).is_err(), "{source}");
    }
}

#[test]
fn functions_of_the_sql_connectors() {
    assert_rows(&[
        ("toLower('ÄB')", "\"äb\""),
        ("toUpper('äb')", "\"ÄB\""),
        ("titleCase('hello-world')", "\"Hello-World\""),
        ("titleCase('A_B')", "\"A_b\""),
        ("titleCase('the quick bROWN')", "\"The Quick Brown\""),
        ("slugify('  Hello_World! ')", "\"hello-world\""),
        ("slugify('Ünï')", "\"n\""),
        ("slugify('--a -- b_')", "\"a-b\""),
        (
            "phpDeserializeStringArray('a:3:{s:1:\"b\";b:1;i:0;s:1:\"x\";s:1:\"a\";b:0;}')",
            "[\"a\",\"b\"]",
        ),
        (
            "phpDeserializeStringArray('s:1:\"b\";')",
            "! `phpDeserializeStringArray`: argument 1 is not a PHP-serialized array",
        ),
        (
            "phpSerializeStringArray(['b', 'a'])",
            "\"a:2:{s:1:\\\"a\\\";b:1;s:1:\\\"b\\\";b:1;}\"",
        ),
        (
            "toUpper(.n)",
            "! `toUpper`: argument 1 is null, but a string is needed",
        ),
        ("toLower(.bytes)", "\"abc\""),
        (
            "Slugify(.a)",
            "! unknown-function: there is no function `Slugify`",
        ),
        (
            "ToLower(.a)",
            "! unknown-function: there is no function `ToLower`",
        ),
    ]);
}

#[test]
fn functions_of_the_documentation() {
    assert_rows(&[
        ("lowercase('ÄB')", "\"äb\""),
        ("uppercase('äb')", "\"ÄB\""),
        ("titlecase('hello world')", "\"Hello World\""),
        ("trim('  a b ')", "\"a b\""),
        ("match('ada@acme.test', 'acme')", "true"),
        ("match('ada', '^d')", "false"),
        ("extract('ada@acme.test', '@(.+)$')", "\"acme.test\""),
        ("extract('ada', '@(.+)$')", "\"\""),
        ("replace('a.b.c', {'old': '.', 'new': '-'})", "\"a-b-c\""),
        ("get(.n, 'none')", "\"none\""),
        ("get(.a, 'none')", "\"xAy\""),
        ("parse_json('{\"a\": [1, 2.5]}').a", "[1,2.5]"),
        ("json_path('{\"a\": {\"b\": [7]}}', 'a.b.0')", "7"),
        ("json_path(.m, 'k')", "\"v\""),
        ("json_path(.m, 'nothing.there')", "null"),
        ("now() > timestamp('2024-01-01T00:00:00Z')", "true"),
        (
            "match('a', '(')",
            "! bad-pattern: this is no regular expression: unclosed group",
        ),
    ]);
}

/// Text columns are text, whatever the driver calls them; only columns of bytes are bytes, and
/// those need `string(…)`.
#[test]
fn bytes_are_told_from_text() {
    assert_rows(&[
        (".bytes == b'abc'", "true"),
        (
            "'x' + .bytes",
            "! `+` does not work on string and bytes; `string(…)` turns bytes into text",
        ),
        ("slugify(.bytes)", "\"abc\""),
        ("string(.bytes) + 'x'", "\"abcx\""),
    ]);
}

/// What fails on a null says how to ask first.
#[test]
fn nulls_are_told() {
    assert_rows(&[
        (
            "string(.n)",
            "! `string` does not work on null; ask first: `x != null ? … : …`",
        ),
        (
            "'x' + .n",
            "! `+` does not work on string and null; ask first: `x != null ? … : …`",
        ),
    ]);
}
