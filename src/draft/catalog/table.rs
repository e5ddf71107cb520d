//! Tables as the catalog tells them.

use crate::draft::guess::{Field, Kind, Shape, joined, words};

/// A table or a view.
#[derive(Debug, Clone, Default)]
pub(super) struct Table {
    pub schema: String,
    pub name: String,
    pub is_view: bool,
    pub columns: Vec<Column>,
    /// The columns of the primary key.
    pub key: Vec<String>,
    pub references: Vec<Reference>,
}

/// A column.
#[derive(Debug, Clone)]
pub(super) struct Column {
    pub name: String,
    pub kind: Kind,
    pub format: Option<String>,
    pub required: bool,
    pub choices: Vec<String>,
}

/// A foreign key of one column.
#[derive(Debug, Clone)]
pub(super) struct Reference {
    pub column: String,
    pub schema: String,
    pub table: String,
    /// The column that it names; empty for the primary key.
    pub to: String,
}

/// Words of columns whose values nobody should read.
const SECRET: &[&str] = &[
    "password",
    "passwd",
    "pwd",
    "passhash",
    "secret",
    "token",
    "hash",
    "salt",
    "otp",
    "totp",
    "pin",
    "ssn",
    "credential",
    "passphrase",
    "cvv",
    "iban",
];

impl Table {
    /// The table as messages call it.
    pub(super) fn shown(&self) -> String {
        match self.schema.as_str() {
            "" | "public" => self.name.clone(),
            schema => format!("{schema}.{}", self.name),
        }
    }

    pub(super) fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// What its rows look like, without what nobody should read.
    pub(super) fn shape(&self) -> Shape {
        let is_secret = |column: &&Column| {
            words(&column.name)
                .iter()
                .any(|word| SECRET.contains(&word.as_str()))
        };
        let field = |column: &Column| Field {
            name: column.name.clone(),
            shape: Shape {
                // Bytes are selected as text.
                kind: if column.kind == Kind::Bytes {
                    Kind::Text
                } else {
                    column.kind.clone()
                },
                format: column.format.clone(),
                choices: column.choices.clone(),
            },
            required: column.required,
            key: self.key.contains(&column.name),
        };
        let columns = self.columns.iter().filter(|column| !is_secret(column));
        Shape::of(Kind::Object(columns.map(field).collect()))
    }
}

/// Columns of whole numbers that are truth values by their names.
const FLAGS: &[&str] = &[
    "active",
    "enabled",
    "disabled",
    "deleted",
    "suspended",
    "locked",
    "blocked",
    "archived",
    "inactive",
    "admin",
    "owner",
    "leader",
    "banned",
    "terminated",
    "removed",
    "bot",
];

/// The kind of a column, by its type and, where that does not tell, its name.
pub(super) fn kind(type_name: &str, name: &str, scheme: &str) -> (Kind, Option<String>) {
    let lower = type_name.to_lowercase();
    let begins = |words: &[&str]| words.iter().any(|word| lower.starts_with(word));
    let plain = joined(name);
    let words = words(name);
    let is_flag = FLAGS.contains(&plain.as_str()) || words.first().is_some_and(|word| word == "is");
    if lower.ends_with("[]") {
        return (Kind::List(Box::new(Shape::of(Kind::Text))), None);
    }
    if begins(&["bool"]) {
        // Only PostgreSQL has truth values of its own.
        let kind = if scheme == "postgres" {
            Kind::Truth
        } else {
            Kind::Bit
        };
        return (kind, None);
    }
    if begins(&["tinyint(1)", "bit(1)"]) || lower == "bit" {
        return (Kind::Bit, None);
    }
    if lower.contains("int") && !begins(&["interval", "point"])
        || begins(&["serial", "bigserial", "smallserial"])
    {
        return (if is_flag { Kind::Bit } else { Kind::Integer }, None);
    }
    if begins(&[
        "numeric", "decimal", "real", "double", "float", "money", "number",
    ]) {
        return (Kind::Number, None);
    }
    if begins(&["date", "timestamp"]) || lower.starts_with("time") {
        return (Kind::Moment, None);
    }
    if begins(&[
        "bytea",
        "blob",
        "binary",
        "varbinary",
        "tinyblob",
        "mediumblob",
        "longblob",
    ]) {
        return (Kind::Bytes, None);
    }
    if begins(&["json"]) {
        return (Kind::Object(Vec::new()), None);
    }
    if begins(&["uuid"]) {
        return (Kind::Text, Some("uuid".to_owned()));
    }
    if words.last().is_some_and(|word| word == "at") {
        return (Kind::Moment, None);
    }
    (
        if lower.is_empty() {
            Kind::Unknown
        } else {
            Kind::Text
        },
        None,
    )
}

/// The texts of `enum('a','b')`, or of a condition such as `CHECK (status IN ('a', 'b'))`.
pub(super) fn texts(definition: &str) -> Vec<String> {
    let mut texts = Vec::new();
    let mut rest = definition;
    while let Some(start) = rest.find('\'') {
        let mut text = String::new();
        let mut inside = rest[start + 1..].char_indices().peekable();
        let mut end = None;
        while let Some((at, c)) = inside.next() {
            match c {
                '\'' if inside.peek().is_some_and(|(_, next)| *next == '\'') => {
                    inside.next();
                    text.push('\'');
                }
                '\'' => {
                    end = Some(start + 1 + at + 1);
                    break;
                }
                c => text.push(c),
            }
        }
        let Some(end) = end else { break };
        if !texts.contains(&text) {
            texts.push(text);
        }
        rest = &rest[end..];
    }
    texts
}

/// The texts that a condition of SQLite's own `CREATE TABLE` allows for a column.
pub(super) fn checked(create: &str, column: &str) -> Vec<String> {
    let pattern = format!(
        r#"(?is)CHECK\s*\(\s*["`\[]?{}["`\]]?\s+IN\s*\(([^)]*)\)"#,
        regex::escape(column)
    );
    let found = regex::Regex::new(&pattern).ok().and_then(|regex| {
        let captures = regex.captures(create)?;
        captures.get(1).map(|list| texts(list.as_str()))
    });
    found.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_conditions_are_found() {
        assert_eq!(texts("enum('a','it''s','a')"), ["a", "it's"]);
        let postgres = "CHECK (((status)::text = ANY ((ARRAY['on'::character varying, 'off'::text])::text[])))";
        assert_eq!(texts(postgres), ["on", "off"]);
        assert_eq!(texts("CHECK (x > 'open"), Vec::<String>::new());
        let create = "CREATE TABLE t (status TEXT NOT NULL CHECK ( status in ('x', 'y') ), n INT CHECK (n > 0))";
        assert_eq!(checked(create, "status"), ["x", "y"]);
        assert_eq!(checked(create, "n"), Vec::<String>::new());
    }

    #[test]
    fn kinds_follow_from_types_and_names() {
        let cases = [
            ("boolean", "x", Kind::Truth),
            ("tinyint(1)", "x", Kind::Bit),
            ("INTEGER", "is_active", Kind::Bit),
            ("INTEGER", "active_count", Kind::Integer),
            ("character varying(20)", "x", Kind::Text),
            ("timestamp with time zone", "x", Kind::Moment),
            ("TEXT", "deleted_at", Kind::Moment),
            ("interval", "x", Kind::Text),
            ("bytea", "id", Kind::Bytes),
            ("", "x", Kind::Unknown),
        ];
        for (type_name, name, expected) in cases {
            assert_eq!(
                kind(type_name, name, "postgres").0,
                expected,
                "{type_name} {name}"
            );
        }
    }
}
