//! Paths into JSON answers: dotted keys, or JSONPath where that is not enough.

use jsonpath_rust::parser::model::{JpQuery, Segment, Selector};
use jsonpath_rust::parser::parse_json_path;
use jsonpath_rust::query::js_path_process;
use serde_json::Value as Json;

use crate::config::CompileContext;
use crate::config::scalar::PathText;
use crate::diagnostic::Diagnostic;

/// A compiled path.
#[derive(Debug, Clone)]
pub(super) struct JsonPath {
    text: String,
    form: Form,
}

#[derive(Debug, Clone)]
enum Form {
    Steps(Vec<Step>),
    Query(JpQuery),
}

/// Why a text is no path, and the byte from which on it is none.
#[derive(Debug, PartialEq)]
pub(super) struct Wrong {
    at: usize,
    reason: &'static str,
}

/// One step of a dotted path.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// A key as written between dots; where the answer has no such key, it may be the beginning
    /// of a key that holds dots itself, such as `@odata.nextLink`.
    Word(String),
    /// A quoted key.
    Key(String),
    /// `[n]`; negative counts from the end.
    Index(i64),
}

/// A step that was taken: what leads to a value that is there.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Taken {
    Key(String),
    Index(usize),
}

/// What a path leads to.
#[derive(Debug)]
pub(super) enum Found<'v> {
    /// Nothing is there.
    Missing,
    /// One value, and the way to it.
    One(Vec<Taken>, &'v Json),
    /// The matches of a query; each is an item of its own.
    Each(Vec<&'v Json>),
    /// The matches of a query; each is a list of items.
    Lists(Vec<&'v Json>),
}

impl JsonPath {
    /// Compiles a path as written. A mistake is noted.
    pub(super) fn compile(source: &PathText, cx: &mut CompileContext) -> Option<Self> {
        let text = source.0.text.trim();
        match Self::parse(text) {
            Ok(path) => Some(path),
            Err(wrong) => {
                let offset = source.0.text.len() - source.0.text.trim_start().len();
                let range = offset + wrong.at..source.0.text.trim_end().len();
                let at = cx.at(cx.locate(&source.0, range));
                let message = format!("`{text}` is not a path: {}", wrong.reason);
                let (help, fix) = match meant(text) {
                    Some(meant) => (
                        format!("did you mean `{meant}`?"),
                        cx.rewrite(&source.0, &meant),
                    ),
                    None => (
                        "write keys with dots such as `data.users`, or JSONPath such as `$.groups[*].members`"
                            .to_owned(),
                        None,
                    ),
                };
                let wrong = Diagnostic::error("bad-path", at, message).help(help);
                cx.note(wrong.fix_if(fix));
                None
            }
        }
    }

    pub(super) fn parse(text: &str) -> Result<Self, Wrong> {
        let form = match (split(text), text.starts_with('$')) {
            (Ok(steps), _) => Form::Steps(steps),
            // What our own splitter cannot read is left to the full language.
            (Err(reason), true) => Form::Query(parse_json_path(text).map_err(|_| reason)?),
            (Err(reason), false) if text.contains('[') => {
                Form::Query(parse_json_path(&format!("$.{text}")).map_err(|_| reason)?)
            }
            (Err(reason), false) => return Err(reason),
        };
        Ok(Self {
            text: text.to_owned(),
            form,
        })
    }

    /// The path of a key of what this one leads to.
    pub(super) fn then(&self, key: &str) -> Self {
        let text = format!("{}.{key}", self.text);
        let form = match &self.form {
            Form::Steps(steps) => {
                let mut steps = steps.clone();
                steps.push(Step::Key(key.to_owned()));
                Form::Steps(steps)
            }
            form => match parse_json_path(&text) {
                Ok(query) => Form::Query(query),
                Err(_) => form.clone(),
            },
        };
        Self { text, form }
    }

    /// The path as written.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// True for the path of the whole answer.
    pub(super) fn is_root(&self) -> bool {
        matches!(&self.form, Form::Steps(steps) if steps.is_empty())
    }

    /// True when the path is this single key.
    pub(super) fn is_key(&self, key: &str) -> bool {
        matches!(&self.form, Form::Steps(steps) if *steps == [Step::Word(key.to_owned())])
    }

    /// The steps of a path that is no query and counts no list from its end.
    pub(super) fn steps(&self) -> Option<&[Step]> {
        match &self.form {
            Form::Steps(steps) => {
                let from_the_end = |step: &Step| matches!(step, Step::Index(at) if *at < 0);
                (!steps.iter().any(from_the_end)).then_some(steps.as_slice())
            }
            Form::Query(_) => None,
        }
    }

    /// What the path leads to.
    pub(super) fn find<'v>(&self, body: &'v Json) -> Found<'v> {
        match &self.form {
            Form::Steps(steps) => match walk(body, steps) {
                Some((taken, value)) => Found::One(taken, value),
                None => Found::Missing,
            },
            Form::Query(query) => {
                let matches = run(query, body);
                let ends_in_selection = selects_many(query.segments.last());
                match (matches.is_empty(), ends_in_selection) {
                    // No item passes, but the place where items would be is there.
                    (true, true) if !run(&without_last(query), body).is_empty() => {
                        Found::Each(matches)
                    }
                    (true, _) => Found::Missing,
                    (false, true) => Found::Each(matches),
                    (false, false) => Found::Lists(matches),
                }
            }
        }
    }

    /// The first value the path leads to.
    pub(super) fn first<'v>(&self, body: &'v Json) -> Option<&'v Json> {
        match self.find(body) {
            Found::Missing => None,
            Found::One(_, value) => Some(value),
            Found::Each(values) | Found::Lists(values) => values.into_iter().next(),
        }
    }

    /// True when what holds the last key is there, or when the path is no deeper than that.
    pub(super) fn has_parent(&self, body: &Json) -> bool {
        match &self.form {
            Form::Steps(steps) => walk(body, &steps[..steps.len().saturating_sub(1)]).is_some(),
            Form::Query(query) => !run(&without_last(query), body).is_empty(),
        }
    }
}

fn run<'v>(query: &JpQuery, body: &'v Json) -> Vec<&'v Json> {
    js_path_process(query, body)
        .map(|matches| matches.into_iter().map(|found| found.val()).collect())
        .unwrap_or_default()
}

fn without_last(query: &JpQuery) -> JpQuery {
    let kept = query.segments.len().saturating_sub(1);
    JpQuery::new(query.segments[..kept].to_vec())
}

fn selects_many(segment: Option<&Segment>) -> bool {
    match segment {
        Some(Segment::Selector(selector)) => {
            matches!(
                selector,
                Selector::Wildcard | Selector::Slice(..) | Selector::Filter(_)
            )
        }
        Some(Segment::Selectors(_)) => true,
        Some(Segment::Descendant(inner)) => selects_many(Some(inner)),
        None => false,
    }
}

fn walk<'v>(body: &'v Json, steps: &[Step]) -> Option<(Vec<Taken>, &'v Json)> {
    let (mut value, mut taken, mut at) = (body, Vec::new(), 0);
    while at < steps.len() {
        let (step, next, used) = enter(value, &steps[at..])?;
        taken.push(step);
        (value, at) = (next, at + used);
    }
    Some((taken, value))
}

fn enter<'v>(value: &'v Json, steps: &[Step]) -> Option<(Taken, &'v Json, usize)> {
    let key = |key: &str, used| Some((Taken::Key(key.to_owned()), value.get(key)?, used));
    let index = |at: i64| {
        let items = value.as_array()?;
        let at = usize::try_from(if at < 0 {
            i64::try_from(items.len()).ok()? + at
        } else {
            at
        })
        .ok()?;
        Some((Taken::Index(at), items.get(at)?, 1))
    };
    match steps.first()? {
        Step::Key(name) => key(name, 1),
        Step::Index(at) if value.is_array() => index(*at),
        Step::Index(at) => key(&at.to_string(), 1),
        Step::Word(name) if value.is_array() => index(name.parse().ok()?),
        Step::Word(name) => {
            let mut joined = name.clone();
            let mut used = 1;
            loop {
                if value.get(&joined).is_some() {
                    return key(&joined, used);
                }
                let Some(Step::Word(more)) = steps.get(used) else {
                    return None;
                };
                joined = format!("{joined}.{more}");
                used += 1;
            }
        }
    }
}

/// The path that a text was probably meant to be: with a dot more, a dot less, or a bracket closed.
fn meant(text: &str) -> Option<String> {
    let word = |after: &str| after.starts_with(|c: char| c.is_alphanumeric() || c == '_');
    let mut candidates = vec![
        text.replace("..", "."),
        text.trim_end_matches('.').to_owned(),
        format!("{text}]"),
        text.replace("[]", "[*]"),
    ];
    if let Some(after) = text.strip_prefix('$').filter(|after| word(after)) {
        candidates.push(format!("$.{after}"));
    }
    if text.contains('/') {
        candidates.insert(0, text.trim_start_matches('/').replace('/', "."));
    }
    candidates
        .into_iter()
        .find(|candidate| candidate != text && JsonPath::parse(candidate).is_ok())
}

/// Splits `a.0.b`, `a[0]`, `a["b.c"]` and the same after `$`. A final `[*]` says what is meant
/// anyway.
fn split(text: &str) -> Result<Vec<Step>, Wrong> {
    let rest = text.strip_prefix('$').unwrap_or(text);
    let mut rest = rest.strip_suffix("[*]").unwrap_or(rest);
    let end = rest.len() + text.len() - text.strip_prefix('$').unwrap_or(text).len();
    let mut steps = Vec::new();
    // `.` alone is the whole answer too, as jq writes it.
    if rest == "." {
        return Ok(steps);
    }
    let mut after_dot = !text.starts_with('$');
    while !rest.is_empty() {
        let wrong = |reason| Wrong {
            at: end - rest.len(),
            reason,
        };
        if let Some(bracket) = rest.strip_prefix('[') {
            let (step, tail) = bracketed(bracket).map_err(wrong)?;
            steps.push(step);
            (rest, after_dot) = (tail, false);
            continue;
        }
        let word = match rest.strip_prefix('.') {
            Some(word) => word,
            None if after_dot => rest,
            None => return Err(wrong("a dot is missing before a key")),
        };
        let stop = word.find(['.', '[']).unwrap_or(word.len());
        let name = &word[..stop];
        if name.is_empty() || name.contains(['*', ']', '?']) {
            return Err(wrong("a key is missing"));
        }
        steps.push(Step::Word(name.to_owned()));
        (rest, after_dot) = (&word[stop..], false);
        if rest == "." {
            return Err(Wrong {
                at: end - 1,
                reason: "it ends with a dot",
            });
        }
    }
    Ok(steps)
}

fn bracketed(inside: &str) -> Result<(Step, &str), &'static str> {
    const UNCLOSED: &str = "a `[` is not closed";
    if let Some(quote @ ('"' | '\'')) = inside.chars().next() {
        let end = 1 + inside[1..].find(quote).ok_or(UNCLOSED)?;
        let tail = inside[end + 1..].strip_prefix(']').ok_or(UNCLOSED)?;
        let key = &inside[1..end];
        return match key.contains('\\') {
            true => Err("keys in quotes cannot hold a backslash"),
            false => Ok((Step::Key(key.to_owned()), tail)),
        };
    }
    let end = inside.find(']').ok_or(UNCLOSED)?;
    let index = inside[..end].trim().parse();
    let index = index.map_err(|_| "between brackets stands a number or a quoted key")?;
    Ok((Step::Index(index), &inside[end + 1..]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn first(path: &str, body: &Json) -> Option<Json> {
        JsonPath::parse(path).expect("a path").first(body).cloned()
    }

    #[test]
    fn dotted_paths_reach_keys_and_indexes() {
        let body = json!({
            "data": {"users": [{"id": 1}, {"id": 2}], "0": "zero"}, "@odata.nextLink": "u",
            "a": {"b.c": {"d": 5}, "b": {"x": 6}}, "n": null,
        });
        let cases = [
            ("data.users.1.id", Some(json!(2))),
            ("data.users[-1].id", Some(json!(2))),
            ("$.data.users[0]['id']", Some(json!(1))),
            ("data.0", Some(json!("zero"))),
            ("data[0]", Some(json!("zero"))),
            ("@odata.nextLink", Some(json!("u"))),
            ("a.b.c.d", None),
            ("a[\"b.c\"].d", Some(json!(5))),
            ("a.b.x", Some(json!(6))),
            ("n", Some(json!(null))),
            ("n.x", None),
            ("data.users.9", None),
            ("data.users[*]", Some(json!([{"id": 1}, {"id": 2}]))),
            ("$", Some(body.clone())),
            (".", Some(body.clone())),
            ("", Some(body.clone())),
            (".data.0", Some(json!("zero"))),
            ("$.data.users[?@.id == 2].id", Some(json!(2))),
            ("$..id", Some(json!(1))),
            ("data.users[*].id", Some(json!(1))),
        ];
        for (path, expected) in cases {
            assert_eq!(first(path, &body), expected, "{path}");
        }
    }

    #[test]
    fn a_query_tells_an_empty_selection_from_a_wrong_path() {
        let body = json!({"groups": [{"members": [1]}, {"members": [2, 3]}]});
        let find = |path: &str| match JsonPath::parse(path).expect("a path").find(&body) {
            Found::Missing => "missing".to_owned(),
            Found::One(..) => "one".to_owned(),
            Found::Each(values) => format!("each {}", values.len()),
            Found::Lists(values) => format!("lists {}", values.len()),
        };
        assert_eq!(find("$.groups[*].members"), "lists 2");
        assert_eq!(find("$.groups[*].members[*]"), "each 3");
        assert_eq!(find("$.groups[?@.x == 1]"), "each 0");
        assert_eq!(find("$.gruops[?@.x == 1]"), "missing");
        assert_eq!(find("$.groups[*].membres"), "missing");
    }

    #[test]
    fn what_is_no_path_is_refused_with_the_reason() {
        for (path, reason) in [
            ("a..b", "a key is missing"),
            ("a.", "it ends with a dot"),
            ("a[0", "a `[` is not closed"),
            ("a[x]", "between brackets stands a number or a quoted key"),
            ("*.a", "a key is missing"),
            ("$x", "a dot is missing before a key"),
        ] {
            assert_eq!(JsonPath::parse(path).expect_err(path).reason, reason);
        }
    }

    proptest! {
        #[test]
        fn hostile_paths_never_panic(path in "[$.a0*\\[\\]'\"?@()=:,\\\\é -]{0,16}") {
            if let Ok(path) = JsonPath::parse(&path) {
                let body = json!({"a": [{"a": 0}, [1]], "é": {"0": null}});
                path.first(&body);
                path.has_parent(&body);
            }
        }
    }
}
