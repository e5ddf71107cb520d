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
const DRAWS: usize = 1_000;

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
        let length = length.map(|length| length as usize);
        if let Some(length) = length
            && !LENGTHS.contains(&length)
        {
            return Err(AskError::Argument(format!(
                "a password has {} to {} characters, not {length}",
                LENGTHS.start(),
                LENGTHS.end()
            )));
        }
        let room = length.unwrap_or(*LENGTHS.end());
        if room < needed {
            return Err(AskError::Argument(format!(
                "a password of {room} characters cannot hold the {needed} that its constraints ask for"
            )));
        }
        let length = length.unwrap_or(USUAL_LENGTH.max(needed));
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

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use secrecy::ExposeSecret as _;

    use super::*;

    fn drawn(length: u32, constraints: &[(&str, u32)], times: usize) -> Vec<Vec<char>> {
        let constraints: Vec<_> = constraints
            .iter()
            .map(|(set, least)| ((*set).to_owned(), *least))
            .collect();
        let rules = PasswordRules::new(Some(length), &constraints).expect("they can be met");
        let one = |_| rules.generate().expect("there is randomness");
        (0..times)
            .map(one)
            .map(|password| password.expose_secret().chars().collect())
            .collect()
    }

    /// How far counts are from being all the same, in standard deviations of the chi-square
    /// distribution. Chance exceeds 6 about once in a hundred million times.
    fn surprise(counts: &[usize]) -> f64 {
        let expected = counts.iter().sum::<usize>() as f64 / counts.len() as f64;
        let chi: f64 = counts
            .iter()
            .map(|count| (*count as f64 - expected).powi(2) / expected)
            .sum();
        let freedom = (counts.len() - 1) as f64;
        (chi - freedom) / (2.0 * freedom).sqrt()
    }

    fn counts<T: Ord>(
        things: impl Iterator<Item = T>,
        all: impl IntoIterator<Item = T>,
    ) -> Vec<usize> {
        let mut counts: BTreeMap<T, usize> = all.into_iter().map(|thing| (thing, 0)).collect();
        for thing in things {
            *counts.get_mut(&thing).expect("nothing else is drawn") += 1;
        }
        counts.into_values().collect()
    }

    #[test]
    fn a_usual_password_has_a_character_of_each_kind() {
        let rules = PasswordRules::new(None, &[]).expect("the usual ones");
        let mut seen = BTreeSet::new();
        for _ in 0..500 {
            let password = rules.generate().expect("there is randomness");
            let password = password.expose_secret();
            assert_eq!(password.len(), 20, "{password}");
            for set in USUAL_SETS {
                assert!(password.contains(|c| set.contains(c)), "{password}");
            }
            assert!(password.chars().all(|c| c.is_ascii_graphic()));
            assert!(seen.insert(password.to_owned()), "none comes twice");
        }
    }

    #[test]
    fn constraints_are_met_and_nothing_else_is_used() {
        for (length, constraints) in [
            (8, vec![("abc", 2), ("0123456789", 3)]),
            (64, vec![("xyz", 1), ("xyz", 60)]),
            (12, vec![("äöüß", 4), ("日本語", 4)]),
            // As many as there is room for, and sets that are too rare to come about by chance.
            (8, vec![("0123456789", 4), ("ABCDEF", 4)]),
            (
                10,
                vec![("#", 9), ("abcdefghijklmnopqrstuvwxyz0123456789", 1)],
            ),
            (8, vec![("#", 8)]),
            (8, vec![("#", 1)]),
        ] {
            for password in drawn(length, &constraints, 30) {
                assert_eq!(password.len(), length as usize);
                for (set, least) in &constraints {
                    let of_set = password.iter().filter(|c| set.contains(**c)).count();
                    assert!(of_set >= *least as usize, "{password:?} {constraints:?}");
                }
                let allowed = |c: &char| constraints.iter().any(|(set, _)| set.contains(*c));
                assert!(password.iter().all(allowed), "{password:?}");
            }
        }
    }

    #[test]
    fn every_character_is_as_likely_as_any_other_in_every_place() {
        // A set written twice over and a character in two sets do not weigh more.
        let passwords = drawn(8, &[("aabbcc", 1), ("cdefg", 1)], 4_000);
        for place in 0..8 {
            let here = passwords.iter().map(|password| password[place]);
            // `c` meets both rules: only passwords without it can fail them, so it is a little
            // likelier than the others.
            let others = here.filter(|c| *c != 'c');
            let surprise = surprise(&counts(others, "abdefg".chars()));
            assert!(surprise < 6.0, "place {place}: {surprise}");
        }
    }

    #[test]
    fn every_password_that_meets_the_rules_is_as_likely_as_any_other() {
        // 2^8 less the two that lack one of the letters.
        let passwords = drawn(8, &[("a", 1), ("b", 1)], 20_000);
        let number = |password: &Vec<char>| {
            let bit = |number: usize, c: &char| number * 2 + usize::from(*c == 'b');
            password.iter().fold(0, bit)
        };
        let surprise = surprise(&counts(passwords.iter().map(number), 1..255));
        assert!(surprise < 6.0, "{surprise}");
    }

    #[test]
    fn what_must_be_there_stands_in_any_place_when_it_is_placed_first() {
        // 70 ways to place them, each met once in 20 million draws: none comes about by chance.
        let wide: String = ('\u{4e00}'..'\u{5e00}').collect();
        let passwords = drawn(8, &[("#", 4), (&wide, 4)], 1_000);
        let places = |password: &Vec<char>| {
            let bit = |number: usize, c: &char| number * 2 + usize::from(*c == '#');
            password.iter().fold(0, bit)
        };
        let all = (0..256_usize).filter(|places| places.count_ones() == 4);
        let surprise = surprise(&counts(passwords.iter().map(places), all));
        assert!(surprise < 6.0, "{surprise}");
    }

    #[test]
    fn numbers_below_a_bound_are_not_biased_by_it() {
        // Of 2^32 numbers, a third more would fall on the lower half of this bound.
        let bound = 3 << 30;
        let mut random = Random::default();
        let low = (0..10_000)
            .filter(|_| random.below(bound).expect("there is randomness") < bound / 2)
            .count();
        assert!((4_700..5_300).contains(&low), "{low}");
    }

    #[test]
    fn rules_that_cannot_be_met_are_refused() {
        let refused = |length, constraints: &[(&str, u32)]| {
            let constraints: Vec<_> = constraints
                .iter()
                .map(|(set, least)| ((*set).to_owned(), *least))
                .collect();
            PasswordRules::new(length, &constraints)
                .expect_err("they cannot be met")
                .to_string()
        };
        let messages = [
            refused(Some(7), &[]),
            refused(Some(65), &[]),
            refused(Some(10), &[("a", 6), ("b", 5)]),
            refused(None, &[("a", 65)]),
            refused(None, &[("a", u32::MAX), ("b", u32::MAX)]),
            refused(None, &[("", 1)]),
        ];
        insta::assert_snapshot!(messages.join("\n"), @"
        a password has 8 to 64 characters, not 7
        a password has 8 to 64 characters, not 65
        a password of 10 characters cannot hold the 11 that its constraints ask for
        a password of 64 characters cannot hold the 65 that its constraints ask for
        a password of 64 characters cannot hold the 8589934590 that its constraints ask for
        a constraint of the password has no characters to choose from
        ");
    }

    #[test]
    fn a_password_grows_with_what_it_must_hold() {
        let rules = PasswordRules::new(None, &[("ab".to_owned(), 30)]).expect("there is room");
        let password = rules.generate().expect("there is randomness");
        assert_eq!(password.expose_secret().len(), 30);
    }
}
