//! Annotations: facts of the model ⇄ `google.protobuf.Any`, with nothing lost in between.
//!
//! A message of a newer protocol, or one of which the model has only the half, is not forced into
//! the model: the fields the model has no place for travel beside it as an [`Annotation`] whose
//! type starts with [`UNREAD`], and are appended again when the message is written. Appending is
//! merging in protobuf, so the message comes out whole.

use prost::{DecodeError, Message, Name};
use prost_types::Any;

use super::wire::Fields;
use crate::model::Annotation;

/// Marks an annotation that holds the fields of a message which the model has no place for. Never
/// written to a file as an annotation.
pub(super) const UNREAD: &str = "rolecall:unread/";

/// The name of the message in an `Any`, without the host part of its URL.
pub(super) fn message_name(type_url: &str) -> &str {
    type_url.rsplit('/').next().unwrap_or(type_url)
}

/// Keeps `unread` fields of the message `name` among the annotations.
pub(super) fn keep_unread(annotations: &mut Vec<Annotation>, name: &str, unread: Vec<u8>) {
    if !unread.is_empty() {
        annotations.push(Annotation {
            type_url: format!("{UNREAD}{name}"),
            value: unread,
        });
    }
}

/// The fields kept for the message `name`.
pub(super) fn unread_of<'a>(annotations: &'a [Annotation], name: &str) -> &'a [u8] {
    annotations
        .iter()
        .find(|annotation| annotation.type_url.strip_prefix(UNREAD) == Some(name))
        .map_or(&[], |annotation| &annotation.value)
}

/// An annotation of a known message, with what was kept of it. A field that was kept is written
/// as it was: what the model says of it may be borrowed from elsewhere.
pub(super) fn pack<M: Message + Name>(message: &M, annotations: &[Annotation]) -> Any {
    let mut value = message.encode_to_vec();
    let unread = unread_of(annotations, &M::full_name());
    if let (Ok(ours), Ok(kept)) = (Fields::of(&value), Fields::of(unread))
        && !unread.is_empty()
    {
        value = ours.unread(&kept.numbers());
        value.extend_from_slice(unread);
    }
    Any {
        type_url: M::type_url(),
        value,
    }
}

/// The annotations the model does not interpret, as they were found.
pub(super) fn pack_others(annotations: &[Annotation]) -> impl Iterator<Item = Any> + '_ {
    annotations
        .iter()
        .filter(|annotation| !annotation.type_url.starts_with(UNREAD))
        .map(|annotation| Any {
            type_url: annotation.type_url.clone(),
            value: annotation.value.clone(),
        })
}

/// The annotations of one object while its reader picks the ones it understands.
pub(super) struct Annotations {
    pending: Vec<Any>,
    /// What goes into the model as it was found.
    pub others: Vec<Annotation>,
}

impl Annotations {
    /// Starts with everything an object carries.
    pub fn of(all: Vec<Any>) -> Self {
        Self {
            pending: all,
            others: Vec::new(),
        }
    }

    /// Takes the first annotation of a type, read by `read`, which also tells the numbers of the
    /// fields it understood. One that cannot be read stays what it is.
    pub fn take<M: Message + Name + Default, T>(
        &mut self,
        read: impl FnOnce(M) -> Option<(T, Vec<u32>)>,
    ) -> Option<T> {
        let name = M::full_name();
        let at = self
            .pending
            .iter()
            .position(|any| message_name(&any.type_url) == name)?;
        let (fact, unread) = decode(&self.pending[at].value, read).ok().flatten()?;
        self.pending.remove(at);
        keep_unread(&mut self.others, &name, unread);
        Some(fact)
    }

    /// Takes every annotation of a type that the model can express to the last byte.
    pub fn take_all<M: Message + Name + Default, T>(&mut self, read: impl Fn(M) -> T) -> Vec<T> {
        let name = M::full_name();
        let mut facts = Vec::new();
        self.pending.retain(|any| {
            let whole = (message_name(&any.type_url) == name)
                .then(|| M::decode(any.value.as_slice()).ok())
                .flatten()
                .filter(|message| message.encode_to_vec() == any.value);
            let interpreted = whole.is_some();
            facts.extend(whole.map(&read));
            !interpreted
        });
        facts
    }

    /// What was not taken, after what was kept of that which was.
    pub fn rest(mut self) -> Vec<Annotation> {
        self.others
            .extend(self.pending.into_iter().map(|any| Annotation {
                type_url: any.type_url,
                value: any.value,
            }));
        self.others
    }

    /// The type names still to be taken, in order.
    pub fn names(&self) -> Vec<String> {
        self.pending
            .iter()
            .map(|any| message_name(&any.type_url).to_owned())
            .collect()
    }
}

type Read<T> = Option<(T, Vec<u8>)>;

fn decode<M: Message + Default, T>(
    value: &[u8],
    read: impl FnOnce(M) -> Option<(T, Vec<u32>)>,
) -> Result<Read<T>, DecodeError> {
    let Some((fact, understood)) = read(M::decode(value)?) else {
        return Ok(None);
    };
    Ok(Some((fact, Fields::of(value)?.unread(&understood))))
}
