//! What a driver reports → [`SourceError`], without a credential in it.

use std::io;

use secrecy::{ExposeSecret, SecretString};
use sqlx::error::DatabaseError;

use super::tls;
use crate::source::SourceError;

/// What went wrong while talking to a database.
#[derive(Debug)]
pub enum Failure {
    /// The driver or the database says so.
    Driver(sqlx::Error),
    /// The same, of SQL that it was asked to prepare.
    Sent {
        /// What it says.
        error: sqlx::Error,
        /// The SQL.
        sql: String,
    },
    /// We say so.
    Source(SourceError),
}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        Failure::Driver(error)
    }
}

impl From<SourceError> for Failure {
    fn from(error: SourceError) -> Self {
        Failure::Source(error)
    }
}

/// What an error of a database means to the sync.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// The credentials are not accepted.
    Refused,
    /// There is no such database, or it does not take connections.
    Unavailable {
        /// Whether it may take them later.
        transient: bool,
    },
    /// The query is at fault, or what it met.
    Query {
        /// Whether the same query may work later: a deadlock, a lost connection.
        transient: bool,
    },
    /// The server ends the connection: what it was asked last may have been done or not.
    Ended,
}

impl Failure {
    /// True when the connection broke, so that nobody knows what became of the last order.
    pub fn lost_connection(&self, classify: fn(&dyn DatabaseError) -> Class) -> bool {
        match self {
            Failure::Source(_) => false,
            Failure::Driver(error) | Failure::Sent { error, .. } => match error {
                sqlx::Error::Database(said) => classify(said.as_ref()) == Class::Ended,
                sqlx::Error::Io(_)
                | sqlx::Error::Tls(_)
                | sqlx::Error::Protocol(_)
                | sqlx::Error::WorkerCrashed
                | sqlx::Error::PoolClosed => true,
                _ => false,
            },
        }
    }
}

/// Where a message comes from, and what must not be in it.
#[derive(Debug, Clone)]
pub struct Peer {
    /// Host, port and database, or the path of a file.
    pub system: String,
    /// The password of the connection.
    pub password: Option<SecretString>,
    /// What each error of this database means.
    pub classify: fn(&dyn DatabaseError) -> Class,
}

impl Peer {
    /// The error of an attempt to connect.
    pub fn while_connecting(&self, error: sqlx::Error) -> SourceError {
        let (reason, transient) = match &error {
            sqlx::Error::Database(database) => {
                let reason = setting_refused(database.as_ref())
                    .unwrap_or_else(|| self.words(database.as_ref()));
                match (self.classify)(database.as_ref()) {
                    Class::Refused => return self.refused(reason),
                    Class::Unavailable { transient } | Class::Query { transient } => {
                        (reason, transient)
                    }
                    Class::Ended => (reason, true),
                }
            }
            sqlx::Error::Io(error) => match tls::failure(error) {
                Some(reason) => (self.scrub(&reason), false),
                None => (io_reason(error), true),
            },
            sqlx::Error::Tls(error) => (self.scrub(&tls::reason(&error.to_string())), false),
            sqlx::Error::PoolTimedOut => ("it did not answer in time".to_owned(), true),
            sqlx::Error::Configuration(error) => (self.scrub(&error.to_string()), false),
            other => (self.scrub(&other.to_string()), false),
        };
        SourceError::Unreachable {
            system: self.system.clone(),
            reason,
            transient,
        }
    }

    /// The error of a query on an open connection.
    pub fn while_running(&self, failure: Failure) -> SourceError {
        let error = match failure {
            Failure::Source(error) => return error,
            Failure::Driver(error) | Failure::Sent { error, .. } => error,
        };
        let (reason, transient) = match &error {
            sqlx::Error::Database(database) => {
                let reason = self.words(database.as_ref());
                match (self.classify)(database.as_ref()) {
                    Class::Refused => return self.refused(reason),
                    Class::Unavailable { transient } | Class::Query { transient } => {
                        (reason, transient)
                    }
                    Class::Ended => (reason, true),
                }
            }
            sqlx::Error::Io(error) => (format!("the connection broke: {}", io_reason(error)), true),
            sqlx::Error::WorkerCrashed | sqlx::Error::PoolClosed => {
                ("the connection is closed".to_owned(), true)
            }
            other => (self.scrub(&other.to_string()), false),
        };
        SourceError::Query {
            at: None,
            reason,
            transient,
        }
    }

    fn refused(&self, reason: String) -> SourceError {
        SourceError::Refused {
            system: self.system.clone(),
            reason: tls::with_advice(reason),
        }
    }

    fn words(&self, error: &dyn DatabaseError) -> String {
        self.scrub(error.message().trim())
    }

    /// Takes the password out of a message. Very short ones are part of ordinary words, and
    /// blanking those would give the password away.
    fn scrub(&self, message: &str) -> String {
        let password = self.password.as_ref().map_or("", |p| p.expose_secret());
        match password.len() {
            0..4 => message.to_owned(),
            _ => message.replace(password, "***"),
        }
    }
}

/// What PostgreSQL says of the value of a setting that it does not take repeats the value, which may
/// be secret: only the name is told.
fn setting_refused(error: &dyn DatabaseError) -> Option<String> {
    if error.code().as_deref() != Some("22023") {
        return None;
    }
    let name = error.message().split_once("parameter \"");
    let name = name.and_then(|(_, rest)| rest.split_once('"'));
    Some(match name {
        Some((name, _)) => format!("it does not take the value of the setting `{name}`"),
        None => "it does not take the value of a setting".to_owned(),
    })
}

/// An I/O error as a phrase, without its number.
fn io_reason(error: &io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error")
        .next()
        .unwrap_or(&text)
        .to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_taken_out_of_a_message() {
        let peer = Peer {
            system: "db.example:5432/app".into(),
            password: Some("hunter2!".into()),
            classify: |_| Class::Query { transient: false },
        };
        let error = peer.while_connecting(sqlx::Error::Protocol("got `hunter2!`".into()));
        assert_eq!(
            error.to_string(),
            "cannot reach db.example:5432/app: encountered unexpected or invalid data: got `***`"
        );
        assert!(!format!("{peer:?}").contains("hunter2"));
    }
}
