//! A request as a line for a shell: what the shell makes of it is what the request has.

use std::process::Command;

use proptest::prelude::*;
use rolecall::source::http::RequestView;

/// The words that a real shell hands to `curl`.
fn words(line: &str) -> Vec<String> {
    let script =
        format!("curl() {{ for word in \"$@\"; do printf '%s\\0' \"$word\"; done; }}\n{line}\n");
    let ran = Command::new("sh").arg("-c").arg(&script).output();
    let ran = ran.expect("there is a shell");
    assert!(
        ran.status.success(),
        "{line}: {}",
        String::from_utf8_lossy(&ran.stderr)
    );
    let said = String::from_utf8(ran.stdout).expect("what was given was text");
    let mut words: Vec<_> = said.split('\0').map(str::to_owned).collect();
    assert_eq!(words.pop().as_deref(), Some(""), "{line}");
    words
}

fn check(header: &str, body: Option<&str>, query: &str) {
    let view = RequestView {
        method: "POST".to_owned(),
        url: format!("https://acme.test/x?q={query}"),
        headers: vec![("x-who".to_owned(), header.to_owned())],
        body: body.map(str::to_owned),
        credentials: String::new(),
    };
    let header = match header {
        "" => "x-who;".to_owned(),
        header => format!("x-who: {header}"),
    };
    let mut expected = vec!["--globoff", "-X", "POST", "-H", &header];
    expected.extend(body.map(|body| ["--data-raw", body]).into_iter().flatten());
    let url = view.url.clone();
    expected.push(&url);
    assert_eq!(words(&view.curl()), expected);
}

#[test]
fn a_shell_takes_every_word_as_it_is() {
    let values = [
        "",
        "ada",
        "it's",
        "'",
        "''",
        "\"",
        "$HOME",
        "$(touch x)",
        "`id`",
        "a\nb",
        "a\\",
        "\\'",
        "!!",
        "*",
        "~",
        "a b\tc",
        "@/etc/passwd",
        "-d",
        "#",
        ";&|<>()",
        "[1-9]{a,b}",
        "é\u{1f600}",
    ];
    for value in values {
        check(value, Some(value), value);
    }
    check("ada", None, "ada");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn whatever_it_is(value in "[\u{1}-\u{7f}é]{0,20}") {
        check(&value, Some(&value), &value);
    }
}
