//! The tree → text.

use serde_json::Value as Json;

use super::comment;
use super::scalar::{is_block, scalar};
use super::tree::{Entry, Item, Section, Yaml};

/// A whole file: comments at its top, then the entries.
pub fn document(top: &[String], section: &Section) -> String {
    let mut writer = Writer {
        text: String::new(),
    };
    for text in top {
        writer.comments(text, 0);
    }
    writer.section(section, 0);
    writer.text
}

struct Writer {
    text: String,
}

impl Writer {
    fn comments(&mut self, text: &str, depth: usize) {
        for line in comment::lines(text, depth) {
            let line = format!("{}# {line}", " ".repeat(depth));
            self.text.push_str(line.trim_end());
            self.text.push('\n');
        }
    }

    fn section(&mut self, section: &Section, depth: usize) {
        for (index, entry) in section.0.iter().enumerate() {
            if entry.apart && !(index == 0 && self.text.ends_with(":\n")) {
                self.text.push('\n');
            }
            for text in &entry.above {
                self.comments(text, depth);
            }
            self.indent(depth);
            self.entry(entry, depth);
        }
    }

    /// A key and its value; the key's place is reached already.
    fn entry(&mut self, entry: &Entry, depth: usize) {
        self.text.push_str(&scalar(&entry.key, true));
        self.text.push(':');
        self.value(&entry.value, entry.beside.as_deref(), depth, depth + 2);
    }

    /// What stands behind a key, or behind the dash of an item: sections and lists go below, at
    /// `below`.
    fn value(&mut self, value: &Yaml, beside: Option<&str>, depth: usize, below: usize) {
        match value {
            Yaml::Text(text) if is_block(text) => {
                self.text
                    .push_str(if text.ends_with('\n') { " |" } else { " |-" });
                self.end(beside);
                for line in text.trim_end_matches('\n').split('\n') {
                    self.indent(depth + 2);
                    self.text.push_str(line);
                    self.text.push('\n');
                }
            }
            Yaml::Section(section) if !section.is_empty() => {
                self.end(beside);
                self.section(section, below);
            }
            Yaml::List(items) if !items.is_empty() => {
                self.end(beside);
                for item in items {
                    self.item(item, below);
                }
            }
            other => {
                self.text.push(' ');
                self.text.push_str(&inline(other));
                self.end(beside);
            }
        }
    }

    fn item(&mut self, item: &Item, depth: usize) {
        for text in &item.above {
            self.comments(text, depth);
        }
        self.indent(depth);
        self.text.push('-');
        match &item.value {
            Yaml::Section(section) if !section.is_empty() => {
                let (first, rest) = section.0.split_first().expect("it is not empty");
                // A comment of the first entry would part the dash from it.
                if let Some(text) = item.beside.as_ref().or(first.above.first()) {
                    self.text.push_str(" # ");
                    self.text.push_str(&comment::beside(text));
                    self.text.push('\n');
                    self.indent(depth + 2);
                } else {
                    self.text.push(' ');
                }
                self.entry(first, depth + 2);
                self.section(&Section(rest.to_vec()), depth + 2);
            }
            other => self.value(other, item.beside.as_deref(), depth, depth + 2),
        }
    }

    fn indent(&mut self, depth: usize) {
        self.text.extend(std::iter::repeat_n(' ', depth));
    }

    fn end(&mut self, beside: Option<&str>) {
        if let Some(comment) = beside.map(comment::beside).filter(|text| !text.is_empty()) {
            self.text.push_str(" # ");
            self.text.push_str(&comment);
        }
        self.text.push('\n');
    }
}

/// A value on one line.
fn inline(value: &Yaml) -> String {
    match value {
        Yaml::Text(text) => scalar(text, false),
        Yaml::Word(word) => word.clone(),
        Yaml::Data(data) => flow(data),
        Yaml::Words(words) => {
            let words = words.iter().map(|word| scalar(word, true));
            format!("[{}]", words.collect::<Vec<_>>().join(", "))
        }
        Yaml::Section(_) => "{}".to_owned(),
        Yaml::List(_) => "[]".to_owned(),
    }
}

/// Data between brackets and braces.
fn flow(data: &Json) -> String {
    match data {
        Json::Null | Json::Bool(_) | Json::Number(_) => data.to_string(),
        Json::String(text) => scalar(text, true),
        Json::Array(items) => {
            let items: Vec<String> = items.iter().map(flow).collect();
            format!("[{}]", items.join(", "))
        }
        Json::Object(fields) => {
            let field =
                |(key, value): (&String, &Json)| format!("{}: {}", scalar(key, true), flow(value));
            let fields: Vec<String> = fields.iter().map(field).collect();
            format!("{{{}}}", fields.join(", "))
        }
    }
}
