//! The document: its parts, and what `$ref` leads to.

use serde_json::Value as Json;

/// A description of an API.
#[derive(Clone, Copy)]
pub(super) struct Document<'d> {
    pub root: &'d Json,
}

/// How many references may follow each other.
const CHAIN: usize = 16;

/// True for the description of an API.
pub fn is_description(root: &Json) -> bool {
    root.get("openapi").is_some()
        || root.get("swagger").is_some()
        || root.get("paths").is_some_and(Json::is_object)
}

impl<'d> Document<'d> {
    pub(super) fn new(root: &'d Json) -> Self {
        Self { root }
    }

    /// The value, or what it refers to within the document. `None` when that is elsewhere, nowhere, or
    /// refers to itself.
    pub(super) fn resolve(self, value: &'d Json) -> Option<&'d Json> {
        let mut value = value;
        for _ in 0..CHAIN {
            match value.get("$ref").and_then(Json::as_str) {
                None => return Some(value),
                Some(to) => value = self.root.pointer(&pointer(to)?)?,
            }
        }
        None
    }

    /// A text at a pointer.
    pub(super) fn text(self, pointer: &str) -> Option<&'d str> {
        self.root
            .pointer(pointer)?
            .as_str()
            .filter(|text| !text.trim().is_empty())
    }

    /// The name of the API.
    pub(super) fn title(self) -> String {
        let title = self.text("/info/title").unwrap_or("API");
        let title: String = title.chars().take(80).collect();
        title.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// What it is, for the first line of the draft.
    pub(super) fn described(self, origin: &str) -> String {
        let version = |key: &str| {
            self.root.get(key).map(|version| match version {
                Json::String(text) => text.clone(),
                other => other.to_string(),
            })
        };
        let form = match (version("openapi"), version("swagger")) {
            (Some(version), _) => format!("OpenAPI {version}"),
            (None, Some(version)) => format!("Swagger {version}"),
            (None, None) => "a description without a version".to_owned(),
        };
        let own = self
            .text("/info/version")
            .map(|version| format!(" {version}"))
            .unwrap_or_default();
        format!("{origin}: {}{own} ({form})", self.title())
    }
}

/// The pointer of a reference within the document: `#/components/schemas/User`.
fn pointer(to: &str) -> Option<String> {
    let fragment = to.strip_prefix('#')?;
    Some(crate::draft::text::decoded(fragment))
}
