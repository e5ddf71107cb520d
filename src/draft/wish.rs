//! What whoever asks for a draft wants of it.

use super::failure::DraftError;
use super::guess::{singular, words};

/// What is wanted.
#[derive(Debug, Clone, Default)]
pub struct Wish {
    /// The system's name, for `app_name` and the variables.
    pub name: Option<String>,
    /// Only these types, in singular or plural; empty for all that look like people, groups or roles.
    pub only: Vec<String>,
    /// The URL that a sample came from.
    pub url: Option<String>,
}

impl Wish {
    /// True when the type of this name was asked for by name.
    pub fn names(&self, name: &str) -> bool {
        let plain = plain(name);
        self.only.iter().any(|only| self::plain(only) == plain)
    }

    /// Every name that was asked for has to be one of these.
    pub fn check<'n>(&self, there: impl Iterator<Item = &'n str>) -> Result<(), DraftError> {
        let there: Vec<&str> = there.collect();
        for only in &self.only {
            if !there.iter().any(|name| plain(name) == plain(only)) {
                let mut there: Vec<String> = there.iter().map(|name| (*name).to_owned()).collect();
                there.sort();
                there.dedup();
                return Err(DraftError::Unknown {
                    wanted: only.clone(),
                    there,
                });
            }
        }
        Ok(())
    }
}

fn plain(name: &str) -> String {
    let mut words = words(name);
    if let Some(last) = words.last_mut() {
        *last = singular(last);
    }
    words.concat()
}
