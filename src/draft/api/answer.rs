//! The shape of an answer → where its items are.

use crate::draft::guess::{Kind, Shape, joined};

use super::path_text;

/// An answer with a list in it.
#[derive(Debug, Clone, Default)]
pub struct Answer {
    /// The whole of it.
    pub envelope: Shape,
    /// The keys on the way to the list; none where the answer is the list.
    pub keys: Vec<String>,
    /// What an item looks like.
    pub item: Shape,
    /// Its headers, in lower case.
    pub headers: Vec<String>,
}

/// Names under which lists come, whatever they hold.
const USUAL: &[&str] = &[
    "data",
    "items",
    "results",
    "result",
    "value",
    "values",
    "resources",
    "records",
    "entries",
    "list",
    "content",
    "elements",
    "rows",
    "objects",
    "collection",
    "hits",
    "response",
    "payload",
    "embedded",
    "body",
    "page",
    "nodes",
];

impl Answer {
    /// Finds the list in an answer to a request for what `wanted` names.
    pub fn of(envelope: Shape, wanted: &[String], headers: Vec<String>) -> Option<Self> {
        if let Kind::List(item) = &envelope.kind {
            let item = (**item).clone();
            return Some(Self {
                envelope,
                keys: Vec::new(),
                item,
                headers,
            });
        }
        let (keys, item) = find(&envelope, wanted, 3)?;
        Some(Self {
            envelope,
            keys,
            item,
            headers,
        })
    }

    /// `items_path`, where there is one to write.
    pub fn items_path(&self) -> Option<String> {
        let keys: Vec<&str> = self.keys.iter().map(String::as_str).collect();
        path_text(&keys)
    }

    /// True when the list can be written down as a path.
    pub fn is_reachable(&self) -> bool {
        self.keys.is_empty() || self.items_path().is_some()
    }
}

/// The most likely list: one that is named like what was asked for, one of a usual name, the only one.
fn find(shape: &Shape, wanted: &[String], depth: usize) -> Option<(Vec<String>, Shape)> {
    let fields = shape.fields();
    let wanted_joined = wanted.concat();
    let rank = |name: &str| {
        let name = joined(name);
        let wanted_last = wanted.last().map(String::as_str).unwrap_or_default();
        if name == wanted_joined
            || !wanted_last.is_empty() && crate::draft::guess::singular(&name) == *wanted_last
        {
            0
        } else {
            USUAL
                .iter()
                .position(|usual| *usual == name)
                .map_or(100, |at| at + 1)
        }
    };
    let lists = fields.iter().filter_map(|field| match &field.shape.kind {
        Kind::List(item) if !item.fields().is_empty() || is_text(item) => {
            Some((field, (**item).clone()))
        }
        _ => None,
    });
    let lists: Vec<_> = lists.collect();
    let is_object = |shape: &Shape| !shape.fields().is_empty();
    let best = lists.iter().min_by_key(|(field, item)| {
        (
            rank(&field.name) >= 100,
            !is_object(item),
            rank(&field.name),
        )
    });
    if let Some((field, item)) = best {
        let named = rank(&field.name) < 100;
        // A list of an unknown name in an object that looks like a thing itself is a field of that.
        let is_thing = shape.field("id").is_some() && fields.len() > 4;
        if named || is_object(item) && lists.len() == 1 && !is_thing {
            return Some((vec![field.name.clone()], item.clone()));
        }
    }
    if depth == 0 {
        return None;
    }
    let mut inner: Vec<_> = fields
        .iter()
        .filter(|field| is_object(&field.shape))
        .collect();
    inner.sort_by_key(|field| rank(&field.name));
    inner
        .into_iter()
        .filter(|field| rank(&field.name) < 100)
        .find_map(|field| {
            let (mut keys, item) = find(&field.shape, wanted, depth - 1)?;
            keys.insert(0, field.name.clone());
            Some((keys, item))
        })
}

fn is_text(shape: &Shape) -> bool {
    matches!(shape.kind, Kind::Text | Kind::Integer)
}

/// True for a list whose items are ids or names.
pub fn is_scalar_list(shape: &Shape) -> bool {
    matches!(&shape.kind, Kind::List(item) if is_text(item))
}
