//! What a driver reports → [`SourceError`], without a credential in it.

use odbc_api::Error;
use odbc_api::handles::{Record, slice_to_utf8};
use secrecy::ExposeSecret;

use super::Settings;
use crate::source::SourceError;
use crate::source::sql::failure::Class;

/// What went wrong while talking to a driver.
#[derive(Debug)]
pub enum Failure {
    /// The driver, or the database through it, says so.
    Driver(Error),
    /// We say so.
    Source(SourceError),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Failure::Driver(error)
    }
}

impl From<SourceError> for Failure {
    fn from(error: SourceError) -> Self {
        Failure::Source(error)
    }
}

impl Failure {
    /// True when the connection is of no use any more.
    pub fn lost_connection(&self) -> bool {
        match self {
            Failure::Driver(Error::Diagnostics { record, .. }) => {
                let state = record.state.as_str();
                classify(state, record.native_error, &words(record)) == Class::Ended
            }
            Failure::Driver(_) => true,
            Failure::Source(_) => false,
        }
    }

    /// The error of an attempt to connect.
    pub fn while_connecting(self, settings: &Settings, database: &str) -> SourceError {
        let error = match self {
            Failure::Source(error) => return error,
            Failure::Driver(error) => error,
        };
        let system = settings.place(database);
        let (class, reason) = understood(&error, settings);
        match class {
            Class::Refused => SourceError::Refused { system, reason },
            Class::Unavailable { transient } | Class::Query { transient } => {
                SourceError::Unreachable {
                    system,
                    reason,
                    transient,
                }
            }
            Class::Ended => SourceError::Unreachable {
                system,
                reason,
                transient: true,
            },
        }
    }

    /// The error of a query on an open connection.
    pub fn while_running(self, settings: &Settings, database: &str) -> SourceError {
        let error = match self {
            Failure::Source(error) => return error,
            Failure::Driver(error) => error,
        };
        let (class, reason) = understood(&error, settings);
        match class {
            Class::Refused => SourceError::Refused {
                system: settings.place(database),
                reason,
            },
            Class::Unavailable { transient } | Class::Query { transient } => SourceError::Query {
                at: None,
                reason,
                transient,
            },
            Class::Ended => SourceError::Query {
                at: None,
                reason,
                transient: true,
            },
        }
    }
}

/// What an error means, and how people are told.
fn understood(error: &Error, settings: &Settings) -> (Class, String) {
    let (class, words) = match error {
        Error::Diagnostics { record, .. }
        | Error::InvalidRowArraySize { record, .. }
        | Error::UnableToRepresentNull(record) => {
            let mut words = words(record);
            if words.contains("Can't open lib") {
                // unixODBC says so too when a library that the driver needs is absent.
                words.push_str("; install the driver, and what `ldd` says that it lacks");
            }
            let class = classify(record.state.as_str(), record.native_error, &words);
            (class, words)
        }
        Error::NoDiagnostics { function } => (
            Class::Query { transient: false },
            format!("the driver failed in {function} and does not say why"),
        ),
        other => (Class::Query { transient: false }, other.to_string()),
    };
    (class, scrubbed(&words, settings))
}

/// By SQLSTATE, whose first two characters are the class of the error, and by what drivers say that
/// have one state for everything.
fn classify(state: &str, number: i32, words: &str) -> Class {
    let lower = words.to_lowercase();
    let refused = [
        "authentication failed",
        "access denied for user",
        "login failed",
        "invalid username/password",
        "no password supplied",
    ];
    match (state, state.get(..2).unwrap_or_default()) {
        (_, "28") => Class::Refused,
        // The numbers are those of Db2, HANA and Oracle.
        _ if matches!(number, -30082 | 1017) && lower.contains("password") => Class::Refused,
        (_, "08" | "HY") if refused.iter().any(|said| lower.contains(said)) => Class::Refused,
        // There is no such database, or no such driver.
        ("IM002" | "IM003" | "3D000" | "42000", _) => Class::Query { transient: false },
        _ if lower.contains("database") && lower.contains("does not exist") => {
            Class::Query { transient: false }
        }
        (_, "08") | ("HYT01" | "57P01" | "57P02", _) => Class::Ended,
        (_, "40") | ("HYT00" | "55P03", _) => Class::Query { transient: true },
        // MySQL has no state of its own for a server that is not there, or that is lost, nor for a
        // lock that it waited for too long, nor for a connection that was killed.
        ("HY000" | "HY018" | "70100", _) if matches!(number, 1927 | 2006 | 2013) => Class::Ended,
        ("HY000", _) if matches!(number, 1205 | 2002 | 2003) => Class::Query { transient: true },
        _ => Class::Query { transient: false },
    }
}

/// The message of the database, without the names of the drivers that it came through.
fn words(record: &Record) -> String {
    let message = slice_to_utf8(&record.message).unwrap_or_default();
    cleaned(&message)
}

fn cleaned(message: &str) -> String {
    let mut rest = message.trim().trim_matches('\0');
    while let Some((_, tail)) = rest.strip_prefix('[').and_then(|tail| tail.split_once(']')) {
        rest = tail.trim_start();
    }
    // PostgreSQL's driver adds what it was doing, on a line of its own.
    let end = rest.find(";\nError while").unwrap_or(rest.len());
    let rest = &rest[..end];
    let rest = rest.strip_prefix("ERROR: ").unwrap_or(rest);
    let lines: Vec<&str> = rest
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    lines.join(" ")
}

/// Takes the password out of a message, also as a connection string writes it. Very short ones are
/// part of ordinary words, and blanking those would give the password away.
fn scrubbed(message: &str, settings: &Settings) -> String {
    let password = settings.password().map_or("", |word| word.expose_secret());
    match password.len() {
        0..4 => message.to_owned(),
        _ => message
            .replace(&password.replace('}', "}}"), "***")
            .replace(password, "***"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_drivers_are_no_part_of_a_message() {
        for (message, expected) in [
            (
                "[Microsoft][ODBC Driver 18 for SQL Server][SQL Server]Invalid object name 'x'.",
                "Invalid object name 'x'.",
            ),
            (
                "[ma-3.1.15][10.11.19-MariaDB]Unknown column 'nope'",
                "Unknown column 'nope'",
            ),
            (
                "ERROR: column \"nope\" does not exist;\nError while preparing parameters",
                "column \"nope\" does not exist",
            ),
            (
                "[SQLite]no such column: nope (1)",
                "no such column: nope (1)",
            ),
        ] {
            assert_eq!(cleaned(message), expected);
        }
    }

    #[test]
    fn a_state_says_whether_to_try_again() {
        let transient = Class::Query { transient: true };
        let lasting = Class::Query { transient: false };
        for (state, number, words, class) in [
            (
                "28000",
                18456,
                "Login failed for user 'sa'.",
                Class::Refused,
            ),
            (
                "08001",
                101,
                "FATAL:  password authentication failed for user \"x\"",
                Class::Refused,
            ),
            (
                "08001",
                -30082,
                "SQL30082N  Security processing failed: PASSWORD INVALID",
                Class::Refused,
            ),
            (
                "08001",
                101,
                "FATAL:  database \"x\" does not exist",
                lasting,
            ),
            ("08S01", 0, "Communication link failure", Class::Ended),
            ("40001", 1205, "deadlock victim", transient),
            ("HYT00", 0, "Login timeout expired", transient),
            ("IM002", 0, "Data source name not found", lasting),
            ("42S22", 207, "Invalid column name", lasting),
            ("HY000", 1205, "Lock wait timeout exceeded", transient),
        ] {
            assert_eq!(classify(state, number, words), class, "{words}");
        }
    }
}
