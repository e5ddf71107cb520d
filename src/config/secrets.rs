//! Secrets that an author wrote as plain text: blanked in excerpts before the first one is shown.
//!
//! Compiling a secret masks it too, but a mistake beside it may keep it from being compiled.

use super::interpolate::mentions_variable;
use super::tree::{Node, NodeValue};
use crate::diagnostic::{SourceFile, Span};

/// Parts of keys under which secrets are written.
const SECRET_KEYS: &[&str] = &[
    "password",
    "passwd",
    "pwd",
    "secret",
    "token",
    "key",
    "authorization",
    "cookie",
    "credential",
];

/// Keys that hold one of those words and name no secret.
const HARMLESS: &[&str] = &[
    "primary_key",
    "token_url",
    "token_field",
    "token_expiry_padding",
    "password_field",
    "token_header",
    "token_file",
    "key_file",
    "private_key_file",
    "key_id",
    "secret_encoding",
    "cookie_session",
];

/// Sections that may hold a secret: elsewhere, a `token` is a column.
const SECTIONS: &[&str] = &["request", "pre_requests", "headers", "query_params"];

/// Masks every plain secret of a file, by the keys above it, and those inside of URLs.
pub(super) fn mask(root: &Node, file: &SourceFile) {
    let sections = ["connect", "http", "vars"];
    for (key, value) in root.as_map().unwrap_or_default() {
        let section = sections.contains(&key.text.as_str());
        mask_below(
            value,
            Place {
                section,
                secret: false,
            },
            file,
        );
    }
}

/// Where a value stands.
#[derive(Clone, Copy)]
struct Place {
    /// Below a section that may hold secrets.
    section: bool,
    /// Under a key that names one.
    secret: bool,
}

/// True for a key that names a secret, or nearly does: a slip of the pen must not show one.
pub(crate) fn names_secret(key: &str) -> bool {
    let key = key.to_lowercase();
    if HARMLESS.contains(&key.as_str()) {
        return false;
    }
    SECRET_KEYS.iter().any(|word| key.contains(word))
        || [("password", 2), ("secret", 1), ("token", 1)]
            .iter()
            .any(|(word, slips)| strsim::damerau_levenshtein(&key, word) <= *slips)
}

/// True for the name of a header, a parameter or a variable that carries credentials and nothing else.
pub(crate) fn carries_secret(name: &str) -> bool {
    let plain: String = name.to_lowercase().replace(['-', '_', '.'], "");
    let words = [
        "authorization",
        "apikey",
        "apitoken",
        "accesstoken",
        "authtoken",
        "accesskey",
        "secret",
        "password",
        "passwd",
        "privatekey",
        "cookie",
    ];
    words.iter().any(|word| plain.contains(word)) && names_secret(name)
}

/// Masks what may be a secret in a text that is not YAML: the rest of a line after such a key.
pub(super) fn mask_lines(file: &SourceFile) {
    let mut start = 0;
    for line in file.text().split_inclusive('\n') {
        let lower = line.to_ascii_lowercase();
        let word = SECRET_KEYS.iter().filter_map(|word| lower.find(word)).min();
        let value = word.and_then(|at| line[at..].find(':').map(|colon| at + colon + 1));
        if let Some(value) = value
            && !mentions_variable(&line[value..])
        {
            file.mask(Span::new(start + value, start + line.trim_end().len()));
        }
        mask_userinfo(Span::new(start, start + line.len()), file);
        start += line.len();
    }
}

fn mask_below(node: &Node, place: Place, file: &SourceFile) {
    match &node.value {
        NodeValue::Null => {}
        NodeValue::Scalar { text, .. } if place.section && place.secret => {
            if !mentions_variable(text) {
                file.mask(node.span);
            }
        }
        NodeValue::Scalar { .. } if place.section => {
            mask_userinfo(node.span, file);
            mask_query(node.span, file);
        }
        NodeValue::Scalar { .. } => mask_userinfo(node.span, file),
        NodeValue::List(items) => items.iter().for_each(|item| mask_below(item, place, file)),
        NodeValue::Map(entries) => {
            for (key, value) in entries {
                if key.text == "arguments" {
                    mask_defaults(value, file);
                }
                let below = Place {
                    section: place.section || SECTIONS.contains(&key.text.as_str()),
                    // A block such as `api_key: {header: …, key: …}` names its secrets inside.
                    secret: place.secret || names_secret(&key.text) && value.as_map().is_none(),
                };
                mask_below(value, below, file);
            }
        }
    }
}

/// Masks the default of an action's argument that is named like a secret.
fn mask_defaults(arguments: &Node, file: &SourceFile) {
    for (key, argument) in arguments.as_map().unwrap_or_default() {
        let default = argument.get("default");
        if let Some(default) = default.filter(|_| names_secret(&key.text)) {
            file.mask(default.span);
        }
    }
}

/// Masks the values of a URL's query parameters that are named like secrets.
fn mask_query(span: Span, file: &SourceFile) {
    let written = &file.text()[span.start..span.end];
    let Some(query) = written.find('?') else {
        return;
    };
    let mut start = query + 1;
    for pair in written[start..].split('&') {
        if let Some((name, value)) = pair.split_once('=')
            && names_secret(name)
            && !mentions_variable(value)
        {
            let value_start = start + name.len() + 1;
            let length = value.trim_end_matches(['"', '\'', ' ']).len();
            file.mask(Span::new(
                span.start + value_start,
                span.start + value_start + length,
            ));
        }
        start += pair.len() + 1;
    }
}

/// Masks the password of a URL such as `postgres://ada:secret@host/db`.
fn mask_userinfo(span: Span, file: &SourceFile) {
    let written = &file.text()[span.start..span.end];
    let Some(start) = written.find("://").map(|at| at + 3) else {
        return;
    };
    // The last `@`: a password may hold one.
    let Some(end) = written.rfind('@').filter(|end| *end > start) else {
        return;
    };
    let Some(colon) = written[start..end].find(':').map(|at| start + at + 1) else {
        return;
    };
    if !mentions_variable(&written[colon..end]) {
        file.mask(Span::new(span.start + colon, span.start + end));
    }
}

#[cfg(test)]
mod tests {
    use crate::diagnostic::SourceFile;

    #[test]
    fn plain_secrets_are_blanked_whatever_stands_beside_them() {
        let text = "connect: {base_url: 'https://u:hunter1@h/x', auth: {type: baerer, token: hunter2, api_key: {header: X, key: hunter3}}}\nresource_types: {}\n";
        let file = SourceFile::new("a.yaml", text);
        let loaded = crate::config::load_text(file.clone());
        assert!(!loaded.diagnostics.is_empty());
        let shown = file.excerpt(1);
        assert!(!shown.contains("hunter"), "{shown}");
        assert_eq!(
            shown.chars().count(),
            text.lines().next().expect("a line").chars().count()
        );
        assert!(
            shown.contains("baerer") && shown.contains("https://u:"),
            "{shown}"
        );
    }

    #[test]
    fn secrets_under_misspelt_keys_and_outside_of_connect_are_blanked_too() {
        for line in [
            "connect: {dsn: 'postgres://h/db', passwrd: hunter2, pasword: hunter3}",
            "connect: {base_url: 'http://h', auth: {type: bearer, tokn: hunter2}}",
            "connect: {base_url: 'http://h/?api_key=hunter2&x=1'}",
            "http: {headers: {Authorization: Bearer hunter2}, timeot: 5s}",
            "resource_types: {u: {list: {request: {url: '/x?api_key=hunter2', headers: {X-Auth-Token: hunter3}, metod: GET}}}}",
            "actions: {reset: {name: Reset, arguments: {new_password: {type: string, default: hunter2}}}}",
        ] {
            let file = SourceFile::new("a.yaml", format!("{line}\n"));
            crate::config::load_text(file.clone());
            assert!(!file.excerpt(1).contains("hunter"), "{}", file.excerpt(1));
        }
        // What is no secret stays readable.
        let line = "resource_types: {u: {list: {map: {id: .token, display_name: .key, traits: {user: {profile: {token_id: .api_token}}}}}}}";
        let file = SourceFile::new("a.yaml", format!("{line}\n"));
        crate::config::load_text(file.clone());
        assert_eq!(file.excerpt(1), line);
    }

    #[test]
    fn a_line_that_is_not_yaml_shows_no_secret() {
        let text = "connect:\n  auth: {type: basic, password: \"hunter2}\nresource_types: {}\n";
        let file = SourceFile::new("a.yaml", text);
        let loaded = crate::config::load_text(file.clone());
        assert!(loaded.config.is_none());
        assert!((1..=3).all(|line| !file.excerpt(line).contains("hunter2")));
    }
}
