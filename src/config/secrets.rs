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
    "secret",
    "token",
    "key",
    "authorization",
    "cookie",
];

/// Keys that hold one of those words and name no secret.
const HARMLESS: &[&str] = &[
    "primary_key",
    "token_url",
    "token_field",
    "token_expiry_padding",
];

/// Masks every plain secret below a node, by the keys above them, and passwords inside URLs.
pub(super) fn mask(node: &Node, file: &SourceFile) {
    mask_below(node, false, file);
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

fn mask_below(node: &Node, secret: bool, file: &SourceFile) {
    match &node.value {
        NodeValue::Null => {}
        NodeValue::Scalar { text, .. } if secret && !mentions_variable(text) => {
            file.mask(node.span)
        }
        NodeValue::Scalar { .. } => mask_userinfo(node.span, file),
        NodeValue::List(items) => items.iter().for_each(|item| mask_below(item, secret, file)),
        NodeValue::Map(entries) => {
            for (key, value) in entries {
                let name = key.text.to_lowercase();
                let named = SECRET_KEYS.iter().any(|word| name.contains(word));
                mask_below(
                    value,
                    secret || named && !HARMLESS.contains(&name.as_str()),
                    file,
                );
            }
        }
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
    fn a_line_that_is_not_yaml_shows_no_secret() {
        let text = "connect:\n  auth: {type: basic, password: \"hunter2}\nresource_types: {}\n";
        let file = SourceFile::new("a.yaml", text);
        let loaded = crate::config::load_text(file.clone());
        assert!(loaded.config.is_none());
        assert!((1..=3).all(|line| !file.excerpt(line).contains("hunter2")));
    }
}
