//! The fields that say whether somebody may sign in → the status.

use serde_json::{Value as Json, json};

use super::expression::{Reading, cel_text};
use super::fields::{Found, Mapper};
use super::shape::{Kind, Leaf, Shape};
use super::sure::Guess;

const ACTIVE: &[&str] = &[
    "active",
    "enabled",
    "activated",
    "accountenabled",
    "current",
];
const INACTIVE: &[&str] = &[
    "disabled",
    "suspended",
    "blocked",
    "locked",
    "lockedout",
    "archived",
    "deactivated",
    "inactive",
    "terminated",
    "banned",
    "frozen",
    "accountdisabled",
    "invitationpending",
];
const DELETED: &[&str] = &["deleted", "removed"];
const TEXTS: &[&str] = &[
    "status",
    "accountstatus",
    "lifecyclestatus",
    "state",
    "accountstate",
    "employmentstatus",
    "membershipstatus",
];

/// Texts that stand for truth values.
const YES: &str = "['Y', 'y', '1', 'T', 't', 'true', 'True', 'TRUE', 'yes', 'Yes']";
const NO: &str = "['N', 'n', '0', 'F', 'f', 'false', 'False', 'FALSE', 'no', 'No']";

/// Words that a status is made of, by what they mean.
const WORDS_ACTIVE: &[&str] = &[
    "active",
    "enabled",
    "ok",
    "provisioned",
    "approved",
    "confirmed",
    "current",
    "employed",
    "normal",
    "valid",
    "activated",
    "live",
    "registered",
    "accepted",
    "verified",
    "passwordexpired",
    "recovery",
    "online",
    "present",
    "a",
];
const WORDS_DELETED: &[&str] = &["deleted", "deprovisioned", "removed", "purged", "erased"];
const WORDS_INACTIVE: &[&str] = &[
    "inactive",
    "disabled",
    "suspended",
    "locked",
    "lockedout",
    "blocked",
    "deactivated",
    "pending",
    "invited",
    "staged",
    "archived",
    "left",
    "terminated",
    "banned",
    "expired",
    "retired",
    "offboarded",
    "new",
    "draft",
    "unconfirmed",
    "leave",
    "onleave",
    "gone",
    "i",
    "d",
];

/// What the reader of the mapping understands without help.
const UNDERSTOOD: &[&str] = &[
    "active",
    "enabled",
    "disabled",
    "inactive",
    "suspended",
    "locked",
    "deleted",
];

impl Mapper<'_> {
    /// The status, and the system's own words about it.
    pub(super) fn status(&mut self) -> (Option<Found>, Option<Found>) {
        let mut deleted: Vec<String> = Vec::new();
        let mut disabled: Vec<String> = Vec::new();
        let mut whys: Vec<String> = Vec::new();
        let mut columns = Vec::new();
        for (names, conditions) in [(DELETED, &mut deleted), (INACTIVE, &mut disabled)] {
            for name in names {
                let Some((shown, column, condition)) = self.flag(name, true) else {
                    continue;
                };
                whys.push(format!("`{shown}`"));
                columns.extend(column);
                conditions.push(condition);
            }
        }
        let positive = ACTIVE.iter().find_map(|name| self.flag(name, false));
        if let Some((shown, column, condition)) = positive {
            whys.push(format!("`{shown}`"));
            columns.extend(column);
            disabled.push(condition);
        }
        let is_text = |shape: &Shape| matches!(shape.kind, Kind::Text | Kind::Unknown);
        let text = self.find(TEXTS, is_text);
        let details = text.as_ref().map(|leaf| {
            let reading = self.reading(leaf);
            Found::of(
                leaf,
                reading.or_null(),
                Guess::likely("the system's own word"),
            )
        });
        let base = text.as_ref().map(|leaf| {
            columns.extend(leaf.path.first().map(|field| field.name.clone()));
            whys.push(format!("`{}`", leaf.shown()));
            self.words_of(leaf)
        });
        if deleted.is_empty() && disabled.is_empty() && base.is_none() {
            self.todo(
                "no field says whether somebody may sign in: everybody counts as enabled"
                    .to_owned(),
            );
            return (None, None);
        }
        let plain = base
            .as_ref()
            .filter(|base| deleted.is_empty() && disabled.is_empty() && base.1.is_empty());
        let expression = match plain {
            Some(_) => self
                .reading(text.as_ref().expect("there is a text"))
                .or_null(),
            None => {
                let mut cel = String::new();
                for (conditions, status) in [(&deleted, "deleted"), (&disabled, "disabled")] {
                    let grouped = |condition: &String| match conditions.len() > 1
                        && condition.contains(" && ")
                    {
                        true => format!("({condition})"),
                        false => condition.clone(),
                    };
                    if !conditions.is_empty() {
                        let any: Vec<String> = conditions.iter().map(grouped).collect();
                        cel.push_str(&format!("{} ? '{status}' : ", any.join(" || ")));
                    }
                }
                cel.push_str(match &base {
                    Some((value, words)) if words.is_empty() => value,
                    Some((_, words)) => words,
                    None => "'enabled'",
                });
                Reading::of(self.language, &[]).finish(&cel)
            }
        };
        let known = text
            .as_ref()
            .is_none_or(|leaf| !leaf.shape().choices.is_empty());
        let why = format!("from {}", whys.join(", "));
        let found = Found {
            expression,
            guess: if known {
                Guess::likely(why)
            } else {
                Guess::doubtful(why)
            },
            expect: Some("enabled".to_owned()),
            columns,
        };
        (Some(found), details)
    }

    /// A truth value, or a moment that is there or not, and the condition that it says no.
    fn flag(&mut self, name: &str, no: bool) -> Option<(String, Option<String>, String)> {
        let names = [
            name.to_owned(),
            format!("is{name}"),
            format!("{name}at"),
            format!("{name}on"),
        ];
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let words = [name.to_owned(), format!("is{name}")];
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let is_word = |shape: &Shape| shape.kind == Kind::Text && shape.choices.is_empty();
        let word = self.find(&words, is_word);
        let leaf = self.find(&names, |shape| {
            matches!(shape.kind, Kind::Truth | Kind::Bit) || no && shape.kind == Kind::Moment
        });
        let leaf = leaf.or(word)?;
        let reading = self.reading(&leaf);
        let value = &reading.value;
        let kind = &leaf.shape().kind;
        let (holds, sample) = match (kind, no) {
            (Kind::Moment, _) => (format!("{value} != null"), Json::Null),
            (Kind::Bit, true) => (format!("{value} in [1, true]"), json!(0)),
            (Kind::Bit, false) => (format!("{value} in [0, false]"), json!(1)),
            (Kind::Text, true) => (format!("{value} in {YES}"), json!("N")),
            (Kind::Text, false) => (format!("{value} in {NO}"), json!("Y")),
            (_, true) => (format!("{value} == true"), json!(false)),
            (_, false) => (format!("{value} == false"), json!(true)),
        };
        self.sample.at(&leaf.path, sample);
        let column = leaf.path.first().map(|field| field.name.clone());
        Some((leaf.shown(), column, reading.and(&holds)))
    }

    /// The value of a text, and the expression that turns its words into those that are understood;
    /// that is empty where there is nothing to turn.
    fn words_of(&mut self, leaf: &Leaf<'_>) -> (String, String) {
        let reading = self.reading(leaf);
        let choices = &leaf.shape().choices;
        let is =
            |words: &[&str], choice: &str| words.contains(&super::words::joined(choice).as_str());
        let value = match &reading.there {
            None => reading.value.clone(),
            Some(there) => format!("({there} ? {} : null)", reading.value),
        };
        let active: Vec<&String> = choices
            .iter()
            .filter(|choice| is(WORDS_ACTIVE, choice))
            .collect();
        let sample = active.first().map_or("active", |choice| choice.as_str());
        if choices.is_empty() || active.is_empty() {
            self.sample.at(&leaf.path, json!("active"));
            let name = leaf.shown();
            self.todo(match choices.is_empty() {
                true => format!(
                    "`{name}`: nobody says which words it may hold; other words than {} need an expression",
                    UNDERSTOOD.join(", ")
                ),
                false => format!("`{name}` may be {}: say which of them mean enabled", choices.join(", ")),
            });
            return (value, String::new());
        }
        self.sample.at(&leaf.path, json!(sample));
        if choices
            .iter()
            .all(|choice| UNDERSTOOD.contains(&choice.to_lowercase().as_str()))
        {
            return (value, String::new());
        }
        let unknown: Vec<&str> = choices
            .iter()
            .filter(|choice| {
                !is(WORDS_ACTIVE, choice)
                    && !is(WORDS_DELETED, choice)
                    && !is(WORDS_INACTIVE, choice)
            })
            .map(String::as_str)
            .collect();
        if leaf.shape().format.as_deref() == Some("seen") {
            self.todo(format!(
                "`{}` may have other words than those of the sample: say what they mean",
                leaf.shown()
            ));
        }
        if !unknown.is_empty() {
            self.todo(format!(
                "`{}`: is somebody who is {} disabled? So it says now",
                leaf.shown(),
                unknown.join(" or ")
            ));
        }
        let listed = |choices: Vec<&String>| {
            let texts: Vec<String> = choices.iter().map(|choice| cel_text(choice)).collect();
            match texts.as_slice() {
                [one] => format!("== {one}"),
                several => format!("in [{}]", several.join(", ")),
            }
        };
        let deleted: Vec<&String> = choices
            .iter()
            .filter(|choice| is(WORDS_DELETED, choice))
            .collect();
        let mut words = format!("{value} {} ? 'enabled' : ", listed(active));
        if !deleted.is_empty() {
            words.push_str(&format!("{value} {} ? 'deleted' : ", listed(deleted)));
        }
        words.push_str("'disabled'");
        (value, words)
    }
}
