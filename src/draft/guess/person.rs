//! The fields of an account: how somebody signs in, and is reached.

use serde_json::json;

use super::expression::{Reading, cel_text};
use super::fields::{Found, Mapper};
use super::shape::{Kind, Shape};
use super::sure::Guess;
use super::words::joined;

/// What an account has.
#[derive(Debug, Default)]
pub struct Person {
    /// The name somebody signs in with.
    pub login: Option<Found>,
    /// The addresses.
    pub emails: Vec<Found>,
    /// Whether somebody may sign in.
    pub status: Option<Found>,
    /// The system's own word for it.
    pub status_details: Option<Found>,
    /// Whether it is a person.
    pub account_type: Option<Found>,
    /// When somebody signed in last.
    pub last_login: Option<Found>,
    /// What the employer knows the person by.
    pub employee_id: Option<Found>,
    /// The manager.
    pub manager_id: Option<Found>,
}

pub(super) const LOGINS: &[&str] = &[
    "login",
    "username",
    "loginname",
    "userprincipalname",
    "samaccountname",
    "accountname",
    "signinname",
    "nickname",
    "handle",
    "alias",
];
const EMAILS: &[&str] = &[
    "email",
    "emailaddress",
    "mail",
    "primaryemail",
    "workemail",
    "emailwork",
    "mailaddress",
    "emails",
    "emailaddresses",
    "mails",
];
const LAST_LOGINS: &[&str] = &[
    "lastlogin",
    "lastloginat",
    "lastlogintime",
    "lastlogindate",
    "lastloggedin",
    "lastloggedinat",
    "lastsignin",
    "lastsigninat",
    "lastsignindatetime",
    "signinactivitylastsignindatetime",
    "lastseen",
    "lastseenat",
    "lastactive",
    "lastactiveat",
    "lastactivity",
    "lastactivityat",
    "lastaccess",
    "lastaccessat",
    "lastaccesstime",
    "lastlogon",
    "lastloginon",
    "currentsigninat",
];
const EMPLOYEE_IDS: &[&str] = &[
    "employeeid",
    "employeenumber",
    "personnelnumber",
    "staffid",
    "badgenumber",
    "badgeid",
    "payrollid",
    "externalid",
];
const MANAGERS: &[&str] = &[
    "managerid",
    "supervisorid",
    "reportstoid",
    "reportsto",
    "bossid",
    "manager",
];

impl Person {
    /// Everything that was found.
    pub(super) fn all(&self) -> Vec<&Found> {
        let singles = [
            &self.login,
            &self.status,
            &self.status_details,
            &self.account_type,
            &self.last_login,
            &self.employee_id,
            &self.manager_id,
        ];
        self.emails
            .iter()
            .chain(singles.into_iter().flatten())
            .collect()
    }
}

impl Mapper<'_> {
    /// Guesses what an account has.
    pub(super) fn person(&mut self) -> Person {
        let emails = self.emails();
        let login = self.login(&emails);
        let (status, status_details) = self.status();
        let last_login = self.last_login();
        Person {
            login,
            emails,
            status,
            status_details,
            account_type: self.account_type(),
            last_login,
            employee_id: self.text(EMPLOYEE_IDS, "1815").map(|(found, _)| found),
            manager_id: self.text(MANAGERS, "u2").map(|(found, _)| found),
        }
    }

    fn login(&mut self, emails: &[Found]) -> Option<Found> {
        if let Some((found, _)) = self.text(LOGINS, "ada") {
            return Some(found);
        }
        let email = emails.first().filter(|email| email.expect.is_some());
        if email.is_none() {
            self.todo("no field looks like the name that somebody signs in with".to_owned());
        }
        email.map(|email| Found {
            guess: Guess::doubtful("no field looks like a login; the address is the nearest"),
            ..email.clone()
        })
    }

    fn emails(&mut self) -> Vec<Found> {
        let is_address = |shape: &Shape| shape.format.as_deref() == Some("email");
        let leaf = self
            .find(EMAILS, |shape| {
                shape.kind == Kind::Text || shape.kind == Kind::Unknown
            })
            .or_else(|| self.find(EMAILS, |shape| matches!(shape.kind, Kind::List(_))))
            .or_else(|| self.first(&is_address));
        let Some(leaf) = leaf else {
            self.todo("no field looks like an address".to_owned());
            return Vec::new();
        };
        let address = "ada@example.com";
        let guess = Guess::likely(format!("named `{}`", leaf.shown()));
        let reading = self.reading(&leaf);
        let Kind::List(inner) = &leaf.shape().kind else {
            let value = self.sample.at(&leaf.path, json!(address));
            let mut found = Found::of(&leaf, reading.or_null(), guess);
            found.expect = value.as_str().map(str::to_owned);
            return vec![found];
        };
        let list = reading.value.clone();
        let some = reading.and(&format!("{list} != null && size({list}) > 0"));
        let key = inner.fields().iter().find(|field| {
            ["value", "email", "address", "emailaddress", "mail"]
                .contains(&joined(&field.name).as_str())
        });
        let (value, sample) = match key {
            Some(field) => {
                let member = Reading::of(self.language, &[field]).value;
                // The way from the entry, which is not a record.
                let member = member.trim_start_matches("item").trim_start_matches("cols");
                (
                    format!("{list}[0]{member}"),
                    json!([{ (field.name.as_str()): address }]),
                )
            }
            None if inner.is_scalar() => (format!("{list}[0]"), json!([address])),
            None => {
                self.todo(format!(
                    "`{}` is a list, and which of its fields is the address is not plain",
                    leaf.shown()
                ));
                return Vec::new();
            }
        };
        self.sample.at(&leaf.path, sample);
        let mut found = Found::of(
            &leaf,
            reading.finish(&format!("{some} ? {value} : null")),
            guess,
        );
        found.expect = Some(address.to_owned());
        vec![found]
    }

    fn last_login(&mut self) -> Option<Found> {
        let leaf = self.find(LAST_LOGINS, Shape::is_scalar)?;
        let value = Self::moment(leaf.shape());
        self.sample.at(&leaf.path, value);
        let reading = self.reading(&leaf);
        let why = format!("named `{}`", leaf.shown());
        let guess = match leaf
            .words()
            .iter()
            .any(|word| ["login", "sign", "logon"].contains(&word.as_str()))
        {
            true => Guess::likely(why),
            false => Guess::doubtful(why),
        };
        Some(Found::of(&leaf, reading.or_null(), guess))
    }

    fn account_type(&mut self) -> Option<Found> {
        const MACHINES: &[&str] = &[
            "bot",
            "service",
            "serviceaccount",
            "machine",
            "robot",
            "app",
            "integration",
            "system",
            "api",
        ];
        let flags = [
            "bot",
            "isbot",
            "service",
            "isservice",
            "isserviceaccount",
            "serviceaccount",
            "issystem",
            "machine",
        ];
        if let Some(leaf) = self.find(&flags, |shape| {
            matches!(shape.kind, Kind::Truth | Kind::Bit)
        }) {
            self.sample.at(
                &leaf.path,
                if leaf.shape().kind == Kind::Bit {
                    json!(0)
                } else {
                    json!(false)
                },
            );
            let reading = self.reading(&leaf);
            let holds = match leaf.shape().kind {
                Kind::Bit => format!("{} in [1, true]", reading.value),
                _ => format!("{} == true", reading.value),
            };
            let cel = format!("{} ? 'service' : 'human'", reading.and(&holds));
            let guess = Guess::likely(format!("named `{}`", leaf.shown()));
            return Some(Found::of(&leaf, reading.finish(&cel), guess));
        }
        let leaf = self.find(&["type", "kind", "accounttype", "usertype"], |shape| {
            !shape.choices.is_empty()
        })?;
        let choices = &leaf.shape().choices;
        let is_machine = |choice: &&String| MACHINES.contains(&joined(choice).as_str());
        let machines: Vec<String> = choices
            .iter()
            .filter(is_machine)
            .map(|choice| cel_text(choice))
            .collect();
        let human = choices.iter().find(|choice| !is_machine(choice))?;
        if machines.is_empty() {
            return None;
        }
        self.sample.at(&leaf.path, json!(human));
        let reading = self.reading(&leaf);
        let holds = format!("{} in [{}]", reading.value, machines.join(", "));
        let cel = format!("{} ? 'service' : 'human'", reading.and(&holds));
        let guess = Guess::likely(format!("`{}` may be {}", leaf.shown(), machines.join(", ")));
        Some(Found::of(&leaf, reading.finish(&cel), guess))
    }
}
