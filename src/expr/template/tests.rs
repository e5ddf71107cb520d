use proptest::prelude::*;

use super::*;
use crate::expr::{Inputs, Value};

const KNOWN: Variables = Variables::of(&["resource", "item", "vars"]);

fn inputs() -> Inputs {
    let json = |json| Value::from(json);
    Inputs::new()
        .with("resource", json(serde_json::json!({"id": "g/1 ü", "display_name": "A \"B\"", "profile": {}})))
        .with("item", json(serde_json::json!({
            "a": {"b": "deep"}, "n": 7, "big": 9007199254740993_i64, "f": 1.5, "yes": true, "no": false,
            "nil": null, "empty": "", "list": ["x", "y"], "map": {"k2": "b", "k1": "a"}, "mixed": " Ab ",
        })))
        .with("vars", json(serde_json::json!({})))
}

fn render_as(source: &str, escape: Escape) -> Result<String, String> {
    let template = Template::compile(source, KNOWN).map_err(|errors| {
        errors
            .iter()
            .map(|e| e.message.clone())
            .collect::<Vec<_>>()
            .join("; ")
    })?;
    template
        .render(&Scope::new(&inputs(), None), escape)
        .map_err(|error| error.message)
}

#[test]
fn the_notation_of_go_keeps_its_meaning() {
    let cases = [
        ("plain", "plain"),
        ("{{ .item.a.b }}|{{.item.a.b}}", "deep|deep"),
        ("a {{- .item.n -}} b", "a7b"),
        ("a  {{- /* nothing */ -}}  b", "ab"),
        ("a{{/* {{ no }} */}}b", "ab"),
        ("{{ -3 }}{{- 4 }}", "-34"),
        (
            "{{ 1.5 }} {{ true }} {{ \"q\\\"\\u00e9\" }} {{ `r\\n` }}",
            "1.5 true q\"é r\\n",
        ),
        ("{{ print 1 2 .item.empty \"a\" 3 }}", "1 2a3"),
        ("{{ println 1 \"a\" }}|", "1 a\n|"),
        ("{{ slice .item.a.b 1 3 }}{{ slice .item.a.b 3 }}", "eep"),
        ("{{ len (slice .item.list 1) }}", "1"),
        ("{{ .item.a.b | replace \"e\" \"-\" | b64enc }}", "ZC0tcA=="),
        ("{{ toJson .item.list }}", "[\"x\",\"y\"]"),
        ("{{ if .item.yes }}y{{ else }}n{{ end }}", "y"),
        (
            "{{ if .item.no }}1{{ else if .item.empty }}2{{ else if .item.n }}3{{ else }}4{{ end }}",
            "3",
        ),
        ("{{ if .item.gone }}y{{ else }}n{{ end }}", "n"),
        ("{{ if and .item.yes (not .item.no) }}y{{ end }}", "y"),
        ("{{ or .item.empty .item.gone \"z\" }}", "z"),
        ("{{ range .item.list }}<{{ . }}>{{ end }}", "<x><y>"),
        (
            "{{ range $i, $x := .item.list }}{{ if $i }},{{ end }}{{ $i }}={{ $x }}{{ end }}",
            "0=x,1=y",
        ),
        (
            "{{ range $x := .item.list }}{{ $x }}{{ $.item.n }}{{ end }}",
            "x7y7",
        ),
        (
            "{{ range $k, $v := .item.map }}{{ $k }}{{ $v }};{{ end }}",
            "k1a;k2b;",
        ),
        ("{{ range .item.gone }}x{{ else }}none{{ end }}", "none"),
        (
            "{{ with .item.a }}{{ .b }}{{ end }}{{ with .item.empty }}x{{ else }}-{{ end }}",
            "deep-",
        ),
        (
            "{{ $x := 1 }}{{ if true }}{{ $x = 2 }}{{ $x := 3 }}{{ end }}{{ $x }}",
            "2",
        ),
        ("{{ if $n := .item.n }}{{ $n }}{{ end }}", "7"),
        ("{{ with $a := .item.a }}{{ $a.b }}{{ end }}", "deep"),
        (
            "{{ index .item.list 1 }} {{ index .item \"a\" \"b\" }} {{ (index .item \"a\").b }}",
            "y deep deep",
        ),
        (
            "{{ eq .item.n 7 }} {{ eq .item.n 1 2 7.0 }} {{ ne .item.a.b \"x\" }} {{ eq .item.gone nil }}",
            "true true true true",
        ),
        (
            "{{ lt 1 2 }} {{ ge \"b\" \"a\" }} {{ gt 1.5 2 }} {{ le 2 2 }}",
            "true true false true",
        ),
        (
            "{{ printf \"%s-%d-%q-%v%%\" .item.a.b .item.n \"q\" .item.f }}",
            "deep-7-\"q\"-1.5%",
        ),
        (
            "{{ .item.mixed | trim | upper }} {{ lower \"ÄB\" }} {{ len .item.list }}",
            "AB äb 2",
        ),
        (
            "{{ .item.list | join \"+\" }} {{ .item.gone | default \"d\" }} {{ .item.n | default 1 }}",
            "x+y d 7",
        ),
        ("{{ .item.map | json }}", "{\"k2\":\"b\",\"k1\":\"a\"}"),
        (
            "{{ html \"<a href='x'>&\" }}",
            "&lt;a href=&#39;x&#39;&gt;&amp;",
        ),
        (
            "{{ \"a b/c\" | urlquery }} {{ pathescape \"a b/c..\" }}",
            "a+b%2Fc a%20b%2Fc..",
        ),
        ("{{ js \"it's <b>\" }}", "it\\u0027s \\u003Cb\\u003E"),
        ("{{ .item.big }}", "9007199254740993"),
        ("{ {not} }} }}", "{ {not} }} }}"),
    ];
    for (source, expected) in cases {
        assert_eq!(
            render_as(source, Escape::None).as_deref(),
            Ok(expected),
            "{source}"
        );
    }
}

#[test]
fn values_are_escaped_for_the_place_they_land_in() {
    let url = |source| render_as(source, Escape::Url).expect("renders");
    assert_eq!(
        url("/groups/{{ .resource.id }}/members"),
        "/groups/g%2F1%20%C3%BC/members"
    );
    assert_eq!(url("?q={{ .resource.id | urlquery }}"), "?q=g%2F1+%C3%BC");
    assert_eq!(url("{{ raw \"/a/b?c\" }}"), "/a/b?c");
    let json = |source| render_as(source, Escape::Json).expect("renders");
    assert_eq!(
        json(r#"{"n": "x {{ .resource.display_name }}"}"#),
        r#"{"n": "x A \"B\""}"#
    );
    assert_eq!(
        json(r#"{"n": {{ .resource.display_name }}, "l": {{ .item.list }}}"#),
        r#"{"n": "A \"B\"", "l": ["x","y"]}"#
    );
    assert_eq!(
        json(r#"{"n": {{ .item.n | json }}, "s": "{{ .item.map | json }}"}"#),
        r#"{"n": 7, "s": "{\"k2\":\"b\",\"k1\":\"a\"}"}"#
    );
    assert_eq!(
        json(r#"{"a\"b": {{ .item.nil }}, "j": "{{ js "\"" }}"}"#),
        r#"{"a\"b": null, "j": "\""}"#
    );
}

#[test]
fn what_is_not_there_is_an_error_and_never_a_text() {
    let cases = [
        ("{{ .item.gone }}", "there is no field `gone`"),
        ("{{ .item.gone.deeper }}", "there is no field `gone`"),
        ("{{ .item.nil }}", "the value is null"),
        ("{{ .item.nil.x }}", "there is no field `x`"),
        ("{{ .item.n.x }}", "int has no field `x`"),
        ("{{ index .item.list 9 }}", "there is no item at this index"),
        ("{{ .item.gone | upper }}", "there is no field `gone`"),
        ("{{ .item.list }}", "a list has no text"),
        (
            "{{ eq .item.n \"7\" }}",
            "int and string cannot be compared",
        ),
        ("{{ printf \"%d\" .item.a.b }}", "`%d` needs an integer"),
        (
            "{{ range .item.n }}{{ end }}",
            "`range` does not work on int",
        ),
    ];
    for (source, expected) in cases {
        let message = render_as(source, Escape::None).expect_err(source);
        assert!(message.starts_with(expected), "{source}: {message}");
    }
    let template = Template::compile("/a/{{ .item.gone }}/b", KNOWN).expect("valid");
    let error = template
        .render(&Scope::new(&inputs(), None), Escape::Url)
        .expect_err("missing");
    assert_eq!(error.expression, "{{ .item.gone }}");
    let template = Template::compile("a{{ if lt .item.n \"x\" }}b{{ end }}", KNOWN).expect("valid");
    let error = template
        .render(&Scope::new(&inputs(), None), Escape::None)
        .expect_err("no order");
    assert_eq!(error.expression, "{{ if lt .item.n \"x\" }}");
}

#[test]
fn mistakes_are_found_with_their_place_and_the_way_out() {
    let cases = [
        (
            "{{ .resorce.id }}",
            "unknown-variable",
            ".resorce",
            "did you mean `.resource`?",
        ),
        (
            "{{ $.vras.x }}",
            "unknown-variable",
            ".vras",
            "did you mean `.vars`?",
        ),
        (
            "{{ .resource.name }}",
            "unknown-member",
            ".name",
            "did you mean `display_name`?",
        ),
        (
            "{{ .item.x | uper }}",
            "unknown-function",
            "uper",
            "did you mean `upper`?",
        ),
        (
            "{{ template \"x\" }}",
            "template-syntax",
            "{{ template \"x\" }}",
            "templates here have",
        ),
        ("a {{ .item.x", "template-syntax", "{{", "end it with `}}`"),
        (
            "{{ if .item.x }}",
            "template-syntax",
            "{{ if .item.x }}",
            "write `{{ end }}`",
        ),
        ("{{ end }}", "template-syntax", "{{ end }}", "remove it"),
        (
            "{{ .item.x | }}",
            "template-syntax",
            "{{ .item.x | }}",
            "write a field",
        ),
        ("{{ 'x' }}", "template-syntax", "'", "double quotes"),
        ("{{ .item.a-b }}", "template-syntax", "-", "index . \"a-b\""),
        ("{{ $x }}", "unknown-variable", "$x", "set it first"),
        (
            "{{ printf \"%x\" 1 }}",
            "template-syntax",
            "printf",
            "knows %s",
        ),
        (
            "{{ printf \"%s\" }}",
            "template-syntax",
            "printf",
            "knows %s",
        ),
        ("{{ index }}", "template-syntax", "index", "take one value"),
        (
            "{{ .item.x .item.y }}",
            "template-syntax",
            ".item",
            "arguments of a function",
        ),
        (
            "{{ len lower \"x\" }}",
            "template-syntax",
            "lower",
            "parentheses",
        ),
        (
            "{{ if .item.x }}a{{ else }}b{{ else }}c{{ end }}",
            "template-syntax",
            "{{ if .item.x }}",
            "remove one",
        ),
        ("{{/* open", "template-syntax", "{{", "end it with `*/}}`"),
    ];
    for (source, code, place, help) in cases {
        let errors = Template::compile(source, KNOWN).expect_err(source);
        let error = &errors[0];
        assert_eq!(
            (error.code, &source[error.range.clone()]),
            (code, place),
            "{source}: {error:?}"
        );
        assert!(
            error.help.as_deref().unwrap_or_default().contains(help),
            "{source}: {error:?}"
        );
    }
    let both = Template::compile("{{ .a }}{{ nope .b }}", KNOWN).expect_err("two unknown");
    assert_eq!(both.len(), 3, "{both:?}");
}

#[test]
fn deep_nesting_is_refused_before_the_stack_ends() {
    for source in [
        "(".repeat(100_000),
        "{{ if 1 }}".repeat(100_000),
        "{{ if 1 }}{{ else if 1 }}".repeat(10_000),
        format!("{{{{ .item{} }}}}", ".a".repeat(100_000)),
        format!("{{{{ .item {} }}}}", "| not".repeat(100_000)),
    ] {
        let source = if source.starts_with('(') {
            format!("{{{{ {source} }}}}")
        } else {
            source
        };
        assert!(Template::compile(&source, KNOWN).is_err());
    }
}

#[test]
fn the_example_of_every_function_compiles() {
    const EXAMPLE: Variables = Variables::of(&["a", "b", "list", "map"]);
    let documented = documented();
    assert!(
        documented
            .iter()
            .any(|function| function.signature == "printf")
    );
    for function in documented {
        let example = function.description.split('`').nth(1).expect("an example");
        let source = format!("{{{{ {example} }}}}");
        let compiled = Template::compile(&source, EXAMPLE);
        assert!(compiled.is_ok(), "{source}: {compiled:?}");
        assert!(source.contains(&function.signature), "{source}");
    }
}

proptest! {
    #[test]
    fn hostile_text_never_panics(words in proptest::collection::vec(proptest::sample::select(vec![
        "{{", "}}", "{{-", "-}}", "/*", "*/", "if", "else", "end", "range", "with", " ", ".", ".item", ".a", "$", "$x", ":=", "=",
        "|", "(", ")", ",", "\"", "`", "\\", "1", "-", "9e999", "é", "\n", "printf", "index", "\"%\"", "\"%s\"", "nil", "eq", "json",
    ]), 0..24)) {
        let source = words.concat();
        match Template::compile(&source, KNOWN) {
            Ok(template) => for escape in [Escape::None, Escape::Url, Escape::Json, Escape::Xml] {
                drop(template.render(&Scope::new(&inputs(), None), escape));
            },
            Err(errors) => for error in errors {
                prop_assert!(source.get(error.range.clone()).is_some(), "{error:?}");
            },
        }
    }

    #[test]
    fn one_inserted_value_stays_one_segment_and_one_json_string(value in "\\PC{0,20}|.{0,20}") {
        let inputs = Inputs::new().with("item", Value::from(value.as_str()));
        let render = |source, escape| Template::compile(source, KNOWN).expect("valid").render(&Scope::new(&inputs, None), escape).expect("renders");
        let path = render("{{ .item }}", Escape::Url);
        prop_assert!(!path.contains(['/', '?', '#', '&', '=', ' ', '+']));
        let decoded = percent_encoding::percent_decode_str(&path).decode_utf8().expect("utf-8").into_owned();
        prop_assert_eq!(&decoded, &value);
        // What XML cannot hold is replaced; the rest is read back as it was.
        let xml = render("{{ .item }}", Escape::Xml);
        prop_assert!(!xml.contains(['<', '>', '"', '\'', '\n', '\t', '\r', '\0']), "{xml:?}");
        prop_assert!(!xml.chars().any(|c| c < ' '));
        let read = [("&lt;", "<"), ("&gt;", ">"), ("&#34;", "\""), ("&#39;", "'"), ("&#10;", "\n"), ("&#9;", "\t"), ("&#13;", "\r"), ("&amp;", "&")]
            .iter()
            .fold(xml, |xml, (entity, text)| xml.replace(entity, text));
        let kept = |c: char| if (c < ' ' && !"\n\t\r".contains(c)) || matches!(c, '\u{fffe}' | '\u{ffff}') { '\u{fffd}' } else { c };
        prop_assert_eq!(read, value.chars().map(kept).collect::<String>());
        for body in ["[\"{{ .item }}\"]", "[{{ .item }}]"] {
            let parsed: Vec<String> = serde_json::from_str(&render(body, Escape::Json)).expect("JSON");
            prop_assert_eq!(parsed.as_slice(), std::slice::from_ref(&value));
        }
    }
}
