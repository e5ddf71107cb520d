//! Texts → small numbers, in the order in which they are first seen.

use std::hash::{BuildHasher, RandomState};

use hashbrown::HashTable;

/// Texts, each kept once, all of them in one piece: a number costs four bytes wherever it is used,
/// and a text little more than its length.
#[derive(Default)]
pub(super) struct Interner {
    bytes: Vec<u8>,
    /// Where each text ends.
    ends: Vec<usize>,
    numbers: HashTable<u32>,
    hasher: RandomState,
}

impl Interner {
    /// The number of a text.
    pub fn intern(&mut self, text: &[u8]) -> u32 {
        let Self {
            bytes,
            ends,
            numbers,
            hasher,
        } = self;
        let hash = hasher.hash_one(text);
        let known = numbers.find(hash, |number| text_at(bytes, ends, *number) == text);
        if let Some(number) = known {
            return *number;
        }
        let number = u32::try_from(ends.len()).expect("so many texts do not fit into memory");
        bytes.extend_from_slice(text);
        ends.push(bytes.len());
        numbers.insert_unique(hash, number, |number| {
            hasher.hash_one(text_at(bytes, ends, *number))
        });
        number
    }

    /// The number of a text that was seen before.
    pub fn find(&self, text: &[u8]) -> Option<u32> {
        let same = |number: &u32| text_at(&self.bytes, &self.ends, *number) == text;
        self.numbers.find(self.hasher.hash_one(text), same).copied()
    }

    /// The text of a number.
    pub fn text(&self, number: u32) -> &[u8] {
        text_at(&self.bytes, &self.ends, number)
    }

    /// How many texts there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }
}

fn text_at<'a>(bytes: &'a [u8], ends: &[usize], number: u32) -> &'a [u8] {
    let number = number as usize;
    let start = number.checked_sub(1).map_or(0, |before| ends[before]);
    &bytes[start..ends[number]]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_has_one_number_and_a_number_one_text() {
        let mut interner = Interner::default();
        let texts: Vec<_> = (0..1000)
            .map(|n| "x".repeat(n % 7) + &n.to_string())
            .collect();
        let numbers: Vec<_> = texts
            .iter()
            .map(|t| interner.intern(t.as_bytes()))
            .collect();
        assert_eq!(interner.intern(b""), 1000);
        for (text, number) in texts.iter().zip(numbers) {
            assert_eq!(interner.intern(text.as_bytes()), number);
            assert_eq!(interner.text(number), text.as_bytes());
        }
        assert_eq!(interner.len(), 1001);
        assert_eq!(interner.find(b""), Some(1000));
        assert_eq!(interner.find(b"unseen"), None);
    }
}
