//! Where a feed goes on: how far each listing was told, and the place in the one that is under way.
//!
//! As text it is base64 of a binary form with a checksum: some hundred hashes have to fit.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

use super::error::FeedError;
use super::mark::{Mark, Nanos, Recent, Within};
use super::source::first;

/// How long the text of a cursor may be, in bytes.
pub const LONGEST_CURSOR: usize = 4096;

const VERSION: u8 = 1;

/// What tells a listing, or a connector file, from others.
pub(super) type Key = [u8; 6];

/// The key of a name.
pub(super) fn key(name: &str) -> Key {
    first(&Sha256::digest(name))
}

/// Where a feed goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    /// The connector file.
    pub(super) file: Key,
    /// The moment at which the feed began: that of listings without a mark.
    pub(super) start: Nanos,
    /// How far each listing was told.
    pub(super) marks: Vec<(Key, Mark)>,
    /// The listing that is under way.
    pub(super) round: Option<Round>,
}

/// A listing that is under way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Round {
    pub source: Key,
    /// When its first page was asked for; `None`: it was not yet.
    pub began: Option<Nanos>,
    /// The page; `None`: the first one.
    pub token: Option<String>,
    /// The place in it.
    pub within: Option<Within>,
    /// The latest events since the listing began.
    pub recent: Recent,
    /// Whether a page may have lacked something: then all of it is listed again.
    pub partial: bool,
}

impl Round {
    /// One that has not begun.
    pub fn of(source: Key) -> Self {
        Self {
            source,
            began: None,
            token: None,
            within: None,
            recent: Recent::default(),
            partial: false,
        }
    }
}

impl Cursor {
    /// The mark of a listing.
    pub(super) fn mark(&self, source: Key) -> Mark {
        let found = self.marks.iter().find(|(key, _)| *key == source);
        found.map_or_else(|| Mark::start(self.start), |(_, mark)| mark.clone())
    }

    /// Notes how far a listing was told.
    pub(super) fn set_mark(&mut self, source: Key, mark: Mark) {
        self.marks.retain(|(key, _)| *key != source);
        self.marks.push((source, mark));
    }

    /// The text that goes on here. Where not everything fits that is remembered, some events will be
    /// told again. `name` is what the listing under way is called.
    pub(super) fn to_text(&self, name: &str) -> Result<String, FeedError> {
        let text = self.encode();
        if text.len() <= LONGEST_CURSOR {
            return Ok(text);
        }
        let mut shorter = self.clone();
        shorter
            .marks
            .iter_mut()
            .for_each(|(_, mark)| mark.seen.clear());
        if let Some(round) = &mut shorter.round {
            round.recent.events.clear();
        }
        let text = shorter.encode();
        match text.len() {
            0..=LONGEST_CURSOR => Ok(text),
            length => Err(FeedError::TooLong {
                length,
                source_name: name.to_owned(),
            }),
        }
    }

    fn encode(&self) -> String {
        let mut to = Writer(vec![VERSION]);
        to.bytes(&self.file);
        to.nanos(self.start);
        to.list(&self.marks, |to, (key, mark)| {
            to.bytes(key);
            to.nanos(mark.at);
            to.nanos(mark.from);
            to.list(&mark.seen, |to, hash| to.bytes(hash));
        });
        to.option(self.round.as_ref(), |to, round| {
            to.bytes(&round.source);
            to.option(round.began, Writer::nanos);
            to.option(round.token.as_deref(), |to, token| {
                to.length(token.len());
                to.bytes(token.as_bytes());
            });
            to.option(round.within.as_ref(), |to, within| {
                to.nanos(within.at);
                to.bytes(&[within.more.into()]);
                to.list(&within.told, |to, hash| to.bytes(hash));
            });
            to.option(round.recent.highest, Writer::nanos);
            to.option(round.recent.dropped, Writer::nanos);
            to.list(&round.recent.events, |to, (at, hash)| {
                to.nanos(*at);
                to.bytes(hash);
            });
            to.bytes(&[round.partial.into()]);
        });
        let sum: [u8; 4] = first(&Sha256::digest(&to.0));
        to.bytes(&sum);
        URL_SAFE_NO_PAD.encode(to.0)
    }

    /// Reads a text. `None` when it is no cursor, or was changed.
    pub(super) fn read(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text.trim()).ok()?;
        let (bytes, sum) = bytes.split_last_chunk::<4>()?;
        if *sum != first::<4>(&Sha256::digest(bytes)) {
            return None;
        }
        let mut from = Reader(bytes);
        if from.byte()? != VERSION {
            return None;
        }
        let cursor = Self {
            file: from.array()?,
            start: from.nanos()?,
            marks: from.list(|from| {
                let key = from.array()?;
                let mark = Mark {
                    at: from.nanos()?,
                    from: from.nanos()?,
                    seen: from.list(Reader::array)?,
                };
                Some((key, mark))
            })?,
            round: from.option(|from| {
                Some(Round {
                    source: from.array()?,
                    began: from.option(Reader::nanos)?,
                    token: from.option(|from| {
                        let length = from.length()?;
                        let text = from.take(length)?.to_vec();
                        String::from_utf8(text).ok()
                    })?,
                    within: from.option(|from| {
                        Some(Within {
                            at: from.nanos()?,
                            more: from.byte()? == 1,
                            told: from.list(Reader::array)?,
                        })
                    })?,
                    recent: Recent {
                        highest: from.option(Reader::nanos)?,
                        dropped: from.option(Reader::nanos)?,
                        events: from
                            .list(|from| Some((from.nanos()?, from.array()?)))?
                            .into(),
                    },
                    partial: from.byte()? == 1,
                })
            })?,
        };
        from.0.is_empty().then_some(cursor)
    }
}

struct Writer(Vec<u8>);

impl Writer {
    fn bytes(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    fn nanos(&mut self, at: Nanos) {
        self.bytes(&at.to_be_bytes());
    }

    fn length(&mut self, length: usize) {
        // Longer ones make a text that is too long in any case.
        let length = u32::try_from(length).unwrap_or(u32::MAX);
        self.bytes(&length.to_be_bytes());
    }

    fn option<T>(&mut self, value: Option<T>, write: impl FnOnce(&mut Self, T)) {
        self.bytes(&[value.is_some().into()]);
        if let Some(value) = value {
            write(self, value);
        }
    }

    fn list<'i, T: 'i>(
        &mut self,
        items: impl IntoIterator<Item = &'i T, IntoIter: ExactSizeIterator>,
        write: impl Fn(&mut Self, &T),
    ) {
        let items = items.into_iter();
        self.length(items.len());
        items.for_each(|item| write(self, item));
    }
}

struct Reader<'b>(&'b [u8]);

impl<'b> Reader<'b> {
    fn take(&mut self, length: usize) -> Option<&'b [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    fn byte(&mut self) -> Option<u8> {
        self.array::<1>().map(|[byte]| byte)
    }

    fn nanos(&mut self) -> Option<Nanos> {
        self.array().map(Nanos::from_be_bytes)
    }

    fn length(&mut self) -> Option<usize> {
        usize::try_from(u32::from_be_bytes(self.array()?)).ok()
    }

    fn option<T>(&mut self, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<Option<T>> {
        match self.byte()? {
            0 => Some(None),
            1 => read(self).map(Some),
            _ => None,
        }
    }

    fn list<T>(&mut self, read: impl Fn(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let length = self.length()?;
        (0..length).map(|_| read(self)).collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn cursor(token: Option<String>) -> Cursor {
        let mut recent = Recent::default();
        recent.note(7, [7; 6], 8);
        Cursor {
            file: key("Acme"),
            start: -5,
            marks: vec![(
                key("users"),
                Mark {
                    at: 9,
                    from: 3,
                    seen: vec![[1; 6], [2; 6]],
                },
            )],
            round: Some(Round {
                began: Some(8),
                token,
                within: Some(Within {
                    at: 7,
                    told: vec![[7; 6]],
                    more: true,
                }),
                recent,
                partial: true,
                ..Round::of(key("groups"))
            }),
        }
    }

    #[test]
    fn what_is_written_is_read_again() {
        for token in [None, Some(String::new()), Some("páge 2".to_owned())] {
            let cursor = cursor(token);
            let text = cursor.to_text("groups").expect("is short");
            assert_eq!(Cursor::read(&text), Some(cursor.clone()));
            assert_eq!(Cursor::read(&format!(" {text}\n")), Some(cursor));
        }
    }

    #[test]
    fn a_text_that_was_cut_or_changed_is_no_cursor() {
        let text = cursor(Some("2".to_owned())).encode();
        for length in 0..text.len() {
            assert_eq!(Cursor::read(&text[..length]), None, "{length}");
        }
        for at in 0..text.len() - 1 {
            let other = match &text[at..=at] {
                "A" => "B",
                _ => "A",
            };
            let changed = format!("{}{other}{}", &text[..at], &text[at + 1..]);
            assert_eq!(Cursor::read(&changed), None, "{at}");
        }
    }

    #[test]
    fn memory_goes_before_the_place_does() {
        let mut long = cursor(Some("x".repeat(2000)));
        long.marks[0].1.seen = vec![[3; 6]; 400];
        let text = long.to_text("groups").expect("the place fits");
        let read = Cursor::read(&text).expect("is a cursor");
        assert!(read.marks[0].1.seen.is_empty() && read.round.expect("goes on").token.is_some());
        let longest = cursor(Some("x".repeat(4000))).to_text("groups");
        assert!(matches!(longest, Err(FeedError::TooLong { .. })));
    }

    proptest! {
        /// A text from outside makes no room for what it only announces.
        #[test]
        fn no_text_breaks_the_reader(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let mut bytes = bytes;
            bytes.insert(0, VERSION);
            let sum: [u8; 4] = first(&Sha256::digest(&bytes));
            bytes.extend(sum);
            let _ = Cursor::read(&URL_SAFE_NO_PAD.encode(bytes));
        }
    }
}
