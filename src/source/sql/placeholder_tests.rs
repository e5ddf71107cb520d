use std::collections::HashMap;

use super::*;
use crate::config::Dialect;
use crate::diagnostic::{Severity, SourceFile, Span};
use crate::source::sql::dialect::{mysql, postgres, sqlite};

/// The parts of a query, placeholders as `name:form`, or the codes of its mistakes.
fn parts(sql: &str, lexicon: &Lexicon) -> Result<Vec<String>, Vec<&'static str>> {
    let file = SourceFile::new("acme.yaml", sql);
    let environment = HashMap::new();
    let mut cx = CompileContext::new(file, Dialect::Sql, &environment, Severity::Error);
    let text = Text {
        text: sql.to_owned(),
        span: Span::new(0, sql.len()),
    };
    let scanned = scan(&text, lexicon, &mut cx);
    let codes: Vec<_> = cx.diagnostics.iter().map(|d| d.code).collect();
    let scanned = scanned.ok_or(codes)?;
    Ok(scanned
        .parts
        .into_iter()
        .map(|part| match part {
            Part::Sql(range) => sql[range].to_owned(),
            Part::Placeholder(found) => {
                assert!(sql[found.range].starts_with("?<"));
                format!("{}:{:?}", found.name, found.form)
            }
        })
        .collect())
}

#[test]
fn names_and_options_are_read_without_case() {
    assert_eq!(
        parts(
            "a ?<Id>?<x_1|UNQUOTED>, ?<t|identifier> ?<k|Keyword>;\n",
            &postgres::LEXICON
        ),
        Ok([
            "a ",
            "Id:Parameter",
            "x_1:Unquoted",
            ", ",
            "t:Identifier",
            " ",
            "k:Keyword"
        ]
        .map(str::to_owned)
        .to_vec())
    );
}

#[test]
fn names_may_have_letters_of_any_alphabet() {
    assert_eq!(
        parts("SELECT é$1, größe?<id>€", &sqlite::LEXICON),
        Ok(["SELECT é$1, größe", "id:Parameter", "€"]
            .map(str::to_owned)
            .to_vec())
    );
    assert_eq!(
        parts("a; b; c; d", &postgres::LEXICON),
        Err(vec!["several-statements"])
    );
}

#[test]
fn a_block_is_one_statement_where_the_system_runs_blocks() {
    let scanned = |sql: &str, blocks| {
        let file = SourceFile::new("acme.yaml", sql);
        let environment = HashMap::new();
        let mut cx = CompileContext::new(file, Dialect::Sql, &environment, Severity::Error);
        let text = Text {
            text: sql.to_owned(),
            span: Span::new(0, sql.len()),
        };
        let scanned = scan_with_blocks(&text, &sqlite::LEXICON, blocks, &mut cx);
        let parts = scanned.map(|scanned| scanned.parts);
        match parts.as_deref() {
            Some([Part::Sql(_), Part::Placeholder(_), Part::Sql(rest)]) => {
                Some(sql[rest.clone()].to_owned())
            }
            _ => None,
        }
    };
    for block in [
        "BEGIN f(?<a>); g; END;",
        "declare x int; begin f(?<a>); g; END;",
    ] {
        assert_eq!(scanned(block, true).as_deref(), Some("); g; END;"));
        assert_eq!(scanned(block, false), None);
    }
    // Its variables look like parameters elsewhere.
    let block = "BEGIN SET @x = ?<a>; g(@x, :y); END;";
    assert_eq!(scanned(block, true).as_deref(), Some("; g(@x, :y); END;"));
    assert_eq!(scanned("BEGIN g(?<a>, ?); END;", true), None);
    assert_eq!(scanned("BEGIN TRANSACTION; f(?<a>); COMMIT;", true), None);
    assert_eq!(scanned("f(?<a>);", true).as_deref(), Some(")"));
}

#[test]
fn what_is_quoted_stays_part_of_the_sql() {
    for (sql, lexicon) in [
        ("'?<a>' -- ?<b>", &postgres::LEXICON),
        ("$$ ?<a> $$ ? 'k'", &postgres::LEXICON),
        ("\"?<a>\" `?<b>` # ?<c>", &mysql::LEXICON),
        ("[?<a>] /* ?<b> */", &sqlite::LEXICON),
    ] {
        assert_eq!(parts(sql, lexicon), Ok(vec![sql.to_owned()]));
    }
}

#[test]
fn operators_of_postgres_are_no_placeholders() {
    for sql in [
        "a ? 'k'",
        "a ?| b",
        "a ?& b",
        "a @? b",
        "a ?- b",
        "x ?< y",
        "a::text[]",
        "m$1",
    ] {
        assert_eq!(
            parts(sql, &postgres::LEXICON),
            Ok(vec![sql.to_owned()]),
            "{sql}"
        );
    }
}

#[test]
fn the_semicolon_at_the_end_is_dropped() {
    for (sql, kept) in [
        ("SELECT 1 ;; \n", "SELECT 1 "),
        ("SELECT 'a';", "SELECT 'a'"),
        ("SELECT 1; -- done", "SELECT 1 -- done"),
        ("SELECT ';' -- ;", "SELECT ';' -- ;"),
    ] {
        let joined = parts(sql, &postgres::LEXICON).map(|parts| parts.concat());
        assert_eq!(joined.as_deref(), Ok(kept), "{sql}");
    }
}

#[test]
fn each_mistake_has_its_code() {
    for (sql, lexicon, code) in [
        ("?<a.b>", &postgres::LEXICON, "bad-placeholder"),
        ("?< a >", &postgres::LEXICON, "bad-placeholder"),
        ("?<a|>", &postgres::LEXICON, "bad-placeholder"),
        ("?<a|b|c>", &postgres::LEXICON, "bad-placeholder"),
        ("$1<resource.ID>", &postgres::LEXICON, "bad-placeholder"),
        ("?<a|raw>", &postgres::LEXICON, "unknown-placeholder-option"),
        ("a = $1", &postgres::LEXICON, "unbound-parameter"),
        ("a = ?", &mysql::LEXICON, "unbound-parameter"),
        ("a = :b", &sqlite::LEXICON, "unbound-parameter"),
        ("a; b", &mysql::LEXICON, "several-statements"),
        ("'a", &mysql::LEXICON, "unclosed-sql"),
        (" ; ", &mysql::LEXICON, "empty-query"),
        ("-- only a comment", &mysql::LEXICON, "empty-query"),
    ] {
        assert_eq!(parts(sql, lexicon), Err(vec![code]), "{sql}");
    }
}
