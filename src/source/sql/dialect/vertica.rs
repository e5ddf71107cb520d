//! `vertica`: Vertica, through ODBC.

use super::super::lexer::Lexicon;
use super::super::odbc::{Address, Keywords, System, Vendor};
use super::Registered;

inventory::submit! { Registered(&VERTICA) }

/// How Vertica quotes.
pub const LEXICON: Lexicon = Lexicon {
    escape_strings: true,
    dollar_quotes: true,
    nested_comments: true,
    ..Lexicon::STANDARD
};

/// The dialect.
pub static VERTICA: Vendor = Vendor {
    scheme: "vertica",
    doc: "Vertica, through ODBC: `dsn: vertica://${USER}:${PASSWORD}@db.example:5433/app?tlsmode=server`. The port is 5433 unless written. Not tested against a live server.",
    other_names: &["vsql", "vertica-sql"],
    lexicon: &LEXICON,
    system: System::Vertica,
    name: "Vertica",
    port: Some(5433),
    drivers: &["Vertica"],
    install: "install the Vertica client drivers and register `libverticaodbc.so` as `Vertica` in odbcinst.ini",
    database_param: None,
    param,
    address,
};

/// `tlsmode` of the Go driver, as the ODBC driver takes it.
fn param(name: &str, value: &str) -> Option<(&'static str, String)> {
    (name == "tlsmode").then(|| {
        let mode = match value {
            "none" => "disable",
            "server" => "require",
            "server-strict" => "verify_full",
            other => other,
        };
        ("SSLMode", mode.to_owned())
    })
}

fn address(address: &Address<'_>, keywords: &mut Keywords) {
    keywords.set("Servername", address.host());
    keywords.set_some("Port", address.port.map(|port| port.to_string()));
    keywords.set_some("Database", address.database);
}
