//! How often something was odd, with a few examples that do not depend on the order it came in.

use std::collections::BTreeSet;

/// A count, and the first few examples in the order of their text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Noted {
    count: u64,
    examples: BTreeSet<String>,
}

impl Noted {
    /// How many examples are kept.
    pub const EXAMPLES: usize = 5;

    /// Notes one more.
    pub fn note(&mut self, example: String) {
        self.count += 1;
        if self.examples.len() == Self::EXAMPLES
            && self.examples.last().is_some_and(|last| *last <= example)
        {
            return;
        }
        self.examples.insert(example);
        if self.examples.len() > Self::EXAMPLES {
            self.examples.pop_last();
        }
    }

    /// How often it was seen.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The examples, in their order.
    pub fn examples(&self) -> impl Iterator<Item = &str> {
        self.examples.iter().map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_examples_are_kept_in_whatever_order_they_come() {
        let mut forwards = Noted::default();
        let mut backwards = Noted::default();
        for number in 0..9 {
            forwards.note(format!("example {number}"));
            backwards.note(format!("example {}", 8 - number));
        }
        assert_eq!(forwards, backwards);
        assert_eq!(forwards.count(), 9);
        let kept: Vec<_> = forwards.examples().collect();
        let first: Vec<_> = (0..5).map(|number| format!("example {number}")).collect();
        assert_eq!(kept, first);
    }
}
