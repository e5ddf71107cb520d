//! `decoder: xml`: elements → JSON, the items of a long answer taken out one by one.

use std::io::{BufRead, BufReader};

use quick_xml::events::{BytesStart, Event};
use quick_xml::{Error, Reader};
use serde_json::{Map, Value as Json};

use super::{Body, DecodeBody, DecodeError, broken};
use crate::config::CompileContext;
use crate::config::decode::section;
use crate::config::http::DecoderFamily;
use crate::config::kind::{Kind, KindConfig};
use crate::source::http::answer::item_sink::ItemSink;
use crate::source::http::answer::items::ItemsRule;
use crate::source::http::paths::Step;

inventory::submit! { Kind::<DecoderFamily>::of::<XmlConfig>("xml") }

section! {
    /// XML, SOAP too. An element becomes an object: its elements under their names, without the
    /// prefixes of namespaces, and its attributes under theirs with `@` before it. Elements of one
    /// name become a list when there are several. An element with nothing but text becomes the text;
    /// beside attributes, the text is under `#text`. `xsi:nil="true"` is null.
    ///
    /// `items_path` names the elements that are items, from the root element on, for example
    /// `Envelope.Body.GetWorkersResponse.Worker`; one alone is an item as well as many. When there is
    /// none, the listing is empty if the element around it is there.
    pub struct XmlConfig {}
}

impl KindConfig<DecoderFamily> for XmlConfig {
    fn compile(&self, _: &mut CompileContext) -> Option<Box<dyn DecodeBody>> {
        Some(Box::new(Xml))
    }
}

/// Elements in elements beyond this are no answer of an API.
const DEEPEST: usize = 200;

#[derive(Debug)]
struct Xml;

impl DecodeBody for Xml {
    fn format(&self) -> &'static str {
        "XML"
    }

    fn read(
        &self,
        body: Body<'_>,
        items: &ItemsRule,
        to: &mut ItemSink<'_>,
    ) -> Result<Json, DecodeError> {
        let way: Vec<&str> = items.steps().map_or_else(Vec::new, words);
        let mut reader = Reader::from_reader(BufReader::new(body.reader()));
        let mut elements = Elements {
            way: &way,
            to,
            buffer: Vec::new(),
        };
        let mut root = None;
        loop {
            let event = elements.next(&mut reader)?;
            match event {
                Found::Start(name, attributes) if root.is_none() => {
                    let value =
                        elements.element(&mut reader, 1, on_way(&way, &name), attributes)?;
                    root = Some(Map::from_iter([(name, value.unwrap_or_default())]));
                }
                Found::Empty(name, attributes) if root.is_none() => {
                    root = Some(Map::from_iter([(name, finish(attributes, String::new()))]));
                }
                Found::EndOfBody => break,
                _ => {}
            }
        }
        match root {
            Some(root) => Ok(Json::Object(root)),
            None => Err(DecodeError::Malformed("it has no element".to_owned())),
        }
    }
}

/// The names on the way to the items. Indexes have no meaning among elements.
fn words(steps: &[Step]) -> Vec<&str> {
    let words = steps.iter().filter_map(|step| match step {
        Step::Word(word) | Step::Key(word) => Some(word.as_str()),
        Step::Index(_) => None,
    });
    words.collect()
}

/// What is left of the way behind an element: `None` beside the way.
fn on_way<'w>(way: &'w [&'w str], name: &str) -> Option<&'w [&'w str]> {
    way.split_first()
        .and_then(|(first, rest)| (*first == name).then_some(rest))
}

enum Found {
    Start(String, Map<String, Json>),
    Empty(String, Map<String, Json>),
    Text(String),
    End,
    EndOfBody,
    Other,
}

struct Elements<'x, 'e> {
    way: &'x [&'x str],
    to: &'x mut ItemSink<'e>,
    buffer: Vec<u8>,
}

impl Elements<'_, '_> {
    fn next<R: BufRead>(&mut self, reader: &mut Reader<R>) -> Result<Found, DecodeError> {
        self.buffer.clear();
        let event = reader.read_event_into(&mut self.buffer);
        Ok(match event.map_err(malformed)? {
            Event::Start(start) => Found::Start(local_name(&start), attributes(&start)?),
            Event::Empty(start) => Found::Empty(local_name(&start), attributes(&start)?),
            Event::End(_) => Found::End,
            Event::Text(text) => Found::Text(
                text.xml_content(quick_xml::XmlVersion::Implicit1_0)
                    .into_owned(),
            ),
            Event::CData(text) => Found::Text(text.into_inner().into_owned()),
            Event::GeneralRef(reference) => Found::Text(resolve(&reference)?),
            Event::Eof => Found::EndOfBody,
            Event::DocType(_) => {
                let reason = "it has a document type, which no answer needs";
                return Err(DecodeError::Malformed(reason.to_owned()));
            }
            _ => Found::Other,
        })
    }

    /// Reads an element to its end. `left`: what is left of the way to the items, where it is on it;
    /// the element itself is an item when nothing is left. `None`: it was handed on as an item.
    fn element<R: BufRead>(
        &mut self,
        reader: &mut Reader<R>,
        depth: usize,
        left: Option<&[&str]>,
        mut fields: Map<String, Json>,
    ) -> Result<Option<Json>, DecodeError> {
        if depth > DEEPEST {
            let reason = format!("elements are nested deeper than {DEEPEST}");
            return Err(DecodeError::Malformed(reason));
        }
        // Only the last step names items: what is around them being there, there are none or some.
        if left.is_some_and(|left| left.len() == 1) && self.way.len() > 1 {
            self.to.begin();
        }
        let mut text = String::new();
        loop {
            let (name, value) = match self.next(reader)? {
                Found::Text(more) => {
                    text.push_str(&more);
                    continue;
                }
                Found::Start(name, attributes) => {
                    let left = left.and_then(|left| on_way(left, &name));
                    let value = self.element(reader, depth + 1, left, attributes)?;
                    (name, value)
                }
                Found::Empty(name, attributes) => {
                    let value = finish(attributes, String::new());
                    let left = left.and_then(|left| on_way(left, &name));
                    if left.is_some_and(|left| left.len() == 1) {
                        self.to.begin();
                    }
                    let value = self.unless_item(left, value)?;
                    (name, value)
                }
                Found::End => break,
                Found::EndOfBody => return Err(DecodeError::CutShort),
                Found::Other => continue,
            };
            if let Some(value) = value {
                add(&mut fields, name, value);
            }
        }
        self.unless_item(left, finish(fields, text))
    }

    fn unless_item(
        &mut self,
        left: Option<&[&str]>,
        value: Json,
    ) -> Result<Option<Json>, DecodeError> {
        match left {
            Some([]) if !self.way.is_empty() => {
                self.to.begin();
                self.to.push(value)?;
                Ok(None)
            }
            _ => Ok(Some(value)),
        }
    }
}

/// An element that has come to its end.
fn finish(mut fields: Map<String, Json>, text: String) -> Json {
    let text = text.trim();
    if fields.get("@nil").and_then(Json::as_str) == Some("true") && text.is_empty() {
        return Json::Null;
    }
    if fields.is_empty() {
        return text.into();
    }
    if !text.is_empty() {
        fields.insert("#text".to_owned(), text.into());
    }
    Json::Object(fields)
}

/// Adds an element; a second one of the same name makes a list.
fn add(fields: &mut Map<String, Json>, name: String, value: Json) {
    match fields.get_mut(&name) {
        None => drop(fields.insert(name, value)),
        Some(Json::Array(values)) => values.push(value),
        Some(one) => *one = Json::Array(vec![one.take(), value]),
    }
}

fn local_name(start: &BytesStart<'_>) -> String {
    start.local_name().as_ref().to_owned()
}

/// Attributes, except those that declare namespaces.
fn attributes(start: &BytesStart<'_>) -> Result<Map<String, Json>, DecodeError> {
    let mut found = Map::new();
    for attribute in start.attributes() {
        let attribute =
            attribute.map_err(|error| DecodeError::Malformed(format!("an attribute: {error}")))?;
        let name = attribute.key;
        if name.as_namespace_binding().is_some() {
            continue;
        }
        let value = quick_xml::escape::unescape(&attribute.value)
            .map_err(|_| DecodeError::Malformed("an attribute has an unknown entity".to_owned()))?;
        found.insert(
            format!("@{}", name.local_name().as_ref()),
            value.into_owned().into(),
        );
    }
    Ok(found)
}

/// What `&amp;` and `&#65;` stand for.
fn resolve(reference: &quick_xml::events::BytesRef<'_>) -> Result<String, DecodeError> {
    if let Some(character) = reference.resolve_char_ref().map_err(malformed)? {
        return Ok(character.to_string());
    }
    let name: &str = reference;
    quick_xml::escape::resolve_predefined_entity(name)
        .map(str::to_owned)
        .ok_or_else(|| DecodeError::Malformed(format!("there is no entity `{name}`")))
}

fn malformed(error: Error) -> DecodeError {
    match error {
        Error::Io(error) => broken(std::io::Error::new(error.kind(), error.to_string())),
        Error::Syntax(_) => DecodeError::CutShort,
        error => DecodeError::Malformed(format!("it stops being XML: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn hostile_bytes_never_panic(pieces in proptest::collection::vec(proptest::sample::select(vec![
            "<a>", "</a>", "<b x='1'>", "</b>", "<b/>", "<![CDATA[", "]]>", "<!--", "-->", "&amp;", "&#0;", "&x;",
            "<?xml version='1.0'?>", "<", ">", "\"", "xmlns:a=''", "text", "\u{feff}", "é",
        ]), 0..20)) {
            let body = pieces.concat();
            let mut sink = ItemSink::keeping();
            let _ = Xml.read(Body::Held(body.as_bytes()), &ItemsRule::at(Some("a.b")), &mut sink);
        }
    }

    #[test]
    fn elements_are_not_followed_without_end() {
        let body = "<a>".repeat(100_000);
        let mut sink = ItemSink::keeping();
        let read = Xml.read(Body::Held(body.as_bytes()), &ItemsRule::at(None), &mut sink);
        let error = read.expect_err("it is too deep").to_string();
        assert!(error.contains("nested deeper than 200"), "{error}");
    }
}
