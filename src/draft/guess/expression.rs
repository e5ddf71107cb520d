//! A way to a field → the expression that reads it, in either language.

use std::fmt::Write as _;

use super::shape::Field;

/// The language of the file that is drafted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// Of APIs: `cel:item.name`.
    Http,
    /// Of databases: `.name`.
    Sql,
}

/// Names that CEL does not take as members.
const RESERVED: &[&str] = &[
    "true",
    "false",
    "null",
    "in",
    "as",
    "break",
    "const",
    "continue",
    "else",
    "for",
    "function",
    "if",
    "import",
    "let",
    "loop",
    "package",
    "namespace",
    "return",
    "var",
    "void",
    "while",
];

/// How a field is read.
#[derive(Debug, Clone)]
pub struct Reading {
    /// The CEL of its value.
    pub value: String,
    /// The CEL of whether it is there, where that has to be asked.
    pub there: Option<String>,
    language: Language,
}

impl Reading {
    /// Of the field at the end of a way.
    pub fn of(language: Language, path: &[&Field]) -> Self {
        let mut value = match language {
            Language::Http => "item".to_owned(),
            Language::Sql => "cols".to_owned(),
        };
        let mut there: Vec<String> = Vec::new();
        for (index, field) in path.iter().enumerate() {
            let name = field.name.as_str();
            let member = is_member(name);
            let next = match (language, member) {
                (Language::Sql, true) if index == 0 => format!(".{name}"),
                (_, true) => format!("{value}.{name}"),
                (_, false) => format!("{value}[{}]", cel_text(name)),
            };
            if language == Language::Http && !field.required {
                there.push(match member {
                    true => format!("has({next})"),
                    false => format!("{} in {value}", cel_text(name)),
                });
                if index + 1 < path.len() {
                    there.push(format!("{next} != null"));
                }
            }
            value = next;
        }
        Self {
            value,
            there: (!there.is_empty()).then(|| there.join(" && ")),
            language,
        }
    }

    /// The value, or null where it is missing.
    pub fn or_null(&self) -> String {
        match &self.there {
            None => self.finish(&self.value),
            Some(there) => self.finish(&format!("{there} ? {} : null", self.value)),
        }
    }

    /// The condition that the field is there and `holds` of it, as a part of a larger expression.
    pub fn and(&self, holds: &str) -> String {
        match &self.there {
            None => holds.to_owned(),
            Some(there) => format!("{there} && {holds}"),
        }
    }

    /// CEL as the file has it.
    pub fn finish(&self, cel: &str) -> String {
        match self.language {
            Language::Http => format!("cel:{cel}"),
            Language::Sql => cel.to_owned(),
        }
    }
}

fn is_member(name: &str) -> bool {
    crate::config::is_bare_word(name) && !RESERVED.contains(&name)
}

/// A text of CEL.
pub fn cel_text(text: &str) -> String {
    let mut quoted = String::from("'");
    for c in text.chars() {
        let written = match c {
            '\'' | '\\' => write!(quoted, "\\{c}"),
            ' '..='~' => quoted.write_char(c),
            c if c.is_alphanumeric() => quoted.write_char(c),
            c if u32::from(c) <= 0xffff => write!(quoted, "\\u{:04x}", u32::from(c)),
            c => write!(quoted, "\\U{:08x}", u32::from(c)),
        };
        written.expect("writing to a string cannot fail");
    }
    quoted.push('\'');
    quoted
}
