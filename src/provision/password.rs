//! Rules → a new password.
//!
//! Every password that meets the rules is as likely as any other: characters are drawn from all
//! that are allowed until the rules are met, so no place and no set is preferred. Where too few
//! passwords meet them for that, the characters that must be there are drawn first and then shuffled
//! among the others.

use std::collections::BTreeSet;
use std::io;

use secrecy::SecretString;

use super::ask::AskError;

/// The length of a password that nobody said the length of.
const USUAL_LENGTH: usize = 20;

/// What platforms may ask for.
const LENGTHS: std::ops::RangeInclusive<usize> = 8..=64;

/// The sets of which a password holds a character each, where nothing else is said.
const USUAL_SETS: [&str; 4] = [
    "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "abcdefghijklmnopqrstuvwxyz",
    "0123456789",
    "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~",
];

/// How often all characters are drawn anew before those that must be there are drawn first.
const DRAWS: usize = 10_000;

/// What a new password is like.
#[derive(Debug, Clone)]
pub struct PasswordRules {
    length: usize,
    sets: Vec<Set>,
    /// Every allowed character, once.
    all: Vec<char>,
}

/// Characters of which a password holds some.
#[derive(Debug, Clone)]
struct Set {
    /// Each once, in order.
    characters: Vec<char>,
    least: usize,
}

impl PasswordRules {
    /// Rules of a length (not said: 20, or as many characters as the constraints need) and of
    /// constraints: characters, and how many of them at least. Without constraints, it holds a
    /// capital, a small letter, a digit and a symbol.
    pub fn new(length: Option<u32>, constraints: &[(String, u32)]) -> Result<Self, AskError> {
        let set = |characters: &str, least: usize| Set {
            characters: characters
                .chars()
                .collect::<BTreeSet<_>>()
                .into_iter()
                .collect(),
            least,
        };
        let sets: Vec<Set> = match constraints {
            [] => USUAL_SETS.iter().map(|one| set(one, 1)).collect(),
            written => {
                let written = written.iter();
                written
                    .map(|(one, least)| set(one, *least as usize))
                    .collect()
            }
        };
        if sets
            .iter()
            .any(|set| set.characters.is_empty() && set.least > 0)
        {
            let message = "a constraint of the password has no characters to choose from";
            return Err(AskError::Argument(message.to_owned()));
        }
        let needed = sets
            .iter()
            .fold(0, |sum: usize, set| sum.saturating_add(set.least));
        let length = match length {
            Some(length) => length as usize,
            None => USUAL_LENGTH.max(needed),
        };
        if !LENGTHS.contains(&length) {
            return Err(AskError::Argument(format!(
                "a password has {} to {} characters, not {length}",
                LENGTHS.start(),
                LENGTHS.end()
            )));
        }
        if length < needed {
            return Err(AskError::Argument(format!(
                "a password of {length} characters cannot hold the {needed} that its constraints ask for"
            )));
        }
        let all: BTreeSet<char> = sets.iter().flat_map(|set| set.characters.clone()).collect();
        Ok(Self {
            length,
            sets,
            all: all.into_iter().collect(),
        })
    }

    /// A new password, by the randomness of the operating system.
    pub fn generate(&self) -> io::Result<SecretString> {
        let mut random = Random::default();
        let mut drawn = vec!['\0'; self.length];
        for _ in 0..DRAWS {
            for place in &mut drawn {
                *place = random.one_of(&self.all)?;
            }
            if self.are_met(&drawn) {
                return Ok(written(&drawn));
            }
        }
        let mut places = drawn.iter_mut();
        for set in &self.sets {
            for place in places.by_ref().take(set.least) {
                *place = random.one_of(&set.characters)?;
            }
        }
        for place in places {
            *place = random.one_of(&self.all)?;
        }
        random.shuffle(&mut drawn)?;
        Ok(written(&drawn))
    }

    fn are_met(&self, drawn: &[char]) -> bool {
        self.sets.iter().all(|set| {
            let of_set = |c: &&char| set.characters.binary_search(c).is_ok();
            drawn.iter().filter(of_set).count() >= set.least
        })
    }
}

/// The password in one piece of memory, which nothing is left of when it is dropped.
fn written(drawn: &[char]) -> SecretString {
    let length = drawn.iter().map(|c| c.len_utf8()).sum();
    let mut text = String::with_capacity(length);
    text.extend(drawn);
    SecretString::from(text)
}

/// Random numbers, fetched in blocks.
struct Random {
    block: [u8; 256],
    used: usize,
}

impl Default for Random {
    fn default() -> Self {
        Self {
            block: [0; 256],
            used: 256,
        }
    }
}

impl Drop for Random {
    /// A password follows from them.
    fn drop(&mut self) {
        self.block.fill(0);
        std::hint::black_box(&self.block);
    }
}

impl Random {
    fn number(&mut self) -> io::Result<u32> {
        if self.used == self.block.len() {
            getrandom::fill(&mut self.block).map_err(io::Error::other)?;
            self.used = 0;
        }
        let bytes = &self.block[self.used..self.used + 4];
        self.used += 4;
        Ok(u32::from_le_bytes(bytes.try_into().expect("four bytes")))
    }

    /// A number below `bound`, each as likely as any other: those that would make the first ones
    /// likelier are drawn again.
    fn below(&mut self, bound: usize) -> io::Result<usize> {
        let bound = u32::try_from(bound).expect("there are fewer characters");
        let whole = u32::MAX - u32::MAX % bound;
        loop {
            let number = self.number()?;
            if number < whole {
                return Ok((number % bound) as usize);
            }
        }
    }

    fn one_of(&mut self, characters: &[char]) -> io::Result<char> {
        Ok(characters[self.below(characters.len())?])
    }

    fn shuffle(&mut self, places: &mut [char]) -> io::Result<()> {
        for last in (1..places.len()).rev() {
            let other = self.below(last + 1)?;
            places.swap(last, other);
        }
        Ok(())
    }
}
