//! Where decoders put items: what came of a body so far.

use std::cell::Cell;
use std::hash::{DefaultHasher, Hasher};

use serde_json::Value as Json;

use super::decoder::DecodeError;
use crate::expr::Value;

/// Items handed on at a time at most.
const ITEMS: usize = 500;

/// Bytes of a body whose items are handed on at a time at most.
const BYTES: u64 = 128 * 1024;

/// Takes the items of one body. Those of a large one are handed on while they come.
pub struct ItemSink<'s> {
    items: Vec<Value>,
    count: usize,
    begun: bool,
    fingerprint: DefaultHasher,
    hand_on: Option<HandOn<'s>>,
}

/// Hands items on; false when nobody wants more.
type HandOn<'s> = (&'s Progress, &'s mut dyn FnMut(Vec<Value>) -> bool);

/// How far a body was read.
#[derive(Debug, Default)]
pub(in crate::source::http) struct Progress {
    /// Bytes so far.
    pub read: Cell<u64>,
    /// Bytes when the last item came.
    pub at_item: Cell<u64>,
    at_hand_on: Cell<u64>,
}

/// What came of a body.
#[derive(Debug, Default)]
pub(in crate::source::http) struct Harvest {
    /// Those that were not handed on.
    pub items: Vec<Value>,
    /// How many there were in all.
    pub count: usize,
    /// Whether the place of the items was met.
    pub begun: bool,
    /// A number that differs when the items do, where some may have been handed on.
    pub fingerprint: Option<u64>,
}

/// A number that differs when the items do: the same that a sink has for items it hands on.
pub(in crate::source::http) fn fingerprint(items: &[Value]) -> u64 {
    let mut hasher = DefaultHasher::new();
    items.iter().for_each(|item| item.hash_into(&mut hasher));
    hasher.finish()
}

impl<'s> ItemSink<'s> {
    /// Keeps all items.
    pub(in crate::source::http) fn keeping() -> Self {
        Self {
            items: Vec::new(),
            count: 0,
            begun: false,
            fingerprint: DefaultHasher::new(),
            hand_on: None,
        }
    }

    /// Hands items on while they come.
    pub(in crate::source::http) fn handing_on(
        progress: &'s Progress,
        to: &'s mut dyn FnMut(Vec<Value>) -> bool,
    ) -> Self {
        Self {
            hand_on: Some((progress, to)),
            ..Self::keeping()
        }
    }

    /// Whether items are handed on while they come.
    pub fn streams(&self) -> bool {
        self.hand_on.is_some()
    }

    /// The place of the items was met: there are some, or none.
    pub fn begin(&mut self) {
        self.begun = true;
    }

    /// Takes an item.
    pub fn push(&mut self, item: Json) -> Result<(), DecodeError> {
        self.begun = true;
        self.count += 1;
        if let Some((progress, to)) = &mut self.hand_on {
            let read = progress.read.get();
            progress.at_item.set(read);
            if self.items.len() >= ITEMS || read - progress.at_hand_on.get() >= BYTES {
                progress.at_hand_on.set(read);
                if !to(std::mem::take(&mut self.items)) {
                    return Err(DecodeError::Unwanted);
                }
            }
        }
        let value = Value::from(item);
        if self.hand_on.is_some() {
            // What is handed on cannot be looked at later.
            value.hash_into(&mut self.fingerprint);
        }
        self.items.push(value);
        Ok(())
    }

    pub(in crate::source::http) fn harvest(self) -> Harvest {
        Harvest {
            items: self.items,
            count: self.count,
            begun: self.begun,
            fingerprint: self.hand_on.is_some().then(|| self.fingerprint.finish()),
        }
    }
}
