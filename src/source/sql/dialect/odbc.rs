//! `odbc`: any database whose vendor has an ODBC driver.

use super::super::lexer::Lexicon;
use super::super::odbc::{Address, Keywords, System, Vendor};
use super::Registered;

inventory::submit! { Registered(&ODBC) }

/// Standard SQL, and what is an error in it but quotes somewhere.
pub const LEXICON: Lexicon = Lexicon {
    backticks: true,
    dollar_quotes: true,
    ..Lexicon::STANDARD
};

/// The dialect.
pub static ODBC: Vendor = Vendor {
    scheme: "odbc",
    doc: "Any other database, through its ODBC driver: `dsn: odbc://${USER}:${PASSWORD}@db.example/app?driver=Acme`, `params: {dsn: NAME}` for a data source of this machine, or a connection string, `dsn: odbc:Driver=Acme;Server=db.example;UID=${USER};PWD=${PASSWORD}`. An addition of rolecall; tested against PostgreSQL, MariaDB and SQLite.",
    other_names: &["unixodbc", "iodbc"],
    lexicon: &LEXICON,
    system: System::Other,
    name: "this database",
    port: None,
    drivers: &[],
    install: "install the ODBC driver of its vendor and register it in odbcinst.ini",
    database_param: None,
    param: |_, _| None,
    address,
};

/// The words that most drivers understand, and what makes the known ones hand on rows as they come.
fn address(address: &Address<'_>, keywords: &mut Keywords) {
    keywords.set_some("Server", address.host);
    keywords.set_some("Port", address.port.map(|port| port.to_string()));
    keywords.set_some("Database", address.database);
    if address.driver.contains("postgres") || address.driver.contains("psqlodbc") {
        keywords.set("UseDeclareFetch", "1");
        keywords.set("Fetch", "1000");
        keywords.set("BoolsAsChar", "0");
        keywords.set("UseServerSidePrepare", "1");
    }
    if address.driver.contains("mariadb") || address.driver.contains("maodbc") {
        // Versions before 3.2 know no way not to hold a whole result.
        keywords.set("FORWARDONLY", "1");
        keywords.set("NO_CACHE", "1");
    }
    if address.driver.contains("sqlite") {
        keywords.set("StepAPI", "1");
    }
}
