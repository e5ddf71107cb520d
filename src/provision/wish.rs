//! How somebody wants a password to come about, and what the file offers → where it comes from.

use std::io;

use secrecy::SecretString;

use super::ask::AskError;
use super::password::PasswordRules;
use crate::diagnostic::list;
use crate::plan::Credential;

/// How somebody wants a password to come about.
#[derive(Debug, Clone, Default)]
pub enum PasswordWish {
    /// In the way that the file prefers.
    #[default]
    Preferred,
    /// There shall be none.
    NoPassword,
    /// A new one is made.
    Random {
        /// Its length; `None`: 20.
        length: Option<u32>,
        /// Characters and how many of them at least; those of the file come first.
        constraints: Vec<(String, u32)>,
    },
    /// It was chosen elsewhere and handed over encrypted; this is what it was before.
    Given(SecretString),
}

/// Where a password comes from.
#[derive(Debug, Clone)]
pub(super) enum Password {
    /// There is none.
    None,
    /// It is made when the change is.
    Fresh(PasswordRules),
    /// It is there.
    Given(SecretString),
}

impl Password {
    /// What the file offers and somebody wants.
    pub fn choose(offered: &[Credential], wish: PasswordWish) -> Result<Self, AskError> {
        let fresh = |length, asked: &[(String, u32)]| {
            let written = offered.iter().find_map(|way| match way {
                Credential::Random(constraints) if !constraints.is_empty() => Some(constraints),
                _ => None,
            });
            let constraints = written.map_or(asked, Vec::as_slice);
            PasswordRules::new(length, constraints).map(Password::Fresh)
        };
        let offers = |wanted: fn(&Credential) -> bool| offered.iter().any(wanted);
        match wish {
            PasswordWish::Preferred => match offered.first() {
                Some(Credential::Random(_)) => fresh(None, &[]),
                Some(Credential::Encrypted) => Err(AskError::Argument(format!(
                    "the password must be handed over encrypted, as `encrypted_password` is preferred; the file offers {}",
                    names(offered)
                ))),
                Some(Credential::NoPassword) | None => Ok(Password::None),
            },
            PasswordWish::NoPassword if offers(|way| *way == Credential::NoPassword) => {
                Ok(Password::None)
            }
            PasswordWish::NoPassword => Err(not_offered("no_password", offered)),
            PasswordWish::Random {
                length,
                constraints,
            } if offers(|way| matches!(way, Credential::Random(_))) => fresh(length, &constraints),
            PasswordWish::Random { .. } => Err(not_offered("random_password", offered)),
            PasswordWish::Given(password) if offers(|way| *way == Credential::Encrypted) => {
                Ok(Password::Given(password))
            }
            PasswordWish::Given(_) => Err(not_offered("encrypted_password", offered)),
        }
    }

    /// The password itself.
    pub fn take(&self) -> io::Result<Option<SecretString>> {
        Ok(match self {
            Password::None => None,
            Password::Fresh(rules) => Some(rules.generate()?),
            Password::Given(password) => Some(password.clone()),
        })
    }

    /// What stands for the password while it is only shown what would be done.
    pub fn placeholder(&self) -> Option<&'static str> {
        match self {
            Password::None => None,
            Password::Fresh(_) | Password::Given(_) => Some("***"),
        }
    }

    /// Whether nobody knows it yet.
    pub fn is_fresh(&self) -> bool {
        matches!(self, Password::Fresh(_))
    }
}

fn not_offered(wanted: &str, offered: &[Credential]) -> AskError {
    AskError::NotOffered {
        what: format!("`{wanted}`"),
        reason: match offered {
            [] => "the file offers no way to get a password".to_owned(),
            offered => format!("the file offers {}", names(offered)),
        },
    }
}

fn names(offered: &[Credential]) -> String {
    let names = offered.iter().map(|way| match way {
        Credential::NoPassword => "no_password",
        Credential::Random(_) => "random_password",
        Credential::Encrypted => "encrypted_password",
    });
    list(&names.collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;

    fn random() -> Credential {
        Credential::Random(Vec::new())
    }

    fn chosen(offered: &[Credential], wish: PasswordWish) -> Result<Option<String>, String> {
        let password = Password::choose(offered, wish).map_err(|error| error.to_string())?;
        let taken = password.take().expect("there is randomness");
        Ok(taken.map(|password| password.expose_secret().to_owned()))
    }

    #[test]
    fn the_preferred_way_is_taken_and_the_file_says_which_characters() {
        use Credential::{Encrypted, NoPassword};
        let digits = Credential::Random(vec![("0123456789".to_owned(), 1)]);
        let asked = |length| PasswordWish::Random {
            length,
            constraints: vec![("abc".to_owned(), 1)],
        };
        let preferred = PasswordWish::Preferred;
        assert_eq!(chosen(&[NoPassword, random()], preferred.clone()), Ok(None));
        let password = chosen(&[digits, NoPassword], asked(Some(9)));
        let password = password.expect("offered").expect("made");
        assert!(password.len() == 9 && password.bytes().all(|b| b.is_ascii_digit()));
        let password = chosen(&[NoPassword, random()], asked(None));
        let password = password.expect("offered").expect("made");
        assert!(password.len() == 20 && password.bytes().all(|b| b"abc".contains(&b)));
        let given = PasswordWish::Given(SecretString::from("hunter2"));
        let password = chosen(&[random(), Encrypted], given);
        assert_eq!(password, Ok(Some("hunter2".to_owned())));
        assert_eq!(chosen(&[], preferred), Ok(None));
    }

    #[test]
    fn a_way_that_is_not_offered_is_refused_with_those_that_are() {
        use Credential::{Encrypted, NoPassword};
        let given = || PasswordWish::Given(SecretString::from("hunter2"));
        let messages = [
            chosen(&[random(), NoPassword], given()),
            chosen(&[Encrypted, random()], PasswordWish::NoPassword),
            chosen(&[Encrypted, random()], PasswordWish::Preferred),
            chosen(
                &[NoPassword],
                PasswordWish::Random {
                    length: None,
                    constraints: Vec::new(),
                },
            ),
            chosen(&[], given()),
        ];
        let messages = messages.map(|chosen| chosen.expect_err("not offered"));
        insta::assert_snapshot!(messages.join("\n"), @"
        `encrypted_password` is not possible: the file offers `random_password`, `no_password`
        `no_password` is not possible: the file offers `encrypted_password`, `random_password`
        the password must be handed over encrypted, as `encrypted_password` is preferred; the file offers `encrypted_password`, `random_password`
        `random_password` is not possible: the file offers `no_password`
        `encrypted_password` is not possible: the file offers no way to get a password
        ");
    }
}
