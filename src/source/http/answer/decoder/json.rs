//! `decoder: json`: one JSON value, the items of a long list taken out one by one.

use std::io::BufReader;

use serde::de::{DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::{Body, DecodeBody, DecodeError, broken, held};
use crate::config::CompileContext;
use crate::config::decode::section;
use crate::config::http::DecoderFamily;
use crate::config::kind::{Kind, KindConfig};
use crate::source::http::answer::item_sink::ItemSink;
use crate::source::http::answer::items::ItemsRule;
use crate::source::http::paths::Step;

inventory::submit! { Kind::<DecoderFamily>::of::<JsonConfig>("json") }

section! {
    /// One JSON value. The items of a large answer are read one by one, so that it needs no more
    /// memory than a small one, unless something else of the answer is asked for: mappings with
    /// `response`, `lookups`, `columns_path`, `items_key`, `detail`, or an `items_path` that is a
    /// query.
    pub struct JsonConfig {}
}

impl KindConfig<DecoderFamily> for JsonConfig {
    fn compile(&self, _: &mut CompileContext) -> Option<Box<dyn DecodeBody>> {
        Some(Box::new(Json))
    }
}

/// Reads JSON.
#[derive(Debug)]
pub(in crate::source::http) struct Json;

impl DecodeBody for Json {
    fn format(&self) -> &'static str {
        "JSON"
    }

    fn read(
        &self,
        body: Body<'_>,
        items: &ItemsRule,
        to: &mut ItemSink<'_>,
    ) -> Result<Value, DecodeError> {
        match (body, items.steps().filter(|_| to.streams())) {
            (Body::Held(bytes), _) => {
                serde_json::from_slice(without_mark(bytes)).map_err(malformed)
            }
            (Body::Coming(reader), None) => {
                serde_json::from_slice(without_mark(&held(reader)?)).map_err(malformed)
            }
            (Body::Coming(reader), Some(steps)) => {
                let reader = Unmarked::new(BufReader::with_capacity(64 * 1024, reader));
                let mut json = serde_json::Deserializer::from_reader(reader);
                let whole = Place {
                    steps,
                    root: true,
                    to,
                };
                let rest = whole.deserialize(&mut json).map_err(malformed)?;
                json.end().map_err(malformed)?;
                Ok(rest)
            }
        }
    }
}

fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes)
}

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Where and why reading stopped. Errors of the reader come through the parser.
pub(in crate::source::http) fn malformed(error: serde_json::Error) -> DecodeError {
    if error.is_io() {
        return broken(error.into());
    }
    if error.is_eof() {
        return DecodeError::CutShort;
    }
    DecodeError::Malformed(format!(
        "it stops being JSON at line {} column {}",
        error.line(),
        error.column()
    ))
}

/// A value of the answer on the way to the items, or beside it.
struct Place<'p, 's, 'e> {
    /// What is left of the way.
    steps: &'p [Step],
    root: bool,
    to: &'s mut ItemSink<'e>,
}

impl<'de> DeserializeSeed<'de> for Place<'_, '_, '_> {
    type Value = Value;

    fn deserialize<D: serde::Deserializer<'de>>(self, json: D) -> Result<Value, D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Place<'_, '_, '_> {
    type Value = Value;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(text.into())
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut fields = Map::new();
        while let Some(key) = map.next_key::<String>()? {
            let value = match after_key(self.steps, &key) {
                Some(steps) => map.next_value_seed(Place {
                    steps,
                    root: false,
                    to: self.to,
                })?,
                None => map.next_value()?,
            };
            fields.insert(key, value);
        }
        Ok(Value::Object(fields))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let bare = self.root && matches!(self.steps, [Step::Word(only)] if only == "items");
        if self.steps.is_empty() || bare {
            self.to.begin();
            let mut last = None;
            while let Some(item) = list.next_element::<Value>()? {
                if let Some(before) = last.replace(item) {
                    self.to.push(before).map_err(A::Error::custom)?;
                }
            }
            // Some APIs page by the last item: it is taken, and stays.
            let last: Vec<Value> = last.into_iter().collect();
            for item in &last {
                self.to.push(item.clone()).map_err(A::Error::custom)?;
            }
            return Ok(Value::Array(last));
        }
        let mut items = Vec::new();
        loop {
            let place = after_index(self.steps, items.len()).map(|steps| Place {
                steps,
                root: false,
                to: self.to,
            });
            let item = match place {
                Some(place) => list.next_element_seed(place)?,
                None => list.next_element()?,
            };
            match item {
                Some(item) => items.push(item),
                None => return Ok(Value::Array(items)),
            }
        }
    }
}

/// What is left of the way behind a key; `None` beside it. Keys may hold dots themselves.
fn after_key<'p>(steps: &'p [Step], key: &str) -> Option<&'p [Step]> {
    match steps.first()? {
        Step::Key(name) => (name == key).then(|| &steps[1..]),
        Step::Index(at) => (at.to_string() == key).then(|| &steps[1..]),
        Step::Word(name) => {
            let mut joined = name.clone();
            let mut used = 1;
            while joined != key {
                let Some(Step::Word(more)) = steps.get(used).filter(|_| key.starts_with(&joined))
                else {
                    return None;
                };
                joined = format!("{joined}.{more}");
                used += 1;
            }
            Some(&steps[used..])
        }
    }
}

fn after_index(steps: &[Step], at: usize) -> Option<&[Step]> {
    let wanted = match steps.first()? {
        Step::Index(wanted) => usize::try_from(*wanted).ok()?,
        Step::Word(word) => word.parse().ok()?,
        Step::Key(_) => return None,
    };
    (wanted == at).then(|| &steps[1..])
}

/// Passes over a byte order mark.
struct Unmarked<R> {
    reader: R,
    begun: bool,
}

impl<R> Unmarked<R> {
    fn new(reader: R) -> Self {
        Self {
            reader,
            begun: false,
        }
    }
}

impl<R: std::io::BufRead> std::io::Read for Unmarked<R> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        if !self.begun {
            self.begun = true;
            if self.reader.fill_buf()?.starts_with(BYTE_ORDER_MARK) {
                self.reader.consume(BYTE_ORDER_MARK.len());
            }
        }
        self.reader.read(into)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expr::Value as Record;
    use crate::source::http::answer::item_sink::Progress;
    use crate::source::http::answer::received::Incoming;
    use proptest::prelude::*;

    /// A reader that brings a few bytes at a time.
    struct Drops<'b>(&'b [u8], usize);

    impl std::io::Read for Drops<'_> {
        fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
            let count = self.0.len().min(self.1).min(into.len());
            let (now, later) = self.0.split_at(count);
            into[..count].copy_from_slice(now);
            self.0 = later;
            Ok(count)
        }
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            "[a-z\"\\\\\u{e9}\u{1f600}]{0,4}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 40, 5, |inner| {
            let key = prop_oneof!["a", "b", "items", "0"];
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..5).prop_map(Value::Array),
                proptest::collection::vec((key, inner), 0..4)
                    .prop_map(|fields| Value::Object(fields.into_iter().collect())),
            ]
        })
    }

    fn answer(body: Value) -> crate::source::http::answer::received::Answer {
        let incoming = Incoming {
            status: reqwest::StatusCode::OK,
            headers: reqwest::header::HeaderMap::new(),
            url: url::Url::parse("https://h/x").expect("a URL"),
            start: Vec::new(),
            more: None,
            unread: false,
        };
        incoming.with_body(body)
    }

    proptest! {
        /// Items that are taken while an answer comes are those that are found in it as a whole.
        #[test]
        fn items_are_the_same_however_an_answer_comes(body in any_json(), path in prop_oneof![
            Just(None), Just(Some("items")), Just(Some("a")), Just(Some("a.b")), Just(Some("a.0")),
            Just(Some("$")), Just(Some("b[1].a")), Just(Some("items.items")),
        ], step in 1_usize..7) {
            let rule = ItemsRule::at(path);
            let mut whole = answer(body.clone());
            let found = rule.find(&whole).map(|found| found.take(&mut whole.body, None).0);

            let text = body.to_string();
            let progress = Progress::default();
            let mut items: Vec<Record> = Vec::new();
            let mut take = |more: Vec<Record>| { items.extend(more); true };
            let mut sink = ItemSink::handing_on(&progress, &mut take);
            let read = Json.read(Body::Coming(Box::new(Drops(text.as_bytes(), step))), &rule, &mut sink);
            let rest = read.expect("it is JSON");
            let harvest = sink.harvest();
            items.extend(harvest.items);
            let mut rest = answer(rest);
            if !harvest.begun {
                let found = rule.find(&rest).map(|found| found.take(&mut rest.body, None).0);
                items = found.unwrap_or_default().into_iter().map(Record::from).collect();
            }
            let expected: Vec<_> = found.unwrap_or_default().into_iter().map(Record::from).collect();
            prop_assert_eq!(items, expected);
            prop_assert_eq!(rest.body, whole.body, "what is left differs");
        }

        #[test]
        fn hostile_bytes_never_panic(bytes in proptest::collection::vec(prop_oneof![
            proptest::sample::select(b"{}[]\",:0-.e ntf\\u\xff".to_vec()), any::<u8>(),
        ], 0..40)) {
            let rule = ItemsRule::at(Some("a"));
            let progress = Progress::default();
            let mut take = |_: Vec<Record>| true;
            let mut sink = ItemSink::handing_on(&progress, &mut take);
            let _ = Json.read(Body::Coming(Box::new(Drops(&bytes, 3))), &rule, &mut sink);
        }
    }
}
